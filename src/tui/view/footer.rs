use crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar;

use super::super::command::Command;
use super::super::key::Key;
use super::super::layout::{Region, Sends};
use super::super::line::Line;
use super::super::mode::{Ask, Mode};
use super::super::model::{Model, Notice, Part};
use super::super::page::Page;
use super::super::update::layout;
use super::super::update::taking::changes;
use super::super::work;
use super::pen::{Pen, width, wrapped};
use crate::report::{self, number};

/// A word of the footer, and what a press on it sends.
struct Word {
    text: String,
    style: Style,
    sends: Option<Sends>,
}

/// Words behind each other.
struct Words<'a> {
    model: &'a Model,
    words: Vec<Word>,
    /// Columns that they take.
    width: u16,
}

impl Words<'_> {
    fn new(model: &Model) -> Words<'_> {
        Words { model, words: Vec::new(), width: 0 }
    }

    fn put(&mut self, text: impl Into<String>, style: Style, sends: Option<Sends>) {
        let text = text.into();
        self.width = self.width.saturating_add(width(&self.model.look, &text));
        self.words.push(Word { text, style, sends });
    }

    fn say(&mut self, text: impl Into<String>, style: Style) {
        self.put(text, style, None);
    }

    fn dim(&mut self, text: impl Into<String>) {
        self.put(text, self.model.look.theme.dim, None);
    }

    /// A key that is typed, with what it does; both can be pressed.
    fn key(&mut self, name: &str, key: Key, word: &str) {
        let theme = self.model.look.theme;
        self.put(name, theme.key, Some(Sends::Type(key)));
        self.put(word, theme.dim, Some(Sends::Type(key)));
    }

    /// A sentence of hints between dots, where `Enter` and `Esc` can be pressed.
    fn told(&mut self, text: &str) {
        for (i, part) in text.split(" · ").enumerate() {
            if i > 0 {
                self.dim(" · ");
            }
            let key = match part.split(' ').next() {
                Some("Enter") => Some(ENTER),
                Some("Esc") => Some(ESC),
                _ => None,
            };
            self.put(part, self.model.look.theme.dim, key.map(Sends::Type));
        }
    }
}

const ENTER: Key = Key::code(KeyCode::Enter);
const ESC: Key = Key::code(KeyCode::Esc);

/// What can be done now, what is being typed, or what was done last. Returns where the cursor stands in a text.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) -> Option<(u16, u16)> {
    if let (Mode::Normal | Mode::Pan { .. }, Some(notice)) = (&model.mode, &model.notice)
        && pen.width(&notice.text) >= area.width
    {
        long(pen, area, notice);
        return None;
    }
    let (words, cursor) = words(model, area.width);
    if let (Mode::Prompt { .. }, Some(notice)) = (&model.mode, &model.notice)
        && words.words.last().is_none_or(|last| last.text != notice.text)
    {
        long(pen, Rect { y: area.y.saturating_sub(1), ..area }, notice);
    }
    let mut x = area.x;
    for word in words.words {
        x = pen.text(x, area.y, area.right().saturating_sub(x), &word.text, word.style);
    }
    cursor.map(|column| (area.x + column, area.y))
}

/// A sentence that is longer than the footer goes over the rows above, until the next key.
fn long(pen: &mut Pen, area: Rect, notice: &Notice) {
    let theme = pen.look.theme;
    let style = if notice.warning { theme.warning } else { theme.title };
    let lines =
        wrapped(&pen.look.glyphs.text(&report::visible(&notice.text)), usize::from(area.width.saturating_sub(2)));
    let most = usize::from(area.y / 3 + 1);
    let rows = lines.len().min(most) as u16;
    let top = (area.y + 1).saturating_sub(rows);
    pen.blank(Rect { y: top, height: rows, ..area });
    for (at, y) in (top..=area.y).enumerate() {
        // What is longer still ends with a sign of that.
        let text = if at + 1 == usize::from(rows) { lines[at..].join(" ") } else { lines[at].clone() };
        pen.text(area.x + 1, y, area.width.saturating_sub(1), &text, style);
    }
}

/// What of it can be pressed.
pub(super) fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let mut x = area.x;
    let region = |word: Word| {
        let columns = width(&model.look, &word.text).min(area.right().saturating_sub(x));
        let area = Rect::new(x, area.y, columns, 1);
        x += columns;
        word.sends.filter(|_| columns > 0).map(|sends| Region { area, sends })
    };
    words(model, area.width).0.words.into_iter().filter_map(region).collect()
}

