//! `np.histogram` of magnitudes, as pytorch-quantization and ONNX Runtime widen it.

use super::{BatchRange, Peer, with_earlier, within_reason};
use crate::histogram::NumpyHistogram;
use crate::histogram::numpy::NumpyGrid;
use crate::vector::Width;

/// NumPy's automatic range for the first batch, `arange` for what a later one needs.
#[derive(Clone, Debug)]
pub(super) struct Magnitudes {
    /// Bins of the first batch.
    bins: usize,
    /// Whether the edges are rounded to f32 after each batch, as ONNX Runtime rounds them to the data's type.
    rounds: bool,
    /// f64, as NumPy's edges become once it has grown them; f32 in value before.
    edges: Vec<f64>,
    /// Whether NumPy's edges are f64 by now.
    wide: bool,
    counts: Vec<u64>,
    present: Option<Present>,
}

/// The counts of the present batch.
#[derive(Clone, Debug)]
enum Present {
    First(NumpyGrid),
    /// `np.histogram` with edges: bin k is `[e_k, e_{k+1})`, the last one closed, what lies outside is dropped.
    Later(Vec<u64>),
}

impl Magnitudes {
    pub fn new(bins: usize, rounds: bool) -> Magnitudes {
        Magnitudes { bins, rounds, edges: Vec::new(), wide: false, counts: Vec::new(), present: None }
    }

    fn widen(&mut self, last: f64, amax: f32) -> Result<(), String> {
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
        Ok(())
    }
}

impl Peer for Magnitudes {
    fn begin(&mut self, range: &BatchRange, _: f32) -> Result<(), String> {
        let amax = range.amax();
        let Some(&last) = self.edges.last() else {
            let bins = self.bins;
            let grid = NumpyGrid::new(range.least, amax, bins)
                .ok_or_else(|| format!("NumPy cannot make {bins} bins over the first batch's magnitudes"))?;
            self.edges = grid.edges().iter().copied().map(f64::from).collect();
            self.present = Some(Present::First(grid));
            return Ok(());
        };
        if f64::from(amax) > last {
            self.widen(last, amax)?;
        }
        self.present = Some(Present::Later(vec![0; self.edges.len() - 1]));
        Ok(())
    }

    fn add(&mut self, _: &[f32], magnitudes: &[f32]) {
        match &mut self.present {
            None => {}
            Some(Present::First(grid)) => grid.add(magnitudes, Width::default()),
            Some(Present::Later(counts)) => {
                let bins = counts.len();
                for m in magnitudes.iter().copied().map(f64::from) {
                    // `above` edges lie at or below the value.
                    let above = self.edges.partition_point(|&e| e <= m);
                    if above > bins {
                        counts[bins - 1] += u64::from(m == self.edges[bins]);
                    } else if above > 0 {
                        counts[above - 1] += 1;
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        let counts = match self.present.take() {
            None => return,
            Some(Present::First(grid)) => grid.finish().counts,
            Some(Present::Later(counts)) => counts,
        };
        self.counts = with_earlier(counts, &self.counts, 0);
        if self.rounds && self.wide {
            self.edges.iter_mut().for_each(|e| *e = f64::from(*e as f32));
            self.wide = false;
        }
    }

    fn finish(self: Box<Self>) -> NumpyHistogram {
        NumpyHistogram { edges: self.edges.iter().map(|&e| e as f32).collect(), counts: self.counts }
    }

    fn boxed(&self) -> Box<dyn Peer> {
        Box::new(self.clone())
    }
}

/// `np.arange` as it is filled: by the distance of its first two values.
fn arange(start: f64, next: f64, length: f64) -> impl Iterator<Item = f64> {
    let delta = next - start;
    (0..length.max(0.0) as usize).map(move |i| if i == 1 { next } else { start + i as f64 * delta })
}
