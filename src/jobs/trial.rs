//! What is asked of a network on trial, and what comes of it: plain numbers, whoever runs it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tuning::{Tune, TuneStep, Tuned};
use crate::ErrorKind;
use crate::quant::{Grids, OutputEffect, OutputEffects};
use crate::session::{Failure, Key, Kind, Sensitivity, Session};

/// What tensors are quantized with, each by its key: one grid, or of a weight one for each channel. A tensor that is not
/// there, or has none, stays in float. [`Session::params`](crate::session::Session::params) has them as they are chosen.
pub type Params = BTreeMap<Key, Grids>;

/// A request to run the network with trial quantization.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// One tensor with these params, everything else in float.
    Alone {
        /// The tensor.
        key: Key,
        /// One, or one for each channel.
        params: Grids,
    },
    /// Everything as it is chosen.
    Whole(Params),
    /// Each tensor alone, and everything but it.
    Sensitivity(Params),
    /// A search for better clips.
    Tune(Tune),
    /// Each method for all activations; gives way to everything else.
    ByMethod(ByMethod),
}

/// Methods that are to be tried, each for all activations that are quantized.
#[derive(Clone, Debug, PartialEq)]
pub struct ByMethod {
    /// Which question it is; what is found names it.
    pub question: u64,
    /// The weights as they are chosen.
    pub weights: Params,
    /// The methods in their order.
    pub methods: Vec<OneMethod>,
}

/// A method with what it makes of the activations.
#[derive(Clone, Debug, PartialEq)]
pub struct OneMethod {
    /// Its id.
    pub id: String,
    /// All activations that are quantized.
    pub params: Params,
    /// How many of them another method stands in for.
    pub stand_ins: usize,
}

impl ByMethod {
    /// All methods of a session as it stands, and the files that are laid over it; none where no activation is quantized.
    pub fn of(session: &Session, question: u64) -> ByMethod {
        let method = |id: &str| {
            let all = session.uniform(id);
            let params = all.params();
            (!params.is_empty()).then(|| OneMethod { id: id.to_owned(), params, stand_ins: all.stand_ins })
        };
        let of_files = session.overlays().iter().map(|overlay| overlay.id.as_str());
        let methods = session.methods().iter().map(|m| m.id()).chain(of_files).filter_map(method).collect();
        let weights = session.layers().iter().filter(|layer| layer.kind() == Kind::Weight);
        let weights = weights.map(|layer| (layer.key.clone(), session.params_of(&layer.key)));
        ByMethod { question, weights: weights.filter(|(_, params)| !params.is_empty()).collect(), methods }
    }

    /// Whether the same is to be tried, whatever the number.
    pub fn is_same(&self, other: &ByMethod) -> bool {
        self.methods == other.methods && self.weights == other.weights
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum News {
    /// Of one tensor alone.
    Alone {
        /// The tensor.
        key: Key,
        /// What was tried.
        params: Grids,
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
    /// Of everything as one sample alone would choose it, on that sample, while the samples are still counted. Told once at
    /// most, and where they take long.
    First {
        /// What it does; says on how many samples of how many.
        effects: OutputEffects,
        /// How long that took.
        took: Duration,
    },
    /// Of everything together on the samples so far, while the others are still run.
    WholeSoFar {
        /// What is tried.
        params: Params,
        /// What it does; says on how many samples of how many.
        effects: OutputEffects,
        /// How long that took.
        took: Duration,
    },
    /// Everything together was stopped before its end.
    WholeStopped {
        /// What was tried.
        params: Params,
    },
    /// A sensitivity or a search has begun, and will take so long; told where that is known from runs before it.
    Begun(Left),
    /// Of one more layer; told again as soon as it is known on more samples.
    Sensitivity(Sensitivity, Left),
    /// Every layer was told, or it was stopped.
    SensitivityEnd(Result<(), Failure>),
    /// One more layer was decided on.
    Step(TuneStep, Left),
    /// Of one method for all activations, and how many are to come.
    Method(MethodEffect, usize),
    /// Every method of this question was told, or it was stopped.
    MethodsEnd {
        /// Which question.
        question: u64,
        /// Why there are no more.
        result: Result<(), Failure>,
    },
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
            Trial::ByMethod(ByMethod { question, .. }) => News::MethodsEnd { question, result: Err(why) },
        }
    }

    /// The end of a trial that was stopped before it began, or while it had given way.
    #[cfg_attr(not(feature = "onnx"), expect(dead_code, reason = "files are not put on trial"))]
    pub(super) fn stopped(trial: Trial) -> News {
        match trial {
            Trial::Alone { .. } => News::failed(trial, was_stopped()),
            Trial::Whole(params) => News::WholeStopped { params },
            Trial::Sensitivity(_) => News::SensitivityEnd(Ok(())),
            Trial::Tune(_) => News::Tuned(Ok(None)),
            Trial::ByMethod(of) => News::MethodsEnd { question: of.question, result: Ok(()) },
        }
    }
}

/// What is told to who has asked for what was stopped.
pub(super) fn was_stopped() -> Failure {
    Failure { kind: ErrorKind::Incomplete, file: String::new(), message: "It was stopped.".to_owned() }
}

/// What one method for all activations does to the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodEffect {
    /// The question that it answers.
    pub question: u64,
    /// The method's id.
    pub method: String,
    /// How many activations another method stands in for.
    pub stand_ins: usize,
    /// The effect, on all samples.
    pub effects: OutputEffects,
    /// The effect on samples that nothing was chosen by, if there are any.
    pub check: Option<OutputEffect>,
}

impl MethodEffect {
    /// What it is ranked by: samples that nothing was chosen by, where there are any.
    pub fn judged(&self) -> OutputEffect {
        self.check.unwrap_or(self.effects.all)
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