/// The words of a footer of so many columns, and the cursor's column.
fn words(model: &Model, columns: u16) -> (Words<'_>, Option<u16>) {
    let theme = model.look.theme;
    let mut words = Words::new(model);
    match &model.mode {
        Mode::Prompt { ask, line } => {
            let cursor = prompt(&mut words, columns, ask, line);
            return (words, Some(cursor));
        }
        Mode::Quit => {
            let what = match model.session.changed() {
                0 => "changes".to_owned(),
                1 => "1 changed layer".to_owned(),
                n => format!("{n} changed layers"),
            };
            let long = (format!(" Leave with {what} that no file holds?  "), " export first", " leave without");
            let short = (format!(" Leave with {what}?  "), " export", " leave");
            words = first_that_fits(
                columns,
                [long, short].map(|(question, export, leave)| {
                    let mut words = Words::new(model);
                    words.say(question, theme.warning);
                    words.key("e", Key::char('e'), export);
                    words.dim(" · ");
                    words.key("q", Key::char('q'), leave);
                    words.dim(" · ");
                    words.key("Esc", ESC, " stay");
                    words
                }),
            );
        }
        Mode::Offer => {
            let taking = &model.taking;
            let what = changes(taking.offered.len());
            let again = model.keys.told(" later ({take-up} asks again)");
            words = first_that_fits(
                columns,
                [again.as_str(), " later"].map(|later| {
                    let mut words = Words::new(model);
                    words.say(format!(" {what} made {} that no file holds?  ", taking.when), theme.warning);
                    words.key("R", Key::char('R'), " take up");
                    words.dim(" · ");
                    words.key("D", Key::char('D'), " drop");
                    words.dim(" · ");
                    words.key("Esc", ESC, later);
                    words
                }),
            );
        }
        Mode::Drag { .. } => {
            words.say(" let go", theme.key);
            words.dim(" to keep it · ");
            words.say("Esc", theme.key);
            words.dim(" or right click puts it back");
        }
        Mode::Help { .. } => {
            words.dim(" ");
            words.key("Esc", ESC, " back to the screen");
        }
        Mode::Read { .. } => {
            words.dim(" ");
            words.key("Esc", ESC, " back to the screen");
        }
        Mode::Palette { .. } => {
            words.dim(" ");
            words.key("Enter", ENTER, " runs it");
            words.dim(" · ");
            words.key("Esc", ESC, " back to the screen");
        }
        Mode::Lesson => {
            let Some(learn) = &model.learn else { return (words, None) };
            let of = [
                ("Enter", learn.say(" go on · ", " 继续 · ")),
                ("h", learn.say(" hint · ", " 提示 · ")),
                ("s", learn.say(" show me · ", " 演示 · ")),
                ("b", learn.say(" back · ", " 上一步 · ")),
                ("r", learn.say(" anew · ", " 重做 · ")),
                ("f", learn.say(" free play · ", " 自由试用 · ")),
                ("l", learn.say(" lessons · ", " 课程 · ")),
                ("Esc", ""),
            ];
            words.dim(" ");
            for (name, what) in of {
                let key = match name {
                    "Enter" => ENTER,
                    "Esc" => ESC,
                    name => Key::char(name.chars().next().unwrap_or(' ')),
                };
                words.key(name, key, what);
            }
        }
        Mode::Lessons { .. } => {
            // Why a lesson cannot be opened is said here.
            if let Some(notice) = &model.notice {
                words.say(format!(" {}", notice.text), theme.warning);
            }
        }
        Mode::Copy => {
            words.say(" copy: ", theme.title);
            let of = [
                ('n', " the clip"),
                ('r', " the row"),
                ('p', " NumPy"),
                ('s', " NumPy of the screen"),
                ('d', " the document"),
            ];
            for (key, word) in of {
                words.key(&key.to_string(), Key::char(key), word);
                words.dim(" · ");
            }
            words.key("Esc", ESC, "");
        }
        Mode::ForAll => {
            words.say(" for all activations: ", theme.title);
            for (i, (_, label)) in report::offers(&model.session).iter().enumerate() {
                if let Some(digit) = model.keys.digit(i) {
                    let gap = if i > 0 { "  " } else { "" };
                    words.say(gap, theme.key);
                    words.put(format!("{digit} {label}"), theme.key, Some(Sends::Type(Key::char(digit))));
                }
            }
            words.dim(" · ");
            words.key("Esc", ESC, "");
        }
        Mode::Normal | Mode::Pan { .. } => match &model.notice {
            Some(notice) => {
                let style = if notice.warning { theme.warning } else { theme.title };
                words.say(" ", style);
                words.say(notice.text.as_str(), style);
            }
            None if model.present.is_some() => presenting(&mut words),
            None => hints(&mut words, columns),
        },
    }
    (words, None)
}

/// The first of two that fits into so many columns, else the second.
fn first_that_fits<'a>(columns: u16, [long, short]: [Words<'a>; 2]) -> Words<'a> {
    if long.width <= columns { long } else { short }
}

