use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::Command;
use super::super::layout::{Areas, Region, Sends};
use super::super::model::Model;
use super::super::work::{Piece, pieces};
use super::pen::Pen;
use crate::report::number;

/// Columns of a bar, of the steps beside it, of the time, and of the word that stops it.
const BAR: u16 = 12;
const STEPS: u16 = 12;
const LEFT: u16 = 16;
const STOP: u16 = 9;

/// How far a piece is: `12/90`, `40 %`, or nothing where that is not known.
fn how_far(piece: &Piece) -> String {
    match (piece.steps, piece.share) {
        (Some((done, of)), _) => format!("{done}/{of}"),
        (None, Some(share)) => format!("{:.0} %", share * 100.0),
        (None, None) => String::new(),
    }
}

/// `sensitivity 12/90 · 8 s left`.
pub(super) fn in_words(piece: &Piece) -> String {
    if piece.stopping {
        return format!("{}, stopping…", piece.title);
    }
    let left = piece.left.map_or(String::new(), |left| format!(" · {} left", number::seconds(left)));
    match how_far(piece).as_str() {
        "" => format!("{}…{left}", piece.title),
        far => format!("{} {far}{left}", piece.title),
    }
}

/// Everything that goes on in the background, in place of the plots.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let (panel, page) = (areas.panel(), areas.page());
    let pieces = pieces(model);
    let note = if pieces.is_empty() { String::new() } else { number::of(pieces.len() as u64, "piece") };
    pen.titled_rule(Rect { height: 1, ..panel }, &[(model.plot.page.title(), theme.title)], &note);
    if pieces.is_empty() {
        let text = "nothing goes on in the background";
        pen.text(page.x + 2, page.y, page.width.saturating_sub(2), text, theme.dim);
    }
    let cursor = model.piece.min(pieces.len().saturating_sub(1));
    for (at, (y, piece)) in (page.y..page.bottom()).zip(&pieces).enumerate() {
        let row = Rect { y, height: 1, ..page };
        if at == cursor {
            pen.glyph(row.x, y, pen.look.glyphs.select, theme.clip);
        }
        let title = title(row);
        pen.text(title.x, y, title.width, &piece.title, if at == cursor { theme.selected } else { Style::new() });
        if piece.stopping {
            pen.text(title.right() + 1, y, row.right().saturating_sub(title.right() + 1), "stopping…", theme.dim);
            continue;
        }
        let mut x = title.right() + 1;
        if let Some(share) = piece.share.filter(|share| share.is_finite()) {
            let full = (share.clamp(0.0, 1.0) * f64::from(BAR)).round() as u16;
            for column in 0..BAR {
                let style = if column < full { theme.bar } else { theme.dim };
                let glyph = if column < full { pen.look.glyphs.eighths[7] } else { pen.look.glyphs.rule };
                pen.glyph(x + column, y, glyph, style);
            }
        }
        x += BAR;
        pen.right(x, y, STEPS.min(row.right().saturating_sub(x)), &how_far(piece), Style::new());
        x += STEPS;
        let left = piece.left.map_or(String::new(), |left| format!("{} left", number::seconds(left)));
        pen.right(x, y, LEFT.min(row.right().saturating_sub(x)), &left, theme.dim);
        if let Some((key, area)) = model.keys.hint(Command::Stop).zip(stop(row)).filter(|_| piece.can_stop(model)) {
            pen.pieces(area.x, y, area.width, &[(&key, theme.key), (" stop", theme.dim)]);
        }
    }
    let hint =
        model.keys.told("{next-layer} {previous-layer}: another · {stop}: stops it, and keeps what was found · Esc");
    pen.text(panel.x + 2, panel.bottom().saturating_sub(1), panel.width.saturating_sub(2), &hint, theme.dim);
}

/// Where a row's title stands: what the rest leaves.
fn title(row: Rect) -> Rect {
    Rect { x: row.x + 2, width: row.width.saturating_sub(3 + BAR + STEPS + LEFT + STOP).max(12).min(row.width), ..row }
}

/// Where the word stands that stops it; `None` where there is no room.
fn stop(row: Rect) -> Option<Rect> {
    (row.width >= 15 + BAR + STEPS + LEFT + STOP).then(|| Rect { x: row.right() - STOP + 1, width: STOP - 1, ..row })
}

/// Each row goes under the cursor; the word at its end stops it once it is there.
pub(super) fn regions(model: &Model, areas: &Areas) -> Vec<Region> {
    let page = areas.page();
    let pieces = pieces(model);
    let cursor = model.piece.min(pieces.len().saturating_sub(1));
    let mut regions = Vec::new();
    for (at, (y, piece)) in (page.y..page.bottom()).zip(&pieces).enumerate() {
        let row = Rect { y, height: 1, ..page };
        let stop = stop(row).filter(|_| at == cursor && piece.can_stop(model));
        regions.extend(stop.map(|area| Region { area, sends: Sends::Run(Command::Stop) }));
        regions.push(Region { area: row, sends: Sends::Row(at) });
    }
    regions
}
