use super::activations::{Activation, Concat};
use super::build::{self, Shapes};
use super::error::ModelError;
use super::found::{Found, Input, Seen};
use super::network::Network;
use super::samples::Samples;
use super::stages::{Settled, Stages};
use super::tap::Tap;
use super::variant::Variant;
use crate::quant::QuantParams;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use tract_onnx::prelude::multithread::Executor;
use tract_onnx::prelude::{TValue, TVec, Tensor, TractResult, TypedNode};
use tract_onnx::tract_core::internal::{EvalContext, OpState};
use tract_onnx::tract_core::plan;

/// A network that is ready to run, with a tap on each of its [`Activation`]s.
///
/// Inputs of other shapes, and samples that take other branches of an `If`, run on plans of their own. What all of these
/// hold is one list of activations, by name.
///
/// Runs change nothing, so that a graph can be run on several threads at once. Cheap to clone; a clone has grids of its
/// own.
#[derive(Clone)]
pub struct Graph {
    stages: Arc<Stages>,
    /// Those of the network in float, if this one is another: it decides which branches are taken.
    float: Option<Arc<Stages>>,
    seen: Arc<Seen>,
    pub(super) grids: Vec<Option<QuantParams>>,
    executor: Executor,
}

/// How a sample reaches an activation: its dimensions each time that it is made, which are none where they depend on
/// values. That is once, in a `Loop` or `Scan` once a turn, and not at all in a branch that the sample does not take.
pub type Reach = Vec<Option<Vec<usize>>>;

/// Sees an activation: its index in [`Graph::tensors`], its shape, its values in row-major order.
pub type Observer<'a> = &'a mut dyn FnMut(usize, &[usize], &[f32]);

/// A plan, and where its activations stand among those of the graph. What no plan before had stands nowhere.
pub(super) struct Course {
    pub settled: Arc<Settled>,
    pub places: Vec<Option<usize>>,
}

impl Graph {
    /// Makes `network` ready for inputs of these `shapes`; inputs whose dimensions the file fixes need none. Other shapes
    /// are made ready when they come.
    ///
    /// Where the branch that an `If` takes depends on values, all activations that could be reached are listed:
    /// [`Graph::of`] lists what samples reach.
    ///
    /// # Errors
    ///
    /// A shape is missing, names no input, or contradicts the file; tract lacks an operator; or the shapes do not fit
    /// each other somewhere inside.
    pub fn build(network: &Network, shapes: &Shapes) -> Result<Graph, ModelError> {
        let stages = Stages::new(network);
        let fed = build::inputs(network, shapes)?;
        let mut found = Found::new(network);
        for settled in stages.possible(&fed)? {
            found.take_in(&settled);
        }
        found.shapes.push(fed.into_iter().map(|fed| fed.shape).collect());
        Ok(Graph::with(stages, found))
    }

