//! Which layers somebody means: patterns on names, operators, nodes and kinds.

use std::fmt;
use std::str::FromStr;

use glob::{MatchOptions, Pattern};

use super::{Imported, Kind, Known};

/// What a rule can look at before a layer is read.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The layer's name.
    pub name: &'a str,
    /// What it is in the network.
    pub kind: Kind,
    /// The operator that makes it (an activation) or takes it (a weight), as ONNX names it; empty where that is not
    /// known.
    pub op: &'a str,
    /// The nodes that take it; none where that is not known.
    pub takers: &'a [Taker],
    /// The range that its values do not leave, where that is known beforehand.
    pub known: Option<Known>,
    /// What files say of it.
    pub imported: &'a [Imported],
    /// Whether it is quantized unless a rule says otherwise: where it is a file's, always; of a network's tensors, where the
    /// placement takes it.
    pub placed: bool,
}

/// A node that takes a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taker {
    /// The node's name.
    pub node: String,
    /// Its operator, as ONNX names it.
    pub op: String,
    /// Whether the name alone means it: it multiplies with a weight, and no tensor is called so.
    pub is_layer: bool,
}

/// Patterns between commas, globs as of shells. `conv1` and `head*` fit names of tensors, and what a layer of that name
/// takes: its input and its weights together. `op:Softmax` fits what such an operator makes, and the weights that it takes;
/// `in:Conv` everything that it takes; `node:fc` what a node takes, also where a tensor is called like it; `kind:weight` and
/// `kind:activation` all of a kind. A comma that belongs to a name stands behind a backslash.
#[derive(Clone, Debug)]
pub struct Names {
    text: String,
    words: Vec<Word>,
    options: MatchOptions,
}

/// One pattern, and what it is held against.
#[derive(Clone, Debug)]
struct Word {
    of: Of,
    pattern: Pattern,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Name,
    Op,
    In,
    Node,
    Kind,
}

/// What stands before a pattern.
const PREFIXES: [(&str, Of); 4] = [("op:", Of::Op), ("in:", Of::In), ("node:", Of::Node), ("kind:", Of::Kind)];

impl Of {
    fn prefix(self) -> &'static str {
        PREFIXES.iter().find(|(_, of)| *of == self).map_or("", |(prefix, _)| prefix)
    }

    /// What a word is held against, and the rest of it.
    fn split(word: &str) -> (Of, &str) {
        let prefixed = PREFIXES.iter().find_map(|(prefix, of)| Some((*of, word.strip_prefix(prefix)?)));
        prefixed.unwrap_or((Of::Name, word))
    }
}

impl Word {
    fn parse(word: &str) -> Result<Word, String> {
        let (of, glob) = Of::split(word);
        if of == Of::Kind && ![Kind::Weight, Kind::Activation].iter().any(|kind| kind.word() == glob) {
            return Err(format!("\"{glob}\" is no kind; write kind:weight or kind:activation"));
        }
        if of != Of::Name && glob.is_empty() {
            return Err(format!("behind {word} a pattern is missing; write for example {word}Conv"));
        }
        let pattern = Pattern::new(glob).map_err(|e| format!("the pattern \"{glob}\" is none: {}", e.msg))?;
        Ok(Word { of, pattern })
    }

    fn fits(&self, subject: &Subject, options: MatchOptions) -> bool {
        let matches = |text: &str| self.pattern.matches_with(text, options);
        match self.of {
            Of::Name => {
                let layer = |taker: &Taker| taker.is_layer && matches(&taker.node);
                matches(subject.name) || self.pattern.as_str() == subject.name || subject.takers.iter().any(layer)
            }
            Of::Op => matches(subject.op),
            Of::In => subject.takers.iter().any(|taker| matches(&taker.op)),
            Of::Node => subject.takers.iter().any(|taker| matches(&taker.node)),
            Of::Kind => matches(subject.kind.word()),
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.of.prefix(), self.pattern.as_str().replace(',', "\\,"))
    }
}

