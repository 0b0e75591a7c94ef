//! The first pass: totals, range and moments.

use super::merge_error::MergeError;
use super::tally::Pick;
use crate::vector::{Kernel, Width};

/// Values in one block of the moments. Fixed, and counted from the first value, so that the sums do not depend on how
/// the values were cut into pushes.
pub(super) const BLOCK: usize = 4096;

/// What is known of a tensor besides its bins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// All elements: finite ones, NaN and infinities.
    pub count: u64,
    /// NaN elements.
    pub nan: u64,
    /// `+Inf` elements.
    pub pos_inf: u64,
    /// `-Inf` elements.
    pub neg_inf: u64,
    /// Elements that are exactly `+0.0` or `-0.0`.
    pub zeros: u64,
    /// The smallest finite value; `None` when there is none.
    pub min: Option<f32>,
    /// The largest finite value; `None` when there is none.
    pub max: Option<f32>,
    moments: Moments,
}

impl Stats {
    /// Number of finite values.
    pub fn finite(&self) -> u64 {
        self.count - self.nan - self.pos_inf - self.neg_inf
    }

    /// The smallest and the largest finite value; 0 and 0 where there is none.
    pub fn range(&self) -> (f32, f32) {
        (self.min.unwrap_or(0.0), self.max.unwrap_or(0.0))
    }

    /// `max |x|` over the finite values; 0 when there is none.
    pub fn amax(&self) -> f32 {
        self.max.unwrap_or(0.0).max(-self.min.unwrap_or(0.0))
    }

    /// Mean of the finite values.
    pub fn mean(&self) -> Option<f64> {
        (self.moments.n > 0.0).then_some(self.moments.mean)
    }

    /// Population standard deviation of the finite values (`ddof = 0`), as `np.std`.
    pub fn std(&self) -> Option<f64> {
        (self.moments.n > 0.0).then(|| (self.moments.m2 / self.moments.n).sqrt())
    }

    /// Sum of the squares of the finite values: the signal of an SQNR.
    pub fn sum_of_squares(&self) -> f64 {
        self.moments.m2 + self.moments.n * self.moments.mean * self.moments.mean
    }

    /// How many values the moments are of, their mean and their sum of squared deviations.
    pub(super) fn moments(&self) -> (f64, f64, f64) {
        (self.moments.n, self.moments.mean, self.moments.m2)
    }

    pub(super) fn with_moments(self, n: f64, mean: f64, m2: f64) -> Stats {
        Stats { moments: Moments { n, mean, m2 }, ..self }
    }

    /// Takes in those of another part. Parts that tell the moments of one larger whole keep them.
    pub(super) fn join(&mut self, other: &Stats) -> Result<(), MergeError> {
        let count = self.count.checked_add(other.count).ok_or(MergeError::TooMany)?;
        let own = |s: &Stats| s.moments.n == s.finite() as f64;
        let same = (&self.moments, self.min, self.max) == (&other.moments, other.min, other.max);
        let finite = (self.finite() + other.finite()) as f64;
        if same && self.moments.n > 0.0 && finite <= self.moments.n {
            let whole = self.clone();
            self.merge(other);
            (self.moments, self.min, self.max) = (whole.moments, whole.min, whole.max);
        } else if own(self) && own(other) {
            self.merge(other);
        } else {
            return Err(MergeError::Wholes);
        }
        debug_assert_eq!(self.count, count);
        Ok(())
    }

    fn widen(&mut self, min: f32, max: f32) {
        // `+ 0.0` makes a negative zero plain: which of the two comes first must not show.
        self.min = Some(self.min.map_or(min, |m| m.min(min)) + 0.0);
        self.max = Some(self.max.map_or(max, |m| m.max(max)) + 0.0);
    }

    fn add(&mut self, values: &[f32], width: Width) {
        if values.is_empty() {
            return;
        }
        self.count += values.len() as u64;
        let block = width.run(Look { values }).or_else(|| {
            let kinds = width.run(Kinds { values });
            self.nan += u64::from(kinds.nan);
            self.pos_inf += u64::from(kinds.pos_inf);
            self.neg_inf += u64::from(kinds.neg_inf);
            let mut kept = [0.0; BLOCK];
            let values = width.run(Pick { values, kept: &mut kept, keep: |x: f32| x.is_finite() });
            width.run(Look { values })
        });
        let Some(block) = block else { return }; // nothing finite
        self.zeros += u64::from(block.zeros);
        self.widen(block.min, block.max);
        self.moments.merge(&block.moments);
    }

    fn merge(&mut self, other: &Stats) {
        self.count += other.count;
        self.nan += other.nan;
        self.pos_inf += other.pos_inf;
        self.neg_inf += other.neg_inf;
        self.zeros += other.zeros;
        if let (Some(min), Some(max)) = (other.min, other.max) {
            self.widen(min, max);
        }
        self.moments.merge(&other.moments);
    }
}

