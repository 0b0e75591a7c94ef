//! One plan of tract's, for inputs of one shape and one way through the network.

use super::activations::{Activation, Concat};
use super::error::{ModelError, guarded, one_line};
use super::tap::Tap;
use crate::error::{ErrorKind, Predicate};
use crate::quant::QuantParams;
use std::sync::Arc;
use tract_onnx::prelude::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::{
    DatumType, IntoTValue, TValue, TVec, Tensor, TractError, TractResult, TypedNode, TypedSimplePlan, tvec,
};
use tract_onnx::tract_core::internal::{EvalContext, OpState, OutletId};

/// A plan that is ready to run, with a tap on each of its activations.
pub(super) struct Variant {
    pub file: String,
    pub plan: Arc<TypedSimplePlan>,
    /// The plan's outputs that are the network's; those behind are kept for the sake of the taps before them.
    pub outputs: Vec<OutletId>,
    /// In the order of the taps' numbers.
    pub activations: Vec<Activation>,
    pub concats: Vec<Concat>,
}

/// Evaluates one node of the plan.
pub(super) type Evaluate<'a> = &'a mut dyn FnMut(
    &EvalContext,
    Option<&mut (dyn OpState + 'static)>,
    &TypedNode,
    TVec<TValue>,
) -> TractResult<TVec<TValue>>;

impl Variant {
    /// What comes out of a tap. `grids` are in the order of the taps.
    pub fn pass(
        &self,
        tap: &Tap,
        node: &TypedNode,
        mut inputs: TVec<TValue>,
        grids: &[Option<QuantParams>],
    ) -> TractResult<TVec<TValue>> {
        let leads_nowhere = node.outputs[0].successors.is_empty() && !self.outputs.contains(&node.id.into());
        if leads_nowhere {
            // The plan keeps its outputs to the end of the run: this one need not take memory.
            return Ok(tvec!(Tensor::zero_scalar_dt(inputs[0].datum_type())?.into_tvalue()));
        }
        if let Some(grid) = grids[tap.activation] {
            let value = inputs.pop().expect("a tap has one input");
            inputs.push(fake_quant(value, grid)?);
        }
        Ok(inputs)
    }

    /// Runs the plan with `eval` for each node, and answers the network's own outputs. `None` when it was cancelled.
    pub fn execute(
        &self,
        sample: &[Tensor],
        executor: &Executor,
        cancelled: &dyn Fn() -> bool,
        eval: Evaluate,
    ) -> Result<Option<TVec<TValue>>, ModelError> {
        let inputs = sample.iter().map(|tensor| tensor.clone().into_tvalue()).collect();
        let mut last = None;
        let mut eval = |ctx: &EvalContext, state: Option<&mut (dyn OpState + 'static)>, node: &TypedNode, inputs| {
            if cancelled() {
                return Err(Cancelled.into());
            }
            last = Some(node.id);
            eval(ctx, state, node, inputs)
        };
        let run = || self.plan.spawn()?.run_plan_with_eval(inputs, &mut eval);
        let result = multithread_tract_scope(executor.clone(), || guarded(run));
        match result {
            Ok(mut outputs) => {
                outputs.truncate(self.outputs.len());
                Ok(Some(outputs))
            }
            Err(error) if error.is::<Cancelled>() => Ok(None),
            Err(error) => Err(self.node_error(last, &error)),
        }
    }

    /// The sentence for a node that failed while it ran.
    pub fn node_error(&self, node: Option<usize>, error: &TractError) -> ModelError {
        let node = node.map_or("", |id| self.plan.model().node(id).name.as_str());
        let why = one_line(&error.root_cause().to_string());
        let text = format!("cannot be run: node {node:?} fails ({why}).");
        ModelError::new(&self.file, Predicate::new(ErrorKind::Failed, text))
    }
}

/// Ends a run from inside.
#[derive(thiserror::Error, Debug)]
#[error("cancelled")]
pub(super) struct Cancelled;

/// The tensor on `grid`, in place where nobody else holds it.
fn fake_quant(value: TValue, grid: QuantParams) -> TractResult<TValue> {
    use tract_onnx::tract_core::internal::IntoTensor;
    let dtype = value.datum_type();
    let mut tensor = match dtype {
        DatumType::F32 => value.into_tensor(),
        _ => value.cast_to::<f32>()?.into_owned(),
    };
    grid.fake_quant_all(tensor.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?);
    Ok(if dtype == DatumType::F32 { tensor } else { tensor.cast_to_dt(dtype)?.into_owned() }.into_tvalue())
}
