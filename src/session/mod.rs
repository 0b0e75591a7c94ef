//! The document: layers, what was chosen for each, and the way back.
//!
//! A [`Session`] holds the tensors under calibration and one [`Choice`] for each. Everything that changes a choice
//! goes through [`Session::apply`] (one undo entry), or through [`Session::preview`] while something is dragged
//! (no entry until [`Session::commit`]). Where the layers came from and how they are drawn is not known here.

mod arrival;
mod channels;
mod choice;
mod history;
mod key;
mod layer;
mod rules;
mod sensitivity;
mod ties;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::calibrate::{Calibrator, Measured, Tensor};
use crate::quant::{Clip, Format, QuantParams};

pub use arrival::{Arrival, Failure, Received};
use channels::Together;
pub use channels::{ChannelSet, Channels, Role};
pub use choice::Choice;
use history::{Edit, History};
pub use key::{Key, Kind, Target};
pub use layer::{Layer, LayerState, Origin, Ready};
pub use rules::{Assignment, Names, Plan, Rules, Setting, Start, Subject};
pub use sensitivity::Sensitivity;
pub use ties::{Joint, Tie};

/// Layers, the methods that propose clips for them, and the history of what the user chose.
pub struct Session {
    /// Every tensor, in natural order, and behind them the channels that were read, and the joints of those that are tied.
    pub layers: Vec<Layer>,
    /// Why ties that were asked for are not there, a sentence each.
    pub without_ties: Vec<String>,
    plan: Plan,
    history: History,
    /// The layer at hand with its curves, so that a drag does not build them anew for every column; behind a joint, the
    /// tensors that it decides for.
    focus: Vec<(usize, Arc<Tensor>)>,
}

impl Session {
    /// An empty session that will offer `methods` and start every layer with the one called `default_method` (the
    /// first one if there is no such method).
    ///
    /// # Panics
    /// When `methods` is empty.
    pub fn new(methods: Vec<Arc<dyn Calibrator>>, default_method: &str, format: Format) -> Session {
        assert!(!methods.is_empty(), "a session needs at least one method");
        let default_method = methods.iter().position(|m| m.id() == default_method).unwrap_or(0);
        let plan = Plan { methods: methods.into(), default_method, format, rules: Rules::new() };
        Session { layers: Vec::new(), without_ties: Vec::new(), plan, history: History::default(), focus: Vec::new() }
    }

    /// The same with rules for some of the layers.
    pub fn with_rules(mut self, rules: Rules) -> Session {
        self.plan.rules = rules;
        self
    }

    /// The methods on offer, in the order of the number keys.
    pub fn methods(&self) -> &[Arc<dyn Calibrator>] {
        &self.plan.methods
    }

    /// The grid that layers are quantized to unless something else is said for them.
    pub fn format(&self) -> Format {
        self.plan.format
    }

    /// Begins with these layers, of which nothing was read yet, and behind them a row for each file that is none.
    pub fn begin(&mut self, layers: Vec<Layer>, failures: impl IntoIterator<Item = (String, String)>) {
        let failed = failures.into_iter().map(|(file, message)| Layer::failed(file, message));
        self.layers = layers.into_iter().chain(failed).collect();
    }

    /// A file that could not be used: it becomes a row that says why.
    pub fn fail(&mut self, file: String, message: String) {
        self.layers.push(Layer::failed(file, message));
    }

