//! Grids that depend on the order of the batches, a file for each peer.
//!
//! A peer that sees one batch after the other sets its grid by the first and widens it when a later one does not fit.
//! What comes out depends on where batches end, so that these grids are told: see
//! [`BinPass::end_batch`](super::BinPass::end_batch).

mod ncnn;
mod numpy;
mod ort;
mod torch;

use std::fmt;

use super::tally::CHUNK;
use super::{GridSpec, NumpyHistogram};

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

/// How one peer's grid comes about.
trait Peer: fmt::Debug + Send + Sync {
    /// A batch with these extremes comes next; `amax` is that of all batches. An error is a sentence that says why the
    /// peer has no grid.
    fn begin(&mut self, range: &BatchRange, amax: f32) -> Result<(), String>;

    /// Counts values of the present batch, all within the range that `begin` was told; `magnitudes` are theirs.
    fn add(&mut self, values: &[f32], magnitudes: &[f32]);

    /// The present batch is complete.
    fn end(&mut self);

    /// What was counted.
    fn finish(self: Box<Self>) -> NumpyHistogram;

    /// The same once more.
    fn boxed(&self) -> Box<dyn Peer>;
}

/// One batch-ordered grid while it is counted.
#[derive(Debug)]
pub(super) struct BatchGrid {
    peer: Box<dyn Peer>,
    /// Whether a batch has begun that the peer counts.
    open: bool,
    /// Whether there ever was one.
    begun: bool,
    refused: Option<String>,
}

impl Clone for BatchGrid {
    fn clone(&self) -> BatchGrid {
        BatchGrid { peer: self.peer.boxed(), refused: self.refused.clone(), ..*self }
    }
}

impl BatchGrid {
    /// The grid of a spec; `None` for one over all values, which is not counted batch by batch.
    pub fn new(spec: GridSpec) -> Option<BatchGrid> {
        let peer: Box<dyn Peer> = match spec {
            GridSpec::Numpy { .. } => return None,
            GridSpec::NvidiaTorch { bins } => Box::new(torch::Torch::new(bins)),
            GridSpec::NvidiaNumpy { bins } => Box::new(numpy::Magnitudes::new(bins, false)),
            GridSpec::OrtMagnitude { bins } => Box::new(numpy::Magnitudes::new(bins, true)),
            GridSpec::Ort { bins } => Box::new(ort::Ort::new(bins)),
            GridSpec::Ncnn { bins } => Box::new(ncnn::Ncnn::new(bins)),
        };
        Some(BatchGrid { peer, open: false, begun: false, refused: None })
    }

    /// A batch with these extremes comes next; `amax` is that of all batches.
    pub fn begin(&mut self, range: &BatchRange, amax: f32) {
        if range.is_empty() || self.refused.is_some() {
            return;
        }
        match self.peer.begin(range, amax) {
            Ok(()) => (self.open, self.begun) = (true, true),
            Err(why) => self.refused = Some(why),
        }
    }

    /// Counts at most [`CHUNK`] values of the present batch, all within the range that `begin` was told.
    pub fn add(&mut self, values: &[f32]) {
        if !self.open {
            return;
        }
        let mut magnitudes = [0.0f32; CHUNK];
        let magnitudes = &mut magnitudes[..values.len()];
        for (m, x) in magnitudes.iter_mut().zip(values) {
            *m = x.abs();
        }
        self.peer.add(values, magnitudes);
    }

    /// The present batch is complete.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            self.peer.end();
        }
    }

    pub fn finish(self) -> PeerGrid {
        match self.refused {
            Some(why) => Err(why),
            None if !self.begun => Err("the tensor holds no finite value".into()),
            None => Ok(self.peer.finish()),
        }
    }
}

/// The counts of a batch with those of the batches before it, the bins of which begin at `offset`.
fn with_earlier(mut counts: Vec<u64>, earlier: &[u64], offset: usize) -> Vec<u64> {
    counts.iter_mut().skip(offset).zip(earlier).for_each(|(now, before)| *now += before);
    counts
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
