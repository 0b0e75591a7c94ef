//! ncnn2table's histogram.

use super::{BatchRange, Peer};
use crate::histogram::NumpyHistogram;

/// Magnitudes over `[0, amax]` of all batches: division first, zeros left out, no correction. The order of batches does
/// not matter.
#[derive(Clone, Debug)]
pub(super) struct Ncnn {
    amax: f32,
    counts: Vec<u64>,
}

impl Ncnn {
    pub fn new(bins: usize) -> Ncnn {
        Ncnn { amax: 0.0, counts: vec![0; bins] }
    }
}

impl Peer for Ncnn {
    fn begin(&mut self, _: &BatchRange, amax: f32) -> Result<(), String> {
        self.amax = amax;
        Ok(())
    }

    fn add(&mut self, _: &[f32], magnitudes: &[f32]) {
        let bins = self.counts.len();
        for m in magnitudes.iter().filter(|m| **m != 0.0) {
            self.counts[((m / self.amax * bins as f32) as usize).min(bins - 1)] += 1;
        }
    }

    fn end(&mut self) {}

    fn finish(self: Box<Self>) -> NumpyHistogram {
        let bins = self.counts.len();
        let edges = (0..=bins).map(|i| i as f32 * self.amax / bins as f32).collect();
        NumpyHistogram { edges, counts: self.counts }
    }

    fn boxed(&self) -> Box<dyn Peer> {
        Box::new(self.clone())
    }
}
