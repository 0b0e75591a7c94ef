//! pytorch-quantization's `_collect` with `torch_hist`.

use super::{BatchRange, Peer, with_earlier, within_reason};
use crate::histogram::magnitude::ExactGrid;
use crate::histogram::{Magnitude, NumpyHistogram};
use crate::vector::Width;

/// `torch.histc` over `[0, amax]` of the first batch, widened by whole bins.
#[derive(Clone, Debug)]
pub(super) struct Torch {
    /// Bins of the first batch.
    bins: usize,
    edges: Vec<f32>,
    counts: Vec<u64>,
    /// The counts of the present batch, and the largest magnitude that they take.
    present: Option<(ExactGrid, f32)>,
}

impl Torch {
    pub fn new(bins: usize) -> Torch {
        Torch { bins, edges: Vec::new(), counts: Vec::new(), present: None }
    }
}

impl Peer for Torch {
    fn begin(&mut self, range: &BatchRange, _: f32) -> Result<(), String> {
        let amax = range.amax();
        let Some(&last) = self.edges.last() else {
            self.edges = Magnitude { amax, pos: vec![0; self.bins], neg: Vec::new() }.edges();
            self.present = Some((ExactGrid::new(self.bins, amax), amax));
            return Ok(());
        };
        let (mut top, mut bins) = (last, self.counts.len());
        if amax > top {
            let width = self.edges[1];
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
            (self.edges, bins) = (arange(count as usize, width), grown as usize);
            top = self.edges.last().copied().unwrap_or(0.0);
        }
        self.present = Some((ExactGrid::new(bins, top), top));
        Ok(())
    }

    fn add(&mut self, _: &[f32], magnitudes: &[f32]) {
        let Some((grid, top)) = &mut self.present else { return };
        // Rounding may leave the grown grid's end below the batch's largest value, which the peer then drops.
        if magnitudes.iter().all(|m| m <= top) {
            grid.add(magnitudes, Width::default());
        } else {
            let inside: Vec<f32> = magnitudes.iter().copied().filter(|m| m <= top).collect();
            grid.add(&inside, Width::default());
        }
    }

    fn end(&mut self) {
        if let Some((grid, _)) = self.present.take() {
            self.counts = with_earlier(grid.finish().counts(), &self.counts, 0);
        }
    }

    fn finish(self: Box<Self>) -> NumpyHistogram {
        NumpyHistogram { edges: self.edges, counts: self.counts }
    }

    fn boxed(&self) -> Box<dyn Peer> {
        Box::new(self.clone())
    }
}

/// `torch.arange(0, end, width)` of `count` f32 values (torch 2.15, CPU).
///
/// Computed in f64 and rounded once; but sixteen at a time go through vectors of eight, the first of which is rounded
/// before the others are counted up from it.
fn arange(count: usize, width: f32) -> Vec<f32> {
    let (step, vectors) = (f64::from(width), count - count % 16);
    let value = |i: usize| {
        let base = if i < vectors { i - i % 8 } else { i };
        let first = f64::from((base as f64 * step) as f32);
        if i < vectors { (first + (i - base) as f64 * step) as f32 } else { (i as f64 * step) as f32 }
    };
    (0..count).map(value).collect()
}
