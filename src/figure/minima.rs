//! Where an objective is least, on the clips that there are and not on the columns of a screen.

use super::handle::{Handle, moved};
use crate::calibrate::{Candidate, START_BIN, Tensor, ZeroBin, start_bin};
use crate::quant::Clip;

/// A clip at which an objective is less than all around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    /// The end of the range that has it: a magnitude where the range is symmetric.
    pub at: f32,
    /// The objective there: nats, or the mean squared error.
    pub value: f64,
}

/// Where the two parts of the error are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// The end of the range: a magnitude where the range is symmetric.
    pub at: f32,
    /// Either part.
    pub value: f64,
}

/// A dip is the least in its neighbourhood, this part of the whole range to either side: less is the ripple of bins and
/// levels, which no step should stop at.
const NEIGHBOURHOOD: usize = 64;

/// How many clips the errors are worked out at before the neighbourhood of a minimum is looked at more closely.
const COARSE: usize = 256;

/// Clips at least this many are real: the edges of the bins, and where there are few bins places between.
const CLIPS: usize = 2048;

/// Indices of the values that are less than all within so many places before them, and no more than all behind, in order:
/// of equal ones the first. What is not finite is passed over. The least of all is among them.
fn dips(values: &[f64], within: usize) -> Vec<usize> {
    let mut before = vec![usize::MAX; values.len()];
    let mut behind = vec![usize::MAX; values.len()];
    // Those that nothing less has come behind of yet, which rise.
    let mut open: Vec<usize> = Vec::new();
    for (i, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        while let Some(higher) = open.pop_if(|j| values[*j] > *value) {
            behind[higher] = i - higher;
        }
        before[i] = open.last().map_or(usize::MAX, |j| i - j);
        open.push(i);
    }
    let is_dip = |&i: &usize| values[i].is_finite() && before[i] > within && behind[i] > within;
    (0..values.len()).filter(is_dip).collect()
}

/// The dips of the KL divergence over the bin edges from the search's first on. Symmetric ranges and the larger end of
/// affine ones alike: magnitudes.
pub(super) fn of_kl(tensor: &Tensor, zero: ZeroBin) -> Vec<Minimum> {
    let (curve, edges) = (tensor.kl_curve_with(zero), tensor.edges());
    let start = first_bin(tensor);
    let dips = dips(curve.get(start..).unwrap_or_default(), curve.len() / NEIGHBOURHOOD);
    dips.into_iter().map(|i| Minimum { at: edges[start + i], value: curve[start + i] }).collect()
}

/// The bin that searches over the magnitudes of a tensor start at.
pub fn first_bin(tensor: &Tensor) -> usize {
    start_bin(tensor.edges().len() - 1, tensor.format().even_levels().unwrap_or(START_BIN))
}

/// The mean squared error of one end of a range, wherever it stands.
pub(super) struct Errors<'a> {
    tensor: &'a Tensor,
    /// The range whose other end stays.
    range: Clip,
    handle: Handle,
    /// How many clips are looked at in each bin, how far they are apart, and how many there are.
    a_bin: usize,
    step: f64,
    clips: usize,
}

