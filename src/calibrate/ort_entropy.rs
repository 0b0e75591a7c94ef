//! The window of least KL divergence, ONNX Runtime's way.

use super::kl::{FLOAT32_NOISE, decided_by_rounding};
use super::logarithm::numpy_ln_f32;
use super::pairwise::pairwise_sum;
use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor, need_even_levels, need_peer, ort_clip, with_note,
};
use crate::histogram::GridSpec;
use crate::quant::Format;
use crate::vector::{Kernel, Width};

/// The largest number of bins in an id: the search is quadratic in it.
const MAX_BINS: usize = 16_384;

/// ONNX Runtime 1.32 `EntropyCalibrater`, `num_bins=BINS`, `num_quantized_bins=LEVELS`.
///
/// On the histogram of `x` over `(-T, T)` every window of `2 i + 1` bins about the middle is tried, for `i` from
/// `LEVELS / 2` to `bins / 2`. P is the window with the tails added to its end bins; Q the window merged into LEVELS
/// levels of whole bins (the rest of the division goes to the last), each spread over its slot and truncated to
/// integers. Both are smoothed (zeros become 1e-4, taken from the others), and `sum P ln(P / Q)` is worked out in f32
/// with NumPy's own logarithm and order of summation: windows whose divergences differ in the seventh digit only may lie
/// far apart, and there the last bit decides (the answer's note says so). The first of equal minima wins; its edges, cut
/// to the observed minimum and maximum, are the range, so that it is not symmetric even where the library is asked for
/// symmetric ranges: `symmetric=True` gives the same numbers. One file of a group is one `collect`.
///
/// Known to go wrong: with the library's defaults, 128 and 128, one single window is tried and the answer is min-max
/// (onnxruntime issue 9597); empty bins receive mass in Q, integers lose it, and the bins that the division leaves over
/// get none; the number depends on the order of the batches.
#[derive(Clone, Debug)]
pub struct OrtEntropy {
    bins: usize,
    levels: usize,
    id: String,
    summary: String,
}

impl OrtEntropy {
    /// The method with this many bins in the first collect and this many levels, `2 <= levels <= bins <= 16384`; `None`
    /// for other numbers, with which the peer has no window to try.
    pub fn new(bins: usize, levels: usize) -> Option<OrtEntropy> {
        if !(2..=bins).contains(&levels) || bins > MAX_BINS {
            return None;
        }
        let summary =
            format!("Minimises ONNX Runtime's KL divergence over windows of {bins} bins and {levels} levels.");
        Some(OrtEntropy { bins, levels, id: format!("ort-entropy-{bins}-{levels}"), summary })
    }

    fn grid(&self) -> GridSpec {
        GridSpec::Ort { bins: self.bins }
    }
}

/// Zeros become 1e-4, and what that adds is taken from the others; `None` if all are zero.
///
/// Counts from one to 2^24 stay positive as long as there are fewer than 10,000 zeros for each that is not: the peer
/// raises an error beyond, which is the inner `Err`.
fn smoothed(counts: &[i64], out: &mut Vec<f32>) -> Result<bool, NoThreshold> {
    const EPS: f64 = 1e-4;
    out.clear();
    let zeros = counts.iter().filter(|&&c| c == 0).count();
    let others = counts.len() - zeros;
    if others == 0 {
        return Ok(false);
    }
    let taken = EPS * zeros as f64 / others as f64;
    if taken >= 1.0 {
        let why = "there are ten thousand empty bins for each that is not, and the peer's smoothing raises an error";
        return Err(NoThreshold::new(NoThresholdKind::PeerRaises, why));
    }
    out.extend(counts.iter().map(|&c| if c == 0 { EPS as f32 } else { c as f32 - taken as f32 }));
    Ok(true)
}

/// `P ln(P / Q)` of each bin, in place of P's unnormalised shares.
struct Terms<'a> {
    p: &'a mut [f32],
    q: &'a [f32],
    sums: [f32; 2],
}

impl Kernel for Terms<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let [sum_p, sum_q] = self.sums;
        for (p, q) in self.p.iter_mut().zip(self.q) {
            let (share_p, share_q) = (*p / sum_p, q / sum_q);
            let term = share_p * numpy_ln_f32(share_p / share_q);
            *p = if share_p > 0.0 && share_q > 0.0 { term } else { f32::INFINITY };
        }
    }
}

