//! One tensor's numbers: what no scale, no range and no zero point may be.

use half::f16;

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::numbers::{Found, Odd};
use super::super::rule::{self, Rule};
use crate::quant::Format;
use crate::report::number::{self, significant};
use crate::session::Kind;

/// By what share float16 may be off from a scale.
const OF_HALF: f64 = 0.01;
/// As many codes of 255 are too few for a range.
const FEW: f64 = 16.0;
/// Of a tensor's block scales so many may be 0: blocks of zeros.
const OF_BLOCKS: f64 = 0.01;

pub(super) fn judge(fact: &Fact, findings: &mut Findings) {
    scales(fact, findings);
    ends(fact, findings);
    zeros(fact, findings);
}

fn word(fact: &Fact) -> &'static str {
    match fact.unit {
        Unit::Scale | Unit::Reciprocal => "scale",
        Unit::Amax => "absolute maximum",
    }
}

fn scales(fact: &Fact, findings: &mut Findings) {
    // A block of zeros has the scale 0, and that is right.
    let blocks =
        fact.role == "weight_scale" && fact.shape.len() > 1 && fact.shape.iter().filter(|n| **n > 1).count() > 1;
    // One over a scale that is 0 is infinite: what is odd is named as it stands in the file.
    for odd in Odd::ALL {
        let Some(found) = fact.numbers.odd(odd) else { continue };
        if odd == Odd::Zero && blocks {
            let share = found.times as f64 / fact.numbers.count as f64;
            if share > OF_BLOCKS {
                let found = format!(
                    "{} of its {} block scales are 0",
                    number::percent(share),
                    number::count(fact.numbers.count)
                );
                findings.tensor(&rule::BLOCK_SCALES_ZERO, &fact.key, found);
            }
            continue;
        }
        let rule: &Rule = match odd {
            Odd::Zero => &rule::SCALE_ZERO,
            Odd::Infinite => &rule::SCALE_INFINITE,
            Odd::Nan => &rule::SCALE_NAN,
            Odd::Negative if fact.unit == Unit::Amax => &rule::AMAX_NEGATIVE,
            Odd::Negative => &rule::SCALE_NEGATIVE,
            Odd::Denormal => &rule::SCALE_DENORMAL,
        };
        findings.tensor(rule, &fact.key, say(fact, found));
    }
    if fact.unit != Unit::Scale {
        return;
    }
    let off = |x: &f32| (f64::from(f16::from_f32(*x).to_f32()) / f64::from(*x) - 1.0).abs() > OF_HALF;
    if let Some(x) = fact.numbers.low().filter(|x| off(x) && *x < 1.0) {
        findings.tensor(&rule::SCALE_BELOW_FP16, &fact.key, format!("{} {x:e}", its(fact, "smallest scale")));
    }
    if let Some(x) = fact.numbers.high().filter(|x| f16::from_f32(*x).is_infinite()) {
        findings.tensor(&rule::SCALE_ABOVE_FP16, &fact.key, format!("{} {x:e}", its(fact, "largest scale")));
    }
}

/// `its scale is`, or of several `its smallest scale is`.
fn its(fact: &Fact, of_several: &str) -> String {
    if fact.numbers.count > 1 { format!("its {of_several} is") } else { "its scale is".to_owned() }
}

fn say(fact: &Fact, found: Found) -> String {
    let (word, value) = (word(fact), found.value);
    match (fact.numbers.count, found.times) {
        (1, _) => format!("its {word} is {value:?}"),
        (n, times) => {
            let s = if times == 1 { "is" } else { "are" };
            let n = number::count(n);
            format!("{} of its {n} scales {s} {value:?}, the first of channel {}", number::count(times), found.first)
        }
    }
}

