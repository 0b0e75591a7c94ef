use std::ops::Range;

use clap::ValueEnum;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::data;
use super::super::words::{Method, parse_chooser, parse_method};
use super::{Config, Defaults, LookWanted};
use crate::lessons::Lang;
use crate::session::KNOWN;
use crate::tui::command::{COMMANDS, Entry, Keymap, KeymapError, by_id};
use crate::tui::key::Key;
use crate::tui::look::{Depth, Ground, Marks, Own, Role, parse_colour};

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong and what is allowed, without a full stop.
    pub why: String,
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Where something stands, and why it is wrong.
struct At(Range<usize>, String);

/// Reads the text of a configuration.
pub(super) fn read(text: &str) -> Result<Config, Wrong> {
    let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| Wrong {
        line: line(error.span().map_or(text.len(), |span| span.start)),
        why: one_line(error.message()),
    })?;
    sections(table.get_ref()).map_err(|At(span, why)| Wrong { line: line(span.start), why })
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}

/// The sections and what may stand in them.
const SECTIONS: &[&str] = &["keys", "look", "colours", "defaults"];
const LOOK: &[&str] = &["colours", "theme", "glyphs", "mouse"];
const DEFAULTS: &[&str] = &["method", "weights-method", "symmetric", "place", "lang"];

fn sections(table: &DeTable) -> Result<Config, At> {
    let mut config = Config::default();
    for (name, value) in table.iter() {
        let section = name.get_ref().as_ref();
        if !SECTIONS.contains(&section) {
            return Err(At(name.span(), format!("there is no section {section:?}; there are {}", listed(SECTIONS))));
        }
        let Some(rows) = value.get_ref().as_table() else {
            return Err(At(value.span(), format!("{section} is a section: write [{section}] on a line of its own")));
        };
        for (row, value) in rows.iter() {
            let name = row.get_ref().as_ref();
            let known = match section {
                "keys" => by_id(name).is_some(),
                "look" => LOOK.contains(&name),
                "colours" => Role::ALL.iter().any(|role| role.word() == name),
                _ => DEFAULTS.contains(&name),
            };
            if !known {
                return Err(At(row.span(), unknown(section, name)));
            }
            match section {
                "look" => look(&mut config.look, name, value)?,
                "colours" => colour(&mut config.look.own, name, value)?,
                "defaults" => default(&mut config.defaults, name, value)?,
                _ => {}
            }
            config.set.push(format!("{section}.{name}"));
        }
        if section == "keys" {
            config.keys = keys(rows)?;
        }
    }
    Ok(config)
}

fn unknown(section: &str, name: &str) -> String {
    match section {
        "keys" => {
            let near = COMMANDS.iter().map(|entry| (super::super::patterns::distance(name, entry.id), entry.id)).min();
            let near = near.filter(|(distance, _)| *distance <= (name.len() / 3).max(1));
            let near = near.map_or(String::new(), |(_, id)| format!("; nearly so is called {id}"));
            format!("no command is called {name:?}{near} (`qviz keys` lists them)")
        }
        "look" => format!("look has no {name:?}; it has {}", listed(LOOK)),
        "colours" => format!("nothing has the colour {name:?}; there are {}", listed(&Role::ALL.map(Role::word))),
        _ => format!("there is no default for {name:?}; there are {}", listed(DEFAULTS)),
    }
}

fn keys(rows: &DeTable) -> Result<Keymap, At> {
    // In the file's order, so that the second of two is the one that is wrong.
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|(name, _)| name.span().start);
    let mut given: Vec<(&'static Entry, Vec<Key>)> = Vec::new();
    let mut spans = Vec::new();
    for (name, value) in rows {
        let entry = by_id(name.get_ref()).expect("it was looked for");
        let texts: Vec<(&str, Range<usize>)> = match value.get_ref() {
            DeValue::String(text) if text.as_ref() == "none" => Vec::new(),
            DeValue::String(text) => vec![(text.as_ref(), value.span())],
            DeValue::Array(all) if all.iter().all(|one| one.get_ref().is_str()) => {
                all.iter().map(|one| (one.get_ref().as_str().unwrap_or_default(), one.span())).collect()
            }
            _ => {
                let why = format!("{} takes a key, a list of keys, or \"none\"", entry.id);
                return Err(At(value.span(), why));
            }
        };
        let mut keys = Vec::new();
        for (text, span) in texts {
            keys.push(text.parse::<Key>().map_err(|why| At(span, format!("{}: {why}", entry.id)))?);
        }
        given.push((entry, keys));
        spans.push((entry.id, name.span()));
    }
    let span_of = |id: &str| spans.iter().find(|(other, _)| *other == id).map(|(_, span)| span.clone());
    Keymap::given(&given).map_err(|error| match error {
        KeymapError::Double { second, .. } => At(span_of(second).unwrap_or_default(), error.to_string()),
        KeymapError::NoWayOut => {
            // Either it was disabled, or its keys were taken.
            let taken = given.iter().find(|(_, keys)| keys.contains(&Key::char('q'))).map(|(entry, _)| entry.id);
            At(span_of("quit").or_else(|| span_of(taken?)).unwrap_or_default(), error.to_string())
        }
    })
}

