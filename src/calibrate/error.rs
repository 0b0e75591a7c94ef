//! What a clip costs, with the mass of each bin spread evenly over it.

use super::Tensor;
use crate::histogram::{Histogram, Stats};
use crate::quant::{Clip, QuantParams};

/// The cost of a clip on the real integer grid.
///
/// Each bin's mass counts as uniform in the bin, and exact zeros as a point mass at 0, which every grid represents.
/// Means are over the finite elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// KL divergence in nats at the nearest bin edge: see [`Tensor::kl`].
    pub kl: Option<f64>,
    /// Mean squared error, `clipping_error + rounding_error`.
    pub mse: f64,
    /// The part of `mse` from values beyond the clip.
    pub clipping_error: f64,
    /// The part of `mse` from values inside the clip.
    pub rounding_error: f64,
    /// `10 log10(sum x^2 / sum (x - q)^2)`: infinite without error, NaN without signal.
    pub sqnr_db: f64,
    /// Share of the finite values strictly beyond the clip, 0 to 1.
    pub saturated: f64,
    /// How many values that is.
    pub saturated_count: f64,
    /// Whether the clip lies inside a bin, so that the count is an estimate: the bin was divided in proportion.
    pub prorated: bool,
}

/// The mass of a histogram's bins, ready to be integrated over. Lengths are in units of the bin width.
#[derive(Debug)]
pub(super) struct Density {
    width: f64,
    pos: Side,
    neg: Side,
    /// Both sides together, for grids that treat them alike.
    both: Vec<f64>,
}

#[derive(Debug)]
struct Side {
    mass: Vec<f64>,
    /// Values in bin `i` and beyond.
    from: Vec<u64>,
    /// The largest magnitude on this side.
    amax: f32,
}

impl Side {
    fn new(counts: &[u64], zeros: u64, amax: f32) -> Side {
        let mut counts = counts.to_vec();
        counts[0] = counts[0].saturating_sub(zeros);
        let mut from = vec![0; counts.len() + 1];
        for i in (0..counts.len()).rev() {
            from[i] = from[i + 1] + counts[i];
        }
        Side { mass: counts.iter().map(|&c| c as f64).collect(), from, amax }
    }
}

impl Density {
    pub fn of(histogram: &Histogram) -> Density {
        let (m, Stats { zeros, min, max, .. }) = (&histogram.magnitude, &histogram.stats);
        let pos = Side::new(&m.pos, *zeros, max.unwrap_or(0.0).max(0.0));
        let neg = Side::new(&m.neg, 0, -min.unwrap_or(0.0).min(0.0));
        let both = pos.mass.iter().zip(&neg.mass).map(|(p, n)| p + n).collect();
        Density { width: f64::from(m.amax) / m.bins() as f64, pos, neg, both }
    }
}

/// Where a clip cuts one side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    /// In bins from zero.
    at: f64,
    /// Values beyond.
    saturated: f64,
    /// Whether a bin had to be divided.
    prorated: bool,
}

impl Cut {
    fn new(side: &Side, edges: &[f32], clip: f32) -> Cut {
        if clip >= side.amax {
            return Cut { at: side.mass.len() as f64, saturated: 0.0, prorated: false };
        }
        let above = edges.partition_point(|&e| e < clip);
        if edges[above] == clip {
            return Cut { at: above as f64, saturated: side.from[above] as f64, prorated: false };
        }
        let [low, high, clip] = [edges[above - 1], edges[above], clip].map(f64::from);
        let kept = (clip - low) / (high - low);
        let saturated = side.from[above] as f64 + (1.0 - kept) * side.mass[above - 1];
        Cut { at: (above - 1) as f64 + kept, saturated, prorated: true }
    }
}

/// Levels on one side of zero: `0, step, 2 step, ... steps * step`, in bins.
#[derive(Clone, Copy)]
struct Levels {
    steps: f64,
    step: f64,
    per_step: f64,
    full: f64,
}

