//! ncnn's table of scales, 127 over the threshold, by layers: `conv0 39.245499 `, and `conv0_param_0` for its weights. A
//! line behind `#` leaves the layer in float.

use super::parse::{float, params, scale, text};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::Format;
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct NcnnTable;

/// The longest name that ncnn reads.
const LONGEST: usize = 255;

impl Foreign for NcnnTable {
    fn id(&self) -> &'static str {
        "ncnn-table"
    }

    fn extension(&self) -> &'static str {
        "table"
    }

    fn summary(&self) -> &'static str {
        "ncnn's table of scales, by layers"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut out = String::new();
        // As ncnn2table has it: all weights, then all inputs.
        let of = |kind: Kind| ranges.iter().filter(move |range| range.kind == kind);
        for range in of(Kind::Weight).chain(of(Kind::Activation)) {
            let name = &range.name;
            let key = match range.kind {
                Kind::Weight if !name.contains("_param_") => format!("{name}_param_0"),
                _ => name.clone(),
            };
            if key.is_empty() || key.len() > LONGEST || key.starts_with('#') || key.contains(char::is_whitespace) {
                let why = "a name in a table is one word of at most 255 bytes; give the layer's name with --names";
                return Err(statement.refuse(name, why));
            }
            if range.kind == Kind::Activation && key.contains("_param_") {
                let why = "\"_param_\" makes a line one of weights; give the layer's name with --names";
                return Err(statement.refuse(name, why));
            }
            let format = range.format;
            let mut why_float = range.in_float.clone();
            if why_float.is_none() && (format.scheme().is_none() || format.num_bits() == 16) {
                why_float = Some(format!("{format} is nothing that ncnn has"));
            }
            if let Some(why) = &why_float {
                statement.omit(name, &format!("{why}; behind \"#\""));
                out.push('#');
            } else if !format.symmetric() || !format.signed() || format.num_bits() > 8 {
                let why = format!("it goes to {format}, and ncnn is signed and symmetric; choose with --symmetric");
                return Err(statement.refuse(name, &why));
            } else if range.kind == Kind::Activation && range.axis.is_some() {
                let why = "each channel has a range of its own, and ncnn has one for a layer's input; choose without \
                           --per-channel for it";
                return Err(statement.refuse(name, why));
            } else {
                statement.wrote(&key)?;
            }
            out.push_str(&key);
            out.push(' ');
            let mut rounded = false;
            for (clip, scale) in range.clips.iter().zip(&range.scales) {
                // As ncnn2table computes it; nothing but zeros has the scale 1.
                let written = match clip.amax() {
                    0.0 => f64::from(1.0 / *scale),
                    amax => f64::from(format.qmax() as f32 / amax),
                };
                let printed = format!("{written:.6}");
                let back: f64 = printed.parse().unwrap_or(0.0);
                if back == 0.0 && why_float.is_none() {
                    let why = "its scale is below the six decimals of a table; narrow its range, or leave it in float \
                               with --skip";
                    return Err(statement.refuse(name, why));
                }
                rounded |= (back / written - 1.0).abs() > 1e-4;
                out.push_str(&printed);
                out.push(' ');
            }
            if rounded && why_float.is_none() {
                statement.round(name);
            }
            out.push('\n');
        }
        Ok(statement.end(out.into_bytes()))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let mut ranges = Vec::new();
        for line in text(bytes)?.lines() {
            // ncnn itself stops at a blank line.
            if line.trim().is_empty() {
                break;
            }
            let (in_float, line) = line.strip_prefix('#').map_or((false, line), |line| (true, line));
            let mut words = line.split_whitespace();
            let Some(key) = words.next() else { continue };
            let kind = if key.contains("_param_") { Kind::Weight } else { Kind::Activation };
            let name = key.strip_suffix("_param_0").unwrap_or(key);
            let one = |word: &str| {
                let written = f64::from(scale(float(word, "scale", key)?, key)?);
                params((1.0 / written) as f32, 0, Format::INT8, key)
            };
            let all = words.map(one).collect::<Result<Vec<_>, _>>();
            if in_float {
                ranges.push(Range::float(name, kind, "the table leaves it in float"));
                continue;
            }
            let all = all?;
            let axis = match all.len() {
                0 => return Err(format!("{} has no scale", visible(key))),
                1 => None,
                _ => Some(0),
            };
            ranges.push(Range::of_params(name, kind, axis, &all));
        }
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        let number = |word: &str| word.parse::<f32>().is_ok();
        let row = |line: &str| {
            let mut words = line.split_whitespace().skip(1).peekable();
            words.peek().is_some() && words.all(number)
        };
        let four = |line: &str| line.split_whitespace().count() == 4;
        let tpu = file.text.is_some_and(|text| text.contains("# op_name"));
        file.ends_with("table") && !tpu && file.lines().all(row) && !file.lines().all(four)
    }
}
