//! AIMET's encodings 2.0.0: ONNX's own words, one list for activations and params.

use serde_json::{Value, json};

use super::super::parse::{json as parsed, number, object, params, printed, value, whole};
use super::super::statement::Statement;
use super::super::{Foreign, Looks, Options, Range, Read, Written};
use super::NO_FP8;
use crate::quant::Format;
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(in super::super) struct Typed;

pub(in super::super) const AIMET_2_0_0: Typed = Typed;

impl Foreign for Typed {
    fn id(&self) -> &'static str {
        "aimet-2.0.0"
    }

    fn extension(&self) -> &'static str {
        "encodings"
    }

    fn summary(&self) -> &'static str {
        "AIMET's encodings in the words of ONNX"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut entries = Vec::new();
        for range in ranges {
            if let Some(why) = &range.in_float {
                statement.omit(&range.name, &format!("{why}; float has no entry"));
                continue;
            }
            if matches!(range.format, Format::Fp8(_)) {
                return Err(statement.refuse(&range.name, NO_FP8));
            }
            statement.wrote(&range.name)?;
            entries.push(entry(range));
        }
        let document = object([("version", json!("2.0.0")), ("encodings", Value::Array(entries))]);
        Ok(statement.end(printed(&document)))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let document: Value = parsed(bytes)?;
        let entries = document.get("encodings").and_then(Value::as_array).ok_or("it has no list of encodings")?;
        let mut said = vec!["The file does not tell weights from activations: all are taken for activations.".into()];
        if entries.is_empty() {
            said.clear();
        }
        Ok(Read { ranges: entries.iter().map(range).collect::<Result<_, _>>()?, said, version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("encodings").is_some_and(Value::is_array)
    }
}

fn entry(range: &Range) -> Value {
    let format = range.format;
    let dtype = format!("{}int{}", if format.signed() { "" } else { "u" }, format.num_bits());
    let list = |each: Vec<Value>| match range.axis {
        None => each.into_iter().next().unwrap_or(Value::Null),
        Some(_) => Value::Array(each),
    };
    let mut entry = object([
        ("name", json!(range.name)),
        ("output_dtype", json!(dtype)),
        ("y_scale", list(range.scales.iter().map(|scale| number(*scale)).collect())),
    ]);
    if !format.symmetric() {
        entry["y_zero_point"] = list(range.zero_points.iter().map(|zero| json!(zero)).collect());
    }
    if let Some(axis) = range.axis {
        entry["axis"] = json!(axis);
    }
    entry
}

fn range(entry: &Value) -> Result<Range, String> {
    let name = entry.get("name").and_then(Value::as_str).ok_or("an entry has no name")?;
    if entry.get("block_size").is_some_and(|size| !size.is_null()) {
        return Err(format!("{} has blocks, which are not read here", visible(name)));
    }
    let dtype = entry.get("output_dtype").and_then(Value::as_str).unwrap_or_default();
    let affine = entry.get("y_zero_point").filter(|zero| !zero.is_null());
    let format = Some(dtype).filter(|dtype| dtype.starts_with("int") || dtype.starts_with("uint"));
    let format = format.and_then(|dtype| Format::named(dtype).ok());
    let format =
        format.ok_or_else(|| format!("{} goes to \"{}\", which is not read here", visible(name), visible(dtype)))?;
    let format = format.with_symmetric(affine.is_none());
    let each = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let scales = each(entry.get("y_scale").ok_or_else(|| format!("{} has no y_scale", visible(name)))?);
    let zeros = affine.map_or_else(|| vec![json!(0); scales.len()], each);
    let axis = match entry.get("axis").filter(|axis| !axis.is_null()) {
        None => None,
        Some(axis) => {
            let axis = whole(Some(axis), "axis", name)?;
            Some(usize::try_from(axis).map_err(|_| format!("the axis of {} is {axis}", visible(name)))?)
        }
    };
    if scales.is_empty() || scales.len() != zeros.len() || (axis.is_none() && scales.len() != 1) {
        return Err(format!("{} has {} scales and {} zero points", visible(name), scales.len(), zeros.len()));
    }
    let one = |(s, z): (&Value, &Value)| {
        params(value(Some(s), "y_scale", name)?, whole(Some(z), "y_zero_point", name)?, format, name)
    };
    let params = scales.iter().zip(&zeros).map(one).collect::<Result<Vec<_>, _>>()?;
    Ok(Range::of_params(name, Kind::Activation, axis, &params))
}