/// The range of bins of window `i`: about the middle, one bin more to the right except at the end.
fn window(bins: usize, i: usize) -> (usize, usize) {
    let middle = bins / 2;
    (middle - i, (middle + i + 1).min(bins))
}

/// The peer's divergence for each half width from `levels / 2` to `bins / 2`, to the last bit of its f32.
/// (On processors without AVX2 and FMA, NumPy has another logarithm, and the peer itself prints other last digits.)
///
/// # Errors
///
/// [`NoThreshold`] where the peer's smoothing raises an error.
pub fn curve(counts: &[u64], levels: usize) -> Result<Vec<f64>, NoThreshold> {
    let counts: Vec<i64> = counts.iter().map(|&c| c as i64).collect();
    let bins = counts.len();
    let (mut p, mut q, mut smooth_p, mut smooth_q) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let width = Width::default();
    let mut curve = Vec::new();
    for i in levels / 2..=bins / 2 {
        let (start, end) = window(bins, i);
        let sliced = &counts[start..end];
        let len = sliced.len();
        p.clear();
        p.extend_from_slice(sliced);
        p[0] += counts[..start].iter().sum::<i64>();
        p[len - 1] += counts[end..].iter().sum::<i64>();
        let merged = len / levels;
        q.clear();
        q.resize(len, 0i64);
        for level in 0..levels {
            let slot = level * merged..(level + 1) * merged;
            let mut sum: i64 = sliced[slot.clone()].iter().sum();
            if level + 1 == levels {
                sum += sliced[slot.end..].iter().sum::<i64>();
            }
            let non_empty = p[slot.clone()].iter().filter(|&&c| c != 0).count();
            if non_empty > 0 {
                q[slot].fill((sum as f64 / non_empty as f64) as i64);
            }
        }
        if !smoothed(&p, &mut smooth_p)? || !smoothed(&q, &mut smooth_q)? {
            curve.push(f64::INFINITY);
            continue;
        }
        let sums = [pairwise_sum(&smooth_p), pairwise_sum(&smooth_q)];
        width.run(Terms { p: &mut smooth_p, q: &smooth_q, sums });
        curve.push(f64::from(pairwise_sum(&smooth_p)));
    }
    Ok(curve)
}

impl Calibrator for OrtEntropy {
    fn id(&self) -> &str {
        &self.id
    }

    fn label(&self) -> &str {
        "ort KL"
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn whose(&self) -> &str {
        "ONNX Runtime 1.32 (Entropy)"
    }

    fn formula(&self) -> &str {
        "argmin over i of sum P ln(P / Q) in f32, windows of 2 i + 1 bins about 0, zeros smoothed to 1e-4"
    }

    fn caveat(&self) -> &str {
        "With the library's defaults, 128 and 128, a single window is tried and the answer is min-max. Q is truncated to \
         integers and fills empty bins. Depends on the order of the batches."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![self.grid()]
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let grid = need_peer(tensor, self.grid())?;
        need_even_levels(tensor, self.id())?;
        let curve = curve(&grid.counts, self.levels)?;
        // NumPy's argmin: the first of equals, and a NaN before all.
        let best = curve.iter().position(|kl| kl.is_nan()).or_else(|| {
            let least = curve.iter().copied().min_by(f64::total_cmp)?;
            curve.iter().position(|&kl| kl == least)
        });
        let best = best.ok_or_else(|| NoThreshold::new(NoThresholdKind::NoCandidate, "there is no window to try"))?;
        let clip_of = |i: usize| {
            let (start, end) = window(grid.counts.len(), self.levels / 2 + i);
            ort_clip(tensor, grid.edges[start], grid.edges[end])
        };
        let clip = clip_of(best);
        let note = if curve.len() == 1 {
            Some(format!(
                "{} bins and {} levels leave one window to try, the whole range: this is min-max",
                self.bins, self.levels
            ))
        } else {
            decided_by_rounding(&curve, best, FLOAT32_NOISE, |i| clip_of(i).amax())
        };
        Ok(Calibration::new(clip, with_note(note, tensor, false)).with_kl(curve[best]))
    }
}
