//! A share of the values, ONNX Runtime's way.

use super::{Calibration, Calibrator, NoThreshold, Tensor, need_peer, ort_clip, percentile, with_note};
use crate::histogram::{GridSpec, MAX_BINS};

/// The bins of the first collect unless they are told: ONNX Runtime's default for percentiles.
const BINS: usize = 2048;

/// ONNX Runtime 1.32 `PercentileCalibrater`, `num_bins=2048` unless the name ends in another number.
///
/// * symmetric (`ort-percentile-sym-P`, the library's default): on the histogram of `|x|` over `[min |x|, max |x|]`,
///   `t = edges[searchsorted(cdf, P / 100)]`, the range `(-t, t)`;
/// * asymmetric (`ort-percentile-asym-P`): on the histogram of `x` over `(-T, T)`, the edges at `(100 - P) / 200` and at
///   1 minus that.
///
/// Both are then cut to the observed minimum and maximum. One file of a group is one `collect`.
///
/// Known to go wrong: both ends are lower edges, so that a constant tensor's range has its high end below its low one;
/// symmetric drops magnitudes below the first collect's smallest, and raises on NaN; both depend on the order.
#[derive(Clone, Debug)]
pub struct OrtPercentile {
    percentile: f64,
    symmetric: bool,
    bins: usize,
    id: String,
    label: String,
    summary: String,
}

impl OrtPercentile {
    /// The method that keeps `percentile` per cent, 0 to 100; `None` for another number.
    pub fn new(percentile: f64, symmetric: bool) -> Option<OrtPercentile> {
        let percentile = percentile::checked(percentile)?;
        let (kind, of) =
            if symmetric { ("sym", "magnitudes") } else { ("asym", "values, an equal share cut at each end") };
        let (id, label) = (format!("ort-percentile-{kind}-{percentile}"), percentile::label(&percentile.to_string()));
        let summary = format!("Keeps {percentile} % of the {of}, on ONNX Runtime's histogram.");
        Some(OrtPercentile { percentile, symmetric, bins: BINS, id, label, summary })
    }

    /// The same with so many bins in the first collect, 1 to [`MAX_BINS`]; `None` for another number.
    pub fn with_bins(mut self, bins: usize) -> Option<OrtPercentile> {
        if bins != self.bins {
            self.id += &format!("-{bins}");
            self.summary = self.summary.replace("histogram.", &format!("histogram of {bins} bins."));
        }
        self.bins = bins;
        (1..=MAX_BINS).contains(&bins).then_some(self)
    }

    fn grid(&self) -> GridSpec {
        if self.symmetric { GridSpec::OrtMagnitude { bins: self.bins } } else { GridSpec::Ort { bins: self.bins } }
    }
}

impl Calibrator for OrtPercentile {
    fn id(&self) -> &str {
        &self.id
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn whose(&self) -> &str {
        "ONNX Runtime 1.32 (Percentile)"
    }

    fn formula(&self) -> &str {
        "clip = edge[searchsorted(cumsum(h) / N, P / 100)], of |x| or at both ends of x"
    }

    fn caveat(&self) -> &str {
        if self.symmetric {
            "Takes a bin's lower edge; drops later magnitudes below the first batch's smallest; raises an error on NaN in \
             the peer. Depends on the order of the batches."
        } else {
            "Takes lower edges at both ends, so that a constant tensor's range is upside down. Depends on the order of \
             the batches."
        }
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![self.grid()]
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, self.grid())?;
        let edge = |share: f64| grid.edges[percentile::reaching(&grid.counts, share)];
        let (low, high) = if self.symmetric {
            let t = edge(self.percentile / 100.0);
            (-t, t)
        } else {
            let cut = (100.0 - self.percentile) / 200.0;
            (edge(cut), edge(1.0 - cut))
        };
        let least = tensor.histogram().stats.min.unwrap_or(0.0);
        let note = (low.max(least) > high).then(|| {
            "the peer's range is upside down, its high end below its low one; 0 to the high end is used".into()
        });
        Ok(Calibration::new(ort_clip(tensor, low, high), with_note(note, tensor, self.symmetric)).without_kl())
    }
}
