//! What is asked of a network on trial, and what comes of it: plain numbers, whoever runs it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tuning::{Tune, TuneStep, Tuned};
use crate::quant::{OutputEffect, OutputEffects, QuantParams};
use crate::session::{Failure, Key, Sensitivity};

/// What tensors are quantized with, each by its key: one, or of a weight one for each channel. A tensor that is not
/// there, or has none, stays in float. [`Session::params`](crate::session::Session::params) has them as they are chosen.
pub type Params = BTreeMap<Key, Vec<QuantParams>>;

/// A request to run the network with trial quantization.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// One tensor with these params, everything else in float.
    Alone {
        /// The tensor.
        key: Key,
        /// One, or one for each channel.
        params: Vec<QuantParams>,
    },
    /// Everything as it is chosen.
    Whole(Params),
    /// Each tensor alone, and everything but it.
    Sensitivity(Params),
    /// A search for better clips.
    Tune(Tune),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum News {
    /// Of one tensor alone.
    Alone {
        /// The tensor.
        key: Key,
        /// What was tried.
        params: Vec<QuantParams>,
        /// What they do.
        result: Result<OutputEffect, Failure>,
        /// How long that took.
        took: Duration,
    },
    /// Of everything together.
    Whole {
        /// What was tried.
        params: Params,
        /// What it does.
        result: Result<OutputEffects, Failure>,
        /// What it does on the samples that nothing was chosen by, if there are any.
        check: Option<OutputEffect>,
        /// How long that took.
        took: Duration,
    },
    /// Of one more layer.
    Sensitivity(Sensitivity, Left),
    /// Every layer was told, or it was stopped.
    SensitivityEnd(Result<(), Failure>),
    /// One more layer was decided on.
    Step(TuneStep, Left),
    /// The search ended; `None` when it was stopped before anything was decided.
    Tuned(Result<Option<Box<Tuned>>, Failure>),
}

impl News {
    /// The end of a trial that cannot be done.
    pub(super) fn failed(trial: Trial, why: Failure) -> News {
        let took = Duration::ZERO;
        match trial {
            Trial::Alone { key, params } => News::Alone { key, params, result: Err(why), took },
            Trial::Whole(params) => News::Whole { params, result: Err(why), check: None, took },
            Trial::Sensitivity(_) => News::SensitivityEnd(Err(why)),
            Trial::Tune(_) => News::Tuned(Err(why)),
        }
    }

    /// The end of a trial that was stopped before it began.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "files are not put on trial"))]
    pub(super) fn stopped(trial: &Trial) -> Option<News> {
        match trial {
            Trial::Alone { .. } | Trial::Whole(_) => None,
            Trial::Sensitivity(_) => Some(News::SensitivityEnd(Ok(()))),
            Trial::Tune(_) => Some(News::Tuned(Ok(None))),
        }
    }
}

/// What a long trial still has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Steps to come.
    pub steps: usize,
    /// The time they will take, once that can be known.
    pub time: Option<Duration>,
}
