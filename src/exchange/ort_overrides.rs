//! ONNX Runtime's `TensorQuantOverrides`: scale and zero point of each tensor for `quantize_static`.

use serde_json::{Value, json};

use super::parse::{Entries, finite, integers, json as parsed, number, object, params, printed, value, whole};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct OrtOverrides;

const TYPES: [(&str, u8, bool); 6] = [
    ("QInt8", 8, true),
    ("QUInt8", 8, false),
    ("QInt16", 16, true),
    ("QUInt16", 16, false),
    ("QInt4", 4, true),
    ("QUInt4", 4, false),
];

impl Foreign for OrtOverrides {
    fn id(&self) -> &'static str {
        "ort-overrides"
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "TensorQuantOverrides of ONNX Runtime's quantize_static"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut entries = Vec::new();
        for range in ranges {
            let name = &range.name;
            if let Some(why) = &range.in_float {
                statement.omit(name, &format!("{why}; name its nodes in nodes_to_exclude"));
                continue;
            }
            let (bits, signed) = (range.format.num_bits(), range.format.signed());
            let known = TYPES.iter().find(|(_, b, s)| (*b, *s) == (bits, signed) && range.format.scheme().is_some());
            let Some((quant_type, ..)) = known else {
                let why =
                    format!("it goes to {}, for which there is no QuantType; choose 4, 8 or 16 bits", range.format);
                return Err(statement.refuse(name, &why));
            };
            if range.kind == Kind::Activation && range.axis.is_some() {
                statement.omit(name, "each channel has a range of its own, which is for weights alone");
                continue;
            }
            statement.wrote(name)?;
            // Whether it is symmetric must not be said beside a scale.
            let one = |(scale, zero): (&f32, &i32)| {
                let mut entry =
                    object([("quant_type", json!(quant_type)), ("scale", number(*scale)), ("zero_point", json!(zero))]);
                if let Some(axis) = range.axis {
                    entry["axis"] = json!(axis);
                }
                entry
            };
            entries.push((name.clone(), range.scales.iter().zip(&range.zero_points).map(one).collect()));
        }
        statement.note(
            "quantize_static wants numpy's scale and zero_point and a QuantType: QuantType.from_string(quant_type).",
        );
        Ok(statement.end(printed(&Entries(entries))))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let Entries(entries) = parsed(bytes)?;
        let range = |(name, list): (String, Value)| {
            let list = list.as_array().filter(|list| !list.is_empty());
            range(&name, list.ok_or_else(|| format!("{} has no list of overrides", visible(&name)))?)
        };
        Ok(Read { ranges: entries.into_iter().map(range).collect::<Result<_, _>>()?, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        const KEYS: [&str; 4] = ["quant_type", "scale", "rmin", "rmax"];
        let Some(Value::Object(entries)) = &file.json else { return false };
        let has = |entry: &Value| entry.get(0).is_some_and(|first| KEYS.iter().any(|key| first.get(key).is_some()));
        entries.values().next().is_some_and(has)
    }
}

fn range(name: &str, list: &[Value]) -> Result<Range, String> {
    let first = &list[0];
    let axis = match first.get("axis") {
        None => None,
        Some(axis) => {
            let axis = whole(Some(axis), "axis", name)?;
            let from_the_end = || format!("the axis of {} is {axis}; count it from the first, 0", visible(name));
            Some(usize::try_from(axis).map_err(|_| from_the_end())?)
        }
    };
    if axis.is_none() && list.len() > 1 {
        return Err(format!("{} has a list of {} and no axis", visible(name), list.len()));
    }
    let word = first.get("quant_type").and_then(Value::as_str).unwrap_or("QInt8");
    let known = TYPES.iter().find(|(id, ..)| *id == word);
    let (_, bits, signed) = known.ok_or_else(|| format!("{} has the type \"{}\"", visible(name), visible(word)))?;
    let zero = |entry: &Value| entry.get("zero_point").map_or(Ok(0), |zero| whole(Some(zero), "zero_point", name));
    let symmetric = match first.get("symmetric").and_then(Value::as_bool) {
        Some(symmetric) => symmetric,
        None => *signed && list.iter().map(zero).collect::<Result<Vec<_>, _>>()?.iter().all(|zero| *zero == 0),
    };
    let format: Format = integers(i32::from(*bits), *signed, symmetric, name)?;
    if first.get("scale").is_some() {
        let one = |entry: &Value| params(value(entry.get("scale"), "scale", name)?, zero(entry)?, format, name);
        let params = list.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        return Ok(Range::of_params(name, Kind::Activation, axis, &params));
    }
    let end = |entry: &Value, key| finite(value(entry.get(key), key, name)?, key, name);
    let one = |entry: &Value| Ok::<_, String>(Clip::new(end(entry, "rmin")?, end(entry, "rmax")?));
    let clips = list.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    let clips = clips.into_iter().map(|clip| format.clip_for(clip.min(), clip.max())).collect();
    Ok(Range::of_clips(name, Kind::Activation, format, axis, clips))
}
