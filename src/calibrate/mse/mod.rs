//! The clip of least mean squared error.

mod codes;
mod directly;

use codes::{CODES, Code, Codes, Levels, fp8_codes};
use directly::{Directly, DirectlyFp8};

use super::{
    Calibration, Calibrator, NoThreshold, NoThresholdKind, START_BIN, Tensor, clip_at, few_bins_note, need_values,
    start_bin, together,
};
use crate::quant::Format;
use crate::vector::Width;

/// NVIDIA's mean-squared-error calibration: pytorch-quantization 2.2, `torch_hist`, the layer as one batch.
///
/// The candidates are the bin *centres* from the 128th on, and each bin's mass sits at its centre. The first of equal
/// minima wins. The peer sums in f32 in the order of its GPU, qviz in f64: see [`MseCurve`].
///
/// On FP8 the centres are fake-quantized as the peer's `scaled_e4m3` does for `num_bits=(4, 3)`, which pytorch-quantization
/// and ModelOpt have in the same place: `e4m3(c * scale) / scale` with `scale = 448 / amax`. E5M2, which the peers'
/// search refuses, is searched in the same way with 57,344.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mse;

/// The objective of [`Mse`] at each candidate: the error of fake-quantizing the bin centres, per element.
///
/// Entry `i` is for a clip at `centres[i]`. The peer divides by the number of bins rather than of elements, which moves
/// no minimum. Within `1e-12 * sum(h c^2) / T` of a direct evaluation in f64 on the peer's f32 grid values.
#[derive(Clone, Debug, PartialEq)]
pub struct MseCurve {
    /// The candidates: `(edges[i + 1] + edges[i]) / 2` in f32.
    pub centres: Vec<f32>,
    /// Mean squared error of the centres beyond the candidate.
    pub clipping: Vec<f64>,
    /// Mean squared error of the centres up to the candidate.
    pub rounding: Vec<f64>,
}

impl MseCurve {
    /// Clipping and rounding error together.
    pub fn total(&self, i: usize) -> f64 {
        self.clipping[i] + self.rounding[i]
    }
}

/// A candidate this small is taken for zero, and everything with it: pytorch-quantization's `2^-24`.
const SMALLEST_AMAX: f32 = f32::EPSILON / 2.0;

/// The objective at every bin.
pub fn mse_curve(tensor: &Tensor) -> MseCurve {
    Objective::of(tensor).curve()
}

/// The histogram as the objective sees it, with sums over the first `j` bins.
struct Objective {
    counts: Vec<u64>,
    centres: Vec<f32>,
    bin_width: f64,
    levels: Levels,
    /// `[sum h, sum h c, sum h c^2]`, and a place that makes each fill a register.
    prefix: Vec<[f64; 4]>,
    occupied: Occupied,
}

/// The bins that are not empty, in order: `h` and `c` of each.
#[derive(Default)]
struct Occupied {
    counts: Vec<f64>,
    centres: Vec<f32>,
    /// How many of the first `j` bins.
    below: Vec<usize>,
}

/// Going through the bins that are not empty, as many as this for each code, costs no more than finding where the
/// levels end (measured).
const BINS_PER_CODE: usize = 8;

impl Objective {
    fn of(tensor: &Tensor) -> Objective {
        let counts = tensor.histogram().magnitude.counts();
        let bin_width = f64::from(tensor.histogram().magnitude.amax) / counts.len() as f64;
        Objective::new(counts, tensor.edges(), bin_width, tensor.format())
    }

