use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::{Region, Sends};
use super::super::line::Line;
use super::super::manual::{HelpLine, SENTENCE, TITLE, lines};
use super::super::model::Model;
use super::super::paging;
use super::pen::Pen;

/// Every command in place of the screen, the signs first, and every idea; typing searches, and what Enter runs or opens, the
/// one `at`, is marked.
/// Returns where the cursor stands.
pub(super) fn draw(
    pen: &mut Pen,
    screen: Rect,
    model: &Model,
    search: &Line,
    (scroll, at): (u16, usize),
) -> (u16, u16) {
    let theme = pen.look.theme;
    let area = Rect { y: 1, height: screen.height.saturating_sub(2), ..screen };
    for position in area.positions() {
        pen.buffer[position].reset();
    }
    pen.titled_rule(
        Rect { height: 1, ..area },
        &[("help", theme.title)],
        "type to search · ↓ ↑ · Enter opens what was found · Esc back",
    );
    let prompt = [("search: ", theme.dim), (search.parts().0, theme.key)];
    let x = pen.pieces(area.x + 2, area.y + 1, area.width - 2, &prompt);
    pen.text(x, area.y + 1, area.right().saturating_sub(x), search.parts().1, theme.key);

    let (body, lines, scroll) = window(screen, model, search, (scroll, at));
    for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(scroll)) {
        let (key, plain) = if line.off { (theme.dim, theme.dim) } else { (theme.key, Style::new()) };
        pen.text(body.x + 2, y, body.width, &line.heading, theme.title);
        pen.right(body.x, y, TITLE - 2, &line.keys, key);
        let plain = if line.chosen { theme.selected } else { plain };
        pen.text(body.x + TITLE, y, SENTENCE - TITLE - 1, &line.title, plain);
        pen.text(body.x + SENTENCE, y, body.width - SENTENCE, &line.text, theme.dim);
    }
    let below = lines.len().saturating_sub(scroll + usize::from(body.height));
    let rest = if below > 0 { format!("{below} more below") } else { String::new() };
    pen.titled_rule(Rect { y: area.bottom() - 1, height: 1, ..area }, &[], &rest);
    (x, area.y + 1)
}

/// The place of the lines, all of them, and which is the first that is shown.
fn window(screen: Rect, model: &Model, search: &Line, (scroll, at): (u16, usize)) -> (Rect, Vec<HelpLine>, usize) {
    let body = paging::help(screen);
    let lines = lines(model, body, &search.text(), at);
    let height = usize::from(body.height);
    // What Enter runs stays in view.
    let chosen = lines.iter().position(|line| line.chosen);
    let first = chosen.map_or(usize::from(scroll), |chosen| (chosen + 2).saturating_sub(height));
    let scroll = first.min(lines.len().saturating_sub(height));
    (body, lines, scroll)
}

/// Each command that was found runs where it is pressed.
pub(super) fn regions(screen: Rect, model: &Model, search: &Line, place: (u16, usize)) -> Vec<Region> {
    let (body, lines, scroll) = window(screen, model, search, place);
    let region = |(y, line): (u16, &HelpLine)| {
        Some(Region { area: Rect { y, height: 1, ..body }, sends: Sends::Row(line.found?) })
    };
    (body.y..body.bottom()).zip(lines.iter().skip(scroll)).filter_map(region).collect()
}
