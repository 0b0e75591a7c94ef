//! What one activation's grid does to the network's outputs, found by running only what follows it.

use super::error::{ModelError, guarded, shape_text};
use super::graph::{Cancelled, Graph};
use super::score::{OutputEffect, Score};
use super::tap::Tap;
use crate::quant::QuantParams;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tract_onnx::prelude::{IntoTValue, TValue, TVec, Tensor, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::internal::{IntoArcTensor, OutletId};
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::plan;

/// Activations whose grids are tried, and everything that is needed to run what follows them on some samples.
///
/// Kept are, for each sample, the outputs of the float network, and those values that the nodes behind the activations
/// take from elsewhere. One run then costs the share of the network that lies behind the activations.
pub struct Effect {
    graph: Graph,
    tensors: Vec<usize>,
    steps: Vec<Step>,
    outputs: Vec<Source>,
    samples: Vec<Kept>,
    complete: bool,
}

/// What a float network answers to some samples, found when it is first needed and kept.
pub struct Reference<'a> {
    graph: &'a Graph,
    outputs: RefCell<Vec<Option<Vec<Arc<Tensor>>>>>,
}

impl<'a> Reference<'a> {
    /// The answers of this graph; its grids are ignored.
    pub fn new(graph: &'a Graph) -> Reference<'a> {
        Reference { graph, outputs: RefCell::default() }
    }

    /// The answer to `sample`, which always is the one at this `place`. `None` when it was cancelled.
    fn outputs(
        &self,
        place: usize,
        sample: &[Tensor],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Arc<Tensor>>>, ModelError> {
        if let Some(Some(known)) = self.outputs.borrow().get(place) {
            return Ok(Some(known.clone()));
        }
        let (graph, none) = (self.graph, vec![None; self.graph.grids.len()]);
        let outputs = graph.execute(sample, cancelled, &mut |ctx, state, node, inputs| match node.op_as::<Tap>() {
            Some(tap) => graph.pass(tap, node, inputs, &none),
            None => plan::eval(ctx, state, node, inputs),
        })?;
        let outputs = outputs.map(|o| o.into_iter().map(IntoArcTensor::into_arc_tensor).collect::<Vec<_>>());
        if let Some(outputs) = &outputs {
            let mut all = self.outputs.borrow_mut();
            let len = all.len().max(place + 1);
            all.resize(len, None);
            all[place] = Some(outputs.clone());
        }
        Ok(outputs)
    }
}

/// What the activations that are not tried do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Stay in float: the effect of the tried grids alone.
    Float,
    /// Stay on the grids that are set on the graph: the effect of everything together.
    AsSet,
}

/// One sample, as far as it has been run.
struct Kept {
    reference: Vec<Arc<Tensor>>,
    /// The values from elsewhere, in the order of [`Source::Kept`].
    values: Vec<Arc<Tensor>>,
}

/// One node behind the activations.
struct Step {
    node: usize,
    inputs: Vec<Source>,
    /// The nodes whose results nobody needs after this one.
    done: Vec<usize>,
}

#[derive(Clone)]
enum Source {
    Kept(usize),
    Constant(Arc<Tensor>),
    Node(OutletId),
}

impl Effect {
    /// Runs `graph` on the samples, and keeps as many as `memory_budget` bytes hold; at least one.
    ///
    /// The outputs are compared with those of `float` on the same samples: of the same graph, or, where `graph` is of a
    /// network with quantized weights, of the one of the network without.
    ///
    /// `Ok(None)` when it was `cancelled`.
    ///
    /// # Errors
    ///
    /// A sample does not fit, or a node fails.
    pub fn new(
        graph: &Graph,
        float: &Reference,
        tensors: &[usize],
        others: Others,
        samples: impl IntoIterator<Item = Vec<Tensor>>,
        memory_budget: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Effect>, ModelError> {
        let mut graph = graph.clone();
        if others == Others::Float {
            graph.clear();
        }
        tensors.iter().for_each(|&tensor| graph.set(tensor, None));
        let Behind { steps, outputs, kept } = Behind::of(&graph, tensors);
        let mut effect =
            Effect { graph, tensors: tensors.to_vec(), steps, outputs, samples: Vec::new(), complete: true };
        let mut memory = 0;
        for (i, sample) in samples.into_iter().enumerate() {
            let Some(reference) = float.outputs(i, &sample, cancelled)? else { return Ok(None) };
            let Some(kept) = effect.keep(reference, &sample, &kept, cancelled)? else { return Ok(None) };
            memory += kept.reference.iter().chain(&kept.values).map(|t| t.as_bytes().len()).sum::<usize>();
            if memory > memory_budget && !effect.samples.is_empty() {
                effect.complete = false;
                break;
            }
            effect.samples.push(kept);
        }
        Ok(Some(effect))
    }

    /// The activations that are tried.
    pub fn tensors(&self) -> &[usize] {
        &self.tensors
    }

    /// How many samples are kept: the first ones.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// Whether the memory was enough for all samples.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Runs what follows with each of the activations on its grid (`None`: in float) and compares the outputs.
    ///
    /// `grids` is in the order of [`Effect::tensors`]. The samples are shared out to `threads`; the result does not
    /// depend on how many there are. `Ok(None)` when it was `cancelled`, which is asked before each node.
    ///
    /// # Errors
    ///
    /// A node fails on the changed values, or they give an output another shape.
    pub fn output(
        &self,
        grids: &[Option<QuantParams>],
        threads: usize,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<OutputEffect>, ModelError> {
        assert_eq!(grids.len(), self.tensors.len(), "a grid for each activation");
        let mut all = self.graph.grids.clone();
        for (&tensor, &grid) in self.tensors.iter().zip(grids) {
            all[tensor] = grid;
        }
        let threads = threads.clamp(1, self.samples.len().max(1));
        let mut scores: Vec<(usize, Score)> = Vec::with_capacity(self.samples.len());
        let part = |first: usize| {
            let samples = self.samples.iter().enumerate().skip(first).step_by(threads);
            samples.map(|(ix, kept)| Ok((ix, self.score(kept, &all, cancelled)?))).collect::<Result<Vec<_>, Failure>>()
        };
        let parts = std::thread::scope(|scope| {
            let part = &part;
            let others: Vec<_> = (1..threads).map(|first| scope.spawn(move || part(first))).collect();
            let mut parts = vec![part(0)];
            parts.extend(others.into_iter().map(|o| o.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))));
            parts
        });
        for part in parts {
            match part {
                Ok(part) => scores.extend(part),
                Err(Failure { error, .. }) if error.is::<Cancelled>() => return Ok(None),
                Err(Failure { error, .. }) if error.is::<OtherShape>() => {
                    return Err(ModelError::new(&self.graph.file, error));
                }
                Err(Failure { node, error }) => return Err(self.graph.node_error(node, &error)),
            }
        }
        // Sums in the order of the samples, so that they are the same on any number of threads.
        scores.sort_by_key(|(ix, _)| *ix);
        Ok(Some(Score::sum(scores.into_iter().map(|(_, score)| score))))
    }

