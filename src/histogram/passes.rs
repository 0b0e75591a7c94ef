//! The second pass: every grid at once, over values whose range is known.

use super::magnitude::ExactGrid;
use super::numpy::NumpyGrid;
use super::peers::{BatchGrid, BatchRange};
use super::stats::Kinds;
use super::tally::CHUNK;
use super::tally::Pick;
use super::{GridKind, GridSpec, Histogram, MAX_BINS, Stats};
use crate::vector::{Kernel, Width};

/// The second pass saw other values than the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the values changed between the two times that they were read")]
pub struct ChangedUnderneath;

/// The second pass over a tensor's values: counts on the exact grid `[0, amax]` and on the grids that were asked for.
#[derive(Clone, Debug)]
pub struct BinPass {
    stats: Stats,
    min: f32,
    max: f32,
    magnitude: ExactGrid,
    numpy: Vec<(GridSpec, NumpyGrid)>,
    batches: Batches,
    seen: Seen,
    width: Width,
}

/// The grids that depend on where a batch ends.
#[derive(Clone, Debug, Default)]
struct Batches {
    grids: Vec<(GridSpec, BatchGrid)>,
    /// Of each batch, from the first pass.
    ranges: Vec<BatchRange>,
    /// The batch that the next values belong to.
    at: usize,
    /// Whether that batch was begun.
    open: bool,
}

impl Batches {
    /// Counts values of the present batch; how many of them cannot belong to it.
    fn count(&mut self, values: &[f32], amax: f32) -> u64 {
        if self.grids.is_empty() || values.is_empty() {
            return 0;
        }
        let Some(range) = self.ranges.get(self.at).copied() else { return values.len() as u64 };
        self.open(amax);
        let strays = values.iter().filter(|x| **x < range.min || **x > range.max || x.abs() < range.least).count();
        if strays == 0 {
            self.grids.iter_mut().for_each(|(_, grid)| grid.add(values));
        }
        strays as u64
    }

    fn open(&mut self, amax: f32) {
        if !std::mem::replace(&mut self.open, true) {
            self.grids.iter_mut().for_each(|(_, grid)| grid.begin(&self.ranges[self.at], amax));
        }
    }

    fn end(&mut self) {
        self.grids.iter_mut().for_each(|(_, grid)| grid.end());
        (self.at, self.open) = (self.at + 1, false);
    }
}

/// What this pass saw, to be held against the first.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u64,
    nan: u64,
    pos_inf: u64,
    neg_inf: u64,
    zeros: u64,
    strays: u64,
}

/// How many of the values are in range, and how many are 0.
struct Check<'a> {
    values: &'a [f32],
    min: f32,
    max: f32,
}

impl Kernel for Check<'_> {
    type Out = (u32, u32);

    #[inline(always)]
    fn run(self) -> (u32, u32) {
        let (mut inside, mut zeros) = (0, 0);
        for &x in self.values {
            inside += u32::from((x >= self.min) & (x <= self.max));
            zeros += u32::from(x == 0.0);
        }
        (inside, zeros)
    }
}

impl BinPass {
    /// A pass over the values that `stats` was made of. `bins` is clamped to 1..=[`MAX_BINS`]; a grid that NumPy itself
    /// would refuse is left out.
    pub fn new(stats: Stats, bins: usize, grids: &[GridSpec]) -> BinPass {
        // With no finite value at all every comparison with NaN below is false, so that nothing gets in.
        let (min, max) = (stats.min.unwrap_or(f32::NAN), stats.max.unwrap_or(f32::NAN));
        let mut numpy: Vec<(GridSpec, NumpyGrid)> = Vec::new();
        let mut batches = Batches::default();
        for &spec in grids {
            let GridSpec::Numpy { bins } = spec else {
                if batches.grids.iter().all(|(other, _)| *other != spec) {
                    batches.grids.extend(BatchGrid::new(spec).map(|grid| (spec, grid)));
                }
                continue;
            };
            if let Some(grid) = NumpyGrid::new(min, max, bins)
                && numpy.iter().all(|(other, _)| *other != spec)
            {
                numpy.push((spec, grid));
            }
        }
        let magnitude = ExactGrid::new(bins.clamp(1, MAX_BINS), stats.amax());
        BinPass { stats, min, max, magnitude, numpy, batches, seen: Seen::default(), width: Width::default() }
    }