    /// `edges` is one longer than `counts`; `bin_width` need only be about right.
    fn new(counts: Vec<u64>, edges: &[f32], bin_width: f64, format: Format) -> Objective {
        let centres: Vec<f32> = edges
            .windows(2)
            .map(|e| if e[1] > f32::MAX / 2.0 { e[1] / 2.0 + e[0] / 2.0 } else { (e[1] + e[0]) / 2.0 })
            .collect();
        let mut prefix = vec![[0.0; 4]];
        let mut occupied = Occupied { below: vec![0], ..Occupied::default() };
        let (mut sums, mut lost) = ([0.0f64; 3], [0.0f64; 3]);
        for (&h, &centre) in counts.iter().zip(&centres) {
            if h > 0 {
                let (h, c) = (h as f64, f64::from(centre));
                for (m, term) in [h, h * c, h * (c * c)].into_iter().enumerate() {
                    // Every term is positive and the sum the larger of the two, mostly: Neumaier's compensation.
                    let next = sums[m] + term;
                    lost[m] += if sums[m] >= term { (sums[m] - next) + term } else { (term - next) + sums[m] };
                    sums[m] = next;
                }
                occupied.counts.push(h);
                occupied.centres.push(centre);
            }
            prefix.push([sums[0] + lost[0], sums[1] + lost[1], sums[2] + lost[2], 0.0]);
            occupied.below.push(occupied.counts.len());
        }
        Objective { counts, centres, bin_width, levels: Levels::of(format), prefix, occupied }
    }

    /// `sum h (v - c)^2` over the bins `from..to`.
    fn error_at(&self, v: f64, from: usize, to: usize) -> f64 {
        error_between(v, &self.prefix[from], &self.prefix[to])
    }

    fn curve(self) -> MseCurve {
        let bins = self.counts.len();
        let total = self.prefix[bins][0].max(1.0);
        let mut curve = MseCurve { centres: Vec::new(), clipping: Vec::new(), rounding: Vec::new() };
        for i in 0..bins {
            let (clipping, rounding) = self.at(i);
            curve.clipping.push(clipping / total);
            curve.rounding.push(rounding / total);
        }
        curve.centres = self.centres;
        curve
    }

    /// Clipping and rounding error, summed, for a clip at the centre of bin `i`.
    fn at(&self, i: usize) -> (f64, f64) {
        let (amax, bins) = (self.centres[i], self.counts.len());
        if amax <= SMALLEST_AMAX {
            return (self.error_at(0.0, i + 1, bins), self.error_at(0.0, 0, i + 1));
        }
        let scale = self.levels.bound() / amax;
        let clipping = self.error_at(f64::from(self.levels.bound() / scale), i + 1, bins);
        let few = self.occupied.below[i + 1] < BINS_PER_CODE * self.levels.max_code();
        (clipping, if few { self.directly(scale, i + 1) } else { self.by_levels(scale, i) })
    }

    /// `sum h (q - c)^2` over the first `to` bins, one by one. `scale` is codes per unit, as the peer has it.
    fn directly(&self, scale: f32, to: usize) -> f64 {
        let Occupied { counts, centres, below } = &self.occupied;
        let (counts, centres) = (&counts[..below[to]], &centres[..below[to]]);
        match self.levels {
            Levels::Even { max_bound } => {
                Width::default().run(Directly { counts, centres, scale, bound: max_bound as f32 })
            }
            Levels::Fp8 { fp8, .. } => Width::default().run(DirectlyFp8 { counts, centres, scale, fp8 }),
        }
    }

    /// The same over the bins `0..=i`, level by level.
    fn by_levels(&self, scale: f32, i: usize) -> f64 {
        let bins_per_code = 1.0 / (f64::from(scale) * self.bin_width);
        let (centres, prefix) = (&self.centres[..=i], &self.prefix[..=i + 1]);
        let (mut sum, mut from, mut below) = (0.0, 0, &prefix[0]);
        let mut codes = [Code::default(); CODES];
        let max_code = self.levels.max_code();
        for first in (0..max_code).step_by(CODES) {
            let codes = &mut codes[..CODES.min(max_code - first)];
            match &self.levels {
                Levels::Even { .. } => Width::default().run(Codes { first: first as u32, scale, bins_per_code, codes }),
                Levels::Fp8 { values, .. } => fp8_codes(codes, &values[first..], scale, bins_per_code),
            }
            for code in codes {
                let stays = |centre: f32| centre * scale <= code.largest;
                let mut to = (code.bins as usize).clamp(from, i + 1);
                while centres.get(to).is_some_and(|&c| stays(c)) {
                    to += 1;
                }
                while to > from && !stays(centres[to - 1]) {
                    to -= 1;
                }
                sum += error_between(code.value, below, &prefix[to]);
                (from, below) = (to, &prefix[to]);
            }
        }
        sum + self.error_at(f64::from(self.levels.bound() / scale), from, i + 1)
    }

