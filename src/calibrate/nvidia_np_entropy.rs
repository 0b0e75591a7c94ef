//! The clip of least KL divergence on pytorch-quantization's NumPy histogram.

use super::nvidia_entropy::BINS;
use super::{
    Calibration, Calibrator, NoThreshold, START_BIN, Tensor, entropy, kl, need_even_levels, need_peer, peer_clip,
    with_note,
};
use crate::histogram::GridSpec;
use crate::quant::Format;

const GRID: GridSpec = GridSpec::NvidiaNumpy { bins: BINS };

/// pytorch-quantization 2.2 and ModelOpt 0.47: `HistogramCalibrator(torch_hist=False)`, `compute_amax("entropy")`.
///
/// [`NvidiaEntropy`](super::NvidiaEntropy)'s search on another histogram: `np.histogram(|x|, 2048)` of the first batch,
/// over `[min |x|, max |x|]` rather than from 0, and widened with `np.arange` for later batches. The threshold is the
/// edge as f32.
///
/// Known to go wrong: magnitudes below the first batch's smallest are dropped; level 0 of the search stands for
/// `min |x|` while the scale is taken from 0, so that a tensor far from zero is searched on the wrong grid; the peer
/// overwrites bin 0 of the histogram itself, so that a percentile asked for afterwards is another one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NvidiaNpEntropy;

impl Calibrator for NvidiaNpEntropy {
    fn id(&self) -> &str {
        "nvidia-np-entropy"
    }

    fn label(&self) -> &str {
        "np KL"
    }

    fn summary(&self) -> &str {
        "Minimises the KL divergence on pytorch-quantization's NumPy histogram, which begins at the smallest magnitude."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization 2.2, ModelOpt 0.47 (torch_hist=False)"
    }

    fn formula(&self) -> &str {
        "entropy, on np.histogram(|x|) over [min |x|, max |x|] of the first batch, grown by later ones"
    }

    fn caveat(&self) -> &str {
        "Begins at the first batch's smallest magnitude: what lies below it later is dropped, and data far from zero are \
         searched on a shifted grid. Depends on the order of the batches."
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
        let clip = peer_clip(tensor, grid.edges[i].max(0.0));
        Ok(Calibration::new(clip, with_note(note, tensor, true)).with_kl(curve[i]))
    }
}
