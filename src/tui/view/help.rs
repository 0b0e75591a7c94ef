use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::command::{Entry, Group};
use super::super::find;
use super::super::layout::{Region, Sends};
use super::super::line::Line;
use super::super::model::Model;
use super::pen::{Pen, wrapped};
use crate::lessons::Glossary;

/// Column at which titles begin, and sentences.
const TITLE: u16 = 20;
const SENTENCE: u16 = 44;

/// A line of the overlay: keys, title, sentence, whether the command cannot run now, and whether Enter runs it.
#[derive(Default)]
struct HelpLine {
    heading: String,
    keys: String,
    title: String,
    text: String,
    off: bool,
    chosen: bool,
    /// Which of the commands that were found it is of.
    found: Option<usize>,
}

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
    let body = Rect { y: 4, height: screen.height.saturating_sub(6), ..screen };
    let room = usize::from(body.width.saturating_sub(SENTENCE + 2));
    let lines = lines(model, &search.text().to_lowercase(), at, room);
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

const MOUSE: [(&str, &str); 6] = [
    ("drag the line", "moves the clip; Esc or the right button puts it back"),
    ("click, drag beside it", "counts the values under that column"),
    ("click a layer, a method", "selects it, takes it: its row below, or its name at the axis"),
    ("click a hint below", "runs it; so does clicking a row here, of a page, of what is at work"),
    ("wheel, right drag", "zooms about the pointer, moves the zoomed window"),
    ("hold Shift", "selects text with the terminal"),
];

const SIGNS: [(&str, &str); 17] = [
    ("bold dB", "in the table: the best SQNR of all methods; a bold name is the layer's method"),
    (
        "~",
        "about: the clip, or the column that is read, divides a bin, which is counted in proportion; in the list: on some samples so far",
    ),
    ("by", "in the list: the method that chose; hand, tuned, float where something else did"),
    ("▃▅█", "in the list: the layer's magnitudes, zeros left out, counts on a log scale"),
    ("▸", "the row that is selected or in hand; beside the clip, its grips"),
    ("*", "edited by hand"),
    ("↓", "the layer costs the outputs: many values saturate, or much of their noise is its; told below the list"),
    (
        "!",
        "something is wrong with its numbers: NaN, nothing to calibrate by, a scale that is none; told there as well",
    ),
    ("○", "left in float"),
    ("≡", "shares its range with others (a tie)"),
    ("■", "marked: what is decided goes for all that are"),
    ("x²", "the square of the tensor's own unit: that of the MSE and of its parts, clipping and rounding"),
    ("cosine", "of the outputs: those of all samples as one vector, and so is their SQNR"),
    ("∞", "infinitely bad: no value in the last bin that is kept, but values beyond it"),
    ("░", "values beyond the clip, hatched: they saturate"),
    ("–", "there is no such number: no KL on FP8, of channels, or of a range with two ends; or nothing was compared"),
    ("⠊", "an outline over the bars: another layer that is held, the same one of other data, or quantized outputs"),
];

