//! Histograms of parts, made one.

use super::merge_error::MergeError;
use super::{GridKind, GridSpec, GrowingHistogram, Histogram, MAX_GROWN_BINS, NumpyHistogram, PeerGrid};

impl Histogram {
    /// Takes in what was counted of another part of the same tensor. On an error nothing has changed.
    ///
    /// Counts, totals and range are those of counting both parts in one go, whatever the parts and their order, where both
    /// grids are of powers of two ([`GrowingHistogram`], the way for parts that are counted apart), or exact and over the
    /// same range. An exact grid over nothing but zeros, or over nothing, goes with every other.
    ///
    /// Mean and deviation come together in f64 (Chan, Golub and LeVeque 1979): each merge rounds the mean to within
    /// `4 * 2^-52 * amax` and the sum of squared deviations to within `8 * 2^-52` of the sum of squares. Parts of
    /// [`BinPass::finish_part`](super::BinPass::finish_part) tell those of the whole, which stay as they are to the bit.
    ///
    /// A grid of [`GridSpec::Numpy`] or [`GridSpec::Ncnn`] stays where both have it over the same edges, exactly. Every
    /// other grid is dropped, for a part that lacks it, has other edges, or (a grid by batches) says nothing of which
    /// batch came first; a part without a finite value drops none.
    ///
    /// ```
    /// use qviz::histogram::{GrowingHistogram, Histogram};
    ///
    /// let counted = |values: &[f32]| -> Histogram {
    ///     let mut growing = GrowingHistogram::new(64);
    ///     growing.push(values);
    ///     growing.finish()
    /// };
    /// let mut merged = counted(&[1.0, -0.25]);
    /// merged.merge(&counted(&[8.0]))?;
    /// assert_eq!(merged.magnitude, counted(&[1.0, -0.25, 8.0]).magnitude);
    /// # Ok::<(), qviz::histogram::MergeError>(())
    /// ```
    ///
    /// # Errors
    /// [`MergeError`] where the bins of one are not those of the other.
    pub fn merge(&mut self, other: &Histogram) -> Result<(), MergeError> {
        if self.kind != other.kind {
            return Err(MergeError::Kinds);
        }
        let (mine, theirs) = (self.resolution(), other.resolution());
        if mine != theirs {
            return Err(MergeError::Bins(mine, theirs));
        }
        let mut stats = self.stats.clone();
        match self.kind {
            GridKind::PowerOfTwo => {
                stats.join(&other.stats)?;
                let mut both = GrowingHistogram::resume(self);
                both.merge(GrowingHistogram::resume(other));
                self.magnitude = both.finish().magnitude;
            }
            GridKind::Exact | GridKind::Elsewhere => {
                let (a, b) = (self.magnitude.amax, other.magnitude.amax);
                if a != b && a != 0.0 && b != 0.0 {
                    return Err(MergeError::Ranges(a, b));
                }
                stats.join(&other.stats)?;
                self.magnitude.amax = a.max(b);
                add(&mut self.magnitude.pos, &other.magnitude.pos);
                add(&mut self.magnitude.neg, &other.magnitude.neg);
                self.merge_grids(other);
            }
        }
        self.stats = stats;
        Ok(())
    }

    /// The number of bins that was asked for.
    fn resolution(&self) -> usize {
        match self.kind {
            GridKind::Exact | GridKind::Elsewhere => self.magnitude.bins(),
            GridKind::PowerOfTwo => self.kept / 2,
        }
    }

    fn merge_grids(&mut self, other: &Histogram) {
        if other.stats.finite() == 0 {
            return;
        }
        if self.stats.finite() == 0 {
            (self.numpy, self.peers) = (other.numpy.clone(), other.peers.clone());
            return;
        }
        self.numpy.retain_mut(|(spec, mine)| {
            let theirs = other.numpy.iter().find(|(other, _)| other == spec);
            theirs.is_some_and(|(_, theirs)| joined(mine, theirs))
        });
        self.peers.retain_mut(|(spec, mine)| {
            let theirs: Option<&(GridSpec, PeerGrid)> = other.peers.iter().find(|(other, _)| other == spec);
            match (spec, mine, theirs) {
                (GridSpec::Ncnn { .. }, Ok(mine), Some((_, Ok(theirs)))) => joined(mine, theirs),
                _ => false,
            }
        });
    }
}

/// Adds up counts over the same edges; whether they are.
fn joined(mine: &mut NumpyHistogram, theirs: &NumpyHistogram) -> bool {
    let same = mine.edges == theirs.edges && mine.counts.len() <= MAX_GROWN_BINS;
    if same {
        add(&mut mine.counts, &theirs.counts);
    }
    same
}

