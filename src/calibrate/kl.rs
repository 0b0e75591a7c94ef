//! The KL divergence of a clip, for every clip at once.
//!
//! The objective is that of pytorch-quantization 2.2 and ModelOpt 0.47 (`_compute_amax_entropy`): the reference
//! distribution P is the histogram up to bin `i` with the whole tail added to its last bin; Q is the histogram spread
//! over `levels` equal levels, each level's count shared evenly by its non-empty bins. `KL = sum P ln(P / Q)` in nats,
//! both normalised to 1.

use super::divergence::Divergence;
use super::level_sums::{Below, LevelSums};
use super::logarithm::{ln, ln_ratio};
use crate::quant::Format;
use crate::vector::{Kernel, Width};

/// Why there is no divergence on a format, in a sentence without its full stop; `None` where there is one. On an affine
/// format it is that of the magnitudes, clipped at the larger end of the range: what the search minimises there too.
pub fn undefined_on(format: Format) -> Option<&'static str> {
    match format.even_levels() {
        None => Some("KL spreads the histogram over even levels, and those of FP8 are not even"),
        Some(_) => None,
    }
}

/// What bin 0 counts, where a ReLU's zeros lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ZeroBin {
    /// What bin 1 counts, as NVIDIA's search has it, so that zeros do not decide: see [`without_zero_bin`].
    #[default]
    Copied,
    /// What it holds, as the divergence is written down.
    AsItIs,
}

impl ZeroBin {
    /// The counts of `|x|` as a search sees them.
    pub fn counts(self, counts: Vec<u64>) -> Vec<u64> {
        match self {
            ZeroBin::Copied => without_zero_bin(counts),
            ZeroBin::AsItIs => counts,
        }
    }
}

/// The counts as NVIDIA's search sees them: bin 0 takes bin 1's count, so that a ReLU's zeros do not decide.
pub fn without_zero_bin(mut counts: Vec<u64>) -> Vec<u64> {
    if let [zero, first, ..] = &mut counts[..] {
        *zero = *first;
    }
    counts
}

/// `v ln v`, continued by 0.
#[inline(always)]
fn x(v: f64) -> f64 {
    let value = v * ln(v);
    if v > 0.0 { value } else { 0.0 }
}

/// `x` of many.
struct Xs<'a>(&'a mut [f64]);

impl Kernel for Xs<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|v| *v = x(*v));
    }
}

/// Sums over the first `j` bins, for all `j`.
struct Prefix {
    below: Vec<Below>,
    /// Of `x(count)`.
    x: Vec<f64>,
}

impl Prefix {
    fn of(counts: &[u64]) -> Prefix {
        let mut xs: Vec<f64> = counts.iter().map(|&c| c as f64).collect();
        Width::default().run(Xs(&mut xs));
        let mut p = Prefix { below: vec![[0.0; 2]], x: vec![0.0] };
        let (mut count, mut non_empty) = (0, 0u32);
        // Neumaier's compensated sum: the curve is a small difference of sums like this one.
        let (mut sum, mut lost) = (0.0f64, 0.0);
        for (&c, term) in counts.iter().zip(xs) {
            count += c;
            non_empty += u32::from(c > 0);
            let next = sum + term;
            lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
            sum = next;
            p.below.push([count as f64, f64::from(non_empty)]);
            p.x.push(sum + lost);
        }
        p
    }
}

/// KL divergence in nats for a clip at the upper end of bin `i - 1`, for every `i` in `0..=counts.len()`.
///
/// `counts` come from [`without_zero_bin`]; `levels` is a power of two
/// ([`Format::even_levels`](crate::quant::Format::even_levels)). Infinite where bin `i - 1` is empty and
/// something lies beyond it, NaN where nothing lies below (and at 0).
///
/// With T the sum of all counts, S that of the first `i`, `o = T - S`, `C_g` the count of level `g` and `n_g` its
/// non-empty bins, and `X(v) = v ln v`:
///
/// ```text
/// T KL(i) = sum_{j<i} X(c_j) - sum_g C_g ln(C_g / n_g)
///           + X(c_{i-1} + o) - X(c_{i-1}) - o ln(C_last / n_last) + T (ln S - ln T)
/// ```
///
/// Within 1e-12 of a direct evaluation, in `bins * levels` additions and at most as many logarithms, which go through
/// vector registers.
pub fn curve(counts: &[u64], levels: usize) -> Vec<f64> {
    let p = Prefix::of(counts);
    let sums = LevelSums::new(&p.below, levels);
    let total = p.below[counts.len()][0];
    let ends = |i: usize| Ends { before: p.below[i - 1][0], inside: p.below[i], level: p.below[sums.last_start(i)] };
    let ends: Vec<Ends> = (1..=counts.len()).map(ends).collect();
    let mut curve = sums.all();
    for (i, (value, x)) in curve.iter_mut().zip(&p.x).enumerate() {
        *value = if sums.shared(i) { x - *value } else { 0.0 };
    }
    curve[0] = f64::NAN;
    Width::default().run(Divergences { total, ends: &ends, curve: &mut curve[1..] });
    curve
}

