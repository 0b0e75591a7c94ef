//! Grids that depend on the order of the batches.
//!
//! A peer that sees one batch after the other sets its grid by the first and widens it when a later one does not fit.
//! What comes out depends on where batches end, so that these grids are told: see
//! [`BinPass::end_batch`](super::BinPass::end_batch).

use super::magnitude::ExactGrid;
use super::numpy::NumpyGrid;
use super::tally::CHUNK;
use super::{GridSpec, Magnitude, NumpyHistogram};
use crate::vector::Width;

/// A grid that grew to more bins than this is given up: a peer's grid grows by as many bins as it takes.
pub const MAX_GROWN_BINS: usize = 1 << 18;

/// What has to be known of a batch before it is counted: the extremes of its finite values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchRange {
    /// The smallest value; infinite while there is none.
    pub min: f32,
    /// The largest value; negative infinite while there is none.
    pub max: f32,
    /// The smallest magnitude; infinite while there is none.
    pub least: f32,
}

impl Default for BatchRange {
    fn default() -> BatchRange {
        BatchRange { min: f32::INFINITY, max: f32::NEG_INFINITY, least: f32::INFINITY }
    }
}

impl BatchRange {
    /// The range of these values.
    pub fn of(values: &[f32]) -> BatchRange {
        let mut range = BatchRange::default();
        range.push(values);
        range
    }

