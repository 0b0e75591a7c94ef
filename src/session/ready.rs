use std::sync::{Arc, OnceLock};

use super::aggregate::{Aggregate, Channel};
use super::counts::Counts;
use super::known::{KNOWN, Known, Reason, UNKNOWN};
use super::offers::Offers;
use super::{Decision, Imported, Plan, Start, Subject};
use crate::calibrate::{self, Calibrator, Candidate, FP8_METHOD, Measured, Metrics, Tensor, Warning, ZeroBin};
use crate::histogram::{Histogram, Packed, Stats};
use crate::quant::{Clip, Format, QuantParams};

/// An error whose mean is more than this share of its root mean square has an offset that is worth a word.
const MUCH_OF_ONE_SIGN: f64 = 0.25;

/// One range that was read: of a tensor, of a channel, or of tensors that share one.
///
/// It holds four things that live differently long: the counts, which stay; what is on offer on the present format; the
/// decision; and the outcome, which follows from counts and decision.
#[derive(Clone)]
pub struct Ready {
    counts: Counts,
    methods: Arc<[Arc<dyn Calibrator>]>,
    known: Option<Known>,
    imported: Vec<Imported>,
    offers: Offers,
    /// The offers on the format that it was on before, or shall go to next.
    shelf: Option<Offers>,
    decision: Decision,
    /// The decision that it began with.
    first: Decision,
    stand_in: Option<StandIn>,
    outcome: Outcome,
    /// What else the bins say of the outcome, once somebody has asked: a list asks for each of its rows in every frame.
    levels: OnceLock<Levels>,
    measured: Option<Measured>,
    /// What the channels come to, where each has a range of its own.
    aggregate: Option<Box<Aggregate>>,
}

/// What follows from counts and a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    pub params: QuantParams,
    pub metrics: Metrics,
}

impl Outcome {
    fn of(tensor: &Tensor, clip: Clip, zero: ZeroBin) -> Outcome {
        let threshold = tensor.threshold_with(clip, zero);
        Outcome { params: threshold.params, metrics: threshold.metrics }
    }
}

/// What the values that share a level tell of an outcome.
#[derive(Clone, Copy, Debug)]
struct Levels {
    /// See [`calibrate::crowd`].
    crowd: Option<f64>,
    /// See [`calibrate::mean_error`].
    mean_error: Option<f64>,
}

/// What bin 0 counts in the divergence that the method minimises.
fn zero_bin(methods: &[Arc<dyn Calibrator>], id: &str) -> ZeroBin {
    methods.iter().find(|method| method.id() == id).map_or(ZeroBin::default(), |method| method.zero_bin())
}

/// The method that was asked for had no answer, so that another one's clip stands.
#[derive(Clone, Debug, PartialEq)]
struct StandIn {
    /// The id of the method that was asked for.
    instead_of: String,
    /// One sentence; none where there was no value to choose by.
    note: Option<String>,
}

/// The clip that is wanted, with the id of its method; where that has none, or nobody has `named` it and every value would
/// saturate, that of `next`, then of the first method that has one; where none has, the largest magnitude.
fn answer(
    tensor: &Tensor,
    all: &[Candidate],
    wanted: Option<&Candidate>,
    named: bool,
    next: &Candidate,
) -> (String, Clip) {
    let clip = |c: &Candidate| c.outcome.as_ref().ok().map(|t| (c.id.clone(), t.clip));
    let keeps_something = |c: &&Candidate| c.outcome.as_ref().is_ok_and(|t| tensor.keeps_something(t.clip));
    let chosen = wanted.filter(|wanted| named || keeps_something(wanted)).and_then(clip);
    let others = || std::iter::once(next).chain(all).filter(keeps_something).find_map(clip);
    chosen.or_else(others).unwrap_or_else(|| {
        let (min, max) = tensor.histogram().stats.range();
        ("max".to_owned(), tensor.format().clip_for(min, max))
    })
}

