//! From a file to a lesson. Everything that is wrong is found at once, each with its line, so that an author need not
//! mend one slip to hear of the next.

use std::ops::Range;

use toml::de::DeTable;

use super::data::{From, MOST, Made};
use super::facts::Kind;
use super::lesson::{Act, Ask, Asked, Lesson, Needs, Own, Region, Start, Step};
use super::table::{Table, Wrongs};
use super::tell::place;
use super::{Expr, Lang, Said};
use crate::calibrate;
use crate::histogram::{DEFAULT_BINS, MAX_BINS};
use crate::quant::Format;

/// What is wrong with a lesson's file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong and what is allowed, without a full stop.
    pub why: String,
}

/// What the screen knows that lessons do not.
pub struct Known<'a> {
    /// Whether there is a command of that id.
    pub command: &'a dyn Fn(&str) -> bool,
    /// What can stand in the plots' place, by name.
    pub pages: &'a [&'a str],
}

/// The curves by their names.
/// Where a network can be quantized.
const PLACEMENTS: [&str; 4] = ["fused", "inputs", "ort", "all"];
const CURVES: [&str; 3] = ["kl", "mse", "sqnr"];

/// Reads a lesson; `id` is the stem of its file's name.
///
/// # Errors
/// All that is wrong with it, in the file's order.
pub fn read(id: &str, text: &str, known: &Known) -> Result<Lesson, Vec<Complaint>> {
    let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let why = error.message().lines().collect::<Vec<_>>().join(", ");
        vec![Complaint { line: line(error.span().map_or(text.len(), |span| span.start)), why }]
    })?;
    let mut reader =
        Reader { known, wrongs: Wrongs::default(), line: &line, layers: Vec::new(), made: true, network: false };
    let lesson = reader.lesson(id, Table::new(table.get_ref(), 0));
    let mut found = reader.wrongs.found;
    found.sort_by_key(|(at, _)| *at);
    match lesson {
        Some(lesson) if found.is_empty() => Ok(lesson),
        _ => Err(found.into_iter().map(|(at, why)| Complaint { line: line(at), why }).collect()),
    }
}

struct Reader<'a> {
    known: &'a Known<'a>,
    wrongs: Wrongs,
    line: &'a dyn Fn(usize) -> usize,
    /// The layers that the lesson makes.
    layers: Vec<String>,
    /// Whether these are all that there are.
    made: bool,
    /// Whether the lesson runs a network.
    network: bool,
}

