//! The mean of what quantization adds: an error that the next layer adds up instead of averaging it away.

use super::even::Even;
use crate::histogram::Histogram;
use crate::quant::{Format, QuantParams};

/// The mean of `q(x) - x` over the finite values, with the mass of each bin spread evenly over it as in
/// [`Metrics`](super::Metrics), so that both are of one error. `None` on formats whose levels are not even, without values,
/// and where a step is narrower than a bin, which then cannot tell.
pub fn mean_error(histogram: &Histogram, params: &QuantParams) -> Option<f64> {
    let (magnitude, stats) = (&histogram.magnitude, &histogram.stats);
    let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
    let step = f64::from(params.scale()) / width;
    let even = matches!(params.format(), Format::Int(_));
    if !even || stats.finite() == 0 || !(step >= 1.0 && step.is_finite()) {
        return None;
    }
    let (up, down) = (params.qmax() - params.zero_point(), params.zero_point() - params.qmin());
    let above = Even::new(up, step).offset(&magnitude.pos, stats.zeros);
    let below = Even::new(down, step).offset(&magnitude.neg, 0);
    Some((above - below) * width / stats.finite() as f64)
}
