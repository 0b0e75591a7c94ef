//! The document: tensors, what is decided for each, and the way back.
//!
//! A [`Session`] holds the tensors under calibration under their [`Key`], and a [`Decision`] for each range: a tensor's, a
//! channel's, or one that tensors share ([`Target`]). Everything that changes a decision goes through [`Session::apply`]
//! (one undo entry), or through [`Session::preview`] while something is dragged (no entry until [`Session::commit`]);
//! everything that somebody brings comes in through [`Session::receive`]. Where the tensors came from and how they are
//! drawn is not known here.

mod aggregate;
mod alike;
mod arrival;
mod counts;
mod decision;
mod deployed;
mod facts;
mod history;
mod imported;
mod key;
mod known;
mod layer;
mod matching;
mod names;
mod offers;
mod overlay;
mod placement;
mod places;
mod ready;
mod rules;
mod sensitivity;
mod split;
mod take_up;
mod ties;
mod uniform;
mod wanted;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::calibrate::{Calibrator, Measured, Tensor};
use crate::quant::{Clip, Format, Grids};

pub use arrival::{Arrival, Failure, Received};
pub use decision::{Decision, Search};
pub use deployed::Deployed;
pub use facts::{Facts, FactsError, Split};
use history::History;
pub use history::{Edit, Step};
pub use imported::{IN_FILE, Imported};
pub use key::{Key, Kind, Target};
pub use known::{KNOWN, Known, Reason};
pub use layer::{Layer, LayerState, Note, Origin};
pub use matching::Overlaid;
pub use names::{Names, Subject, Taker};
pub use overlay::{Overlay, OverlayRange};
pub use places::Places;
pub use ready::Ready;
pub use rules::{Assignment, Plan, Rules, Setting, Start};
pub use sensitivity::Sensitivity;
pub use split::Channels;
pub use take_up::{Need, TakenUp};
pub use ties::{Joint, Tie};
pub use uniform::Uniform;
pub use wanted::Wanted;

/// Tensors, the methods that propose clips for them, and the history of what the user decided.
pub struct Session {
    /// Every tensor in natural order, and behind them a row for each file that is none.
    layers: Vec<Layer>,
    /// Where each tensor stands among them.
    places: HashMap<Key, usize>,
    /// The values of tensors that are tied, or were, as one.
    joints: BTreeMap<Vec<Key>, Ready>,
    without_ties: Vec<String>,
    knows: bool,
    plan: Plan,
    history: History,
    take_up: Option<take_up::TakeUp>,
    /// The range at hand with its curves, so that a drag does not build them anew for every column; behind a tie, the
    /// tensors that it decides for.
    focus: Vec<(Target, Arc<Tensor>)>,
    revision: u64,
}

impl Session {
    /// An empty session that will offer `methods` and start every layer with the one called `default_method` (the
    /// first one if there is no such method).
    ///
    /// # Panics
    /// When `methods` is empty.
    pub fn new(methods: Vec<Arc<dyn Calibrator>>, default_method: &str, format: impl Into<Format>) -> Session {
        assert!(!methods.is_empty(), "a session needs at least one method");
        let default_method = methods.iter().position(|m| m.id() == default_method).unwrap_or(0);
        let format = format.into();
        let (methods, rules, overlays) = (methods.into(), Rules::new(), [].into());
        Session::of_plan(Plan { methods, default_method, format, rules, overlays })
    }

    /// An empty session whose tensors begin as `plan` has it.
    pub fn of_plan(plan: Plan) -> Session {
        Session {
            layers: Vec::new(),
            places: HashMap::new(),
            joints: BTreeMap::new(),
            without_ties: Vec::new(),
            knows: false,
            plan,
            history: History::default(),
            take_up: None,
            focus: Vec::new(),
            revision: 0,
        }
    }

    /// The same with rules for some of the layers.
    pub fn with_rules(mut self, rules: Rules) -> Session {
        self.plan.rules = rules;
        self
    }

