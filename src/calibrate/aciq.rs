//! Clips that a fitted distribution would want.

use super::{
    Calibration, Calibrator, Fit, NoThreshold, NoThresholdKind, Shape, Tensor, need_even_levels, need_two_passes,
};
use crate::quant::{Clip, Format};

/// ACIQ (Banner, Nahshan, Hoffer, Soudry: "Post training 4-bit quantization", 2018): the clip `a = t * spread` that
/// minimises the fitted distribution's clipping and rounding error together.
///
/// * `aciq-laplace`: `t` solves `e^-t = t / (3 4^M)` for M bits; the spread is `b` of the fitted [`Fit`];
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

    fn formula(&self) -> &str {
        "clip = t * spread: b = mean |x - mean| with e^-t = t / (3 4^bits), or the standard deviation with a table of t"
    }

    fn caveat(&self) -> &str {
        "Sees a mean and a spread, not the data: outliers widen the clip, a ReLU's zeros narrow it, and skewed or bimodal \
         values have neither shape. There are no constants for 16 bits."
    }

    fn suits(&self, format: Format) -> bool {
        format.even_levels().is_some()
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_two_passes(tensor)?;
        need_even_levels(tensor, self.id())?;
        let (format, stats) = (tensor.format(), &tensor.histogram().stats);
        let (Some(min), Some(max), Some(mean)) = (stats.min, stats.max, stats.mean()) else {
            return Err(NoThreshold::new(NoThresholdKind::NoValues, "the tensor holds no finite value"));
        };
        let undefined = |why: String| NoThreshold::new(NoThresholdKind::NotDefined, why);
        let fit = Fit::of(tensor.histogram(), self.0)
            .ok_or_else(|| undefined("all values are equal, and a distribution without spread has no clip".into()))?;
        let one_sided = min >= 0.0 && !(format.signed() && format.symmetric());
        let bits = usize::from(format.num_bits()) + usize::from(one_sided);
        let t = self.constant(bits).ok_or_else(|| undefined(format!("no constant was published for {bits} bits")))?;
        let a = t * fit.spread();
        let amax = (a as f32).min(stats.amax());
        let clip = match format.symmetric() {
            true => format.clip_for(-amax, amax),
            // About the mean, where the range may lie there.
            false => Clip::new(min.max((mean - a) as f32), max.min((mean + a) as f32)),
        };
        Ok(Calibration::new(clip, None).without_kl())
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
}
