//! What a user should know about a tensor before trusting any number.

use super::Rank;
use crate::histogram::{GridKind, Histogram};
use crate::quant::Format;

/// Share of the values beyond a chosen clip from which on the screen warns.
pub const SATURATES_MUCH: f64 = 0.01;

/// Values this rare, as a share of the finite ones, are called far outliers.
const RARE: f64 = 1e-4;

/// Fewer values than this have no outliers, only values.
const ENOUGH: u64 = 1000;

/// Something unusual about a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warning {
    /// NaN or infinities are among the values; they were counted and left out.
    NonFinite {
        /// NaN values.
        nan: u64,
        /// Infinities of either sign.
        inf: u64,
    },
    /// The tensor has no element.
    Empty,
    /// The tensor has elements, and none is finite.
    NothingFinite,
    /// Every finite value is 0.
    AllZero,
    /// Every finite value is this one.
    Constant(f32),
    /// A signed symmetric format for values of one sign.
    OneSided {
        /// Whether the values are all `<= 0`, rather than all `>= 0`.
        negative: bool,
    },
    /// A handful of values holds more than half of the range.
    FarOutliers {
        /// How many values there are.
        count: u64,
        /// The part of `[0, amax]` that only they reach, 0.5 to 1.
        share_of_range: f64,
    },
    /// The values were seen only once, so that the histogram is on a power-of-two grid.
    SinglePass,
}

impl Warning {
    /// One or two words for a narrow column.
    pub fn tag(&self) -> &'static str {
        match self {
            Warning::NonFinite { nan: 0, .. } => "Inf",
            Warning::NonFinite { .. } => "NaN",
            Warning::Empty => "empty",
            Warning::NothingFinite => "not finite",
            Warning::AllZero => "all zero",
            Warning::Constant(_) => "constant",
            Warning::OneSided { .. } => "one-sided",
            Warning::FarOutliers { .. } => "outliers",
            Warning::SinglePass => "one pass",
        }
    }

    /// How grave it is.
    pub fn rank(&self) -> Rank {
        match self {
            Warning::NonFinite { .. } | Warning::Empty | Warning::NothingFinite => Rank::Wrong,
            // What outliers cost is seen at the clip that is chosen, and a constant is kept exactly.
            Warning::AllZero | Warning::Constant(_) | Warning::FarOutliers { .. } => Rank::Worth,
            // Symmetric formats have it behind every Relu.
            Warning::OneSided { .. } | Warning::SinglePass => Rank::Worth,
        }
    }

    /// The whole story, in a sentence.
    pub fn sentence(&self) -> String {
        match *self {
            Warning::NonFinite { nan, inf } => {
                let part = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
                let parts = [(nan, "NaN", "NaNs"), (inf, "infinity", "infinities")];
                let found: Vec<String> =
                    parts.into_iter().filter(|p| p.0 > 0).map(|(n, one, many)| part(n, one, many)).collect();
                format!("{} left out of the histogram.", found.join(" and "))
            }
            Warning::Empty => "The tensor has no elements.".into(),
            Warning::NothingFinite => "No value is finite, so there is nothing to calibrate.".into(),
            Warning::AllZero => "Every value is 0: any scale will do, and 1.0 is written.".into(),
            Warning::Constant(x) => format!("Every value is {x}: a range cannot be learned from one value."),
            Warning::OneSided { negative: false } => {
                "No value is negative: half of the signed codes are never used; unsigned integers would use all of theirs.".into()
            }
            Warning::OneSided { negative: true } => {
                "No value is positive: half of the signed codes are never used (an affine format would use them all)."
                    .into()
            }
            Warning::FarOutliers { count, share_of_range } => format!(
                "{count} value{} the upper {:.0} % of the range.",
                if count == 1 { " holds" } else { "s hold" },
                (100.0 * share_of_range).floor(),
            ),
            Warning::SinglePass => {
                "The values were seen only once: counts are on a power-of-two grid, not on the exact [0, amax].".into()
            }
        }
    }
}

