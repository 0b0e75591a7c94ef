//! What the float network answers, and how far another one's answers are from it.

use super::error::{ModelError, reason, shape_text};
use super::graph::Graph;
use super::score::{Loss, OutputEffect, OutputEffects, Score};
use crate::error::{ErrorKind, Predicate};
use crate::guard::{joined, share};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tract_onnx::prelude::{TValue, Tensor, TractError, TractResult};
use tract_onnx::tract_core::internal::IntoArcTensor;

/// What a float network answers to some samples, found when it is first needed and kept as far as memory allows. A clone
/// shares what is kept.
#[derive(Clone)]
pub struct Reference<'a> {
    graph: &'a Graph,
    memory: usize,
    /// Where the samples that it is asked about stand among those that answers are kept of; `None` of all of them.
    places: Option<Arc<[usize]>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    outputs: Vec<Option<Vec<Arc<Tensor>>>>,
    bytes: usize,
}

/// Samples to judge a network on.
pub struct Judged<'a> {
    /// How many there are.
    pub samples: usize,
    /// Loads one of them, from 0.
    pub load: &'a (dyn Fn(usize) -> Result<Vec<Tensor>, ModelError> + Sync),
    /// Threads that run a sample each; at least 1.
    pub threads: usize,
    /// Whether to leave at once, without an answer.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Whether to end with the samples that were run, of which there is at least one.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
    /// Told after each sample but the last, from the thread that ran it; what is found so far is added up when it is asked.
    pub so_far: &'a (dyn Fn(&dyn Fn() -> OutputEffects) + Sync),
}

impl<'a> Reference<'a> {
    /// The answers of this graph, whose grids are ignored; so many bytes of them are kept.
    pub fn new(graph: &'a Graph, memory: usize) -> Reference<'a> {
        Reference { graph, memory, places: None, kept: Arc::default() }
    }

    /// The same answers where it is asked about some of the samples only: those at these `places` among all.
    pub fn at(&self, places: &[usize]) -> Reference<'a> {
        Reference { places: Some(places.into()), ..self.clone() }
    }

    /// The answer to `sample`, which always is the one at this place of those asked about. `None` when it was cancelled.
    pub(super) fn outputs(
        &self,
        place: usize,
        sample: &[Tensor],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Arc<Tensor>>>, ModelError> {
        let place = self.places.as_ref().map_or(place, |places| places[place]);
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(known)) = kept().outputs.get(place) {
            return Ok(Some(known.clone()));
        }
        let none = vec![None; self.graph.grids.len()];
        let Some(outputs) = self.graph.answers(&none, sample, cancelled)? else { return Ok(None) };
        let outputs: Vec<Arc<Tensor>> = outputs.into_iter().map(IntoArcTensor::into_arc_tensor).collect();
        let bytes: usize = outputs.iter().map(|output| bytes(output)).sum();
        let mut kept = kept();
        if kept.bytes + bytes <= self.memory {
            let len = kept.outputs.len().max(place + 1);
            kept.outputs.resize(len, None);
            if kept.outputs[place].replace(outputs.clone()).is_none() {
                kept.bytes += bytes;
            }
        }
        Ok(Some(outputs))
    }

    /// What the grids that are set on `graph`, of the same network or of one with other weights, do to the outputs of
    /// all samples. No sample is kept in memory. The result does not depend on the number of threads. `None` when it was
    /// cancelled.
    ///
    /// # Errors
    ///
    /// A sample cannot be loaded or does not fit, a node fails, or an output has another shape than in float.
    pub fn whole(&self, graph: &Graph, judged: &Judged) -> Result<Option<OutputEffects>, ModelError> {
        let Some(scores) = self.scores(graph, judged, looked(judged.samples))? else { return Ok(None) };
        Ok(Some(effects(graph, scores, judged.samples)))
    }

    /// The same of all outputs together, and of each sample by itself.
    ///
    /// # Errors
    ///
    /// As [`Reference::whole`].
    pub fn losses(&self, graph: &Graph, judged: &Judged) -> Result<Option<(OutputEffect, Vec<Loss>)>, ModelError> {
        let Some(scores) = self.scores(graph, judged, 0)? else { return Ok(None) };
        let each = scores.iter().map(Score::loss).collect();
        Ok(Some((Score::sum(scores.into_iter(), judged.samples).0, each)))
    }

