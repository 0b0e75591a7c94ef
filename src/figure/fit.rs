use super::axis::Axis;
use crate::calibrate::{Fit, Shape, Tensor};

/// A fitted distribution on the columns of the axis.
pub struct FitCurve {
    /// The distribution.
    pub fit: Fit,
    /// How far it is from the values: [`Fit::ks_distance`].
    pub distance: f64,
    /// How many values it expects in each column.
    pub counts: Vec<f64>,
}

impl FitCurve {
    /// A distribution of `shape` fitted to the tensor; `None` where nothing fits, see [`Fit::of`].
    pub fn of(tensor: &Tensor, shape: Shape, axis: &Axis, signed: bool) -> Option<FitCurve> {
        let fit = Fit::of(tensor.histogram(), shape)?;
        let counts = (0..axis.columns).map(|column| match axis.span(column) {
            (a, b) if signed => fit.mass(a, b),
            // A magnitude axis shows both signs in one place.
            (a, b) => fit.mass(a, b) + fit.mass(-b, -a),
        });
        Some(FitCurve { fit, distance: fit.ks_distance(tensor.histogram()), counts: counts.collect() })
    }
}
