//! The KL divergence of a clip, for every clip at once.
//!
//! The objective is that of pytorch-quantization 2.2 and ModelOpt 0.47 (`_compute_amax_entropy`): the reference
//! distribution P is the histogram up to bin `i` with the whole tail added to its last bin; Q is the histogram spread
//! over `levels` equal levels, each level's count shared evenly by its non-empty bins. `KL = sum P ln(P / Q)` in nats,
//! both normalised to 1.

use super::logarithm::ln;
use super::pairwise::pairwise_sum;
use crate::vector::{Kernel, Width};

/// The counts as the search sees them: bin 0 takes bin 1's count, so that a ReLU's zeros do not decide.
pub fn without_zero_bin(mut counts: Vec<u64>) -> Vec<u64> {
    if let [zero, first, ..] = &mut counts[..] {
        *zero = *first;
    }
    counts
}

/// `v ln v`, continued by 0.
fn x(v: f64) -> f64 {
    if v > 0.0 { v * ln(v) } else { 0.0 }
}

/// Sums over the first `j` bins, for all `j`.
struct Prefix {
    count: Vec<u64>,
    /// The same as floats, exact up to 2^53 values.
    mass: Vec<f64>,
    non_empty: Vec<f64>,
    /// Of `x(count)`.
    x: Vec<f64>,
}

impl Prefix {
    fn of(counts: &[u64]) -> Prefix {
        let mut p = Prefix { count: vec![0], mass: vec![0.0], non_empty: vec![0.0], x: vec![0.0] };
        let (mut count, mut non_empty) = (0, 0u32);
        // Neumaier's compensated sum: the curve is a small difference of sums like this one.
        let (mut sum, mut lost) = (0.0f64, 0.0);
        for &c in counts {
            count += c;
            non_empty += u32::from(c > 0);
            let term = x(c as f64);
            let next = sum + term;
            lost += if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
            sum = next;
            p.count.push(count);
            p.mass.push(count as f64);
            p.non_empty.push(f64::from(non_empty));
            p.x.push(sum + lost);
        }
        p
    }

    /// [`level`] of the bins `from..to`.
    fn level(&self, from: usize, to: usize) -> f64 {
        level(self.mass[to] - self.mass[from], self.non_empty[to] - self.non_empty[from])
    }
}

/// `C ln(C / n)` of a level with count C in n non-empty bins.
#[inline(always)]
fn level(count: f64, non_empty: f64) -> f64 {
    // Empty: ln of NaN is some number, which 0 takes the place of.
    let value = count * ln(count / non_empty);
    if count > 0.0 { value } else { 0.0 }
}

/// The levels of one width, by their first bin.
struct Row<'a> {
    mass: &'a [f64],
    non_empty: &'a [f64],
    width: usize,
    out: &'a mut [f64],
}

impl Kernel for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Row { mass, non_empty, width, out } = self;
        let counts = mass.iter().zip(&mass[width..]);
        let bins = non_empty.iter().zip(&non_empty[width..]);
        for ((value, (a, b)), (m, n)) in out.iter_mut().zip(counts).zip(bins) {
            *value = level(b - a, n - m);
        }
    }
}

/// KL divergence in nats for a clip at the upper end of bin `i - 1`, for every `i` in `0..=counts.len()`.
///
/// `counts` come from [`without_zero_bin`]; `levels` is a power of two
/// ([`Scheme::magnitude_levels`](crate::quant::Scheme::magnitude_levels)). Infinite where bin `i - 1` is empty and
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
/// Within 1e-12 of a direct evaluation, in `bins * levels` additions and `bins^2 / 2 levels` logarithms, which go through
/// vector registers.
pub fn curve(counts: &[u64], levels: usize) -> Vec<f64> {
    assert!(levels.is_power_of_two());
    let p = Prefix::of(counts);
    let n = counts.len();
    let total = p.count[n] as f64;
    let ln_total = ln(total);
    let mut sums = LevelSums::new(&p, levels);
    let mut curve = vec![f64::NAN; n + 1];
    for i in 1..=n {
        let last = counts[i - 1] as f64;
        let inside = p.count[i];
        let outside = (p.count[n] - inside) as f64;
        // `p.x[i] - level_sum` first: with fewer bins than levels each bin is its own level, and it is exactly 0.
        let spread = sums.at(i);
        curve[i] = if inside == 0 {
            f64::NAN
        } else if outside == 0.0 {
            ((p.x[i] - spread) / total).max(0.0)
        } else if last == 0.0 {
            f64::INFINITY
        } else {
            let (from, to) = last_level(i, levels);
            let ratio = (p.mass[to] - p.mass[from]) / (p.non_empty[to] - p.non_empty[from]);
            let tail = x(last + outside) - x(last) - outside * ln(ratio);
            // No divergence is negative: what the rounding leaves below 0 is 0.
            ((p.x[i] - spread + tail) / total + (ln(inside as f64) - ln_total)).max(0.0)
        };
    }
    curve
}

