//! Commands by what they are called and by what they are for, the best first.

use crate::lessons::{Glossary, Idea};
use crate::report;

use super::command::{COMMANDS, Command, Entry, words};
use super::model::Model;

/// The commands that there are for this session: a digit without a method behind it is none.
pub(super) fn offered(model: &Model) -> impl Iterator<Item = &'static Entry> {
    let offers = report::offers(&model.session).len();
    COMMANDS.iter().filter(move |entry| !matches!(entry.command, Command::Method(i) if i >= offers))
}

/// The keys that run a command, for people.
pub(super) fn keys(model: &Model, command: Command) -> String {
    model.keys.keys(command).iter().map(ToString::to_string).collect::<Vec<_>>().join("  ")
}

/// What a command is called; a method's key by its method.
pub(super) fn title(entry: &Entry, model: &Model) -> String {
    match entry.command {
        Command::Method(i) => report::offers(&model.session).get(i).map_or(String::new(), |(id, _)| (*id).to_owned()),
        _ => entry.title.to_owned(),
    }
}

/// What it does, and why it cannot now; a method is told by what it does.
pub(super) fn sentence(entry: &Entry, model: &Model) -> String {
    let help = model.keys.told(help(entry, model));
    model.unavailable(entry.command).map_or(help.clone(), |why| format!("{help} (Now: {why}.)"))
}

fn help<'a>(entry: &'a Entry, model: &'a Model) -> &'a str {
    let methods = model.session.methods();
    match entry.command {
        Command::Method(i) if model.session.overlays().get(i.wrapping_sub(methods.len())).is_some() => {
            "What the file that is laid over the layers says, where it does."
        }
        Command::Method(i) if i >= methods.len() => "The range that is known beforehand, where one is.",
        Command::Method(i) => methods.get(i).map_or(entry.help, |method| method.summary()),
        _ => entry.help,
    }
}

/// The commands that every word of a text means, the best first; all of them where there is none. A key finds its own.
pub(super) fn found(model: &Model, text: &str) -> Vec<&'static Entry> {
    let typed = text.trim();
    let text = typed.to_lowercase();
    let worth = |entry: &'static Entry| {
        let is_key = model.keys.keys(entry.command).iter().any(|key| key.to_string().to_lowercase() == text);
        let meant = text.split_whitespace().map(|word| meant(entry, model, word));
        let meant = meant.collect::<Option<Vec<u32>>>().map(|each| each.iter().sum::<u32>());
        let exactly = model.keys.keys(entry.command).iter().any(|key| key.to_string() == typed);
        let of_key = KEY * (u32::from(is_key) + u32::from(exactly));
        let worth = if is_key { Some(meant.unwrap_or(0) + of_key) } else { meant }?;
        // What can run before what cannot, where words mean both alike.
        Some((2 * worth + u32::from(model.unavailable(entry.command).is_none()), entry))
    };
    let mut found: Vec<(u32, &Entry)> = offered(model).filter_map(worth).collect();
    if !text.is_empty() {
        found.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
    }
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// At most so many ideas are found: the best.
const IDEAS: usize = 12;

/// The ideas of the glossary that a text means, the best first.
pub(super) fn ideas(model: &Model, text: &str) -> Vec<&'static Idea> {
    Glossary::own().found(text, model.spoken()).into_iter().take(IDEAS).collect()
}

/// What the key itself is worth: more than any word.
const KEY: u32 = 100;

/// How well a word means a command; `None` where it does not.
fn meant(entry: &Entry, model: &Model, word: &str) -> Option<u32> {
    let begins =
        |text: &str| text.split([' ', '-', '/']).any(|part| part == word) as u32 * 2 + text.contains(word) as u32;
    let title = title(entry, model).to_lowercase();
    let (of_title, of_id, of_words) = (begins(&title), begins(entry.id), begins(words(entry.command)));
    let of_help = help(entry, model).to_lowercase().contains(word) || entry.group.title().contains(word);
    let worth = (4 * of_title).max(3 * of_id).max(3 * of_words) + u32::from(of_help);
    (worth > 0).then_some(worth)
}

#[cfg(test)]
mod tests {
    use super::super::look::{Depth, Ground, Look, Marks};
    use super::*;
    use crate::calibrate;
    use crate::quant::Format;
    use crate::session::Session;

    #[test]
    fn words_that_users_type_find_the_command() {
        let session = Session::new(calibrate::defaults(), "mse", Format::INT8);
        let look = Look::new(Depth::Sixteen, Ground::Dark, Marks::Braille);
        let model = Model::new(session, String::new(), look, (120, 40));
        let mut wrong = Vec::new();
        for (text, id) in [
            ("save", "export"),
            ("write scales", "export"),
            ("legend", "help"),
            ("everything red", "help"),
            ("dB", "help"),
            ("colour", "help"),
            ("color", "help"),
            ("bits", "format"),
            ("int4", "format"),
            ("exit", "quit"),
            ("revert", "undo"),
            ("history", "changes"),
            ("search layer", "filter"),
            ("select all", "mark-listed"),
            ("multi", "mark-layer"),
            ("v", "mark-layer"),
            ("disable", "toggle"),
            ("channel axis", "per-channel"),
            ("svg", "screen-picture"),
            ("copy", "copy"),
            ("numpy", "numpy-script"),
        ] {
            let found: Vec<&str> = found(&model, text).iter().map(|entry| entry.id).take(3).collect();
            if found.first() != Some(&id) {
                wrong.push((text, id, found));
            }
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(found(&model, "").len(), offered(&model).count());
        assert!(found(&model, "no such thing at all").is_empty());
    }
}
