//! Tensors with a range for each channel: the channels are read along an axis and then stand in the tensor's place.

use super::aggregate::Aggregate;
use super::{Decision, Key, Ready, Session, Target};

/// Channels that were read and analysed.
#[derive(Clone)]
pub struct Channels {
    /// The axis that they lie along, from the front.
    pub axis: usize,
    /// Each channel, in order.
    pub ready: Vec<Ready>,
}

impl Session {
    /// A tensor and the channels that stand in its place: what is decided for it goes for them all.
    pub fn with_channels(&self, key: &Key) -> Vec<Target> {
        let layer = self.layer(key);
        let axis = layer.and_then(|l| l.decision()?.axis).unwrap_or(0);
        let channels = layer.map_or(0, |l| l.channels().len());
        let channel = |channel| Target::Channel { of: key.clone(), axis, channel };
        std::iter::once(Target::Tensor(key.clone())).chain((0..channels).map(channel)).collect()
    }

    /// Keeps the channels of a tensor. [`Session::split`] puts them in its place.
    pub fn add_channels(&mut self, key: &Key, channels: Channels) {
        if let Some(layer) = self.layer_mut(key) {
            layer.splits.entry(channels.axis).or_insert(channels.ready);
        }
    }

    /// A tensor begins with its channels in its place, because it was asked for beforehand.
    pub(super) fn begin_along(&mut self, key: &Key, channels: Channels) {
        let axis = channels.axis;
        self.add_channels(key, channels);
        let target = Target::Tensor(key.clone());
        if self.wanted(key).is_some_and(|wanted| wanted.axis != Some(axis)) {
            // A document wants another axis, or none.
            return;
        }
        let Some(ready) = self.ready(&target) else { return };
        if ready.is_changed() || ready.decision().tie.is_some() || self.history.touches(&target) {
            // Something was decided meanwhile: what can be undone, or done again, must lead back there.
            self.split(key, Some(axis));
            return;
        }
        if let Some(ready) = self.ready_mut(&target) {
            ready.begin_along(axis);
        }
        self.changed_ranges([key.clone()]);
    }

    /// Puts a tensor's channels along `axis` in its place, or takes one range again, as one step that can be undone. The
    /// channels take on the tensor's format if it has changed since they were read. Returns whether anything changed.
    pub fn split(&mut self, key: &Key, axis: Option<usize>) -> bool {
        let decisions = self.split_decisions(key, axis);
        self.apply(if axis.is_some() { "per channel" } else { "per tensor" }, decisions) > 0
    }

    /// What [`Session::split`] decides, as [`Session::apply`] takes it: for the tensor, and for each channel; nothing where it
    /// cannot be.
    pub fn split_decisions(&self, key: &Key, axis: Option<usize>) -> Vec<(Target, Decision)> {
        let Some(layer) = self.layer(key) else { return Vec::new() };
        let Some(decision) = layer.decision().cloned() else { return Vec::new() };
        let channels = axis.and_then(|axis| layer.splits.get(&axis));
        if axis.is_some() && (channels.is_none() || decision.tie.is_some()) {
            return Vec::new();
        }
        let of_channel = |(channel, ready): (usize, &Ready)| {
            let fits = ready.format() == decision.format;
            let theirs = if fits { ready.decision().clone() } else { ready.in_format(decision.format) };
            let target = Target::Channel { of: key.clone(), axis: axis.unwrap_or(0), channel };
            (target, theirs.with_quantized(decision.quantized))
        };
        let of_channels: Vec<_> = channels.into_iter().flatten().enumerate().map(of_channel).collect();
        let of_tensor = (Target::Tensor(key.clone()), Decision { axis, ..decision });
        std::iter::once(of_tensor).chain(of_channels).collect()
    }

    /// Works out what the channels of these tensors come to.
    pub(super) fn changed_ranges(&mut self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            let Some(layer) = self.layer_mut(&key) else { continue };
            let along = layer.decision().and_then(|d| Some((d.axis?, d.format)));
            // Out of its layer for a moment, so that both can be looked at.
            let channels = along.and_then(|(axis, _)| Some((axis, layer.splits.remove(&axis)?)));
            if let Some(ready) = layer.ready_mut() {
                match (&channels, along) {
                    (Some((axis, channels)), Some((_, format))) => {
                        let channels: Vec<_> = channels.iter().map(Ready::as_channel).collect();
                        match ready.aggregate_along(*axis, format) {
                            Some(aggregate) => aggregate.follow(&channels),
                            None => ready.set_aggregate(Aggregate::of(*axis, &channels)),
                        }
                    }
                    _ => ready.set_aggregate(None),
                }
            }
            layer.splits.extend(channels);
        }
    }
}
