//! The clip of least mean squared error.

use super::{Calibration, Calibrator, NoThreshold, NoThresholdKind, START_BIN, Tensor, clip_at, need_bins};
use crate::quant::{Format, Fp8};
use crate::vector::{Kernel, Width};

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

/// What a centre is rounded to, as codes from 0 up.
#[derive(Clone, Debug)]
enum Grid {
    /// Each code stands for itself.
    Even {
        /// `2^(bits - 1) - 1` signed, `2^bits - 1` unsigned: the largest code of the peer's search.
        max_bound: usize,
    },
    /// Each code stands for a value of the format.
    Fp8 {
        fp8: Fp8,
        /// The magnitudes from 0 up.
        values: Vec<f32>,
    },
}

impl Grid {
    fn of(format: Format) -> Grid {
        match format {
            Format::Int(scheme) => Grid::Even { max_bound: scheme.magnitude_levels() - 1 },
            Format::Fp8(fp8) => Grid::Fp8 { fp8, values: fp8.magnitudes() },
        }
    }

    /// The largest code.
    fn max_code(&self) -> usize {
        match self {
            Grid::Even { max_bound } => *max_bound,
            Grid::Fp8 { values, .. } => values.len() - 1,
        }
    }

    /// What the largest code stands for: the peer's numerator of a scale.
    fn bound(&self) -> f32 {
        match self {
            Grid::Even { max_bound } => *max_bound as f32,
            Grid::Fp8 { fp8, .. } => fp8.max(),
        }
    }
}

/// The histogram as the objective sees it, with sums over the first `j` bins.
struct Objective {
    counts: Vec<u64>,
    centres: Vec<f32>,
    bin_width: f64,
    grid: Grid,
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
        Objective { counts, centres, bin_width, grid: Grid::of(format), prefix, occupied }
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
        let scale = self.grid.bound() / amax;
        let clipping = self.error_at(f64::from(self.grid.bound() / scale), i + 1, bins);
        let few = self.occupied.below[i + 1] < BINS_PER_CODE * self.grid.max_code();
        (clipping, if few { self.directly(scale, i + 1) } else { self.by_levels(scale, i) })
    }

    /// `sum h (q - c)^2` over the first `to` bins, one by one. `scale` is codes per unit, as the peer has it.
    fn directly(&self, scale: f32, to: usize) -> f64 {
        let Occupied { counts, centres, below } = &self.occupied;
        let (counts, centres) = (&counts[..below[to]], &centres[..below[to]]);
        match self.grid {
            Grid::Even { max_bound } => {
                Width::default().run(Directly { counts, centres, scale, bound: max_bound as f32 })
            }
            Grid::Fp8 { fp8, .. } => Width::default().run(DirectlyFp8 { counts, centres, scale, fp8 }),
        }
    }

    /// The same over the bins `0..=i`, level by level.
    fn by_levels(&self, scale: f32, i: usize) -> f64 {
        let bins_per_code = 1.0 / (f64::from(scale) * self.bin_width);
        let (centres, prefix) = (&self.centres[..=i], &self.prefix[..=i + 1]);
        let (mut sum, mut from, mut below) = (0.0, 0, &prefix[0]);
        let mut codes = [Code::default(); CODES];
        let max_code = self.grid.max_code();
        for first in (0..max_code).step_by(CODES) {
            let codes = &mut codes[..CODES.min(max_code - first)];
            match &self.grid {
                Grid::Even { .. } => Width::default().run(Codes { first: first as u32, scale, bins_per_code, codes }),
                Grid::Fp8 { values, .. } => fp8_codes(codes, &values[first..], scale, bins_per_code),
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
        sum + self.error_at(f64::from(self.grid.bound() / scale), from, i + 1)
    }

    /// The error at candidate `i` without differences of sums, to settle what the curve cannot tell apart.
    fn exactly(&self, i: usize) -> f64 {
        match self.centres[i] {
            amax if amax <= SMALLEST_AMAX => self.prefix[self.counts.len()][2],
            amax => self.directly(self.grid.bound() / amax, self.counts.len()),
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

/// Codes worked out at a time.
const CODES: usize = 64;

/// What there is to know of a code at some scale.
#[derive(Clone, Copy, Default)]
struct Code {
    /// What it stands for.
    value: f64,
    /// The largest number that rounds to it or to a smaller one, half to even.
    largest: f32,
    /// About how many bins have such centres.
    bins: u32,
}

/// The codes from `first` on.
struct Codes<'a> {
    first: u32,
    scale: f32,
    bins_per_code: f64,
    codes: &'a mut [Code],
}

impl Kernel for Codes<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        /// Adding it rounds a small f64 to an integer, which is then in the low bits.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        for (code, at) in self.codes.iter_mut().zip(self.first..) {
            let half = at as f32 + 0.5;
            *code = Code {
                value: f64::from(at as f32 / self.scale),
                largest: f32::from_bits(half.to_bits() - at % 2),
                bins: (f64::from(half) * self.bins_per_code + ROUND).to_bits() as u32,
            };
        }
    }
}

