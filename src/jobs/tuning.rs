//! What a search for better clips is asked, and what it answers: plain numbers, whoever searches.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::how::{Allow, How, Objective};
use crate::calibrate::{self, Calibrator};
use crate::histogram::Histogram;
use crate::quant::{Clip, Decibels, Format, Grids, OutputEffect, QuantParams};
use crate::session::{Decision, Key, Kind, Search, Session};

/// A clip in a format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The range that is kept.
    pub clip: Clip,
    /// The format of numbers.
    pub format: Format,
}

impl Tried {
    /// `scale` and `zero_point`.
    pub fn params(self) -> QuantParams {
        QuantParams::from_clip(self.clip, self.format)
    }
}

/// What is to be searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Tune {
    /// What is chosen now.
    pub params: BTreeMap<Key, Grids>,
    /// The layers to search clips for.
    pub layers: Vec<TuneLayer>,
    /// How often to go over all of them; from the second time on among the others as they stand.
    pub rounds: usize,
    /// What clips are judged by.
    pub objective: Objective,
    /// What else than a layer's own format may be tried.
    pub allow: Allow,
    /// Another seed keeps other samples aside.
    pub seed: u64,
    /// Whether the means of errors are moved into the biases at last, where that gains.
    pub correct_bias: bool,
}

impl Tune {
    /// A search of these layers by both objectives, inside their formats.
    pub fn new(params: BTreeMap<Key, Grids>, layers: Vec<TuneLayer>) -> Tune {
        Tune {
            params,
            layers,
            rounds: 1,
            objective: Objective::Both,
            allow: Allow::default(),
            seed: 0,
            correct_bias: false,
        }
    }

    /// The same, searched so.
    pub fn how(self, How { rounds, objective, allow, correct_bias }: How) -> Tune {
        Tune { rounds, objective, allow, correct_bias, ..self }
    }
}

/// A layer that is to be tuned, with all that clips for it are searched from.
#[derive(Clone)]
pub struct TuneLayer {
    /// The activation.
    pub key: Key,
    /// What is chosen for it.
    pub present: Tried,
    /// What it holds.
    pub histogram: Arc<Histogram>,
    /// Methods whose clips are tried too.
    pub methods: Vec<Arc<dyn Calibrator>>,
    /// Ranges that something else than a method proposes.
    pub proposed: Vec<Clip>,
    /// What its values surely take, whatever the samples show: a range that is known of the inputs, or given. Where samples
    /// stop short of it no clip is narrower, because they cannot say what that costs.
    pub surely: Option<Clip>,
    /// Activations that share its range.
    pub tied: Vec<Key>,
}

impl TuneLayer {
    /// A tensor of a session as it stands; `None` where there is no clip to search: it is not read, a weight, left in
    /// float, or has a range for each channel. One that shares its range with others is searched for with them.
    pub fn of(session: &Session, key: &Key) -> Option<TuneLayer> {
        let of = session.layer(key).filter(|l| l.kind() == Kind::Activation)?;
        let ready = of.ready()?;
        let decision = ready.decision();
        let fits = decision.quantized && decision.axis.is_none() && ready.stats().amax() > 0.0;
        let all_values = session.ready(&session.target_of(key)).unwrap_or(ready);
        let others = session.tied(key).iter().filter(|other| *other != key);
        fits.then(|| TuneLayer {
            key: of.key.clone(),
            present: Tried { clip: decision.clip, format: decision.format },
            histogram: all_values.histogram().clone(),
            methods: with_the_usual(ready.methods()),
            proposed: all_values.proposed(),
            surely: all_values.surely(),
            tied: others.cloned().collect(),
        })
    }

    /// The activations that share one range: the tensor, and those tied to it.
    pub fn tensors(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.key).chain(&self.tied)
    }

    /// All of a session; of those that share a range the first one.
    pub fn all(session: &Session) -> Vec<TuneLayer> {
        let first = |key: &&Key| session.tied(key).first().is_none_or(|first| first == *key);
        let all = session.layers().iter().map(|layer| &layer.key).filter(first);
        all.filter_map(|key| TuneLayer::of(session, key)).collect()
    }
}

/// These methods, and those that are computed unless others are named: who names one chooses what to begin with, not what
/// may be tried.
fn with_the_usual(named: &[Arc<dyn Calibrator>]) -> Vec<Arc<dyn Calibrator>> {
    let mut methods = named.to_vec();
    calibrate::add_missing(&mut methods, calibrate::defaults());
    methods
}

impl PartialEq for TuneLayer {
    fn eq(&self, other: &TuneLayer) -> bool {
        let ids = |of: &TuneLayer| of.methods.iter().map(|m| m.id().to_owned()).collect::<Vec<_>>();
        (&self.key, self.present, &self.tied, &self.proposed, self.surely)
            == (&other.key, other.present, &other.tied, &other.proposed, other.surely)
            && Arc::ptr_eq(&self.histogram, &other.histogram)
            && ids(self) == ids(other)
    }
}