/// Count, mean and sum of squared deviations, merged as in Chan, Golub and LeVeque (1979).
#[derive(Clone, Debug, Default, PartialEq)]
struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Moments {
    fn merge(&mut self, other: &Moments) {
        if other.n == 0.0 {
            return;
        }
        let n = self.n + other.n;
        let delta = other.mean - self.mean;
        self.mean += delta * (other.n / n);
        self.m2 += other.m2 + delta * delta * (self.n * (other.n / n));
        self.n = n;
    }
}

/// Lanes that sums and extremes are spread over, so that the compiler may use vector registers without reordering them.
const LANES: usize = 32;

/// How many values are not finite, by kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NotFinite {
    pub nan: u32,
    pub pos_inf: u32,
    pub neg_inf: u32,
}

/// Counts what is not finite.
pub(super) struct Kinds<'a> {
    pub values: &'a [f32],
}

impl Kernel for Kinds<'_> {
    type Out = NotFinite;

    #[inline(always)]
    fn run(self) -> NotFinite {
        let mut kinds = NotFinite { nan: 0, pos_inf: 0, neg_inf: 0 };
        for &x in self.values {
            kinds.nan += u32::from(x.is_nan());
            kinds.pos_inf += u32::from(x == f32::INFINITY);
            kinds.neg_inf += u32::from(x == f32::NEG_INFINITY);
        }
        kinds
    }
}

/// What there is to know of some finite values.
struct Block {
    min: f32,
    max: f32,
    zeros: u32,
    moments: Moments,
}

/// Looks at a block; the answer is `None` if it is empty or one of the values is not finite.
struct Look<'a> {
    values: &'a [f32],
}

impl Kernel for Look<'_> {
    type Out = Option<Block>;

    // One short loop for each thing that is wanted: the block is in the first cache, and a loop that does all at once
    // is not vectorized.
    #[inline(always)]
    fn run(self) -> Option<Block> {
        let values = self.values;
        let sum = sum(values, f64::from);
        // No sum of f32s overflows f64: a finite sum says that every value is.
        if values.is_empty() || !sum.is_finite() {
            return None;
        }
        let (mut min, mut max) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for l in 0..LANES {
                let x = chunk[l];
                min[l] = if x < min[l] { x } else { min[l] };
                max[l] = if x > max[l] { x } else { max[l] };
            }
        }
        let min = rest.iter().copied().chain(min).fold(f32::INFINITY, f32::min);
        let max = rest.iter().copied().chain(max).fold(f32::NEG_INFINITY, f32::max);
        let zeros = values.iter().map(|&x| u32::from(x == 0.0)).sum();
        let n = values.len() as f64;
        let mean = sum / n;
        let m2 = self::sum(values, |x| {
            let d = f64::from(x) - mean;
            d * d
        });
        Some(Block { min, max, zeros, moments: Moments { n, mean, m2 } })
    }
}

#[inline(always)]
fn sum(values: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            sums[l] += term(chunk[l]);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| term(x)).sum::<f64>()
}

/// The first pass over a tensor's values.
///
/// The result does not depend on how one sequence of values is cut into pushes, to the last bit; merging passes over
/// parts gives the same totals and range, and the same moments up to rounding.
#[derive(Clone, Debug, Default)]
pub struct RangePass {
    stats: Stats,
    /// The beginning of a block that the next push goes on with.
    open: Vec<f32>,
    width: Width,
}

impl RangePass {
    /// A pass that has seen nothing.
    pub fn new() -> RangePass {
        RangePass::default()
    }

    /// Takes in the next values.
    pub fn push(&mut self, mut values: &[f32]) {
        if !self.open.is_empty() {
            let (head, tail) = values.split_at(values.len().min(BLOCK - self.open.len()));
            self.open.extend_from_slice(head);
            values = tail;
            if self.open.len() < BLOCK {
                return;
            }
            self.stats.add(&self.open, self.width);
            self.open.clear();
        }
        let mut blocks = values.chunks_exact(BLOCK);
        blocks.by_ref().for_each(|block| self.stats.add(block, self.width));
        self.open.extend_from_slice(blocks.remainder());
    }

    /// How many values were pushed.
    pub fn count(&self) -> u64 {
        self.stats.count + self.open.len() as u64
    }

    /// Goes on with a piece that begins where the values pushed so far end. The result is that of pushing its values,
    /// to the last bit.
    ///
    /// # Panics
    ///
    /// If the piece begins elsewhere.
    pub fn append(&mut self, piece: RangePiece) {
        assert_eq!(self.count(), piece.at, "pieces come in order");
        self.push(&piece.head);
        for block in &piece.blocks {
            self.stats.merge(block);
        }
        self.push(&piece.tail);
    }

    /// Takes in what another pass has seen.
    pub fn merge(&mut self, other: RangePass) {
        self.close();
        self.stats.merge(&other.finish());
    }

    /// The totals of everything that was pushed.
    pub fn finish(mut self) -> Stats {
        self.close();
        self.stats
    }

    fn close(&mut self) {
        self.stats.add(&self.open, self.width);
        self.open.clear();
    }
}

/// Part of the work of a [`RangePass`], done apart: on another thread, before its turn.
#[derive(Clone, Debug)]
pub struct RangePiece {
    at: u64,
    /// Values before the first whole block, and after the last one.
    head: Vec<f32>,
    blocks: Vec<Stats>,
    tail: Vec<f32>,
}

