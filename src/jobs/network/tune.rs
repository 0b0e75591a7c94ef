//! Searching clips for the best output of the whole network.

use super::sensitivity::TOGETHER;
use super::setup::Setup;
use super::trial::{Cancelled, Split, Trial};
use super::tries::{beside, scaled, tries};
use crate::calibrate::Tensor;
use crate::jobs::{Tried, Tune, TuneLayer, TuneStep, Tuned};
use crate::model::ModelError;
use crate::quant::{Format, OutputEffect, QuantParams};

/// Of so many samples one is kept aside.
const ASIDE: usize = 4;

/// A layer whose noise alone lies this many dB below that of the whole network is left as it is.
const QUIETER: f64 = 25.0;

/// Numbers at the outputs that are enough to judge by.
const NUMBERS: usize = 1 << 17;

/// A gain on both halves that is worth a change, in dB: less is noise.
const WORTHWHILE: f64 = 0.02;

/// Searches clips, layer by layer, for the best outputs. Every fourth sample is kept aside, and tells what the search is
/// worth.
///
/// It begins with the one method and kind of grid that is best for the whole network, among those computed, or with what
/// is chosen if that is better. Where the outputs hold few numbers to judge by, as a classifier's do, the first round
/// looks at each layer alone, the others in float: so it finds the clip with the least noise of its own,
/// and not one whose error happens to undo another layer's on these samples. The noise of a clip is the mean over three
/// that lie 3 % apart, because a single one's is partly luck. Any other round looks
/// at the layer among all the others as they stand by then, the most sensitive first, and changes only what gains on both
/// halves of the samples.
///
/// A round that is worse on all samples, those kept aside too, is taken back.
///
/// `found` hears of each decision. When `stopped` says so the search ends with what was found. `None` when it was
/// cancelled, or stopped before anything was decided.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
#[expect(clippy::too_many_arguments, reason = "each is one thing to know")]
pub(super) fn tune(
    setup: &Setup,
    grids: &Split,
    wanted: &Tune,
    samples: &[usize],
    threads: usize,
    cancelled: Cancelled,
    stopped: &(dyn Fn() -> bool + Sync),
    found: &mut dyn FnMut(TuneStep, usize),
) -> Result<Option<Tuned>, ModelError> {
    let (aside, search): (Vec<_>, Vec<_>) = samples.iter().enumerate().partition(|(i, _)| i % ASIDE == ASIDE - 1);
    let plain = |some: Vec<(usize, &usize)>| -> Vec<usize> { some.into_iter().map(|(_, s)| *s).collect() };
    let (aside, samples) = (plain(aside), plain(search));
    let trial = Trial::new(setup, &grids.weights, samples.clone(), threads)?;
    let all = Trial::new(setup, &grids.weights, [samples.as_slice(), &aside].concat(), threads)?;
    let layers = &wanted.layers;
    let rounds = wanted.rounds.max(1);
    let mut search = Search {
        setup,
        layers,
        samples,
        threads,
        cancelled,
        present: layers.iter().map(|l| l.present).collect(),
        told: layers.iter().map(|l| l.present).collect(),
        now: grids.activations.clone(),
        left: layers.len() * rounds,
        decided: 0,
    };
    let Some(before) = trial.whole(&search.now, cancelled)? else { return Ok(None) };
    let Some(mut best) = all.whole(&search.now, cancelled)? else { return Ok(None) };
    if layers.len() > 1 {
        let Some(start) = search.uniform(&all, best.sqnr_db, stopped)? else { return Ok(None) };
        best.sqnr_db = start;
    }
    let alone_first = layers.len() > 1 && search.few(&trial) * trial.output_numbers() < NUMBERS;
    let mut order: Vec<usize> = (0..layers.len()).collect();
    for round in 0..rounds {
        let (present, now) = (search.present.clone(), search.now.clone());
        if round == 0 && layers.len() > 1 {
            let Some(noise) = search.alone(alone_first, stopped, found)? else { return Ok(None) };
            // What is that much quieter than everything together can gain nothing worth a change.
            let whole = 10.0 * noise.iter().sum::<f64>().log10();
            order.retain(|&i| 10.0 * noise[i].log10() > whole - QUIETER);
            order.sort_by(|&a, &b| noise[b].total_cmp(&noise[a]));
            search.left = order.len() * (rounds - usize::from(alone_first));
        }
        let went_on = if round == 0 && alone_first {
            true
        } else {
            let Some(gained) = search.together(&grids.weights, &order, best.sqnr_db, stopped, found)? else {
                return Ok(None);
            };
            gained
        };
        let Some(reached) = all.whole(&search.now, cancelled)? else { return Ok(None) };
        if reached.sqnr_db < best.sqnr_db {
            // It has fitted the samples that it saw: take the round back.
            (search.present, search.now) = (present, now);
        } else {
            best = reached;
        }
        if stopped() || !went_on {
            break;
        }
    }
    if search.decided == 0 && stopped() {
        return Ok(None);
    }
    search.tell_rest(best.sqnr_db, found);
    let now = search.now;
    let Some(after) = trial.whole(&now, cancelled)? else { return Ok(None) };
    let both = |trial: &Trial| -> Result<Option<(OutputEffect, OutputEffect)>, ModelError> {
        let before = trial.whole(&grids.activations, cancelled)?;
        Ok(before.zip(trial.whole(&now, cancelled)?))
    };
    let unseen = match aside.is_empty() {
        true => None,
        false => both(&Trial::new(setup, &grids.weights, aside, threads)?)?,
    };
    let check = match trial.on_check() {
        None => None,
        Some(trial) => both(&trial)?,
    };
    if cancelled() {
        return Ok(None);
    }
    Ok(Some(Tuned { before, after, unseen, check }))
}