/// The codes of the `values`, of which there is one more than codes; the first one is even.
fn fp8_codes(codes: &mut [Code], values: &[f32], scale: f32, bins_per_unit: f64) {
    for (at, (code, pair)) in codes.iter_mut().zip(values.windows(2)).enumerate() {
        // Exact: one bit more than a value has.
        let half = (pair[0] + pair[1]) / 2.0;
        *code = Code {
            value: f64::from(pair[0] / scale),
            // A tie goes to the even mantissa, which is that of an even code.
            largest: f32::from_bits(half.to_bits() - at as u32 % 2),
            bins: (f64::from(half) * bins_per_unit).round() as u32,
        };
    }
}

/// `sum h (q - c)^2` over bins.
struct Directly<'a> {
    counts: &'a [f64],
    centres: &'a [f32],
    /// Codes per unit.
    scale: f32,
    bound: f32,
}

impl Kernel for Directly<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const LANES: usize = 16;
        /// Adding it rounds a small f32 to an integer, half to even.
        const ROUND: f32 = 12_582_912.0;
        let Directly { counts, centres, scale, bound } = self;
        let error = |h: f64, c: f32| {
            let product = c * scale;
            let code = if product < bound { product } else { bound } + ROUND - ROUND;
            let error = f64::from(code / scale) - f64::from(c);
            h * (error * error)
        };
        let mut sums = [0.0; LANES];
        let ((h, h_rest), (c, c_rest)) = (counts.as_chunks::<LANES>(), centres.as_chunks::<LANES>());
        for (h, c) in h.iter().zip(c) {
            for l in 0..LANES {
                sums[l] += error(h[l], c[l]);
            }
        }
        sums.iter().sum::<f64>() + h_rest.iter().zip(c_rest).map(|(&h, &c)| error(h, c)).sum::<f64>()
    }
}

/// `sum h (q - c)^2` over bins, on a floating-point format.
struct DirectlyFp8<'a> {
    counts: &'a [f64],
    centres: &'a [f32],
    /// Of the format's units, how many are one of the values'.
    scale: f32,
    fp8: Fp8,
}

impl Kernel for DirectlyFp8<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let DirectlyFp8 { counts, centres, scale, fp8 } = self;
        let error = |(h, c): (&f64, &f32)| {
            let error = f64::from(fp8.round(c * scale) / scale) - f64::from(*c);
            h * (error * error)
        };
        counts.iter().zip(centres).map(error).sum()
    }
}

/// The candidate of least error among the centres from the 128th on.
pub(super) fn choose(counts: Vec<u64>, edges: &[f32], format: Format) -> Result<Calibrated, NoThreshold> {
    let bin_width = edges.first().zip(edges.last()).map_or(0.0, |(a, b)| f64::from(*b) - f64::from(*a));
    let bin_width = bin_width / counts.len().max(1) as f64;
    chosen(&Objective::new(counts, edges, bin_width, format))
}

/// A threshold, and why it is unusual.
pub(super) type Calibrated = (f32, Option<String>);

