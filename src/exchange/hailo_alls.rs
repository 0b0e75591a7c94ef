//! Lines of Hailo's model script: clips of activations and weights, and layers of 16 bits.

use super::parse::{finite, float, text};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct HailoAlls;

impl Foreign for HailoAlls {
    fn id(&self) -> &'static str {
        "hailo-alls"
    }

    fn extension(&self) -> &'static str {
        "alls"
    }

    fn summary(&self) -> &'static str {
        "lines of Hailo's model script"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut out = String::new();
        for range in ranges {
            let name = &range.name;
            if let Some(why) = &range.in_float {
                statement.omit(name, &format!("{why}; the compiler has no float"));
                continue;
            }
            let Some(clip) = range.clip() else {
                statement.omit(name, "each channel has a range of its own, and a line has one a layer");
                continue;
            };
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || ",[]{}()=#*?\"'".contains(c)) {
                let why = "a model script cannot hold this name; give the layer's HN name with --names";
                return Err(statement.refuse(name, why));
            }
            let is_16 = match range.format {
                Format::Int(scheme) if scheme.num_bits() == 8 => false,
                Format::Int(scheme) if scheme.num_bits() == 16 => true,
                other => {
                    let why = format!("it goes to {other}, and a line is for 8 or 16 bits; --set '{name}=bits:8'");
                    return Err(statement.refuse(name, &why));
                }
            };
            statement.wrote(&format!("{} ({})", name, range.kind.word()))?;
            if is_16 && range.kind == Kind::Activation {
                out.push_str(&format!("quantization_param({name}, precision_mode=a16_w16)\n"));
            }
            let what = if range.kind == Kind::Weight { "weights_clipping" } else { "activation_clipping" };
            let (low, high) = (clip.min(), clip.max());
            out.push_str(&format!(
                "pre_quantization_optimization({what}, layers=[{name}], mode=manual, clipping_values=[{low}, {high}])\n"
            ));
        }
        statement.note("The compiler lays its own grid, with a zero point, over each of these ranges.");
        Ok(statement.end(out.into_bytes()))
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let (mut ranges, mut wide, mut passed) = (Vec::<Range>::new(), Vec::new(), 0);
        for (at, line) in text(bytes)?.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            match Line::of(line) {
                Line::Clip(kind, names, ends) => {
                    let [low, high] = ends[..] else {
                        return Err(format!("line {} has no two ends of a range", at + 1));
                    };
                    for name in names {
                        let low = finite(float(low, "low end", name)?, "low end", name)?;
                        let high = finite(float(high, "high end", name)?, "high end", name)?;
                        if low > high {
                            return Err(format!("line {}: {} ends before it begins", at + 1, visible(name)));
                        }
                        let format = if kind == Kind::Weight { "int8" } else { "uint8 affine" };
                        let format = Format::named(format)?;
                        // A weight's grid is symmetric, and so is its range; an activation's ends stand.
                        let clip = if kind == Kind::Weight { format.clip_for(low, high) } else { Clip::new(low, high) };
                        ranges.push(Range::of_clips(name, kind, format, None, vec![clip]));
                    }
                }
                Line::Wide(names) => wide.extend(names.into_iter().map(str::to_owned)),
                Line::Other => passed += 1,
            }
        }
        for range in ranges.iter_mut().filter(|range| wide.contains(&range.name)) {
            *range = Range::of_clips(&range.name, range.kind, range.format.with_bits(16), None, range.clips.clone());
        }
        let said =
            (passed > 0).then(|| format!("{passed} lines say nothing of a tensor's range, and were passed over."));
        Ok(Read { ranges, said: said.into_iter().collect(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        let starts = ["pre_quantization_optimization(", "quantization_param(", "model_optimization_config("];
        file.ends_with(".alls") || file.lines().any(|line| starts.iter().any(|start| line.starts_with(start)))
    }
}

/// What a line says.
enum Line<'a> {
    Clip(Kind, Vec<&'a str>, Vec<&'a str>),
    Wide(Vec<&'a str>),
    Other,
}

impl Line<'_> {
    fn of(line: &str) -> Line<'_> {
        if let Some(rest) = line.strip_prefix("pre_quantization_optimization(") {
            let kind = match rest.split(',').next().map(str::trim) {
                Some("activation_clipping") => Kind::Activation,
                Some("weights_clipping") => Kind::Weight,
                _ => return Line::Other,
            };
            return match (list(rest, "layers="), list(rest, "clipping_values=")) {
                (Some(names), Some(ends)) if rest.contains("mode=manual") => Line::Clip(kind, names, ends),
                _ => Line::Other,
            };
        }
        let Some(rest) = line.strip_prefix("quantization_param(") else { return Line::Other };
        let names = match rest.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default().split(',').map(str::trim).collect(),
            None if rest.starts_with('{') => return Line::Other,
            None => vec![rest.split(',').next().unwrap_or_default().trim()],
        };
        if rest.contains("precision_mode=a16_w16") {
            return Line::Wide(names);
        }
        list(rest, "force_range_out=").map_or(Line::Other, |ends| Line::Clip(Kind::Activation, names, ends))
    }
}

/// The list behind a key.
fn list<'a>(text: &'a str, key: &str) -> Option<Vec<&'a str>> {
    let (_, rest) = text.split_once(key)?;
    let (inside, _) = rest.strip_prefix('[')?.split_once(']')?;
    Some(inside.split(',').map(str::trim).collect())
}
