//! A share of the values on pytorch-quantization's own histogram.

use super::nvidia_entropy::{GRID, saturation_note};
use super::{Calibration, Calibrator, NoThreshold, Tensor, need_peer, peer_clip, percentile, with_note};
use crate::histogram::GridSpec;

/// pytorch-quantization 2.2 and ModelOpt 0.47: `HistogramCalibrator(torch_hist=True)`, `compute_amax("percentile")`.
///
/// `edges[searchsorted(cumsum(h / sum h), P / 100)]`: [`Percentile`](super::Percentile)'s lower edge, on the histogram
/// that grows from batch to batch: see [`NvidiaEntropy`](super::NvidiaEntropy). In one batch it equals `percentile-P`.
///
/// Known to go wrong: depends on the order of the batches; a bin is passed over or not by the rounding of a sum; f32
/// counters stop at 2^24, which moves the share (qviz counts on).
#[derive(Clone, Debug)]
pub struct NvidiaPercentile {
    percentile: f64,
    id: String,
    label: String,
    summary: String,
}

impl NvidiaPercentile {
    /// The method that keeps `percentile` per cent, 0 to 100; `None` for another number.
    pub fn new(percentile: f64) -> Option<NvidiaPercentile> {
        let percentile = percentile::checked(percentile)?;
        let (id, label) = (format!("nvidia-percentile-{percentile}"), percentile::label(&percentile.to_string()));
        let summary = format!("Keeps {percentile} % of the magnitudes on pytorch-quantization's histogram.");
        Some(NvidiaPercentile { percentile, id, label, summary })
    }
}

impl Calibrator for NvidiaPercentile {
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
        "NVIDIA pytorch-quantization 2.2, ModelOpt 0.47 (torch_hist)"
    }

    fn formula(&self) -> &str {
        "clip = edge[searchsorted(cumsum(h) / N, P / 100)], on bins whose width the first batch fixes"
    }

    fn caveat(&self) -> &str {
        "Depends on the order of the batches; takes a bin's lower edge, so that even 100 % clips; the peer's float32 \
         counters stop at 2^24."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![GRID]
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, GRID)?;
        let t = grid.edges[percentile::crossing(&grid.counts, self.percentile)];
        let note = (t == 0.0 && tensor.histogram().stats.amax() > 0.0).then(|| {
            format!("the lowest bin alone holds {} % of the values, and its lower edge is 0", self.percentile)
        });
        let note = with_note(saturation_note(grid).or(note), tensor, true);
        Ok(Calibration::new(peer_clip(tensor, t), note).without_kl())
    }
}