fn chosen(objective: &Objective) -> Result<Calibrated, NoThreshold> {
    let i = objective.search(START_BIN).ok_or_else(|| {
        let why = format!("mse starts at bin {START_BIN}, and the histogram has only {START_BIN} bins");
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

    fn caveat(&self) -> &str {
        "Weighs a few large values more than many small ones: far outliers keep the clip wide. Clips up to 2^-24 count as 0."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_bins(tensor, "mse")?;
        let (t, note) = chosen(&Objective::of(tensor))?;
        Ok(Calibration { clip: clip_at(tensor, t), note })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::{Histogram, Magnitude, Stats};
    use proptest::prelude::*;

    fn tensor(counts: Vec<u64>, amax: f32, num_bits: u8, signed: bool) -> Tensor {
        bound_for(Format::int(num_bits, signed, true).unwrap(), counts, amax)
    }

    fn bound_for(format: Format, counts: Vec<u64>, amax: f32) -> Tensor {
        let neg = vec![0; counts.len()];
        let h = Histogram::from_parts(Stats::default(), Magnitude { amax, pos: counts, neg }, None);
        Tensor::new(Arc::new(h), format)
    }

    /// The peer's own fake quantization of each centre, summed in f64.
    fn oracle(o: &Objective, i: usize) -> (f64, f64) {
        let (amax, bound) = (o.centres[i], o.grid.bound());
        let scale = bound / amax;
        let error = |j: usize| {
            let c = o.centres[j];
            let rounded = match o.grid {
                Grid::Even { .. } => (c * scale).round_ties_even().min(bound),
                Grid::Fp8 { fp8, .. } => fp8.round(c * scale),
            };
            let q = if amax <= SMALLEST_AMAX { 0.0 } else { rounded / scale };
            o.counts[j] as f64 * (f64::from(q) - f64::from(c)).powi(2)
        };
        ((i + 1..o.counts.len()).map(error).sum(), (0..=i).map(error).sum())
    }

    proptest! {
        #[test]
        fn the_curve_is_the_oracle_s(
            counts in prop::collection::vec(prop_oneof![Just(0u64), 1u64..9, 0u64..1_000_000], 2..600),
            amax in prop_oneof![Just(f32::MAX), Just(1e-6f32), 1e-3f32..1e3],
            words in prop_oneof![
                Just("int8"), Just("uint8"), Just("int2"), Just("int4"), Just("int16"), Just("e4m3"), Just("e5m2"),
            ],
        ) {
            let objective = Objective::of(&bound_for(Format::INT8.changed_by(words).unwrap(), counts, amax));
            let within = 1e-12 * objective.prefix[objective.counts.len()][2];
            for i in 0..objective.counts.len() {
                let ((c, r), (oc, or)) = (objective.at(i), oracle(&objective, i));
                prop_assert!((c - oc).abs() <= within && (r - or).abs() <= within, "{:?} for {:?} at {}", (c, r), (oc, or), i);
            }
        }
    }

    /// As many bins as make it worth while to go from level to level.
    #[test]
    fn fp8_level_by_level_is_fp8_bin_by_bin() {
        let counts: Vec<u64> = (0..8192u64).map(|j| (j * 2_654_435_761) % 1000).collect();
        for fp8 in [Fp8::E4m3, Fp8::E5m2] {
            let objective = Objective::of(&bound_for(fp8.into(), counts.clone(), 3.0));
            let within = 1e-12 * objective.prefix[counts.len()][2];
            for i in (0..counts.len()).step_by(97).chain([counts.len() - 1]) {
                let scale = objective.grid.bound() / objective.centres[i];
                let (directly, by_levels) = (objective.directly(scale, i + 1), objective.by_levels(scale, i));
                assert!((directly - by_levels).abs() <= within, "{fp8} {i}: {directly} {by_levels}");
            }
        }
    }

    #[test]
    fn a_wider_clip_clips_less_and_rounds_more() {
        let counts = (0..2048).map(|j| (1e6 * (-f64::from(j) / 150.0).exp()) as u64).collect();
        let curve = mse_curve(&tensor(counts, 3.0, 8, true));
        assert!(curve.clipping.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-9) + 1e-18));
        assert_eq!(curve.clipping[2047], 0.0);
        // Where the levels fall among the centres makes the rounding error waver: compare from afar.
        let coarse: Vec<f64> = curve.rounding.iter().skip(256).step_by(128).copied().collect();
        assert!(coarse.windows(2).all(|w| w[1] > w[0]), "{coarse:?}");
    }

    #[test]
    fn the_first_of_equal_minima_wins() {
        // All mass at one centre far below: nothing to tell the candidates apart but the grid's own rounding.
        let zeros = tensor(vec![7; 300], 0.0, 8, true);
        assert_eq!(Objective::of(&zeros).search(START_BIN), Some(START_BIN));
        assert_eq!(Objective::of(&tensor(vec![1; 128], 1.0, 8, true)).search(START_BIN), None);
    }
}
