//! What the trials of one network have in common, kept from one to the next.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::jobs::network::{Run, Setup};
use crate::model::{Draw, Graph, ModelError, Network, Reference};
use crate::quant::Grids;

/// Memory for the values that partial runs begin with, and for the outputs of the float network.
pub(super) const MEMORY: usize = 96 << 20;

/// Draws the order of the samples.
const SEED: u64 = 0;

/// The float network's answers, and the network with the weights that were tried last: neither changes while clips of
/// activations are tried, and each costs as much as a trial.
pub(in crate::jobs) struct Kept<'a> {
    run: &'a Run,
    /// The samples that were counted in a drawn order, so that the first few stand for all of them.
    pub samples: Vec<usize>,
    float: Option<Reference<'a>>,
    check: Option<Reference<'a>>,
    graph: Mutex<Option<(Vec<Grids>, Graph)>>,
    /// How long the network took for a sample, all threads together, when it was last run as a whole.
    pace: Mutex<Option<Duration>>,
}

impl<'a> Kept<'a> {
    /// Nothing is run yet.
    pub fn new(run: &'a Run) -> Kept<'a> {
        let reference = || run.setup.graph().ok().map(|graph| Reference::new(graph, MEMORY));
        let order = Draw::shuffled(run.samples.len(), SEED);
        let samples = order.into_iter().map(|at| run.samples[at]).collect();
        Kept { run, samples, float: reference(), check: reference(), graph: Mutex::default(), pace: Mutex::default() }
    }

    /// Hears how long the whole network has taken for some samples.
    pub fn ran(&self, samples: usize, took: Duration) {
        if let Ok(samples @ 1..) = u32::try_from(samples) {
            *self.pace.lock().unwrap_or_else(PoisonError::into_inner) = Some(took / samples);
        }
    }

    /// How long it takes for one, once that is known.
    pub fn pace(&self) -> Option<Duration> {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The float network's answers to all samples, and to the samples to check on.
    ///
    /// # Errors
    ///
    /// The network is run by who only counts.
    pub fn float(&self) -> Result<(Reference<'a>, Reference<'a>), ModelError> {
        let both = self.float.clone().zip(self.check.clone());
        both.map_or_else(|| Err(self.run.setup.graph().map(|_| ()).unwrap_err()), Ok)
    }

    /// The network with these weights.
    ///
    /// # Errors
    ///
    /// The weights do not fit the network.
    pub fn graph(&self, weights: &[Grids]) -> Result<Graph, ModelError> {
        if weights.iter().all(Grids::is_empty) {
            return self.run.setup.graph().cloned();
        }
        let kept = || self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, graph)) = kept().as_ref().filter(|(of, _)| of == weights) {
            return Ok(graph.clone());
        }
        let graph = with_weights(&self.run.setup, weights)?;
        *kept() = Some((weights.to_vec(), graph.clone()));
        Ok(graph)
    }
}

/// The graph with its weights on these params; the float one where there are none.
pub(super) fn with_weights(setup: &Setup, weights: &[Grids]) -> Result<Graph, ModelError> {
    if weights.iter().all(Grids::is_empty) {
        return setup.graph().cloned();
    }
    Ok(setup.graph()?.with_network(&quantized(setup, weights)?))
}

/// The network with its weights on these params.
pub(super) fn quantized(setup: &Setup, weights: &[Grids]) -> Result<Network, ModelError> {
    let params: Vec<_> = setup
        .weights
        .iter()
        .zip(weights)
        .filter(|(_, params)| !params.is_empty())
        .map(|(weight, params)| (weight.clone(), params.clone()))
        .collect();
    setup.network.with_weights(&params)
}
