//! What is known of some values: totals, exact sums, and bins of a power of two.

use crate::histogram::{Histogram, MergeError, Stats, Sums, bin_exponent, kept_bins};

/// How many values lie in a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// -1 or 1; zeros of either sign are 1.
    pub sign: i8,
    /// The bin is `[index * 2^exponent, (index + 1) * 2^exponent)`.
    pub index: u32,
    /// How many; at least 1.
    pub n: u64,
}

impl Bin {
    fn place(&self) -> (i8, u32) {
        (self.sign, self.index)
    }
}

/// The largest count that a table holds: engines have signed integers of 64 bits.
pub(super) const MOST: u64 = i64::MAX as u64;

/// What is known of a tensor, or of one channel of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// All values, NaN and infinities too.
    pub n: u64,
    /// Values that are 0 or -0.
    pub zeros: u64,
    /// NaN.
    pub nan: u64,
    /// `+Inf`.
    pub pos_inf: u64,
    /// `-Inf`.
    pub neg_inf: u64,
    /// The smallest finite value; `None` where there is none.
    pub min: Option<f32>,
    /// The largest finite value.
    pub max: Option<f32>,
    /// Exact sums of the finite values.
    pub sums: Sums,
    /// The bins that are not empty, -1 first, then by index. Their width is that of [`Counts::exponent`].
    pub bins: Vec<Bin>,
}

impl Counts {
    /// The counts of a histogram on a power-of-two grid, with the sums of the same values. `None` where the grid is of
    /// another kind.
    pub fn of(histogram: &Histogram, sums: Sums) -> Option<Counts> {
        let Stats { count, nan, pos_inf, neg_inf, zeros, min, max, .. } = histogram.stats;
        let bin = |(negative, index, n)| Bin { sign: if negative { -1 } else { 1 }, index: index as u32, n };
        let bins = histogram.power_of_two_bins()?.map(bin).collect();
        Some(Counts { n: count, zeros, nan, pos_inf, neg_inf, min, max, sums, bins })
    }

    /// How many values are finite.
    pub fn finite(&self) -> u64 {
        self.n.saturating_sub(self.nan).saturating_sub(self.pos_inf).saturating_sub(self.neg_inf)
    }

    /// The largest finite magnitude; 0 where there is none.
    pub fn amax(&self) -> f32 {
        self.max.unwrap_or(0.0).max(-self.min.unwrap_or(0.0))
    }

    /// log2 of the width of the bins, where `bins` were asked for.
    pub fn exponent(&self, bins: usize) -> i32 {
        bin_exponent(self.amax(), kept_bins(bins))
    }

    /// Takes in the counts of other values, on grids for the same number of bins. Whatever the order, it comes to the
    /// counts of all values at once.
    ///
    /// # Errors
    /// More values than a table holds; half of it may be done then.
    pub(super) fn merge(&mut self, other: &Counts, bins: usize) -> Result<(), MergeError> {
        let (mine, theirs) = (self.exponent(bins), other.exponent(bins));
        let wide = mine.max(theirs);
        let all = [
            (&mut self.n, other.n),
            (&mut self.zeros, other.zeros),
            (&mut self.nan, other.nan),
            (&mut self.pos_inf, other.pos_inf),
            (&mut self.neg_inf, other.neg_inf),
        ];
        for (mine, theirs) in all {
            *mine = mine.checked_add(theirs).filter(|n| *n <= MOST).ok_or(MergeError::TooMany)?;
        }
        self.sums.merge(&other.sums)?;
        self.bins = added(coarser(&self.bins, wide - mine), coarser(&other.bins, wide - theirs));
        let least = |a: Option<f32>, b: Option<f32>| a.into_iter().chain(b).reduce(f32::min);
        let largest = |a: Option<f32>, b: Option<f32>| a.into_iter().chain(b).reduce(f32::max);
        (self.min, self.max) = (least(self.min, other.min), largest(self.max, other.max));
        Ok(())
    }

    /// Brings counts for `from` bins to the grid for `to`, where these are fewer: each of its bins is made of whole ones, so
    /// that it comes to what counting for `to` bins gives.
    pub(super) fn coarsen(&mut self, from: usize, to: usize) {
        let by = self.exponent(to) - self.exponent(from);
        if by > 0 {
            self.bins = coarser(&self.bins, by);
        }
    }

