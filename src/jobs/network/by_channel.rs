//! Ranges per channel, of activations and of weights.

use std::ops::Range;

use super::Shared;
use super::work::Run;
use crate::histogram::{Along, ChannelBins, ChannelRanges, Packed};
use crate::input::InputError;
use crate::jobs::Event;
use crate::jobs::channels::{MAX_CHANNELS, analyse_channels, channels_at_a_time};
use crate::session::{Channels, Start};

impl Shared {
    /// The channels that were asked for beforehand: by a rule, or because a weight has output channels. Returns false
    /// when it was cancelled.
    pub(super) fn asked_channels(&self, run: &Run) -> bool {
        let activations = run.setup.graph.tensors().len();
        (0..run.layers.len()).all(|layer| {
            let mut start = self.order.plan.start(&run.layers[layer].subject());
            let weight = layer.checked_sub(activations).and_then(|w| run.setup.weights[w].axis);
            start.axis = start.axis.or(weight.map(|axis| axis as i64));
            start.axis.is_none() || self.tell_channels(run, layer, start, false)
        })
    }

    /// Counts and analyses a layer's channels and tells them. Returns false when it was cancelled.
    pub(super) fn tell_channels(&self, run: &Run, layer: usize, start: Start, requested: bool) -> bool {
        let Some(axis) = start.axis else { return true };
        let result = match self.channels(run, layer, axis) {
            None => return false,
            Some(Err(why)) => Err(why),
            Some(Ok(read)) => {
                let (plan, threads) = (&self.order.plan, self.order.threads);
                let progress = |share| {
                    if requested {
                        (self.tell)(Event::Progress { layer, share });
                    }
                };
                match analyse_channels(read, plan, &start, threads, &progress, &|| self.cancelled()) {
                    None => return false,
                    Some(channels) => Ok::<Channels, InputError>(channels),
                }
            }
        };
        (self.tell)(Event::Channels { layer, requested, result });
        true
    }

    /// Counts each channel along `axis`, on its own exact grid. `None` when it was cancelled.
    fn channels(&self, run: &Run, layer: usize, axis: i64) -> Option<Result<(usize, Vec<Packed>), InputError>> {
        let file = run.setup.network.file().to_owned();
        let name = &run.layers[layer].name();
        let fail =
            |what: String| Some(Err(InputError { message: format!("{file}: {name} {what}"), file: file.clone() }));
        let Some(shape) = run.setup.shape(layer) else {
            return fail("has a shape that depends on the values; leave it per tensor.".into());
        };
        let axes = shape.len() as i64;
        let at = if axis < 0 { axis + axes } else { axis };
        if !(0..axes).contains(&at) {
            return fail(format!("has the shape {shape:?} and no axis {axis}; choose another."));
        }
        let along = Along::new(&shape, at as usize, false);
        if along.channels == 0 || along.channels as u64 > MAX_CHANNELS {
            let n = along.channels;
            return fail(format!("has {n} channels along axis {axis}, and qviz takes 1 to {MAX_CHANNELS}."));
        }
        let once_each = along.runs == 1 && layer >= run.setup.graph.tensors().len();
        let at_a_time = if once_each { along.channels } else { channels_at_a_time(&self.order.recipe) };
        let mut all = Vec::with_capacity(along.channels);
        for start in (0..along.channels).step_by(at_a_time) {
            let window = start..along.channels.min(start + at_a_time);
            match self.window(run, layer, along, window)? {
                Ok(packed) => all.extend(packed),
                Err(why) => return Some(Err(why)),
            }
        }
        Some(Ok((at as usize, all)))
    }

    fn window(
        &self,
        run: &Run,
        layer: usize,
        along: Along,
        window: Range<usize>,
    ) -> Option<Result<Vec<Packed>, InputError>> {
        let recipe = &self.order.recipe;
        let by_batches = recipe.grids.iter().any(|grid| grid.by_batches());
        let samples = if layer < run.setup.graph.tensors().len() { run.samples.len() as u64 } else { 1 };
        let count = along.run * along.runs * samples;
        let mut ranges = ChannelRanges::new(window.clone(), count, by_batches);
        let seen = self.values(run, layer, &mut |values| {
            ranges.begin_batch(along);
            ranges.push(values);
            ranges.end_batch();
        })?;
        if let Err(why) = seen {
            return Some(Err(why));
        }
        let mut bins = ChannelBins::new(window, ranges.finish(), recipe.bins, &recipe.grids);
        let seen = self.values(run, layer, &mut |values| {
            bins.begin_batch(along);
            bins.push(values);
            bins.end_batch();
        })?;
        if let Err(why) = seen {
            return Some(Err(why));
        }
        Some(bins.finish().map_err(|_| {
            let file = run.setup.network.file().to_owned();
            let message = format!("{file} gives other values when it is run again on the same input.");
            InputError { file, message }
        }))
    }
}
