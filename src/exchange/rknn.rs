//! RKNN's `.quantization.cfg`: its ranges are read. It is not written, because the toolkit takes no change of them.

use super::parse::{finite, float, integers, text};
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::Clip;
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct Rknn;

impl Foreign for Rknn {
    fn id(&self) -> &'static str {
        "rknn"
    }

    fn extension(&self) -> &'static str {
        "cfg"
    }

    fn summary(&self) -> &'static str {
        "RKNN's .quantization.cfg; read only"
    }

    fn write(&self, _: &[Range], _: &Options) -> Result<Written, ExportError> {
        let reason = "the toolkit refuses quantize_parameters that it did not write itself; it is read only".to_owned();
        Err(ExportError::Unsayable { exporter: self.id().to_owned(), reason })
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let mut ranges = Vec::new();
        let mut section = "";
        let mut tensor: Option<Tensor> = None;
        for line in text(bytes)?.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let depth = line.len() - line.trim_start().len();
            if depth == 0 && !trimmed.starts_with('-') {
                ranges.extend(tensor.take().map(Tensor::range).transpose()?);
                section = trimmed.trim_end_matches(':');
                continue;
            }
            if section != "quantize_parameters" {
                continue;
            }
            let fits = |t: &Tensor| depth > t.depth;
            match tensor.as_mut().filter(|t| fits(t)) {
                Some(tensor) => tensor.take(trimmed),
                None => {
                    ranges.extend(tensor.take().map(Tensor::range).transpose()?);
                    let name = trimmed.trim_end_matches(':').trim_matches(['"', '\'']);
                    tensor = Some(Tensor::new(name, depth));
                }
            }
        }
        ranges.extend(tensor.take().map(Tensor::range).transpose()?);
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.ends_with(".quantization.cfg") || file.lines().any(|line| line == "quantize_parameters:")
    }
}

/// A tensor while its lines are read.
struct Tensor {
    name: String,
    depth: usize,
    key: String,
    entries: Vec<(String, String)>,
}

impl Tensor {
    fn new(name: &str, depth: usize) -> Tensor {
        Tensor { name: name.to_owned(), depth, key: String::new(), entries: Vec::new() }
    }

    /// A line `key: value`, `key: [a, b]`, or an item `- a` of the key before.
    fn take(&mut self, line: &str) {
        if let Some(item) = line.strip_prefix("- ") {
            self.entries.push((self.key.clone(), item.trim().to_owned()));
            return;
        }
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        self.key = key.trim().to_owned();
        let values = value.trim().trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim);
        self.entries.extend(values.filter(|v| !v.is_empty()).map(|v| (self.key.clone(), v.to_owned())));
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.entries.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    fn range(self) -> Result<Range, String> {
        let name = &self.name;
        let dtype = self.all("dtype").next().unwrap_or("int8");
        if dtype.starts_with("float") {
            return Ok(Range::float(name, Kind::Activation, "the file leaves it in float"));
        }
        let signed = !dtype.starts_with('u');
        let bits = dtype.trim_start_matches('u').trim_start_matches("int").parse().unwrap_or(0);
        let symmetric = self.all("qtype").next().is_some_and(|qtype| qtype.starts_with("symmetric"));
        let format = integers(bits, signed, symmetric, name)?;
        let ends = |key: &str| {
            let end = |x: &str| finite(float(x, key, name)?, key, name);
            self.all(key).map(end).collect::<Result<Vec<f32>, String>>()
        };
        let (low, high) = (ends("min")?, ends("max")?);
        if low.is_empty() || low.len() != high.len() {
            return Err(format!("{} has {} min and {} max", visible(name), low.len(), high.len()));
        }
        let clips: Vec<Clip> = low.into_iter().zip(high).map(|(low, high)| format.clip_for(low, high)).collect();
        let axis = (clips.len() > 1).then_some(0);
        Ok(Range::of_clips(name, Kind::Activation, format, axis, clips))
    }
}
