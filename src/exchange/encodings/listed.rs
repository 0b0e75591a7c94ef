//! AIMET's encodings 1.0.0: lists of entries with vectors.

use serde_json::{Value, json};

use super::super::parse::{json as parsed, number, object, printed, value, whole};
use super::super::statement::Statement;
use super::super::{Foreign, Looks, Options, Range, Read, Written};
use super::{NO_FP8, of_offset, offsets};
use crate::quant::Format;
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(in super::super) struct Listed;

pub(in super::super) const AIMET_1_0_0: Listed = Listed;

impl Foreign for Listed {
    fn id(&self) -> &'static str {
        "aimet-1.0.0"
    }

    fn extension(&self) -> &'static str {
        "encodings"
    }

    fn summary(&self) -> &'static str {
        "AIMET's encodings of today, in lists"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut section = |wanted: Kind| {
            let mut entries = Vec::new();
            for range in ranges.iter().filter(|range| range.kind == wanted) {
                entries.push(match (&range.in_float, range.format) {
                    (Some(why), _) => {
                        statement.omit(&range.name, &format!("{why}; written as FLOAT of 16 bits"));
                        json!({"name": range.name, "enc_type": "PER_TENSOR", "dtype": "FLOAT", "bw": 16})
                    }
                    (None, Format::Fp8(_)) => return Err(statement.refuse(&range.name, NO_FP8)),
                    (None, Format::Int(_)) => {
                        statement.wrote(&range.name)?;
                        integers(range)
                    }
                });
            }
            Ok(Value::Array(entries))
        };
        let (activations, params) = (section(Kind::Activation)?, section(Kind::Weight)?);
        let document =
            object([("version", json!("1.0.0")), ("activation_encodings", activations), ("param_encodings", params)]);
        Ok(statement.end(printed(&document)))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let document: Value = parsed(bytes)?;
        let mut ranges = Vec::new();
        for (kind, key) in [(Kind::Activation, "activation_encodings"), (Kind::Weight, "param_encodings")] {
            let entries = document.get(key).map(|list| list.as_array().ok_or(format!("{key} is no list")));
            for entry in entries.transpose()?.into_iter().flatten() {
                ranges.push(range(kind, entry)?);
            }
        }
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("activation_encodings").is_some_and(Value::is_array)
    }
}

fn integers(range: &Range) -> Value {
    object([
        ("name", json!(range.name)),
        ("enc_type", json!(if range.axis.is_some() { "PER_CHANNEL" } else { "PER_TENSOR" })),
        ("dtype", json!("INT")),
        ("bw", json!(range.format.num_bits())),
        ("is_sym", json!(range.format.symmetric())),
        ("scale", range.scales.iter().map(|scale| number(*scale)).collect()),
        ("offset", json!(offsets(range))),
    ])
}

fn range(kind: Kind, entry: &Value) -> Result<Range, String> {
    let name = entry.get("name").and_then(Value::as_str).ok_or("an entry has no name")?;
    if entry.get("dtype").is_some_and(|dtype| dtype == "FLOAT") {
        return Ok(Range::float(name, kind, "the encodings leave it in float"));
    }
    let along = match entry.get("enc_type").and_then(Value::as_str) {
        Some("PER_TENSOR") => None,
        Some("PER_CHANNEL") => Some(0),
        other => {
            let other = visible(other.unwrap_or("not given"));
            return Err(format!("the enc_type of {} is {other}, which is not read here", visible(name)));
        }
    };
    let list = |key: &str| {
        let list = entry.get(key).and_then(Value::as_array).filter(|list| !list.is_empty());
        list.ok_or_else(|| format!("{} has no list of {key}", visible(name)))
    };
    let (scales, offsets) = (list("scale")?, list("offset")?);
    if scales.len() != offsets.len() || (along.is_none() && scales.len() != 1) {
        let (scales, offsets) = (scales.len(), offsets.len());
        return Err(format!("{} has {scales} scales and {offsets} offsets", visible(name)));
    }
    let bits = whole(entry.get("bw"), "bw", name)?;
    let symmetric = entry.get("is_sym").and_then(Value::as_bool).unwrap_or(false);
    let one =
        |(s, o)| of_offset(value(Some(s), "scale", name)?, whole(Some(o), "offset", name)?, bits, symmetric, name);
    let params = scales.iter().zip(offsets).map(one).collect::<Result<Vec<_>, String>>()?;
    if params.iter().any(|p| p.format() != params[0].format()) {
        return Err(format!("the channels of {} differ in sign", visible(name)));
    }
    Ok(Range::of_params(name, kind, along, &params))
}