/// The text that is being typed, and what may be typed. Returns the cursor's column.
fn prompt(words: &mut Words, columns: u16, ask: &Ask, line: &Line) -> u16 {
    let model = words.model;
    let theme = model.look.theme;
    let (before, after) = line.parts();
    let title = ask.title(model);
    let of_many = model.many() && matches!(ask, Ask::Clip { .. } | Ask::Format | Ask::Axis);
    words.dim(" ");
    words.say(
        if of_many { format!("{title}, {} layers", model.list.marked.len()) } else { title.to_owned() },
        theme.title,
    );
    words.dim(": ");
    // A text longer than the line shows its end.
    let room = columns.saturating_sub(words.width + 2);
    let skipped = width(&model.look, before).saturating_sub(room);
    let mut left = usize::from(skipped);
    // Whole characters go, as many as cover these columns.
    let goes = |c: &char| {
        let goes = left > 0;
        left = left.saturating_sub(c.width().unwrap_or(0));
        goes
    };
    let shown: String = before.chars().skip_while(goes).collect();
    // What typing replaces is shown as selected.
    words.say(shown, if line.is_selected() { theme.selected } else { theme.key });
    let cursor = words.width.min(columns.saturating_sub(1));
    words.say(after, theme.key);
    words.dim("   ");
    match &model.notice {
        // What has no room beside the text stands over it.
        Some(notice) if is_long(words, columns, notice) => {}
        Some(notice) => words.say(notice.text.as_str(), theme.warning),
        None => words.told(&ask.hint(model, &line.text())),
    }
    cursor
}

/// Whether a sentence has no room behind these words.
fn is_long(words: &Words, columns: u16, notice: &Notice) -> bool {
    words.width.saturating_add(width(&words.model.look, &notice.text)) > columns
}

/// Whether the list has the place of the plots.
fn is_listing(model: &Model) -> bool {
    model.plot.page == Page::Layers
}

/// Whether the rule of 99 % has it.
fn is_coverage(model: &Model) -> bool {
    model.plot.page == Page::Coverage
}

/// What a presenter's keys do, and how far it is.
fn presenting(words: &mut Words) {
    let model = words.model;
    words.dim(" ");
    for (key, word, by) in [("Space", " more", 1), ("Page Up", " less", -1)] {
        let sends = Sends::Run(Command::Reveal(by));
        words.put(key, model.look.theme.key, Some(sends));
        words.put(word, model.look.theme.dim, Some(sends));
        words.dim(" · ");
    }
    let end = model.keys.hint(Command::Present).unwrap_or_else(|| "–".into());
    words.put(end, model.look.theme.key, Some(Sends::Run(Command::Present)));
    words.dim(format!(" ends it · {} of {} revealed", model.present.unwrap_or(0), Part::LAST as u8));
}

/// From so many columns on there is room for the mouse beside what a network is asked.
const ROOMY: u16 = 100;