impl Reader<'_> {
    fn lesson(&mut self, id: &str, mut top: Table) -> Option<Lesson> {
        let title = self.said(&mut top, "title", 0).or_else(|| self.missing(0, "the lesson", "title"));
        let needs = match self.text(&mut top, "needs", &["values", "network", "training"]).as_deref() {
            Some("network") => Needs::Network,
            Some("training") => Needs::Training,
            _ => Needs::Values,
        };
        let place = self.text(&mut top, "place", &PLACEMENTS);
        if place.is_some() && needs != Needs::Network {
            self.wrongs.say(0, "place is for a lesson with needs = \"network\"");
        }
        let mut methods = Vec::new();
        for (method, span) in top.texts("methods", &mut self.wrongs) {
            self.method(method, span);
            methods.push(method.to_owned());
        }
        if methods.is_empty() {
            methods = calibrate::defaults().iter().map(|method| method.id().to_owned()).collect();
        }
        let method = top.text("method", &mut self.wrongs);
        if let Some((method, span)) = method.clone().filter(|(method, _)| !methods.iter().any(|m| m == method)) {
            self.wrongs.say(span.start, format!("{method} is not among the lesson's methods: {}", methods.join(", ")));
        }
        let method = method.map_or_else(|| methods[0].clone(), |(method, _)| method.to_owned());
        let format = self.format(&mut top).unwrap_or_else(|| "int8".to_owned());
        let bins = top.whole("bins", (2, MAX_BINS as u64), &mut self.wrongs).unwrap_or(DEFAULT_BINS as u64) as usize;
        (self.made, self.network) = (needs == Needs::Values, needs == Needs::Network);
        let mut data = Vec::new();
        for table in top.tables("data", &mut self.wrongs) {
            data.extend(self.data(table));
        }
        if needs == Needs::Values && data.is_empty() {
            self.wrongs.say(0, "there is nothing to look at: [[data]] makes a layer");
        }
        self.layers = data.iter().map(|made| made.name.clone()).collect();
        let mut steps = Vec::new();
        for table in top.tables("step", &mut self.wrongs) {
            steps.extend(self.step(table));
        }
        if steps.is_empty() {
            self.wrongs.say(0, "there is nothing to do: [[step]] is one");
        }
        top.finish("a lesson", &mut self.wrongs);
        Some(Lesson { id: id.to_owned(), title: title?, needs, place, data, methods, method, format, bins, steps })
    }

    fn missing<T>(&mut self, at: usize, what: &str, name: &str) -> Option<T> {
        self.wrongs.say(at, format!("{what} has no {name}"));
        None
    }

    /// A text in every language: `name.en`, `name.zh`.
    fn said(&mut self, of: &mut Table, name: &'static str, at: usize) -> Option<Said> {
        let mut table = of.table(name, &mut self.wrongs)?;
        let mut said = Said::default();
        for lang in Lang::ALL {
            match table.text(lang.id(), &mut self.wrongs) {
                Some((text, span)) => {
                    self.places(text, &span);
                    said.set(lang, text.trim());
                }
                None => self.wrongs.say(table.at.max(at), format!("{name} has no text in {}", lang.id())),
            }
        }
        table.finish(name, &mut self.wrongs);
        Some(said)
    }

    /// What stands in braces must be a command or an expression.
    fn places(&mut self, text: &str, span: &Range<usize>) {
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once('{') {
            let Some((inner, behind)) = behind.split_once('}') else {
                self.wrongs.say(span.start, "a brace { is not closed");
                return;
            };
            match inner.strip_prefix('=') {
                Some(expr) => {
                    if let Err(why) = place(expr) {
                        self.wrongs.say(span.start, format!("{{={expr}}}: {why}"));
                    }
                }
                None if matches!(inner, "said" | "is" | "verdict") || (self.known.command)(inner) => {}
                None => self.wrongs.say(
                    span.start,
                    format!("no command is called {inner:?} (`qviz keys` lists them); a number is {{=mse}}"),
                ),
            }
            rest = behind;
        }
    }

    fn text(&mut self, of: &mut Table, name: &'static str, allowed: &[&str]) -> Option<String> {
        let (text, span) = of.text(name, &mut self.wrongs)?;
        if !allowed.contains(&text) {
            self.wrongs.say(span.start, format!("{name} is no {text:?}; there are {}", allowed.join(", ")));
            return None;
        }
        Some(text.to_owned())
    }

    fn method(&mut self, id: &str, span: Range<usize>) {
        if let Err(why) = calibrate::by_id(id) {
            self.wrongs.say(span.start, why.to_string().trim_end_matches('.').to_owned());
        }
    }

    fn format(&mut self, of: &mut Table) -> Option<String> {
        let (format, span) = of.text("format", &mut self.wrongs)?;
        if let Err(why) = Format::named(format) {
            self.wrongs.say(span.start, why.to_string().trim_end_matches('.').to_owned());
        }
        Some(format.to_owned())
    }

    fn expr(&mut self, of: &mut Table, name: &'static str, kind: Kind) -> Option<Expr> {
        let (text, span) = of.text(name, &mut self.wrongs)?;
        match Expr::read(text) {
            Ok(expr) if expr.kind() == kind => return Some(expr),
            Ok(_) => {
                let wanted =
                    if kind == Kind::Flag { "say yes or no, such as mse <= 1.02 * least" } else { "be a number" };
                self.wrongs.say(span.start, format!("{name} must {wanted}"));
            }
            Err(why) => self.wrongs.say(span.start, format!("{name}: {why}")),
        }
        None
    }

    fn data(&mut self, mut of: Table) -> Option<Made> {
        let of_at = of.at;
        let name = of.text("name", &mut self.wrongs).map(|(name, _)| name.to_owned());
        let name = name.or_else(|| self.missing(of.at, "data", "name"));
        let random = |table: Option<Table>, wrongs: &mut Wrongs| {
            let mut table = table?;
            let seed = table.whole("seed", (0, u64::from(u32::MAX)), wrongs).unwrap_or(0) as u32;
            let count = table.whole("count", (1, MOST as u64), wrongs).unwrap_or(1000) as usize;
            table.finish("it", wrongs);
            Some((seed, count))
        };
        let normal = random(of.table("normal", &mut self.wrongs), &mut self.wrongs);
        let uniform = random(of.table("uniform", &mut self.wrongs), &mut self.wrongs);
        let values = of.numbers("values", &mut self.wrongs);
        let counts = of.numbers("counts", &mut self.wrongs);
        let top = of.number("top", &mut self.wrongs);
        let floats = |all: Vec<f64>| all.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
        let from = match (normal, uniform, values, counts) {
            (Some((seed, count)), None, None, None) => Some(From::Normal { seed, count }),
            (None, Some((seed, count)), None, None) => Some(From::Uniform { seed, count }),
            (None, None, Some(values), None) if !values.is_empty() => Some(From::Values(floats(values))),
            (None, None, None, Some(counts)) => {
                let sound = counts.iter().all(|n| n.fract() == 0.0 && *n >= 0.0) && counts.iter().any(|n| *n > 0.0);
                if !sound || counts.iter().sum::<f64>() > MOST as f64 {
                    self.wrongs
                        .say(of.at, format!("counts are whole numbers, some of them above 0, {MOST} together at most"));
                    None
                } else {
                    let top = top.unwrap_or(counts.len() as f64);
                    Some(From::Counts { counts: counts.into_iter().map(|n| n as u32).collect(), top })
                }
            }
            _ => {
                self.wrongs.say(of.at, "data has exactly one of normal, uniform, values and counts");
                None
            }
        };
        let also = floats(of.numbers("also", &mut self.wrongs).unwrap_or_default());
        let times = of.number("times", &mut self.wrongs).unwrap_or(1.0);
        let plus = of.number("plus", &mut self.wrongs).unwrap_or(0.0);
        let relu = of.flag("relu", &mut self.wrongs).unwrap_or(false);
        let channels = floats(of.numbers("channels", &mut self.wrongs).unwrap_or_default());
        of.finish("data", &mut self.wrongs);
        let made = Made { name: name?, from: from?, also, times, plus, relu, channels };
        if !made.count().is_multiple_of(made.channels.len().max(1)) {
            let (count, rows) = (made.count(), made.channels.len());
            self.wrongs.say(of_at, format!("{count} values do not fill {rows} channels evenly"));
        }
        Some(made)
    }

    fn step(&mut self, mut of: Table) -> Option<Step> {
        let at = of.at;
        let own = self.own(&mut of);
        let hides_best = of.flag("hides_best", &mut self.wrongs).unwrap_or(false);
        let graph = of.whole("graph", (1, 9), &mut self.wrongs).unwrap_or(0) as usize;
        if graph > 0 && !self.network {
            self.wrongs.say(at, "graph is for a lesson with needs = \"network\"");
        }
        let text = self.said(&mut of, "text", at).or_else(|| self.missing(at, "a step", "text"));
        let start = of.table("start", &mut self.wrongs).map(|table| self.start(table)).unwrap_or_default();
        let locked = of.texts("locked", &mut self.wrongs);
        for (id, span) in &locked {
            if !id.ends_with('*') && !(self.known.command)(id) {
                self.wrongs.say(span.start, format!("no command is called {id:?} (`qviz keys` lists them)"));
            }
        }
        let mut look = Vec::new();
        for (word, span) in of.texts("look", &mut self.wrongs) {
            match Region::ALL.iter().find(|(name, _)| *name == word) {
                Some((_, region)) => look.push(*region),
                None => {
                    let names: Vec<&str> = Region::ALL.iter().map(|(name, _)| *name).collect();
                    self.wrongs.say(
                        span.start,
                        format!("no part of the screen is called {word:?}; there are {}", names.join(", ")),
                    );
                }
            }
        }
        let ask = of.table("ask", &mut self.wrongs).and_then(|table| self.ask(table));
        let wants_goal = of.take("goal").map(|value| value.span().start);
        let goal = self.expr(&mut of, "goal", Kind::Flag);
        let by_digit = of.flag("by_digit", &mut self.wrongs).unwrap_or(false);
        let reveal = self.said(&mut of, "reveal", at);
        let hint = self.said(&mut of, "hint", at);
        let show = of.texts("show", &mut self.wrongs);
        let show: Vec<Act> = show.into_iter().filter_map(|(text, span)| self.act(text, span)).collect();
        if let Some(goal_at) = wants_goal {
            if hint.is_none() {
                self.wrongs.say(goal_at, "a goal needs a hint, for who does not see how");
            }
            if show.is_empty() && own.is_none() {
                self.wrongs
                    .say(goal_at, "a goal needs a show: what reaches it, such as show = [\"type-clip\", \"> 2.5\"]");
            }
        }
        if ask.is_some() && reveal.is_none() {
            self.wrongs.say(at, "a question needs a reveal: what is said behind the answer");
        }
        of.finish("a step", &mut self.wrongs);
        let locked = locked.into_iter().map(|(id, _)| id.to_owned()).collect();
        let line = (self.line)(at);
        Some(Step {
            line,
            text: text?,
            start,
            locked,
            look,
            ask,
            goal,
            by_digit,
            reveal,
            hint,
            show,
            hides_best,
            graph,
            own,
        })
    }

    /// `true`, or a word for what must have been brought.
    fn own(&mut self, of: &mut Table) -> Option<Own> {
        let value = of.take("own")?;
        match (value.get_ref().as_bool(), value.get_ref().as_str()) {
            (Some(own), _) => own.then_some(Own::Any),
            (_, Some("network")) => Some(Own::Network),
            (_, Some("values")) => Some(Own::Values),
            _ => {
                self.wrongs.say(value.span().start, "own wants true, \"network\" or \"values\"");
                None
            }
        }
    }

    fn start(&mut self, mut of: Table) -> Start {
        let layer = of.text("layer", &mut self.wrongs);
        if let Some((layer, span)) =
            layer.clone().filter(|(layer, _)| self.made && !self.layers.iter().any(|l| l == layer))
        {
            self.wrongs.say(span.start, format!("no layer is called {layer:?}; there are {}", self.layers.join(", ")));
        }
        let method = of.text("method", &mut self.wrongs);
        if let Some((method, span)) = method.clone() {
            self.method(method, span);
        }
        let start = Start {
            layer: layer.map(|(layer, _)| layer.to_owned()),
            method: method.map(|(method, _)| method.to_owned()),
            clip: of.number("clip", &mut self.wrongs),
            format: self.format(&mut of),
            page: self.text(&mut of, "page", self.known.pages),
            curve: self.text(&mut of, "curve", &CURVES),
            log: of.flag("log", &mut self.wrongs),
            signed: of.flag("signed", &mut self.wrongs),
            fake_quant: of.flag("fake_quant", &mut self.wrongs),
            inspect: of.number("inspect", &mut self.wrongs),
            placement: self.placement(&mut of),
            run: {
                let acts = of.texts("run", &mut self.wrongs);
                acts.into_iter().filter_map(|(text, span)| self.act(text, span)).collect()
            },
        };
        of.finish("start", &mut self.wrongs);
        start
    }

    /// Where the network is quantized, in a lesson on one.
    fn placement(&mut self, of: &mut Table) -> Option<String> {
        let at = of.at;
        let placement = self.text(of, "placement", &PLACEMENTS)?;
        if !self.network {
            self.wrongs.say(at, "placement is of a network: the lesson wants needs = \"network\"");
        }
        Some(placement)
    }

    /// `undo`, `clip-left*3`, `> 2.5`.
    fn act(&mut self, text: &str, span: Range<usize>) -> Option<Act> {
        if let Some(typed) = text.strip_prefix('>') {
            self.places(typed, &span);
            return Some(Act::Type(typed.trim().to_owned()));
        }
        let (id, times) = match text.rsplit_once('*') {
            Some((id, times)) => (id, times.parse().ok().filter(|n| (1..=1000).contains(n))),
            None => (text, Some(1)),
        };
        let Some(times) = times else {
            self.wrongs.say(span.start, format!("{text:?}: behind * stands how often, 1 to 1000"));
            return None;
        };
        if !(self.known.command)(id) {
            self.wrongs.say(
                span.start,
                format!("no command is called {id:?} (`qviz keys` lists them); a text is typed by \"> text\""),
            );
            return None;
        }
        Some(Act::Command(id.to_owned(), times))
    }

    fn ask(&mut self, mut of: Table) -> Option<Ask> {
        let at = of.at;
        let question = self.said(&mut of, "say", at).or_else(|| self.missing(at, "ask", "say"));
        let number = self.expr(&mut of, "number", Kind::Number);
        let within = of.number("within", &mut self.wrongs).unwrap_or(0.0);
        let cells = of.numbers("cells", &mut self.wrongs);
        let choice = of.table("choice", &mut self.wrongs).map(|table| self.options(table));
        let right = of.whole("right", (1, 9), &mut self.wrongs);
        let must = of.flag("must", &mut self.wrongs).unwrap_or(cells.is_some());
        of.finish("ask", &mut self.wrongs);
        let of = match (number, choice, cells) {
            (Some(truth), None, None) => Asked::Number { truth, within },
            (None, Some(options), None) => {
                let right = right.map_or(0, |right| right as usize);
                if !(1..=options.len()).contains(&right) {
                    self.wrongs
                        .say(at, format!("ask.right says which of the {} answers is right, from 1 on", options.len()));
                }
                Asked::Choice { options, right: right.saturating_sub(1) }
            }
            (None, None, Some(cells)) if !cells.is_empty() => Asked::Cells(cells),
            _ => {
                self.wrongs.say(at, "ask has exactly one of number, choice and cells");
                return None;
            }
        };
        Some(Ask { question: question?, of, must })
    }

    /// The answers to choose from, as many in every language.
    fn options(&mut self, mut of: Table) -> Vec<Said> {
        let mut options: Vec<Said> = Vec::new();
        for (nth, lang) in Lang::ALL.into_iter().enumerate() {
            let texts = of.texts(lang.id(), &mut self.wrongs);
            if (nth > 0 && texts.len() != options.len()) || texts.len() < 2 || texts.len() > 9 {
                self.wrongs.say(of.at, "choice has as many answers in every language, 2 to 9");
            }
            options.resize(options.len().max(texts.len()), Said::default());
            for (said, (text, span)) in options.iter_mut().zip(texts) {
                self.places(text, &span);
                said.set(lang, text);
            }
        }
        of.finish("choice", &mut self.wrongs);
        options
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lesson(text: &str) -> Result<Lesson, Vec<Complaint>> {
        let command = |id: &str| ["type-clip", "undo", "method-1"].contains(&id);
        read("x", text, &Known { command: &command, pages: &["curve", "mapping"] })
    }

    const SOUND: &str = r#"
title = { en = "One", zh = "一" }
methods = ["max", "mse"]
format = "int4"
[[data]]
name = "x"
normal = { seed = 1, count = 10 }
[[step]]
text = { en = "Press {undo}: {=mse:3}", zh = "按 {undo}" }
start = { layer = "x", method = "mse", page = "mapping" }
locked = ["method-*"]
look = ["lower"]
ask = { say = { en = "How many?", zh = "几个？" }, number = "codes", within = 0.1 }
goal = "mse <= 1.02 * least and by_hand"
reveal = { en = "You said {said}, it is {is}", zh = "{said} {is}" }
hint = { en = "h", zh = "h" }
show = ["type-clip", "> {=least_at}"]
"#;

    #[test]
    fn a_lesson_is_read() {
        let lesson = lesson(SOUND).unwrap();
        assert_eq!((lesson.title.of(Lang::Zh), lesson.steps.len(), lesson.bins), ("一", 1, DEFAULT_BINS));
        let step = &lesson.steps[0];
        assert_eq!(step.line, 8);
        assert!(step.locks("method-1") && !step.locks("undo"));
        assert_eq!(step.show, [Act::Command("type-clip".into(), 1), Act::Type("{=least_at}".into())]);
        assert_eq!(lesson.data[0].values().len(), 10);
    }

    #[test]
    fn all_that_is_wrong_is_said_with_its_line() {
        for (from, to, line, why) in [
            ("zh = \"一\"", "de = \"eins\"", 2, "title has no text in zh"),
            ("\"max\", \"mse\"", "\"min\"", 3, "min"),
            ("int4", "int99", 4, "int99"),
            ("seed = 1", "seed = -1", 7, "whole number"),
            ("count = 10", "count = 99000000", 7, "whole number"),
            ("Press {undo}", "Press {undone}", 9, "no command is called \"undone\""),
            ("{=mse:3}", "{=loss}", 9, "loss is no fact"),
            ("layer = \"x\"", "layer = \"y\"", 10, "no layer is called \"y\""),
            ("\"lower\"", "\"below\"", 12, "no part of the screen"),
            ("\"codes\"", "\"by_hand\"", 13, "must be a number"),
            ("and by_hand", "and", 14, "missing at its end"),
            ("hint =", "hints =", 14, "a goal needs a hint"),
            ("\"type-clip\"", "\"typ-clip\"", 17, "no command is called"),
            ("locked =", "graph = 4\nlocked =", 8, "graph is for a lesson with needs"),
            ("locked =", "own = 'mine'\nlocked =", 11, "own wants true"),
            ("count = 10 }", "count = 10 }\nchannels = [1, 2, 3]", 5, "10 values do not fill 3 channels"),
            ("locked", "loked", 11, "a step has no \"loked\""),
            ("[[step]]", "[[stp]]", 1, "nothing to do"),
            ("title", "title = ", 2, ""),
        ] {
            let text = SOUND.replacen(from, to, 1);
            let complaints = lesson(&text).unwrap_err();
            assert!(complaints.iter().any(|c| c.line == line && c.why.contains(why)), "{to}: {complaints:?}");
        }
        let two = SOUND.replace("{undo}", "{undone}").replace("int4", "int99");
        assert_eq!(lesson(&two).unwrap_err().len(), 3, "all at once");
    }

    #[test]
    fn questions_have_one_kind_of_answer() {
        let choice = r#"choice = { en = ["a", "b"], zh = ["甲", "乙"] }, right = 2"#;
        let text = SOUND.replace("number = \"codes\", within = 0.1", choice);
        assert!(matches!(&lesson(&text).unwrap().steps[0].ask.as_ref().unwrap().of, Asked::Choice { right: 1, .. }));
        let text = text.replace("right = 2", "right = 3");
        assert!(lesson(&text).unwrap_err()[0].why.contains("which of the 2 answers"));
        let cells = SOUND.replace("number = \"codes\", within = 0.1", "cells = [1, 2.5]");
        assert!(lesson(&cells).unwrap().steps[0].ask.as_ref().unwrap().must);
    }

    proptest! {
        /// A letter that is lost or changed anywhere breaks nothing.
        #[test]
        fn a_broken_file_is_refused_with_lines(at in 0usize..SOUND.len(), c in proptest::char::any()) {
            let at = (0..=at).rev().find(|at| SOUND.is_char_boundary(*at)).unwrap();
            let end = (at + 1..=SOUND.len()).find(|at| SOUND.is_char_boundary(*at)).unwrap();
            let text = format!("{}{c}{}", &SOUND[..at], &SOUND[end..]);
            if let Err(complaints) = lesson(&text) {
                prop_assert!(!complaints.is_empty() && complaints.iter().all(|c| c.line <= text.lines().count() + 1));
            }
        }
    }
}
