//! Ends of ranges in lines: Hailo's model script, RKNN's configuration.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use crate::quant::Format;
use crate::report::visible;
use crate::session::Kind;

pub(super) fn hailo(text: &str, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let clips = line.starts_with("pre_quantization_optimization(") && line.contains("mode=manual");
        let list = |key: &str| {
            let (_, rest) = line.split_once(key)?;
            let (inside, _) = rest.strip_prefix('[')?.split_once(']')?;
            Some(inside.split(',').map(str::trim).collect::<Vec<_>>())
        };
        let (names, ends) = if clips && line.contains("_clipping") {
            (list("layers="), list("clipping_values="))
        } else if let Some(rest) =
            line.strip_prefix("quantization_param(").filter(|_| line.contains("force_range_out="))
        {
            let names = match rest.strip_prefix('[') {
                Some(rest) => rest.split(']').next().unwrap_or_default().split(',').map(str::trim).collect(),
                None => vec![rest.split(',').next().unwrap_or_default().trim()],
            };
            (Some(names), list("force_range_out="))
        } else {
            continue;
        };
        let ends: Option<Vec<f64>> = ends.and_then(|ends| ends.iter().map(|end| end.parse().ok()).collect());
        let (Some(names), Some([low, high])) = (names, ends.as_deref()) else {
            // Layers as a glob have no name.
            if !line.contains("layers={") {
                let short: String = line.chars().take(60).collect();
                findings.file(&rule::LINE_MALFORMED, format!("line {} is \"{}\"", at + 1, visible(&short)));
            }
            continue;
        };
        let kind = if line.contains("weights_clipping") { Kind::Weight } else { Kind::Activation };
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            let fact = Fact::new(name, kind, Unit::Scale);
            let format = (kind == Kind::Activation).then(|| Format::int(8, false, false)).flatten();
            facts.push(Fact { ends: vec![(*low, *high)], format, ..fact });
        }
    }
    facts
}

/// `quantize_parameters:`, a tensor a block, `key: value` or `key: [a, b]` in it, or items behind `-`.
pub(super) fn rknn(text: &str, findings: &mut Findings) -> Vec<Fact> {
    let (mut facts, mut section, mut depth_of_names) = (Vec::new(), "", None);
    let mut tensor: Option<(String, Vec<(String, String)>)> = None;
    let mut end = |tensor: Option<(String, Vec<(String, String)>)>, findings: &mut Findings| {
        if let Some((name, entries)) = tensor {
            facts.push(of_rknn(&name, &entries, findings));
        }
    };
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if depth == 0 && !trimmed.starts_with('-') {
            end(tensor.take(), findings);
            (section, depth_of_names) = (trimmed.trim_end_matches(':'), None);
        } else if section == "quantize_parameters" {
            let at = *depth_of_names.get_or_insert(depth);
            if depth <= at && !trimmed.starts_with("- ") {
                end(tensor.take(), findings);
                tensor = Some((trimmed.trim_end_matches(':').trim_matches(['"', '\'']).to_owned(), Vec::new()));
                continue;
            }
            let Some((_, entries)) = &mut tensor else { continue };
            match (trimmed.strip_prefix("- "), trimmed.split_once(':')) {
                (Some(item), _) => {
                    let key = entries.last().map_or(String::new(), |(key, _)| key.clone());
                    entries.push((key, item.trim().to_owned()));
                }
                (None, Some((key, value))) => {
                    let values = value.trim().trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim);
                    entries.extend(values.map(|value| (key.trim().to_owned(), value.to_owned())));
                }
                (None, None) => {}
            }
        }
    }
    end(tensor, findings);
    facts
}

fn of_rknn(name: &str, entries: &[(String, String)], findings: &mut Findings) -> Fact {
    let all = |key: &'static str| {
        let of_key = entries.iter().filter(move |(k, value)| k == key && !value.is_empty());
        of_key.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let dtype = all("dtype").first().copied().unwrap_or("int8");
    let fact = Fact::new(name, Kind::Activation, Unit::Scale);
    if dtype.starts_with("float") {
        return Fact { float: true, ..fact };
    }
    let [low, high, scales, zeros] = ["min", "max", "scale", "zero_point"].map(|key| {
        let parsed: Option<Vec<f64>> = all(key).into_iter().map(yaml_number).collect();
        parsed.unwrap_or_else(|| {
            findings.tensor(&rule::LINE_MALFORMED, name, format!("its {key} is no number"));
            Vec::new()
        })
    });
    if low.len() != high.len() {
        findings.tensor(&rule::CHANNELS_DIFFER, name, format!("it has {} min and {} max", low.len(), high.len()));
    }
    if low.is_empty() && scales.is_empty() {
        findings.tensor(&rule::LINE_MALFORMED, name, "it has neither a range nor a scale");
    }
    let symmetric = all("qtype").first().is_some_and(|qtype| qtype.starts_with("symmetric"));
    let fact = Fact {
        ends: low.into_iter().zip(high).collect(),
        zeros,
        format: Format::named(dtype).ok().map(|format| format.with_symmetric(symmetric)),
        ..fact
    };
    fact.with(scales.into_iter().map(|x| x as f32))
}

/// YAML spells `.nan` and `.inf` with a dot.
fn yaml_number(text: &str) -> Option<f64> {
    let plain = text.replace(".nan", "nan").replace(".NaN", "nan").replace(".inf", "inf").replace(".Inf", "inf");
    plain.parse().ok()
}
