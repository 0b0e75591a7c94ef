//! Absolute maxima of quantizers in safetensors: where a fine-tune with fake quantization starts.

use serde_json::{Value, json};

use super::parse::{Entries, amax, text};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

/// One library's spelling of a quantizer.
pub(super) struct Amax {
    id: &'static str,
    summary: &'static str,
    input: &'static str,
    weight: &'static str,
}

/// pytorch-quantization.
pub(super) const TORCH_AMAX: Amax = Amax {
    id: "torch-amax",
    summary: "quantizers of NVIDIA's pytorch-quantization",
    input: "._input_quantizer._amax",
    weight: "._weight_quantizer._amax",
};

/// ModelOpt.
pub(super) const MODELOPT_AMAX: Amax = Amax {
    id: "modelopt-amax",
    summary: "quantizers of NVIDIA's ModelOpt",
    input: ".input_quantizer._amax",
    weight: ".weight_quantizer._amax",
};

impl Foreign for Amax {
    fn id(&self) -> &'static str {
        self.id
    }

    fn extension(&self) -> &'static str {
        "safetensors"
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id);
        let (mut header, mut body) = (Vec::new(), Vec::<u8>::new());
        for range in ranges {
            let name = &range.name;
            if let Some(why) = &range.in_float {
                statement.omit(name, &format!("{why}; disable its quantizer"));
                continue;
            }
            if !range.format.symmetric() {
                let why =
                    format!("it goes to {}, and a quantizer has no zero point; choose with --symmetric", range.format);
                return Err(statement.refuse(name, &why));
            }
            let key = match range.kind {
                Kind::Activation => format!("{name}{}", self.input),
                Kind::Weight => format!("{}{}", name.strip_suffix(".weight").unwrap_or(name), self.weight),
            };
            statement.wrote(&key)?;
            let from = body.len();
            range.clips.iter().for_each(|clip| body.extend(clip.amax().to_le_bytes()));
            let info = json!({"dtype": "F32", "shape": shape(range), "data_offsets": [from, body.len()]});
            header.push((key, info));
            if range.format != Format::INT8 {
                let format = range.format;
                statement.note(format!("{} is for {format}: set that in its quantizer.", visible(name)));
            }
        }
        let mut head = serde_json::to_vec(&Entries(header)).unwrap_or_default();
        head.resize(head.len().next_multiple_of(8), b' ');
        let bytes = [&(head.len() as u64).to_le_bytes()[..], &head, &body].concat();
        Ok(statement.end(bytes))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let (head, body) = split(bytes).ok_or("it is cut short, or no safetensors")?;
        let Entries(entries) = serde_json::from_str(text(head)?).map_err(|e| format!("its header is damaged: {e}"))?;
        let (mut ranges, mut passed) = (Vec::new(), 0);
        for (key, info) in entries.into_iter().filter(|(key, _)| key != "__metadata__") {
            let (kind, name) = match (key.strip_suffix(self.input), key.strip_suffix(self.weight)) {
                (Some(name), _) => (Kind::Activation, name.to_owned()),
                (None, Some(name)) => (Kind::Weight, format!("{name}.weight")),
                (None, None) => {
                    passed += 1;
                    continue;
                }
            };
            let values =
                values(&info, body).ok_or_else(|| format!("{} is no F32 tensor of the file", visible(&key)))?;
            let clips = values.iter().map(|x| amax(*x, &key).map(Clip::symmetric)).collect::<Result<Vec<_>, _>>()?;
            let shape: Vec<u64> =
                info.get("shape").and_then(|s| serde_json::from_value(s.clone()).ok()).unwrap_or_default();
            let axis = match clips.len() {
                0 => return Err(format!("{} holds no number", visible(&key))),
                1 => None,
                _ => Some(shape.iter().position(|n| *n > 1).unwrap_or(0)),
            };
            ranges.push(Range::of_clips(&name, kind, Format::INT8, axis, clips));
        }
        let said = (passed > 0).then(|| format!("{passed} tensors are no quantizer's, and were passed over."));
        Ok(Read { ranges, said: said.into_iter().collect(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        let ends = [self.input, self.weight].map(|end| format!("{end}\""));
        let head = split(file.bytes).and_then(|(head, _)| std::str::from_utf8(head).ok());
        head.is_some_and(|head| ends.iter().any(|end| head.contains(end.as_str())))
    }
}

/// The shape of a quantizer's amax: none, or the tensor's with every other axis of length 1.
fn shape(range: &Range) -> Value {
    let n = range.clips.len() as u64;
    let Some(axis) = range.axis else { return json!([]) };
    let rank = range.shape.as_ref().map_or(axis + 1, |shape| shape.len().max(axis + 1));
    // A rank is no larger than the document that names it.
    Value::Array((0..rank.min(64)).map(|at| json!(if at == axis { n } else { 1 })).collect())
}

/// Header and body.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

fn values(info: &Value, body: &[u8]) -> Option<Vec<f32>> {
    let offsets = info.get("data_offsets")?;
    let at = |i: usize| usize::try_from(offsets.get(i)?.as_u64()?).ok();
    let bytes = body.get(at(0)?..at(1)?)?;
    if info.get("dtype")? != "F32" || bytes.len() % 4 != 0 {
        return None;
    }
    Some(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}
