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

impl Metrics {
    /// What several parts of a tensor, each with its own clip, cost together: means over all finite elements, and the
    /// SQNR of all their energy. There is no KL of several clips.
    pub fn together<'a>(parts: impl IntoIterator<Item = (&'a Stats, Metrics)>) -> Metrics {
        let (mut finite, mut energy) = (0.0, 0.0);
        let [mut clipping_error, mut rounding_error, mut saturated_count] = [0.0; 3];
        let mut prorated = false;
        for (stats, m) in parts {
            let n = stats.finite() as f64;
            finite += n;
            energy += stats.sum_of_squares();
            clipping_error += n * m.clipping_error;
            rounding_error += n * m.rounding_error;
            saturated_count += m.saturated_count;
            prorated |= m.prorated;
        }
        let finite = f64::max(finite, 1.0);
        let (clipping_error, rounding_error) = (clipping_error / finite, rounding_error / finite);
        let mse = clipping_error + rounding_error;
        Metrics {
            kl: None,
            mse,
            clipping_error,
            rounding_error,
            sqnr_db: 10.0 * (energy / (mse * finite)).log10(),
            saturated: saturated_count / finite,
            saturated_count,
            prorated,
        }
    }
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
    let params = QuantParams::from_clip(clip, tensor.format());
    let above = Cut::new(&density.pos, tensor.edges(), clip.max());
    let below = Cut::new(&density.neg, tensor.edges(), -clip.min());
    let (up, down) = (params.qmax() - params.zero_point(), params.zero_point() - params.qmin());
    let (mut rounding, mut clipping) = (0.0, 0.0);
    if density.width > 0.0 {
        let step = f64::from(params.scale()) / density.width;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::GrowingHistogram;
    use crate::quant::Format;
    use proptest::prelude::*;

    fn tensor(values: &[f32], bins: usize, format: Format) -> Tensor {
        Tensor::new(Arc::new(Histogram::of(values, bins, &[])), format)
    }

    /// The same integrals by another road: each bin cut wherever the nearest code changes, and each piece on its own.
    fn oracle(tensor: &Tensor, clip: Clip) -> (f64, f64) {
        let (h, p) = (tensor.histogram(), QuantParams::from_clip(clip, tensor.format()));
        let (width, scale) = (f64::from(h.magnitude.amax) / h.magnitude.bins() as f64, f64::from(p.scale()));
        let (mut inside, mut outside) = (0.0, 0.0);
        let sides = [
            (&h.magnitude.pos, h.stats.zeros, p.qmax() - p.zero_point(), clip.max()),
            (&h.magnitude.neg, 0, p.zero_point() - p.qmin(), -clip.min()),
        ];
        for (counts, zeros, steps, clip) in sides {
            // A clip at or beyond the largest value cuts nothing off, wherever in the bin it lies.
            let side_amax = if std::ptr::eq(counts, &h.magnitude.pos) { h.stats.max } else { h.stats.min.map(|x| -x) };
            let clip = if clip >= side_amax.unwrap_or(0.0) { f32::MAX } else { clip };
            for (j, &count) in counts.iter().enumerate() {
                let mass = count - if j == 0 { zeros } else { 0 };
                if mass == 0 {
                    continue;
                }
                let (low, high) = (j as f64 * width, (j + 1) as f64 * width);
                let mut places = vec![low, high];
                let codes = (low / scale).floor() as i32..=(high / scale).ceil() as i32;
                places.extend(codes.take(70_000).map(|k| (f64::from(k) + 0.5) * scale));
                places.push(f64::from(clip));
                places.retain(|t| (low..=high).contains(t));
                places.sort_by(f64::total_cmp);
                for piece in places.windows(2) {
                    let middle = f64::midpoint(piece[0], piece[1]);
                    let q = (middle / scale).round_ties_even().min(f64::from(steps)) * scale;
                    let [a, b] = [piece[0] - q, piece[1] - q];
                    let error = mass as f64 / width * (b - a) * (a * a + a * b + b * b) / 3.0;
                    if middle < f64::from(clip) { inside += error } else { outside += error }
                }
            }
        }
        let finite = h.stats.finite() as f64;
        (inside / finite, outside / finite)
    }

    fn formats() -> impl Strategy<Value = Format> {
        let bits = prop_oneof![Just(8u8), Just(2), Just(4), Just(16)];
        (bits, any::<bool>(), any::<bool>())
            .prop_map(|(num_bits, signed, symmetric)| Format::int(num_bits, signed, symmetric).unwrap())
    }

    fn clip_for(format: Format, low: f32, high: f32) -> Clip {
        match (format.symmetric(), format.signed()) {
            (true, true) => Clip::symmetric(high),
            (true, false) => Clip::unsigned(high),
            _ => Clip::new(low, high),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn errors_are_the_integrals(
            values in prop::collection::vec(prop_oneof![3 => -1.0f32..1.0, 1 => -9.0f32..30.0, 1 => Just(0.0f32)], 1..400),
            bins in 1usize..300, format in formats(), low in -10.0f32..0.0, high in 0.01f32..35.0,
        ) {
            let tensor = tensor(&values, bins, format);
            let clip = clip_for(format, low, high);
            let (m, (inside, outside)) = (tensor.metrics(clip), oracle(&tensor, clip));
            prop_assert!((m.mse - (inside + outside)).abs() <= 1e-9 * m.mse + 1e-24, "{m:?} for {inside} + {outside}");
            prop_assert!(m.rounding_error >= 0.0 && m.clipping_error >= 0.0);
            prop_assert!((m.rounding_error - inside).abs() <= 1e-6 * m.mse, "{m:?} for {inside} + {outside}");
            prop_assert!((0.0..=1.0).contains(&m.saturated));
        }

        #[test]
        fn samples_spread_in_the_bins_agree(
            counts in prop::collection::vec(0u32..9, 2..30), format in formats(), low in -1.0f32..0.0, high in 0.05f32..1.3,
        ) {
            let bins = counts.len();
            let spread = 512;
            let mut values = vec![1.0, -1.0];
            for (j, &count) in counts.iter().enumerate() {
                for k in 0..count * spread {
                    let x = (j as f32 + (k as f32 + 0.5) / (count * spread) as f32) / bins as f32;
                    values.push(if j % 3 == 0 { -x } else { x });
                }
            }
            let clip = clip_for(format, low, high);
            let (m, p) = (tensor(&values, bins, format).metrics(clip), QuantParams::from_clip(clip, format));
            let error: f64 = values.iter().map(|&x| f64::from(p.fake_quant(x) - x).powi(2)).sum();
            let mse = error / values.len() as f64;
            let step = f64::from(p.scale());
            // The two extra values sit at the end of their bins, not spread over them.
            let slack = 2.0 * 1.2 / values.len() as f64;
            prop_assert!((m.mse - mse).abs() <= 0.02 * mse + slack + 1e-3 * step * step, "{m:?} for {mse}");
            let saturated = values.iter().filter(|&&x| clip.saturates(x)).count() as f64;
            prop_assert!((m.saturated_count - saturated).abs() <= 4.0 + 1e-4 * saturated, "{m:?} for {saturated}");
        }

        #[test]
        fn a_wider_clip_clips_less(a in 0.01f32..2.0, b in 0.01f32..2.0) {
            let values: Vec<f32> = (0..5000).map(|i| (i as f32 * 0.61).sin().powi(3) * 1.9).collect();
            let t = tensor(&values, 512, Format::INT8);
            let (narrow, wide) = (t.metrics(Clip::symmetric(a.min(b))), t.metrics(Clip::symmetric(a.max(b))));
            prop_assert!(wide.clipping_error <= narrow.clipping_error * (1.0 + 1e-9));
            prop_assert!(wide.saturated <= narrow.saturated);
            if a.max(b) > 2.0 * a.min(b) {
                prop_assert!(wide.rounding_error > narrow.rounding_error);
            }
        }
    }

    #[test]
    fn saturation_is_exact_at_an_edge_and_an_estimate_inside_a_bin() {
        let values: Vec<f32> = (0..=1024).map(|i| i as f32 / 256.0 - 1.0).collect(); // -1 to 3
        let t = tensor(&values, 12, Format::INT8); // a bin is 0.25 wide
        let at = |clip: f32| t.metrics(Clip::symmetric(clip));
        let m = at(2.0);
        assert_eq!((m.saturated_count, m.prorated), (257.0, false)); // [2, 3]
        let m = at(2.125);
        assert_eq!((m.saturated_count, m.prorated), (225.0, true)); // half of [2, 2.25), and [2.25, 3]
        assert_eq!((at(3.0).saturated, at(3.0).prorated, at(3.0).clipping_error), (0.0, false, 0.0));
        assert_eq!(at(9.0).saturated, 0.0);
        assert_eq!(at(0.0).saturated_count, 1024.0); // all but the zero
        let unsigned = Tensor::new(t.histogram().clone().into(), Format::INT8.with_signed(false));
        assert_eq!(unsigned.metrics(Clip::unsigned(3.0)).saturated_count, 256.0); // every negative value
    }

    #[test]
    fn nothing_to_measure_is_no_error_and_no_signal() {
        for values in [&[][..], &[0.0; 5], &[f32::NAN]] {
            let m = tensor(values, 256, Format::INT8).metrics(Clip::symmetric(1.0));
            assert_eq!((m.mse, m.saturated), (0.0, 0.0));
            assert!(m.sqnr_db.is_nan());
        }
        let m = tensor(&[1.0, -1.0], 256, Format::INT8).metrics(Clip::symmetric(0.0));
        assert_eq!((m.saturated, m.kl.is_some()), (1.0, true));
    }

    #[test]
    fn a_one_pass_histogram_saturates_nothing_at_its_maximum() {
        let mut h = GrowingHistogram::new(256);
        h.push(&[0.3, -5.3, 1.0]);
        let t = Tensor::new(Arc::new(h.finish()), Format::INT8);
        let m = t.metrics(Clip::symmetric(5.3));
        assert_eq!((m.saturated, m.prorated, m.clipping_error), (0.0, false, 0.0));
    }

    #[test]
    fn the_ends_of_f32_have_finite_costs() {
        for scale in [f32::MAX, 1e-38, 1e-44] {
            let values: Vec<f32> = (0..100).map(|i| scale * (i as f32 / 99.0)).collect();
            for num_bits in [2, 8, 16] {
                let t = tensor(&values, 2048, Format::INT8.with_bits(num_bits));
                for clip in [f32::MAX, 1.0, scale, scale / 3.0, 0.0] {
                    let m = t.metrics(Clip::symmetric(clip));
                    assert!(m.mse.is_finite() && m.mse >= 0.0 && !m.sqnr_db.is_nan(), "{m:?}");
                }
            }
        }
    }
}