    /// The same with files of scales laid over the tensors that are to come.
    pub fn with_overlays(mut self, overlays: Vec<Overlay>) -> Session {
        self.plan.overlays = overlays.into();
        self
    }

    /// The files of scales that are laid over the tensors.
    pub fn overlays(&self) -> &[Overlay] {
        &self.plan.overlays
    }

    /// What of these files fits the tensors at hand, in their order.
    pub fn overlaid(&self) -> Vec<Overlaid> {
        self.plan.overlays.iter().map(|overlay| overlay.overlaid(&self.plan, &self.layers)).collect()
    }

    /// The methods on offer, in the order of the number keys.
    pub fn methods(&self) -> &[Arc<dyn Calibrator>] {
        &self.plan.methods
    }

    /// Whether the range of some tensor that was read is known beforehand: an offer beside the methods.
    pub fn knows(&self) -> bool {
        self.knows
    }

    /// The format that layers are quantized to unless something else is said for them.
    pub fn format(&self) -> Format {
        self.plan.format
    }

    /// What the analysis of a layer needs to know of the session, cheap to hand to another thread.
    pub fn plan(&self) -> Plan {
        self.plan.clone()
    }

    /// Grows with every change of what is decided or known: equal numbers mean that nothing changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Every tensor in natural order, and behind them a row for each file that is none.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// A tensor by its key.
    pub fn layer(&self, key: &Key) -> Option<&Layer> {
        self.layers.get(self.position(key)?)
    }

    fn layer_mut(&mut self, key: &Key) -> Option<&mut Layer> {
        let at = self.position(key)?;
        self.layers.get_mut(at)
    }

    /// Where a tensor stands among [`Session::layers`].
    pub fn position(&self, key: &Key) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// A range, if it was read.
    pub fn ready(&self, target: &Target) -> Option<&Ready> {
        match target {
            Target::Tensor(key) => self.layer(key)?.ready(),
            Target::Channel { of, axis, channel } => self.layer(of)?.splits.get(axis)?.get(*channel),
            Target::Tie(of) => self.joints.get(of),
        }
    }

    fn ready_mut(&mut self, target: &Target) -> Option<&mut Ready> {
        match target {
            Target::Tensor(key) => self.layer_mut(key)?.ready_mut(),
            Target::Channel { of, axis, channel } => self.layer_mut(of)?.splits.get_mut(axis)?.get_mut(*channel),
            Target::Tie(of) => self.joints.get_mut(of),
        }
    }

    /// What is worth knowing before trusting the numbers of a range: see [`Layer::ranked_notes`].
    pub fn notes(&self, target: &Target) -> Vec<Note> {
        let layer = target.tensor().and_then(|key| self.layer(key));
        let Some((layer, ready)) = layer.zip(self.ready(target)) else { return Vec::new() };
        match target {
            Target::Tie(_) => {
                let origin = Origin { dtype: layer.origin.dtype.clone(), ..Origin::default() };
                layer.notes_of(ready, &origin)
            }
            Target::Tensor(_) | Target::Channel { .. } => layer.notes_of(ready, &layer.origin),
        }
    }