impl Ready {
    /// Tries every method of `plan` on the histogram of `subject` and chooses the answer of the one that the plan says, or
    /// the range that is known; where that has none, the first method that has one; where none has, the largest magnitude.
    pub fn analyse(histogram: Arc<Histogram>, plan: &Plan, subject: &Subject) -> Ready {
        Ready::begin(histogram, plan, &plan.start(subject))
    }

    /// The same from a given start.
    pub fn begin(histogram: Arc<Histogram>, plan: &Plan, start: &Start) -> Ready {
        let tensor = Tensor::new(histogram.clone(), start.format);
        let offers = Offers::of(&tensor, &plan.methods, start.known, &start.imported);
        let by_method = &offers.candidates[start.method];
        let (id, wanted) = match &start.by {
            Some(id) => (id.as_str(), offers.candidate(id)),
            None => (by_method.id.as_str(), Some(by_method)),
        };
        let (method, clip) = answer(&tensor, &offers.candidates, wanted, start.named, by_method);
        let decision = Decision::of_method(&method, clip, start.format);
        let stand_in = (decision.method != id).then(|| {
            // Say why, unless nothing was to be had.
            let note = (histogram.stats.finite() > 0).then(|| match wanted.map(|wanted| &wanted.outcome) {
                None if id == KNOWN => format!("{id} has no answer here: {UNKNOWN}."),
                None => format!("{id} has no answer here: no file says anything of it."),
                Some(Err(why)) => format!("{id} has no answer here: {why}."),
                Some(Ok(_)) => format!("At the clip of {id} every value would saturate, so that it does not choose."),
            });
            StandIn { instead_of: id.to_owned(), note }
        });
        let decision = decision.with_quantized(start.quantized);
        let outcome = Outcome::of(&tensor, decision.clip, zero_bin(&plan.methods, &decision.method));
        Ready {
            counts: Counts::new(histogram),
            methods: plan.methods.clone(),
            known: start.known,
            imported: start.imported.clone(),
            offers,
            shelf: None,
            first: decision.clone(),
            decision,
            stand_in,
            outcome,
            levels: OnceLock::new(),
            measured: None,
            aggregate: None,
        }
    }

    /// The same with its counts kept packed: one of thousands.
    pub fn packed(self, packed: Packed) -> Ready {
        Ready { counts: Counts::packed(packed), ..self }
    }

    /// The methods that were tried, in the session's order.
    pub fn methods(&self) -> &[Arc<dyn Calibrator>] {
        &self.methods
    }

    /// The ranges that something else than a method proposes, as they are on any format: what is known, unless values
    /// contradict it, and what files say.
    pub fn proposed(&self) -> Vec<Clip> {
        let holds = self.offers.clip(KNOWN).is_some();
        let known = self.known.filter(|_| holds).map(|known| Clip::new(known.min, known.max));
        known.into_iter().chain(self.imported.iter().filter_map(|offer| offer.whole().clips.first().copied())).collect()
    }

    /// The range that values surely take, whatever is seen of them; `None` where none is known so, or where values
    /// contradict it.
    pub fn surely(&self) -> Option<Clip> {
        let known = self.known.filter(|known| known.reason.chooses() && self.offers.clip(KNOWN).is_some())?;
        Some(Clip::new(known.min, known.max))
    }

    /// The counts.
    pub fn histogram(&self) -> &Arc<Histogram> {
        self.counts.histogram()
    }

    /// Totals, range and moments.
    pub fn stats(&self) -> &Stats {
        self.counts.stats()
    }

    /// The format of numbers that it goes to.
    pub fn format(&self) -> Format {
        self.decision.format
    }

    /// What is decided.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Whether something else is decided than at first: another clip, another method, or to leave it in float.
    pub fn is_changed(&self) -> bool {
        self.decision != self.first
    }

    /// Every method's answer on the present format, in the session's order, behind them what files say of every tensor,
    /// what is known, and what files say of this one; where each channel has a range of its own, those on all channels as
    /// one.
    pub fn candidates(&self) -> &[Candidate] {
        self.aggregate.as_ref().map_or(&self.offers.candidates, |a| &a.candidates)
    }

    /// One answer, by its id.
    pub fn candidate(&self, id: &str) -> Option<&Candidate> {
        self.candidates().iter().find(|c| c.id == id)
    }

