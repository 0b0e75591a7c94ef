//! JSON as files of other tools have it: in its order, with keys that stand twice, and with Python's NaN and Infinity.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Of a text; Python's constants are texts in it.
    pub fn parse(text: &str) -> Result<Tree, String> {
        serde_json::from_str(&without_constants(text)).map_err(|e| e.to_string())
    }

    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries().iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    pub fn entries(&self) -> &[(String, Tree)] {
        if let Tree::Object(entries) = self { entries } else { &[] }
    }

    pub fn items(&self) -> &[Tree] {
        if let Tree::List(items) = self { items } else { &[] }
    }

    pub fn text(&self) -> Option<&str> {
        if let Tree::Text(text) = self { Some(text) } else { None }
    }

    /// A number; Python's tools write some as texts.
    pub fn number(&self) -> Option<f64> {
        match self {
            Tree::Number(x) => Some(*x),
            Tree::Text(text) => text.trim().parse().ok(),
            Tree::List(items) => {
                if let [one] = &items[..] {
                    one.number()
                } else {
                    None
                }
            }
            // What our own documents have in place of what is no number.
            Tree::Null => Some(f64::NAN),
            Tree::Bool(_) | Tree::Object(_) => None,
        }
    }

    pub fn truth(&self) -> Option<bool> {
        match self {
            Tree::Bool(truth) => Some(*truth),
            Tree::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Tree::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// All numbers of a list, however deep, or the one; `None` where something is no number.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Tree::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.append(&mut item.numbers()?);
                }
                Some(all)
            }
            one => one.number().map(|x| vec![x]),
        }
    }
}

/// Python's `NaN` and `Infinity`, which are no JSON, as texts.
pub(super) fn without_constants(text: &str) -> String {
    if !["NaN", "Infinity"].iter().any(|word| text.contains(word)) {
        return text.to_owned();
    }
    let (mut out, mut rest, mut quoted) = (String::with_capacity(text.len() + 64), text, false);
    while let Some(c) = rest.chars().next() {
        if quoted && c == '\\' {
            let two: usize = rest.chars().take(2).map(char::len_utf8).sum();
            out.push_str(&rest[..two]);
            rest = &rest[two..];
            continue;
        }
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = word {
            out.push_str(&format!("\"{word}\""));
            rest = &rest[word.len()..];
            continue;
        }
        quoted ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(truth))
            }

            fn visit_i64<E>(self, x: i64) -> Result<Tree, E> {
                Ok(Tree::Number(x as f64))
            }

            fn visit_u64<E>(self, x: u64) -> Result<Tree, E> {
                Ok(Tree::Number(x as f64))
            }

            fn visit_f64<E>(self, x: f64) -> Result<Tree, E> {
                Ok(Tree::Number(x))
            }

            fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Tree::Object(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_json_is_read() {
        let tree = Tree::parse(r#"{"NaN \" Infinity": NaN, "b": [1, -Infinity], "b": "2.5", "c": null}"#).unwrap();
        assert_eq!(tree.entries().len(), 4);
        assert!(tree.get("NaN \" Infinity").unwrap().number().unwrap().is_nan());
        assert_eq!(tree.get("b").unwrap().numbers().unwrap()[1], f64::NEG_INFINITY);
        assert_eq!(tree.entries()[2].1.number(), Some(2.5));
        assert!(Tree::parse("{").is_err() && Tree::parse(&"[".repeat(100_000)).is_err());
    }
}