    /// The same for values that come in batches with these ranges, in this order. Needed where one of the grids is
    /// [by batches](GridSpec::by_batches): each batch is then pushed in one go of pushes, and ended.
    pub fn with_batches(mut self, ranges: Vec<BatchRange>) -> BinPass {
        self.batches.ranges = ranges;
        self
    }

    /// Whether one of the grids depends on where a batch ends, and so on the order of the values.
    pub fn by_batches(&self) -> bool {
        !self.batches.grids.is_empty()
    }

    /// The values that were pushed since the last call were one batch.
    pub fn end_batch(&mut self) {
        self.batches.end();
    }

    /// Counts the next values, in any order and any cut.
    pub fn push(&mut self, values: &[f32]) {
        for chunk in values.chunks(CHUNK) {
            self.seen.count += chunk.len() as u64;
            let (inside, zeros) = self.width.run(Check { values: chunk, min: self.min, max: self.max });
            self.seen.zeros += u64::from(zeros);
            if inside as usize == chunk.len() {
                self.count(chunk);
            } else {
                self.push_mixed(chunk);
            }
        }
    }

    /// A chunk in which something is not finite, or was not there the first time.
    fn push_mixed(&mut self, chunk: &[f32]) {
        let (min, max) = (self.min, self.max);
        let mut kept = [0.0; CHUNK];
        let keep = |x| (x >= min) & (x <= max);
        let inside = self.width.run(Pick { values: chunk, kept: &mut kept, keep });
        let kinds = self.width.run(Kinds { values: chunk });
        self.seen.nan += u64::from(kinds.nan);
        self.seen.pos_inf += u64::from(kinds.pos_inf);
        self.seen.neg_inf += u64::from(kinds.neg_inf);
        let not_finite = kinds.nan + kinds.pos_inf + kinds.neg_inf;
        self.seen.strays += (chunk.len() - inside.len()) as u64 - u64::from(not_finite);
        self.count(inside);
    }

    fn count(&mut self, inside: &[f32]) {
        self.magnitude.add(inside, self.width);
        for (_, grid) in &mut self.numpy {
            grid.add(inside, self.width);
        }
        self.seen.strays += self.batches.count(inside, self.stats.amax());
    }

    /// An empty pass of the same kind, to count a part of the values on another thread; [`merge`](Self::merge) brings
    /// it home.
    pub fn fresh(&self) -> BinPass {
        let grids: Vec<GridSpec> = self.numpy.iter().map(|(spec, _)| *spec).collect();
        BinPass::new(self.stats.clone(), self.magnitude.bins(), &grids)
    }

    /// Takes in what another pass over a part of the same tensor has counted; both were made with the same arguments.
    ///
    /// # Panics
    ///
    /// If there are grids by batches: those depend on the order.
    pub fn merge(&mut self, other: BinPass) {
        assert!(self.batches.grids.is_empty(), "grids by batches cannot be merged");
        self.magnitude.merge(other.magnitude);
        for ((_, mine), (_, theirs)) in self.numpy.iter_mut().zip(other.numpy) {
            mine.merge(theirs);
        }
        let (a, b) = (self.seen, other.seen);
        self.seen = Seen {
            count: a.count + b.count,
            nan: a.nan + b.nan,
            pos_inf: a.pos_inf + b.pos_inf,
            neg_inf: a.neg_inf + b.neg_inf,
            zeros: a.zeros + b.zeros,
            strays: a.strays + b.strays,
        };
    }

    /// The histogram of everything that was pushed.
    ///
    /// # Errors
    ///
    /// [`ChangedUnderneath`] if the values cannot be those of the first pass: other totals, or a value out of range.
    pub fn finish(self) -> Result<Histogram, ChangedUnderneath> {
        let (s, seen) = (&self.stats, &self.seen);
        let same = (seen.count, seen.nan, seen.pos_inf, seen.neg_inf, seen.zeros)
            == (s.count, s.nan, s.pos_inf, s.neg_inf, s.zeros);
        if same { self.finish_part() } else { Err(ChangedUnderneath) }
    }

