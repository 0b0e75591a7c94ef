//! What a search has chosen by now, and what it has told.

use super::bench::{Budget, output_numbers};
use super::kept::Kept;
use super::noise::NUMBERS;
use super::progress::Progress;
use crate::jobs::network::Run;
use crate::jobs::trial::Left;
use crate::jobs::tuning::{Tried, Tune, TuneStep, UNCHANGED};
use crate::quant::{Decibels, QuantParams};
use crate::session::Failure;

/// What is chosen for a layer, by what, and what that does there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    /// `None` leaves it in float.
    pub tried: Option<Tried>,
    pub by: &'static str,
    pub before: Decibels,
    pub after: Decibels,
}

/// A choice for each layer.
pub(super) type Set = Vec<Choice>;

/// A search under way.
pub(super) struct Standing<'a> {
    pub run: &'a Run,
    pub kept: &'a Kept<'a>,
    pub wanted: &'a Tune,
    /// With the samples that are searched on, in an order of chance.
    pub budget: Budget<'a>,
    /// The activations that each layer decides for, by place.
    pub tensors: Vec<Vec<usize>>,
    /// The best set by now.
    pub present: Set,
    pub progress: Progress,
    /// The params that it began with.
    start: Vec<Option<QuantParams>>,
    /// What was told of each layer last.
    told: Set,
    found: &'a mut dyn FnMut(TuneStep, Left),
}

impl<'a> Standing<'a> {
    /// Begins with what is chosen: `start`.
    ///
    /// # Errors
    ///
    /// A layer that is no tensor of the network.
    pub fn new(
        run: &'a Run,
        kept: &'a Kept<'a>,
        budget: Budget<'a>,
        wanted: &'a Tune,
        start: Vec<Option<QuantParams>>,
        found: &'a mut dyn FnMut(TuneStep, Left),
    ) -> Result<Standing<'a>, Failure> {
        let mut tensors = Vec::new();
        for layer in &wanted.layers {
            let mut all = layer.tensors().map(|key| run.tensors.place(key)).collect::<Result<Vec<_>, _>>()?;
            all.sort_unstable();
            tensors.push(all);
        }
        let unknown = Decibels::new(f64::NAN);
        let as_it_is = |tried| Choice { tried: Some(tried), by: UNCHANGED, before: unknown, after: unknown };
        let present: Set = wanted.layers.iter().map(|layer| as_it_is(layer.present)).collect();
        let told = present.clone();
        Ok(Standing {
            run,
            kept,
            wanted,
            budget,
            tensors,
            present,
            progress: Progress::begin(kept.pace()),
            start,
            told,
            found,
        })
    }

    /// The params of all activations with this set.
    pub fn params(&self, set: &Set) -> Vec<Option<QuantParams>> {
        let mut params = self.start.clone();
        for (tensors, choice) in self.tensors.iter().zip(set) {
            tensors.iter().for_each(|&tensor| params[tensor] = choice.tried.map(Tried::params));
        }
        params
    }

    /// As many samples as give enough numbers at the outputs to judge by; at least four.
    pub fn few(&self) -> usize {
        let samples = self.budget.samples.len();
        NUMBERS.div_ceil(output_numbers(&self.run.setup)).clamp(8, samples.max(8)).min(samples)
    }

    /// Tells of a layer, on how many samples.
    pub fn tell(&mut self, i: usize, choice: Choice, samples: usize) {
        self.told[i] = choice;
        let (key, of) = (self.wanted.layers[i].key.clone(), self.budget.samples.len());
        let Choice { tried, by, before, after } = choice;
        self.progress.step();
        (self.found)(TuneStep { key, chosen: tried, by, before, after, samples, of }, self.progress.left());
    }

    /// Tells what stands at the end for those layers of which something else was told last.
    pub fn tell_rest(&mut self) {
        self.progress.end();
        for i in 0..self.present.len() {
            if self.present[i].tried != self.told[i].tried || self.present[i].by != self.told[i].by {
                self.tell(i, self.present[i], self.budget.samples.len());
            }
        }
    }

    /// Whether to end with what was found.
    pub fn stopped(&self) -> bool {
        (self.budget.stopped)()
    }
}
