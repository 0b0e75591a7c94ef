//! LayerNormalization and RMSNormalization: over the last axes, however many.

use super::{each, moments, position, sum};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{ArrayD, ArrayViewD, IxDyn};
use tract_onnx::tract_core::internal::{DatumType, IntoTensor, Tensor, ToDim, TractResult, format_err};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Trailing {
    /// The first of the axes.
    axis: i64,
    epsilon: f64,
    /// Whether the mean is taken away.
    centred: bool,
    /// The type of what comes out besides: the means and the inverse deviations.
    stash: DatumType,
}

impl Formula for Trailing {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        let axis = position(self.axis, x.shape.len())?;
        let mut moments = x.shape.clone();
        moments[axis..].fill(1.to_dim());
        let besides = if self.centred { 2 } else { 1 };
        let besides = (0..besides).map(|_| Fact::new(self.stash, moments.clone()));
        Ok([x.fact()].into_iter().chain(besides).collect())
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let mut y = required(inputs, 0)?.to_plain_array_view::<T>()?.as_standard_layout().into_owned();
        let axis = position(self.axis, y.ndim())?;
        let size: usize = y.shape()[axis..].iter().product();
        let (mut means, mut inverses) = (Vec::new(), Vec::new());
        for row in y.as_slice_mut().expect("it is in standard layout").chunks_exact_mut(size.max(1)) {
            let (mean, variance) = if self.centred { moments(row) } else { (0.0, sum(row, |x| x * x) / size as f64) };
            let inverse = 1.0 / (variance + self.epsilon).sqrt();
            each(row, |x| (x - mean) * inverse);
            means.push(T::nearest(mean));
            inverses.push(T::nearest(inverse));
        }
        let shape: Vec<usize> = y.shape().iter().enumerate().map(|(i, n)| if i < axis { *n } else { 1 }).collect();
        apply(&mut y, axis, required(inputs, 1)?, |y, scale| *y *= scale)?;
        if let Some(bias) = inputs.get(2).copied().flatten() {
            apply(&mut y, axis, bias, |y, bias| *y += bias)?;
        }
        let mut outputs = vec![y.into_tensor()];
        for moments in [self.centred.then_some(means), Some(inverses)].into_iter().flatten() {
            // Where there is no value there are no moments either; ONNX still wants them to have a shape.
            let moments = if size == 0 { vec![T::nan(); shape.iter().product()] } else { moments };
            outputs.push(ArrayD::from_shape_vec(IxDyn(&shape), moments)?.into_tensor());
        }
        Ok(outputs)
    }

    fn dtype(&self, output: usize, first: DatumType) -> DatumType {
        if output == 0 { first } else { self.stash }
    }
}

/// Combines all values with those of `other`, which is broadcast.
fn apply<T: Wide>(y: &mut ArrayD<T>, axis: usize, other: &Tensor, combine: impl Fn(&mut T, T)) -> TractResult<()> {
    let other: ArrayViewD<T> = other.to_plain_array_view()?;
    // Nearly always it is the same for each row.
    if let Some(row) = other.broadcast(&y.shape()[axis..]) {
        let row: Vec<T> = row.iter().copied().collect();
        for values in y.as_slice_mut().expect("it is in standard layout").chunks_exact_mut(row.len().max(1)) {
            values.iter_mut().zip(&row).for_each(|(y, other)| combine(y, *other));
        }
        return Ok(());
    }
    let misfit = || format_err!("{:?} cannot be broadcast to {:?}", other.shape(), y.shape());
    let other = other.broadcast(y.shape()).ok_or_else(misfit)?;
    y.zip_mut_with(&other, |y, other| combine(y, *other));
    Ok(())
}

fn trailing(node: &NodeProto, centred: bool) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let axis = node.get_attr_opt("axis")?.unwrap_or(-1);
    let epsilon: f32 = node.get_attr_opt("epsilon")?.unwrap_or(1e-5);
    let stash = node.get_attr_opt("stash_type")?.unwrap_or(DatumType::F32);
    own(node, Computed(Trailing { axis, epsilon: epsilon.into(), centred, stash }))
}

pub(in crate::model::engine) fn layer(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    trailing(node, true)
}

pub(in crate::model::engine) fn root_mean_square(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    trailing(node, false)
}
