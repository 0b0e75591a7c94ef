use ratatui::layout::Rect;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::notes::{lines, width};
use super::layers::note;
use super::pen::Pen;

/// Everything that is to say of the selected layer, in place of the plots.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let (panel, page) = (areas.panel(), areas.page());
    let lines = lines(model, width(page));
    let height = usize::from(page.height);
    let first = usize::from(model.plot.scroll).min(lines.len().saturating_sub(height));
    let below = lines.len().saturating_sub(first + height);
    let more = match (first, below) {
        (0, 0) => String::new(),
        (above, 0) => format!("{above} lines above"),
        (_, below) => format!("{below} more below"),
    };
    let title = [(model.plot.page.title(), theme.title), (" ", theme.dim), (&model.name_at(), theme.dim)];
    pen.titled_rule(Rect { height: 1, ..panel }, &title, &more);
    if lines.is_empty() {
        pen.text(page.x + 2, page.y, page.width.saturating_sub(2), "nothing is to say of this layer", theme.dim);
    }
    for (y, line) in (page.y..page.bottom()).zip(&lines[first..]) {
        note(pen, Rect { y, height: 1, ..page }, line);
    }
    let hint = model.keys.told("{page-down}, {page-up} or the wheel: further · {next-layer}: the next layer's · Esc");
    pen.text(panel.x + 2, panel.bottom().saturating_sub(1), panel.width.saturating_sub(2), &hint, theme.dim);
}
