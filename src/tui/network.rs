//! The network that the layers come from: what was asked of it, and what it has answered.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::jobs::{Left, Params, TuneLayer, TuneStep};
use crate::quant::{Decibels, Grids, OutputEffect, OutputShape};
use crate::report::{AS_CHOSEN, MethodRow, MovedBiases, number};
use crate::session::{Key, Sensitivity};

use super::methods::{MethodLine, Methods};

/// What is known of a network on trial.
#[derive(Default)]
pub struct Network {
    /// What was taken for granted when it was opened, a sentence without its full stop each.
    pub assumptions: Vec<String>,
    /// The layer at hand alone on its params: its key, and one params or one for each channel; none in float.
    pub alone: Asked<(Key, Grids)>,
    /// Everything as it is chosen.
    pub whole: Asked<Params>,
    /// The same as one sample alone would choose it, on that sample: what is there before anything can be asked.
    pub first: Option<Answer<()>>,
    /// How the outputs lie by the newest answer to that.
    pub shapes: Vec<OutputShape>,
    /// What takes long and is under way.
    pub running: Option<Running>,
    /// What each layer does to the outputs, as far as it was found.
    pub sensitivity: BTreeMap<Key, Sensitivity>,
    /// The decisions that these sensitivities are of.
    pub sensitivity_of: Option<Params>,
    /// Each method for all activations, by what the outputs say.
    pub methods: Methods,
    /// What a search adds to biases, and the decisions that it fits: it holds for no others.
    pub biases: Option<(Params, MovedBiases)>,
    /// How a search was asked for last, in words.
    pub how: String,
    /// News that came while something was being typed.
    pub unsaid: Option<String>,
}

/// A question whose newest answer is kept, also while a newer question waits for its own.
pub struct Asked<Of> {
    /// What was asked for last.
    pub asked: Option<Of>,
    /// The newest answer, to this question or to one before it.
    pub answer: Option<Answer<Of>>,
    /// Whether the last word on what was asked is still to come.
    pub running: bool,
}

/// What a network has answered to a question.
pub struct Answer<Of> {
    /// What it was found for.
    pub of: Of,
    /// The effect, or a sentence.
    pub result: Result<OutputEffect, String>,
    /// The effect on samples that nothing was chosen by, if there are any.
    pub check: Option<OutputEffect>,
    /// How long it took.
    pub took: Duration,
}

impl<Of> Default for Asked<Of> {
    fn default() -> Asked<Of> {
        Asked { asked: None, answer: None, running: false }
    }
}

impl<Of: PartialEq> Asked<Of> {
    /// Takes a question down. Returns whether it is a new one.
    pub fn ask(&mut self, of: Of) -> bool {
        let new = self.asked.as_ref() != Some(&of);
        if new {
            self.asked = Some(of);
            self.running = true;
        }
        new
    }

    /// The last word on a question has come; nothing follows where it was the newest one.
    pub fn ended(&mut self, of: &Of) {
        self.running &= self.asked.as_ref() != Some(of);
    }

    /// Whether the answer is the one to what was asked last.
    pub fn is_answered(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| self.asked.as_ref() == Some(&answer.of))
    }
}

/// A piece of work on the network that takes long, with how far it is.
pub struct Running {
    /// The work, with what it has found so far.
    pub work: Work,
    /// Steps that were told.
    pub done: usize,
    /// Steps to come; `None` before the first was told.
    pub left: Option<Left>,
    /// Whether it shall end early.
    pub stopping: bool,
}

/// What can be under way.
pub enum Work {
    /// Every layer's effect on the outputs, of these decisions.
    Sensitivity(Params),
    /// A search for better clips.
    Tune {
        /// The layers as they stood when it began.
        layers: Vec<TuneLayer>,
        /// What was decided so far.
        steps: Vec<TuneStep>,
    },
}

impl Work {
    /// Its name in the header.
    pub fn title(&self) -> &'static str {
        match self {
            Work::Sensitivity(_) => "sensitivity",
            Work::Tune { .. } => "tuning",
        }
    }
}

impl Network {
    /// Begins something that takes long.
    pub fn begin(&mut self, work: Work) {
        self.running = Some(Running { work, done: 0, left: None, stopping: false });
    }

    /// How long it will take was told before its first step.
    pub fn begun(&mut self, left: Left) {
        if let Some(running) = self.running.as_mut().filter(|running| running.done == 0) {
            running.left = Some(left);
        }
    }

    /// One more step of it was told.
    pub fn step(&mut self, left: Left) {
        if let Some(running) = &mut self.running {
            running.done += 1;
            running.left = Some(left);
        }
    }

    /// Whether the answer for everything is of the decisions as they are, the clip in the hand included.
    pub fn whole_is_answered(&self) -> bool {
        let asked = self.whole.asked.as_ref().zip(self.alone.asked.as_ref());
        let of = |all: &'_ Params, key: &Key| all.get(key).cloned().unwrap_or_default();
        let in_hand = asked.is_some_and(|(all, (key, params))| of(all, key) != *params);
        self.whole.is_answered() && !in_hand
    }

    /// Every method for all activations by what the outputs say, with what is chosen among them, the best first.
    pub fn method_lines(&self) -> Vec<MethodLine> {
        let chosen = self.whole.answer.as_ref().and_then(|answer| Some((answer.result.as_ref().ok()?, answer.check)));
        let chosen = chosen.map(|(effect, check)| MethodLine {
            row: MethodRow { name: AS_CHOSEN.to_owned(), stand_ins: 0, effect: *effect, check },
            old: !self.whole_is_answered(),
        });
        self.methods.lines(chosen)
    }

    /// Whether the sensitivities are of other decisions than the present ones.
    pub fn sensitivity_is_old(&self) -> bool {
        self.sensitivity_of != self.whole.asked
    }

    /// Which share of the outputs' noise is a layer's, alone beside all others alone; `None` where that is not known of
    /// the present decisions. One that makes the outputs NaN has all of it.
    pub fn share_of_noise(&self, key: &Key) -> Option<f64> {
        let found = self.sensitivity.get(key).filter(|_| !self.sensitivity_is_old())?;
        let noise = |s: &Sensitivity| s.alone.quality().noise();
        let own = noise(found);
        if own.is_infinite() {
            return Some(1.0);
        }
        let all: f64 = self.sensitivity.values().map(noise).filter(|noise| noise.is_finite()).sum();
        (all > 0.0).then_some(own / all)
    }

    /// The layers whose sensitivity is known, the one that costs the outputs most alone first.
    pub fn most_sensitive(&self) -> Vec<&Key> {
        Sensitivity::worst_first(self.sensitivity.values()).into_iter().map(|s| &s.key).collect()
    }
}

/// The one figure of an effect: the SQNR of the floats, or the share of what is the same where there are none; a dash
/// where nothing was compared.
pub fn headline(effect: &OutputEffect) -> String {
    let agreement = || effect.agreement.map_or("–".into(), number::percent);
    effect.sqnr_db.map_or_else(agreement, in_decibels)
}

/// `41.2 dB`; what changes no output has no effect.
pub(super) fn in_decibels(db: Decibels) -> String {
    match db.get() {
        db if db.is_nan() => "NaN".into(),
        f64::INFINITY => "no effect".into(),
        db => format!("{} dB", number::decibels(db)),
    }
}
