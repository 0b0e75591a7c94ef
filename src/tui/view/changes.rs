use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::changes::Change;
use super::super::layout::{Areas, Region, Sends};
use super::super::model::Model;
use super::pen::{Pen, cut};
use crate::report::number;

/// Columns of what a change was, and at least of whose.
const LABEL: u16 = 24;
const WHOSE: u16 = 20;

/// The row under the cursor, and the first that is shown.
fn window(model: &Model, rows: Rect) -> (usize, usize) {
    let (done, undone) = model.session.history_len();
    let all = done + undone;
    let cursor = all - model.state.min(all);
    (cursor, (cursor + 1).saturating_sub(usize::from(rows.height)))
}

/// Each row goes under the cursor.
pub(super) fn regions(model: &Model, areas: &Areas) -> Vec<Region> {
    let rows = areas.page();
    let (done, undone) = model.session.history_len();
    let row = |(y, row)| Region { area: Rect { y, height: 1, ..rows }, sends: Sends::Row(row) };
    (rows.y..rows.bottom()).zip(window(model, rows).1..=done + undone).map(row).collect()
}

/// Every change that was made, the newest first, in place of the plots: what was undone dim above the present state, and
/// the beginning at the end.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let panel = areas.panel();
    let (done, undone) = model.session.steps();
    let all = done.len() + undone.len();
    let unsaved = model.session.unsaved().len();
    let said = match (all, unsaved) {
        (0, _) => "nothing was changed".to_owned(),
        (_, 0) => "all in a file".to_owned(),
        (_, n) => format!("{} that no file holds", number::of(n as u64, "change")),
    };
    pen.titled_rule(Rect { height: 1, ..panel }, &[(model.plot.page.title(), theme.title)], &said);
    // Names take a third of what is left.
    let whose = WHOSE.max(panel.width.saturating_sub(LABEL) / 3);
    let rows = areas.page();
    let (cursor, first) = window(model, rows);
    for (y, row) in (rows.y..rows.bottom()).zip(first..=all) {
        let state = all - row;
        let is_undone = state > done.len();
        let plain = if is_undone { theme.dim } else { Style::new() };
        if row == cursor {
            pen.glyph(rows.x, y, pen.look.glyphs.select, theme.clip);
        }
        if state == done.len() {
            pen.glyph(rows.x + 1, y, '=', theme.clip);
        }
        let label_style = if row == cursor { theme.selected } else { plain };
        let step = state.checked_sub(1).and_then(|at| done.iter().chain(undone.iter().rev()).nth(at));
        let Some(change) = step.map(Change::of) else {
            pen.text(rows.x + 3, y, LABEL, "as it began", label_style);
            continue;
        };
        let ellipsis = pen.look.glyphs.ellipsis;
        let mut x = rows.x + 3;
        for (text, width, style) in [(change.label, LABEL, label_style), (change.whose, whose, plain)] {
            let room = width.min(rows.right().saturating_sub(x));
            pen.text(x, y, room, &cut(&text, room.saturating_sub(1), ellipsis), style);
            x += width;
        }
        pen.text(x, y, rows.right().saturating_sub(x), &change.what, theme.dim);
    }
    let hint =
        "= is the present state · {open-channel}: its layer · {undo}: back to there · {redo}: again up to there · Esc";
    let hint = model.keys.told(hint);
    pen.text(panel.x + 2, panel.bottom().saturating_sub(1), panel.width.saturating_sub(2), &hint, theme.dim);
}
