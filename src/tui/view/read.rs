use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::mode::Reading;
use super::super::model::Model;
use super::pen::{Pen, wrapped};
use crate::calibrate;
use crate::lessons::{Glossary, Idea, Lang};

/// The widest that a line of text is: longer ones are hard to follow.
const WIDEST: u16 = 84;

type Line = (u16, String, Style);

/// Something to read in place of the screen, from line `scroll` on; `at` is the idea at its end that Enter opens.
pub(super) fn draw(pen: &mut Pen, screen: Rect, model: &Model, what: &Reading, (scroll, at): (u16, usize)) {
    let theme = pen.look.theme;
    let area = Rect { y: 1, height: screen.height.saturating_sub(2), ..screen };
    for position in area.positions() {
        pen.buffer[position].reset();
    }
    let width = area.width.saturating_sub(8).min(WIDEST);
    let zh = model.spoken() == Lang::Zh;
    let (title, hint, lines) = match what {
        Reading::Methods => ("all methods", "↓ ↑ · Esc back", methods(pen, width)),
        Reading::Idea(id) => {
            let lines = Glossary::own().by_id(id).map_or_else(Vec::new, |idea| of_idea(pen, model, idea, at, width));
            match zh {
                true => ("术语", "Tab 选择 · Enter 打开 · Esc 返回", lines),
                false => ("glossary", "Tab chooses · Enter opens · Esc back", lines),
            }
        }
    };
    pen.titled_rule(Rect { height: 1, ..area }, &[(title, theme.title)], hint);
    let body = Rect { y: area.y + 2, height: area.height.saturating_sub(3), ..area };
    let scroll = usize::from(scroll).min(lines.len().saturating_sub(usize::from(body.height)));
    for (y, (indent, text, style)) in (body.y..body.bottom()).zip(lines.iter().skip(scroll)) {
        let x = body.x + 3 + indent;
        pen.text(x, y, body.right().saturating_sub(x), text, *style);
    }
    let below = lines.len().saturating_sub(scroll + usize::from(body.height));
    let rest = if below > 0 { format!("{below} more below") } else { String::new() };
    pen.titled_rule(Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }, &[], &rest);
}

/// A text in lines as this terminal shows it.
fn told(pen: &Pen, indent: u16, text: &str, width: u16, style: Style) -> Vec<Line> {
    let text = pen.look.glyphs.text(text);
    wrapped(&text, usize::from(width.saturating_sub(indent))).into_iter().map(|line| (indent, line, style)).collect()
}

/// The term, its other names, what is said of it, and the ideas near to it.
fn of_idea(pen: &Pen, model: &Model, idea: &Idea, at: usize, width: u16) -> Vec<Line> {
    let (theme, lang) = (pen.look.theme, model.spoken());
    let words = idea.words(lang);
    let (also, comma, see) = match lang {
        Lang::En => ("also: ", ", ", "see"),
        Lang::Zh => ("也叫：", "、", "参见"),
    };
    let blank = || (0, String::new(), Style::new());
    let mut lines = told(pen, 0, &words.term, width, theme.title);
    lines.extend(told(pen, 0, &format!("{also}{}", words.also.join(comma)), width, theme.dim));
    lines.push(blank());
    lines.extend(told(pen, 0, &model.keys.told(&words.text), width, Style::new()));
    lines.push(blank());
    lines.extend(told(pen, 0, see, width, theme.dim));
    for (i, near) in idea.see.iter().filter_map(|id| Glossary::own().by_id(id)).enumerate() {
        let style = if i == at { theme.selected } else { theme.key };
        lines.extend(told(pen, 2, &near.words(lang).term, width, style));
    }
    lines
}

/// Every method: whose it is, what it does, its formula, and what goes wrong with it.
fn methods(pen: &Pen, width: u16) -> Vec<Line> {
    let theme = pen.look.theme;
    let mut lines = Vec::new();
    for (id, method) in calibrate::catalogue() {
        lines.extend(told(pen, 0, &format!("{id}  ({}), {}", method.label(), method.whose()), width, theme.title));
        lines.extend(told(pen, 2, method.summary(), width, Style::new()));
        if !method.formula().is_empty() {
            lines.extend(told(pen, 2, method.formula(), width, theme.curve));
        }
        lines.extend(told(pen, 2, &format!("Known to go wrong: {}", method.caveat()), width, theme.dim));
        lines.push((0, String::new(), Style::new()));
    }
    lines.pop();
    lines
}