    /// The histogram of what was pushed where that is only a part of what the first pass has seen: the counts are the
    /// part's, smallest and largest value, mean and deviation those of all.
    ///
    /// # Errors
    ///
    /// [`ChangedUnderneath`] if a value is out of the first pass's range.
    pub fn finish_part(self) -> Result<Histogram, ChangedUnderneath> {
        if self.seen.strays > 0 {
            return Err(ChangedUnderneath);
        }
        let numpy = self.numpy.into_iter().map(|(spec, grid)| (spec, grid.finish())).collect();
        let peers = self.batches.grids.into_iter().map(|(spec, grid)| (spec, grid.finish())).collect();
        let Seen { count, nan, pos_inf, neg_inf, zeros, .. } = self.seen;
        let mut stats = self.stats;
        (stats.count, stats.nan, stats.zeros) = (count, nan, zeros);
        (stats.pos_inf, stats.neg_inf) = (pos_inf, neg_inf);
        Ok(Histogram { stats, magnitude: self.magnitude.finish(), kind: GridKind::Exact, kept: 0, numpy, peers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::RangePass;
    use proptest::prelude::*;

    const GRIDS: [GridSpec; 2] = [GridSpec::Numpy { bins: 100 }, GridSpec::Numpy { bins: 7 }];

    fn stats(values: &[f32]) -> Stats {
        let mut pass = RangePass::new();
        pass.push(values);
        pass.finish()
    }

    #[test]
    fn other_values_than_before_are_noticed() {
        let before = [1.0, -2.0, 0.0, f32::NAN];
        for after in [
            vec![1.0, -2.0, 0.0],                // shorter
            vec![1.0, -2.5, 0.0, f32::NAN],      // out of range
            vec![1.0, 2.0, 0.0, f32::NAN],       // the other side's range
            vec![1.0, -2.0, 0.5, f32::NAN],      // one zero less
            vec![1.0, -2.0, 0.0, f32::INFINITY], // another kind of nothing
            vec![1.0, -2.0, 0.0, 1e38],
        ] {
            let mut pass = BinPass::new(stats(&before), 8, &GRIDS);
            pass.push(&after);
            assert_eq!(pass.finish(), Err(ChangedUnderneath));
        }
    }

    #[test]
    fn a_tensor_without_a_finite_value_has_empty_bins() {
        for values in [vec![], vec![f32::NAN; 3000], vec![f32::INFINITY, f32::NEG_INFINITY]] {
            let h = Histogram::of(&values, 64, &GRIDS);
            assert_eq!((h.stats.finite(), h.magnitude.counts().iter().sum::<u64>()), (0, 0));
            assert!(h.numpy(100).is_none());
        }
    }

    #[test]
    fn many_equal_values_are_counted_one_by_one() {
        let h = Histogram::of(&vec![-2.0; 100_003], 2048, &GRIDS);
        assert_eq!((h.magnitude.neg[2047], h.magnitude.pos.iter().sum::<u64>()), (100_003, 0));
        assert_eq!(h.numpy(7).unwrap().counts.iter().sum::<u64>(), 100_003);
    }

    proptest! {
        #[test]
        fn every_width_gives_the_same_counts(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -1f32..1.0, (-64i8..64).prop_map(|i| f32::from(i) / 64.0)], 1..3000),
            small: bool, bins in 1usize..5000
        ) {
            let values: Vec<f32> = values.into_iter().filter(|x| !small || x.abs() <= 1.0).collect();
            let of = |width| {
                let mut pass = BinPass { width, ..BinPass::new(stats(&values), bins, &GRIDS) };
                pass.push(&values);
                pass.finish().unwrap()
            };
            for width in Width::all().into_iter().flatten() {
                prop_assert_eq!(of(width), of(Width::all()[0].unwrap()));
            }
        }

        #[test]
        fn any_split_and_order_gives_the_same_counts(
            mut values in prop::collection::vec(any::<f32>(), 1..4000), at in any::<prop::sample::Index>(), bins in 1usize..3000
        ) {
            let whole = Histogram::of(&values, bins, &GRIDS);
            let stats = whole.stats.clone();
            values.sort_by(f32::total_cmp);
            let (head, tail) = values.split_at(at.index(values.len()));
            let (mut a, mut b) = (BinPass::new(stats.clone(), bins, &GRIDS), BinPass::new(stats, bins, &GRIDS));
            tail.chunks(100).for_each(|c| a.push(c));
            b.push(head);
            a.merge(b);
            prop_assert_eq!(&a.finish().unwrap(), &whole);
            prop_assert_eq!(whole.magnitude.counts().iter().sum::<u64>(), whole.stats.finite());
        }
    }
}
