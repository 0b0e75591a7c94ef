//! Numbers and JSON of other tools.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::quant::{Format, QuantParams};
use crate::report::{pretty, visible};

/// A JSON object in its order, where no key comes twice.
pub(super) struct Entries(pub Vec<(String, Value)>);

impl Serialize for Entries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object by names of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let (mut entries, mut seen) = (Vec::new(), std::collections::HashSet::new());
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if !seen.insert(key.clone()) {
                        return Err(serde::de::Error::custom(format!("{} stands in it twice", visible(&key))));
                    }
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The bytes as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("it is no text: {e}"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The bytes as JSON.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_str(text(bytes)?).map_err(|e| format!("it is no JSON of this format: {e}"))
}

/// JSON as all files here have it.
pub(super) fn printed(value: &impl Serialize) -> Vec<u8> {
    pretty(value).into_bytes()
}

/// A number in JSON with the digits of a float, which come back bit for bit.
pub(super) fn number(x: f32) -> Value {
    format!("{x:e}").parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// An object of these entries.
pub(super) fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
}

/// A number of a text.
pub(super) fn float(text: &str, what: &str, name: &str) -> Result<f32, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{} has \"{}\" for its {what}, which is no number", visible(name), visible(text)))
}

/// A number of JSON; Python's tools write some as texts.
pub(super) fn value(value: Option<&Value>, what: &str, name: &str) -> Result<f32, String> {
    match value {
        Some(Value::Number(number)) => Ok(number.as_f64().unwrap_or(f64::NAN) as f32),
        Some(Value::String(text)) => float(text, what, name),
        Some(_) => Err(format!("{} has a {what} that is no number", visible(name))),
        None => Err(format!("{} has no {what}", visible(name))),
    }
}

/// A whole number of JSON.
pub(super) fn whole(value: Option<&Value>, what: &str, name: &str) -> Result<i32, String> {
    let found = value.and_then(Value::as_f64).filter(|x| x.fract() == 0.0 && x.abs() <= f64::from(1 << 24));
    found.map(|x| x as i32).ok_or_else(|| format!("{} has no {what} that is a whole number", visible(name)))
}

/// Refuses a scale that no runtime can take.
pub(super) fn scale(x: f32, name: &str) -> Result<f32, String> {
    let name = visible(name);
    if x == 0.0 {
        return Err(format!("the scale of {name} is 0, which sends every value to infinity; calibrate it anew"));
    }
    if !x.is_finite() {
        return Err(format!("the scale of {name} is {x}; calibrate it anew on finite values"));
    }
    if x < 0.0 {
        return Err(format!("the scale of {name} is {x:e}, and it has to be positive"));
    }
    if x < f32::MIN_POSITIVE {
        return Err(format!("the scale of {name} is {x:e}, a denormal number, which runtimes take for 0"));
    }
    Ok(x)
}

/// Refuses an end of a range that is not finite.
pub(super) fn finite(x: f32, what: &str, name: &str) -> Result<f32, String> {
    let why = || format!("the {what} of {} is {x}; calibrate it anew on finite values", visible(name));
    x.is_finite().then_some(x).ok_or_else(why)
}

/// Refuses an absolute maximum that gives no scale.
pub(super) fn amax(x: f32, name: &str) -> Result<f32, String> {
    let x = finite(x, "absolute maximum", name)?;
    if x < 0.0 {
        let name = visible(name);
        return Err(format!("the absolute maximum of {name} is {x}; a largest value was written in its place"));
    }
    scale(x / 127.0, name).map(|_| x)
}

/// A scale and a zero point on a format.
pub(super) fn params(scale_is: f32, zero_point: i32, format: Format, name: &str) -> Result<QuantParams, String> {
    let scale_is = scale(scale_is, name)?;
    let none = || format!("the zero point of {} is {zero_point}, which {format} does not have", visible(name));
    QuantParams::new(scale_is, zero_point, format).ok_or_else(none)
}

/// A format of integers by its parts.
pub(super) fn integers(bits: i32, signed: bool, symmetric: bool, name: &str) -> Result<Format, String> {
    let format = u8::try_from(bits).ok().and_then(|bits| Format::int(bits, signed, symmetric));
    format.ok_or_else(|| format!("{} has {bits} bits; the width is 2 to 8, or 16", visible(name)))
}