/// Everything unusual about a tensor that is to go to `format`, the gravest first.
pub fn warnings(h: &Histogram, format: Format) -> Vec<Warning> {
    let stats = &h.stats;
    let mut found = Vec::new();
    if stats.count == 0 {
        return vec![Warning::Empty];
    }
    let (nan, inf) = (stats.nan, stats.pos_inf + stats.neg_inf);
    if nan + inf > 0 {
        found.push(Warning::NonFinite { nan, inf });
    }
    let (Some(min), Some(max)) = (stats.min, stats.max) else {
        found.push(Warning::NothingFinite);
        return found;
    };
    if min == max {
        found.push(if min == 0.0 { Warning::AllZero } else { Warning::Constant(min) });
    }
    // The sign of a floating-point value is no half of the range.
    if format.even_levels().is_some()
        && format.signed()
        && format.symmetric()
        && stats.amax() > 0.0
        && (min >= 0.0 || max <= 0.0)
    {
        found.push(Warning::OneSided { negative: max <= 0.0 });
    }
    found.extend(far_outliers(h));
    if h.kind == GridKind::PowerOfTwo {
        found.push(Warning::SinglePass);
    }
    found
}

fn far_outliers(h: &Histogram) -> Option<Warning> {
    if h.stats.finite() < ENOUGH {
        return None;
    }
    let (counts, rare) = (h.magnitude.counts(), (h.stats.finite() as f64 * RARE) as u64);
    let (mut count, mut from) = (0, counts.len());
    while from > 0 && count + counts[from - 1] <= rare {
        from -= 1;
        count += counts[from];
    }
    let share_of_range = 1.0 - from as f64 / counts.len() as f64;
    (count > 0 && share_of_range > 0.5).then_some(Warning::FarOutliers { count, share_of_range })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GrowingHistogram;

    fn tags(values: &[f32]) -> Vec<&'static str> {
        warnings(&Histogram::of(values, 2048, &[]), Format::INT8).iter().map(Warning::tag).collect()
    }

    #[test]
    fn each_oddity_is_told() {
        assert_eq!(tags(&[]), ["empty"]);
        assert_eq!(tags(&[f32::NAN, f32::INFINITY]), ["NaN", "not finite"]);
        assert_eq!(tags(&[0.0, -0.0, f32::INFINITY]), ["Inf", "all zero"]);
        assert_eq!(tags(&[3.0, 3.0]), ["constant", "one-sided"]);
        assert_eq!(tags(&[0.0, 1.0]), ["one-sided"]);
        assert_eq!(tags(&[-1.0, 1.0]), [""; 0]);
        let affine = Format::INT8.with_symmetric(false);
        assert!(warnings(&Histogram::of(&[0.0, 1.0], 8, &[]), affine).is_empty());
        assert!(warnings(&Histogram::of(&[0.0, 1.0], 8, &[]), crate::quant::Fp8::E4m3.into()).is_empty());
        let mut h = GrowingHistogram::new(8);
        h.push(&[-1.0, 1.0]);
        assert_eq!(warnings(&h.finish(), Format::INT8), [Warning::SinglePass]);
        let both = Warning::NonFinite { nan: 1, inf: 2 };
        assert_eq!(both.sentence(), "1 NaN and 2 infinities left out of the histogram.");
    }

    #[test]
    fn what_a_relu_does_to_every_layer_is_no_alarm() {
        let rank = |values: &[f32]| {
            let found = warnings(&Histogram::of(values, 2048, &[]), Format::INT8);
            found.iter().map(Warning::rank).min()
        };
        assert_eq!(rank(&[0.0, 1.0]), Some(Rank::Worth));
        assert_eq!((rank(&[f32::NAN, -1.0, 1.0]), rank(&[])), (Some(Rank::Wrong), Some(Rank::Wrong)));
        assert!(Rank::Costs < Rank::Wrong && Rank::Wrong < Rank::Worth && !Rank::Worth.is_marked());
    }

    #[test]
    fn a_few_values_that_hold_most_of_the_range_are_outliers() {
        let mut values: Vec<f32> = (0..20_000).map(|i| (i as f32).sin()).collect();
        assert_eq!(tags(&values), [""; 0]);
        values[7] = 10.0;
        values[8] = -9.0;
        let found = warnings(&Histogram::of(&values, 2048, &[]), Format::INT8);
        let [Warning::FarOutliers { count: 2, share_of_range }] = found[..] else { panic!("{found:?}") };
        assert!((share_of_range - 0.9).abs() < 0.001);
        assert_eq!(found[0].sentence(), "2 values hold the upper 89 % of the range.");
        assert_eq!(tags(&values[..999]), [""; 0]); // too few to speak of outliers
    }
}
