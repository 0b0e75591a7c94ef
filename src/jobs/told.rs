//! What is told by whoever brings the tensors.

use std::time::Duration;

use super::trial::News;
use crate::ErrorKind;
use crate::histogram::Magnitude;
use crate::input::InputError;
use crate::session::{Arrival, Failure, Key};

/// News from the background.
pub enum Told {
    /// Something for the session to take in: [`Session::receive`](crate::session::Session::receive).
    Arrived(Arrival),
    /// A model was opened: what is run on what, and what was taken for granted, a sentence without its full stop each.
    Opened {
        /// What is run on what, in a few words.
        title: String,
        /// What was taken for granted.
        assumptions: Vec<String>,
    },
    /// The model runs: how often it has, how often it will have, and how long the rest will take. At most ten a second.
    Running {
        /// Runs done.
        done: usize,
        /// All runs.
        of: usize,
        /// Time left, once that can be known.
        left: Option<Duration>,
    },
    /// A tensor is being read, for the first time or once more: the share that is done, 0 to 1. At most ten a second and
    /// thread.
    Progress {
        /// The tensor.
        key: Key,
        /// Share of the work that is done.
        share: f64,
        /// Time that the rest will take, once that can be known.
        left: Option<Duration>,
    },
    /// Channels that were asked for beforehand are counted and tried, after all tensors of a network were told: the share
    /// that is done, 0 to 1. At most ten a second.
    Channels {
        /// Share of the work that is done.
        share: f64,
        /// Time that the rest will take, once that can be known.
        left: Option<Duration>,
    },
    /// Reading was [stopped](super::Feed::stop) before its end; comes before [`Told::Done`].
    Stopped {
        /// Samples that were seen, or files' tensors that were read.
        seen: usize,
        /// How many there are.
        of: usize,
    },
    /// The finer bins that [`Request::Fine`](super::Request::Fine) asked for.
    Fine {
        /// The tensor.
        key: Key,
        /// The same values on more bins; an error when the file is gone or changed.
        result: Result<Magnitude, Failure>,
    },
    /// What came of a trial of the network.
    Trial(News),
    /// Every tensor was told.
    Done,
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Failure {
        Failure { kind: error.kind, file: error.file, message: error.message }
    }
}

#[cfg(feature = "onnx")]
impl From<crate::model::ModelError> for Failure {
    fn from(error: crate::model::ModelError) -> Failure {
        Failure { kind: error.kind, file: error.file, message: error.message }
    }
}

#[cfg(feature = "statistics")]
impl From<crate::statistics::StatisticsError> for Failure {
    fn from(error: crate::statistics::StatisticsError) -> Failure {
        Failure { kind: error.kind, file: error.file, message: error.message }
    }
}

/// What a panic in work on a file is told as.
pub(super) fn defect(file: &str) -> Failure {
    let on = if file.is_empty() { String::new() } else { format!(" on {file}") };
    let remedy = if file.is_empty() { "" } else { " with this file" };
    let message = format!("qviz failed{on}: a defect of qviz, please report it{remedy}.");
    Failure { kind: ErrorKind::Defect, file: file.to_owned(), message }
}
