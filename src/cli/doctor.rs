//! `qviz doctor`: what was found of the terminal and of this machine, and a card that shows what that looks like.
//!
//! It asks the terminal, saves nothing, and ends with 0 whatever it finds: what is wrong is one of its lines.

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use ratatui::style::{Color, Modifier, Style};
use serde_json::{Value, json};

use super::args::DoctorArgs;
use super::config::{Config, ConfigArgs, Place};
use super::look::Looks;
use super::out::{Failed, print};
use crate::journal::state_folder;
use crate::report::visible;
use crate::tui::look::{Glyphs, Ground, Look, Marks, Role};
use crate::tui::query;
use crate::vector::Width;

/// How long the terminal is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// One line: what it is of, what was found, and how.
struct Row {
    id: &'static str,
    value: String,
    by: String,
}

impl Row {
    fn new(id: &'static str, value: impl Into<String>, by: impl Into<String>) -> Row {
        Row { id, value: visible(&value.into()), by: visible(&by.into()) }
    }
}

/// Prints it.
pub(super) fn doctor(args: &DoctorArgs, own: &ConfigArgs) -> Result<u8, Failed> {
    let (config, configured) = configuration(own);
    let mut looks = Looks::find(&args.look, &config.look);
    if looks.ask {
        (looks.ground.value, looks.ground.by) = asked(looks.ground.value, looks.ground.by);
    }
    let mut rows = terminal();
    rows.push(Row::new("colours", looks.depth.value.word(), looks.depth.by));
    rows.push(Row::new("theme", looks.ground.value.word(), looks.ground.by));
    rows.push(Row::new("glyphs", looks.marks.value.word(), looks.marks.by));
    rows.extend(configured);
    rows.extend(machine(args));
    if args.json {
        let row = |row: &Row| (row.id.to_owned(), json!({ "found": row.value, "by": row.by }));
        let found: serde_json::Map<String, Value> = rows.iter().map(row).collect();
        print(&format!(
            "{:#}\n",
            json!({ "schema": "qviz.doctor/1", "version": env!("CARGO_PKG_VERSION"), "found": found })
        ))?;
        return Ok(0);
    }
    let mut out = format!("qviz {}\n\n", env!("CARGO_PKG_VERSION"));
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    for Row { id, value, by } in &rows {
        let by = if by.is_empty() { String::new() } else { format!("  ({by})") };
        out += &format!("{id:width$}  {value}{by}\n");
    }
    // In a file or a pipe the card has no colours, unless somebody insists.
    let forced = std::env::var("CLICOLOR_FORCE").is_ok_and(|v| !v.is_empty() && v != "0");
    let coloured = stdout().is_terminal() || forced || args.look.colours.is_some();
    out += &card(&looks.look(), coloured, looks.marks.value == Marks::Ascii);
    print(&out)?;
    Ok(0)
}

/// The terminal's own word about its ground, where it gives one.
fn asked(before: Ground, by: &'static str) -> (Ground, &'static str) {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        return (before, if before == Ground::Unknown { "no terminal to ask" } else { by });
    }
    match query::ground(PATIENCE) {
        Ok(Some(rgb)) => (Ground::of(rgb), "the terminal's answer to OSC 11"),
        _ if before == Ground::Unknown => (before, "the terminal gave no answer to OSC 11; colours that suit both"),
        _ => (before, by),
    }
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Variables that say something, as `NAME=value`.
fn said(names: &[&str]) -> String {
    let said: Vec<String> = names.iter().filter_map(|name| Some(format!("{name}={}", var(name)?))).collect();
    said.join(", ")
}

fn terminal() -> Vec<Row> {
    let ends = match (stdin().is_terminal(), stdout().is_terminal()) {
        (true, true) => "a terminal",
        (false, true) => "a terminal for output only",
        (true, false) => "no terminal: the output goes elsewhere",
        (false, false) => "no terminal",
    };
    let size = crossterm::terminal::size().ok().filter(|_| stdout().is_terminal());
    let size = size.map_or(String::new(), |(columns, rows)| format!(", {columns} columns, {rows} rows"));
    let locale = said(&["LC_ALL", "LC_CTYPE", "LANG"]);
    let between = [("TMUX", "tmux"), ("STY", "GNU screen"), ("ZELLIJ", "zellij"), ("SSH_CONNECTION", "SSH")];
    let between: Vec<&str> =
        between.into_iter().filter(|(name, _)| var(name).is_some()).map(|(_, word)| word).collect();
    // OSC 52 is the only way that reaches the clipboard of who sits before the screen.
    let clipboard = match () {
        () if var("TMUX").is_some() => ("OSC 52 through tmux", "with `set -g set-clipboard on`"),
        () if var("STY").is_some() => ("none", "GNU screen hands OSC 52 on to nobody"),
        () => ("OSC 52", "the terminal may refuse it"),
    };
    vec![
        Row::new("terminal", format!("{ends}{size}"), said(&["TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR"])),
        Row::new("between", if between.is_empty() { "nothing".into() } else { between.join(", ") }, ""),
        Row::new("locale", if locale.is_empty() { "none is named".into() } else { locale }, ""),
        Row::new("clipboard", clipboard.0, clipboard.1),
    ]
}

