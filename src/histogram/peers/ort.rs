//! ONNX Runtime's `merge_histogram`.

use super::{BatchRange, Peer, with_earlier, within_reason};
use crate::histogram::NumpyHistogram;
use crate::histogram::numpy::NumpyGrid;
use crate::vector::Width;

/// `np.histogram` over `(-T, T)`, widened by whole bins on both sides.
#[derive(Clone, Debug)]
pub(super) struct Ort {
    /// Bins of the first batch.
    bins: usize,
    edges: Vec<f32>,
    /// Whether every batch so far was zero, so that `edges` hold the 0.5 that NumPy puts there, and not T.
    zero: bool,
    counts: Vec<u64>,
    /// The bins that the present batch has added on the left.
    added: usize,
    present: Option<NumpyGrid>,
}

impl Ort {
    pub fn new(bins: usize) -> Ort {
        Ort { bins, edges: Vec::new(), zero: false, counts: Vec::new(), added: 0, present: None }
    }
}

impl Peer for Ort {
    fn begin(&mut self, range: &BatchRange, _: f32) -> Result<(), String> {
        let mut t = range.amax();
        let mut bins = self.bins;
        self.added = 0;
        if !self.edges.is_empty() {
            bins = self.counts.len();
            let old = if self.zero { 0.0 } else { self.edges[bins] };
            if t <= old {
                t = old;
            } else if old > 0.0 {
                let stride = 2.0 * old / bins as f32;
                let more = floor_divide(t - old, stride) + 1.0;
                within_reason(bins as f64 + 2.0 * f64::from(more))?;
                t = more * stride + old;
                self.added = more as usize;
                bins += 2 * self.added;
            }
        }
        self.zero = t == 0.0;
        let grid = NumpyGrid::new(-t, t, bins)
            .ok_or_else(|| format!("NumPy cannot make {bins} bins over [-{t:e}, {t:e}]: the peer raises an error"))?;
        self.edges = grid.edges().to_vec();
        self.present = Some(grid);
        Ok(())
    }

    fn add(&mut self, values: &[f32], _: &[f32]) {
        if let Some(grid) = &mut self.present {
            grid.add(values, Width::default());
        }
    }

    fn end(&mut self) {
        if let Some(grid) = self.present.take() {
            self.counts = with_earlier(grid.finish().counts, &self.counts, self.added);
        }
    }

    fn finish(self: Box<Self>) -> NumpyHistogram {
        NumpyHistogram { edges: self.edges, counts: self.counts }
    }

    fn boxed(&self) -> Box<dyn Peer> {
        Box::new(self.clone())
    }
}

/// `a // b` of NumPy's f32, for positive numbers.
fn floor_divide(a: f32, b: f32) -> f32 {
    let quotient = (a - a % b) / b;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}
