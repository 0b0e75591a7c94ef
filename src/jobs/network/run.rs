//! A network that was run over its samples.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::setup::Setup;
use crate::histogram::Stats;
use crate::input::Sentinel;
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

/// Runs of the network over samples for the sake of its values.
#[derive(Default)]
pub(in crate::jobs) struct Runs {
    /// How often a sample was run.
    count: AtomicUsize,
    /// Of each activation, what is left out of its values; empty where nothing is.
    pub sentinels: Vec<Option<Sentinel>>,
}

impl Runs {
    /// Runs one sample. Returns false when it was cancelled.
    pub fn run(
        &self,
        setup: &Setup,
        sample: &[Tensor],
        see: Observer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<bool, ModelError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut without = Vec::new();
        let mut see = |tensor: usize, shape: &[usize], values: &[f32]| match self.sentinels.get(tensor) {
            Some(Some(sentinel)) => {
                without.clear();
                without.extend_from_slice(values);
                sentinel.leave_out(&mut without);
                see(tensor, shape, &without);
            }
            _ => see(tensor, shape, values),
        };
        setup.engine.show(sample, &mut see, cancelled)
    }

    /// How many there were.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl Run {
    /// How many of the tensors are activations; weights follow them.
    pub fn activations(&self) -> usize {
        self.setup.engine.tensors().len()
    }

    /// What is to be said of an activation alone.
    pub fn notes_of(&self, tensor: usize) -> impl Iterator<Item = String> {
        let sentinel = self.runs.sentinels.get(tensor).copied().flatten();
        self.reached_by_some(tensor).into_iter().chain(sentinel.map(|sentinel| sentinel.note()))
    }

    /// What is to be said of an activation that not every sample reaches.
    fn reached_by_some(&self, tensor: usize) -> Option<String> {
        match (self.reached[tensor], self.samples.len()) {
            (reached, of) if reached == of => None,
            (0, _) => Some("No sample reaches this tensor: the branch that it is in was not taken.".to_owned()),
            (reached, of) => Some(format!("Counted on {reached} of {of} samples: the others take another branch.")),
        }
    }
}