    /// What is worth knowing before trusting a number.
    pub fn warnings(&self) -> &[Warning] {
        &self.offers.warnings
    }

    /// The axis along which each channel has a range of its own; `None` for one range per tensor.
    pub fn axis(&self) -> Option<usize> {
        self.aggregate.as_ref().map(|a| a.axis)
    }

    /// The range that is kept; of channels, from the least `clip_min` to the largest `clip_max`.
    pub fn clip(&self) -> Clip {
        self.aggregate.as_ref().map_or(self.decision.clip, |a| a.clip)
    }

    /// Whether a hand has moved the clip, or that of a channel.
    pub fn edited(&self) -> bool {
        self.aggregate.as_ref().map_or(self.decision.edited, |a| a.edited)
    }

    /// `scale` and `zero_point` of the present decision; of channels, those of the largest scale.
    pub fn params(&self) -> QuantParams {
        self.aggregate.as_ref().map_or(self.outcome.params, |a| a.params)
    }

    /// What the present decision costs; of channels, all of them together.
    pub fn metrics(&self) -> &Metrics {
        self.aggregate.as_ref().map_or(&self.outcome.metrics, |a| &a.metrics)
    }

    /// As one of the channels that stand in their tensor's place.
    pub(super) fn as_channel(&self) -> Channel<'_> {
        let Outcome { params, metrics, .. } = self.outcome;
        let (stats, decision, candidates) = (self.stats(), &self.decision, &self.offers.candidates);
        Channel { stats, decision, params, metrics, candidates }
    }

    /// The cost of the present decision on the values themselves, if it was measured.
    pub fn measured(&self) -> Option<&Measured> {
        self.measured
            .as_ref()
            .filter(|_| self.aggregate.is_none())
            .filter(|m| (m.clip, m.format) == (self.decision.clip, self.decision.format))
    }

    /// Whether values were measured, of the range as a whole, and its channels stand in its place.
    pub(super) fn measured_in_vain(&self) -> bool {
        self.measured.is_some() && self.aggregate.is_some()
    }

    /// Keeps what was measured, for as long as its clip is the chosen one.
    pub fn set_measured(&mut self, measured: Measured) {
        self.measured = Some(measured);
    }

    /// A method's clip for the range as a whole, whether or not its channels stand in its place.
    pub fn own_clip(&self, id: &str) -> Option<Clip> {
        self.offers.clip(id)
    }

    /// The clip that the chosen method itself proposes.
    pub fn method_clip(&self) -> Option<Clip> {
        self.candidate(&self.decision.method)?.outcome.as_ref().ok().map(|t| t.clip)
    }

    /// What bin 0 counts in the divergence that is drawn and told: as the chosen method has it.
    pub fn zero_bin(&self) -> ZeroBin {
        zero_bin(&self.methods, &self.decision.method)
    }

    /// The method that was asked for, where it had no answer and the present one stands in for it.
    pub fn instead_of(&self) -> Option<&str> {
        let as_it_began =
            self.decision.method == self.first.method && self.decision.format == self.first.format && !self.edited();
        let stand_in = self.stand_in.as_ref().filter(|_| as_it_began);
        stand_in.map(|stand_in| stand_in.instead_of.as_str())
    }

    /// Why another method stands in for the one that was asked for, in a sentence.
    pub(super) fn stand_in_note(&self) -> Option<&str> {
        // On another format the method may well have an answer.
        self.stand_in.as_ref().filter(|_| self.decision.format == self.first.format)?.note.as_deref()
    }

    /// Whether more values saturate at the present clip than is usual.
    pub fn saturates_much(&self) -> bool {
        self.decision.quantized && self.metrics().saturated >= calibrate::SATURATES_MUCH
    }

    /// The share of the values that fall on one step at the present clip, if those are nearly all: see
    /// [`calibrate::crowd`]. `None` where channels stand in its place.
    pub fn crowd(&self) -> Option<f64> {
        self.levels()?.crowd
    }

    /// The mean of what quantization adds to the values at the present clip, and which share of the root of its mean square
    /// that is, -1 to 1: near ±1 where all of the error is one offset, as of values that a step swallows. `None` in float,
    /// where channels stand in its place, and where bins cannot tell.
    pub fn mean_error(&self) -> Option<(f64, f64)> {
        let mean = self.levels()?.mean_error?;
        let share = mean / self.outcome.metrics.mse.sqrt();
        share.is_finite().then_some((mean, share.clamp(-1.0, 1.0)))
    }

    /// What the values that share a level tell, in integers of one range.
    fn levels(&self) -> Option<Levels> {
        let alone = self.decision.quantized && self.aggregate.is_none();
        let of = |params| Levels {
            crowd: calibrate::crowd(self.histogram(), params),
            mean_error: calibrate::mean_error(self.histogram(), params),
        };
        alone.then(|| *self.levels.get_or_init(|| of(&self.outcome.params)))
    }

    /// Other levels go with another outcome.
    fn come_to(&mut self, outcome: Outcome) {
        (self.outcome, self.levels) = (outcome, OnceLock::new());
    }

    /// That the error has a mean, in a sentence, where that is much of it.
    pub(super) fn offset_note(&self) -> Option<String> {
        let (mean, share) = self.mean_error().filter(|(_, share)| share.abs() > MUCH_OF_ONE_SIGN)?;
        let rms = self.outcome.metrics.mse.sqrt();
        Some(format!(
            "The error has a mean: {mean:.3e}, {:.0} % of its root mean square {rms:.3e}. What comes next adds it up as a bias; \
             another clip or a zero point may have less of it.",
            100.0 * share.abs()
        ))
    }

    /// That the values leave the range that was given for them and stands, in a sentence.
    pub(super) fn beyond_note(&self) -> Option<String> {
        let given = self.known.filter(|known| known.reason == Reason::Given && self.decision.method == KNOWN)?;
        let why = given.contradicted(self.stats().range()).filter(|_| self.stats().finite() > 0)?;
        Some(format!("The range that stands does not hold: {why}."))
    }

    /// What the chosen method says of its number, unless a hand has moved it. A known range is not unusual for being so.
    pub fn method_note(&self) -> Option<&str> {
        let method = self.candidate(&self.decision.method).filter(|c| !self.edited() && c.id != KNOWN)?;
        method.outcome.as_ref().ok()?.note.as_deref()
    }

    /// The present decision by another method, and whether one stands in for it as at the start: it has no answer on this
    /// format, or one at which every value would saturate. `None` where there is no such method.
    pub(super) fn by_method(&self, id: &str) -> Option<(Decision, bool)> {
        let wanted = self.offers.candidate(id)?;
        let all = &self.offers.candidates;
        let (method, clip) = answer(&self.tensor(self.offers.format), all, Some(wanted), false, wanted);
        Some((self.decision.with_method(&method, clip), method != id))
    }

    /// Whether there is a finite value other than zero.
    pub(super) fn has_range(&self) -> bool {
        self.stats().amax() > 0.0
    }

    /// A tensor of the counts on a format, with its curves.
    pub(super) fn tensor(&self, format: Format) -> Tensor {
        Tensor::new(self.counts.now(), format)
    }

    /// Works out every answer on a format that it may go to, unless they are known.
    pub(super) fn prepare(&mut self, format: Format) {
        if format != self.offers.format && self.shelf.as_ref().is_none_or(|shelf| shelf.format != format) {
            self.shelf = Some(Offers::of(&self.tensor(format), &self.methods, self.known, &self.imported));
        }
    }

    /// A method's clip on a format, for the range as a whole; `None` where it has none.
    pub(super) fn proposes(&self, id: &str, format: Format) -> Option<Clip> {
        if format == self.offers.format {
            return self.own_clip(id);
        }
        match self.shelf.as_ref().filter(|shelf| shelf.format == format) {
            Some(shelf) => shelf.clip(id),
            None if id == KNOWN => self.known?.candidate(&self.tensor(format)).outcome.ok().map(|t| t.clip),
            None if self.imported.iter().any(|offer| offer.id == id) => {
                let offer = self.imported.iter().find(|offer| offer.id == id)?;
                offer.candidate(&self.tensor(format)).outcome.ok().map(|t| t.clip)
            }
            None => {
                let method = self.methods.iter().find(|m| m.id() == id)?;
                self.tensor(format).candidate(method.as_ref()).outcome.ok().map(|t| t.clip)
            }
        }
    }

    /// The present decision on another format: the same method's answer there, or the clip that a hand has set, made to
    /// fit; one that a search has found stays only where the width does. A method that is not defined for that format gives
    /// way to `max`; where there is no answer at all the clip stays.
    pub fn in_format(&self, format: Format) -> Decision {
        let decision = &self.decision;
        // A search has found its clip for steps of that width: on others the method answers anew.
        let other_steps = decision.tuned().is_some() && format.num_bits() != decision.format.num_bits();
        let edited = decision.edited && !other_steps;
        let unsuited = |m: &Arc<dyn Calibrator>| m.id() == decision.method && !m.suits(format);
        let unsuited = !edited && self.methods.iter().any(unsuited);
        if let Some(clip) = unsuited.then(|| self.proposes(FP8_METHOD, format)).flatten() {
            return Decision { format, ..decision.with_method(FP8_METHOD, clip) };
        }
        let answer = if edited { None } else { self.proposes(&decision.method, format) };
        let edited = edited || (decision.edited && answer.is_none());
        let clip = answer.unwrap_or_else(|| format.clip_at(decision.clip.amax(), self.stats().range()));
        Decision { clip, format, edited, ..decision.clone() }
    }

    /// Offers a clip that a file proposes, beside the methods'; one of the same id is replaced.
    pub(super) fn import(&mut self, offer: Imported) {
        self.imported.retain(|known| known.id != offer.id);
        self.shelf = None;
        let tensor = self.tensor(self.offers.format);
        self.offers.import(&tensor, &offer);
        self.imported.push(offer);
    }

    /// Its channels stand in its place from now on, or no longer.
    pub(super) fn set_aggregate(&mut self, aggregate: Option<Aggregate>) {
        self.aggregate = aggregate.map(Box::new);
    }

    /// The aggregate of its channels, to follow a change of theirs, where it is of this axis and the present format.
    pub(super) fn aggregate_along(&mut self, axis: usize, format: Format) -> Option<&mut Aggregate> {
        self.aggregate.as_deref_mut().filter(|a| a.axis == axis && a.params.format() == format)
    }

    /// It begins with its channels along `axis` in its place.
    pub(super) fn begin_along(&mut self, axis: usize) {
        (self.decision.axis, self.first.axis) = (Some(axis), Some(axis));
    }

    /// What is decided now is what it begins with.
    pub(super) fn begins_so(&mut self) {
        self.first = self.decision.clone();
    }

    /// Takes a decision and works its numbers out. `edited` follows from the clip: a clip that equals the method's own
    /// value is not an edit, however it came about.
    pub(super) fn decide(&mut self, mut decision: Decision, tensor: Option<&Tensor>) {
        let tensor = tensor.filter(|t| t.format() == decision.format);
        let moved = decision.format != self.offers.format;
        if moved {
            self.prepare(decision.format);
            if let Some(shelf) = &mut self.shelf {
                std::mem::swap(shelf, &mut self.offers);
            }
        }
        let own = self.offers.candidate(&decision.method).and_then(|c| c.outcome.as_ref().ok());
        if let Some(own) = own.filter(|t| t.clip == decision.clip) {
            // What was done to a shared range is not for one of those that share it to say.
            decision.edited &= decision.tie.is_some();
            let own = Outcome { params: own.params, metrics: own.metrics };
            self.come_to(own);
        } else if moved || decision.clip != self.decision.clip {
            let zero = zero_bin(&self.methods, &decision.method);
            self.come_to(match tensor {
                Some(tensor) => Outcome::of(tensor, decision.clip, zero),
                None => Outcome::of(&self.tensor(decision.format), decision.clip, zero),
            });
        }
        self.decision = decision;
    }
}