/// The configuration and what it does; where it is broken, the sentence in its place.
fn configuration(own: &ConfigArgs) -> (Config, Vec<Row>) {
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let (place, by) = match own.place() {
        Place::Off(by) => ("none is read".to_owned(), by),
        Place::Named(file, by) => (path(&file), by),
        Place::Usual(file) if file.exists() => (path(&file), ""),
        Place::Usual(file) => (path(&file), "is not there; `qviz config` prints one"),
        Place::Nowhere => ("none is read".to_owned(), "there is no home folder"),
    };
    let (config, effect) = match own.load() {
        Ok(config) => {
            let set = if config.set.is_empty() { "changes nothing".to_owned() } else { config.set.join(", ") };
            (config, Row::new("it sets", set, ""))
        }
        Err(why) => (Config::default(), Row::new("it is wrong", why, "the screen and the commands refuse it")),
    };
    (config, vec![Row::new("configuration", place, by), effect])
}

/// What is not the terminal's.
fn machine(args: &DoctorArgs) -> Vec<Row> {
    let state = state_folder().map_or("none: there is no home folder".into(), |f| f.to_string_lossy().into_owned());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut rows = vec![
        Row::new("changes are kept in", state, ""),
        Row::new("processor", format!("{threads} threads, {}", Width::default().name()), std::env::consts::ARCH),
    ];
    rows.push(runtime(args));
    rows
}

#[cfg(feature = "onnxruntime")]
fn runtime(args: &DoctorArgs) -> Row {
    match crate::guard::guarded(|| crate::model::Library::open(args.library.onnxruntime.as_deref())) {
        Ok(Ok(library)) => Row::new("onnx runtime", library.name(), library.path().to_string_lossy()),
        Ok(Err(why)) => Row::new("onnx runtime", "none", why.to_string()),
        Err(_) => Row::new("onnx runtime", "none", "it failed while it was opened"),
    }
}

#[cfg(not(feature = "onnxruntime"))]
fn runtime(_: &DoctorArgs) -> Row {
    Row::new("onnx runtime", "none", "this qviz was built without it")
}

/// Every role in its colour, and every kind of marks: whoever looks sees what their terminal shows.
fn card(look: &Look, coloured: bool, ascii: bool) -> String {
    let mut out = String::from("\n");
    let paint = |style: Style, text: &str| if coloured { painted(style, text) } else { text.to_owned() };
    for (i, role) in Role::ALL.into_iter().enumerate() {
        let [bar, hatched] = [look.glyphs.eighths[7], look.glyphs.hatched[7]];
        let glyph = if role == Role::Beyond { hatched } else { bar };
        let sample = format!("{glyph}{glyph} {:<10}", role.word());
        out += &format!("  {}", paint(look.theme.of(role), &sample));
        if i % 4 == 3 {
            out.push('\n');
        }
    }
    out.push('\n');
    // Who must not see more than ASCII is shown no more.
    let shown: &[Marks] = if ascii { &[Marks::Ascii] } else { &Marks::ALL };
    for marks in shown {
        let glyphs = Glyphs::of(*marks);
        let bars: String = glyphs.eighths.iter().collect();
        let signs: String =
            [glyphs.clip, glyphs.dot, glyphs.mark, glyphs.level, glyphs.float, glyphs.tied, glyphs.select]
                .iter()
                .collect();
        out += &format!("  {:8} {bars}  {}  {signs}\n", marks.word(), crate::tui::curve_sample(*marks));
    }
    out += "  What shows as boxes or question marks your font has not: choose another with --glyphs, or for good in the\n  configuration (`qviz config`).\n";
    out
}

/// A text in a style, as escape sequences.
fn painted(style: Style, text: &str) -> String {
    let mut codes = Vec::new();
    for (modifier, code) in [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::REVERSED, "7")] {
        if style.add_modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    codes.extend(style.fg.and_then(|colour| match colour {
        Color::Rgb(r, g, b) => Some(format!("38;2;{r};{g};{b}")),
        Color::Indexed(n) => Some(format!("38;5;{n}")),
        named => named_code(named).map(|code| code.to_string()),
    }));
    if codes.is_empty() { text.to_owned() } else { format!("\x1b[{}m{text}\x1b[0m", codes.join(";")) }
}

fn named_code(colour: Color) -> Option<u8> {
    use Color::*;
    let dark = [Black, Red, Green, Yellow, Blue, Magenta, Cyan, Gray];
    let light = [DarkGray, LightRed, LightGreen, LightYellow, LightBlue, LightMagenta, LightCyan, White];
    let at = |row: [Color; 8]| row.iter().position(|c| *c == colour).and_then(|i| u8::try_from(i).ok());
    at(dark).map(|i| 30 + i).or_else(|| at(light).map(|i| 90 + i))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::look::Depth;

    #[test]
    fn the_card_shows_every_role_and_every_kind_of_marks() {
        let look = Look::new(Depth::True, Ground::Dark, Marks::Braille);
        let text = card(&look, true, false);
        for known in Role::ALL.map(Role::word).into_iter().chain(Marks::ALL.map(Marks::word)) {
            assert!(text.contains(known), "{known}");
        }
        assert!(text.contains("\x1b[38;2;") && !card(&look, false, false).contains('\x1b'));
        assert!(card(&Look::new(Depth::Mono, Ground::Dark, Marks::Ascii), false, true).is_ascii());
    }
}
