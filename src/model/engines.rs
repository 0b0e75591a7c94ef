//! What whoever runs a network has to be able to do, so that its tensors can be counted.

use super::activations::{Activation, Concat};
use super::error::ModelError;
use super::graph::{Graph, Observer, Reach};
use tract_onnx::prelude::Tensor;

/// Runs a network and shows what its activations hold. Trying params on them takes more, a [`Graph`].
pub trait Engine: Send + Sync {
    /// The activations, in the order of the file. Their positions are the indices that everything else takes.
    fn tensors(&self) -> &[Activation];

    /// The `Concat` nodes whose output is an activation.
    fn concats(&self) -> &[Concat];

    /// What was taken for granted, and what is not looked at: a sentence without its full stop each.
    fn assumptions(&self) -> &[String];

    /// Whether all samples give each activation the shape that [`Engine::tensors`] says.
    fn is_one(&self) -> bool;

    /// How a sample reaches each activation.
    ///
    /// # Errors
    ///
    /// As [`Engine::show`].
    fn reach(&self, sample: &[Tensor]) -> Result<Vec<Reach>, ModelError>;

    /// Runs one sample, and shows each activation that it reaches. Returns false when it was cancelled.
    ///
    /// # Errors
    ///
    /// The sample does not fit, or a node fails.
    fn show(&self, sample: &[Tensor], observe: Observer, cancelled: &dyn Fn() -> bool) -> Result<bool, ModelError>;
}

impl Engine for Graph {
    fn tensors(&self) -> &[Activation] {
        self.tensors()
    }

    fn concats(&self) -> &[Concat] {
        self.concats()
    }

    fn assumptions(&self) -> &[String] {
        self.assumptions()
    }

    fn is_one(&self) -> bool {
        self.is_one()
    }

    fn reach(&self, sample: &[Tensor]) -> Result<Vec<Reach>, ModelError> {
        self.reach(sample)
    }

    fn show(&self, sample: &[Tensor], observe: Observer, cancelled: &dyn Fn() -> bool) -> Result<bool, ModelError> {
        Ok(self.run(sample, observe, cancelled)?.is_some())
    }
}
