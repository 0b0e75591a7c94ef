//! Scales and zero points that are not as many, and channels that stand out.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use crate::report::number;

/// A channel's scale this many times the median stands out.
const OUTLIER: f32 = 1e3;
/// Of fewer channels a median says nothing.
const FEWEST: usize = 8;

pub(super) fn judge(fact: &Fact, findings: &mut Findings) {
    let (scales, zeros, ends) = (fact.numbers.count, fact.zeros.len() as u64, fact.ends.len() as u64);
    // Of more numbers than are kept the zero points are not known one by one.
    let kept = scales == fact.numbers.each.len() as u64;
    if kept && scales > 0 && zeros > 0 && scales != zeros {
        let found = format!("it has {} and {}", number::of(scales, "scale"), number::of(zeros, "zero point"));
        findings.tensor(&rule::CHANNELS_DIFFER, &fact.key, found);
    }
    if kept && scales > 0 && ends > 0 && scales != ends {
        let found = format!("it has {} and {}", number::of(scales, "scale"), number::of(ends, "range"));
        findings.tensor(&rule::CHANNELS_DIFFER, &fact.key, found);
    }
    if fact.numbers.each.len() < FEWEST || fact.unit == Unit::Amax && fact.role == "activation" {
        return;
    }
    let Some(median) = fact.numbers.median() else { return };
    let outlier = |x: &f32| *x > median * OUTLIER || (*x > 0.0 && x.is_normal() && *x < median / OUTLIER);
    let all = &fact.numbers.each;
    if let Some(at) = all.iter().position(|x| x.is_finite() && outlier(x)) {
        let more = all.iter().filter(|x| x.is_finite() && outlier(x)).count() - 1;
        let more = if more > 0 { format!(", and {more} more stand out") } else { String::new() };
        let found = format!("channel {at} has {:e}, and the median is {median:e}{more}", all[at]);
        findings.tensor(&rule::CHANNEL_OUTLIER, &fact.key, found);
    }
}
