//! The words of quantization, in each language: `assets/glossary.toml`.

use std::sync::OnceLock;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Lang;

/// Words that stand between others and mean no idea.
const BETWEEN: [&str; 12] = ["a", "an", "and", "are", "for", "in", "is", "of", "the", "to", "what", "why"];

/// One idea, told in every language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idea {
    /// A name that never changes.
    pub id: String,
    /// Ids of ideas that are near to it.
    pub see: Vec<String>,
    words: [Words; 2],
}

/// An idea in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub term: String,
    /// What else people type when they look for it.
    pub also: Vec<String>,
    /// Two to four sentences. `{mapping}` stands for the key of that command.
    pub text: String,
}

impl Idea {
    /// What is said of it in a language.
    pub fn words(&self, lang: Lang) -> &Words {
        &self.words[usize::from(lang == Lang::Zh)]
    }

    /// How well a text of small letters means it: by its names in every language, then by what is said of it in `lang`.
    fn worth(&self, text: &str, lang: Lang) -> Option<u32> {
        let named = |wanted: &str| {
            let of_name = |name: &str| {
                let name = name.to_lowercase();
                let begins = name.split([' ', '-', ',', '/']).any(|part| part.starts_with(wanted));
                match () {
                    () if name == wanted => 16,
                    () if begins => 6,
                    () if name.contains(wanted) => 4,
                    () => 0,
                }
            };
            let names = self.words.iter().flat_map(|w| w.also.iter().chain([&w.term]).map(|n| of_name(n)));
            // What it is called weighs more than what it is also called.
            let of_term = self.words.iter().map(|w| of_name(&w.term)).max().unwrap_or(0);
            names.max().unwrap_or(0).max(of_name(&self.id)) + of_term / 4
        };
        let said = self.words(lang).text.to_lowercase();
        // An idea beside it counts as if it were spoken of: "minimum of MSE" is the minimum, which stands beside MSE.
        let spoken_of = |word: &str| begins_in(&said, word) || self.see.iter().any(|id| id == word);
        let each = text
            .split_whitespace()
            .filter(|word| !BETWEEN.contains(word))
            .map(|word| Some(named(word) + u32::from(spoken_of(word))).filter(|w| *w > 0));
        let each = each.collect::<Option<Vec<u32>>>().map(|each| each.iter().sum::<u32>());
        let whole = 4 * named(text);
        let worth = each.unwrap_or(0) + whole;
        (worth > 0).then_some(worth)
    }
}

/// Whether a word of a text begins so: "thing" is not in "nothing". Chinese has no blanks between its words.
fn begins_in(text: &str, word: &str) -> bool {
    let inside = |at: usize| text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
    text.match_indices(word).any(|(at, _)| !word.starts_with(|c: char| c.is_ascii_alphanumeric()) || !inside(at))
}

/// All of them, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glossary {
    /// The ideas.
    pub ideas: Vec<Idea>,
}

/// What is wrong with a glossary, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct GlossaryError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong, without a full stop.
    pub why: String,
}