/// A search under way.
struct Search<'a> {
    setup: &'a Setup,
    layers: &'a [TuneLayer],
    samples: Vec<usize>,
    threads: usize,
    cancelled: Cancelled<'a>,
    /// What is chosen for each layer by now.
    present: Vec<Tried>,
    /// What was told of each layer last.
    told: Vec<Tried>,
    /// The same as `present`, as grids of all activations.
    now: Vec<Option<QuantParams>>,
    left: usize,
    decided: usize,
}

impl Search<'_> {
    /// Puts all layers on the one method and kind of grid that is best for the whole, if that is better than `sqnr` by
    /// now. Returns the SQNR then; `None` when it was cancelled.
    fn uniform(&mut self, trial: &Trial, mut sqnr: f64, stopped: &dyn Fn() -> bool) -> Result<Option<f64>, ModelError> {
        let bits = |format: Format, l: &TuneLayer| match l.present.format {
            Format::Int(scheme) => format.with_bits(scheme.num_bits()),
            fp8 @ Format::Fp8(_) => fp8,
        };
        let affine = Format::INT8.with_signed(false).with_symmetric(false);
        let methods = self.layers.first().map_or(0, |l| l.methods.len());
        for (method, format) in (0..methods).flat_map(|m| [(m, Format::INT8), (m, affine)]) {
            if stopped() {
                break;
            }
            let answer = |l: &TuneLayer| {
                let format = bits(format, l);
                let tensor = Tensor::new(l.histogram.clone(), format);
                let candidate = tensor.candidate(l.methods[method].as_ref());
                candidate.outcome.map_or(l.present, |t| Tried { clip: t.clip, format })
            };
            let present: Vec<Tried> = self.layers.iter().map(answer).collect();
            let mut now = self.now.clone();
            for (layer, tried) in self.layers.iter().zip(&present) {
                layer.tensors().iter().for_each(|&t| now[t] = Some(tried.params()));
            }
            let Some(output) = trial.whole(&now, self.cancelled)? else { return Ok(None) };
            if output.sqnr_db > sqnr {
                sqnr = output.sqnr_db;
                (self.present, self.now) = (present, now);
            }
        }
        Ok(Some(sqnr))
    }

    /// Tells what stands at the end for those layers of which something else was told last: the uniform start of layers
    /// that no round looked at, and what was taken back.
    fn tell_rest(&self, sqnr: f64, found: &mut dyn FnMut(TuneStep, usize)) {
        for (i, layer) in self.layers.iter().enumerate().filter(|(i, _)| self.present[*i] != self.told[*i]) {
            found(TuneStep { layer: layer.layer, chosen: self.present[i], before: sqnr, after: sqnr }, 0);
        }
    }

    /// As many samples as give enough numbers at the outputs to judge by; at least four.
    fn few(&self, trial: &Trial) -> usize {
        let numbers = trial.output_numbers().max(1);
        NUMBERS.div_ceil(numbers).clamp(4, self.samples.len().max(4)).min(self.samples.len())
    }

    /// The noise that each layer makes with all others in float, as a share of the signal; with the clip that makes the
    /// least, if it is to `choose`. `None` when it was cancelled.
    fn alone(
        &mut self,
        choose: bool,
        stopped: &dyn Fn() -> bool,
        found: &mut dyn FnMut(TuneStep, usize),
    ) -> Result<Option<Vec<f64>>, ModelError> {
        let float = Trial::new(self.setup, &[], self.samples.clone(), self.threads)?;
        let few = self.few(&float);
        let float = float.on_first(few);
        // A single clip's noise is partly luck.
        let spread: &[f32] = if choose { &[0.97, 1.0, 1.03] } else { &[1.0] };
        let mut noise = vec![0.0; self.layers.len()];
        let mut order: Vec<usize> = (0..self.layers.len()).collect();
        order.sort_by_key(|&i| self.layers[i].layer);
        for some in order.chunks(TOGETHER) {
            let tensors: Vec<usize> = some.iter().flat_map(|&i| self.layers[i].tensors()).collect();
            let Some(effect) = float.effect(&tensors, &[], self.cancelled)? else { return Ok(None) };
            for &i in some {
                if stopped() {
                    return Ok(Some(noise));
                }
                let own = self.layers[i].tensors();
                let price = |tried: Tried| -> Result<Option<f64>, ModelError> {
                    let mut sum = 0.0;
                    for &by in spread {
                        let grid = scaled(tried, by).params();
                        let grids: Vec<_> = tensors.iter().map(|t| own.contains(t).then_some(grid)).collect();
                        let Some(output) = effect.output(&grids, self.threads, self.cancelled)? else {
                            return Ok(None);
                        };
                        sum += 10f64.powf(-output.sqnr_db / 10.0);
                    }
                    Ok(Some(sum / spread.len() as f64))
                };
                let Some(base) = price(self.present[i])? else { return Ok(None) };
                let (mut best, mut best_at) = (base, self.present[i]);
                if !choose {
                    noise[i] = base;
                    continue;
                }
                for tried in tries(&self.layers[i]) {
                    let Some(noise) = price(tried)? else { return Ok(None) };
                    if noise < best {
                        (best, best_at) = (noise, tried);
                    }
                }
                noise[i] = best;
                let decibels = |noise: f64| -10.0 * noise.log10();
                self.decide(i, best_at, decibels(base), decibels(best), found);
            }
        }
        Ok(Some(noise))
    }

    /// Goes over the layers in this order, each among all others as they stand. Returns whether anything was gained;
    /// `None` when it was cancelled.
    fn together(
        &mut self,
        weights: &[Vec<QuantParams>],
        order: &[usize],
        mut sqnr: f64,
        stopped: &dyn Fn() -> bool,
        found: &mut dyn FnMut(TuneStep, usize),
    ) -> Result<Option<bool>, ModelError> {
        let few = self.few(&Trial::new(self.setup, &[], Vec::new(), self.threads)?);
        let (odd, even): (Vec<_>, Vec<_>) = self.samples[..few].iter().enumerate().partition(|(i, _)| i % 2 == 1);
        let half = |some: Vec<(usize, &usize)>| -> Result<Option<Trial>, ModelError> {
            let samples: Vec<usize> = some.into_iter().map(|(_, s)| *s).collect();
            if samples.is_empty() {
                return Ok(None);
            }
            Trial::new(self.setup, weights, samples, self.threads).map(Some)
        };
        let halves: Vec<Trial> = [half(even)?, half(odd)?].into_iter().flatten().collect();
        let mut gained = false;
        for &i in order {
            if stopped() {
                break;
            }
            let own = self.layers[i].tensors();
            let mut effects = Vec::new();
            for half in &halves {
                let Some(effect) = half.effect(&own, &self.now, self.cancelled)? else { return Ok(None) };
                effects.push(effect);
            }
            // Of both halves, in dB.
            let price = |tried: Tried| -> Result<Option<Vec<f64>>, ModelError> {
                let grids = vec![Some(tried.params()); own.len()];
                effects.iter().map(|e| Ok(e.output(&grids, self.threads, self.cancelled)?.map(|o| o.sqnr_db))).collect()
            };
            let Some(base) = price(self.present[i])? else { return Ok(None) };
            let gain = |db: &[f64]| db.iter().zip(&base).map(|(a, b)| a - b).fold(f64::INFINITY, f64::min);
            let (mut best, mut best_at) = (0.0, self.present[i]);
            let first = tries(&self.layers[i]).into_iter();
            for tried in first.chain(beside(self.present[i], 0.06)) {
                let Some(db) = price(tried)? else { return Ok(None) };
                if gain(&db) > best {
                    (best, best_at) = (gain(&db), tried);
                }
            }
            let worthwhile = best > WORTHWHILE;
            let (chosen, gain) = if worthwhile { (best_at, best) } else { (self.present[i], 0.0) };
            gained |= worthwhile;
            self.decide(i, chosen, sqnr, sqnr + gain, found);
            sqnr += gain;
        }
        Ok(Some(gained))
    }

    fn decide(&mut self, i: usize, chosen: Tried, before: f64, after: f64, found: &mut dyn FnMut(TuneStep, usize)) {
        (self.present[i], self.told[i]) = (chosen, chosen);
        self.layers[i].tensors().iter().for_each(|&t| self.now[t] = Some(chosen.params()));
        self.left = self.left.saturating_sub(1);
        self.decided += 1;
        found(TuneStep { layer: self.layers[i].layer, chosen, before, after }, self.left);
    }
}