/// Keys with a word each, from the registry, as many as fit.
fn hints(words: &mut Words, columns: u16) {
    use Command::*;
    let model = words.model;
    let theme = model.look.theme;
    let strip: [(&[Command], &str); 11] = [
        (&[], "click"),
        (&[MoveColumns(-1), MoveColumns(1)], "channel"),
        (&[Minimum(1)], "next worst"),
        (&[OpenChannel], "opens it"),
        (&[Select(1), Select(-1)], "layer"),
        (&[PerChannel], "axis"),
        (&[Undo], "undo"),
        (&[Export], "export"),
        (&[Work], ""),
        (&[Compare], "compare"),
        (&[Format], "bits"),
    ];
    // In the rule of 99 % the keys of the clip drop bins, and there is no line to drag.
    let coverage = is_coverage(model);
    let mut plots: Vec<(&[Command], &str)> = vec![
        (&[], "drag"),
        (&[MoveColumns(-1), MoveColumns(1)], if coverage { "drops" } else { "clip" }),
        (&[CloseChannel], "all channels"),
        (&[Select(1), Select(-1)], "layer"),
        (&[Sensitivity], "sensitivity"),
        (&[Tune], "tune"),
        (&[Methods], "methods"),
        (&[Layers], "layers"),
        (&[Undo], "undo"),
        (&[Export], "export"),
        (&[Work], ""),
        (&[Curve(1)], "curve"),
        (&[Mapping], "mapping"),
        (&[FakeQuant], "quantized"),
        (&[Compare], "compare"),
        (&[Notes], "notes"),
        (&[MarkLayer], "mark"),
        (&[Palette], "find"),
        (&[MoveBins(-1), MoveBins(1)], "one bin"),
        (&[Minimum(1)], "next minimum"),
        (&[MethodValue], "back"),
        (&[TypeClip], "type"),
        (&[PerChannel], "channels"),
        (&[Format], "bits"),
        (&[Toggle], "on/off"),
        (&[YScale], "y scale"),
        (&[Fit], "fitted curve"),
    ];
    // What takes long can be stopped; until then nothing of the kind can begin.
    let takes_long = model.network.as_ref().is_some_and(|network| network.running.is_some());
    let before = if takes_long { Sensitivity } else { Curve(1) };
    let place = plots.iter().position(|(commands, _)| *commands == [before]);
    plots.insert(place.unwrap_or(plots.len()), (&[Stop], "stop"));
    let listing: [(&[Command], &str); 10] = [
        (&[], "click"),
        (&[Select(1), Select(-1)], "layer"),
        (&[OpenChannel], "plots"),
        (&[Filter], "filter"),
        (&[Sort], "sort"),
        (&[Sensitivity], "sensitivity"),
        (&[MarkLayer], "mark"),
        (&[Toggle], "on/off"),
        (&[Undo], "undo"),
        (&[Export], "export"),
    ];
    let key = |command| model.keys.hint(command).unwrap_or_default();
    // Help and leaving are never pushed out.
    let mut fixed = Words::new(model);
    fixed.dim(" · ");
    for (i, (command, word)) in [(Help, " help"), (Quit, " quit")].into_iter().enumerate() {
        let name = key(command);
        if i > 0 && fixed.words.len() > 1 {
            fixed.dim(" · ");
        }
        if !name.is_empty() || command == Quit {
            fixed.put(name, theme.key, Some(Sends::Run(command)));
            fixed.put(word, theme.dim, Some(Sends::Run(command)));
        }
    }
    words.dim(" ");
    // What a command would go for must be seen where there is no list as well.
    if !model.list.marked.is_empty() {
        let marked = number::of(model.list.marked.len() as u64, "layer");
        words.say(format!("{marked} marked · "), theme.clip);
    }
    // How much goes on behind the screen.
    let at_work = work::pieces(model).len();
    let at_work_in_words = format!("work {at_work}");
    let end = columns.saturating_sub(fixed.width + 1);
    // Beside training there is no tensor to do something with.
    let training: [(&[Command], &str); 2] = [(&[Train], "train"), (&[Lesson], "lesson")];
    let is_training = model.learn.as_ref().is_some_and(|learn| learn.trained().is_some());
    let wanted = if is_training {
        training.as_slice()
    } else if is_listing(model) {
        listing.as_slice()
    } else if model.on_strip() {
        strip.as_slice()
    } else {
        plots.as_slice()
    };
    let listed = layout(model).is_some_and(|areas| !areas.list.is_empty()) || model.session.layers().len() < 2;
    // Where nothing could be read there is nothing to do with it.
    let nothing = model.loading.finished && model.session.layers().iter().all(|layer| layer.ready().is_none());
    let network = model.network.is_some() && (model.network_is_ready() || !model.loading.finished);
    let tries = network && !model.on_strip() && columns < ROOMY;
    // Only where there is a channel to leave, something to stop, a network to try.
    let wanted = wanted.iter().filter(|(commands, _)| match commands {
        [Palette] => true,
        _ if nothing => false,
        // With a network there is more to press than fits beside it.
        [] => !coverage && !tries,
        [CloseChannel] => model.channel.open.is_some(),
        [Stop] => model.unavailable(Stop).is_none(),
        [Work] => at_work > 0,
        [Sensitivity | Tune] => network && !takes_long,
        [Methods] => network,
        // Only where there is no list beside the plots.
        [Layers] => !listed,
        _ => true,
    });
    let has_keys = |commands: &[Command]| commands.iter().all(|c| !model.keys.keys(*c).is_empty());
    // The mouse and the first key are one hint.
    let joined = if coverage || tries || is_training { 0 } else { 1 };
    for (i, (commands, word)) in wanted.filter(|(commands, _)| has_keys(commands)).enumerate() {
        let mut hint = Words::new(model);
        if i > joined {
            hint.dim(" · ");
        }
        let off = commands.iter().any(|c| model.unavailable(*c).is_some());
        for command in *commands {
            hint.put(key(*command), if off { theme.dim } else { theme.key }, Some(Sends::Run(*command)));
            hint.dim(" ");
        }
        match commands.first() {
            // The mouse needs no key.
            None => hint.dim(format!("{word} or ")),
            Some(Work) => hint.put(&*at_work_in_words, theme.title, Some(Sends::Run(Work))),
            Some(first) => hint.put(*word, theme.dim, Some(Sends::Run(*first))),
        }
        if words.width + hint.width + if i > joined { 0 } else { 3 } > end {
            break;
        }
        words.width += hint.width;
        words.words.append(&mut hint.words);
    }
    words.words.append(&mut fixed.words);
}