impl Glossary {
    /// The one that the program has.
    pub fn own() -> &'static Glossary {
        static OWN: OnceLock<Glossary> = OnceLock::new();
        // A test reads it: here an idea less is better than no program.
        OWN.get_or_init(|| Glossary::read(include_str!("../../assets/glossary.toml")).unwrap_or_default())
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    ///
    /// [`GlossaryError`] where it is no TOML, where something is missing or not known, an id stands twice, or one that is to
    /// be seen is not there.
    pub fn read(text: &str) -> Result<Glossary, GlossaryError> {
        let line = |at: usize| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        let at = |at: usize, why: String| GlossaryError { line: line(at), why };
        let table = DeTable::parse(text)
            .map_err(|e| at(e.span().map_or(text.len(), |s| s.start), e.message().replace('\n', ", ")))?;
        let mut ideas: Vec<Idea> = Vec::new();
        let mut seen: Vec<(usize, String)> = Vec::new();
        for (name, value) in table.get_ref().iter() {
            let entries = value.get_ref().as_array().filter(|_| name.get_ref() == "entry");
            let entries =
                entries.ok_or_else(|| at(name.span().start, format!("{:?} is no [[entry]]", name.get_ref())))?;
            for entry in entries.iter() {
                let start = entry.span().start;
                let fields =
                    Fields::of(entry, "an entry", &["id", "see", "en", "zh"]).map_err(|(s, why)| at(s, why))?;
                let read = || {
                    let words = |lang: Lang| {
                        let of = fields.get(lang.id())?;
                        let of = Fields::of(of, "a language", &["term", "also", "text"])?;
                        Ok(Words { term: of.text("term")?, also: of.texts("also")?, text: of.text("text")? })
                    };
                    Ok((fields.text("id")?, fields.texts("see")?, [words(Lang::En)?, words(Lang::Zh)?]))
                };
                let (id, see, words) = read().map_err(|(s, why)| at(s, why))?;
                if ideas.iter().any(|idea| idea.id == id) {
                    return Err(at(start, format!("{id:?} stands twice")));
                }
                seen.extend(see.iter().map(|other| (start, other.clone())));
                ideas.push(Idea { id, see, words });
            }
        }
        match seen.into_iter().find(|(_, other)| ideas.iter().all(|idea| idea.id != *other)) {
            Some((start, other)) => Err(at(start, format!("see has {other:?}, and there is no such id"))),
            None => Ok(Glossary { ideas }),
        }
    }

    /// The idea with this id.
    pub fn by_id(&self, id: &str) -> Option<&Idea> {
        self.ideas.iter().find(|idea| idea.id == id)
    }

    /// The ideas that a text means, the best first: by their names in any language, then by what is said in `lang`. None
    /// where there is no text.
    pub fn found(&self, text: &str, lang: Lang) -> Vec<&Idea> {
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(u32, &Idea)> =
            self.ideas.iter().filter_map(|idea| Some((idea.worth(&text, lang)?, idea))).collect();
        found.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
        found.into_iter().map(|(_, idea)| idea).collect()
    }
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Where something is wrong, and why.
type Wrong = (usize, String);

/// The fields of a table, none of which is unknown.
struct Fields<'a, 'b> {
    start: usize,
    what: &'static str,
    table: &'a DeTable<'b>,
}

impl<'a, 'b> Fields<'a, 'b> {
    fn of(value: &'a Value<'b>, what: &'static str, known: &[&str]) -> Result<Fields<'a, 'b>, Wrong> {
        let start = value.span().start;
        let table = value.get_ref().as_table().ok_or_else(|| (start, format!("{what} is a table")))?;
        match table.iter().find(|(name, _)| !known.contains(&name.get_ref().as_ref())) {
            Some((name, _)) => {
                let why = format!("{what} has no {:?}; it has {}", name.get_ref(), known.join(", "));
                Err((name.span().start, why))
            }
            None => Ok(Fields { start, what, table }),
        }
    }

    fn get(&self, name: &str) -> Result<&'a Value<'b>, Wrong> {
        self.table.get(name).ok_or_else(|| (self.start, format!("{} needs {name:?}", self.what)))
    }

