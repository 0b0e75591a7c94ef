//! Encodings by name: AIMET 0.6.1, and the overrides of Qualcomm's converters, which know the same keys.

use serde_json::{Value, json};

use super::super::parse::{Entries, json as parsed, number, object, printed, value, whole};
use super::super::statement::Statement;
use super::super::{Foreign, Looks, Options, Range, Read, Written};
use super::{NO_FP8, of_offset, offsets};
use crate::quant::Format;
use crate::report::{ExportError, visible};
use crate::session::Kind;

/// `aimet-0.6.1` or `qnn-overrides`.
pub(in super::super) struct Named {
    id: &'static str,
    extension: &'static str,
    summary: &'static str,
    versioned: bool,
}

pub(in super::super) const AIMET_0_6_1: Named =
    Named { id: "aimet-0.6.1", extension: "encodings", summary: "AIMET's encodings to 2024, by name", versioned: true };

pub(in super::super) const QNN_OVERRIDES: Named = Named {
    id: "qnn-overrides",
    extension: "json",
    summary: "--quantization_overrides of Qualcomm's converters",
    versioned: false,
};

impl Foreign for Named {
    fn id(&self) -> &'static str {
        self.id
    }

    fn extension(&self) -> &'static str {
        self.extension
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id);
        let mut section = |wanted: Kind| {
            let mut entries = Vec::new();
            for range in ranges.iter().filter(|range| range.kind == wanted) {
                let encodings = match (&range.in_float, range.format) {
                    (Some(why), _) => {
                        statement.omit(&range.name, &format!("{why}; written as float of 16 bits"));
                        vec![json!({"bitwidth": 16, "dtype": "float"})]
                    }
                    (None, Format::Fp8(_)) => return Err(statement.refuse(&range.name, NO_FP8)),
                    (None, Format::Int(_)) => {
                        statement.wrote(&range.name)?;
                        integers(range)
                    }
                };
                entries.push((range.name.clone(), Value::Array(encodings)));
            }
            Ok(Entries(entries))
        };
        let (activations, params) = (section(Kind::Activation)?, section(Kind::Weight)?);
        let bytes = printed(&Document {
            version: self.versioned.then_some("0.6.1"),
            activation_encodings: activations,
            param_encodings: params,
        });
        Ok(statement.end(bytes))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let Sections { activation_encodings, param_encodings } = parsed(bytes)?;
        let mut ranges = Vec::new();
        for (kind, Entries(entries)) in [(Kind::Activation, activation_encodings), (Kind::Weight, param_encodings)] {
            for (name, encodings) in entries {
                let list = encodings.as_array().filter(|list| !list.is_empty());
                let list = list.ok_or_else(|| format!("{} has no list of encodings", visible(&name)))?;
                ranges.push(range(&name, kind, list)?);
            }
        }
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("activation_encodings").is_some_and(Value::is_object)
            && file.entry("version").is_some() == self.versioned
    }
}

#[derive(serde::Serialize)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    activation_encodings: Entries,
    param_encodings: Entries,
}

#[derive(serde::Deserialize)]
struct Sections {
    activation_encodings: Entries,
    #[serde(default = "none")]
    param_encodings: Entries,
}

fn none() -> Entries {
    Entries(Vec::new())
}

/// One encoding, or one of each channel.
fn integers(range: &Range) -> Vec<Value> {
    let (bits, symmetric) = (range.format.num_bits(), range.format.symmetric());
    let steps = ((1_i64 << bits) - 1) as f64;
    let encoding = |(scale, offset): (&f32, i32)| {
        let at = |code: f64| number((f64::from(*scale) * code) as f32);
        object([
            ("bitwidth", json!(bits)),
            ("dtype", json!("int")),
            ("is_symmetric", json!(if symmetric { "True" } else { "False" })),
            ("min", at(f64::from(offset))),
            ("max", at(f64::from(offset) + steps)),
            ("offset", json!(offset)),
            ("scale", number(*scale)),
        ])
    };
    range.scales.iter().zip(offsets(range)).map(encoding).collect()
}

fn range(name: &str, kind: Kind, encodings: &[Value]) -> Result<Range, String> {
    if encodings.iter().any(|e| e.get("dtype").is_some_and(|dtype| dtype == "float")) {
        return Ok(Range::float(name, kind, "the encodings leave it in float"));
    }
    let one = |e: &Value| {
        let bits = whole(e.get("bitwidth"), "bitwidth", name)?;
        let symmetric = match e.get("is_symmetric") {
            Some(Value::Bool(symmetric)) => *symmetric,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        };
        if e.get("scale").is_none() || e.get("offset").is_none() {
            // They may be left out; then the ends say it.
            let (low, high) = (value(e.get("min"), "min", name)?, value(e.get("max"), "max", name)?);
            let steps = f64::from(2.0_f32.powi(bits.clamp(2, 16))) - 1.0;
            let scale = (f64::from(high) - f64::from(low)) / steps;
            let offset = (f64::from(low) / scale).round_ties_even();
            return of_offset(scale as f32, offset.clamp(-65535.0, 0.0) as i32, bits, symmetric, name);
        }
        let (scale, offset) = (value(e.get("scale"), "scale", name)?, whole(e.get("offset"), "offset", name)?);
        of_offset(scale, offset, bits, symmetric, name)
    };
    let params = encodings.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if params.iter().any(|p| p.format() != params[0].format()) {
        return Err(format!("the channels of {} differ in width or sign", visible(name)));
    }
    // The file has no axis: it is that of output channels, the first.
    Ok(Range::of_params(name, kind, (params.len() > 1).then_some(0), &params))
}