    /// What contradicts itself in counts for `bins` bins, whose bins are `2^exponent` wide, as the end of a sentence.
    pub(super) fn check(&self, bins: usize, exponent: Option<i32>) -> Result<(), String> {
        let apart = [self.nan, self.pos_inf, self.neg_inf].into_iter().try_fold(0u64, u64::checked_add);
        let Some(finite) = apart.and_then(|apart| self.n.checked_sub(apart)) else {
            return Err(format!("counts more NaN and infinities than its {} values", self.n));
        };
        let range = match (self.min, self.max) {
            (None, None) if finite == 0 => None,
            (Some(min), Some(max)) if finite > 0 && min.is_finite() && max.is_finite() && min <= max => {
                Some((min, max))
            }
            _ => return Err("has a smallest and a largest value that are none of its finite values".to_owned()),
        };
        let binned = self.bins.iter().try_fold(0u64, |all, bin| all.checked_add(bin.n));
        if binned != Some(finite) {
            return Err(format!("has {finite} finite values, and its bins hold {}", told(binned)));
        }
        let summed = self.sums.count();
        let other = finite.checked_sub(self.zeros);
        if other.is_none() || summed != other {
            let other = other.map_or_else(|| "more zeros than that".to_owned(), |n| format!("{n} of them are not 0"));
            return Err(format!("has {finite} finite values, {other}, and its sums are of {}", told(summed)));
        }
        if !self.sums.iter().all(|(_, sum)| sum.is_possible()) {
            return Err("has sums that no values come to".to_owned());
        }
        let Some((min, max)) = range else { return Ok(()) };
        let wanted = self.exponent(bins);
        if let Some(exponent) = exponent.filter(|found| *found != wanted) {
            return Err(format!(
                "has bins of 2^{exponent}, where {bins} bins for its largest value are 2^{wanted} wide"
            ));
        }
        // The outermost bins are those of the smallest and the largest value.
        let width = 2f64.powi(wanted);
        let top = |sign: i8| self.bins.iter().filter(|bin| bin.sign == sign).map(|bin| bin.index).max();
        let reach = |value: f32| (f64::from(value) / width).floor() as u32;
        let fits = match (top(1), max > 0.0) {
            (top, true) => top == Some(reach(max)),
            // Nothing but zeros, or nothing.
            (top, false) => top.unwrap_or(0) == 0 && (top.is_some() == (self.zeros > 0)),
        };
        let fits = fits && top(-1) == (min < 0.0).then(|| reach(-min));
        let zeros = self.bins.iter().find(|bin| bin.place() == (1, 0)).map_or(0, |bin| bin.n);
        if !fits || zeros < self.zeros {
            return Err("has bins that are not those of its smallest and largest value and its zeros".to_owned());
        }
        Ok(())
    }

    /// As the rest of the program has it. Mean and deviation follow from the exact sums, so that they do not depend on
    /// how the values were cut up.
    pub fn histogram(&self, bins: usize) -> Histogram {
        let mut stats = Stats::default();
        (stats.count, stats.zeros, stats.nan) = (self.n, self.zeros, self.nan);
        (stats.pos_inf, stats.neg_inf) = (self.pos_inf, self.neg_inf);
        (stats.min, stats.max) = (self.min, self.max);
        let counts = self.bins.iter().map(|bin| (bin.sign < 0, bin.index as usize, bin.n));
        Histogram::on_powers_of_two(stats.with_sums(&self.sums), bins, counts)
            .expect("counts are checked when they come in")
    }
}

/// All values of several counts as one, on grids for the same number of bins; `None` where they are too many.
pub fn together<'a>(all: impl IntoIterator<Item = &'a Counts>, bins: usize) -> Option<Counts> {
    let mut sum = Counts::default();
    all.into_iter().try_for_each(|counts| sum.merge(counts, bins)).ok().map(|()| sum)
}

fn told(n: Option<u64>) -> String {
    n.map_or_else(|| "more than 64 bits count".to_owned(), |n| n.to_string())
}

/// The same counts on bins that are `2^by` times as wide.
fn coarser(bins: &[Bin], by: i32) -> Vec<Bin> {
    let by = by.clamp(0, 31) as u32;
    let mut out: Vec<Bin> = Vec::with_capacity(bins.len());
    for bin in bins {
        let bin = Bin { index: bin.index >> by, ..*bin };
        match out.last_mut() {
            Some(last) if last.place() == bin.place() => last.n += bin.n,
            _ => out.push(bin),
        }
    }
    out
}