    /// A text that is not empty.
    fn text(&self, name: &str) -> Result<String, Wrong> {
        let value = self.get(name)?;
        let text = value.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| (value.span().start, format!("{name} is a text")))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Wrong> {
        let value = self.get(name)?;
        let wrong = || (value.span().start, format!("{name} is a list of texts"));
        let all = value.get_ref().as_array().ok_or_else(wrong)?;
        all.iter().map(|one| one.get_ref().as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn own() -> Glossary {
        Glossary::read(include_str!("../../assets/glossary.toml")).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    #[test]
    fn every_idea_is_told_in_both_languages_and_called_once() {
        let glossary = own();
        assert!(glossary.ideas.len() >= 40);
        for lang in Lang::ALL {
            let mut terms = HashSet::new();
            for idea in &glossary.ideas {
                let words = idea.words(lang);
                assert!(terms.insert(words.term.to_lowercase()), "{lang:?} {} stands twice", words.term);
                assert!(!words.also.is_empty() && !idea.see.contains(&idea.id), "{}", idea.id);
                let ends = if lang == Lang::Zh { ['。', '。', '；'] } else { ['.', '?', '!'] };
                let sentences = words.text.matches(ends).count();
                assert!((1..=8).contains(&sentences) && words.text.ends_with(ends), "{lang:?} {}", idea.id);
                let chinese = words.text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
                assert_eq!(chinese > 20, lang == Lang::Zh, "{lang:?} {}", idea.id);
            }
        }
        for id in [
            "clip",
            "scale",
            "zero-point",
            "code",
            "step",
            "saturation",
            "clipping-error",
            "rounding-error",
            "sqnr",
            "nats",
            "kl",
            "infinity",
            "coverage",
            "entropy",
            "per-channel",
            "affine",
            "fake-quantization",
            "q-dq",
            "ste",
            "implicit",
            "explicit",
            "gap",
            "empty-bin",
            "zeros",
            "crossing",
            "minimum",
            "qat",
            "ptq",
            "calibration",
            "amax",
            "bin",
            "db",
            "one-sided",
            "percentile",
            "mse",
            "outlier",
            "histogram",
        ] {
            assert!(glossary.by_id(id).is_some(), "{id}");
        }
    }

    #[test]
    fn what_learners_type_finds_the_idea() {
        let glossary = own();
        let mut wrong = Vec::new();
        for (text, id) in [
            ("infin", "infinity"),
            ("∞", "infinity"),
            ("why infinite", "infinity"),
            ("nats", "nats"),
            ("zero", "zero-point"),
            ("zero point", "zero-point"),
            ("empty", "empty-bin"),
            ("gap", "gap"),
            ("QAT", "qat"),
            ("straight", "ste"),
            ("Q/DQ", "q-dq"),
            ("implicit", "implicit"),
            ("code", "code"),
            ("crossing", "crossing"),
            ("minimum of MSE", "minimum"),
            ("clip", "clip"),
            ("99 %", "coverage"),
            ("per channel", "per-channel"),
            ("伪量化", "fake-quantization"),
            ("~", "estimate"),
            ("–", "no-number"),
            ("no KL", "no-number"),
            ("饱和", "saturation"),
            ("截断误差", "clipping-error"),
            ("舍入误差", "rounding-error"),
            ("校准", "calibration"),
            ("零点", "zero-point"),
        ] {
            for lang in Lang::ALL {
                let found: Vec<&str> = glossary.found(text, lang).iter().map(|idea| idea.id.as_str()).take(3).collect();
                if found.first() != Some(&id) {
                    wrong.push((text, lang, id, found.join(" ")));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(glossary.found(" ", Lang::En).is_empty() && glossary.found("no such thing", Lang::En).is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let entry = |see: &str| {
            let words = "term = \"a\"\nalso = []\ntext = \"b.\"";
            format!("[[entry]]\nid = \"x\"\nsee = [{see}]\n[entry.en]\n{words}\n[entry.zh]\n{words}\n")
        };
        assert_eq!(Glossary::read(&entry("")).unwrap().ideas.len(), 1);
        for (text, line, says) in [
            (entry("\"y\""), 1, "see has \"y\", and there is no such id"),
            (entry("") + &entry(""), 12, "\"x\" stands twice"),
            (entry("").replace("term", "trem"), 5, "a language has no \"trem\"; it has term, also, text"),
            (entry("").replace("[entry.zh]", "[entry.de]"), 8, "an entry has no \"de\""),
            (entry("").replace("see = []\n", ""), 1, "an entry needs \"see\""),
            (entry("3"), 3, "see is a list of texts"),
            ("a = 1".into(), 1, "\"a\" is no [[entry]]"),
            ("[[entry]]\nid = \"a".into(), 2, ""),
        ] {
            let wrong = Glossary::read(&text).unwrap_err();
            assert!(wrong.line == line && wrong.why.contains(says), "{text}: {wrong}");
        }
    }

    proptest! {
        /// Whatever stands in the file, there is a sentence or a glossary.
        #[test]
        fn nothing_makes_it_panic(text in "(\\[\\[entry\\]\\]|\\[entry\\.(en|zh)\\]|(id|see|term|also|text) = |[\"#\\[\\],a-z0-9é\n]){0,30}") {
            let _ = Glossary::read(&text);
        }
    }
}