fn look(look: &mut LookWanted, name: &str, value: &Value) -> Result<(), At> {
    match name {
        "colours" => look.depth = word(name, value, &Depth::ALL, Depth::word)?,
        "theme" => look.ground = word(name, value, &Ground::ALL, Ground::word)?,
        "glyphs" => look.marks = word(name, value, &Marks::ALL, Marks::word)?,
        _ => look.mouse = Some(boolean(name, value)?),
    }
    Ok(())
}

/// One of some words, or `auto`, which leaves it to what is found.
fn word<T: Copy>(name: &str, value: &Value, all: &[T], word: fn(T) -> &'static str) -> Result<Option<T>, At> {
    let given = match value.get_ref() {
        // 16 and 256 are numbers to TOML.
        DeValue::Integer(number) => number.as_str(),
        other => other.as_str().unwrap_or_default(),
    };
    let found = all.iter().copied().find(|one| word(*one) == given);
    if found.is_none() && given != "auto" {
        let words: Vec<&str> = all.iter().copied().map(word).collect();
        return Err(At(value.span(), format!("{name} is auto, {}", listed(&words))));
    }
    Ok(found)
}

fn colour(own: &mut Own, name: &str, value: &Value) -> Result<(), At> {
    let text = match value.get_ref() {
        DeValue::Integer(number) => number.as_str(),
        other => other.as_str().unwrap_or_default(),
    };
    let role = Role::ALL.into_iter().find(|role| role.word() == name).expect("it was looked for");
    let Some(colour) = parse_colour(text) else {
        let why = format!("{name} is a colour: \"#2c6aac\", 0 to 255, or a name such as \"blue\" or \"light-red\"");
        return Err(At(value.span(), why));
    };
    own.set(role, colour);
    Ok(())
}

fn default(defaults: &mut Defaults, name: &str, value: &Value) -> Result<(), At> {
    let wrong = |why: String| At(value.span(), format!("{name}: {why}"));
    let text = || value.get_ref().as_str().ok_or_else(|| wrong("a text between quotation marks".into()));
    match name {
        "method" => {
            // Here no file is laid over, whose label a word could be.
            if text()? != KNOWN {
                parse_method(text()?).map_err(wrong)?;
            }
            defaults.method = Some(parse_chooser(text()?).map_err(wrong)?);
        }
        "weights-method" => {
            let method: Method = parse_method(text()?).map_err(wrong)?;
            defaults.weights_method = Some(method);
        }
        "symmetric" => defaults.symmetric = Some(boolean(name, value)?),
        "lang" => {
            let lang =
                Lang::by_id(text()?).ok_or_else(|| wrong(format!("it is {}", listed(&Lang::ALL.map(Lang::id)))))?;
            defaults.lang = Some(lang);
        }
        _ => {
            let places: Vec<String> = data::Place::value_variants()
                .iter()
                .filter_map(|place| Some(place.to_possible_value()?.get_name().to_owned()))
                .collect();
            let place =
                data::Place::from_str(text()?, false).map_err(|_| wrong(format!("it is {}", places.join(", "))))?;
            defaults.place = Some(place);
        }
    }
    Ok(())
}

fn boolean(name: &str, value: &Value) -> Result<bool, At> {
    value.get_ref().as_bool().ok_or_else(|| At(value.span(), format!("{name} is true or false")))
}