    /// Makes `network` ready for all shapes that `samples` have and all branches that they take.
    ///
    /// A sample that cannot be loaded, or whose shapes do not fit each other inside, is left for [`Graph::run`] to name.
    ///
    /// # Errors
    ///
    /// As [`Graph::build`], where there is no sample that can be run.
    pub fn of(network: &Network, samples: &Samples) -> Result<Graph, ModelError> {
        let stages = Stages::new(network);
        let mut found = Found::new(network);
        let mut failed = None;
        let mut asked = false;
        for shapes in samples.all_shapes() {
            let fed = build::inputs(network, shapes)?;
            match stages.known(&fed) {
                Ok(Some(settled)) => {
                    found.take_in(&settled);
                    found.shapes.push(fed.into_iter().map(|fed| fed.shape).collect());
                }
                Ok(None) => asked = true,
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        let mut ways = BTreeSet::new();
        for sample in (0..samples.len()).filter(|_| asked).filter_map(|i| samples.get(i).ok()) {
            match stages.of(&sample, &Executor::SingleThread, &|| false) {
                Ok(Some((way, settled))) if ways.insert(way.clone()) => {
                    found.take_in(&settled);
                    found.shapes.push(way.shapes);
                }
                Ok(_) => {}
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed {
            Some(error) if found.shapes.is_empty() => Err(error),
            _ => Ok(Graph::with(stages, found)),
        }
    }

    fn with(stages: Stages, found: Found) -> Graph {
        let seen = found.seen(stages.network());
        Graph {
            stages: Arc::new(stages),
            float: None,
            grids: vec![None; seen.activations.len()],
            seen: Arc::new(seen),
            executor: Executor::SingleThread,
        }
    }

    /// The same of a network that differs in its weights only, without grids. Its samples take the branches that they
    /// take here.
    pub fn with_network(&self, network: &Network) -> Graph {
        Graph {
            stages: Arc::new(Stages::new(network)),
            float: Some(self.float.as_ref().unwrap_or(&self.stages).clone()),
            seen: self.seen.clone(),
            grids: vec![None; self.grids.len()],
            executor: self.executor.clone(),
        }
    }

    /// The activations, in the order of the file. Their positions are the indices that everything else takes.
    pub fn tensors(&self) -> &[Activation] {
        &self.seen.activations
    }

    /// The `Concat` nodes whose output is an activation.
    pub fn concats(&self) -> &[Concat] {
        &self.seen.concats
    }

    /// What has to be fed, in order.
    pub fn inputs(&self) -> &[Input] {
        &self.seen.inputs
    }

    /// The names of what comes out, in the order of [`Graph::run`].
    pub fn outputs(&self) -> &[String] {
        &self.seen.output_names
    }

    /// Which nodes are not looked at, and what was taken for granted: a sentence without its full stop each, to be shown
    /// to the user.
    pub fn assumptions(&self) -> &[String] {
        &self.seen.assumptions
    }

    /// Whether all samples run on one plan.
    pub fn is_one(&self) -> bool {
        self.seen.plans == 1
    }

    /// How many numbers a sample gives at the outputs, as far as that does not depend on values; the fewest where samples
    /// differ.
    pub fn output_numbers(&self) -> usize {
        self.seen.output_numbers
    }

    /// How a sample reaches each activation.
    ///
    /// # Errors
    ///
    /// As [`Graph::run`].
    pub fn reach(&self, sample: &[Tensor]) -> Result<Vec<Reach>, ModelError> {
        let mut reach = vec![Reach::new(); self.seen.activations.len()];
        if let Some(course) = self.course(sample, &|| false)? {
            for (place, activation) in course.places.iter().zip(&course.variant().activations) {
                if let Some(place) = place {
                    reach[*place].push(activation.shape.clone());
                }
            }
        }
        Ok(reach)
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
    /// `observe` sees each activation that the sample reaches once (in a `Loop` or `Scan` that is written out once a turn),
    /// as soon as it is made and before its own grid acts on it; halves and doubles are converted to f32. No activation is
    /// kept longer than the network needs it.
    ///
    /// `cancelled` is asked before each node; the answer then is `None`.
    ///
    /// # Errors
    ///
    /// The sample does not fit the inputs, its shapes do not fit each other somewhere inside, or a node fails, which is
    /// then named.
    pub fn run(
        &self,
        sample: &[Tensor],
        observe: Observer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Tensor>>, ModelError> {
        let Some(course) = self.course(sample, cancelled)? else { return Ok(None) };
        let (variant, grids) = (course.variant(), course.grids(&self.grids));
        let mut eval = |ctx: &EvalContext, state: Option<&mut (dyn OpState + 'static)>, node: &TypedNode, inputs| {
            let Some(tap) = node.op_as::<Tap>() else { return plan::eval(ctx, state, node, inputs) };
            if let Some(tensor) = course.places[tap.activation] {
                see(&inputs[0], tensor, observe)?;
            }
            variant.pass(tap, node, inputs, &grids)
        };
        let outputs = variant.execute(sample, &self.executor, cancelled, &mut eval)?;
        Ok(outputs.map(|outputs| outputs.into_iter().map(|value| (*value).clone()).collect()))
    }

    /// The network's outputs with its activations on these grids. `None` when it was cancelled.
    pub(super) fn answers(
        &self,
        grids: &[Option<QuantParams>],
        sample: &[Tensor],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<TVec<TValue>>, ModelError> {
        let Some(course) = self.course(sample, cancelled)? else { return Ok(None) };
        let (variant, grids) = (course.variant(), course.grids(grids));
        variant.execute(sample, &self.executor, cancelled, &mut |ctx, state, node, inputs| match node.op_as::<Tap>() {
            Some(tap) => variant.pass(tap, node, inputs, &grids),
            None => plan::eval(ctx, state, node, inputs),
        })
    }

    /// What a sample runs on. `None` when it was cancelled.
    pub(super) fn course(&self, sample: &[Tensor], cancelled: &dyn Fn() -> bool) -> Result<Option<Course>, ModelError> {
        let deciding = self.float.as_ref().unwrap_or(&self.stages);
        let Some((way, mut settled)) = deciding.of(sample, &self.executor, cancelled)? else { return Ok(None) };
        if self.float.is_some() {
            settled = self.stages.at(&way)?;
        }
        let place = |activation: &Activation| self.seen.index.get(&activation.name).copied();
        let places = settled.variant.activations.iter().map(place).collect();
        Ok(Some(Course { settled, places }))
    }

    pub(super) fn executor(&self) -> &Executor {
        &self.executor
    }

    pub(super) fn file(&self) -> &str {
        self.stages.network().file()
    }
}

impl Course {
    pub fn variant(&self) -> &Variant {
        &self.settled.variant
    }

    /// The graph's grids in the order of the plan's activations.
    pub fn grids(&self, grids: &[Option<QuantParams>]) -> Vec<Option<QuantParams>> {
        self.places.iter().map(|place| grids[(*place)?]).collect()
    }
}

impl fmt::Debug for Graph {
    /// Without the plans.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("network", self.stages.network()).finish_non_exhaustive()
    }
}

fn see(value: &Tensor, activation: usize, observe: Observer) -> TractResult<()> {
    let singles = value.cast_to::<f32>()?;
    observe(activation, value.shape(), singles.try_as_plain_ram()?.as_slice::<f32>()?);
    Ok(())
}
