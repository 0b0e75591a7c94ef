//! The lines of the help: every command, the signs first, the mouse, and every idea.

use ratatui::layout::Rect;

use super::command::{Entry, Group};
use super::find;
use super::model::Model;
use super::wrap::wrapped;
use crate::lessons::Glossary;

/// Column at which titles begin, and sentences.
pub(super) const TITLE: u16 = 20;
pub(super) const SENTENCE: u16 = 44;

/// A line of the overlay: keys, title, sentence, whether the command cannot run now, and whether Enter runs it.
#[derive(Default)]
pub(super) struct HelpLine {
    pub heading: String,
    pub keys: String,
    pub title: String,
    pub text: String,
    pub off: bool,
    pub chosen: bool,
    /// Which of the commands that were found it is of.
    pub found: Option<usize>,
    /// Which of the commands and ideas that were found it begins.
    pub begins: Option<usize>,
}

const MOUSE: [(&str, &str); 6] = [
    ("drag the line", "moves the clip; Esc or the right button puts it back"),
    ("click, drag beside it", "counts the values under that column"),
    ("click a layer, a method", "selects it, takes it: its row below, or its name at the axis"),
    ("click a hint below", "runs it; so does clicking a row here, of a page, of what is at work"),
    ("wheel, right drag", "zooms about the pointer, moves the zoomed window"),
    ("hold Shift", "selects text with the terminal"),
];

const SIGNS: [(&str, &str); 21] = [
    ("bold dB", "in the table: the best SQNR of all methods; a bold name is the layer's method"),
    (
        "~",
        "about: the clip, or the column that is read, divides a bin, which is counted in proportion; in the list: on some samples so far",
    ),
    ("by", "in the list: the method that chose; hand, tuned, float where something else did"),
    (
        "fmt",
        "in the list, where formats differ: i8 is int8 symmetric, u4a uint4 affine, e4m3 FP8; beside by, or in its place",
    ),
    ("old dB", "in the list: what layers cost the outputs before the last changes; {sensitivity} measures anew"),
    ("▃▅█", "in the list: the layer's magnitudes, zeros left out, counts on a log scale"),
    ("▸", "the row that is selected or in hand; beside the clip, its grips"),
    ("*", "edited by hand"),
    ("=", "chosen: of the methods that are compared, of the changes the present state"),
    ("◆", "the best: of the methods by the outputs, and of a curve its least or its best"),
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

/// The lines of what is searched for, everything where that is nothing, in an area; the command or idea `at` is marked.
pub(super) fn lines(model: &Model, body: Rect, search: &str, at: usize) -> Vec<HelpLine> {
    let search = &search.to_lowercase();
    let room = usize::from(body.width.saturating_sub(SENTENCE + 2));
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
                (line.chosen, line.begins) = (i == at, Some(i));
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
            (line.chosen, line.begins) = (commands + i == at, Some(commands + i));
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
            "◆" => model.look.glyphs.best.to_string(),
            "≡" => model.look.glyphs.tied.to_string(),
            "⠊" => crate::tui::curve_sample(model.look.glyphs.marks).chars().take(4).collect(),
            sign => sign.to_owned(),
        };
        tell(&mut lines, &sign, "", &model.keys.told(text), false, room);
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