/// `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::command::Command;
    use proptest::prelude::*;

    #[test]
    fn what_is_set_is_in_force() {
        let text = "[keys]\nundo = \"ctrl-u\"\nexport = [\"w\", \"F2\"]\nsuspend = \"none\"\n\n[look]\ncolours = 256\n\
                    theme = \"light\"\nglyphs = \"block\"\nmouse = false\n[colours]\nbar = \"#2c6aac\"\ndim = 244\n\
                    [defaults]\nmethod = \"percentile-99.9\"\nsymmetric = true\nplace = \"all\"\nweights-method = \"mse\"\nlang = \"zh\"\n";
        let config = read(text).unwrap();
        assert_eq!(config.keys.bound(Key::ctrl('u')), Some(Command::Undo));
        assert_eq!(config.keys.bound(Key::char('w')), Some(Command::Export));
        assert!(config.keys.keys(Command::Suspend).is_empty() && config.keys.keys(Command::Methods).is_empty());
        let look = &config.look;
        let words = (look.depth, look.ground, look.marks, look.mouse);
        assert_eq!(words, (Some(Depth::Indexed), Some(Ground::Light), Some(Marks::Block), Some(false)));
        assert_ne!(look.own, Own::default());
        assert_eq!((config.defaults.symmetric, config.defaults.lang), (Some(true), Some(Lang::Zh)));
        assert_eq!(config.set.len(), 14, "{:?}", config.set);
        assert_eq!(read("").unwrap().keys, Keymap::default());
        assert_eq!(read("[look]\ntheme = \"auto\"").unwrap().look, LookWanted::default());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_is_allowed() {
        for (text, line, says) in [
            ("[keys]\nundo = \"x\"\nredo = \"x\"", 3, "x is given to undo and to redo"),
            ("[keys]\n\nundoo = \"x\"", 3, "no command is called \"undoo\"; nearly so is called undo"),
            ("[keys]\nundo = \"hyper-x\"", 2, "undo: no key is called \"hyper-x\"; write one character"),
            ("[keys]\nundo = [\"x\",\n  \"esc\"]", 3, "undo: Esc always leaves"),
            ("[keys]\nundo = 3", 2, "undo takes a key, a list of keys, or \"none\""),
            ("[keys]\nundo = \"u\"\nquit = \"none\"", 3, "quit needs a key"),
            ("[keys]\nundo = [\"q\", \"ctrl-c\"]", 2, "quit needs a key"),
            ("[look]\ntheme = \"blue\"", 2, "theme is auto, dark and light"),
            ("[look]\ncolours = 17", 2, "colours is auto, none, 16, 256 and truecolor"),
            ("[look]\nmouse = \"no\"", 2, "mouse is true or false"),
            ("[look]\nfont = 1", 2, "look has no \"font\"; it has colours, theme, glyphs and mouse"),
            ("[colours]\nbars = 1", 2, "nothing has the colour \"bars\"; there are bar, beyond"),
            ("[colours]\nbar = \"purple\"", 2, "bar is a colour: \"#2c6aac\""),
            ("[defaults]\nmethod = \"magic\"", 2, "method: "),
            ("[defaults]\nplace = \"here\"", 2, "place: it is fused, inputs, ort, all"),
            ("[defaults]\nlang = \"de\"", 2, "lang: it is en and zh"),
            ("[defaults]\nbins = 2", 2, "there is no default for \"bins\"; there are method"),
            ("keys = 1", 1, "keys is a section: write [keys]"),
            ("[kyes]", 1, "there is no section \"kyes\"; there are keys, look, colours and defaults"),
            ("[keys]\nundo = \"a\nredo = \"b\"", 2, ""),
            ("[keys]\nundo = \"a\"\nundo = \"b\"", 3, "duplicate key"),
        ] {
            let wrong = read(text).unwrap_err();
            assert_eq!(wrong.line, line, "{text}: {}", wrong.why);
            assert!(wrong.why.contains(says) && !wrong.why.contains('\n'), "{text}: {}", wrong.why);
        }
    }

    proptest! {
        /// Whatever stands in the file, there is a sentence or a configuration.
        #[test]
        fn nothing_makes_it_panic(text in "(\\[(keys|look|colours|defaults)\\]|[a-z\\-]{1,9} ?= ?|[\"#\\[\\],a-z0-9é\n]|none|ctrl-){0,30}") {
            let _ = read(&text);
        }
    }
}
