//! What a search has chosen by now.

use super::bench::{Budget, output_numbers};
use crate::jobs::network::Run;
use crate::jobs::trial::{Tried, TuneLayer, TuneStep};
use crate::quant::{Decibels, QuantParams};
use crate::session::Failure;

/// Numbers at the outputs that are enough to judge by.
pub(super) const NUMBERS: usize = 1 << 17;

/// A search under way.
pub(super) struct Standing<'a> {
    pub run: &'a Run,
    pub budget: Budget<'a>,
    pub layers: &'a [TuneLayer],
    /// The activations that each layer decides for, by place.
    pub tensors: Vec<Vec<usize>>,
    /// What is chosen for each layer by now.
    pub present: Vec<Tried>,
    /// The same as params of all activations.
    pub now: Vec<Option<QuantParams>>,
    /// Decisions to come, and those that were made.
    pub left: usize,
    pub decided: usize,
    /// What was told of each layer last.
    told: Vec<Tried>,
    found: &'a mut dyn FnMut(TuneStep, usize),
}

impl<'a> Standing<'a> {
    /// Begins with what is chosen: `now`.
    ///
    /// # Errors
    /// A layer that is no tensor of the network.
    pub fn new(
        run: &'a Run,
        budget: Budget<'a>,
        layers: &'a [TuneLayer],
        now: Vec<Option<QuantParams>>,
        found: &'a mut dyn FnMut(TuneStep, usize),
    ) -> Result<Standing<'a>, Failure> {
        let places = |layer: &TuneLayer| -> Result<Vec<usize>, Failure> {
            let mut all = layer.tensors().map(|key| run.tensors.place(key)).collect::<Result<Vec<_>, _>>()?;
            all.sort_unstable();
            Ok(all)
        };
        let tensors = layers.iter().map(places).collect::<Result<_, _>>()?;
        let present: Vec<Tried> = layers.iter().map(|layer| layer.present).collect();
        let told = present.clone();
        Ok(Standing { run, budget, layers, tensors, present, now, left: layers.len(), decided: 0, told, found })
    }

    /// As many samples as give enough numbers at the outputs to judge by; at least four.
    pub fn few(&self) -> usize {
        let samples = self.budget.samples.len();
        NUMBERS.div_ceil(output_numbers(&self.run.setup)).clamp(4, samples.max(4)).min(samples)
    }

    /// Puts a layer on a clip and tells.
    pub fn decide(&mut self, i: usize, chosen: Tried, before: Decibels, after: Decibels) {
        (self.present[i], self.told[i]) = (chosen, chosen);
        self.tensors[i].iter().for_each(|&tensor| self.now[tensor] = Some(chosen.params()));
        self.left = self.left.saturating_sub(1);
        self.decided += 1;
        let (key, samples, of) = (self.layers[i].key.clone(), self.few(), self.budget.samples.len());
        (self.found)(TuneStep { key, chosen, before, after, samples, of }, self.left);
    }

    /// Tells what stands at the end for those layers of which something else was told last: the uniform start of layers
    /// that no round looked at, and what was taken back.
    /// `db` is what the whole network has reached, on how many samples of how many.
    pub fn tell_rest(&mut self, db: Decibels, samples: usize, of: usize) {
        for (i, layer) in self.layers.iter().enumerate().filter(|(i, _)| self.present[*i] != self.told[*i]) {
            let (key, chosen) = (layer.key.clone(), self.present[i]);
            (self.found)(TuneStep { key, chosen, before: db, after: db, samples, of }, 0);
        }
    }

    /// Whether to end with what was found.
    pub fn stopped(&self) -> bool {
        (self.budget.stopped)()
    }
}
