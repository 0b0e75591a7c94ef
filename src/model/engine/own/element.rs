//! Functions of each element by itself.

use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

/// What a function of one number is: with its two attributes, those that it has.
type Scalar = fn(f32, f32, f32) -> f32;

/// A function of each element, computed in 32 bits.
struct Element {
    name: &'static str,
    scalar: Scalar,
    a: f32,
    b: f32,
}

impl std::fmt::Debug for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.name, self.a, self.b)
    }
}

impl Function for Element {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn eval(&self, mut inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let input = inputs.first_mut().and_then(Option::take).context("input 0 is missing")?.into_tensor();
        let dtype = input.datum_type();
        let mut values = if dtype == DatumType::F32 { input } else { input.cast_to::<f32>()?.into_owned() };
        for x in values.try_as_plain_ram_mut()?.as_slice_mut::<f32>()? {
            *x = (self.scalar)(*x, self.a, self.b);
        }
        Ok(vec![if dtype == DatumType::F32 { values } else { values.cast_to_dt(dtype)?.into_owned() }])
    }
}

pub(in crate::model::engine) fn celu(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let a = node.get_attr_opt("alpha")?.unwrap_or(1.0);
    let scalar: Scalar = |x, alpha, _| if x < 0.0 { alpha * (x / alpha).exp_m1() } else { x };
    own(node, Element { name: "Celu", scalar, a, b: 0.0 })
}