fn ends(fact: &Fact, findings: &mut Findings) {
    let format = fact.format;
    // Of channels the first that is wrong in each way.
    let mut said: Vec<&Rule> = Vec::new();
    for (at, &(low, high)) in fact.ends.iter().enumerate() {
        let of = if fact.ends.len() > 1 { format!("channel {at} has the range") } else { "its range is".to_owned() };
        let range = format!("{of} {} to {}", shown(low), shown(high));
        let mut find = |rule: &'static Rule, found: String| {
            if !said.contains(&rule) {
                findings.tensor(rule, &fact.key, found);
                said.push(rule);
            }
        };
        if !low.is_finite() || !high.is_finite() {
            find(&rule::RANGE_NOT_FINITE, range);
            continue;
        }
        if low > high {
            find(&rule::RANGE_INVERTED, range);
            continue;
        }
        if low == high {
            // What was seen at one value only is a constant, and a range from 0 to it holds it.
            if !fact.seen || low == 0.0 {
                find(&rule::RANGE_EMPTY, range);
            }
            continue;
        }
        if low > 0.0 || high < 0.0 {
            let (reach, steps) = (low.abs().max(high.abs()), format.map_or(255, |f| f.qmax() - f.qmin()));
            let codes = (high - low) / reach * f64::from(steps);
            if codes < FEW {
                find(&rule::RANGE_COLLAPSED, format!("{range}, of which {codes:.0} codes remain"));
            } else if !fact.seen {
                // Of values that were seen whoever chooses a range makes it hold 0.
                find(&rule::RANGE_WITHOUT_ZERO, range.clone());
            }
        }
        let integers = format.and_then(Format::scheme);
        let Some(scheme) = integers.filter(|_| fact.unit == Unit::Scale && !fact.seen) else { continue };
        // A signed symmetric range by one end, where the other is larger.
        let (symmetric, scale) = (scheme.symmetric() && scheme.signed(), fact.numbers.each.get(at).copied());
        if let Some(scale) = scale.map(f64::from).filter(|scale| scale.is_finite() && *scale > 0.0) {
            let zero = fact.zeros.get(at).copied().unwrap_or(0.0);
            // Grids that use the lowest code, and those that do not.
            let lowest = if scheme.signed() { -scheme.qmax() - 1 } else { 0 };
            let reach = [lowest, scheme.qmax()].map(|code| (f64::from(code) - zero) * scale);
            let step = 1.5 * scale;
            if symmetric && -low > reach[1] + step && (high - reach[1]).abs() <= step {
                find(&rule::MAX_FOR_AMAX, format!("{range}, and its scale reaches {}", shown(reach[1])));
            } else {
                let off = |end: f64, reach: f64| (end - reach).abs() > step && (!symmetric || end.abs() > reach.abs());
                if off(low, reach[0]) || off(high, reach[1]) {
                    let reach = format!("{} to {}", shown(reach[0]), shown(reach[1]));
                    find(&rule::ENDS_DIFFER, format!("{range}, and scale and zero point reach {reach}"));
                }
            }
        }
    }
}

pub(super) fn shown(x: f64) -> String {
    if x.is_nan() { "NaN".to_owned() } else { significant(x, 4) }
}

fn zeros(fact: &Fact, findings: &mut Findings) {
    let Some(format) = fact.format else { return };
    let mut said: Vec<&Rule> = Vec::new();
    for (at, &zero) in fact.zeros.iter().enumerate() {
        let of = if fact.zeros.len() > 1 {
            format!("channel {at} has the zero point")
        } else {
            "its zero point is".to_owned()
        };
        let mut find = |rule: &'static Rule, found: String| {
            if !said.contains(&rule) {
                findings.tensor(rule, &fact.key, found);
                said.push(rule);
            }
        };
        if !zero.is_finite() || zero.fract() != 0.0 {
            find(&rule::ZERO_POINT_FRACTION, format!("{of} {}", shown(zero)));
            continue;
        }
        // Two's complement has one code more than a symmetric format uses.
        let lowest = f64::from(format.qmin()) - f64::from(u8::from(format.symmetric() && format.signed()));
        if format.symmetric() && zero != 0.0 {
            find(&rule::ZERO_POINT_SYMMETRIC, format!("{of} {zero}, of {format}"));
        } else if zero < lowest || zero > f64::from(format.qmax()) {
            find(&rule::ZERO_POINT_OUTSIDE, format!("{of} {zero}, of {format}"));
        } else if zero == 127.0 && !format.signed() && format.num_bits() == 8 && fact.kind == Kind::Weight {
            find(&rule::UINT8_MIDDLE, format!("{of} 127, of {format}"));
        }
    }
}
