//! The clip of least KL divergence.

use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, START_BIN, Tensor, clip_at, kl, need_bins, need_even_levels,
};
use crate::quant::Format;

/// NVIDIA's entropy calibration: pytorch-quantization 2.2 and ModelOpt 0.47, `torch_hist`, the layer as one batch.
///
/// Minimises [`kl::curve`] over the clips at bin edges 128, 129, ... of the |x| histogram. The largest of equal minima
/// wins, and NaN counts as minimal, as in NumPy's `argmin`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entropy;

/// Candidates this close on the curve are decided by the peer's own rounding.
const TOO_CLOSE: f64 = 1e-11;

/// An empty stretch below the largest value is worth a word from one part in so many on.
const MANY_EMPTY: usize = 10;

/// Where the search ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    /// The least divergence.
    Minimum(usize),
    /// An undefined divergence, which NumPy's `argmin` takes for the least.
    Nan(usize),
}

/// The chosen `i` in `start..=bins`, or `None` if there is no candidate. `curve` is that of `counts` and `levels`.
fn search(counts: &[u64], levels: usize, curve: &[f64], start: usize) -> Option<Choice> {
    let candidates = || (start..curve.len()).rev();
    if let Some(i) = candidates().find(|&i| curve[i].is_nan()) {
        return Some(Choice::Nan(i));
    }
    let least = candidates().map(|i| curve[i]).min_by(f64::total_cmp)?;
    let close: Vec<usize> = candidates().filter(|&i| curve[i] <= least + TOO_CLOSE).collect();
    if let [only] = close[..] {
        return Some(Choice::Minimum(only));
    }
    let mut best = (f64::INFINITY, None);
    for i in close {
        let exact = kl::peer_divergence(counts, levels, i);
        // From the largest i down: an equal one further down does not win.
        if best.1.is_none() || exact < best.0 {
            best = (exact, Some(i));
        }
    }
    best.1.map(Choice::Minimum)
}

/// What a user would otherwise puzzle over.
fn note(choice: Choice, counts: &[u64]) -> Option<String> {
    let bins = counts.len();
    match choice {
        Choice::Nan(i) if i == bins => {
            Some("no bin but the lowest holds a value, so that the divergence is undefined everywhere".into())
        }
        Choice::Nan(_) => Some(
            "up to this clip no bin but the lowest holds a value, the divergence is undefined, and the method takes that \
             for the least: every larger value saturates"
                .into(),
        ),
        Choice::Minimum(i) if i == bins => {
            let gap = counts[..bins - 1].iter().rev().take_while(|&&c| c == 0).count();
            (gap * MANY_EMPTY >= bins).then(|| {
                let percent = 100 * gap / bins;
                format!(
                    "the upper {percent} % of the range is empty but for its end, and a clip cannot end in an empty \
                     bin, where the divergence is infinite: the whole range is kept"
                )
            })
        }
        Choice::Minimum(_) => None,
    }
}

/// The edge that the search ends at, and what a user would otherwise puzzle over. `curve` is that of `counts` and
/// `levels`, `edges` are those of the bins.
pub(super) fn choose(
    counts: &[u64],
    levels: usize,
    curve: &[f64],
    edges: &[f32],
) -> Result<(usize, Option<String>), NoThreshold> {
    let choice = search(counts, levels, curve, START_BIN)
        .ok_or_else(|| NoThreshold::new(NoThresholdKind::NoCandidate, "entropy found no candidate"))?;
    let (Choice::Minimum(i) | Choice::Nan(i)) = choice;
    let note = if levels >= counts.len() {
        Some(format!(
            "{} bins cannot tell {levels} levels apart: a clip without values beyond it costs nothing, so the method \
             keeps the whole range",
            counts.len()
        ))
    } else {
        note(choice, counts).or_else(|| {
            // A peer's grown edges may end before its bins do.
            let threshold = |above: usize| edges.get(START_BIN + above).copied().unwrap_or(f32::NAN);
            kl::decided_by_rounding(&curve[START_BIN..], i - START_BIN, TOO_CLOSE, threshold)
        })
    };
    Ok((i, note))
}

impl Calibrator for Entropy {
    fn id(&self) -> &str {
        "entropy"
    }

    fn label(&self) -> &str {
        "KL"
    }

    fn summary(&self) -> &str {
        "Minimises the KL divergence between the histogram and its quantized self (NVIDIA's entropy calibration)."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization, ModelOpt"
    }

    fn formula(&self) -> &str {
        "argmin over i of sum p ln(p / q), i in 128..bins: P = h[:i] with the tail in its last bin, Q = h[:i] over the levels"
    }

    fn caveat(&self) -> &str {
        "Cannot clip past an empty gap, so that one far outlier keeps the whole range; where only the lowest bin holds \
         values the divergence is NaN, and NaN wins."
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_bins(tensor, "entropy")?;
        let counts = kl::without_zero_bin(tensor.histogram().magnitude.counts());
        let levels = need_even_levels(tensor, self.id())?;
        let (i, note) = choose(&counts, levels, tensor.kl_curve(), tensor.edges())?;
        Ok(Calibration { clip: clip_at(tensor, tensor.edges()[i]), note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(counts: &[u64], levels: usize, start: usize) -> Option<Choice> {
        let counts = kl::without_zero_bin(counts.to_vec());
        search(&counts, levels, &kl::curve(&counts, levels), start)
    }

    #[test]
    fn the_hand_check_ends_at_ten() {
        let counts = [40, 30, 22, 16, 0, 8, 6, 4, 3, 2, 0, 1, 1, 0, 0, 1];
        assert_eq!(searched(&counts, 4, 4), Some(Choice::Minimum(10)));
    }

    #[test]
    fn the_largest_undefined_candidate_wins() {
        assert_eq!(searched(&[0, 0, 0, 0, 0, 7, 1, 2], 2, 2), Some(Choice::Nan(5)));
        assert_eq!(searched(&[5, 0, 0, 0, 0, 0], 2, 2), Some(Choice::Nan(6)));
        assert_eq!(searched(&[5, 0, 0], 2, 4), None);
    }

    #[test]
    fn the_largest_of_equal_minima_wins() {
        // Every level has one value a bin, nothing lies beyond: 0 at each end of the tail of empty bins.
        assert_eq!(searched(&[4, 4, 4, 4, 4, 4, 0, 0, 0, 0], 2, 2), Some(Choice::Minimum(10)));
    }
}