/// The curve's value at one `i`, to the last bit, without the others.
pub fn at(counts: &[u64], levels: usize, i: usize) -> f64 {
    if i == 0 {
        return f64::NAN;
    }
    let p = Prefix::of(counts);
    let sums = LevelSums::new(&p.below, levels);
    let spread = if sums.shared(i) { p.x[i] - sums.at(i) } else { 0.0 };
    let ends = Ends { before: p.below[i - 1][0], inside: p.below[i], level: p.below[sums.last_start(i)] };
    ends.divergence(p.below[counts.len()][0], spread)
}

/// What lies below the clip at bin `i`, and below its last bin and its last level.
struct Ends {
    before: f64,
    inside: Below,
    level: Below,
}

impl Ends {
    /// `spread` is the part of the divergence that comes of spreading each level's count over its bins: exactly 0 where
    /// each bin is its own level.
    #[inline(always)]
    fn divergence(&self, total: f64, spread: f64) -> f64 {
        let Ends { before, inside: [inside, bins], level: [c, n] } = *self;
        let (last, outside) = (inside - before, total - inside);
        let tail = x(last + outside) - x(last) - outside * ln_ratio(inside - c, bins - n);
        let value = (spread + tail) / total + ln_ratio(inside, total);
        let value = if last == 0.0 { f64::INFINITY } else { value };
        let value = if outside == 0.0 { spread / total } else { value };
        // No divergence is negative: what the rounding leaves below 0 is 0.
        let value = if value > 0.0 { value } else { 0.0 };
        if inside == 0.0 { f64::NAN } else { value }
    }
}

/// The divergences, from the `spread` of each that stands in their place.
struct Divergences<'a> {
    total: f64,
    ends: &'a [Ends],
    curve: &'a mut [f64],
}

impl Kernel for Divergences<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for (value, ends) in self.curve.iter_mut().zip(self.ends) {
            *value = ends.divergence(self.total, *value);
        }
    }
}

/// The divergence at `i` in the peer's own order of operations, to settle what the curve cannot tell apart.
///
/// `scipy.stats.entropy(p, q)` of scipy 1.17 on f64 arrays of `i` bins: `sum(rel_entr(p / sum p, q / sum q))`, with
/// NumPy's pairwise sums.
pub fn peer_divergence(counts: &[u64], levels: usize, i: usize) -> f64 {
    Divergence::of(counts, levels, i).map_or(f64::NAN, |parts| parts.kl)
}

/// Divergences that a float32 search cannot tell apart: it adds up hundreds of rounded terms.
pub(super) const FLOAT32_NOISE: f64 = 1e-6;

/// Candidates that no rounding should choose between: their thresholds are further apart than this part of one.
const APART: f32 = 0.02;

