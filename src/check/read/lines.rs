//! Files of one tensor a line: caches and ranges of TensorRT, ONNX Runtime's calibration.cache, tables of ncnn and
//! tpu-mlir.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use crate::quant::Format;
use crate::report::visible;
use crate::session::Kind;

/// The longest key that ncnn reads.
const LONGEST_KEY: usize = 255;
/// By what share a scale may be off in print.
const IN_PRINT: f64 = 1e-3;

fn malformed(findings: &mut Findings, at: usize, line: &str) {
    let short: String = line.chars().take(60).collect();
    findings.file(&rule::LINE_MALFORMED, format!("line {} is \"{}\"", at + 1, visible(&short)));
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
}

fn is_hex(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether it is a TensorRT cache without its first line.
pub(super) fn is_headless_cache(text: &str) -> bool {
    let mut lines = lines(text).peekable();
    let entry = |line: &str| line.trim_end().rsplit_once(": ").is_some_and(|(_, hex)| hex.len() == 8 && is_hex(hex));
    lines.peek().is_some() && lines.all(|(_, line)| entry(line))
}

/// Whether it is what ONNX Runtime's `write_calibration_table` writes: a name, a blank, a number.
pub(super) fn is_ort_cache(name: &str, text: &str) -> bool {
    let mut lines = lines(text).peekable();
    let entry = |line: &str| line.trim_end().rsplit_once(' ').is_some_and(|(_, x)| x.parse::<f32>().is_ok());
    name.ends_with(".cache") && lines.peek().is_some() && lines.all(|(_, line)| entry(line))
}

pub(super) fn tensorrt_cache(text: &str, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (nth, (at, line)) in lines(text).enumerate() {
        if nth == 0 {
            if line.starts_with("TRT-") {
                continue;
            }
            let short: String = line.chars().take(60).collect();
            findings.file(&rule::CACHE_HEADER, format!("its first line is \"{}\"", visible(&short)));
            if line.trim_end().rsplit_once(": ").is_none_or(|(_, hex)| !is_hex(hex)) {
                continue;
            }
        }
        let Some((name, hex)) = line.trim_end().rsplit_once(": ") else {
            malformed(findings, at, line);
            continue;
        };
        match u32::from_str_radix(hex, 16).ok().filter(|_| is_hex(hex)) {
            Some(bits) => {
                if hex.len() != 8 {
                    findings.tensor(&rule::HEX_DIGITS, name, format!("its scale is written \"{hex}\""));
                }
                let fact = Fact::new(name, Kind::Activation, Unit::Scale).with([f32::from_bits(bits)]);
                facts.push(Fact { format: Some(Format::INT8), ..fact });
            }
            None => findings.tensor(&rule::HEX_DIGITS, name, format!("its scale is written \"{}\"", visible(hex))),
        }
    }
    facts
}

pub(super) fn tensorrt_ranges(text: &str, findings: &mut Findings) -> Vec<Fact> {
    by_amax(text, ':', findings)
}

pub(super) fn ort_cache(text: &str, findings: &mut Findings) -> Vec<Fact> {
    by_amax(text, ' ', findings)
}

/// A name, and behind the last mark of that kind the largest magnitude.
fn by_amax(text: &str, mark: char, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (at, line) in lines(text) {
        let pair = line.trim_end().rsplit_once(mark);
        match pair.and_then(|(name, x)| Some((name, x.trim().parse::<f32>().ok()?))) {
            Some((name, x)) => facts.push(Fact::new(name, Kind::Activation, Unit::Amax).with([x])),
            None => malformed(findings, at, line),
        }
    }
    facts
}

pub(super) fn ncnn(text: &str, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut ended = None;
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            ended = ended.or(Some(at));
            continue;
        }
        if let Some(at) = ended.take() {
            findings.file(
                &rule::TABLE_BREAK,
                format!("line {} is blank, and {} more follow", at + 1, text.lines().count() - at - 1),
            );
            break;
        }
        let (float, line) = line.strip_prefix('#').map_or((false, line), |line| (true, line));
        let mut words = line.split_whitespace();
        let Some(key) = words.next() else { continue };
        let kind = if key.contains("_param_") { Kind::Weight } else { Kind::Activation };
        if key.len() > LONGEST_KEY {
            findings.tensor(&rule::NAME_LONG, key, format!("its key has {} bytes", key.len()));
        }
        let words: Vec<&str> = words.collect();
        let numbers: Option<Vec<f32>> = words.iter().map(|word| word.parse().ok()).collect();
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
            if !float {
                malformed(findings, at, line);
            }
            continue;
        };
        // Printed with six decimals.
        let lost = |x: &&f32| **x > 0.0 && 0.5e-6 / f64::from(**x) > IN_PRINT;
        if let Some(x) = numbers.iter().find(lost).filter(|_| !float) {
            findings.tensor(&rule::DIGITS_LOST, key, format!("it prints {x}"));
        }
        let name = key.strip_suffix("_param_0").unwrap_or(key).to_owned();
        let fact = Fact::new(key, kind, Unit::Reciprocal).with(numbers);
        facts.push(Fact { name, float, format: Some(Format::INT8), ..fact });
    }
    facts
}

pub(super) fn tpu_mlir(text: &str, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (at, line) in lines(text) {
        // Sections of another kind follow.
        if ["#asym_op", "#int4_th", "#weight_scale"].iter().any(|section| line.starts_with(section)) {
            break;
        }
        if line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok());
        let (Some(threshold), Some(low), Some(high), 4) = (number(1), number(2), number(3), words.len()) else {
            malformed(findings, at, line);
            continue;
        };
        let name = words[0];
        if threshold > 0.0 && 0.5e-7 / threshold > IN_PRINT {
            findings.tensor(&rule::DIGITS_LOST, name, format!("it prints the threshold {}", words[1]));
        }
        if threshold == high && low < 0.0 && -low > threshold * (1.0 + IN_PRINT) {
            let found = format!("its threshold is its max, {threshold}, and its min is {low}");
            findings.tensor(&rule::MAX_FOR_AMAX, name, found);
        }
        let fact = Fact::new(name, Kind::Activation, Unit::Amax).with([threshold as f32]);
        facts.push(Fact { ends: vec![(low, high)], seen: true, ..fact });
    }
    facts
}
