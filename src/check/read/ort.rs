//! JSON by names: ONNX Runtime's overrides and calibration cache, and scales of a KV cache.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use super::tree::Tree;
use crate::quant::Format;
use crate::session::Kind;

pub(super) fn overrides(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (name, list) in tree.entries() {
        let Some(first) = list.items().first() else {
            findings.tensor(&rule::LINE_MALFORMED, name, "it has no list of overrides");
            continue;
        };
        let all = |key: &str| -> Vec<f64> {
            let some = list.items().iter().filter_map(|e| e.get(key));
            some.map(|x| x.number().unwrap_or(f64::NAN)).collect()
        };
        let (low, high, scales) = (all("rmin"), all("rmax"), all("scale"));
        let word = first.get("quant_type").and_then(Tree::text).unwrap_or("QInt8");
        let format = word.strip_prefix('Q').and_then(|word| Format::named(&word.to_lowercase()).ok());
        let zeros = all("zero_point");
        let symmetric = match first.get("symmetric").and_then(Tree::truth) {
            Some(symmetric) => symmetric,
            None => format.is_some_and(Format::signed) && zeros.iter().all(|zero| *zero == 0.0),
        };
        if low.is_empty() && scales.is_empty() && format.is_none() {
            findings.tensor(&rule::LINE_MALFORMED, name, "it has neither scale nor range nor type");
            continue;
        }
        let fact = Fact {
            zeros,
            ends: low.into_iter().zip(high).collect(),
            format: format.map(|format| format.with_symmetric(symmetric)),
            axis: first.get("axis").and_then(Tree::number).filter(|axis| *axis >= 0.0).map(|axis| axis as usize),
            ..Fact::new(name, Kind::Activation, Unit::Scale)
        };
        if list.items().len() > 1 && fact.axis.is_none() {
            findings.tensor(&rule::CHANNELS_DIFFER, name, format!("it has {} entries and no axis", list.items().len()));
        }
        facts.push(fact.with(scales.into_iter().map(|x| x as f32)));
    }
    facts
}

/// The lowest and the highest value that was seen.
pub(super) fn cache(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (name, entry) in tree.get("data").map_or(&[][..], Tree::entries) {
        let end = |key: &str| {
            let end = entry.get(key)?;
            end.get("data").unwrap_or(end).numbers()
        };
        let (Some(low), Some(high)) = (end("lowest"), end("highest")) else {
            findings.tensor(&rule::LINE_MALFORMED, name, "it has no lowest and highest value");
            continue;
        };
        if low.len() != high.len() {
            findings.tensor(
                &rule::CHANNELS_DIFFER,
                name,
                format!("it has {} lowest and {} highest", low.len(), high.len()),
            );
        }
        let ends = low.into_iter().zip(high).collect();
        facts.push(Fact { ends, seen: true, ..Fact::new(name, Kind::Activation, Unit::Scale) });
    }
    facts
}

/// AngelSlim's `model.layers.0.self_attn.k_cache.scale`, flat.
pub(super) fn kv_scales(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (name, value) in tree.entries() {
        let role = match (name.contains("k_cache"), name.contains("v_cache")) {
            (true, _) => "k_scale",
            (_, true) => "v_scale",
            _ => continue,
        };
        match value.numbers() {
            Some(numbers) => {
                let fact = Fact { role, ..Fact::new(name, Kind::Activation, Unit::Scale) };
                facts.push(fact.with(numbers.into_iter().map(|x| x as f32)));
            }
            None => findings.tensor(&rule::LINE_MALFORMED, name, "its scale is no number"),
        }
    }
    facts
}