/// What to say where candidates whose divergences are within `noise` of the chosen one's have thresholds more than 2 %
/// away from it: the last bits have chosen, and another library, or another processor, may end elsewhere. `threshold`
/// is that of a candidate by its place in `curve`.
pub(super) fn decided_by_rounding(
    curve: &[f64],
    chosen: usize,
    noise: f64,
    threshold: impl Fn(usize) -> f32,
) -> Option<String> {
    let ours = threshold(chosen);
    let close = curve.iter().enumerate().filter(|(_, kl)| (*kl - curve[chosen]).abs() <= noise);
    let (least, most) = close.map(|(i, _)| threshold(i) / ours).fold((1.0, 1.0), |(least, most): (f32, f32), ratio| {
        (least.min(ratio), most.max(ratio)) // not those of a threshold of 0, which are NaN
    });
    let percent = |ratio: f32| (100.0 * (ratio - 1.0).abs()).round();
    let range = match (1.0 - least > APART, most - 1.0 > APART) {
        (false, false) => return None,
        (true, false) => format!("down to {} % smaller", percent(least)),
        (false, true) => format!("up to {} % larger", percent(most)),
        (true, true) => format!("from {} % smaller to {} % larger", percent(least), percent(most)),
    };
    Some(format!("decided by rounding: thresholds {range} have divergences within {noise:e} of this one's"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `|a - b| <= 1e-12`, and the same infinities and NaNs.
    fn agree(a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12
    }

    #[test]
    fn the_hand_check_agrees() {
        // Published beside the peer's source reading: 3 bits, so 4 levels, searched from 4 on.
        let counts = without_zero_bin(vec![40, 30, 22, 16, 0, 8, 6, 4, 3, 2, 0, 1, 1, 0, 0, 1]);
        let inf = f64::INFINITY;
        let expected = [
            0.09156815, inf, 0.09029487, 0.06152935, 0.03068948, 0.02417183, 0.01988239, inf, 0.02691039, 0.03090013,
            inf, inf, 0.03362157,
        ];
        for (kl, expected) in curve(&counts, 4)[4..].iter().zip(expected) {
            assert!(*kl == expected || (kl - expected).abs() < 5e-9, "{kl} for {expected}");
        }
    }

    #[test]
    fn empty_bins_are_gaps_and_empty_ranges_undefined() {
        let c = curve(&without_zero_bin(vec![9, 0, 0, 5, 0, 0, 1]), 2);
        assert!(c[..=3].iter().all(|kl| kl.is_nan()));
        assert!(c[4].is_finite() && c[5].is_infinite() && c[6].is_infinite() && c[7].is_finite());
        assert!(curve(&[0; 300], 128).iter().all(|kl| kl.is_nan()));
    }

    #[test]
    fn close_divergences_far_apart_are_decided_by_rounding() {
        let says = |curve: &[f64], chosen| decided_by_rounding(curve, chosen, 1e-6, |i| 1.0 + 0.015 * i as f32);
        assert_eq!(says(&[0.5, 0.5, 0.9, 0.9], 0), None); // 1.5 % apart
        assert_eq!(says(&[0.5, 0.9, 0.500_002, 0.9], 0), None);
        let tail = "have divergences within 1e-6 of this one's";
        let larger = format!("decided by rounding: thresholds up to 3 % larger {tail}");
        assert_eq!(says(&[0.5, 0.9, 0.500_000_9, 0.9], 0), Some(larger));
        let smaller = format!("decided by rounding: thresholds down to 4 % smaller {tail}");
        assert_eq!(says(&[0.5, 0.9, f64::NAN, 0.499_999_9], 3), Some(smaller));
        let both = format!("decided by rounding: thresholds from 3 % smaller to 3 % larger {tail}");
        assert_eq!(says(&[0.5, 0.9, 0.5, 0.9, 0.5], 2), Some(both));
        assert_eq!(says(&[0.5, 0.5, 0.5, f64::NAN], 3), None);
        assert_eq!(decided_by_rounding(&[0.5; 9], 0, 1e-6, |_| 0.0), None);
    }

    #[test]
    fn with_a_level_for_each_bin_nothing_is_lost_but_the_tail() {
        let c = curve(&[3, 1, 4, 1, 5, 9], 8);
        assert_eq!(c[6], 0.0);
        assert_eq!(c[1], 0.0); // one bin is always like itself
        assert!(c[2..6].iter().all(|&kl| kl > 0.0));
    }

    proptest! {
        /// Few levels (logarithms at each), many levels (the table) and more levels than bins.
        #[test]
        fn the_curve_is_the_oracle_s(
            counts in prop::collection::vec(prop_oneof![2 => Just(0u64), 3 => 1u64..9, 3 => 0u64..100_000, 1 => 0u64..4_000_000_000], 2..400),
            bits in 0u32..10,
        ) {
            let (counts, levels) = (without_zero_bin(counts), 1 << bits);
            let curve = curve(&counts, levels);
            prop_assert!(curve[0].is_nan());
            prop_assert_eq!(curve.len(), counts.len() + 1);
            for (i, &kl) in curve.iter().enumerate().skip(1) {
                let oracle = peer_divergence(&counts, levels, i);
                prop_assert!(agree(kl, oracle), "{} for {} at {}", kl, oracle, i);
                prop_assert_eq!(at(&counts, levels, i).to_bits(), kl.to_bits(), "at {}", i);
            }
        }
    }
}