impl Names {
    fn of(text: String, words: Vec<Word>) -> Names {
        Names { text, words, options: MatchOptions::new() }
    }

    /// Whether one of the patterns fits the layer.
    pub fn fit(&self, subject: &Subject) -> bool {
        self.words.iter().any(|word| word.fits(subject, self.options))
    }

    /// These very names, whatever they hold. What is displayed is read back as the same.
    pub fn exactly<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
        let names: Vec<String> = names.into_iter().map(literal).collect();
        let word = |name: &String| Some(Word { of: Of::Name, pattern: Pattern::new(&unescaped(name)).ok()? });
        let words = names.iter().filter_map(word).collect();
        Names::of(names.join(","), words)
    }

    /// The same language as it is typed to look for something: without regard to case, and a part of a name is enough.
    /// `None` where the text is no pattern, or not yet.
    pub fn loosely(text: &str) -> Option<Names> {
        let part = |word: String| {
            let (of, glob) = Of::split(&word);
            let whole = of == Of::Kind || glob.contains(['*', '?', '[']);
            let word = if whole { word } else { format!("{}*{glob}*", of.prefix()) };
            Word::parse(&word).ok()
        };
        let words = words(text).into_iter().map(part).collect::<Option<Vec<Word>>>()?;
        let options = MatchOptions { case_sensitive: false, ..MatchOptions::new() };
        (!words.is_empty()).then(|| Names { text: text.into(), words, options })
    }

    /// The patterns as they were written, each with whether it fits one of `subjects`.
    pub fn each_fits(&self, subjects: &[Subject]) -> impl Iterator<Item = (String, bool)> {
        let subjects = subjects.to_vec();
        let fits = move |word: &Word| subjects.iter().any(|subject| word.fits(subject, self.options));
        self.words.iter().map(move |word| (word.to_string(), fits(word)))
    }
}

/// A name as a pattern that fits nothing else, with its commas protected. A name that begins as a prefix or with a blank
/// is kept from being read as something else by a class of one character.
fn literal(name: &str) -> String {
    let mut out = Pattern::escape(name).replace('\\', "[\\]").replace(',', "\\,");
    let prefixed = Of::split(name).0 != Of::Name;
    let plain = name.chars().next().filter(|first| prefixed || first.is_whitespace());
    if let Some(first) = plain {
        out.replace_range(..first.len_utf8(), &format!("[{first}]"));
    }
    match name.chars().last().filter(|last| last.is_whitespace() && name.chars().count() > 1) {
        Some(last) => {
            out.truncate(out.len() - last.len_utf8());
            out + &format!("[{last}]")
        }
        None => out,
    }
}

/// A word as a glob: `\,` is a comma.
fn unescaped(word: &str) -> String {
    word.replace("\\,", ",")
}

