//! Operators that compute in real numbers: in which precision they do.

use super::number::Real;
use super::{Fact, Function, Given, required};
use std::fmt::Debug;
use tract_onnx::tract_core::internal::{DatumType, TValue, Tensor, TractResult, tract_ndarray::NdFloat};

/// Floats that arrays are computed of, and that are taken together in doubles.
pub(super) trait Wide: Real + NdFloat {
    /// The nearest number of this type.
    fn nearest(number: f64) -> Self;
    /// The number itself.
    fn wide(self) -> f64;
}

impl Wide for f32 {
    #[inline]
    fn nearest(number: f64) -> f32 {
        number as f32
    }

    #[inline]
    fn wide(self) -> f64 {
        self.into()
    }
}

impl Wide for f64 {
    #[inline]
    fn nearest(number: f64) -> f64 {
        number
    }

    #[inline]
    fn wide(self) -> f64 {
        self
    }
}

/// An operator that is written once for all precisions.
pub(super) trait Formula: Debug + Send + Sync + 'static {
    /// As [`Function::outputs`].
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>>;

    /// As [`Function::eval`], with all inputs and outputs that are floats in one precision.
    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>>;

    /// The type of an output, where the first input is of type `first`.
    fn dtype(&self, _output: usize, first: DatumType) -> DatumType {
        first
    }
}

/// Computes a formula: in doubles where an input is of doubles, else in singles.
#[derive(Debug)]
pub(super) struct Computed<F>(pub F);

impl<F: Formula> Function for Computed<F> {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        self.0.outputs(inputs)
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let double = inputs.iter().flatten().any(|input| input.datum_type() == DatumType::F64);
        let made = if double { compute::<f64, F>(&self.0, &inputs)? } else { compute::<f32, F>(&self.0, &inputs)? };
        let first = required(&inputs, 0)?.datum_type();
        let typed = made.into_iter().enumerate().map(|(i, tensor)| match self.0.dtype(i, first) {
            dtype if dtype == tensor.datum_type() => Ok(tensor),
            dtype => Ok(tensor.cast_to_dt(dtype)?.into_owned()),
        });
        typed.collect()
    }
}

fn compute<T: Wide, F: Formula>(formula: &F, inputs: &[Option<TValue>]) -> TractResult<Vec<Tensor>> {
    let cast = |input: &TValue| match input.datum_type() {
        dtype if dtype.is_float() && dtype != T::datum_type() => Ok(Some(input.cast_to::<T>()?.into_owned())),
        _ => Ok(None),
    };
    let cast: Vec<Option<Tensor>> =
        inputs.iter().map(|input| input.as_ref().map_or(Ok(None), cast)).collect::<TractResult<_>>()?;
    let all = inputs.iter().zip(&cast).map(|(input, cast)| cast.as_ref().or(input.as_deref()));
    formula.compute::<T>(&all.collect::<Vec<_>>())
}