impl RangePiece {
    /// Looks at values of which the first is the one at place `at` of the whole sequence.
    pub fn of(values: &[f32], at: u64) -> RangePiece {
        let width = Width::default();
        let before = at.next_multiple_of(BLOCK as u64) - at;
        let (head, rest) = values.split_at(values.len().min(before as usize));
        let blocks = rest.chunks_exact(BLOCK);
        let tail = blocks.remainder().to_vec();
        let stats = |block| {
            let mut stats = Stats::default();
            stats.add(block, width);
            stats
        };
        RangePiece { at, head: head.to_vec(), blocks: blocks.map(stats).collect(), tail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stats(values: &[f32]) -> Stats {
        let mut pass = RangePass::new();
        pass.push(values);
        pass.finish()
    }

    #[test]
    fn what_is_not_finite_is_counted_and_left_out() {
        let s = stats(&[1.0, f32::NAN, f32::INFINITY, -3.0, f32::NEG_INFINITY, -0.0, 0.0, f32::INFINITY]);
        assert_eq!((s.count, s.nan, s.pos_inf, s.neg_inf, s.zeros, s.finite()), (8, 1, 2, 1, 2, 4));
        assert_eq!((s.min, s.max, s.amax()), (Some(-3.0), Some(1.0), 3.0));
        assert_eq!((s.mean(), s.sum_of_squares()), (Some(-0.5), 10.0));
        let none = stats(&[f32::NAN; 9]);
        assert_eq!((none.min, none.mean(), none.std(), none.amax()), (None, None, None, 0.0));
        assert_eq!(stats(&[]), Stats::default());
    }

    #[test]
    fn a_far_offset_costs_the_spread_no_digits() {
        let values: Vec<f32> = (0..100_000).map(|i| 1e6 + (i % 1000) as f32 / 16.0).collect();
        let exact = (999_999.0f64 / 12.0).sqrt() / 16.0; // of 0..1000, over 16
        let s = stats(&values);
        assert!((s.std().unwrap() - exact).abs() < 1e-12 * exact);
        assert!((s.mean().unwrap() - (1e6 + 999.0 / 32.0)).abs() < 1e-9);
    }

    #[test]
    fn the_largest_floats_do_not_overflow() {
        let s = stats(&[f32::MAX, f32::MIN, f32::MAX, f32::MIN]);
        assert_eq!((s.mean(), s.std()), (Some(0.0), Some(f64::from(f32::MAX))));
    }

    proptest! {
        #[test]
        fn cutting_one_sequence_changes_no_bit(cuts in prop::collection::vec(1usize..9000, 1..8), seed in 0u32..1000) {
            let value = |i: u32| f32::from_bits(0x3f00_0000 + (i.wrapping_mul(seed + 7) % 0x80_0000)) - 0.7;
            let values: Vec<f32> = (0..20_000).map(value).collect();
            let mut pass = RangePass::new();
            let mut rest = &values[..];
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                pass.push(head);
                rest = tail;
            }
            pass.push(rest);
            prop_assert_eq!(pass.finish(), stats(&values));
        }

        #[test]
        fn pieces_change_no_bit(cuts in prop::collection::vec(1usize..9000, 1..8), bad in 0usize..20_000) {
            let mut values: Vec<f32> = (0..20_000).map(|i| (i as f32).sin() * 3.0 + 5.0).collect();
            values[bad] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0][bad % 4];
            let (mut pass, mut at) = (RangePass::new(), 0);
            for cut in cuts.into_iter().chain([20_000]) {
                let to = (at + cut).min(values.len());
                pass.append(RangePiece::of(&values[at..to], at as u64));
                at = to;
            }
            prop_assert_eq!(pass.finish(), stats(&values));
        }

        #[test]
        fn every_width_gives_the_same_bits(values in prop::collection::vec(any::<f32>(), 0..5000), finite: bool) {
            let values: Vec<f32> = values.into_iter().filter(|x| !finite || x.is_finite()).collect();
            let of = |width| {
                let mut pass = RangePass { width, ..RangePass::new() };
                pass.push(&values);
                pass.finish()
            };
            for width in Width::all().into_iter().flatten() {
                prop_assert_eq!(of(width), of(Width::all()[0].unwrap()));
            }
        }

        #[test]
        fn merging_parts_gives_the_same_totals(at in 0usize..10_000) {
            let values: Vec<f32> = (0..10_000).map(|i| (i as f32).sin() * 3.0 + 5.0).collect();
            let (mut a, mut b) = (RangePass::new(), RangePass::new());
            a.push(&values[..at]);
            b.push(&values[at..]);
            a.merge(b);
            let (merged, whole) = (a.finish(), stats(&values));
            prop_assert_eq!((merged.count, merged.min, merged.max), (whole.count, whole.min, whole.max));
            prop_assert!((merged.mean().unwrap() - whole.mean().unwrap()).abs() < 1e-13);
            prop_assert!((merged.std().unwrap() - whole.std().unwrap()).abs() < 1e-13);
        }
    }
}
