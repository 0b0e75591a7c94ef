//! What a clip costs, with the mass of each bin spread evenly over it.
//!
//! Where the values are ([`density`]) and which levels the format has ([`even`] ones of integers, [`uneven`] ones of
//! floating point) are apart: a format is a kind of levels here, and nothing else.

mod density;
mod even;
mod offset;
#[cfg(test)]
mod tests;
mod uneven;

use density::Cut;
pub(super) use density::Density;
use even::Even;
pub use offset::mean_error;
use uneven::Uneven;

use crate::histogram::Stats;
use crate::quant::{Clip, Format, QuantParams};

/// The cost of a clip on the levels that the format really has at its scale.
///
/// Each bin's mass counts as uniform in the bin, and exact zeros as a point mass at 0, which every format represents.
/// Means are over the finite elements. The integrals are exact: each bin is cut where the nearest level changes, and at
/// the clip.
///
/// # Formula
///
/// With `rho(x)` the values per unit of length (a bin's count over its width), `q(x)` the level nearest to `x` of those
/// at the clip's scale ([`QuantParams::from_clip`]), and `N` the finite elements:
///
/// ```text
/// rounding_error = 1/N  integral over x inside the clip of  rho(x) (x - q(x))^2 dx
/// clipping_error = 1/N  integral over x beyond the clip of  rho(x) (x - q(x))^2 dx
/// mse            = rounding_error + clipping_error
/// sqnr_db        = 10 log10( sum x^2 / (N mse) )
/// saturated      = 1/N  integral over x beyond the clip of  rho(x) dx
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// KL divergence in nats at the nearest bin edge: see [`Tensor::kl`](super::Tensor::kl).
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

/// What `clip` costs values with these totals and this density over `edges`; the divergence is the caller's to say.
pub(super) fn metrics(stats: &Stats, density: &Density, edges: &[f32], clip: Clip, format: Format) -> Metrics {
    let params = QuantParams::from_clip(clip, format);
    let above = Cut::new(&density.pos, edges, clip.max());
    let below = Cut::new(&density.neg, edges, -clip.min());
    // Integers on either side of zero; those of FP8 are as many on both.
    let (up, down) = (params.qmax() - params.zero_point(), params.zero_point() - params.qmin());
    let (mut rounding, mut clipping) = (0.0, 0.0);
    if density.width > 0.0 {
        let step = f64::from(params.scale()) / density.width;
        let mut add = |mass, steps, cut: Cut| {
            let (inside, outside) = match params.format() {
                Format::Int(_) => Even::new(steps, step).errors(mass, cut.at),
                Format::Fp8(fp8) => Uneven::new(fp8, step).errors(mass, cut.at),
            };
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
        kl: None,
        mse,
        clipping_error,
        rounding_error,
        sqnr_db: 10.0 * (stats.sum_of_squares() / (mse * finite)).log10(),
        saturated: saturated_count / finite,
        saturated_count,
        prorated: above.prorated || below.prorated,
    }
}
