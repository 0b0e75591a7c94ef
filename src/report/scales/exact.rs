//! Numbers out of JSON, to the last bit.
//!
//! serde_json's quick way may miss the nearest f64 by a unit in the last place; the correct one is a feature that every
//! crate in the build would share. So the document is read here: syntax is serde_json's to check, numbers are the standard
//! library's to read, and objects keep their order.

use std::fmt;
use std::iter::{Enumerate, Peekable};
use std::marker::PhantomData;
use std::str::Bytes;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Error as _, IgnoredAny, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Error, Number};

use super::Per;

/// Lists and objects within each other, as deep as serde_json goes.
const DEEPEST: usize = 127;

/// A JSON value.
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value that a text is.
    pub fn parse(text: &str) -> Result<Json, Error> {
        serde_json::from_str::<IgnoredAny>(text)?;
        Walk { text, bytes: text.bytes().enumerate().peekable() }.value(0)
    }

    /// An object's entry; the last of those with one name, as everywhere.
    pub fn take(&mut self, key: &str) -> Option<Json> {
        let Json::Object(entries) = self else { return None };
        let at = entries.iter().rposition(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// The text of an object's entry.
    pub fn text(&self, key: &str) -> Option<&str> {
        let Json::Object(entries) = self else { return None };
        entries.iter().rev().find_map(|(name, value)| match value {
            Json::Text(text) if name == key => Some(text.as_str()),
            _ => None,
        })
    }
}

/// A way through a text that is known to be JSON.
struct Walk<'a> {
    text: &'a str,
    bytes: Peekable<Enumerate<Bytes<'a>>>,
}

impl Walk<'_> {
    /// The next byte that is no white space, and no comma or colon, whose places were checked; it is not taken.
    fn next(&mut self) -> Result<(usize, u8), Error> {
        while self.bytes.next_if(|(_, b)| b" \t\r\n,:".contains(b)).is_some() {}
        self.bytes.peek().copied().ok_or_else(|| Error::custom("it ends too early"))
    }

    fn value(&mut self, depth: usize) -> Result<Json, Error> {
        if depth > DEEPEST {
            return Err(Error::custom("its lists and objects lie too deep in each other"));
        }
        match self.next()? {
            (_, b'[') => {
                self.bytes.next();
                let mut list = Vec::new();
                while self.next()?.1 != b']' {
                    list.push(self.value(depth + 1)?);
                }
                self.bytes.next();
                Ok(Json::List(list))
            }
            (_, b'{') => {
                self.bytes.next();
                let mut object = Vec::new();
                while self.next()?.1 != b'}' {
                    let key = self.string()?;
                    object.push((key, self.value(depth + 1)?));
                }
                self.bytes.next();
                Ok(Json::Object(object))
            }
            (_, b'"') => Ok(Json::Text(self.string()?)),
            (from, _) => {
                let mut to = from;
                while let Some((at, _)) = self.bytes.next_if(|(_, b)| b.is_ascii_alphanumeric() || b"+-.".contains(b)) {
                    to = at + 1;
                }
                word(&self.text[from..to])
            }
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let (from, _) = self.next()?;
        self.bytes.next();
        while let Some((at, byte)) = self.bytes.next() {
            match byte {
                b'\\' => drop(self.bytes.next()),
                b'"' => return serde_json::from_str(&self.text[from..=at]),
                _ => {}
            }
        }
        Err(Error::custom("a text does not end"))
    }
}

fn word(word: &str) -> Result<Json, Error> {
    match word {
        "null" => return Ok(Json::Null),
        "true" => return Ok(Json::Bool(true)),
        "false" => return Ok(Json::Bool(false)),
        _ => {}
    }
    // `-0` is a float: the integer has no sign.
    let whole = word.parse::<u64>().map(Number::from).or_else(|_| word.parse::<i64>().map(Number::from));
    if let (Ok(whole), false) = (whole, word == "-0") {
        return Ok(Json::Number(whole));
    }
    let number = word.parse::<f64>().ok().and_then(Number::from_f64);
    number.map(Json::Number).ok_or_else(|| Error::custom(format!("{word} is no number that fits 64 bits")))
}

impl<'de> IntoDeserializer<'de, Error> for Json {
    type Deserializer = Json;

