//! Scales beside the values that the tensors hold.

use std::collections::HashMap;

use super::super::Seen;
use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use super::each::shown;
use crate::quant::{Clip, Format};
use crate::report::number;
use crate::session::Kind;

/// A share of values beyond the clip that costs something.
const MUCH: f64 = 0.01;
/// A clip so many times what is seen.
const FAR: f64 = 10.0;
/// So few integers for all values.
const FEW: f64 = 16.0;

pub(super) fn judge(facts: &[&Fact], seen: &[Seen], findings: &mut Findings) {
    let by_name: HashMap<&str, &Seen> = seen.iter().map(|seen| (seen.name.as_str(), seen)).collect();
    let mut unseen = Vec::new();
    for fact in facts.iter().filter(|fact| fact.kind == Kind::Activation) {
        let Some(seen) = by_name.get(fact.name.as_str()) else {
            unseen.push(fact.name.as_str());
            continue;
        };
        // A clip by channels is not held against values of all.
        let [(low, high)] = fact.clips()[..] else { continue };
        if !(low.is_finite() && high.is_finite() && low <= high) {
            continue;
        }
        against(fact, (low, high), seen, findings);
    }
    if let Some(first) = unseen.first() {
        let found =
            format!("{} of it are not in the data, such as {first}", number::of(unseen.len() as u64, "activation"));
        findings.file(&rule::NO_DATA, found);
    }
}

fn against(fact: &Fact, (low, high): (f64, f64), seen: &Seen, findings: &mut Findings) {
    let beyond = |low: f64, high: f64| (seen.beyond)(Clip::new(low as f32, high as f32));
    let (min, max) = (f64::from(seen.low), f64::from(seen.high));
    let values = format!("its values go from {} to {}", shown(min), shown(max));
    let saturated = beyond(low, high);
    if low >= 0.0 && min < 0.0 && beyond(0.0, max.max(0.0)) > MUCH {
        let share = number::percent(beyond(0.0, max.max(0.0)));
        findings.tensor(
            &rule::NEGATIVES_CUT,
            &fact.key,
            format!("its clip begins at {}, and {share} are below 0", shown(low)),
        );
    } else if saturated > MUCH {
        let share = number::percent(saturated);
        let found = format!("{share} lie beyond {} to {}; {values}", shown(low), shown(high));
        findings.tensor(&rule::SATURATES, &fact.key, found);
    }
    let (reach, amax) = (high.max(-low), max.max(-min));
    if amax > 0.0 && reach / amax >= FAR {
        let found = format!("its clip is {} to {}, and {values}", shown(low), shown(high));
        findings.tensor(&rule::CLIP_FAR, &fact.key, found);
    } else if let Some(scale) = fact.scale().filter(|_| fact.unit != Unit::Amax) {
        let bits = fact.format.map_or(8, Format::num_bits);
        let codes = (max.min(high) - min.max(low)) / scale;
        if amax > 0.0 && bits >= 8 && fact.format.is_none_or(|format| format.scheme().is_some()) && codes < FEW {
            findings.tensor(&rule::FEW_CODES, &fact.key, format!("{values}, which is {:.0} steps", codes.max(0.0)));
        }
    }
}
