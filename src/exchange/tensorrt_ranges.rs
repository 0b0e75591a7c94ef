//! `NAME:AMAX` lines, as TensorRT's sampleINT8API reads them: a symmetric dynamic range for each tensor.

use super::parse::{amax, float, text};
use super::statement::Statement;
use super::tensorrt_cache::activations;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::ExportError;
use crate::session::Kind;

pub(super) struct TensorrtRanges;

impl Foreign for TensorrtRanges {
    fn id(&self) -> &'static str {
        "tensorrt-ranges"
    }

    fn extension(&self) -> &'static str {
        "txt"
    }

    fn summary(&self) -> &'static str {
        "NAME:AMAX lines for setDynamicRange"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut out = String::new();
        for range in activations(ranges) {
            let name = &range.name;
            let Some(clip) = statement.symmetric8(range)? else { continue };
            if name.is_empty() || name.contains([':', '\n', '\r']) {
                let why = "the sample splits its lines at \":\"; give it a name without one with --names";
                return Err(statement.refuse(name, why));
            }
            if clip.amax() == 0.0 {
                statement.omit(name, "it holds nothing but zeros, and a range of 0 gives no scale");
                continue;
            }
            statement.wrote(name)?;
            out.push_str(&format!("{name}:{}\n", clip.amax()));
        }
        Ok(statement.end(out.into_bytes()))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let lines = text(bytes)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let range = |(at, line): (usize, &str)| {
            let (name, value) = line.rsplit_once(':').ok_or_else(|| format!("line {} is not NAME:RANGE", at + 1))?;
            let amax = amax(float(value, "range", name)?, name)?;
            Ok(Range::of_clips(name, Kind::Activation, Format::INT8, None, vec![Clip::symmetric(amax)]))
        };
        Ok(Read { ranges: lines.map(range).collect::<Result<_, String>>()?, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        let ranged = |line: &str| line.rsplit_once(':').is_some_and(|(_, x)| x.trim().parse::<f32>().is_ok());
        file.ends_with(".txt") && file.lines().next().is_some() && file.lines().all(ranged)
    }
}
