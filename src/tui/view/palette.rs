use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::find;
use super::super::layout::{Region, Sends};
use super::super::line::Line;
use super::super::model::Model;
use super::super::paging;
use super::pen::Pen;

/// Columns of a title, and of keys.
const TITLE: u16 = 26;
const KEYS: u16 = 10;

/// Each row runs its command.
pub(super) fn regions(screen: Rect, model: &Model, search: &Line, at: usize) -> Vec<Region> {
    let area = paging::found(screen);
    let found = find::found(model, &search.text()).len();
    let first = first(area, at.min(found.saturating_sub(1)));
    let row = |(y, row)| Region { area: Rect { y, height: 1, ..area }, sends: Sends::Row(row) };
    (area.y..area.bottom()).zip(first..found).map(row).collect()
}

/// The first row that is shown where this one is marked.
fn first(rows: Rect, at: usize) -> usize {
    (at + 1).saturating_sub(usize::from(rows.height))
}

/// The commands that the words mean, over the lower part of the screen. Returns where the cursor stands.
pub(super) fn draw(pen: &mut Pen, screen: Rect, model: &Model, search: &Line, at: usize) -> (u16, u16) {
    let theme = pen.look.theme;
    let area = paging::palette(screen);
    for position in area.positions() {
        pen.buffer[position].reset();
    }
    let found = find::found(model, &search.text());
    let at = at.min(found.len().saturating_sub(1));
    let place =
        if found.is_empty() { "no command has these words".to_owned() } else { format!("{}/{}", at + 1, found.len()) };
    pen.titled_rule(Rect { height: 1, ..area }, &[("commands", theme.title)], &place);
    let y = area.y + 1;
    let cursor =
        pen.pieces(area.x + 1, y, area.width.saturating_sub(2), &[(":", theme.title), (search.parts().0, theme.key)]);
    pen.text(cursor, y, area.right().saturating_sub(cursor), search.parts().1, theme.key);

    let rows = paging::found(screen);
    for (y, (i, entry)) in (rows.y..rows.bottom()).zip(found.iter().enumerate().skip(first(rows, at))) {
        let off = model.unavailable(entry.command);
        let plain = if off.is_some() { theme.dim } else { Style::new() };
        if i == at {
            pen.glyph(area.x, y, pen.look.glyphs.select, theme.clip);
        }
        let title = if i == at && off.is_none() { theme.selected } else { plain };
        pen.text(area.x + 2, y, TITLE.min(area.width.saturating_sub(2)), &find::title(entry, model), title);
        let x = area.x + 2 + TITLE;
        let room = area.right().saturating_sub(x);
        pen.text(
            x,
            y,
            KEYS.min(room),
            &find::keys(model, entry.command),
            if off.is_some() { theme.dim } else { theme.key },
        );
        // Why it cannot run is worth more than what it would do.
        let text = off.map_or_else(|| find::sentence(entry, model), |why| format!("not now: {why}"));
        let x = x + KEYS + 1;
        pen.text(x, y, area.right().saturating_sub(x), &text, theme.dim);
    }
    (cursor, y)
}
