//! One row a tensor, for a spreadsheet. Where each channel has a range, a cell holds a list between semicolons.

use super::parse::{finite, float, params, text};
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::quant::{Clip, Format};
use crate::report::{ExportError, visible};
use crate::session::Kind;

pub(super) struct Csv;

const HEAD: &str = "name,kind,quantized,format,axis,low,high,scale,zero_point";

impl Foreign for Csv {
    fn id(&self) -> &'static str {
        "csv"
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn summary(&self) -> &'static str {
        "one row a tensor, for a spreadsheet"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut out = format!("{HEAD}\n");
        for range in ranges {
            let list = |each: Vec<String>| each.join(";");
            let row = [
                quoted(&range.name),
                range.kind.word().to_owned(),
                range.in_float.is_none().to_string(),
                range.format.to_string(),
                range.axis.map_or(String::new(), |axis| axis.to_string()),
                list(range.clips.iter().map(|c| c.min().to_string()).collect()),
                list(range.clips.iter().map(|c| c.max().to_string()).collect()),
                list(range.scales.iter().map(|s| format!("{s:e}")).collect()),
                list(range.zero_points.iter().map(|z| z.to_string()).collect()),
            ];
            out.push_str(&row.join(","));
            out.push('\n');
        }
        Ok(Written { bytes: out.into_bytes(), said: Vec::new() })
    }

    fn read(&self, bytes: &[u8]) -> Result<Read, String> {
        let mut rows = rows(text(bytes)?)?.into_iter();
        let head = rows.next().unwrap_or_default().join(",");
        if head != HEAD {
            return Err(format!("its first line is \"{}\", and should be {HEAD}", visible(&head)));
        }
        let ranges = rows.map(|row| range(&row)).collect::<Result<_, _>>()?;
        Ok(Read { ranges, said: Vec::new(), version: None })
    }

    fn is(&self, file: &Looks) -> bool {
        file.text.is_some_and(|text| text.starts_with(HEAD))
    }
}

fn range(row: &[String]) -> Result<Range, String> {
    let [name, kind, quantized, format, axis, low, high, scale, zero_point] = row else {
        let name = row.first().map_or(String::new(), |name| visible(name));
        return Err(format!("the row \"{name}\" has {} cells, and should have 9", row.len()));
    };
    let wrong = |what: &str, found: &str| format!("{} has \"{}\" for its {what}", visible(name), visible(found));
    let kind = match kind.as_str() {
        "activation" => Kind::Activation,
        "weight" => Kind::Weight,
        other => return Err(wrong("kind", other)),
    };
    let quantized: bool = quantized.to_lowercase().parse().map_err(|_| wrong("quantized", quantized))?;
    let format = Format::named(format)?;
    let axis = match axis.as_str() {
        "" => None,
        axis => Some(axis.parse::<usize>().map_err(|_| wrong("axis", axis))?),
    };
    let floats = |cell: &str, what: &str| cell.split(';').map(|x| float(x, what, name)).collect::<Result<Vec<_>, _>>();
    let (low, high, scales) = (floats(low, "low")?, floats(high, "high")?, floats(scale, "scale")?);
    let zeros = zero_point.split(';').map(|z| z.trim().parse().map_err(|_| wrong("zero_point", z)));
    let zeros = zeros.collect::<Result<Vec<i32>, _>>()?;
    if [high.len(), scales.len(), zeros.len()] != [low.len(); 3] || (axis.is_none() && low.len() != 1) {
        return Err(format!("{} has lists of different lengths, or a list and no axis", visible(name)));
    }
    let clip = |(low, high): (f32, f32)| {
        Ok::<_, String>(Clip::new(finite(low, "low end", name)?, finite(high, "high end", name)?))
    };
    let clips = low.into_iter().zip(high).map(clip).collect::<Result<Vec<_>, _>>()?;
    for (scale, zero) in scales.iter().zip(&zeros) {
        params(*scale, *zero, format, name)?;
    }
    let in_float = (!quantized).then(|| "it is left in float".to_owned());
    Ok(Range { scales, zero_points: zeros, in_float, ..Range::of_clips(name, kind, format, axis, clips) })
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n', '\r', ';']) || cell != cell.trim() {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// The cells of one line.
pub(super) fn cells(line: &str) -> Result<Vec<String>, String> {
    Ok(rows(line)?.into_iter().next().unwrap_or_default())
}

/// The cells of all rows; what stands in quotes may hold commas and line ends.
fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            (true, '"') => quoted = false,
            (true, c) => cell.push(c),
            (false, '"') if cell.is_empty() => quoted = true,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') if chars.peek() == Some(&'\n') => {}
            (false, '\n') => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (false, c) => cell.push(c),
        }
    }
    if quoted {
        return Err("a quoted cell does not end".into());
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    Ok(rows)
}
