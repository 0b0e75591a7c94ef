//! What is to be written, and why there may be nothing.

use crate::model::{ModelError, Network, Placement};
use crate::report::{ExportError, SaveError, visible};

/// What the name of a dequantized tensor ends with, as ONNX Runtime has it.
pub(super) const BEHIND: &str = "_DequantizeLinear_Output";

/// How weights are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Weights {
    /// As integers (or 8-bit floats), with `DequantizeLinear` alone behind them: what runtimes deploy.
    #[default]
    Integers,
    /// As the floats that they are, with `QuantizeLinear` and `DequantizeLinear` behind them: what is fine-tuned.
    Floats,
}

/// What is to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// How weights are written.
    pub weights: Weights,
    /// Whether the scales are of the network as the file has it, with its batch norms, and not as it is deployed.
    pub as_written: bool,
    /// Which of the ranges are used, where the file that they come from has one of every tensor and does not choose.
    pub placement: Option<Placement>,
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QdqError {
    /// It cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// It is sound, and cannot be written with quantizers.
    #[error("{file} {why}.")]
    File {
        /// The model.
        file: String,
        /// A predicate to it, with the remedy where there is one.
        why: String,
    },
    /// One of the ranges cannot be said in ONNX, or the file cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl QdqError {
    /// Whether there is a file of that name, and overwriting it was not asked for.
    pub fn exists(&self) -> bool {
        matches!(self, QdqError::Export(error) if error.exists())
    }

    pub(super) fn file(network: &Network, why: &str) -> QdqError {
        QdqError::File { file: visible(network.file()), why: visible(why) }
    }
}

impl From<SaveError> for QdqError {
    fn from(error: SaveError) -> QdqError {
        QdqError::Export(error.into())
    }
}
