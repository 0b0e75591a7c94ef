//! `qviz glossary`: the words of quantization.

use super::out::{Failed, print};
use super::usage::Usage;
use crate::lessons::{Glossary, Idea, Lang};
use crate::report::visible;
use crate::tui::command::Keymap;

/// Prints every idea, or those that a text means: the best alone where it is called so.
pub(super) fn glossary(words: &[String], lang: Lang, keys: &Keymap) -> Result<u8, Failed> {
    let own = Glossary::own();
    let text = words.join(" ");
    let ideas: Vec<&Idea> = if text.trim().is_empty() { own.ideas.iter().collect() } else { own.found(&text, lang) };
    if ideas.is_empty() {
        let why = format!("the glossary knows nothing of {:?}; `qviz glossary` prints all of it.", visible(&text));
        return Err(Failed::Usage(Usage(why)));
    }
    let called = |idea: &Idea| {
        let named = |words: &crate::lessons::Words| {
            words.also.iter().chain([&words.term]).any(|n| n.eq_ignore_ascii_case(&text))
        };
        idea.id == text || Lang::ALL.iter().any(|lang| named(idea.words(*lang)))
    };
    let shown = if called(ideas[0]) { &ideas[..1] } else { &ideas[..] };
    let blocks: Vec<String> = shown.iter().map(|idea| block(own, idea, lang, keys)).collect();
    print(&blocks.join("\n"))?;
    Ok(0)
}

/// The term with its other names, what is said of it, and what is near to it.
fn block(own: &Glossary, idea: &Idea, lang: Lang, keys: &Keymap) -> String {
    let words = idea.words(lang);
    let see: Vec<&str> = idea.see.iter().filter_map(|id| Some(own.by_id(id)?.words(lang).term.as_str())).collect();
    let (also, comma, near) = match lang {
        Lang::En => ("also", ", ", "See"),
        Lang::Zh => ("也叫", "、", "参见"),
    };
    format!(
        "{} ({also}: {})\n    {}\n    {near}: {}\n",
        words.term,
        words.also.join(comma),
        keys.told(&words.text),
        see.join(comma)
    )
}
