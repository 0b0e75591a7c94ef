//! What one activation's grid does to the network's outputs, found by running only what follows it.

use super::behind::{Behind, Source};
use super::error::{ModelError, guarded};
use super::graph::{Course, Graph};
use super::reference::{Reference, bytes, compared, incomparable};
use super::score::{OutputEffect, Score};
use super::sizes;
use super::tap::Tap;
use super::variant::Cancelled;
use crate::guard::{joined, share};
use crate::quant::QuantParams;
use std::cell::Cell;
use std::sync::Arc;
use tract_onnx::prelude::{IntoTValue, TValue, TVec, Tensor, TractError, TractResult, TypedSimpleState};
use tract_onnx::tract_core::internal::{IntoArcTensor, OutletId, SymbolValues};
use tract_onnx::tract_core::plan;

/// Activations whose grids are tried, and everything that is needed to run what follows them on some samples.
///
/// Kept are, for each sample, the outputs of the float network, and those values that the nodes behind the activations
/// take from elsewhere. One run then costs the share of the network that lies behind the activations.
pub struct Effect {
    graph: Graph,
    tensors: Vec<usize>,
    /// One for each plan that the samples run on.
    parts: Vec<Part>,
    samples: Vec<Kept>,
    /// How many samples there were.
    of: usize,
}

/// What lies behind the activations in one plan.
struct Part {
    course: Course,
    behind: Behind,
}

/// One sample, as far as it has been run.
struct Kept {
    /// Its place in [`Effect::parts`].
    part: usize,
    reference: Vec<Arc<Tensor>>,
    elsewhere: Elsewhere,
}

/// What the nodes behind the activations need from the rest of a run.
struct Elsewhere {
    /// Values, in the order of [`Source::Kept`].
    values: Vec<Arc<Tensor>>,
    /// The sizes that the run has settled.
    sizes: SymbolValues,
}

