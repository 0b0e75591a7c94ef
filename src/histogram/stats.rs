//! The first pass: totals, range and moments.

/// Values in one block of the moments. Fixed, and counted from the first value, so that the sums do not depend on how
/// the values were cut into pushes.
const BLOCK: usize = 4096;

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

    /// Takes in the totals of one block whose values are all finite.
    fn add_finite(&mut self, values: &[f32], block: Block) {
        self.zeros += u64::from(block.zeros);
        self.widen(block.min, block.max);
        let n = values.len() as f64;
        let mean = block.sum / n;
        self.moments.merge(&Moments { n, mean, m2: sum_of_squared_deviations(values, mean) });
    }

    fn widen(&mut self, min: f32, max: f32) {
        // `+ 0.0` makes a negative zero plain: which of the two comes first must not show.
        self.min = Some(self.min.map_or(min, |m| m.min(min)) + 0.0);
        self.max = Some(self.max.map_or(max, |m| m.max(max)) + 0.0);
    }

    fn add(&mut self, values: &[f32]) {
        if values.is_empty() {
            return;
        }
        self.count += values.len() as u64;
        let block = Block::of(values);
        if block.sum.is_finite() {
            // No sum of f32s overflows f64: a finite sum says that every value is.
            self.add_finite(values, block);
            return;
        }
        let mut finite = Vec::with_capacity(values.len());
        for &x in values {
            if x.is_finite() {
                finite.push(x);
            } else if x.is_nan() {
                self.nan += 1;
            } else if x > 0.0 {
                self.pos_inf += 1;
            } else {
                self.neg_inf += 1;
            }
        }
        if !finite.is_empty() {
            let block = Block::of(&finite);
            self.add_finite(&finite, block);
        }
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

/// Lanes that the sums are spread over, so that the compiler may use vector registers without reordering them.
const LANES: usize = 8;

struct Block {
    sum: f64,
    min: f32,
    max: f32,
    zeros: u32,
}

impl Block {
    /// One look at the values; `sum` is not finite if and only if one of them is not.
    fn of(values: &[f32]) -> Block {
        let mut sum = [0.0f64; LANES];
        let (mut min, mut max, mut zeros) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES], [0u32; LANES]);
        let mut take = |chunk: &[f32; LANES]| {
            for l in 0..LANES {
                let x = chunk[l];
                sum[l] += f64::from(x);
                min[l] = if x < min[l] { x } else { min[l] };
                max[l] = if x > max[l] { x } else { max[l] };
                zeros[l] += u32::from(x == 0.0);
            }
        };
        let (chunks, rest) = values.as_chunks::<LANES>();
        chunks.iter().for_each(&mut take);
        let mut block = Block {
            sum: sum.iter().sum(),
            min: min.into_iter().fold(f32::INFINITY, f32::min),
            max: max.into_iter().fold(f32::NEG_INFINITY, f32::max),
            zeros: zeros.iter().sum(),
        };
        for &x in rest {
            block.sum += f64::from(x);
            block.min = block.min.min(x);
            block.max = block.max.max(x);
            block.zeros += u32::from(x == 0.0);
        }
        block
    }
}

fn sum_of_squared_deviations(values: &[f32], mean: f64) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for l in 0..LANES {
            let d = f64::from(chunk[l]) - mean;
            sums[l] += d * d;
        }
    }
    let rest: f64 = rest.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
    sums.iter().sum::<f64>() + rest
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
            self.stats.add(&self.open);
            self.open.clear();
        }
        let mut blocks = values.chunks_exact(BLOCK);
        blocks.by_ref().for_each(|block| self.stats.add(block));
        self.open.extend_from_slice(blocks.remainder());
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
        self.stats.add(&self.open);
        self.open.clear();
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