fn add(mine: &mut [u64], theirs: &[u64]) {
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::{BinPass, RangePass};
    use proptest::prelude::*;

    const GRIDS: [GridSpec; 3] =
        [GridSpec::Numpy { bins: 20 }, GridSpec::Ncnn { bins: 32 }, GridSpec::NvidiaTorch { bins: 32 }];

    fn growing(values: &[f32], bins: usize) -> Histogram {
        let mut growing = GrowingHistogram::new(bins);
        growing.push(values);
        growing.finish()
    }

    fn values() -> impl Strategy<Value = f32> {
        prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32), -1e-40f32..1e-40]
    }

    proptest! {
        /// Counts, totals and range to the last bit; moments within the bound that is promised.
        #[test]
        fn parts_in_any_split_and_order_are_the_whole(
            parts in prop::collection::vec(prop::collection::vec(values(), 0..300), 1..6), bins in 1usize..3000, written: bool
        ) {
            let all: Vec<f32> = parts.concat();
            let whole = growing(&all, bins);
            let mut merged = growing(&[], bins);
            for part in parts.iter().rev() {
                let mut part = growing(part, bins);
                if written {
                    part = serde_json::from_str(&serde_json::to_string(&part).unwrap()).unwrap();
                }
                merged.merge(&part).unwrap();
            }
            prop_assert_eq!(&merged.magnitude, &whole.magnitude);
            let (m, w) = (&merged.stats, &whole.stats);
            prop_assert_eq!((m.count, m.nan, m.pos_inf, m.neg_inf, m.zeros, m.min, m.max),
                            (w.count, w.nan, w.pos_inf, w.neg_inf, w.zeros, w.min, w.max));
            let merges = parts.len() as f64 + 1.0;
            if let (Some(mean), Some(exact)) = (m.mean(), w.mean()) {
                prop_assert!((mean - exact).abs() <= merges * 4.0 * f64::EPSILON * f64::from(w.amax()));
                let (found, exact) = (m.sum_of_squares(), w.sum_of_squares());
                prop_assert!((found - exact).abs() <= merges * 16.0 * f64::EPSILON * exact, "{} {}", found, exact);
            }
        }

        /// Parts that were counted on the whole's range come together to the whole, every bit of it.
        #[test]
        fn parts_on_the_range_of_all_are_the_whole(
            values in prop::collection::vec(values(), 1..600), at in any::<prop::sample::Index>(), bins in 1usize..3000
        ) {
            let whole = Histogram::of(&values, bins, &GRIDS[..1]);
            let mut range = RangePass::new();
            range.push(&values);
            let stats = range.finish();
            let part = |values: &[f32]| {
                let mut pass = BinPass::new(stats.clone(), bins, &GRIDS[..1]);
                pass.push(values);
                pass.finish_part().unwrap()
            };
            let (head, tail) = values.split_at(at.index(values.len()));
            let mut merged = part(tail);
            merged.merge(&part(head)).unwrap();
            prop_assert_eq!(merged, whole);
        }
    }

    #[test]
    fn grids_over_the_same_edges_stay_and_others_go() {
        let (a, b) = (Histogram::of(&[-2.0, 1.0, 2.0], 16, &GRIDS), Histogram::of(&[-2.0, 0.5, 0.0, 2.0], 16, &GRIDS));
        let mut merged = a.clone();
        merged.merge(&b).unwrap();
        let whole = Histogram::of(&[-2.0, 1.0, 2.0, -2.0, 0.5, 0.0, 2.0], 16, &GRIDS);
        assert_eq!((merged.numpy(20), merged.peer(GRIDS[1])), (whole.numpy(20), whole.peer(GRIDS[1])));
        assert!(merged.numpy(20).is_some() && merged.peer(GRIDS[2]).is_none());
        assert_eq!(merged.magnitude, whole.magnitude);
        let mut zeros = Histogram::of(&[0.0, -0.0], 16, &GRIDS);
        zeros.merge(&a).unwrap();
        assert_eq!((zeros.magnitude.amax, zeros.magnitude.pos[0], zeros.numpy(20)), (2.0, 2, None));
        let mut nothing = Histogram::of(&[f32::NAN], 16, &GRIDS);
        nothing.merge(&a).unwrap();
        assert!(nothing.numpy(20).is_some() && nothing.peer(GRIDS[2]).is_some());
    }

    #[test]
    fn what_does_not_go_together_says_why_and_stays() {
        let exact = Histogram::of(&[1.0], 16, &[]);
        for (other, why) in [
            (Histogram::of(&[2.0], 16, &[]), MergeError::Ranges(1.0, 2.0)),
            (Histogram::of(&[1.0], 8, &[]), MergeError::Bins(16, 8)),
            (growing(&[1.0], 16), MergeError::Kinds),
        ] {
            let mut merged = exact.clone();
            assert_eq!((merged.merge(&other), &merged), (Err(why), &exact));
        }
        let mut pass = BinPass::new(Histogram::of(&[1.0, 0.5], 16, &[]).stats, 16, &[]);
        pass.push(&[1.0]);
        assert_eq!(pass.finish_part().unwrap().merge(&exact), Err(MergeError::Wholes));
        assert_eq!(growing(&[1.0], 16).merge(&growing(&[1.0], 64)), Err(MergeError::Bins(16, 64)));
    }
}
