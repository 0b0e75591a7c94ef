//! `Relu`, `Clip`, `Max` and `Min`, of numbers of any type. tract's swallow NaN.

use super::number::{larger, numbers, smaller};
use super::{Built, Fact, Function, Given, own_but_of_dims, required, take};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::broadcast::multi_broadcast;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::num_traits::Zero;

/// What limits a value.
#[derive(Debug)]
enum Limits {
    /// Zero, from below.
    Zero,
    /// Attributes.
    Fixed(Option<f32>, Option<f32>),
    /// The second and third input.
    Given,
}

impl Function for Limits {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, mut inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let values = take(&mut inputs, 0)?.into_tensor();
        let dtype = values.datum_type();
        let fixed = |limit: &Option<f32>| limit.map(|limit| tensor0(limit).into_tvalue());
        let mut given = |i: usize| inputs.get_mut(i).and_then(Option::take);
        let (low, high) = match self {
            Limits::Zero => (fixed(&Some(0.0)), None),
            Limits::Fixed(low, high) => (fixed(low), fixed(high)),
            Limits::Given => (given(1), given(2)),
        };
        Ok(vec![numbers!(dtype, clip(values, low, high))?])
    }
}

fn clip<T: Datum + Copy + PartialOrd>(
    mut values: Tensor,
    low: Option<TValue>,
    high: Option<TValue>,
) -> TractResult<Tensor> {
    let limit = |limit: Option<TValue>| -> TractResult<Option<T>> {
        let Some(limit) = limit else { return Ok(None) };
        ensure!(limit.len() == 1, "a limit is one number, not {}", limit.len());
        Ok(limit.cast_to::<T>()?.try_as_plain_ram()?.as_slice::<T>()?.first().copied())
    };
    let (low, high) = (limit(low)?, limit(high)?);
    let mut plain = values.try_as_plain_ram_mut()?;
    let slice = plain.as_slice_mut::<T>()?;
    if let Some(low) = low {
        slice.iter_mut().for_each(|x| *x = if *x < low { low } else { *x });
    }
    if let Some(high) = high {
        slice.iter_mut().for_each(|x| *x = if *x > high { high } else { *x });
    }
    Ok(values)
}

/// The largest or smallest of any number of tensors at each place.
#[derive(Debug)]
enum Extreme {
    Max,
    Min,
}

impl Function for Extreme {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let shapes: Vec<&[TDim]> = inputs.iter().flatten().map(|input| &*input.shape).collect();
        Ok(vec![Fact { dtype: required(inputs, 0)?.dtype, shape: multi_broadcast(&shapes)? }])
    }

    fn eval(&self, mut inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let mut result = take(&mut inputs, 0)?.into_tensor();
        let dtype = result.datum_type();
        for other in inputs.into_iter().flatten() {
            ensure!(other.datum_type() == dtype, "{:?} is put beside {dtype:?}", other.datum_type());
            result = numbers!(dtype, extreme(result, &other, self))?;
        }
        Ok(vec![result])
    }
}

fn extreme<T: Datum + Copy + PartialOrd + Zero>(a: Tensor, b: &Tensor, which: &Extreme) -> TractResult<Tensor> {
    let shape = multi_broadcast(&[a.shape(), b.shape()])?;
    let mut a = if a.shape() == &*shape { a } else { a.broadcast_to_shape(&shape)? };
    let b = b.to_plain_array_view::<T>()?;
    let b = b.broadcast(&*shape).context("the shapes do not fit")?;
    let mut plain = a.try_as_plain_ram_mut()?;
    let slots = tract_ndarray::Zip::from(plain.to_array_view_mut::<T>()?).and(b);
    match which {
        Extreme::Max => slots.for_each(|a, &b| *a = larger(*a, b)),
        Extreme::Min => slots.for_each(|a, &b| *a = smaller(*a, b)),
    }
    Ok(a)
}

pub(in crate::model::engine) fn relu(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own_but_of_dims(context, node, Limits::Zero)
}

/// With limits as attributes before opset 11, as inputs from then on.
pub(in crate::model::engine) fn clip_node(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    if context.onnx_operator_set_version < 11 {
        return own_but_of_dims(context, node, Limits::Fixed(node.get_attr_opt("min")?, node.get_attr_opt("max")?));
    }
    own_but_of_dims(context, node, Limits::Given)
}

pub(in crate::model::engine) fn max(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own_but_of_dims(context, node, Extreme::Max)
}

pub(in crate::model::engine) fn min(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own_but_of_dims(context, node, Extreme::Min)
}