    /// The error at candidate `i` without differences of sums, to settle what the curve cannot tell apart.
    fn exactly(&self, i: usize) -> f64 {
        match self.centres[i] {
            amax if amax <= SMALLEST_AMAX => self.prefix[self.counts.len()][2],
            amax => self.directly(self.levels.bound() / amax, self.counts.len()),
        }
    }

    /// The first candidate from `start` on of least error.
    fn search(&self, start: usize) -> Option<usize> {
        let bins = self.counts.len();
        let totals: Vec<f64> =
            (start..bins).map(|i| self.at(i)).map(|(clipping, rounding)| clipping + rounding).collect();
        let least = totals.iter().copied().min_by(f64::total_cmp)?;
        let too_close = 1e-12 * self.prefix[bins][2];
        let mut close = (start..bins).filter(|i| totals[i - start] <= least + too_close);
        let mut best = close.next()?;
        let mut error = None;
        for i in close {
            let exact = self.exactly(i);
            if exact < *error.get_or_insert_with(|| self.exactly(best)) {
                (best, error) = (i, Some(exact));
            }
        }
        Some(best)
    }
}

/// `sum h (v - c)^2` over the bins between two places.
#[inline(always)]
fn error_between(v: f64, a: &[f64; 4], b: &[f64; 4]) -> f64 {
    let [m0, m1, m2] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    if m0 == 0.0 { 0.0 } else { (v * v * m0 - 2.0 * v * m1 + m2).max(0.0) }
}

/// The candidate of least error among the centres from the 128th on.
pub(super) fn choose(counts: Vec<u64>, edges: &[f32], format: Format) -> Result<Calibrated, NoThreshold> {
    let bin_width = edges.first().zip(edges.last()).map_or(0.0, |(a, b)| f64::from(*b) - f64::from(*a));
    let bin_width = bin_width / counts.len().max(1) as f64;
    chosen(&Objective::new(counts, edges, bin_width, format), START_BIN)
}

/// A threshold, and why it is unusual.
pub(super) type Calibrated = (f32, Option<String>);

fn chosen(objective: &Objective, start: usize) -> Result<Calibrated, NoThreshold> {
    let i = objective.search(start).ok_or_else(|| {
        let why = format!("mse starts at bin {start}, and the histogram has no more");
        NoThreshold::new(NoThresholdKind::Bins, why)
    })?;
    let note = (objective.centres[i] <= SMALLEST_AMAX).then(|| {
        "clips up to 2^-24 count as zero in this method, so that its objective cannot tell them apart".to_owned()
    });
    Ok((objective.centres[i], note))
}

impl Calibrator for Mse {
    fn id(&self) -> &str {
        "mse"
    }

    fn label(&self) -> &str {
        "MSE"
    }

    fn summary(&self) -> &str {
        "Minimises the mean squared error between the values and their quantized selves."
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization"
    }

    fn formula(&self) -> &str {
        "argmin over t of sum h_j (q_t(c_j) - c_j)^2, c_j the centres of the bins, t from the 128th on"
    }

    fn caveat(&self) -> &str {
        "Weighs a few large values more than many small ones: far outliers keep the clip wide. Clips up to 2^-24 count as 0."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let bins = tensor.histogram().magnitude.bins();
        // The candidates are centres, so that the last bin's stands for the whole range.
        let levels = tensor.format().even_levels().unwrap_or(START_BIN);
        let start = start_bin(bins, levels).min(bins - 1);
        let (t, note) = chosen(&Objective::of(tensor), start)?;
        Ok(Calibration::new(clip_at(tensor, t), together([note, few_bins_note(bins, start)])))
    }
}

#[cfg(test)]
mod tests;