impl<'a> Errors<'a> {
    /// Of one end of `range`, up to the largest value on its side; `None` where there is none.
    pub fn new(tensor: &'a Tensor, range: Clip, handle: Handle) -> Option<Errors<'a>> {
        let stats = &tensor.histogram().stats;
        let top = match handle {
            _ if tensor.format().symmetric() => stats.amax(),
            Handle::Max => stats.max.unwrap_or(0.0),
            Handle::Min => -stats.min.unwrap_or(0.0),
        };
        let bins = tensor.histogram().magnitude.bins();
        let width = f64::from(tensor.histogram().magnitude.amax) / bins as f64;
        // As many clips in each bin, so that the edges are among them.
        let a_bin = CLIPS.div_ceil(bins);
        let clips = (f64::from(top) / width * a_bin as f64).ceil();
        let step = width / a_bin as f64;
        (top > 0.0 && clips.is_finite()).then(|| Errors {
            tensor,
            range,
            handle,
            a_bin,
            step,
            clips: (clips as usize).max(1),
        })
    }

    /// The value of this end that is clip `i`.
    fn clip(&self, i: usize) -> f32 {
        let edge = self.tensor.edges().get(i / self.a_bin).filter(|_| i.is_multiple_of(self.a_bin));
        let magnitude = edge.copied().unwrap_or((i as f64 * self.step) as f32);
        let below_zero = self.handle == Handle::Min && !self.tensor.format().symmetric();
        if below_zero { -magnitude } else { magnitude }
    }

    /// Clipping and rounding error at a value of this end.
    fn parts(&self, end: f32) -> (f64, f64) {
        let m = self.tensor.metrics(moved(self.range, self.handle, end, self.tensor.format()));
        (m.clipping_error, m.rounding_error)
    }

    fn total(&self, i: usize) -> f64 {
        let (clipping, rounding) = self.parts(self.clip(i));
        clipping + rounding
    }

    /// Every `by`-th clip but 0, the last one included.
    fn every(&self, by: usize) -> Vec<usize> {
        let mut clips: Vec<usize> = (1..=self.clips).step_by(by.max(1)).collect();
        if clips.last() != Some(&self.clips) {
            clips.push(self.clips);
        }
        clips
    }

    /// The dips; `exact` are clips of methods, which may lie between those looked at and have less.
    pub fn minima(&self, exact: &[Candidate]) -> Vec<Minimum> {
        let coarse = self.every(self.clips / COARSE);
        let values: Vec<f64> = coarse.iter().map(|&i| self.total(i)).collect();
        let of_methods: Vec<(f32, f64)> = exact
            .iter()
            .filter_map(|c| c.outcome.as_ref().ok())
            .map(|t| self.handle.value(t.clip, self.tensor.format()))
            .map(|end| (end, self.parts(end)))
            .map(|(end, (clipping, rounding))| (end, clipping + rounding))
            .collect();
        let dips = dips(&values, values.len() / NEIGHBOURHOOD).into_iter().map(|dip| {
            let from = dip.checked_sub(1).map_or(1, |before| coarse[before]);
            let to = coarse[(dip + 1).min(coarse.len() - 1)];
            let (i, value) = self.least_between(from, to);
            let ends = [self.clip(from).abs(), self.clip(to).abs()];
            let near = of_methods.iter().filter(|(end, _)| (ends[0]..=ends[1]).contains(&end.abs()));
            near.fold(Minimum { at: self.clip(i), value }, |least, &(at, value)| {
                if value < least.value { Minimum { at, value } } else { least }
            })
        });
        let mut minima: Vec<Minimum> = dips.filter(|m| m.value.is_finite()).collect();
        minima.sort_by(|a, b| a.at.total_cmp(&b.at));
        minima
    }

    /// The least of the clips from one to another, closing in on it.
    fn least_between(&self, mut from: usize, mut to: usize) -> (usize, f64) {
        loop {
            let by = (to - from).div_ceil(16).max(1);
            let clips = (from..=to).step_by(by).chain([to]);
            let least = clips.map(|i| (i, self.total(i))).min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((i, value)) = least else { return (from, f64::NAN) };
            if by == 1 {
                return (i, value);
            }
            (from, to) = (i.saturating_sub(by).max(from), (i + by).min(to));
        }
    }

    /// Where clipping, which falls as the clip widens, is no more than rounding for the first time.
    pub fn crossing(&self) -> Option<Crossing> {
        let (mut low, mut high) = (1, self.clips);
        let clips_more = |i: usize| {
            let (clipping, rounding) = self.parts(self.clip(i));
            clipping > rounding
        };
        if !clips_more(low) || clips_more(high) {
            return None;
        }
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if clips_more(middle) { low = middle } else { high = middle }
        }
        let at = self.clip(high);
        let (clipping, rounding) = self.parts(at);
        Some(Crossing { at, value: clipping.max(rounding) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::Format;
    use proptest::prelude::*;

    #[test]
    fn a_dip_is_the_least_around() {
        let values = [5.0, 3.0, 3.5, 2.0, 4.0, 1.0, 6.0];
        assert_eq!([1, 2, 6].map(|within| dips(&values, within)), [vec![1, 3, 5], vec![5], vec![5]]);
        assert_eq!(dips(&[f64::INFINITY, 4.0, f64::NAN, 2.0, f64::INFINITY, 3.0], 1), [1, 3, 5]);
        assert_eq!(dips(&[3.0, 2.0, 1.0], 1), [2]);
        assert_eq!(dips(&[1.0, 2.0, 3.0], 1), [0]);
        assert_eq!(dips(&[2.0, 2.0, 2.0, 2.0], 1), [0]);
        assert_eq!((dips(&[], 1), dips(&[f64::NAN], 1)), (vec![], vec![]));
    }

    proptest! {
        #[test]
        fn dips_are_those_found_by_looking_around(values in prop::collection::vec(0u8..9, 0..60), within in 0usize..9) {
            let values: Vec<f64> = values.iter().map(|v| if *v == 8 { f64::INFINITY } else { f64::from(*v) }).collect();
            let around = |i: usize| {
                let lower = |j: usize| if j < i { values[j] <= values[i] } else { values[j] < values[i] };
                values[i].is_finite() && (i.saturating_sub(within)..(i + within + 1).min(values.len())).all(|j| j == i || !lower(j))
            };
            let looked: Vec<usize> = (0..values.len()).filter(|i| around(*i)).collect();
            prop_assert_eq!(dips(&values, within), looked);
        }
    }

    fn tensor(values: &[f32], bins: usize, words: &str) -> Tensor {
        Tensor::new(Arc::new(Histogram::of(values, bins, &[])), Format::named(words).unwrap())
    }

    fn bell(n: usize, outlier: f32) -> Vec<f32> {
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        // Twelve uniform ones are near enough to a normal distribution.
        (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() as f32).chain([outlier]).collect()
    }

    /// Whatever clip is tried, none is better than the least one found.
    #[test]
    fn no_clip_is_better_than_the_least_minimum() {
        for (bins, words) in
            [(2048, "int4"), (2048, "int8"), (100, "int3"), (8, "int8"), (2048, "e4m3"), (2048, "uint4")]
        {
            let t = tensor(&bell(20_000, 12.0), bins, words);
            let range = t.format().clip_for(-12.0, 12.0);
            let errors = Errors::new(&t, range, Handle::Max).unwrap();
            let minima = errors.minima(&[]);
            let least = minima.iter().map(|m| m.value).fold(f64::INFINITY, f64::min);
            let tried =
                (1..=1200).map(|k| errors.parts(k as f32 / 100.0)).map(|(c, r)| c + r).fold(f64::INFINITY, f64::min);
            assert!(least <= tried * 1.002, "{bins} {words}: {least} for {tried}");
            for m in &minima {
                assert_eq!(m.value, t.metrics(moved(range, Handle::Max, m.at, t.format())).mse);
            }
        }
    }

    #[test]
    fn the_crossing_is_where_both_parts_are_equal_and_not_where_the_sum_is_least() {
        let t = tensor(&bell(50_000, 8.0), 2048, "int4");
        let errors = Errors::new(&t, Clip::symmetric(8.0), Handle::Max).unwrap();
        let crossing = errors.crossing().unwrap();
        let (clipping, rounding) = errors.parts(crossing.at);
        assert!((clipping / rounding - 1.0).abs() < 0.05 && crossing.value == clipping.max(rounding));
        let least = errors.minima(&[]).into_iter().min_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
        assert!(least.at > crossing.at * 1.05 && least.value < 0.95 * (clipping + rounding));
        // Without an outlier the whole range is rounded only at its end.
        assert!(Errors::new(&tensor(&[0.0; 9], 64, "int8"), Clip::symmetric(1.0), Handle::Max).is_none());
    }

    #[test]
    fn each_end_of_an_affine_range_has_minima_of_its_own() {
        let t = tensor(&bell(20_000, 9.0), 2048, "int4 affine");
        let range = Clip::new(-4.0, 4.0);
        let of = |handle| Errors::new(&t, range, handle).unwrap().minima(&[]);
        assert!(of(Handle::Min).iter().all(|m| m.at < 0.0) && of(Handle::Max).iter().all(|m| m.at > 0.0));
        assert!(!of(Handle::Min).is_empty() && !of(Handle::Max).is_empty());
    }
}
