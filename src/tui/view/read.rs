use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::mode::Reading;
use super::super::model::Model;
use super::super::paging;
use super::super::reading::{Role, lines};
use super::pen::Pen;
use crate::lessons::Lang;

/// Something to read in place of the screen, from line `scroll` on; `at` is the idea at its end that Enter opens.
pub(super) fn draw(pen: &mut Pen, screen: Rect, model: &Model, what: &Reading, (scroll, at): (u16, usize)) {
    let theme = pen.look.theme;
    let area = Rect { y: 1, height: screen.height.saturating_sub(2), ..screen };
    for position in area.positions() {
        pen.buffer[position].reset();
    }
    let zh = model.spoken() == Lang::Zh;
    let (title, hint) = match what {
        Reading::Methods => ("all methods", "↓ ↑ · Esc back"),
        Reading::Idea(_) if zh => ("术语", "Tab 选择 · Enter 打开 · Esc 返回"),
        Reading::Idea(_) => ("glossary", "Tab chooses · Enter opens · Esc back"),
    };
    pen.titled_rule(Rect { height: 1, ..area }, &[(title, theme.title)], hint);
    let (body, lines) = (paging::reading(screen), lines(model, screen, what, at));
    let scroll = usize::from(scroll).min(lines.len().saturating_sub(usize::from(body.height)));
    for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(scroll)) {
        let style = match line.role {
            Role::Title => theme.title,
            Role::Text => Style::new(),
            Role::Aside => theme.dim,
            Role::Formula => theme.curve,
            Role::Idea(true) => theme.selected,
            Role::Idea(false) => theme.key,
        };
        let x = body.x + 3 + line.indent;
        pen.text(x, y, body.right().saturating_sub(x), &line.text, style);
    }
    let below = lines.len().saturating_sub(scroll + usize::from(body.height));
    let rest = if below > 0 { format!("{below} more below") } else { String::new() };
    pen.titled_rule(Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }, &[], &rest);
}
