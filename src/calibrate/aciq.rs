//! Clips that a fitted distribution would want.

use super::{Calibration, Calibrator, NoThreshold, Tensor, need_two_passes};
use crate::histogram::Histogram;
use crate::quant::Clip;

/// The shape that is fitted to the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `exp(-|x - mean| / b) / 2b`, with `b` the mean distance from the mean.
    Laplace,
    /// The normal distribution, with the standard deviation of the values.
    Gauss,
}

/// ACIQ (Banner, Nahshan, Hoffer, Soudry: "Post training 4-bit quantization", 2018): the clip `a = t * spread` that
/// minimises the fitted distribution's clipping and rounding error together.
///
/// * `aciq-laplace`: `t` solves `e^-t = t / (3 4^M)` for M bits; the spread is `b = mean |x - mean|`, worked out from the
///   histogram with each bin's values at its middle;
/// * `aciq-gauss`: the optimum for a normal distribution; the spread is the standard deviation.
///
/// The constants are the published ones. Without negative values and on a grid that spends no code on them (unsigned or
/// affine) the next bit's constant serves, as published for a ReLU's output. On a symmetric grid the clip is `[-a, a]`
/// or `[0, a]`, on an affine one the mean with `a` on either side; never beyond the values.
///
/// Known to go wrong: it looks at two numbers, not at the data: a spread inflated by outliers or deflated by a ReLU's
/// zeros moves the clip, and a skewed or bimodal tensor has neither shape. The Gaussian's published digits are the
/// optimum's to 6e-7 only, and the one for 9 bits is the published code's round number.
#[derive(Clone, Copy, Debug)]
pub struct Aciq(pub Shape);

/// `t` for 2 to 9 bits.
const LAPLACE: [f64; 8] =
    [2.83068299, 3.89722946, 5.02864014, 6.20476633, 7.41312622, 8.64561995, 9.89675982, 11.16268502];

/// `t` for 2 to 9 bits.
const GAUSS: [f64; 8] = [1.71063519, 2.15159277, 2.55913646, 2.93620062, 3.28691474, 3.6151146, 3.92403714, 4.2];

impl Aciq {
    /// The published constant for `bits`; `None` where none was published.
    fn constant(self, bits: usize) -> Option<f64> {
        let table = if self.0 == Shape::Laplace { LAPLACE } else { GAUSS };
        table.get(bits.checked_sub(2)?).copied()
    }
}

/// `mean |x - mean|`, each bin's values at its middle and zeros at zero.
fn mean_deviation(histogram: &Histogram) -> Option<f64> {
    let (stats, m) = (&histogram.stats, &histogram.magnitude);
    let mean = stats.mean()?;
    let width = f64::from(m.amax) / m.bins() as f64;
    let mut sum = stats.zeros as f64 * mean.abs();
    for (j, (&pos, &neg)) in m.pos.iter().zip(&m.neg).enumerate() {
        let middle = (j as f64 + 0.5) * width;
        let pos = if j == 0 { pos - stats.zeros.min(pos) } else { pos };
        sum += pos as f64 * (middle - mean).abs() + neg as f64 * (middle + mean).abs();
    }
    Some(sum / stats.finite() as f64)
}

impl Calibrator for Aciq {
    fn id(&self) -> &str {
        if self.0 == Shape::Laplace { "aciq-laplace" } else { "aciq-gauss" }
    }

    fn label(&self) -> &str {
        if self.0 == Shape::Laplace { "aciq L" } else { "aciq G" }
    }

    fn summary(&self) -> &str {
        match self.0 {
            Shape::Laplace => "Minimises the squared error of a Laplace distribution with the values' mean deviation.",
            Shape::Gauss => "Minimises the squared error of a normal distribution with the values' standard deviation.",
        }
    }

    fn whose(&self) -> &str {
        "ACIQ (Banner, Nahshan, Hoffer, Soudry 2018)"
    }

    fn caveat(&self) -> &str {
        "Sees a mean and a spread, not the data: outliers widen the clip, a ReLU's zeros narrow it, and skewed or bimodal \
         values have neither shape. There are no constants for 16 bits."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_two_passes(tensor)?;
        let (scheme, stats) = (tensor.scheme(), &tensor.histogram().stats);
        let (Some(min), Some(max), Some(mean), Some(std)) = (stats.min, stats.max, stats.mean(), stats.std()) else {
            return Err(NoThreshold("the tensor holds no finite value".into()));
        };
        if min == max {
            return Err(NoThreshold("all values are equal, and a distribution without spread has no clip".into()));
        }
        let one_sided = min >= 0.0 && !(scheme.signed && scheme.symmetric);
        let bits = usize::from(scheme.num_bits) + usize::from(one_sided);
        let t = self.constant(bits).ok_or_else(|| NoThreshold(format!("no constant was published for {bits} bits")))?;
        let spread = if self.0 == Shape::Laplace { mean_deviation(tensor.histogram()).unwrap_or(0.0) } else { std };
        let a = t * spread;
        let amax = (a as f32).min(stats.amax());
        let clip = match (scheme.symmetric, scheme.signed) {
            (true, true) => Clip::symmetric(amax),
            (true, false) => Clip::unsigned(amax),
            (false, _) => Clip::new(min.max((mean - a) as f32), max.min((mean + a) as f32)),
        };
        Ok(Calibration { clip, note: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_laplace_constants_solve_their_equation() {
        for (k, t) in LAPLACE.iter().enumerate() {
            let rest = (-t).exp() * 3.0 * 4f64.powi(k as i32 + 2) / t;
            assert!((rest - 1.0).abs() < 1e-6, "{} bits: {rest}", k + 2);
        }
    }

    #[test]
    fn the_mean_deviation_is_that_of_the_values() {
        let values: Vec<f32> = (0..50_000).map(|i| ((i as f32 * 0.37).sin() * 3.0).max(-1.0)).collect();
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / 5e4;
        let exact = values.iter().map(|&x| (f64::from(x) - mean).abs()).sum::<f64>() / 5e4;
        let found = mean_deviation(&Histogram::of(&values, 2048, &[])).unwrap();
        assert!((found - exact).abs() < 1e-3 * exact, "{found} for {exact}");
    }
}
