//! ONNX Runtime's calibration cache, a `TensorsData` in JSON: the lowest and the highest value of each activation.

use serde_json::{Value, json};

use super::parse::{Entries, finite, json as parsed, number, object, printed, value};
use super::statement::Statement;
use super::tensorrt_cache::activations;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct OrtCache;

impl Foreign for OrtCache {
    fn id(&self) -> &'static str {
        "ort-cache"
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "ONNX Runtime's TensorsData, activations"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut data = Vec::new();
        for range in activations(ranges) {
            let name = &range.name;
            // What stays in float has a range all the same: which nodes are quantized is said elsewhere.
            let Some(clip) = range.clip() else {
                statement.omit(name, "each channel has a range of its own, and the cache has one a tensor");
                continue;
            };
            statement.wrote(name)?;
            let entry =
                object([("lowest", array(clip.min())), ("highest", array(clip.max())), ("CLS", json!("TensorData"))]);
            data.push((name.clone(), entry));
        }
        statement.note(
            "The ranges are written as those of CalibrationMethod.MinMax, without histograms; types and nodes are \
             quantize_static's to choose.",
        );
        Ok(statement.end(printed(&Document {
            class: "TensorsData",
            data: Entries(data),
            calibration_method: json!({"CLS": "CalibrationMethod", "value": "CalibrationMethod.MinMax"}),
            smooth_quant: false,
        })))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let Sections { data: Entries(entries) } = parsed(bytes)?;
        let mut histograms = 0;
        let format = Format::INT8.with_symmetric(false);
        let mut ranges = Vec::new();
        for (name, entry) in entries {
            histograms += usize::from(entry.get("hist").is_some_and(Value::is_object));
            let end = |key: &str| {
                let end = entry.get(key).map(|end| end.get("data").unwrap_or(end));
                finite(value(end.map(single), key, &name)?, key, &name)
            };
            let (low, high) = (end("lowest")?, end("highest")?);
            if low > high {
                return Err(format!("{} is lowest at {low} and highest at {high}", visible(&name)));
            }
            ranges.push(Range::of_clips(&name, Kind::Activation, format, None, vec![Clip::new(low, high)]));
        }
        let said = (histograms > 0)
            .then(|| format!("The histograms of {histograms} tensors were not read; qviz FILE opens them as layers."));
        Ok(Read { ranges, said: said.into_iter().collect(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("CLS").is_some_and(|class| class == "TensorsData")
    }
}

#[derive(serde::Serialize)]
struct Document {
    #[serde(rename = "CLS")]
    class: &'static str,
    data: Entries,
    calibration_method: Value,
    smooth_quant: bool,
}

#[derive(serde::Deserialize)]
struct Sections {
    data: Entries,
}

/// A numpy array without axes.
fn array(x: f32) -> Value {
    object([("data", number(x)), ("dtype", json!("float32")), ("CLS", json!("numpy.array"))])
}

/// The one number of a list of one, however deep.
fn single(mut value: &Value) -> &Value {
    while let Some([one]) = value.as_array().map(Vec::as_slice) {
        value = one;
    }
    value
}