    /// Takes in the batch's next values.
    pub fn push(&mut self, values: &[f32]) {
        for &x in values {
            if x.is_finite() {
                self.min = self.min.min(x);
                self.max = self.max.max(x);
                self.least = self.least.min(x.abs());
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.min > self.max
    }

    fn amax(&self) -> f32 {
        self.max.abs().max(self.min.abs())
    }
}

/// A peer's counts, or in one sentence why the peer has none.
pub type PeerGrid = Result<NumpyHistogram, String>;

/// One batch-ordered grid while it is counted.
#[derive(Clone, Debug)]
pub(super) struct BatchGrid {
    spec: GridSpec,
    /// f64, as NumPy's edges become once it has grown them; f32 in value before.
    edges: Vec<f64>,
    /// Whether NumPy's edges are f64 by now.
    wide: bool,
    counts: Vec<u64>,
    /// Where the counts of earlier batches begin in those of this one.
    offset: usize,
    counter: Option<Counter>,
    refused: Option<String>,
}

#[derive(Clone, Debug)]
enum Counter {
    Exact(ExactGrid, f32),
    Magnitudes(NumpyGrid),
    Signed(NumpyGrid),
    /// `np.histogram` with edges: bin k is `[e_k, e_{k+1})`, the last one closed, what lies outside is dropped.
    Edges(Vec<u64>),
    /// ncnn2table: division first, zeros left out, no correction.
    Ncnn(Vec<u64>, f32),
}

impl BatchGrid {
    pub fn new(spec: GridSpec) -> BatchGrid {
        let (edges, counts) = (Vec::new(), Vec::new());
        BatchGrid { spec, edges, wide: false, counts, offset: 0, counter: None, refused: None }
    }

    /// A batch with these extremes comes next; `amax` is that of all batches.
    pub fn begin(&mut self, range: &BatchRange, amax: f32) {
        if range.is_empty() || self.refused.is_some() {
            return;
        }
        let counter = match self.spec {
            GridSpec::Numpy { .. } => unreachable!("a grid over all values is not counted batch by batch"),
            GridSpec::NvidiaTorch { bins } => self.torch(range, bins),
            GridSpec::NvidiaNumpy { bins } | GridSpec::OrtMagnitude { bins } => self.numpy(range, bins),
            GridSpec::Ort { bins } => self.ort(range, bins),
            GridSpec::Ncnn { bins } => {
                self.edges = (0..=bins).map(|i| f64::from(i as f32 * amax / bins as f32)).collect();
                Ok(Counter::Ncnn(vec![0; bins], amax))
            }
        };
        match counter {
            Ok(counter) => self.counter = Some(counter),
            Err(why) => self.refused = Some(why),
        }
    }

    fn last(&self) -> Option<f64> {
        self.edges.last().copied()
    }

    /// pytorch-quantization's `_collect` with `torch_hist`.
    fn torch(&mut self, range: &BatchRange, bins: usize) -> Result<Counter, String> {
        let amax = range.amax();
        let Some(last) = self.last() else {
            let edges = Magnitude { amax, pos: vec![0; bins], neg: Vec::new() }.edges();
            self.edges = edges.into_iter().map(f64::from).collect();
            return Ok(Counter::Exact(ExactGrid::new(bins, amax), amax));
        };
        let mut top = last as f32;
        let mut bins = self.counts.len();
        if amax > top {
            let width = self.edges[1] as f32;
            if width <= 0.0 {
                return Err(
                    "the first batch is all zero, so that its bins have no width and cannot be widened for the \
                            next one: the peer raises an error"
                        .into(),
                );
            }
            let (grown, end) = ((amax / width).ceil(), amax + width);
            let count = (f64::from(end) / f64::from(width)).ceil();
            within_reason(count)?;
            (self.edges, bins) = (torch_arange(count as usize, width), grown as usize);
            top = self.last().unwrap_or(0.0) as f32;
        }
        Ok(Counter::Exact(ExactGrid::new(bins, top), top))
    }

    /// NumPy's automatic range for the first batch, `arange` for what a later one needs.
    fn numpy(&mut self, range: &BatchRange, bins: usize) -> Result<Counter, String> {
        let amax = range.amax();
        let Some(last) = self.last() else {
            let grid = NumpyGrid::new(range.least, amax, bins)
                .ok_or_else(|| format!("NumPy cannot make {bins} bins over the first batch's magnitudes"))?;
            self.edges = grid.edges().iter().copied().map(f64::from).collect();
            return Ok(Counter::Magnitudes(grid));
        };
        if f64::from(amax) > last {
            let more = if self.wide {
                let width = self.edges[1] - self.edges[0];
                let (start, stop) = (last + width, f64::from(amax) + width);
                let length = ((stop - start) / width).ceil();
                within_reason(self.edges.len() as f64 + length)?;
                arange(start, start + width, length)
            } else {
                // Scalars in f32, and the array that NumPy makes of them in f64.
                let width = self.edges[1] as f32 - self.edges[0] as f32;
                let (start, stop) = (last as f32 + width, amax + width);
                let length = f64::from((stop - start) / width).ceil();
                within_reason(self.edges.len() as f64 + length)?;
                arange(f64::from(start), f64::from(start + width), length)
            };
            self.edges.extend(more);
            self.wide = true;
        }
        Ok(Counter::Edges(vec![0; self.edges.len() - 1]))
    }

    /// ONNX Runtime's `merge_histogram` over (-T, T).
    fn ort(&mut self, range: &BatchRange, bins: usize) -> Result<Counter, String> {
        let mut t = range.amax();
        let mut bins = bins;
        self.offset = 0;
        if !self.edges.is_empty() {
            bins = self.counts.len();
            // The old T stands in `edges`, but for zeros, where NumPy has put 0.5 instead.
            let old = if self.wide { 0.0 } else { self.edges[bins] as f32 };
            if t <= old {
                t = old;
            } else if old > 0.0 {
                let stride = 2.0 * old / bins as f32;
                let more = floor_divide(t - old, stride) + 1.0;
                within_reason(bins as f64 + 2.0 * f64::from(more))?;
                t = more * stride + old;
                self.offset = more as usize;
                bins += 2 * self.offset;
            }
        }
        // Here `wide` says that every batch so far was zero.
        self.wide = t == 0.0;
        let grid = NumpyGrid::new(-t, t, bins)
            .ok_or_else(|| format!("NumPy cannot make {bins} bins over [-{t:e}, {t:e}]: the peer raises an error"))?;
        self.edges = grid.edges().iter().copied().map(f64::from).collect();
        Ok(Counter::Signed(grid))
    }

    /// Counts at most [`CHUNK`] values of the present batch, all within the range that `begin` was told.
    pub fn add(&mut self, values: &[f32]) {
        let Some(counter) = &mut self.counter else { return };
        let mut magnitudes = [0.0f32; CHUNK];
        let magnitudes = &mut magnitudes[..values.len()];
        for (m, x) in magnitudes.iter_mut().zip(values) {
            *m = x.abs();
        }
        match counter {
            Counter::Exact(grid, top) => {
                // Rounding may leave the grown grid's end below the batch's largest value, which the peer then drops.
                if magnitudes.iter().all(|m| m <= top) {
                    grid.add(magnitudes, Width::default());
                } else {
                    let inside: Vec<f32> = magnitudes.iter().copied().filter(|m| m <= top).collect();
                    grid.add(&inside, Width::default());
                }
            }
            Counter::Magnitudes(grid) => grid.add(magnitudes, Width::default()),
            Counter::Signed(grid) => grid.add(values, Width::default()),
            Counter::Edges(counts) => {
                let bins = counts.len();
                for &m in &*magnitudes {
                    let m = f64::from(m);
                    // `above` edges lie at or below the value.
                    let above = self.edges.partition_point(|&e| e <= m);
                    if above > bins {
                        counts[bins - 1] += u64::from(m == self.edges[bins]);
                    } else if above > 0 {
                        counts[above - 1] += 1;
                    }
                }
            }
            Counter::Ncnn(counts, amax) => {
                let bins = counts.len();
                for &m in magnitudes.iter().filter(|m| **m != 0.0) {
                    counts[((m / *amax * bins as f32) as usize).min(bins - 1)] += 1;
                }
            }
        }
    }

    /// The present batch is complete.
    pub fn end(&mut self) {
        let mut counts = match self.counter.take() {
            None => return,
            Some(Counter::Exact(grid, _)) => grid.finish().counts(),
            Some(Counter::Magnitudes(grid) | Counter::Signed(grid)) => grid.finish().counts,
            Some(Counter::Edges(counts) | Counter::Ncnn(counts, _)) => counts,
        };
        for (now, before) in counts.iter_mut().skip(self.offset).zip(&self.counts) {
            *now += before;
        }
        self.counts = counts;
        if matches!(self.spec, GridSpec::OrtMagnitude { .. }) && self.wide {
            // ONNX Runtime rounds them to the data's type after each batch.
            self.edges.iter_mut().for_each(|e| *e = f64::from(*e as f32));
            self.wide = false;
        }
    }

    pub fn finish(self) -> PeerGrid {
        match self.refused {
            Some(why) => Err(why),
            None if self.edges.is_empty() => Err("the tensor holds no finite value".into()),
            None => Ok(NumpyHistogram { edges: self.edges.iter().map(|&e| e as f32).collect(), counts: self.counts }),
        }
    }
}

fn within_reason(bins: f64) -> Result<(), String> {
    if bins <= MAX_GROWN_BINS as f64 {
        return Ok(());
    }
    Err(format!(
        "a later batch is so much larger than the first that the peer's grid would grow to {bins:.0} bins, and qviz \
         stops at {MAX_GROWN_BINS}"
    ))
}

/// `torch.arange(0, end, width)` of `count` f32 values (torch 2.15, CPU).
///
/// Computed in f64 and rounded once; but sixteen at a time go through vectors of eight, the first of which is rounded
/// before the others are counted up from it.
fn torch_arange(count: usize, width: f32) -> Vec<f64> {
    let (step, vectors) = (f64::from(width), count - count % 16);
    let value = |i: usize| {
        let base = if i < vectors { i - i % 8 } else { i };
        let first = f64::from((base as f64 * step) as f32);
        if i < vectors { (first + (i - base) as f64 * step) as f32 } else { (i as f64 * step) as f32 }
    };
    (0..count).map(|i| f64::from(value(i))).collect()
}

/// `np.arange` as it is filled: by the distance of its first two values.
fn arange(start: f64, next: f64, length: f64) -> impl Iterator<Item = f64> {
    let delta = next - start;
    (0..length.max(0.0) as usize).map(move |i| if i == 1 { next } else { start + i as f64 * delta })
}

/// `a // b` of NumPy's f32, for positive numbers.
fn floor_divide(a: f32, b: f32) -> f32 {
    let quotient = (a - a % b) / b;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::{BinPass, ChangedUnderneath, Histogram, RangePass};
    use proptest::prelude::*;

    const ALL: [GridSpec; 5] = [
        GridSpec::NvidiaTorch { bins: 64 },
        GridSpec::NvidiaNumpy { bins: 64 },
        GridSpec::Ort { bins: 64 },
        GridSpec::OrtMagnitude { bins: 64 },
        GridSpec::Ncnn { bins: 64 },
    ];

    #[test]
    fn a_later_batch_widens_the_grid_by_whole_bins() {
        let h = Histogram::of_batches(&[&[-1.0, 0.5], &[2.0, 0.25]], 16, &ALL);
        let bins = |spec: GridSpec| h.peer(spec).unwrap().unwrap().counts.len();
        assert_eq!(ALL.map(bins), [128, 192, 130, 192, 64]);
        let ort = h.peer(ALL[2]).unwrap().unwrap();
        assert_eq!((ort.edges[0], ort.edges[130]), (-2.03125, 2.03125));
    }

    #[test]
    fn another_batch_than_before_is_noticed() {
        let (first, second): (&[f32], &[f32]) = (&[1.0, -2.0], &[4.0, 3.0]);
        let read = |batches: &[&[f32]]| {
            let mut range = RangePass::new();
            [first, second].iter().for_each(|b| range.push(b));
            let ranges = [first, second].map(BatchRange::of).to_vec();
            let mut pass = BinPass::new(range.finish(), 8, &ALL).with_batches(ranges);
            for batch in batches {
                pass.push(batch);
                pass.end_batch();
            }
            pass.finish()
        };
        assert!(read(&[first, second]).is_ok());
        // All of them have the range and the number of values that the tensor has.
        assert_eq!(read(&[second, first]), Err(ChangedUnderneath));
        assert_eq!(read(&[&[1.0, -2.0, 4.0], &[3.0]]), Err(ChangedUnderneath));
        assert_eq!(read(&[&[1.0], &[-2.0], &[4.0, 3.0]]), Err(ChangedUnderneath));
    }

    proptest! {
        /// Whatever the values are, nothing panics, and no value is counted twice.
        #[test]
        fn any_batches_are_counted_or_refused(
            batches in prop::collection::vec(prop::collection::vec(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32)], 0..40), 1..5)
        ) {
            let slices: Vec<&[f32]> = batches.iter().map(Vec::as_slice).collect();
            let h = Histogram::of_batches(&slices, 16, &ALL);
            for spec in ALL {
                if let Some(Ok(grid)) = h.peer(spec) {
                    let counted: u64 = grid.counts.iter().sum();
                    prop_assert!(counted <= h.stats.finite());
                    if matches!(spec, GridSpec::Ort { .. }) {
                        prop_assert_eq!(counted, h.stats.finite());
                    }
                }
            }
        }
    }
}
