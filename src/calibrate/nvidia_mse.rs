//! The clip of least mean squared error on pytorch-quantization's own histogram.

use super::nvidia_entropy::{GRID, saturation_note};
use super::{Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor, mse, need_peer, peer_clip, with_note};
use crate::histogram::GridSpec;

/// pytorch-quantization 2.2: `HistogramCalibrator(torch_hist=True)`, `compute_amax("mse")`.
///
/// `argmin sum_j h_j (q(c_j) - c_j)^2` over the bin centres from the 128th on, as [`Mse`](super::Mse) searches, on the
/// histogram that grows from batch to batch: see [`NvidiaEntropy`](super::NvidiaEntropy). In one batch it equals `mse`.
///
/// Known to go wrong: depends on the order of the batches; where rounding leaves the grown grid with one edge too many
/// the peer raises an error; ModelOpt 0.47's own MSE is broken (its arguments are shifted) and is not this one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NvidiaMse;

impl Calibrator for NvidiaMse {
    fn id(&self) -> &str {
        "nvidia-mse"
    }

    fn label(&self) -> &str {
        "nv MSE"
    }

    fn summary(&self) -> &str {
        "Minimises the squared error of the bin centres on pytorch-quantization's histogram, which grows batch by batch."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization 2.2 (torch_hist)"
    }

    fn formula(&self) -> &str {
        "argmin over t of sum h_j (q_t(c_j) - c_j)^2, on bins whose width the first batch fixes"
    }

    fn caveat(&self) -> &str {
        "Depends on the order of the batches; far outliers keep the clip wide; ModelOpt 0.47's MSE is broken and differs."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![GRID]
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, GRID)?;
        if grid.edges.len() != grid.counts.len() + 1 {
            let (edges, bins) = (grid.edges.len(), grid.counts.len());
            let why = format!(
                "rounding gave the grown grid {edges} edges for {bins} bins, on which the peer raises an error"
            );
            return Err(NoThreshold::new(NoThresholdKind::PeerRaises, why));
        }
        let (t, note) = mse::choose(grid.counts.clone(), &grid.edges, tensor.format())?;
        let note = with_note(saturation_note(grid).or(note), tensor, true);
        Ok(Calibration::new(peer_clip(tensor, t), note).without_kl())
    }
}
