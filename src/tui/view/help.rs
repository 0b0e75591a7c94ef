use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::{COMMANDS, Command, Entry, Group, unavailable};
use super::super::model::Model;
use super::super::prompt::Line;
use super::pen::Pen;

/// One line of the overlay.
enum HelpLine<'a> {
    Heading(&'static str),
    Entry(&'a Entry, Option<&'static str>),
    Text(String),
}

/// Every command over the screen; typing searches. Returns where the cursor stands.
pub(super) fn draw(pen: &mut Pen, screen: Rect, model: &Model, search: &Line, scroll: u16) -> (u16, u16) {
    let theme = pen.look.theme.clone();
    let width = screen.width.saturating_sub(4).min(110);
    let height = screen.height.saturating_sub(2);
    let area = Rect::new((screen.width - width) / 2, 1, width, height);
    for y in area.y..area.bottom() {
        for x in area.x.saturating_sub(1)..(area.right() + 1).min(screen.right()) {
            pen.buffer[(x, y)].reset();
        }
    }
    pen.titled_rule(Rect { height: 1, ..area }, &[("help", theme.title)], "type to search · ↓ ↑ scroll · Esc back");
    let x =
        pen.pieces(area.x + 1, area.y + 1, area.width - 1, &[("search: ", theme.dim), (search.parts().0, theme.key)]);
    pen.text(x, area.y + 1, area.right().saturating_sub(x), search.parts().1, theme.key);

    let lines = lines(model, &search.text().to_lowercase());
    let body = Rect { y: area.y + 3, height: area.height.saturating_sub(4), ..area };
    let scroll = usize::from(scroll).min(lines.len().saturating_sub(usize::from(body.height)));
    for (y, line) in (body.y..body.bottom()).zip(lines.iter().skip(scroll)) {
        match line {
            HelpLine::Heading(text) => {
                pen.text(body.x + 1, y, body.width, text, theme.title);
            }
            HelpLine::Text(text) => {
                pen.text(body.x + 3, y, body.width - 3, text, Style::new());
            }
            HelpLine::Entry(entry, why) => {
                let keys: Vec<String> = entry.keys.iter().map(ToString::to_string).collect();
                let style = if why.is_some() { theme.dim } else { Style::new() };
                pen.right(body.x, y, 16, &keys.join("  "), if why.is_some() { theme.dim } else { theme.key });
                let title = title(entry, model);
                pen.text(body.x + 18, y, 22, &title, style);
                let text = why.map_or(entry.help.to_owned(), |w| format!("{} (now: {w})", entry.help));
                pen.text(body.x + 41, y, body.width.saturating_sub(42), &text, theme.dim);
            }
        }
    }
    let below = lines.len().saturating_sub(scroll + usize::from(body.height));
    let rest = if below > 0 { format!("{below} more below") } else { String::new() };
    pen.titled_rule(Rect { y: area.bottom() - 1, height: 1, ..area }, &[], &rest);
    (x, area.y + 1)
}

/// A method's key is called by its method.
fn title(entry: &Entry, model: &Model) -> String {
    match entry.command {
        Command::Method(i) => model.session.methods().get(i).map_or(String::new(), |m| m.id().to_owned()),
        _ => entry.title.to_owned(),
    }
}

fn lines<'a>(model: &Model, search: &str) -> Vec<HelpLine<'a>> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        let entries = COMMANDS.iter().filter(|e| e.group == group);
        let entries =
            entries.filter(|e| !matches!(e.command, Command::Method(i) if i >= model.session.methods().len()));
        let found: Vec<&Entry> = entries
            .filter(|e| {
                let text = format!("{} {} {} {}", e.id, title(e, model), e.help, group.title()).to_lowercase();
                let key = e.keys.iter().any(|k| k.to_string().to_lowercase() == search);
                search.split_whitespace().all(|word| text.contains(word)) || key
            })
            .collect();
        if found.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(HelpLine::Text(String::new()));
        }
        lines.push(HelpLine::Heading(group.title()));
        lines.extend(found.into_iter().map(|e| HelpLine::Entry(e, unavailable(e.command, model))));
    }
    if lines.is_empty() {
        lines.push(HelpLine::Text("no command has these words".into()));
    }
    if search.is_empty() {
        lines.push(HelpLine::Text(String::new()));
        lines.push(HelpLine::Heading("with the mouse"));
        for text in [
            "drag the line to move the clip; Esc or the right button puts it back",
            "click beside the line to read a column, on a layer to select it, on a method's row to take it",
            "the wheel zooms about the pointer, the right button drags the zoomed window",
            "hold Shift to select text with the terminal",
        ] {
            lines.push(HelpLine::Text(text.into()));
        }
        lines.push(HelpLine::Text(String::new()));
        lines.push(HelpLine::Heading("what the marks mean"));
        for method in model.session.methods() {
            lines.push(HelpLine::Text(format!("{:<7} {}", method.label(), method.summary())));
        }
        lines.push(HelpLine::Text("~       the clip lies inside a bin: its count is an estimate".into()));
        lines.push(HelpLine::Text(
            "*       edited by hand     !  something to know, said below the list     ○  left in float".into(),
        ));
    }
    lines
}
