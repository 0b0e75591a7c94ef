//! What a lesson says now, in lines: its text and its question, then what came of it, and the network under them.

use super::graph;
use super::learn::Learn;
use super::model::Model;
use super::seen::seen;
use crate::lessons::{Answered, Asked, Ink, Lang, Play, Run, Seen, Stage, tell, wrap};

/// How many rows a panel below the plots wants for it, title and last line included.
pub fn rows(model: &Model) -> u16 {
    let play = model.learn.as_ref().and_then(|learn| Some((learn, learn.playing()?)));
    let width = usize::from(model.size.0.saturating_sub(2));
    play.map_or(0, |(learn, play)| lines(model, learn, play, width).len().min(100) as u16 + 2)
}

/// What is asked now, in a line: the question, and the answers to choose from.
pub fn question(model: &Model) -> String {
    let asked = model.learn.as_ref().and_then(|learn| {
        let play = learn.playing()?;
        let ask = play.step().ask.as_ref()?;
        let seen = seen(model);
        let say = |text: &str| -> String { told(model, play, text, &seen).into_iter().map(|run| run.text).collect() };
        let mut text = say(ask.question.of(learn.lang));
        if let Asked::Choice { options, .. } = &ask.of {
            for (at, option) in options.iter().enumerate() {
                text += &format!(" {} {}", at + 1, say(option.of(learn.lang)));
            }
        }
        Some(text)
    });
    asked.unwrap_or_default()
}

/// What is said at this point of a step: text and question, then what came of it.
pub(super) fn lines(model: &Model, learn: &Learn, play: &Play, width: usize) -> Vec<Vec<Run>> {
    let seen = play.remembered(&seen(model));
    let (step, lang) = (play.step(), learn.lang);
    let say = |text: &str| told(model, play, text, &seen);
    let mut all: Vec<Run> = Vec::new();
    let mut part = |runs: Vec<Run>| {
        if !all.is_empty() {
            all.push(plain("\n\n"));
        }
        all.extend(runs);
    };
    match (play.stage(), &step.reveal) {
        (Stage::Done, Some(reveal)) => part(say(reveal.of(lang))),
        (stage, _) => {
            part(say(step.text.of(lang)));
            if let (Stage::Ask, Some(ask)) = (stage, &step.ask) {
                let mut question = say(ask.question.of(lang));
                question.iter_mut().filter(|run| run.ink == Ink::Plain).for_each(|run| run.ink = Ink::Term);
                if let Asked::Choice { options, .. } = &ask.of {
                    for (at, option) in options.iter().enumerate() {
                        question.push(plain(&format!("\n{} ", at + 1)));
                        question.extend(say(option.of(lang)));
                    }
                }
                part(question);
            } else if stage == Stage::Do && play.answered().is_some() {
                let end = learn.say(".", "。");
                part(say(&format!("{{verdict}}{end}")));
            }
        }
    }
    if let Some(hint) = step.hint.as_ref().filter(|_| play.hinted() && play.stage() != Stage::Done) {
        let mut runs = vec![Run { text: learn.say("Hint: ", "提示：").to_owned(), ink: Ink::Term }];
        runs.extend(say(hint.of(lang)));
        part(runs);
    }
    // Answers to choose from stand on lines of their own.
    let mut lines = Vec::new();
    for (nth, piece) in split_lines(&all).iter().enumerate() {
        let option = piece.first().is_some_and(|run| run.text.starts_with(|c: char| c.is_ascii_digit()));
        // Rows are dear where the panel is broad and low.
        if nth > 0 && !option && width < BROAD {
            lines.push(Vec::new());
        }
        lines.extend(wrap(piece, width));
    }
    if step.graph > 0 {
        if width < BROAD {
            lines.push(Vec::new());
        }
        lines.extend(graph::lines(model, step.graph, width));
    }
    lines
}

/// A panel of so many columns lies below the plots.
const BROAD: usize = 60;

fn plain(text: &str) -> Run {
    Run { text: text.to_owned(), ink: Ink::Plain }
}

/// A lone line break before an answer to choose from ends a line; others are as the text is wrapped.
fn split_lines(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut pieces = vec![Vec::new()];
    for run in runs {
        let begins_an_option = run.text.starts_with('\n') && run.text[1..].starts_with(|c: char| c.is_ascii_digit());
        if begins_an_option {
            pieces.push(vec![Run { text: run.text[1..].to_owned(), ink: run.ink }]);
        } else if run.text == "\n\n" {
            pieces.push(Vec::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(run.clone());
        }
    }
    pieces
}

fn told(model: &Model, play: &Play, text: &str, seen: &Seen) -> Vec<Run> {
    let key = |id: &str| match (id, play.answered()) {
        ("said", Some(answered)) => Some(answered.said.clone()),
        ("is", Some(answered)) => Some(answered.is.clone()),
        ("verdict", Some(Answered { said, is, right })) => Some(match (model.learn.as_ref()?.lang, right) {
            // A number that was near enough is told beside the one that it is.
            (Lang::En, true) if said != is => format!("Right: you said {said}, it is {is}"),
            (Lang::Zh, true) if said != is => format!("对：你答 {said}，其实是 {is}"),
            (Lang::En, true) => format!("Right: {is}"),
            (Lang::En, false) => format!("You said: {said}. It is: {is}"),
            (Lang::Zh, true) => format!("对：{is}"),
            (Lang::Zh, false) => format!("你答：{said}。其实是：{is}"),
        }),
        _ => {
            let known = super::command::by_id(id)?;
            let key = model.keys.hint(known.command).unwrap_or_else(|| format!("({})", known.title));
            // A comma alone would be read as one.
            let mark = key.len() == 1 && key.chars().all(|c| ",.;:!?()[]\"`".contains(c));
            Some(if mark { format!("'{key}'") } else { key })
        }
    };
    tell(text, &key, seen)
}