/// First bin of level `g` when `i` bins are spread over `levels`: bin j belongs to level `floor(j * levels / i)`.
fn level_start(g: usize, i: usize, levels: usize) -> usize {
    (g * i).div_ceil(levels)
}

/// The bins `from..to` of the level that holds bin `i - 1`.
fn last_level(i: usize, levels: usize) -> (usize, usize) {
    (level_start((i - 1) * levels / i, i, levels), i)
}

/// `sum_g C_g ln(C_g / n_g)` for one `i` after the other.
///
/// A level is `i / levels` bins wide or one more. While that width stays the same, two rows of the values of all levels
/// of these widths, by their first bin, serve every `i`: adding up takes the place of logarithms.
struct LevelSums<'a> {
    p: &'a Prefix,
    levels: usize,
    /// The levels of an even width and those of an odd one; empty where rows would cost more than they save.
    rows: [Vec<f64>; 2],
    /// The larger width that there is a row of.
    widest: usize,
}

impl<'a> LevelSums<'a> {
    fn new(p: &'a Prefix, levels: usize) -> LevelSums<'a> {
        let bins = p.count.len() - 1;
        let worth = bins > levels && bins / levels < 8 * levels;
        let row = || if worth { vec![0.0; bins] } else { Vec::new() };
        // No `i` that has levels at all has one of width 0.
        LevelSums { p, levels, rows: [row(), row()], widest: 0 }
    }

    fn at(&mut self, i: usize) -> f64 {
        if i <= self.levels {
            return self.p.x[i];
        }
        let shift = self.levels.trailing_zeros();
        let levels = self.levels;
        let end = |g: usize| (g * i + levels - 1) >> shift;
        let mut sums = [0.0; 4];
        let mut start = 0;
        if self.rows[0].is_empty() {
            for g in 1..=self.levels {
                sums[g % 4] += self.p.level(start, end(g));
                start = end(g);
            }
        } else {
            self.widen((i >> shift) + 1);
            let [even, odd] = &self.rows;
            let mut next = |g: usize| {
                let (from, to) = (start, end(g));
                start = to;
                if (to - from).is_multiple_of(2) { even[from] } else { odd[from] }
            };
            let quads = levels / 4 * 4;
            for g in (0..quads).step_by(4) {
                for (lane, sum) in sums.iter_mut().enumerate() {
                    *sum += next(g + lane + 1);
                }
            }
            (quads..levels).for_each(|g| sums[0] += next(g + 1));
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }

    /// Makes the rows of the levels up to `width` bins wide, as far as a level of that width can begin.
    fn widen(&mut self, width: usize) {
        let bins = self.p.count.len() - 1;
        while self.widest < width {
            self.widest += 1;
            let width = self.widest;
            let begins = (self.levels * (width + 1)).min((bins + 1).saturating_sub(width));
            let row = Row {
                mass: &self.p.mass,
                non_empty: &self.p.non_empty,
                width,
                out: &mut self.rows[width % 2][..begins.min(bins)],
            };
            Width::default().run(row);
        }
    }
}

/// The divergence at `i` in the peer's own order of operations, to settle what the curve cannot tell apart.
///
/// `scipy.stats.entropy(p, q)` of scipy 1.17 on f64 arrays of `i` bins: `sum(rel_entr(p / sum p, q / sum q))`, with
/// NumPy's pairwise sums.
pub fn peer_divergence(counts: &[u64], levels: usize, i: usize) -> f64 {
    let kept = &counts[..i];
    let level = |j: usize| j * levels / i;
    let mut q = vec![0.0; i];
    let mut from = 0;
    while from < i {
        let to = (from..i).find(|&j| level(j) != level(from)).unwrap_or(i);
        let members = &kept[from..to];
        let non_empty = members.iter().filter(|&&c| c > 0).count();
        let share = members.iter().sum::<u64>() as f64 / non_empty.max(1) as f64;
        for j in from..to {
            q[j] = if kept[j] > 0 { share } else { 0.0 };
        }
        from = to;
    }
    let mut p: Vec<f64> = kept.iter().map(|&c| c as f64).collect();
    p[i - 1] = (kept[i - 1] + counts[i..].iter().sum::<u64>()) as f64;
    let (sum_p, sum_q) = (pairwise_sum(&p), pairwise_sum(&q));
    let terms: Vec<f64> = p.iter().zip(&q).map(|(p, q)| rel_entr(p / sum_p, q / sum_q)).collect();
    pairwise_sum(&terms)
}

/// `scipy.special.rel_entr`: `p ln(p / q)`.
fn rel_entr(p: f64, q: f64) -> f64 {
    if p.is_nan() || q.is_nan() {
        return f64::NAN;
    }
    if p <= 0.0 || q <= 0.0 {
        return if p == 0.0 && q >= 0.0 { 0.0 } else { f64::INFINITY };
    }
    let ratio = p / q;
    if 0.5 < ratio && ratio < 2.0 {
        p * ((p - q) / q).ln_1p()
    } else if f64::MIN_POSITIVE < ratio && ratio < f64::INFINITY {
        p * ratio.ln()
    } else {
        p * (p.ln() - q.ln())
    }
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
            }
        }
    }
}