    /// How the samples that were run compare, in their order; `look` at so many values of each to show how they lie.
    fn scores(&self, graph: &Graph, judged: &Judged, look: usize) -> Result<Option<Vec<Score>>, ModelError> {
        let next = AtomicUsize::new(0);
        let scores: Mutex<Vec<(usize, Score)>> = Mutex::new(Vec::with_capacity(judged.samples));
        let found = || scores.lock().unwrap_or_else(PoisonError::into_inner);
        // In the order of the samples, so that sums are the same on any number of threads.
        let in_order = || -> Vec<Score> {
            let mut scores = found().clone();
            scores.sort_by_key(|(at, _)| *at);
            scores.into_iter().map(|(_, score)| score).collect()
        };
        let sum = || effects(graph, in_order(), judged.samples);
        let part = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= judged.samples || (at > 0 && (judged.stopped)()) {
                    return Ok(Some(()));
                }
                let sample = (judged.load)(at)?;
                let Some(reference) = self.outputs(at, &sample, judged.cancelled)? else { return Ok(None) };
                let Some(outputs) = graph.answers(&graph.grids, &sample, judged.cancelled)? else { return Ok(None) };
                let score = compared_looking(graph, &reference, &outputs, look)
                    .map_err(|error| ModelError::new(graph.file(), incomparable(&error)))?;
                let done = {
                    let mut scores = found();
                    scores.push((at, score));
                    scores.len()
                };
                if done < judged.samples {
                    (judged.so_far)(&sum);
                }
            }
        };
        let parts: Vec<Result<_, ModelError>> = std::thread::scope(|scope| {
            let threads = judged.threads.clamp(1, judged.samples.max(1));
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| share(part))).collect();
            let mut parts = vec![part()];
            parts.extend(others.into_iter().map(|other| joined(other.join())));
            parts
        });
        for part in parts {
            if part?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(in_order()))
    }
}

/// What the scores of some samples come to, where there were to be `of`.
fn effects(graph: &Graph, scores: Vec<Score>, of: usize) -> OutputEffects {
    let shapes = Score::shapes(&scores, graph.outputs());
    let (all, each) = Score::sum(scores.into_iter(), of);
    OutputEffects { all, each: graph.outputs().iter().cloned().zip(each).collect(), shapes }
}

/// How many values of an output to keep of each of so many samples: 65,536 of all, and some of each.
fn looked(samples: usize) -> usize {
    (65_536 / samples.max(1)).clamp(16, 8192)
}

/// The memory that the values of a tensor take.
pub(super) fn bytes(tensor: &Tensor) -> usize {
    tensor.as_plain_ram_storage().map_or(0, |values| values.as_bytes().len())
}

/// The sums over one sample.
pub(super) fn compared(graph: &Graph, reference: &[Arc<Tensor>], outputs: &[TValue]) -> TractResult<Score> {
    same_shapes(reference, outputs, |output| graph.outputs()[output].clone())?;
    Score::of(reference, outputs)
}

/// The same with so many values of each output, to show how they lie.
fn compared_looking(graph: &Graph, reference: &[Arc<Tensor>], outputs: &[TValue], most: usize) -> TractResult<Score> {
    if most == 0 {
        return compared(graph, reference, outputs);
    }
    same_shapes(reference, outputs, |output| graph.outputs()[output].clone())?;
    Score::looking(reference, outputs, most)
}

/// Refuses values of another shape than in float; each has a name, by its place.
pub(super) fn same_shapes(
    reference: &[Arc<Tensor>],
    outputs: &[TValue],
    name: impl Fn(usize) -> String,
) -> TractResult<()> {
    for (at, (reference, output)) in reference.iter().zip(outputs).enumerate() {
        if reference.shape() != output.shape() {
            let (float, grid) = (shape_text(reference.shape()), shape_text(output.shape()));
            return Err(TractError::from(OtherShape { name: name(at), float, grid }));
        }
    }
    Ok(())
}

/// Why two answers cannot be compared: a predicate to the model's name.
pub(super) fn incomparable(error: &TractError) -> Predicate {
    match error.downcast_ref::<OtherShape>() {
        Some(shape) => shape.to_string().into(),
        None => Predicate::new(ErrorKind::Failed, format!("has outputs that cannot be compared ({}).", reason(error))),
    }
}

/// An output that values give another shape than before: nothing can be said of the difference.
#[derive(thiserror::Error, Debug)]
#[error(
    "has an output {name} whose shape depends on values: it is {float} in float and {grid} on this grid, so that the two \
     cannot be compared."
)]
pub(super) struct OtherShape {
    name: String,
    float: String,
    grid: String,
}