fn lines(model: &Model, search: &str, at: usize, room: usize) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let words = |text: &str| search.split_whitespace().all(|word| text.to_lowercase().contains(word));
    if !search.trim().is_empty() {
        for (i, entry) in find::found(model, search).into_iter().enumerate() {
            if i == 0 {
                heading(&mut lines, "commands");
            }
            let first = lines.len();
            command(&mut lines, model, entry, room);
            for line in &mut lines[first..] {
                line.found = Some(i);
            }
            if let Some(line) = lines.get_mut(first) {
                line.chosen = i == at;
            }
        }
    }
    let commands = if search.trim().is_empty() { 0 } else { find::found(model, search).len() };
    for (i, idea) in find::ideas(model, search).into_iter().enumerate() {
        if i == 0 {
            heading(&mut lines, "ideas");
        }
        let (first, words) = (lines.len(), idea.words(model.spoken()));
        tell(&mut lines, "", &words.term, &model.keys.told(&words.text), false, room);
        if let Some(line) = lines.get_mut(first) {
            line.chosen = commands + i == at;
        }
    }
    let legend = |what: &str, text: &str| search.is_empty() || words(&format!("legend signs mouse {what} {text}"));
    let signs: Vec<_> = SIGNS.iter().filter(|(sign, text)| legend(sign, text)).collect();
    if !signs.is_empty() {
        heading(&mut lines, "signs");
    }
    for (sign, text) in signs {
        let sign = match *sign {
            "○" => model.look.glyphs.float.to_string(),
            "■" => model.look.glyphs.marked.to_string(),
            "∞" => model.look.glyphs.infinity.to_string(),
            "↓" => model.look.glyphs.ranks[0].to_string(),
            "░" => model.look.glyphs.hatched[7].to_string(),
            "▃▅█" => [2, 4, 7].map(|eighth| model.look.glyphs.eighths[eighth]).into_iter().collect(),
            "▸" => model.look.glyphs.select.to_string(),
            "≡" => model.look.glyphs.tied.to_string(),
            "⠊" => crate::tui::curve_sample(model.look.glyphs.marks).chars().take(4).collect(),
            sign => sign.to_owned(),
        };
        tell(&mut lines, &sign, "", text, false, room);
    }
    if let Some(network) = model.network.as_ref().filter(|n| !n.assumptions.is_empty()) {
        let said: Vec<&String> = network.assumptions.iter().filter(|said| words(said)).collect();
        if !said.is_empty() {
            heading(&mut lines, "taken for granted of this network");
        }
        said.into_iter().for_each(|said| tell(&mut lines, "", "", said, false, room));
    }
    let of_files =
        [("files that are laid over the layers", &model.overlaid), ("the file that was written", &model.statement)];
    for (title, said) in of_files {
        let said: Vec<&String> = said.iter().filter(|said| words(said)).collect();
        if !said.is_empty() {
            heading(&mut lines, title);
        }
        said.into_iter().for_each(|said| tell(&mut lines, "", "", said, false, room));
    }
    if search.trim().is_empty() {
        for group in Group::ALL {
            heading(&mut lines, group.title());
            find::offered(model).filter(|e| e.group == group).for_each(|e| command(&mut lines, model, e, room));
        }
    }
    let mouse: Vec<_> = MOUSE.iter().filter(|(what, text)| legend(what, text)).collect();
    if !mouse.is_empty() {
        heading(&mut lines, "the mouse");
    }
    mouse.into_iter().for_each(|(what, text)| tell(&mut lines, "", what, text, false, room));
    if search.trim().is_empty() {
        heading(&mut lines, "ideas");
        for idea in &Glossary::own().ideas {
            let words = idea.words(model.spoken());
            tell(&mut lines, "", &words.term, &model.keys.told(first_sentence(&words.text)), false, room);
        }
    }
    if lines.is_empty() {
        heading(&mut lines, "no command and no idea has these words");
    }
    lines
}

fn command(lines: &mut Vec<HelpLine>, model: &Model, entry: &Entry, room: usize) {
    let keys = find::keys(model, entry.command);
    let off = model.unavailable(entry.command).is_some();
    tell(lines, &keys, &find::title(entry, model), &find::sentence(entry, model), off, room);
}

/// What is said first; the rest is there when the idea is searched for.
fn first_sentence(text: &str) -> &str {
    let end = text.find('。').map(|at| at + '。'.len_utf8());
    let end = end.or_else(|| text.find(". ").map(|at| at + 1));
    &text[..end.unwrap_or(text.len())]
}

fn heading(lines: &mut Vec<HelpLine>, text: &str) {
    if !lines.is_empty() {
        lines.push(HelpLine::default());
    }
    lines.push(HelpLine { heading: text.to_owned(), ..HelpLine::default() });
}

/// A line, and where its sentence is longer than `room` as many as it takes.
fn tell(lines: &mut Vec<HelpLine>, keys: &str, title: &str, text: &str, off: bool, room: usize) {
    for (i, text) in wrapped(text, room).into_iter().enumerate() {
        let (keys, title) = if i == 0 { (keys.to_owned(), title.to_owned()) } else { Default::default() };
        lines.push(HelpLine { keys, title, text, off, ..HelpLine::default() });
    }
}