    /// Runs one sample as a whole.
    fn keep(
        &self,
        reference: Vec<Arc<Tensor>>,
        sample: &[Tensor],
        wanted: &BTreeMap<OutletId, usize>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Kept>, ModelError> {
        let mut missing = wanted.len();
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; wanted.len()];
        let graph = &self.graph;
        let done = Cell::new(missing == 0);
        // What comes after the last value that is wanted need not run.
        let enough = || done.get() || cancelled();
        let run = graph.execute(sample, &enough, &mut |ctx, state, node, inputs| {
            let results = match node.op_as::<Tap>() {
                Some(tap) => graph.pass(tap, node, inputs, &graph.grids)?,
                None => plan::eval(ctx, state, node, inputs)?,
            };
            for (slot, result) in results.iter().enumerate() {
                if let Some(&place) = wanted.get(&OutletId::new(node.id, slot)) {
                    values[place] = Some(result.clone().into_arc_tensor());
                    missing -= 1;
                }
            }
            done.set(missing == 0);
            Ok(results)
        })?;
        if run.is_none() && !done.get() {
            return Ok(None);
        }
        Ok(Some(Kept { reference, values: values.into_iter().map(|value| value.expect("the run made it")).collect() }))
    }

    /// Runs what follows on one sample.
    fn score(
        &self,
        kept: &Kept,
        grids: &[Option<QuantParams>],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Score, Failure> {
        let plan = &self.graph.plan;
        let mut state = plan.spawn()?;
        state.turn_state.values = vec![None; plan.model().nodes().len()];
        for step in &self.steps {
            let node = plan.model().node(step.node);
            let failed = |error| Failure { node: Some(step.node), error };
            if cancelled() {
                return Err(TractError::from(Cancelled).into());
            }
            let mut inputs = TVec::new();
            for source in &step.inputs {
                inputs.push(value(source, kept, &state).map_err(failed)?);
            }
            // Before the node runs, so that it may work in place.
            step.done.iter().for_each(|&done| state.turn_state.values[done] = None);
            match node.op_as::<Tap>() {
                Some(tap) => {
                    let values = self.graph.pass(tap, node, inputs, grids).map_err(failed)?;
                    state.turn_state.values[node.id] = Some(values);
                }
                None => guarded(|| state.compute_one_with_inputs(node.id, inputs)).map_err(failed)?,
            }
        }
        let outputs = self.outputs.iter().map(|source| value(source, kept, &state)).collect::<TractResult<Vec<_>>>()?;
        let pairs = kept.reference.iter().zip(&outputs).zip(&self.graph.output_names);
        for ((reference, output), name) in pairs {
            if reference.shape() != output.shape() {
                let (float, grid) = (shape_text(reference.shape()), shape_text(output.shape()));
                return Err(TractError::from(OtherShape { name: name.clone(), float, grid }).into());
            }
        }
        Ok(Score::of(&kept.reference, &outputs)?)
    }
}

/// A failed run of one sample, and at which node.
struct Failure {
    node: Option<usize>,
    error: TractError,
}

/// An output that values give another shape than before: nothing can be said of the difference.
#[derive(thiserror::Error, Debug)]
#[error(
    "has an output {name} whose shape depends on values: it is {float} in float and {grid} on this grid, so that the two \
     cannot be compared."
)]
struct OtherShape {
    name: String,
    float: String,
    grid: String,
}

