//! A network that was run over its samples.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::setup::Setup;
use crate::histogram::Stats;
use crate::jobs::answer::Tensors;
use crate::model::{ModelError, Observer, Tensor};

/// What is kept of the runs for what is asked later.
pub(in crate::jobs) struct Run {
    pub setup: Setup,
    pub tensors: Tensors,
    /// The samples that were counted.
    pub samples: Vec<usize>,
    /// How many of these reached each activation.
    pub reached: Vec<usize>,
    /// Of each activation; empty where it could not be counted.
    pub stats: Vec<Option<Stats>>,
    /// Whether the samples were run only once, on grids that cannot be cut finer.
    pub one_pass: bool,
    pub runs: Runs,
}

/// How often the network was run over a sample for the sake of its values.
#[derive(Default)]
pub(in crate::jobs) struct Runs(AtomicUsize);

impl Runs {
    /// Runs one sample. Returns false when it was cancelled.
    pub fn run(
        &self,
        setup: &Setup,
        sample: &[Tensor],
        see: Observer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<bool, ModelError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        setup.engine.show(sample, see, cancelled)
    }

    /// How many there were.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Run {
    /// How many of the tensors are activations; weights follow them.
    pub fn activations(&self) -> usize {
        self.setup.engine.tensors().len()
    }

    /// What is to be said of an activation that not every sample reaches.
    pub fn reached_by_some(&self, tensor: usize) -> Option<String> {
        match (self.reached[tensor], self.samples.len()) {
            (reached, of) if reached == of => None,
            (0, _) => Some("No sample reaches this tensor: the branch that it is in was not taken.".to_owned()),
            (reached, of) => Some(format!("Counted on {reached} of {of} samples: the others take another branch.")),
        }
    }
}
