//! The clip of least KL divergence on pytorch-quantization's own histogram.

use super::{
    Calibration, Calibrator, NoThreshold, START_BIN, Tensor, entropy, kl, need_even_levels, need_peer, peer_clip,
    with_note,
};
use crate::histogram::{GridSpec, NumpyHistogram};
use crate::quant::Format;

/// The bins of the first batch, as every NVIDIA calibrator has them unless it is told otherwise.
pub(super) const BINS: usize = 2048;

/// The grid that pytorch-quantization grows batch by batch with `torch_hist=True`.
pub(super) const GRID: GridSpec = GridSpec::NvidiaTorch { bins: BINS };

/// The peer counts in f32, where adding 1 changes nothing from here on.
const SATURATED: u64 = 1 << 24;

/// pytorch-quantization 2.2 and ModelOpt 0.47: `HistogramCalibrator(torch_hist=True)`, `compute_amax("entropy")`.
///
/// The objective and its rules are [`Entropy`](super::Entropy)'s: `argmin KL(P || Q)` over the edges 128, 129, ..., bin
/// 0 replaced by bin 1, the largest of equal minima. The histogram is the peer's: 2,048 bins over the *first* batch's
/// `[0, amax]`, and where a later one reaches further `ceil(amax / width)` bins with the edges of `torch.arange`. One
/// file of a group is one batch. In one batch it equals `entropy`.
///
/// Known to go wrong: the number depends on the order of the batches; rounding can leave the grown edges out of step
/// with the bins; a first batch of zeros has bins without width, and the peer raises; f32 counters stop at 2^24 (qviz
/// counts on); and all that `entropy` is known for: no clip past a gap, NaN wins.
#[derive(Clone, Copy, Debug, Default)]
pub struct NvidiaEntropy;

/// What to say where the peer's f32 counters would have stopped.
pub(super) fn saturation_note(grid: &NumpyHistogram) -> Option<String> {
    (grid.counts.iter().any(|&c| c > SATURATED)).then(|| {
        "a bin holds more than 2^24 values, where the peer's float32 counter stops: its own number is another"
            .to_owned()
    })
}

impl Calibrator for NvidiaEntropy {
    fn id(&self) -> &str {
        "nvidia-entropy"
    }

    fn label(&self) -> &str {
        "nv KL"
    }

    fn summary(&self) -> &str {
        "Minimises the KL divergence on pytorch-quantization's histogram, which grows from batch to batch."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization 2.2, ModelOpt 0.47 (torch_hist)"
    }

    fn formula(&self) -> &str {
        "entropy, on bins whose width the first batch fixes: later batches add bins"
    }

    fn caveat(&self) -> &str {
        "Depends on the order of the batches; cannot clip past an empty gap; a first batch of zeros raises an error in \
         the peer, and its float32 counters stop at 2^24."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![GRID]
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, GRID)?;
        let levels = need_even_levels(tensor, self.id())?;
        let counts = kl::without_zero_bin(grid.counts.clone());
        let curve = kl::curve(&counts, levels);
        let (i, note) = entropy::choose(&counts, levels, &curve, &grid.edges, START_BIN)?;
        let note = with_note(saturation_note(grid).or(note), tensor, true);
        Ok(Calibration::new(peer_clip(tensor, grid.edges[i]), note).with_kl(curve[i]))
    }
}
