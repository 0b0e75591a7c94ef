//! Running a part of a plan again, beginning with values of a run of the whole.

use super::behind::{Behind, Source};
use super::error::{ModelError, guarded};
use super::sizes;
use super::tap::Tap;
use super::variant::{Cancelled, Variant};
use crate::quant::QuantParams;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use tract_onnx::prelude::multithread::Executor;
use tract_onnx::prelude::{IntoTValue, TValue, TVec, Tensor, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::internal::{IntoArcTensor, OutletId, SymbolValues};
use tract_onnx::tract_core::plan;

/// What a part of a plan needs from the rest of a run.
pub(super) struct Elsewhere {
    /// Values, in the order of [`Source::Kept`].
    pub values: Vec<Arc<Tensor>>,
    /// The sizes that the run has settled.
    pub sizes: SymbolValues,
}

/// A run that ended early, and at which node.
pub(super) struct Failed {
    pub node: Option<usize>,
    pub error: TractError,
}

impl Elsewhere {
    /// Runs one sample on these grids, as far as it makes what is `wanted`. `None` when it was cancelled.
    pub fn of(
        variant: &Variant,
        wanted: &BTreeMap<OutletId, usize>,
        grids: &[Option<QuantParams>],
        sample: &[Tensor],
        executor: &Executor,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Elsewhere>, ModelError> {
        let mut missing = wanted.len();
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; wanted.len()];
        let mut sizes = SymbolValues::default();
        let settles_sizes = sizes::any(variant.plan.model());
        let done = Cell::new(missing == 0 && !settles_sizes);
        // What comes after the last value that is wanted need not run.
        let enough = || done.get() || cancelled();
        let run = variant.execute(sample, executor, &enough, &mut |ctx, state, node, inputs| {
            let results = match node.op_as::<Tap>() {
                Some(tap) => variant.pass(tap, node, inputs, grids)?,
                None => plan::eval(ctx, state, node, inputs)?,
            };
            for (slot, result) in results.iter().enumerate() {
                if let Some(&place) = wanted.get(&OutletId::new(node.id, slot)) {
                    values[place] = Some(result.clone().into_arc_tensor());
                    missing -= 1;
                }
            }
            sizes::learn(&mut sizes, node, &results);
            done.set(missing == 0 && !settles_sizes);
            Ok(results)
        })?;
        if run.is_none() && !done.get() {
            return Ok(None);
        }
        let values = values.into_iter().map(|value| value.expect("the run made it")).collect();
        Ok(Some(Elsewhere { values, sizes }))
    }
}

/// Runs a part on one sample and answers what is at its ends. `grids` are in the order of the plan's activations.
pub(super) fn run(
    variant: &Variant,
    behind: &Behind,
    elsewhere: &Elsewhere,
    grids: &[Option<QuantParams>],
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<TValue>, Failed> {
    let plan = &variant.plan;
    let at = |node: Option<usize>| move |error| Failed { node, error };
    let mut state = plan.spawn().map_err(at(None))?;
    state.turn_state.values = vec![None; plan.model().nodes().len()];
    state.turn_state.resolved_symbols = elsewhere.sizes.clone();
    for step in &behind.steps {
        let (node, failed) = (plan.model().node(step.node), at(Some(step.node)));
        if cancelled() {
            return Err(failed(TractError::from(Cancelled)));
        }
        let inputs: TractResult<TVec<TValue>> = step.inputs.iter().map(|s| value(s, elsewhere, &state)).collect();
        let inputs = inputs.map_err(failed)?;
        // Before the node runs, so that it may work in place.
        step.done.iter().for_each(|&done| state.turn_state.values[done] = None);
        match node.op_as::<Tap>() {
            Some(tap) => {
                let values = variant.pass(tap, node, inputs, grids).map_err(failed)?;
                state.turn_state.values[node.id] = Some(values);
            }
            None => guarded(|| state.compute_one_with_inputs(node.id, inputs)).map_err(failed)?,
        }
        let turn = &mut state.turn_state;
        sizes::learn(&mut turn.resolved_symbols, node, turn.values[node.id].as_deref().unwrap_or_default());
    }
    behind.ends.iter().map(|s| value(s, elsewhere, &state)).collect::<TractResult<_>>().map_err(at(None))
}

fn value(source: &Source, elsewhere: &Elsewhere, state: &TypedSimpleState) -> TractResult<TValue> {
    Ok(match source {
        Source::Kept(place) => elsewhere.values[*place].clone().into_tvalue(),
        Source::Constant(tensor) => tensor.clone().into_tvalue(),
        Source::Node(outlet) => {
            state.turn_state.values[outlet.node].as_ref().expect("nodes run in order")[outlet.slot].clone()
        }
    })
}
