//! The search of TensorRT's public talk.

use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, START_BIN, Tensor, ZeroBin, need_even_levels,
    need_two_passes, peer_clip,
};
use crate::quant::Format;

/// The bins of the talk.
const BINS: usize = 2048;

/// "8-bit inference with TensorRT" (S. Migacz, GTC 2017): the search of its pseudocode.
///
/// On 2,048 bins of `|x|` over `[0, amax]`, for `i` in 128..2048: P is the first `i` bins with the tail added to the last
/// of them, Q the first `i` bins merged into 128 levels (256 unsigned) and spread over the non-empty ones,
/// `m = argmin KL(P || Q)`, and the threshold `(m + 0.5) amax / 2048`.
///
/// The talk leaves open, and qviz has chosen: the *first* of equal minima wins (NumPy's argmin), undefined divergences
/// are passed over, bin 0 is *as it is*, and bin j belongs to level `floor(j 128 / i)`. TensorRT itself is closed: its
/// `EntropyCalibrator2` doubles the range for later batches and has rules of its own, so that its caches differ.
///
/// Known to go wrong: a ReLU's zeros in bin 0 pull the threshold down; `i = 2048` is not tried, so that the whole range
/// is never kept exactly; no clip can end in an empty bin.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrtGtc2017;

/// The first least divergence from the 128th bin to the last but one.
fn search(curve: &[f64]) -> Option<usize> {
    let candidates = || START_BIN..curve.len() - 1;
    let least = candidates().map(|i| curve[i]).filter(|kl| kl.is_finite()).min_by(f64::total_cmp)?;
    candidates().find(|&i| curve[i] == least)
}

impl Calibrator for TrtGtc2017 {
    fn id(&self) -> &str {
        "trt-gtc2017"
    }

    fn label(&self) -> &str {
        "gtc17"
    }

    fn summary(&self) -> &str {
        "Minimises the KL divergence as TensorRT's talk of 2017 has it: bin 0 as it is, the middle of the bin beyond."
    }

    fn whose(&self) -> &str {
        "NVIDIA TensorRT, as told at GTC 2017"
    }

    fn formula(&self) -> &str {
        "clip = (m + 0.5) amax / 2048, m = argmin of KL(P || Q) for i in 128..2048, bin 0 as it is"
    }

    fn caveat(&self) -> &str {
        "Not TensorRT's own number, which is closed: the rules for ties and bin 0 are qviz's. A ReLU's zeros pull the \
         threshold down, and the whole range is never tried."
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn zero_bin(&self) -> ZeroBin {
        ZeroBin::AsItIs
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_two_passes(tensor)?;
        let magnitude = &tensor.histogram().magnitude;
        if magnitude.bins() != BINS {
            let bins = magnitude.bins();
            let why = format!("trt-gtc2017 is defined on {BINS} bins, and the histogram has {bins}");
            return Err(NoThreshold::new(NoThresholdKind::Bins, why));
        }
        need_even_levels(tensor, self.id())?;
        let curve = tensor.kl_curve_with(ZeroBin::AsItIs);
        let i = search(curve).ok_or_else(|| {
            let why = "every clip below the whole range ends in an empty bin, where the divergence is infinite";
            NoThreshold::new(NoThresholdKind::NoCandidate, why)
        })?;
        let width = magnitude.amax / BINS as f32;
        Ok(Calibration::new(peer_clip(tensor, (i as f32 + 0.5) * width), None).with_kl(curve[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::kl;
    use super::*;

    fn searched(counts: &[u64], levels: usize) -> Option<usize> {
        search(&kl::curve(counts, levels))
    }

    #[test]
    fn the_first_of_equal_minima_wins_and_gaps_are_passed_over() {
        // A level for each bin: nothing is lost but the tail, and nothing lies beyond bin 150.
        let mut counts = vec![4; 150];
        counts.resize(BINS, 0);
        assert_eq!(searched(&counts, 256), Some(150));
        counts[BINS - 1] = 1;
        assert_eq!(searched(&counts, 256), Some(150));
        let mut last = vec![0; BINS];
        last[BINS - 1] = 9;
        assert_eq!(searched(&last, 128), None);
    }
}