    fn into_deserializer(self) -> Json {
        self
    }
}

impl<'de> Deserializer<'de> for Json {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Number(number) => number.deserialize_any(visitor),
            Json::Text(text) => visitor.visit_string(text),
            Json::List(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter())),
            Json::Object(entries) => visitor.visit_map(MapDeserializer::new(entries.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Json::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Json::Text(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Per<Option<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Per<Option<T>>, D::Error> {
        deserializer.deserialize_any(OneOrEach(PhantomData))
    }
}

struct OneOrEach<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrEach<T> {
    type Value = Per<Option<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, null, or a list of them")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(Per::Tensor(None))
    }

    fn visit_f64<E: serde::de::Error>(self, x: f64) -> Result<Self::Value, E> {
        T::deserialize(x.into_deserializer()).map(|x| Per::Tensor(Some(x)))
    }

    fn visit_u64<E: serde::de::Error>(self, x: u64) -> Result<Self::Value, E> {
        T::deserialize(x.into_deserializer()).map(|x| Per::Tensor(Some(x)))
    }

    fn visit_i64<E: serde::de::Error>(self, x: i64) -> Result<Self::Value, E> {
        T::deserialize(x.into_deserializer()).map(|x| Per::Tensor(Some(x)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut each = Vec::new();
        while let Some(x) = seq.next_element()? {
            each.push(x);
        }
        Ok(Per::Channel(each))
    }
}

/// An f32 that was written in its fewest digits.
pub(super) fn single<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    Option::<f64>::deserialize(deserializer)?.map(nearest).transpose().map_err(D::Error::custom)
}

/// The same, one or one a channel.
pub(super) fn singles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Per<Option<f32>>, D::Error> {
    let one = |x: Option<f64>| x.map(nearest).transpose().map_err(D::Error::custom);
    Ok(match Per::<Option<f64>>::deserialize(deserializer)? {
        Per::Tensor(x) => Per::Tensor(one(x)?),
        Per::Channel(each) => Per::Channel(each.into_iter().map(one).collect::<Result<_, _>>()?),
    })
}

/// The f32 whose fewest digits are those that were read as `x`. Rounding `x` alone would go astray where `x` has come to
/// lie half way between two f32s.
fn nearest(x: f64) -> Result<f32, String> {
    let near = x as f32;
    if !near.is_finite() {
        return Err(format!("{x:e} is too large for a 32-bit number"));
    }
    let written = |y: &f32| format!("{y:e}").parse() == Ok(x);
    Ok([near, near.next_up(), near.next_down()].into_iter().find(written).unwrap_or(near))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, Error> {
        T::deserialize(Json::parse(text)?)
    }

    proptest! {
        #[test]
        fn numbers_come_back_bit_for_bit(singles in prop::collection::vec(any::<f32>(), 0..50), doubles in prop::collection::vec(any::<f64>(), 0..50)) {
            let singles: Vec<f32> = singles.into_iter().filter(|x| x.is_finite()).collect();
            let doubles: Vec<f64> = doubles.into_iter().filter(|x| x.is_finite()).collect();
            let text = serde_json::to_string(&singles).unwrap();
            let back: Vec<f64> = read(&text).unwrap();
            let back: Vec<u32> = back.into_iter().map(|x| nearest(x).unwrap().to_bits()).collect();
            prop_assert_eq!(back, singles.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
            let back: Vec<f64> = read(&serde_json::to_string_pretty(&doubles).unwrap()).unwrap();
            let bits = |all: &[f64]| all.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back), bits(&doubles));
        }

        #[test]
        fn texts_come_back(text: String, key: String) {
            let json = serde_json::to_string(&std::collections::BTreeMap::from([(&key, &text)])).unwrap();
            let back: std::collections::BTreeMap<String, String> = read(&json).unwrap();
            prop_assert_eq!(back, std::collections::BTreeMap::from([(key, text)]));
        }
    }

    #[test]
    fn what_is_no_json_is_refused_and_depth_ends() {
        for text in ["", "{", "[1,]", "nul", "01", "\"\\x\"", "{\"a\" 1}", "1e999", "[1] 2"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(Json::parse(&deep(100)).is_ok() && Json::parse(&deep(100_000)).is_err());
    }
}