/// The counts of both; each is in order.
fn added(mine: Vec<Bin>, theirs: Vec<Bin>) -> Vec<Bin> {
    if theirs.is_empty() {
        return mine;
    }
    let mut out: Vec<Bin> = Vec::with_capacity(mine.len().max(theirs.len()));
    let (mut mine, mut theirs) = (mine.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        let next = match (mine.peek(), theirs.peek()) {
            (Some(a), Some(b)) if a.place() == b.place() => {
                let n = a.n + b.n;
                mine.next();
                theirs.next().map(|bin| Bin { n, ..bin })
            }
            (Some(a), Some(b)) if a.place() < b.place() => mine.next(),
            (Some(_), None) => mine.next(),
            _ => theirs.next(),
        };
        match next {
            Some(bin) => out.push(bin),
            None => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Counter;
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn counted(values: &[f32], bins: usize) -> Counts {
        let mut counter = Counter::new(bins);
        counter.push(values);
        counter.finish()
    }

    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![
            any::<f32>(),
            -2.0f32..2.0,
            Just(0.0f32),
            Just(-0.0f32),
            -1e-40f32..1e-40,
            Just(f32::NAN),
            Just(f32::INFINITY),
            (-140i32..127).prop_map(|e| 2f32.powi(e))
        ]
    }

    proptest! {
        #[test]
        fn parts_in_any_split_and_order_are_the_whole(
            parts in prop::collection::vec(prop::collection::vec(value(), 0..200), 1..6), bins in 1usize..3000
        ) {
            let whole = counted(&parts.concat(), bins);
            whole.check(bins, Some(whole.exponent(bins))).unwrap();
            for reverse in [false, true] {
                let mut parts = parts.clone();
                if reverse {
                    parts.reverse();
                }
                let mut merged = Counts::default();
                for part in &parts {
                    let part = counted(part, bins);
                    part.check(bins, Some(part.exponent(bins))).unwrap();
                    merged.merge(&part, bins).unwrap();
                }
                prop_assert_eq!(&merged, &whole);
                prop_assert_eq!(merged.histogram(bins), whole.histogram(bins));
            }
            let mut growing = crate::histogram::GrowingHistogram::new(bins);
            growing.push(&parts.concat());
            prop_assert_eq!(whole.histogram(bins).magnitude, growing.finish().magnitude);
        }

        /// In one step or in two, and whatever is merged before.
        #[test]
        fn made_coarser_is_counted_coarser(
            values in prop::collection::vec(value(), 0..200), cut in any::<prop::sample::Index>(),
            mut bins in prop::array::uniform3(1usize..5000)
        ) {
            bins.sort_unstable();
            let [few, some, many] = bins;
            let wanted = counted(&values, few);
            let (head, tail) = values.split_at(cut.index(values.len() + 1));
            let (mut head, mut tail) = (counted(head, many), counted(tail, some));
            head.coarsen(many, some);
            head.check(some, Some(head.exponent(some))).unwrap();
            let mut late = head.clone();
            late.merge(&tail, some).unwrap();
            late.coarsen(some, few);
            prop_assert_eq!(&late, &wanted);
            head.coarsen(some, few);
            tail.coarsen(some, few);
            head.merge(&tail, few).unwrap();
            prop_assert_eq!(&head, &wanted);
            head.coarsen(few, many);
            prop_assert_eq!(&head, &wanted, "nothing can be made finer");
        }
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        let good = counted(&[1.0, -0.5, 0.0, f32::NAN, 3.0], 64);
        let wrong = |change: &dyn Fn(&mut Counts)| {
            let mut counts = good.clone();
            change(&mut counts);
            counts.check(64, Some(good.exponent(64))).unwrap_err()
        };
        assert!(wrong(&|c| c.nan = 9).contains("more NaN"));
        assert!(wrong(&|c| c.n = 6).contains("its bins hold 4"));
        assert!(wrong(&|c| c.bins[0].n = u64::MAX).contains("more than 64 bits"));
        assert!(wrong(&|c| c.zeros = 2).contains("sums are of 3"));
        assert!(wrong(&|c| c.zeros = 9).contains("more zeros"));
        assert!(wrong(&|c| c.max = None).contains("smallest and a largest"));
        assert!(wrong(&|c| c.max = Some(f32::INFINITY)).contains("smallest and a largest"));
        assert!(wrong(&|c| c.max = Some(300.0)).contains("wide"));
        assert!(wrong(&|c| c.min = Some(-3.0)).contains("bins that are not those"));
        assert!(wrong(&|c| c.min = Some(0.0)).contains("bins that are not those"));
        assert!(good.check(64, Some(3)).unwrap_err().contains("2^3"));
        let mut many = good.clone();
        many.n = MOST;
        assert_eq!(many.merge(&good, 64), Err(MergeError::TooMany));
    }
}
