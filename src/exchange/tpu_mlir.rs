//! tpu-mlir's calibration table: `NAME THRESHOLD MIN MAX`, seven decimals each.

use super::parse::{amax, finite, float, text};
use super::statement::Statement;
use super::tensorrt_cache::activations;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct TpuMlirTable;

impl Foreign for TpuMlirTable {
    fn id(&self) -> &'static str {
        "tpu-mlir-table"
    }

    fn extension(&self) -> &'static str {
        "cali_table"
    }

    fn summary(&self) -> &'static str {
        "tpu-mlir's calibration table, activations"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut out = "# op_name    threshold    min    max\n".to_owned();
        let mut mixed = Vec::new();
        for range in activations(ranges) {
            let name = &range.name;
            if name.is_empty() || name.starts_with('#') || name.contains(char::is_whitespace) {
                let why = "a name in a table is one word; give the MLIR name with --names";
                return Err(statement.refuse(name, why));
            }
            let Some(clip) = range.clip() else {
                statement.omit(name, "each channel has a range of its own, and the table has one a tensor");
                continue;
            };
            let high_precision = range.in_float.is_some() || range.format.num_bits() == 16;
            if high_precision {
                mixed.push(format!("{name} F16"));
            }
            let numbers = [clip.amax(), clip.min(), clip.max()];
            let printed = numbers.map(|x| format!("{:.7}", f64::from(x)));
            if printed[0].parse() == Ok(0.0) && !high_precision {
                let why = "its threshold is below the seven decimals of a table; leave it in float with --skip";
                return Err(statement.refuse(name, why));
            }
            let off = |(x, printed): (&f32, &String)| {
                let back: f64 = printed.parse().unwrap_or(0.0);
                *x != 0.0 && (back / f64::from(*x) - 1.0).abs() > 1e-4
            };
            if numbers.iter().zip(&printed).any(off) {
                statement.round(name);
            }
            statement.wrote(name)?;
            out.push_str(&format!("{name} {}\n", printed.join(" ")));
        }
        if !mixed.is_empty() {
            statement.note(format!("For --quantize_table, a qtable with these lines: {}.", mixed.join("; ")));
        }
        statement.note("The table has every MLIR tensor's name; what the compiler adds beside these it wants too.");
        Ok(statement.end(out.into_bytes()))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let mut ranges = Vec::new();
        for (at, line) in text(bytes)?.lines().enumerate() {
            // Sections of another kind follow.
            if ["#asym_op", "#int4_th", "#weight_scale"].iter().any(|section| line.starts_with(section)) {
                break;
            }
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, threshold, low, high] = words[..] else {
                return Err(format!("line {} has {} fields, and should have four", at + 1, words.len()));
            };
            let threshold = amax(float(threshold, "threshold", name)?, name)?;
            let low = finite(float(low, "min", name)?, "min", name)?;
            let high = finite(float(high, "max", name)?, "max", name)?;
            if low > high {
                return Err(format!("line {}: the min of {} is above its max", at + 1, visible(name)));
            }
            let seen = Clip::new(low, high);
            // Where the threshold is the range's own, both are meant; else a method has chosen the threshold.
            let affine = seen.amax() == threshold && low != -high;
            let (format, clip) = match affine {
                true => (Format::INT8.with_symmetric(false), seen),
                false => (Format::INT8, Clip::symmetric(threshold)),
            };
            ranges.push(Range::of_clips(name, Kind::Activation, format, None, vec![clip]));
        }
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.len() == 4 && words[1..].iter().all(|word| word.parse::<f32>().is_ok())
        };
        let named = file.ends_with("table") || file.text.is_some_and(|text| text.contains("# op_name"));
        named && file.lines().next().is_some_and(row)
    }
}