    /// The rows that cannot be read: file and sentence.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.layers.iter().filter_map(|l| Some((l.origin.files.first().map_or("", String::as_str), l.failure()?)))
    }

    /// Gives layer `index` its histogram: every method is tried, the default one is chosen.
    pub fn finish_layer(&mut self, index: usize, origin: Origin, ready: Ready) {
        let layer = &mut self.layers[index];
        layer.origin = origin;
        layer.state = LayerState::Ready(Box::new(ready));
        self.focus.retain(|(focused, _)| *focused != index);
    }

    /// The tensor of a layer with its curves, kept until another layer is asked for. `None` until the layer is ready.
    pub fn focus(&mut self, layer: usize) -> Option<Arc<Tensor>> {
        let ready = self.layers.get(layer)?.ready()?;
        if let Some((focused, tensor)) = self.focus.first()
            && *focused == layer
            && tensor.format() == ready.format()
        {
            return Some(tensor.clone());
        }
        let tensor = |layer: &usize| {
            let ready = self.layers[*layer].ready()?;
            Some((*layer, Arc::new(Tensor::new(ready.histogram().clone(), ready.format()))))
        };
        let tied = self.tied(layer).iter().filter(|tied| **tied != layer);
        self.focus = std::iter::once(&layer).chain(tied).filter_map(tensor).collect();
        self.focus.first().map(|(_, tensor)| tensor.clone())
    }

    /// What the analysis of a layer needs to know of the session, cheap to hand to another thread.
    pub fn plan(&self) -> Plan {
        self.plan.clone()
    }

    /// Sets `choices` as one step that can be undone. Layers that are not ready, and choices that change nothing, are
    /// left out; returns how many layers changed. What is chosen for a tied tensor goes for all that it is tied to.
    pub fn apply(&mut self, label: &str, choices: Vec<(usize, Choice)>) -> usize {
        self.record(label, self.with_tied(choices))
    }

    /// The same for choices that go for each layer alone.
    fn record(&mut self, label: &str, choices: Vec<(usize, Choice)>) -> usize {
        let edits = self.edits(choices);
        self.set_all(edits.iter().map(|edit| (edit.layer, edit.after.clone())));
        let changed = edits.len();
        self.history.record(label, edits, false);
        changed
    }

    /// Like [`Session::apply`] for one layer's clip, but a run of calls on the same layer stays one undo entry, so
    /// that holding a key down costs one `u`.
    pub fn nudge(&mut self, layer: usize, clip: Clip) {
        let Some(before) = self.layers[layer].choice().cloned() else { return };
        let edits = self.edits(self.with_tied(vec![(layer, before.with_clip(clip))]));
        self.set_all(edits.iter().map(|edit| (edit.layer, edit.after.clone())));
        self.history.record("clip", edits, true);
    }

    /// Ends a run of [`Session::nudge`]s: the next one starts an undo entry of its own.
    pub fn end_run(&mut self) {
        self.history.end_run();
    }

    /// Shows `choice` on a layer without recording it: the clip is in the user's hand.
    pub fn preview(&mut self, layer: usize, choice: Choice) {
        let choices = self.with_tied(vec![(layer, choice)]);
        self.set_all(choices.into_iter());
    }

    /// Records what previews led to, as one undo entry from `before`. Returns whether anything changed.
    pub fn commit(&mut self, label: &str, layer: usize, before: Choice) -> bool {
        let edit = |(layer, before): (usize, Choice)| {
            let after = self.layers[layer].choice()?.clone();
            (before != after).then_some(Edit { layer, before, after })
        };
        let edits: Vec<Edit> = self.with_tied(vec![(layer, before)]).into_iter().filter_map(edit).collect();
        let changed = !edits.is_empty();
        self.history.record(label, edits, false);
        changed
    }

    /// Takes the last step back. Returns its label and the first layer that it touched.
    pub fn undo(&mut self) -> Option<(String, usize)> {
        let step = self.history.undo()?;
        self.set_all(step.edits.iter().rev().map(|edit| (edit.layer, edit.before.clone())));
        Some((step.label, self.touched(&step.edits)))
    }

    /// Takes the last undone step again.
    pub fn redo(&mut self) -> Option<(String, usize)> {
        let step = self.history.redo()?;
        self.set_all(step.edits.iter().map(|edit| (edit.layer, edit.after.clone())));
        Some((step.label, self.touched(&step.edits)))
    }

    /// How many steps can be undone, and redone.
    pub fn history_len(&self) -> (usize, usize) {
        self.history.len()
    }

    /// Whether something was changed since the last [`Session::mark_saved`] (or the start).
    pub fn is_dirty(&self) -> bool {
        self.history.is_dirty()
    }

    /// The choices as they are now stand in a file.
    pub fn mark_saved(&mut self) {
        self.history.mark_saved();
    }

    /// How many tensors are not as they were at first, they or the channels in their place.
    pub fn changed(&self) -> usize {
        let changed = |layer: usize| self.layers[layer].ready().is_some_and(Ready::is_changed);
        self.top_level().filter(|&(layer, _)| self.with_channels(layer).into_iter().any(changed)).count()
    }

    /// The tensors with their indices: what lists, reports and exports have a row for.
    pub fn top_level(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.layers.iter().enumerate().filter(|(_, layer)| layer.role == Role::Tensor)
    }

    /// The layers of the channels that stand in a tensor's place; empty where it has one range.
    pub fn channels(&self, layer: usize) -> Range<usize> {
        let Some(layer) = self.layers.get(layer) else { return 0..0 };
        let axis = layer.choice().and_then(|c| c.axis);
        let set = layer.channel_sets.iter().find(|set| Some(set.axis) == axis);
        set.map_or(0..0, |set| set.layers.clone())
    }

    /// A layer and the channels that stand in its place: what is chosen for it goes for them all.
    pub fn with_channels(&self, layer: usize) -> Vec<usize> {
        std::iter::once(layer).chain(self.channels(layer)).collect()
    }

    /// The grids that the first `layers` layers are on as chosen now: none where one stays in float (or was not read), one
    /// for a tensor, one for each channel.
    pub fn grids(&self, layers: usize) -> Vec<Vec<QuantParams>> {
        (0..layers).map(|layer| self.grids_of(layer)).collect()
    }

    /// The grids of one layer; see [`Session::grids`].
    pub fn grids_of(&self, layer: usize) -> Vec<QuantParams> {
        let chosen = self.layers.get(layer).and_then(Layer::ready).filter(|r| r.choice().quantized);
        let Some(ready) = chosen else { return Vec::new() };
        match self.channels(layer) {
            channels if channels.is_empty() => vec![ready.params()],
            channels => channels.filter_map(|c| Some(self.layers[c].ready()?.params())).collect(),
        }
    }

    /// The channels of a tensor become layers of their own, behind all others. [`Session::stand`] puts them in its place.
    pub fn add_channels(&mut self, layer: usize, channels: Channels) {
        let (start, axis) = (self.layers.len(), channels.axis);
        let of = &mut self.layers[layer];
        if of.channel_sets.iter().any(|set| set.axis == axis) {
            return;
        }
        of.channel_sets.push(ChannelSet { axis, layers: start..start + channels.ready.len() });
        let (name, kind, op) = (of.name().to_owned(), of.kind(), of.op.clone());
        let mut origin = of.origin.clone();
        if axis < origin.shape.len() {
            origin.shape.remove(axis);
        }
        self.layers.extend(channels.ready.into_iter().enumerate().map(|(channel, ready)| Layer {
            op: op.clone(),
            origin: origin.clone(),
            state: LayerState::Ready(Box::new(ready)),
            role: Role::Channel { of: layer, channel },
            ..Layer::waiting(Key::new(kind, format!("{name}[{channel}]")), Vec::new())
        }));
    }

    /// A tensor begins with its channels in its place, because it was asked for beforehand.
    pub fn begin_along(&mut self, layer: usize, channels: Channels) {
        let axis = channels.axis;
        self.add_channels(layer, channels);
        if self.layers[layer].ready().is_some_and(|ready| ready.is_changed() || ready.choice().tie.is_some()) {
            // Something was chosen meanwhile: what can be undone must lead back there.
            self.stand(layer, Some(axis));
            return;
        }
        if let LayerState::Ready(ready) = &mut self.layers[layer].state {
            ready.begin_along(axis);
        }
        self.join(layer);
    }

    /// Puts a tensor's channels along `axis` in its place, or takes one range again, as one step that can be undone. The
    /// channels take on the tensor's grid if it has changed since they were read. Returns whether anything changed.
    pub fn stand(&mut self, layer: usize, axis: Option<usize>) -> bool {
        let Some(choice) = self.layers[layer].choice().cloned() else { return false };
        let set = self.layers[layer].channel_sets.iter().find(|set| Some(set.axis) == axis);
        if axis.is_some() && (set.is_none() || choice.tie.is_some()) {
            return false;
        }
        let channels = set.map_or(0..0, |set| set.layers.clone());
        let channels = channels.filter_map(|channel| {
            let ready = self.layers[channel].ready()?;
            let fits = ready.format() == choice.format;
            let theirs = if fits { ready.choice().clone() } else { ready.on_grid(choice.format) };
            Some((channel, Choice { quantized: choice.quantized, ..theirs }))
        });
        let choices = std::iter::once((layer, Choice { axis, ..choice.clone() })).chain(channels).collect();
        self.apply(if axis.is_some() { "per channel" } else { "per tensor" }, choices) > 0
    }

    /// Keeps what a clip was measured to cost on a layer's values.
    pub fn set_measured(&mut self, layer: usize, measured: Measured) {
        if let LayerState::Ready(ready) = &mut self.layers[layer].state {
            ready.set_measured(measured);
        }
    }

    /// A layer and the channels in its place on another grid, as [`Session::apply`] takes them: see [`Ready::on_grid`].
    pub fn on_grid(&mut self, layer: usize, format: Format) -> Vec<(usize, Choice)> {
        let layers = self.joint_of(layer).map_or_else(|| self.with_channels(layer), |joint| vec![joint]);
        let choice = |layer: usize| match &mut self.layers[layer].state {
            LayerState::Ready(ready) => {
                // All methods at once: applying it needs the others too.
                ready.prepare(format);
                Some((layer, ready.on_grid(format)))
            }
            _ => None,
        };
        layers.into_iter().filter_map(choice).collect()
    }

    /// The layer that a step is about: the tensor, where it went for several channels; the first of those that are tied.
    fn touched(&self, edits: &[Edit]) -> usize {
        match self.layers[edits[0].layer].role {
            Role::Joint { ref of } => of[0],
            Role::Channel { of, .. } if edits.len() > 1 => of,
            _ => edits[0].layer,
        }
    }

    fn set(&mut self, layer: usize, choice: Choice) {
        self.set_all(std::iter::once((layer, choice)));
    }

    /// Sets choices, and then works out once what the channels among them come to.
    fn set_all(&mut self, choices: impl Iterator<Item = (usize, Choice)>) {
        let mut tensors = BTreeSet::new();
        for (layer, choice) in choices {
            self.set_one(layer, choice);
            tensors.insert(match self.layers[layer].role {
                Role::Tensor | Role::Joint { .. } => layer,
                Role::Channel { of, .. } => of,
            });
        }
        tensors.into_iter().for_each(|layer| self.join(layer));
    }

    fn join(&mut self, layer: usize) {
        let together = Together::of(&self.layers[self.channels(layer)]);
        if let LayerState::Ready(ready) = &mut self.layers[layer].state {
            ready.join(together);
        }
    }

    fn set_one(&mut self, layer: usize, choice: Choice) {
        let focused = self.focus.iter().find(|(focused, _)| *focused == layer).map(|(_, tensor)| tensor.clone());
        if let LayerState::Ready(ready) = &mut self.layers[layer].state {
            ready.choose(choice, focused.as_deref());
        }
    }
}

#[cfg(test)]
mod tests;