impl fmt::Debug for TuneLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TuneLayer").field("key", &self.key).field("present", &self.present).finish_non_exhaustive()
    }
}

/// What made a set or a decision that is what was there before.
pub const UNCHANGED: &str = "-";

/// One decision of the search.
#[derive(Clone, Debug, PartialEq)]
pub struct TuneStep {
    /// The activation.
    pub key: Key,
    /// What is best for it; `None` where it is to stay in float.
    pub chosen: Option<Tried>,
    /// By what: `next`, `out`, `next+out`, `among`, `16bit` or `float`; `-` where it is what was there before.
    pub by: &'static str,
    /// The SQNR before where that objective looks, on the samples that are searched on.
    pub before: Decibels,
    /// And after.
    pub after: Decibels,
    /// On how many samples that is.
    pub samples: usize,
    /// How many the search has.
    pub of: usize,
}

impl TuneStep {
    /// A layer's decision as this step leaves it.
    pub fn applied(&self, decision: &Decision) -> Decision {
        let Tried { clip, format } = self.chosen.unwrap_or(Tried { clip: decision.clip, format: decision.format });
        if self.by == UNCHANGED {
            return Decision { format, ..decision.with_clip(clip) };
        }
        let gain_db = self.after.gain_over(self.before).finite();
        let (by, quantized) = (self.by.to_owned(), self.chosen.is_some());
        decision.with_search(Search { by, gain_db, clip, format, quantized })
    }
}

/// An effect on the outputs, and how far it moves when nothing but the last digits of the scales change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jittered {
    /// The effect.
    pub effect: OutputEffect,
    /// The mean size of the samples' outputs beside that of their errors, in dB, so that one sample does not decide: the
    /// mean of the figures that several jitters give.
    pub mean_db: f64,
    /// How far a figure moves, in dB: half the way from the least to the largest.
    pub spread_db: f64,
    /// How far their mean may be off, in dB: twice its standard error.
    pub error_db: f64,
}

/// One answer of the search, as unseen samples judge it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneSet {
    /// What made it: see [`TuneStep::by`].
    pub by: &'static str,
    /// What it does to the outputs.
    pub judged: Jittered,
}

/// So many layers in a wider format, as unseen samples judge it.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetPoint {
    /// The layer that was added; `None` of the first point, which has none.
    pub key: Option<Key>,
    /// How many layers stay in float.
    pub float: usize,
    /// How many go to 16 bits.
    pub sixteen: usize,
    /// What that does to the outputs.
    pub effect: OutputEffect,
    /// The mean size of the samples' outputs beside that of their errors, in dB.
    pub mean_db: f64,
}

/// A bias that takes in the mean of an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The node that has the bias; its first output's name where it has none.
    pub node: String,
    /// What is added to it, for each output channel.
    pub by: Vec<f64>,
}

/// Biases that take in the means of errors, as unseen samples judge them.
#[derive(Clone, Debug, PartialEq)]
pub struct BiasSet {
    /// What all of them together do to the outputs.
    pub judged: Jittered,
    /// Whether that gains more than the noise.
    pub taken: bool,
    /// Each of them.
    pub moved: Vec<Moved>,
}

/// What the search is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The outputs before, on the samples that were searched on.
    pub before: Jittered,
    /// And after.
    pub after: Jittered,
    /// Before and after on samples that the search has not seen; `None` where there are too few to keep some aside.
    pub unseen: Option<(Jittered, Jittered)>,
    /// Before and after on the samples that were given to check on, if there are any.
    pub check: Option<(Jittered, Jittered)>,
    /// Every answer that was judged, in order; what was chosen before is the first.
    pub sets: Vec<TuneSet>,
    /// Which of them was taken, by its place.
    pub taken: usize,
    /// What wider formats are worth, where they were allowed.
    pub budget: Vec<BudgetPoint>,
    /// How many points of the budget were taken.
    pub widened: usize,
    /// What moving the means of errors into the biases is worth, where that was asked for and there is a bias to move.
    pub bias: Option<BiasSet>,
    /// The SQNR at the outputs of each layer alone as it is chosen now, the worst first, as far as it was found.
    pub alone: Vec<(Key, Decibels)>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_a_method_does_not_narrow_what_is_tried() {
        let ids = |methods: &[Arc<dyn Calibrator>]| methods.iter().map(|m| m.id().to_owned()).collect::<Vec<_>>();
        let usual = calibrate::defaults();
        let named = [calibrate::by_id("nvidia-entropy").unwrap(), usual[1].clone()];
        let all = ids(&with_the_usual(&named));
        assert_eq!((&all[..2], all.len()), (&ids(&named)[..], usual.len() + 1));
        assert!(ids(&usual).iter().all(|id| all.contains(id)));
    }
}
