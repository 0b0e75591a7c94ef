use super::activations::{Activation, Concat};
use super::error::{ModelError, guarded, one_line, shape_text};
use super::tap::Tap;
use crate::error::{ErrorKind, Predicate};
use crate::quant::QuantParams;
use std::sync::Arc;
use tract_onnx::prelude::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::{DatumType, IntoTValue, TValue, TVec, Tensor, TractResult, TypedNode, TypedSimplePlan, tvec};
use tract_onnx::tract_core::internal::{EvalContext, OpState, OutletId};
use tract_onnx::tract_core::plan;

/// A network that is ready to run on inputs of one shape, with a tap on each of its [`Activation`]s.
///
/// Runs change nothing, so that a graph can be run on several threads at once. Cheap to clone; a clone has grids of its
/// own.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(super) file: String,
    pub(super) plan: Arc<TypedSimplePlan>,
    /// The plan's outputs that are the network's; those behind are kept for the sake of the taps before them.
    pub(super) outputs: Vec<OutletId>,
    pub(super) output_names: Vec<String>,
    pub(super) inputs: Vec<Input>,
    pub(super) activations: Vec<Activation>,
    pub(super) concats: Vec<Concat>,
    pub(super) grids: Vec<Option<QuantParams>>,
    pub(super) executor: Executor,
}

/// What a graph has to be fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The tensor's name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DatumType,
    /// Its dimensions.
    pub shape: Vec<usize>,
}

/// Evaluates one node of the plan.
pub(super) type Evaluate<'a> = &'a mut dyn FnMut(
    &EvalContext,
    Option<&mut (dyn OpState + 'static)>,
    &TypedNode,
    TVec<TValue>,
) -> TractResult<TVec<TValue>>;

/// Sees an activation: its index in [`Graph::tensors`], its shape, its values in row-major order.
pub type Observer<'a> = &'a mut dyn FnMut(usize, &[usize], &[f32]);

impl Graph {
    /// The activations, in the order of the file. Their positions are the indices that everything else takes.
    pub fn tensors(&self) -> &[Activation] {
        &self.activations
    }

    /// The `Concat` nodes whose output is an activation.
    pub fn concats(&self) -> &[Concat] {
        &self.concats
    }

    /// What has to be fed, in order.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The names of what comes out, in the order of [`Graph::run`].
    pub fn outputs(&self) -> &[String] {
        &self.output_names
    }

    /// Puts activation `tensor` on a grid: what follows it sees fake-quantized values. `None` takes it off again.
    pub fn set(&mut self, tensor: usize, grid: Option<QuantParams>) {
        self.grids[tensor] = grid;
    }

    /// Takes every activation off its grid.
    pub fn clear(&mut self) {
        self.grids.fill(None);
    }

    /// The grid that an activation is on.
    pub fn grid(&self, tensor: usize) -> Option<QuantParams> {
        self.grids[tensor]
    }

    /// Lets matrix products use so many threads. The results do not depend on it.
    pub fn set_threads(&mut self, threads: usize) {
        self.executor = if threads > 1 { Executor::multithread(threads) } else { Executor::SingleThread };
    }

    /// Runs the network on one sample and answers its outputs.
    ///
    /// `observe` sees each activation once, as soon as it is made and before its own grid acts on it; halves and doubles
    /// are converted to f32. No activation is kept longer than the network needs it.
    ///
    /// `cancelled` is asked before each node; the answer then is `None`.
    ///
    /// # Errors
    ///
    /// The sample does not fit the inputs, or a node fails, which is then named.
    pub fn run(
        &self,
        sample: &[Tensor],
        observe: Observer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Tensor>>, ModelError> {
        let mut eval = |ctx: &EvalContext, state: Option<&mut (dyn OpState + 'static)>, node: &TypedNode, inputs| {
            let Some(tap) = node.op_as::<Tap>() else { return plan::eval(ctx, state, node, inputs) };
            see(&inputs[0], tap.activation, observe)?;
            self.pass(tap, node, inputs, &self.grids)
        };
        let outputs = self.execute(sample, cancelled, &mut eval)?;
        Ok(outputs.map(|outputs| outputs.into_iter().map(|value| (*value).clone()).collect()))
    }

    /// What comes out of a tap.
    pub(super) fn pass(
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

    /// Runs the plan with `eval` for each node, and answers the network's own outputs.
    pub(super) fn execute(
        &self,
        sample: &[Tensor],
        cancelled: &dyn Fn() -> bool,
        eval: Evaluate,
    ) -> Result<Option<TVec<TValue>>, ModelError> {
        self.check(sample)?;
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
        let result = multithread_tract_scope(self.executor.clone(), || guarded(run));
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
    pub(super) fn node_error(&self, node: Option<usize>, error: &tract_onnx::prelude::TractError) -> ModelError {
        let node = node.map_or("", |id| self.plan.model().node(id).name.as_str());
        let why = one_line(&error.root_cause().to_string());
        let text = format!("cannot be run: node {node:?} fails ({why}).");
        ModelError::new(&self.file, Predicate::new(ErrorKind::Failed, text))
    }

    fn check(&self, sample: &[Tensor]) -> Result<(), ModelError> {
        let fail = |predicate: String| Err(ModelError::new(&self.file, predicate));
        if sample.len() != self.inputs.len() {
            return fail(format!("takes {} inputs, and {} were given.", self.inputs.len(), sample.len()));
        }
        for (input, tensor) in self.inputs.iter().zip(sample) {
            if tensor.datum_type() != input.dtype || tensor.shape() != input.shape {
                let (wanted, given) = (shape_text(&input.shape), shape_text(tensor.shape()));
                let (name, wants, gives) = (&input.name, input.dtype, tensor.datum_type());
                return fail(format!("takes {wanted} of {wants:?} as {name}, and {given} of {gives:?} was given."));
            }
        }
        Ok(())
    }
}

/// Ends a run from inside.
#[derive(thiserror::Error, Debug)]
#[error("cancelled")]
pub(super) struct Cancelled;

fn see(value: &Tensor, activation: usize, observe: Observer) -> TractResult<()> {
    let singles = value.cast_to::<f32>()?;
    observe(activation, value.shape(), singles.try_as_plain_ram()?.as_slice::<f32>()?);
    Ok(())
}

/// The tensor on `grid`, in place where nobody else holds it.
pub(super) fn fake_quant(value: TValue, grid: QuantParams) -> TractResult<TValue> {
    use tract_onnx::tract_core::internal::IntoTensor;
    let dtype = value.datum_type();
    let mut tensor = match dtype {
        DatumType::F32 => value.into_tensor(),
        _ => value.cast_to::<f32>()?.into_owned(),
    };
    grid.fake_quant_all(tensor.try_as_plain_ram_mut()?.as_slice_mut::<f32>()?);
    Ok(if dtype == DatumType::F32 { tensor } else { tensor.cast_to_dt(dtype)?.into_owned() }.into_tvalue())
}