    /// The rows that cannot be read: file and sentence.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.layers.iter().filter_map(|l| Some((l.origin.files.first().map_or("", String::as_str), l.failure()?)))
    }

    /// Why ties that were asked for are not there, a sentence each.
    pub fn without_ties(&self) -> &[String] {
        &self.without_ties
    }

    /// The range of a target with its curves, kept until another one is asked for. `None` until it is read.
    pub fn focus(&mut self, target: &Target) -> Option<Arc<Tensor>> {
        let format = self.ready(target)?.format();
        if let Some((focused, tensor)) = self.focus.first()
            && focused == target
            && tensor.format() == format
        {
            return Some(tensor.clone());
        }
        let tied = match target {
            Target::Tie(of) => of.as_slice(),
            Target::Tensor(key) => self.tied(key),
            Target::Channel { .. } => &[],
        };
        let tied = tied.iter().cloned().map(Target::Tensor).filter(|other| other != target);
        let tensor = |target: Target| {
            let ready = self.ready(&target)?;
            Some((target, Arc::new(Tensor::new(ready.histogram().clone(), ready.format()))))
        };
        self.focus = std::iter::once(target.clone()).chain(tied).filter_map(tensor).collect();
        self.focus.first().map(|(_, tensor)| tensor.clone())
    }

    /// Decides as one step that can be undone. Ranges that are not read, and decisions that change nothing, are left
    /// out; returns how many ranges changed. What is decided for a tied tensor goes for all that it is tied to.
    pub fn apply(&mut self, label: &str, decisions: Vec<(Target, Decision)>) -> usize {
        self.record(label, self.with_tied(decisions))
    }

    /// The same for decisions that go for each range alone.
    fn record(&mut self, label: &str, decisions: Vec<(Target, Decision)>) -> usize {
        let edits = self.edits(decisions);
        self.do_edits(&edits);
        let changed = edits.len();
        self.history.record(label, edits, false);
        changed
    }

    /// Like [`Session::apply`] for one range's clip, but a run of calls on the same range stays one undo entry, so that
    /// holding a key down costs one `u`.
    pub fn nudge(&mut self, target: &Target, clip: Clip) {
        let Some(before) = self.ready(target).map(|r| r.decision().clone()) else { return };
        let edits = self.edits(self.with_tied(vec![(target.clone(), before.with_clip(clip))]));
        self.do_edits(&edits);
        self.history.record("clip", edits, true);
    }

    /// Ends a run of [`Session::nudge`]s: the next one starts an undo entry of its own.
    pub fn end_run(&mut self) {
        self.history.end_run();
    }

    /// Shows a decision without recording it: the clip is in the user's hand.
    pub fn preview(&mut self, target: &Target, decision: Decision) {
        let decisions = self.with_tied(vec![(target.clone(), decision)]);
        self.set_all(decisions);
    }

    /// Records what previews led to, as one undo entry from `before`. Returns whether anything changed.
    pub fn commit(&mut self, label: &str, target: &Target, before: Decision) -> bool {
        let edit = |(target, before): (Target, Decision)| {
            let after = self.ready(&target)?.decision().clone();
            (before != after).then_some(Edit { target, before, after })
        };
        let edits: Vec<Edit> = self.with_tied(vec![(target.clone(), before)]).into_iter().filter_map(edit).collect();
        let changed = !edits.is_empty();
        self.history.record(label, edits, false);
        self.revision += 1;
        changed
    }

    /// Takes the last step back. Returns its label and what it was about.
    pub fn undo(&mut self) -> Option<(String, Target)> {
        let step = self.history.undo()?;
        self.set_all(step.edits.iter().rev().map(|edit| (edit.target.clone(), edit.before.clone())));
        Some((step.label, about(&step.edits)?))
    }

    /// Takes the last undone step again.
    pub fn redo(&mut self) -> Option<(String, Target)> {
        let step = self.history.redo()?;
        self.do_edits(&step.edits);
        Some((step.label, about(&step.edits)?))
    }

    /// The step that [`Session::undo`] takes back, and the one that [`Session::redo`] takes again.
    pub fn next_steps(&self) -> (Option<&Step>, Option<&Step>) {
        self.history.next()
    }

    /// All steps that can be undone, the oldest first, and all that can be redone, the next one last.
    pub fn steps(&self) -> (&[Step], &[Step]) {
        self.history.steps()
    }

    /// How many steps can be undone, and redone.
    pub fn history_len(&self) -> (usize, usize) {
        self.history.len()
    }

    /// Whether something was changed since the last [`Session::mark_saved`] (or the start).
    pub fn is_dirty(&self) -> bool {
        self.history.is_dirty()
    }

    /// The changes that no file holds, the oldest first.
    pub fn unsaved(&self) -> Vec<Step> {
        self.history.unsaved()
    }

    /// The decisions as they are now stand in a file.
    pub fn mark_saved(&mut self) {
        self.history.mark_saved();
        self.revision += 1;
    }

    /// How many tensors are not as they were at first, they or the channels in their place.
    pub fn changed(&self) -> usize {
        let changed = |l: &&Layer| l.ready().into_iter().chain(l.channels()).any(Ready::is_changed);
        self.layers.iter().filter(changed).count()
    }

    /// The parameters of every tensor that is read and quantized as decided now: one, or one for each channel.
    pub fn params(&self) -> BTreeMap<Key, Grids> {
        let of = |layer: &Layer| Some((layer.key.clone(), self.params_of(&layer.key))).filter(|(_, p)| !p.is_empty());
        self.layers.iter().filter_map(of).collect()
    }

    /// The parameters of one tensor; none where it stays in float, or was not read.
    pub fn params_of(&self, key: &Key) -> Grids {
        let Some(layer) = self.layer(key) else { return Grids::FLOAT };
        match layer.ready().map(Ready::decision).filter(|decision| decision.quantized) {
            None => Grids::FLOAT,
            Some(Decision { axis: Some(axis), .. }) if !layer.channels().is_empty() => {
                Grids::along(*axis, layer.channels().iter().map(Ready::params).collect())
            }
            Some(_) => layer.ready().map(Ready::params).map_or(Grids::FLOAT, Grids::one),
        }
    }

    /// Keeps what a clip was measured to cost on a tensor's values.
    fn set_measured(&mut self, key: &Key, measured: Measured) {
        if let Some(ready) = self.ready_mut(&Target::Tensor(key.clone())) {
            ready.set_measured(measured);
            self.revision += 1;
        }
    }

    /// A tensor and the channels in its place on another format, as [`Session::apply`] takes them: see
    /// [`Ready::in_format`].
    pub fn in_format(&mut self, key: &Key, format: Format) -> Vec<(Target, Decision)> {
        let targets = match self.target_of(key) {
            Target::Tensor(key) => self.with_channels(&key),
            tie => vec![tie],
        };
        let decision = |target: Target| {
            let ready = self.ready_mut(&target)?;
            // All methods at once: applying it needs the others too.
            ready.prepare(format);
            let decision = ready.in_format(format);
            Some((target, decision))
        };
        targets.into_iter().filter_map(decision).collect()
    }

    /// Offers a clip that a file proposes for a tensor, beside the methods'. Returns whether there is such a tensor.
    pub fn import(&mut self, key: &Key, offer: Imported) -> bool {
        let Some(ready) = self.ready_mut(&Target::Tensor(key.clone())) else { return false };
        ready.import(offer);
        self.revision += 1;
        true
    }

    fn do_edits(&mut self, edits: &[Edit]) {
        self.set_all(edits.iter().map(|edit| (edit.target.clone(), edit.after.clone())));
    }

    /// Sets decisions, and then works out once what the channels among them come to.
    fn set_all(&mut self, decisions: impl IntoIterator<Item = (Target, Decision)>) {
        let mut tensors = BTreeSet::new();
        for (target, decision) in decisions {
            let focused = self.focus.iter().find(|(focused, _)| *focused == target).map(|(_, tensor)| tensor.clone());
            if let Some(ready) = self.ready_mut(&target) {
                ready.decide(decision, focused.as_deref());
            }
            match target {
                Target::Tensor(key) | Target::Channel { of: key, .. } => tensors.insert(key),
                Target::Tie(_) => false,
            };
        }
        self.changed_ranges(tensors);
        self.revision += 1;
    }
}

/// What a step is about: the tensor, where it went for several channels; the first of those that are tied.
fn about(edits: &[Edit]) -> Option<Target> {
    let first = edits.first()?;
    Some(match &first.target {
        Target::Tie(of) => Target::Tensor(of.first()?.clone()),
        Target::Channel { of, .. } if edits.len() > 1 => Target::Tensor(of.clone()),
        target => target.clone(),
    })
}

#[cfg(test)]
mod tests;
