//! `OneHot`, and `ConstantOfShape` by its default.

use super::axes::axis;
use super::{Built, Fact, Function, Given, by_tract, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};
use tract_onnx::tract_core::internal::*;

/// What is on along a new axis where an index says; an index beyond its ends is on nowhere.
#[derive(Debug)]
struct OneHot {
    axis: i64,
}

impl OneHot {
    fn depth(depth: &Tensor) -> TractResult<usize> {
        let depth = depth.cast_to::<i64>()?;
        let depth = depth.try_as_plain_ram()?.as_slice::<i64>()?.first().copied();
        depth.and_then(|depth| usize::try_from(depth).ok()).context("the depth is no number of places")
    }
}

impl Function for OneHot {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let mut shape = required(inputs, 0)?.shape.clone();
        let depth = OneHot::depth(required(inputs, 1)?.value()?)?;
        shape.insert(axis(self.axis, shape.len() + 1)?, depth.to_dim());
        Ok(vec![Fact { dtype: required(inputs, 2)?.dtype, shape }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (indices, values) = (required(&inputs, 0)?, required(&inputs, 2)?);
        let depth = OneHot::depth(required(&inputs, 1)?)?;
        ensure!(values.len() == 2, "off and on are two values, not {}", values.len());
        let axis = axis(self.axis, indices.rank() + 1)?;
        let mut shape = indices.shape().to_vec();
        let inner: usize = shape[axis..].iter().product();
        shape.insert(axis, depth);
        let indices = indices.cast_to::<i64>()?;
        let indices = indices.try_as_plain_ram()?.as_slice::<i64>()?;
        let at = |i: i64| usize::try_from(if i < 0 { i + depth as i64 } else { i }).ok().filter(|i| *i < depth);
        let places =
            indices.iter().enumerate().filter_map(|(n, i)| Some(((n / inner * depth) + at(*i)?) * inner + n % inner));
        // Off everywhere, then on at these.
        let off = values.slice(0, 0, 1)?.into_shape(&[])?;
        let on = values.slice(0, 1, 2)?.into_shape(&[])?;
        let mut output = off.broadcast_to_shape(&shape)?.into_shape(&[shape.iter().product()])?;
        for place in places {
            output.assign_slice(place..place + 1, &on.clone().into_shape(&[1])?, 0..1, 0)?;
        }
        Ok(vec![output.into_shape(&shape)?])
    }
}

pub(in crate::model::engine) fn one_hot(_: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    own(node, OneHot { axis: node.get_attr_opt("axis")?.unwrap_or(-1) })
}

/// A 32 bit zero where the node gives no value: tract's is of 64.
pub(in crate::model::engine) fn constant_of_shape(context: &ParsingContext, node: &NodeProto) -> TractResult<Built> {
    if node.attribute.iter().any(|attribute| attribute.name == "value") {
        return by_tract(context, node);
    }
    let zero = TensorProto {
        dims: vec![1],
        data_type: DataType::Float as i32,
        float_data: vec![0.0],
        ..TensorProto::default()
    };
    let value = AttributeProto {
        name: "value".into(),
        r#type: AttributeType::Tensor as i32,
        t: Some(zero),
        ..AttributeProto::default()
    };
    let mut node = node.clone();
    node.attribute.push(value);
    by_tract(context, &node)
}