impl Levels {
    fn new(steps: i32, step: f64) -> Levels {
        Levels { steps: f64::from(steps), step, per_step: 1.0 / step, full: step.powi(3) / 12.0 }
    }

    /// The level nearest to `t`, and the distance from it.
    #[inline(always)]
    fn nearest(&self, t: f64) -> (f64, f64) {
        /// Adding it rounds a small f64 to an integer.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let level = (t * self.per_step).min(self.steps) + ROUND - ROUND;
        (level, t - level * self.step)
    }

    /// The squared distance to the nearest level, integrated between the two places.
    ///
    /// Its integral from 0 to the place at distance `d` from level `m` is `m step^3 / 12 + d^3 / 3`: a whole cell of
    /// each level passed, and the rest of a parabola. Taking the difference term by term loses no digits.
    #[inline(always)]
    fn between(&self, (m0, d0): (f64, f64), (m1, d1): (f64, f64)) -> f64 {
        (m1 - m0) * self.full + (d1 * d1 * d1 - d0 * d0 * d0) / 3.0
    }

    /// The error of `mass` (a share of it per unit of length) over whole bins `from..to`.
    fn over(&self, mass: &[f64], from: usize, to: usize) -> f64 {
        let mut sums = [0.0; 4];
        let (fours, rest) = mass[from..to].as_chunks::<4>();
        for (k, four) in fours.iter().enumerate() {
            let t = (from + 4 * k) as f64;
            for l in 0..4 {
                let t = t + l as f64;
                sums[l] += four[l] * self.between(self.nearest(t), self.nearest(t + 1.0));
            }
        }
        let start = to - rest.len();
        for (l, mass) in rest.iter().enumerate() {
            let t = (start + l) as f64;
            sums[l] += mass * self.between(self.nearest(t), self.nearest(t + 1.0));
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }

    /// Rounding error up to `cut`, and clipping error beyond.
    fn errors(&self, mass: &[f64], cut: f64) -> (f64, f64) {
        let bin = (cut as usize).min(mass.len());
        let (mut inside, mut outside) = (self.over(mass, 0, bin), 0.0);
        if bin < mass.len() {
            let [low, middle, high] = [bin as f64, cut, (bin + 1) as f64].map(|t| self.nearest(t));
            inside += mass[bin] * self.between(low, middle).max(0.0);
            outside += mass[bin] * self.between(middle, high).max(0.0);
            outside += self.over(mass, bin + 1, mass.len());
        }
        (inside, outside)
    }
}

/// What `clip` costs.
pub(super) fn metrics(tensor: &Tensor, density: &Density, clip: Clip) -> Metrics {
    let stats = &tensor.histogram().stats;
    let params = QuantParams::from_clip(clip, tensor.scheme());
    let above = Cut::new(&density.pos, tensor.edges(), clip.max);
    let below = Cut::new(&density.neg, tensor.edges(), -clip.min);
    let (up, down) = (params.qmax - params.zero_point, params.zero_point - params.qmin);
    let (mut rounding, mut clipping) = (0.0, 0.0);
    if density.width > 0.0 {
        let step = f64::from(params.scale) / density.width;
        let mut add = |mass, steps, cut: Cut| {
            let (inside, outside) = Levels::new(steps, step).errors(mass, cut.at);
            rounding += inside;
            clipping += outside;
        };
        if up == down && above.at == below.at {
            add(&density.both, up, above);
        } else {
            add(&density.pos.mass, up, above);
            add(&density.neg.mass, down, below);
        }
    }
    let finite = stats.finite().max(1) as f64;
    let unit = density.width * density.width / finite;
    let (rounding_error, clipping_error) = (rounding * unit, clipping * unit);
    let mse = rounding_error + clipping_error;
    let saturated_count = above.saturated + below.saturated;
    Metrics {
        kl: tensor.kl(clip),
        mse,
        clipping_error,
        rounding_error,
        sqnr_db: 10.0 * (stats.sum_of_squares() / (mse * finite)).log10(),
        saturated: saturated_count / finite,
        saturated_count,
        prorated: above.prorated || below.prorated,
    }
}
