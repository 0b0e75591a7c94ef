//! The clip of least KL divergence.

use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor, clip_at, few_bins_note, kl, need_even_levels,
    need_values, start_bin, together,
};
use crate::quant::Format;

/// NVIDIA's entropy calibration: pytorch-quantization 2.2 and ModelOpt 0.47, `torch_hist`, the layer as one batch.
///
/// Minimises [`kl::curve`] over the clips at bin edges 128, 129, ... of the |x| histogram; of one with fewer bins, on which
/// the peer has no answer, from [`start_bin`] on. The largest of equal minima wins, and NaN counts as minimal, as in
/// NumPy's `argmin`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entropy;

/// Candidates this close on the curve are decided by the peer's own rounding.
const TOO_CLOSE: f64 = 1e-11;

/// An empty stretch below the largest value is worth a word from one part in so many on.
const MANY_EMPTY: usize = 10;

/// Where the count that bin 0 loses or gains is more than this share of all, that is worth a word.
const MUCH_AT_ZERO: f64 = 0.1;

/// Where there are fewer values than this a bin, clips that end in an empty bin are for want of values.
const VALUES_PER_BIN: u64 = 8;

/// What bin 0 counts in the search, where that is another number by much.
fn zero_note(counts: &[u64]) -> Option<String> {
    let [zero, first, ..] = counts else { return None };
    let much = zero.abs_diff(*first) as f64 > MUCH_AT_ZERO * counts.iter().sum::<u64>() as f64;
    let few = counts.len() < super::START_BIN && zero != first;
    (much || few).then(|| {
        format!(
            "bin 0 counts {first} as bin 1 does, in place of {zero}, so that zeros do not decide (kl-plain: as it is)"
        )
    })
}

/// Whether clips of so many values on so many bins end in an empty bin for want of values.
pub fn too_few_values(values: u64, bins: usize) -> bool {
    values < VALUES_PER_BIN * bins as u64
}

/// That most clips end in an empty bin because there are few values, in a sentence. `curve` is that of `counts`.
fn too_few_note(counts: &[u64], curve: &[f64], start: usize) -> Option<String> {
    let values = counts.iter().sum::<u64>();
    let clips = curve.get(start..).filter(|clips| !clips.is_empty())?;
    let infinite = clips.iter().filter(|kl| kl.is_infinite()).count();
    let few = too_few_values(values, counts.len()) && 2 * infinite > clips.len();
    few.then(|| {
        format!(
            "too few values: {} of {} clips end in an empty bin, where the divergence is infinite, because {values} values \
             lie on {} bins",
            infinite,
            clips.len(),
            counts.len()
        )
    })
}

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

/// What is to know of a search on so many values and bins beside its number.
pub(super) fn notes(counts: &[u64], curve: &[f64], start: usize) -> Option<String> {
    together([too_few_note(counts, curve, start), few_bins_note(counts.len(), start)])
}

/// The edge that the search from `start` on ends at, and what a user would otherwise puzzle over. `curve` is that of
/// `counts` and `levels`, `edges` are those of the bins.
pub(super) fn choose(
    counts: &[u64],
    levels: usize,
    curve: &[f64],
    edges: &[f32],
    start: usize,
) -> Result<(usize, Option<String>), NoThreshold> {
    let choice = search(counts, levels, curve, start)
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
            let threshold = |above: usize| edges.get(start + above).copied().unwrap_or(f32::NAN);
            kl::decided_by_rounding(&curve[start..], i - start, TOO_CLOSE, threshold)
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
        "Minimises the KL divergence between the histogram and its quantized self, from bin 128 on, bin 0 counted as bin 1 \
         (NVIDIA's entropy calibration)."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization, ModelOpt"
    }

    fn formula(&self) -> &str {
        "argmin over i of sum p ln(p / q), i in 128..bins: P = h[:i] with the tail in its last bin, Q = h[:i] over the levels"
    }

    fn caveat(&self) -> &str {
        "Cannot clip past an empty gap, so that one far outlier keeps the whole range; where only the lowest bin holds \
         values the divergence is NaN, and NaN wins. With few values most clips end in an empty bin, where it is infinite."
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let levels = need_even_levels(tensor, self.id())?;
        let counts = tensor.histogram().magnitude.counts();
        let zeros = zero_note(&counts);
        let counts = kl::without_zero_bin(counts);
        let start = start_bin(counts.len(), levels);
        let (i, note) = choose(&counts, levels, tensor.kl_curve(), tensor.edges(), start)?;
        let answer = Calibration::new(
            clip_at(tensor, tensor.edges()[i]),
            together([note, notes(&counts, tensor.kl_curve(), start), zeros]),
        );
        Ok(answer.with_own(tensor, tensor.kl_curve()[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;

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

    #[test]
    fn few_bins_have_an_answer_that_says_where_it_began() {
        let values: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.37).sin().powi(3) * 3.0).collect();
        for (bins, words, start) in
            [(8, "int3", 4), (8, "int8", 8), (100, "int4", 8), (127, "int8", 127), (1, "int2", 1)]
        {
            let tensor = Tensor::new(Histogram::of(&values, bins, &[]).into(), Format::named(words).unwrap());
            let answer = Entropy.calibrate(&tensor).unwrap();
            assert!(answer.clip.amax() >= tensor.edges()[start], "{bins} {words}");
            assert!(answer.note.unwrap().contains(&format!("with {bins} bins the search begins at bin {start} ")));
        }
        // From NVIDIA's first bin on nothing needs to be said of it.
        let tensor = Tensor::new(Histogram::of(&values, 128, &[]).into(), Format::INT8);
        assert!(!Entropy.calibrate(&tensor).unwrap().note.unwrap().contains("begins"));
    }

    #[test]
    fn too_few_values_are_told_from_a_gap() {
        let note = |counts: &[u64]| too_few_note(counts, &kl::curve(counts, 4), 4);
        let thin: Vec<u64> = (0..1000).map(|i| u64::from(i % 5 == 0)).collect();
        assert!(note(&thin).unwrap().contains("200 values lie on 1000 bins"));
        let mut gap = vec![1000; 1000];
        gap[300..999].fill(0);
        assert_eq!((note(&gap), note(&[5; 100])), (None, None));
    }

    #[test]
    fn a_relu_s_zeros_are_told_to_be_left_out() {
        assert!(zero_note(&[900, 30, 70]).unwrap().contains("bin 0 counts 30 as bin 1 does, in place of 900"));
        let mut even = vec![10; 200];
        even[0] = 12;
        assert_eq!((zero_note(&even), zero_note(&[7])), (None, None));
    }
}
