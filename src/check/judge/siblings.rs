//! Scales beside those of the same role in other layers and experts, and beside what such numbers usually are.

use std::collections::BTreeMap;

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::numbers::median;
use super::super::rule;
use crate::quant::Format;
use crate::report::number::{self, significant};

/// Of fewer a median says nothing.
const FEWEST: usize = 5;
/// So many times its siblings' median stands out,
const OUTLIER: f64 = 30.0;
/// unless they are spread themselves: so many times their own spread.
const SPREADS: f64 = 8.0;
/// So far from its siblings a scale may be one over itself,
const FAR: f64 = 100.0;
/// where one over it comes as near to them as that.
const NEAR: f64 = 10.0;
/// No network's weights are larger.
const LARGEST: f64 = 127.0;
/// As many equal scales are no chance.
const EQUAL: usize = 4;

pub(super) fn judge(facts: &[&Fact], findings: &mut Findings) {
    let mut groups: BTreeMap<(String, &str), Vec<(&Fact, f64)>> = BTreeMap::new();
    for fact in facts {
        let Some(x) = fact.numbers.high().map(f64::from).filter(|x| x.is_finite() && *x > 0.0) else { continue };
        // Of a KV cache a rule of its own says so.
        if x == 1.0 && matches!(fact.role, "k_scale" | "v_scale") {
            continue;
        }
        groups.entry((pattern(&fact.key), fact.role)).or_default().push((fact, x));
    }
    let mut wrong: Vec<&str> = Vec::new();
    for ((pattern, _), group) in &groups {
        wrong.extend(outliers(pattern, group, findings));
    }
    conventions(facts, &wrong, findings);
    defaults(facts, findings);
}

/// The name with every number in it as `*`: what siblings have in common.
pub(super) fn pattern(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            c if c.is_ascii_digit() => {
                if !out.ends_with('*') {
                    out.push('*');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Those that stand out among siblings; returns the keys of those that look like one over a scale.
fn outliers<'a>(pattern: &str, group: &[(&'a Fact, f64)], findings: &mut Findings) -> Vec<&'a str> {
    // `395` and `input.1` are names by number, and no siblings; `layers.3.fc` is.
    let related = pattern.contains(".*.") || pattern.contains("/*/") || pattern.contains("_*_");
    if group.len() < FEWEST || !related {
        return Vec::new();
    }
    let logs: Vec<f32> = group.iter().map(|(_, x)| x.ln() as f32).collect();
    let Some(middle) = median(logs.clone()) else { return Vec::new() };
    let spread = median(logs.iter().map(|x| (x - middle).abs()).collect()).map_or(0.0, f64::from);
    let typical = f64::from(middle).exp();
    let mut reciprocal = Vec::new();
    for (fact, x) in group {
        let ratio = x / typical;
        if ratio.ln().abs() <= OUTLIER.ln().max(SPREADS * spread) {
            continue;
        }
        let back = 1.0 / x / typical;
        let beside = format!("its scale is {}, and its siblings' median {}", shown(*x), shown(typical));
        if !(1.0 / FAR..=FAR).contains(&ratio) && (1.0 / NEAR..=NEAR).contains(&back) && fact.unit != Unit::Amax {
            findings.tensor(&rule::RECIPROCAL, &fact.key, format!("{beside}; one over it is {}", shown(1.0 / x)));
            reciprocal.push(fact.key.as_str());
        } else {
            let times = if ratio > 1.0 { ratio } else { 1.0 / ratio };
            let than = if ratio > 1.0 { "times it" } else { "times less" };
            findings.tensor(&rule::SIBLING_OUTLIER, &fact.key, format!("{beside}, {} {than}", significant(times, 2)));
        }
    }
    reciprocal
}

fn shown(x: f64) -> String {
    significant(x, 3)
}

/// What some numbers cannot be by what they are.
fn conventions(facts: &[&Fact], said: &[&str], findings: &mut Findings) {
    for fact in facts.iter().filter(|fact| !said.contains(&fact.key.as_str())) {
        let (Some(low), Some(high)) = (fact.numbers.low(), fact.numbers.high()) else { continue };
        let Some(median) = fact.numbers.median() else { continue };
        // The largest weight of a typical channel.
        let largest = f64::from(fact.format.unwrap_or(Format::INT8).qmax()) * f64::from(median);
        let found = match (fact.role, fact.unit) {
            // ModelOpt's global scale is multiplied with, and far below 1; compressed-tensors' is one over it.
            ("weight_scale_2", _) if low > 1.0 => "what blocks' scales are multiplied with is far below 1",
            ("weight_global_scale", _) if high < 1.0 => "2688 over a weight's largest magnitude is far above 1",
            ("weight" | "weight_scale", Unit::Scale) if largest > LARGEST => "it stands for weights beyond 127",
            ("weight", Unit::Reciprocal) if median < 1.0 => {
                "a table has 127 over weights, and this one means such beyond 127"
            }
            _ => continue,
        };
        findings.tensor(&rule::RECIPROCAL, &fact.key, format!("its scale is {}: {found}", shown(f64::from(median))));
    }
}

/// What tools write where they have seen nothing.
fn defaults(facts: &[&Fact], findings: &mut Findings) {
    let activations: Vec<(&Fact, f64)> = facts
        .iter()
        .filter(|fact| matches!(fact.role, "activation" | "input_scale" | "output_scale" | "input_amax"))
        .filter_map(|fact| Some((*fact, fact.scale().filter(|scale| scale.is_finite() && *scale > 0.0)?)))
        .collect();
    let ones: Vec<_> = activations.iter().filter(|(fact, scale)| *scale == 1.0 && fact.unit == Unit::Scale).collect();
    for (fact, _) in &ones {
        findings.tensor(&rule::SCALE_ONE, &fact.key, "its scale is 1");
    }
    let Some((_, first)) = activations.first() else { return };
    if ones.is_empty() && activations.len() >= EQUAL && activations.iter().all(|(_, scale)| scale == first) {
        let n = number::count(activations.len() as u64);
        findings.file(&rule::SCALES_IDENTICAL, format!("all of its {n} activations have the scale {first:e}"));
    }
}