impl From<TractError> for Failure {
    fn from(error: TractError) -> Failure {
        Failure { node: None, error }
    }
}

fn value(source: &Source, kept: &Kept, state: &TypedSimpleState) -> TractResult<TValue> {
    Ok(match source {
        Source::Kept(place) => kept.values[*place].clone().into_tvalue(),
        Source::Constant(tensor) => tensor.clone().into_tvalue(),
        Source::Node(outlet) => {
            state.turn_state.values[outlet.node].as_ref().expect("nodes run in order")[outlet.slot].clone()
        }
    })
}

/// The part of a graph between some activations and its outputs.
struct Behind {
    steps: Vec<Step>,
    outputs: Vec<Source>,
    /// Where each value from elsewhere is kept.
    kept: BTreeMap<OutletId, usize>,
}

impl Behind {
    fn of(graph: &Graph, tensors: &[usize]) -> Behind {
        let model = graph.plan.model();
        let order = graph.plan.order_without_consts();
        let is_tried =
            |node: usize| model.node(node).op_as::<Tap>().is_some_and(|tap| tensors.contains(&tap.activation));
        let mut behind: HashSet<usize> = HashSet::new();
        for &node in order {
            if is_tried(node) || model.node(node).inputs.iter().any(|input| behind.contains(&input.node)) {
                behind.insert(node);
            }
        }
        // What no output depends on is of no effect.
        let mut needed: HashSet<usize> = graph.outputs.iter().map(|output| output.node).collect();
        for &node in order.iter().rev() {
            if needed.contains(&node) {
                needed.extend(model.node(node).inputs.iter().map(|input| input.node));
            }
        }
        let nodes: Vec<usize> =
            order.iter().copied().filter(|node| behind.contains(node) && needed.contains(node)).collect();
        let inside: HashSet<usize> = nodes.iter().copied().collect();
        let mut kept = BTreeMap::new();
        let mut source = |outlet: OutletId| {
            let node = model.node(outlet.node);
            match node.op_as::<Const>() {
                Some(constant) => Source::Constant(constant.val().clone()),
                None if inside.contains(&outlet.node) => Source::Node(outlet),
                None => {
                    let next = kept.len();
                    Source::Kept(*kept.entry(outlet).or_insert(next))
                }
            }
        };
        let mut steps: Vec<Step> = nodes
            .iter()
            .map(|&node| Step {
                node,
                inputs: model.node(node).inputs.iter().map(|&input| source(input)).collect(),
                done: Vec::new(),
            })
            .collect();
        let outputs: Vec<Source> = graph.outputs.iter().map(|&output| source(output)).collect();
        let mut wanted: HashSet<usize> = graph.outputs.iter().map(|output| output.node).collect();
        for step in steps.iter_mut().rev() {
            for source in &step.inputs {
                if let Source::Node(outlet) = source
                    && wanted.insert(outlet.node)
                {
                    step.done.push(outlet.node);
                }
            }
        }
        Behind { steps, outputs, kept }
    }
}
