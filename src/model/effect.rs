//! What one activation's grid does to the network's outputs, found by running only what follows it.

use super::behind::Behind;
use super::error::ModelError;
use super::graph::{Course, Graph};
use super::reference::{Reference, bytes, compared, incomparable};
use super::rerun::{self, Elsewhere};
use super::score::{Loss, OutputEffect, Score};
use super::variant::Cancelled;
use crate::guard::{joined, share};
use crate::quant::QuantParams;
use std::ops::Range;
use std::sync::Arc;
use tract_onnx::prelude::{Tensor, TractError};

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
        let all = 0..self.samples.len();
        Ok(self.scores(grids, all, threads, cancelled)?.map(|scores| Score::sum(scores.into_iter(), self.of).0))
    }

    /// The same of some of the samples that are kept, each by itself.
    ///
    /// # Errors
    ///
    /// As [`Effect::output`].
    pub fn losses(
        &self,
        grids: &[Option<QuantParams>],
        samples: Range<usize>,
        threads: usize,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Loss>>, ModelError> {
        Ok(self.scores(grids, samples, threads, cancelled)?.map(|scores| scores.iter().map(Score::loss).collect()))
    }

    /// How some of the samples that are kept compare, in their order.
    fn scores(
        &self,
        grids: &[Option<QuantParams>],
        samples: Range<usize>,
        threads: usize,
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Score>>, ModelError> {
        assert_eq!(grids.len(), self.tensors.len(), "a grid for each activation");
        let mut all = self.graph.grids.clone();
        for (&tensor, &grid) in self.tensors.iter().zip(grids) {
            all[tensor] = grid;
        }
        let grids: Vec<Vec<Option<QuantParams>>> = self.parts.iter().map(|part| part.course.grids(&all)).collect();
        let samples = &self.samples[samples.start.min(self.samples.len())..samples.end.min(self.samples.len())];
        let threads = threads.clamp(1, samples.len().max(1));
        let mut scores: Vec<(usize, Score)> = Vec::with_capacity(samples.len());
        let part = |first: usize| {
            let samples = samples.iter().enumerate().skip(first).step_by(threads);
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
        // In the order of the samples, so that sums are the same on any number of threads.
        scores.sort_by_key(|(ix, _)| *ix);
        Ok(Some(scores.into_iter().map(|(_, score)| score).collect()))
    }

    /// The part for a sample: one that is there, or a new one. `None` when it was cancelled.
    fn part(&mut self, sample: &[Tensor], cancelled: &dyn Fn() -> bool) -> Result<Option<usize>, ModelError> {
        let Some(course) = self.graph.course(sample, cancelled)? else { return Ok(None) };
        let known = self.parts.iter().position(|part| Arc::ptr_eq(&part.course.settled, &course.settled));
        Ok(Some(known.unwrap_or_else(|| {
            let is_tried = |place: &usize| course.places[*place].is_some_and(|place| self.tensors.contains(&place));
            let tried: Vec<usize> = (0..course.places.len()).filter(is_tried).collect();
            let behind = Behind::of(course.variant(), &tried, &course.variant().outputs);
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
        let grids = course.grids(&self.graph.grids);
        Elsewhere::of(course.variant(), &behind.kept, &grids, sample, self.graph.executor(), cancelled)
    }

    /// Runs what follows on one sample. `grids` are in the order of its plan's activations.
    fn score(
        &self,
        kept: &Kept,
        grids: &[Option<QuantParams>],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Score, Failure> {
        let Part { course, behind } = &self.parts[kept.part];
        let ran = rerun::run(course.variant(), behind, &kept.elsewhere, grids, cancelled);
        let outputs =
            ran.map_err(|failed| Failure { at: failed.node.map(|node| (kept.part, node)), error: failed.error })?;
        let compared = compared(&self.graph, &kept.reference, &outputs);
        compared.map_err(|error| Failure { at: None, error })
    }
}

/// A failed run of one sample, and at which node of which part.
struct Failure {
    at: Option<(usize, usize)>,
    error: TractError,
}