/// The words between commas; a comma behind a backslash belongs to its word.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("there is always a word at hand");
        match c {
            '\\' if chars.peek() == Some(&',') => word.extend(chars.next()),
            ',' => words.push(String::new()),
            c => word.push(c),
        }
    }
    words.iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Names, String> {
        let words = words(text).iter().map(|word| Word::parse(word)).collect::<Result<Vec<Word>, String>>()?;
        if words.is_empty() {
            return Err("a pattern is missing; write for example '*.conv1,*.softmax' or 'op:Softmax'".into());
        }
        Ok(Names::of(text.into(), words))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'a>(name: &'a str, op: &'a str, takers: &'a [Taker]) -> Subject<'a> {
        Subject { name, kind: Kind::Activation, op, takers, known: None, imported: &[], placed: true }
    }

    fn taker(node: &str, op: &str, is_layer: bool) -> Taker {
        Taker { node: node.into(), op: op.into(), is_layer }
    }

    fn names(text: &str) -> Names {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_are_globs_and_operators() {
        let names: Names = "conv1, head*,op:Soft*".parse().unwrap();
        for (name, op, fits) in [
            ("conv1", "Conv", true),
            ("conv10", "Conv", false),
            ("head/fc", "MatMul", true),
            ("x", "Softmax", true),
            ("Softmax", "", false),
        ] {
            assert_eq!(names.fit(&subject(name, op, &[])), fits, "{name} {op}");
        }
        assert!("".parse::<Names>().is_err() && "[".parse::<Names>().is_err());
    }

    #[test]
    fn what_takes_a_tensor_is_asked_for_by_operator_and_by_node() {
        let takers = [taker("conv1", "Conv", true), taker("relu", "Relu", false)];
        let input = subject("x", "input", &takers);
        let weight = Subject { kind: Kind::Weight, op: "Conv", ..subject("w", "Conv", &takers[..1]) };
        let made = subject("y", "Conv", &[]);
        for (text, fits) in [
            ("in:Conv", [true, true, false]),
            ("in:Re*", [true, false, false]),
            ("op:Conv", [false, true, true]),
            ("conv1", [true, true, false]),
            ("con*", [true, true, false]),
            ("relu", [false, false, false]),
            ("node:relu", [true, false, false]),
            ("node:conv?", [true, true, false]),
            ("kind:weight", [false, true, false]),
            ("kind:activation", [true, false, true]),
            ("conv2,y", [false, false, true]),
        ] {
            assert_eq!([&input, &weight, &made].map(|s| names(text).fit(s)), fits, "{text}");
        }
        for (wrong, word) in [("kind:both", "kind:weight"), ("in:", "in:Conv"), ("a,node:", "missing")] {
            let why = wrong.parse::<Names>().unwrap_err();
            assert!(why.contains(word), "{wrong}: {why}");
        }
    }

    #[test]
    fn each_word_is_told_as_it_was_written() {
        let takers = [taker("conv1", "Conv", true)];
        let told: Vec<_> = names("a\\,b,in:Gemm,node:conv1").each_fits(&[subject("x", "", &takers)]).collect();
        let expected = [("a\\,b", false), ("in:Gemm", false), ("node:conv1", true)];
        assert_eq!(told, expected.map(|(word, fits)| (word.to_owned(), fits)));
    }

    #[test]
    fn exact_names_are_read_back_as_themselves() {
        let awkward = [
            "a,b",
            "x[0]",
            "*",
            "op:Relu",
            "in:",
            "kind:weight",
            "node:x",
            " b ",
            "c\\,d",
            "e\\",
            "f?]",
            "[",
            ",",
            "\\",
        ];
        let exact = Names::exactly(awkward);
        let again: Names = exact.to_string().parse().unwrap();
        let takers = [taker("x", "Relu", true)];
        for name in awkward {
            assert!(exact.fit(&subject(name, "", &[])) && again.fit(&subject(name, "", &[])), "{name:?} in {exact}");
        }
        for other in ["a", "b", "x0", "Relu", "c", "d", "f", "anything", "e"] {
            let other = subject(other, "Relu", &takers);
            assert!(!exact.fit(&other) && !again.fit(&other), "{other:?} in {exact}");
        }
        let weight = Subject { kind: Kind::Weight, ..subject("w", "", &[]) };
        assert!(!exact.fit(&weight) && !again.fit(&weight));
        let plain: Vec<(String, bool)> = again.each_fits(&[subject("*", "", &[])]).filter(|(_, fits)| *fits).collect();
        assert_eq!(plain.len(), 1);
    }

    #[test]
    fn what_is_looked_for_may_be_a_part_in_any_case() {
        let takers = [taker("conv1", "Conv", true)];
        let layer = subject("features.0", "HardSwish", &takers);
        for (text, fits) in [
            ("FEAT", true),
            ("op:hard", true),
            ("op:hard,x", true),
            ("in:conv", true),
            ("onv1", true),
            ("op:relu", false),
        ] {
            assert_eq!(Names::loosely(text).unwrap().fit(&layer), fits, "{text}");
        }
        assert!(["", "kind:w", "["].iter().all(|text| Names::loosely(text).is_none()));
    }
}
