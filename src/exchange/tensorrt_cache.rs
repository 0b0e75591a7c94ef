//! TensorRT's calibration cache: the bits of each activation's scale, in hex. TensorRT to 10 (with DLA), ONNX Runtime's
//! TensorRT and MIGraphX providers and ModelOpt read it.

use super::parse::{params, text};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, TensorrtVersion, Written};
use crate::quant::Format;
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct TensorrtCache;

impl Foreign for TensorrtCache {
    fn id(&self) -> &'static str {
        "tensorrt-cache"
    }

    fn extension(&self) -> &'static str {
        "cache"
    }

    fn summary(&self) -> &'static str {
        "TensorRT's calibration cache, activations"
    }

    fn write(&self, ranges: &[Range], options: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut out = format!("{}\n", options.tensorrt.clone().unwrap_or_default().line());
        for range in activations(ranges) {
            let name = &range.name;
            if statement.symmetric8(range)?.is_none() {
                continue;
            }
            if name.is_empty() || name.contains([':', '\n', '\r']) {
                let why = "readers of a cache split its lines at \":\"; give it a name without one with --names";
                return Err(statement.refuse(name, why));
            }
            if name.contains("_scale") {
                statement.note(format!("ModelOpt's import takes \"_scale\" out of the name {}.", visible(name)));
            }
            statement.wrote(name)?;
            out.push_str(&format!("{name}: {:08x}\n", range.scales[0].to_bits()));
        }
        let missing = statement.left_out();
        if missing > 0 {
            statement.note(format!("DLA and ModelOpt want every tensor in the cache: {missing} are missing."));
        }
        Ok(statement.end(out.into_bytes()))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let mut lines = text(bytes)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let head = lines.next().map_or("", |(_, line)| line);
        if !head.starts_with("TRT-") {
            return Err(format!("its first line is \"{}\", and should begin with TRT-", visible(head)));
        }
        let range = |(at, line): (usize, &str)| {
            let pair = line.trim_end().rsplit_once(": ");
            let (name, hex) = pair.ok_or_else(|| format!("line {} is not NAME: HEX", at + 1))?;
            let digits = hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            let bits = digits.then(|| u32::from_str_radix(hex, 16).ok()).flatten();
            let bits = bits.ok_or_else(|| {
                format!("line {}: {} has \"{}\", and should have 8 hex digits", at + 1, visible(name), visible(hex))
            })?;
            let params = params(f32::from_bits(bits), 0, Format::INT8, name)?;
            Ok(Range::of_params(name, Kind::Activation, None, &[params]))
        };
        Ok(Read {
            ranges: lines.map(range).collect::<Result<_, String>>()?,
            said: Vec::new(),
            version: TensorrtVersion::of_line(head),
        })
    }

    fn is(&self, file: &Looks) -> bool {
        file.text.is_some_and(|text| text.starts_with("TRT-"))
    }
}

/// The activations: runtimes take the ranges of weights from the weights.
pub(super) fn activations(ranges: &[Range]) -> impl Iterator<Item = &Range> {
    ranges.iter().filter(|range| range.kind == Kind::Activation)
}
