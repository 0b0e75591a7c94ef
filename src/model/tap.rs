//! A point in the graph where an activation can be seen and replaced.
//!
//! tract's optimizer fuses nodes, drops those that nothing depends on, moves axes, and renames. A tap tells it nothing
//! (no value, no axes, no way to be evaluated outside a run), so that it can do none of this across one: what is tapped
//! before the optimizer is there after it, under its own index, with the values that the ONNX file means.

use tract_onnx::tract_hir::internal::*;

/// Hands its input on. The [`Graph`](super::Graph) that runs it does the seeing and replacing.
///
/// The index makes two taps different, or the optimizer would merge those of equal inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tap {
    pub activation: usize,
}

impl Op for Tap {
    fn name(&self) -> StaticName {
        "Tap".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Tap {
    // Or a tap on what happens to be constant would be folded away.
    not_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        Ok(inputs)
    }
}

impl TypedOp for Tap {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(inputs[0].datum_type.fact(inputs[0].shape.clone())))
    }
}

/// Where a tap goes in the graph as it was parsed, whose types and shapes are not known yet. What turns out to be no
/// float, or a constant, is not tapped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub activation: usize,
}

impl Expansion for Site {
    fn name(&self) -> StaticName {
        "TapSite".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        s.equals(&inputs[0].datum_type, &outputs[0].datum_type)?;
        s.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let fact = model.outlet_fact(inputs[0])?;
        // tract calls constant what has no element: it is an activation that other shapes may give some.
        let constant = fact.konst.is_some() && fact.shape.volume() != 0.into();
        if !is_float(fact.datum_type) || constant {
            return Ok(inputs.into());
        }
        model.wire_node(prefix, Tap { activation: self.activation }, inputs)
    }
}

/// The types that are activations.
pub(super) fn is_float(dtype: DatumType) -> bool {
    matches!(dtype, DatumType::F16 | DatumType::F32 | DatumType::F64)
}
