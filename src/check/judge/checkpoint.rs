//! Checkpoints of language models: KV caches, experts, scales without weights and weights without scales.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::fact::Fact;
use super::super::finding::Findings;
use super::super::read::Stored;
use super::super::rule::{self, Rule};
use super::siblings::pattern;
use crate::input::DType;
use crate::report::number;
use crate::session::Kind;

pub(super) fn judge(facts: &[&Fact], stored: &[Stored], findings: &mut Findings) {
    kv(facts, stored, findings);
    weights(facts, stored, findings);
    missing(facts, stored, findings);
}

/// The number behind `layers.`.
fn layer(key: &str) -> Option<u64> {
    let mut words = key.split('.');
    words.find(|word| matches!(*word, "layers" | "h" | "blocks" | "layer"))?;
    words.next()?.parse().ok()
}

fn kv(facts: &[&Fact], stored: &[Stored], findings: &mut Findings) {
    for fact in facts.iter().filter(|fact| matches!(fact.role, "k_scale" | "v_scale")) {
        if fact.numbers.count > 0 && fact.numbers.each.iter().all(|x| *x == 1.0) {
            findings.tensor(&rule::KV_ONE, &fact.key, "its scale is exactly 1");
        }
    }
    let of = |role: &str| -> BTreeMap<u64, &str> {
        facts.iter().filter(|fact| fact.role == role).filter_map(|f| Some((layer(&f.key)?, f.key.as_str()))).collect()
    };
    let (k, v) = (of("k_scale"), of("v_scale"));
    // Layers that have attention: where some have a scale, those of the same weights should.
    let attention = |key: &str| key.contains("k_proj") || key.contains("qkv_proj") || key.contains("kv_b_proj");
    let weights = stored.iter().filter(|s| attention(&s.key)).filter_map(|s| layer(&s.key));
    let layers: BTreeSet<u64> = k.keys().chain(v.keys()).copied().chain(weights).collect();
    for (role, has, example) in [("k_scale", &k, v.values().next()), ("v_scale", &v, k.values().next())] {
        let Some(example) = has.values().next().or(example) else { continue };
        for at in layers.iter().filter(|at| !has.contains_key(at)) {
            findings.tensor(
                &rule::KV_MISSING,
                &format!("layer {at}"),
                format!("it has no {role}, as {example} is one"),
            );
        }
    }
}

/// Whether integers or floats of 8 bits and fewer lie in it.
fn quantized(stored: &Stored) -> bool {
    match stored.dtype {
        None => true,
        Some(dtype) => matches!(dtype, DType::I8 | DType::U8 | DType::F8E4M3 | DType::F8E5M2 | DType::I32),
    }
}

fn weights(facts: &[&Fact], stored: &[Stored], findings: &mut Findings) {
    let is_scale = |fact: &&&Fact| matches!(fact.role, "weight_scale" | "weight_amax");
    let by_name: HashMap<&str, &Fact> = facts.iter().filter(is_scale).map(|fact| (fact.name.as_str(), *fact)).collect();
    let modules: HashSet<&str> = stored.iter().map(|s| s.module.as_str()).collect();
    for s in stored {
        let name = format!("{}weight", s.module);
        match by_name.get(name.as_str()) {
            None if quantized(s) && s.shape.len() != 1 && !by_name.is_empty() => {
                let dtype = s.dtype.map_or("a type of few bits".to_owned(), |dtype| dtype.to_string());
                findings.tensor(
                    &rule::WEIGHT_SCALE_MISSING,
                    &s.key,
                    format!("it is of {dtype}, and has no weight_scale"),
                );
            }
            Some(scale) if !fits(scale, s) => {
                let shape = |shape: &[u64]| number::shape(Some(shape));
                let found = format!("its shape is {}, and the weight's {}", shape(&scale.shape), shape(&s.shape));
                findings.tensor(&rule::CHANNELS_DIFFER, &scale.key, found);
            }
            _ => {}
        }
    }
    if stored.is_empty() {
        return;
    }
    for fact in facts.iter().filter(|fact| fact.kind == Kind::Weight) {
        let module = fact.name.strip_suffix("weight").unwrap_or(&fact.name);
        if !modules.contains(module) {
            findings.tensor(&rule::SCALE_ORPHAN, &fact.key, format!("{} is not there", fact.name));
        }
    }
}

/// Whether scales are one, one for each output channel, or blocks of it.
fn fits(scale: &Fact, stored: &Stored) -> bool {
    let (scales, weight) = (&scale.shape, &stored.shape);
    if scale.numbers.count <= 1 || weight.is_empty() {
        return true;
    }
    // Experts that lie in one tensor have theirs in front.
    let (Some(rows), Some(of)) = (scales.first(), weight.first()) else { return true };
    // Blocks are squares of 128, the last of them cut; or rows of some columns.
    let square = [64, 128, 256].iter().any(|side| *rows == of.div_ceil(*side)) && scales.len() == weight.len();
    let amax_of_axis = scales.len() == weight.len() && scales.iter().zip(weight).all(|(n, of)| *n == 1 || n == of);
    rows == of || square || amax_of_axis
}

/// What layers or experts lack that others of their pattern have.
fn missing(facts: &[&Fact], stored: &[Stored], findings: &mut Findings) {
    for role in ["input_scale", "weight_scale_2", "input_global_scale", "weight_global_scale", "input_amax"] {
        let has: HashSet<&str> = facts.iter().filter(|f| f.role == role).map(|f| module(f)).collect();
        if has.is_empty() {
            continue;
        }
        let patterns: HashSet<String> = has.iter().map(|module| pattern(module)).collect();
        let mut lacks: Vec<&str> = stored
            .iter()
            .filter(|s| quantized(s) || role == "input_amax")
            .map(|s| s.module.as_str())
            .filter(|module| !has.contains(module) && patterns.contains(&pattern(module)))
            .collect();
        let owned: Vec<String>;
        if stored.is_empty() {
            // Scales alone: the numbers of experts that some layer has and another has not.
            owned = gaps(&has);
            lacks = owned.iter().map(String::as_str).collect();
        }
        for module in lacks {
            let rule: &Rule = if module.contains("experts.") { &rule::EXPERT_MISSING } else { &rule::SIBLING_MISSING };
            findings.tensor(
                rule,
                module.trim_end_matches('.'),
                format!("it has no {role}, which others of its kind have"),
            );
        }
    }
}

fn module(fact: &Fact) -> &str {
    let ends = [fact.role, "input_quantizer._amax", "weight_quantizer._amax"];
    let module = ends.iter().find_map(|end| fact.key.strip_suffix(end)).unwrap_or(&fact.key);
    module.strip_suffix('_').unwrap_or(module)
}

/// Modules that are not there, of which a layer's other experts are.
fn gaps(has: &HashSet<&str>) -> Vec<String> {
    let mut experts: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for module in has {
        let Some((before, rest)) = module.split_once("experts.") else { continue };
        let Some((number, behind)) = rest.split_once('.') else { continue };
        if let Ok(number) = number.parse() {
            experts.entry((before, behind)).or_default().insert(number);
        }
    }
    let all: BTreeSet<u64> = experts.values().flatten().copied().collect();
    let lack = |((before, behind), has): (&(&str, &str), &BTreeSet<u64>)| {
        let name = |n: &u64| format!("{before}experts.{n}.{behind}");
        all.difference(has).map(name).collect::<Vec<_>>()
    };
    experts.iter().flat_map(lack).collect()
}