impl Effect {
    /// Runs `graph` on the samples, and keeps as many as `memory` bytes hold; at least one. The activations that are
    /// not tried stay on the grids that are set on the graph, or in float where there are none.
    ///
    /// The outputs are compared with those of `float` on the same samples: of the same graph, or, where `graph` is of a
    /// network with quantized weights, of the one of the network without. Every figure says over how many of the samples
    /// it is: [`OutputEffect::of`].
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
        samples: impl ExactSizeIterator<Item = Result<Vec<Tensor>, ModelError>>,
        memory: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Effect>, ModelError> {
        let mut graph = graph.clone();
        tensors.iter().for_each(|&tensor| graph.set(tensor, None));
        let of = samples.len();
        let mut effect = Effect { graph, tensors: tensors.to_vec(), parts: Vec::new(), samples: Vec::new(), of };
        let mut taken = 0;
        for (i, sample) in samples.enumerate() {
            let sample = sample?;
            let Some(reference) = float.outputs(i, &sample, cancelled)? else { return Ok(None) };
            let Some(part) = effect.part(&sample, cancelled)? else { return Ok(None) };
            let Some(elsewhere) = effect.keep(part, &sample, cancelled)? else { return Ok(None) };
            taken += reference.iter().chain(&elsewhere.values).map(|tensor| bytes(tensor)).sum::<usize>();
            if taken > memory && !effect.samples.is_empty() {
                break;
            }
            effect.samples.push(Kept { part, reference, elsewhere });
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

    /// The same on its first `n` samples only, at least one.
    pub fn on_first(mut self, n: usize) -> Effect {
        self.samples.truncate(n.max(1));
        self
    }

    /// The same where it was to be over `of` samples: only these were wanted for now.
    pub fn out_of(self, of: usize) -> Effect {
        Effect { of, ..self }
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
        let grids: Vec<Vec<Option<QuantParams>>> = self.parts.iter().map(|part| part.course.grids(&all)).collect();
        let threads = threads.clamp(1, self.samples.len().max(1));
        let mut scores: Vec<(usize, Score)> = Vec::with_capacity(self.samples.len());
        let part = |first: usize| {
            let samples = self.samples.iter().enumerate().skip(first).step_by(threads);
            samples
                .map(|(ix, kept)| Ok((ix, self.score(kept, &grids[kept.part], cancelled)?)))
                .collect::<Result<Vec<_>, Failure>>()
        };
        let parts = std::thread::scope(|scope| {
            let part = &part;
            let others: Vec<_> = (1..threads).map(|first| scope.spawn(move || share(|| part(first)))).collect();
            let mut parts = vec![part(0)];
            parts.extend(others.into_iter().map(|other| joined(other.join())));
            parts
        });
        for part in parts {
            match part {
                Ok(part) => scores.extend(part),
                Err(Failure { error, .. }) if error.is::<Cancelled>() => return Ok(None),
                Err(Failure { at: Some((part, node)), error }) => {
                    return Err(self.parts[part].course.variant().node_error(Some(node), &error));
                }
                Err(Failure { at: None, error }) => {
                    return Err(ModelError::new(self.graph.file(), incomparable(&error)));
                }
            }
        }
        // Sums in the order of the samples, so that they are the same on any number of threads.
        scores.sort_by_key(|(ix, _)| *ix);
        Ok(Some(Score::sum(scores.into_iter().map(|(_, score)| score), self.of).0))
    }

    /// The part for a sample: one that is there, or a new one. `None` when it was cancelled.
    fn part(&mut self, sample: &[Tensor], cancelled: &dyn Fn() -> bool) -> Result<Option<usize>, ModelError> {
        let Some(course) = self.graph.course(sample, cancelled)? else { return Ok(None) };
        let known = self.parts.iter().position(|part| Arc::ptr_eq(&part.course.settled, &course.settled));
        Ok(Some(known.unwrap_or_else(|| {
            let is_tried = |place: &usize| course.places[*place].is_some_and(|place| self.tensors.contains(&place));
            let tried: Vec<usize> = (0..course.places.len()).filter(is_tried).collect();
            let behind = Behind::of(course.variant(), &tried);
            self.parts.push(Part { course, behind });
            self.parts.len() - 1
        })))
    }

    /// Runs one sample as a whole: what its part wants from elsewhere. `None` when it was cancelled.
    fn keep(
        &self,
        part: usize,
        sample: &[Tensor],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Elsewhere>, ModelError> {
        let Part { course, behind } = &self.parts[part];
        let (variant, wanted, grids) = (course.variant(), &behind.kept, course.grids(&self.graph.grids));
        let mut missing = wanted.len();
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; wanted.len()];
        let mut sizes = SymbolValues::default();
        let settles_sizes = sizes::any(variant.plan.model());
        let done = Cell::new(missing == 0 && !settles_sizes);
        // What comes after the last value that is wanted need not run.
        let enough = || done.get() || cancelled();
        let run = variant.execute(sample, self.graph.executor(), &enough, &mut |ctx, state, node, inputs| {
            let results = match node.op_as::<Tap>() {
                Some(tap) => variant.pass(tap, node, inputs, &grids)?,
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

    /// Runs what follows on one sample. `grids` are in the order of its plan's activations.
    fn score(
        &self,
        kept: &Kept,
        grids: &[Option<QuantParams>],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Score, Failure> {
        let Part { course, behind } = &self.parts[kept.part];
        let variant = course.variant();
        let plan = &variant.plan;
        let mut state = plan.spawn()?;
        state.turn_state.values = vec![None; plan.model().nodes().len()];
        state.turn_state.resolved_symbols = kept.elsewhere.sizes.clone();
        for step in &behind.steps {
            let node = plan.model().node(step.node);
            let failed = |error| Failure { at: Some((kept.part, step.node)), error };
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
                    let values = variant.pass(tap, node, inputs, grids).map_err(failed)?;
                    state.turn_state.values[node.id] = Some(values);
                }
                None => guarded(|| state.compute_one_with_inputs(node.id, inputs)).map_err(failed)?,
            }
            let turn = &mut state.turn_state;
            sizes::learn(&mut turn.resolved_symbols, node, turn.values[node.id].as_deref().unwrap_or_default());
        }
        let outputs: Vec<TValue> =
            behind.outputs.iter().map(|source| value(source, kept, &state)).collect::<TractResult<_>>()?;
        Ok(compared(&self.graph, &kept.reference, &outputs)?)
    }
}

/// A failed run of one sample, and at which node of which part.
struct Failure {
    at: Option<(usize, usize)>,
    error: TractError,
}

impl From<TractError> for Failure {
    fn from(error: TractError) -> Failure {
        Failure { at: None, error }
    }
}

fn value(source: &Source, kept: &Kept, state: &TypedSimpleState) -> TractResult<TValue> {
    Ok(match source {
        Source::Kept(place) => kept.elsewhere.values[*place].clone().into_tvalue(),
        Source::Constant(tensor) => tensor.clone().into_tvalue(),
        Source::Node(outlet) => {
            state.turn_state.values[outlet.node].as_ref().expect("nodes run in order")[outlet.slot].clone()
        }
    })
}
