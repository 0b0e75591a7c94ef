//! Serving what is wished of the network on trial: at once for the clip in hand, behind it for everything that takes long.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use super::sensitivity::sensitivity;
use super::trial::{Split, Trial};
use super::tune::tune;
use super::work::Run;
use crate::input::InputError;
use crate::jobs::{self, Event, Grids, Left, News, Tune};
use crate::model::{Effect, ModelError};
use crate::quant::{OutputEffect, QuantParams};

/// Samples that the clip in hand is tried on.
const IN_HAND: usize = 8;

/// A trial of the clip in hand shall not take longer where fewer samples help.
const AT_HAND: Duration = Duration::from_millis(60);

/// Samples that sensitivities are taken over.
const SENSITIVITY: usize = 8;

/// What is kept between two trials of the same layer.
#[derive(Default)]
pub(super) struct InHand {
    of: Option<(usize, Effect)>,
}

impl Shared {
    /// Tries one layer alone and tells.
    pub(super) fn alone(&self, run: &Run, kept: &mut InHand, layer: usize, grids: Vec<QuantParams>) {
        let started = Instant::now();
        let result = match self.tried_alone(run, kept, layer, &grids) {
            Ok(Some(effect)) => Ok(effect),
            Ok(None) => return,
            Err(why) => Err(InputError::from(why)),
        };
        (self.tell)(Event::Trial(News::Alone { layer, grids, result, took: started.elapsed() }));
    }

    fn tried_alone(
        &self,
        run: &Run,
        kept: &mut InHand,
        layer: usize,
        grids: &[QuantParams],
    ) -> Result<Option<OutputEffect>, ModelError> {
        let cancelled = || self.cancelled();
        let threads = self.order.threads;
        let activations = run.setup.graph.tensors().len();
        let first = |n: usize| run.samples[..run.samples.len().min(n)].to_vec();
        if layer >= activations || grids.len() != 1 {
            // A weight's values are built into the graph.
            let mut layers = vec![Vec::new(); run.layers.len()];
            layers[layer] = grids.to_vec();
            let split = Split::of(&Grids { layers }, run)?;
            let trial = Trial::new(&run.setup, &split.weights, first(IN_HAND), threads)?;
            return trial.whole(&split.activations, &cancelled);
        }
        if kept.of.as_ref().is_none_or(|(of, _)| *of != layer) {
            let effect = |n: usize| Trial::new(&run.setup, &[], first(n), threads)?.effect(&[layer], &[], &cancelled);
            let Some(mut tried) = effect(IN_HAND)? else { return Ok(None) };
            let started = Instant::now();
            let Some(_) = tried.output(&[Some(grids[0])], threads, &cancelled)? else { return Ok(None) };
            let took = started.elapsed();
            if took > AT_HAND && tried.samples() > 1 {
                let n = (tried.samples() as f64 * AT_HAND.as_secs_f64() / took.as_secs_f64()) as usize;
                let Some(fewer) = effect(n.max(1))? else { return Ok(None) };
                tried = fewer;
            }
            kept.of = Some((layer, tried));
        }
        let (_, effect) = kept.of.as_ref().expect("it was just made");
        effect.output(&[Some(grids[0])], threads, &cancelled)
    }

    /// Serves what takes long until the loader is dropped.
    pub(super) fn serve_trials(&self, run: &Run) {
        while let Some(trial) = self.next_trial() {
            match trial {
                jobs::Trial::Alone { .. } => {}
                jobs::Trial::Whole(grids) => self.whole(run, grids),
                jobs::Trial::Sensitivity(grids) => self.sensitivity(run, &grids),
                jobs::Trial::Tune(wanted) => self.tune(run, &wanted),
            }
        }
    }

    fn whole(&self, run: &Run, grids: Grids) {
        let started = Instant::now();
        let tried = || -> Result<Option<(OutputEffect, Option<OutputEffect>)>, ModelError> {
            let split = Split::of(&grids, run)?;
            let trial = Trial::new(&run.setup, &split.weights, run.samples.clone(), self.order.threads)?;
            let cancelled = || self.cancelled();
            let Some(effect) = trial.whole(&split.activations, &cancelled)? else { return Ok(None) };
            let check = match trial.on_check() {
                None => None,
                Some(check) => check.whole(&split.activations, &cancelled)?,
            };
            Ok(Some((effect, check)))
        };
        let (result, check) = match tried() {
            Ok(Some((effect, check))) => (Ok(effect), check),
            Ok(None) => return,
            Err(why) => (Err(InputError::from(why)), None),
        };
        (self.tell)(Event::Trial(News::Whole { grids, result, check, took: started.elapsed() }));
    }

    fn sensitivity(&self, run: &Run, grids: &Grids) {
        let started = Instant::now();
        let mut done = 0;
        let mut found = |s, left| {
            done += 1;
            (self.tell)(Event::Trial(News::Sensitivity(s, to_come(started, done, left))));
            self.whole_meanwhile(run);
        };
        let ended = || self.cancelled() || self.trial_stopped.load(Ordering::Relaxed);
        let samples = &run.samples[..run.samples.len().min(SENSITIVITY)];
        let result = Split::of(grids, run)
            .and_then(|split| sensitivity(&run.setup, &split, samples, self.order.threads, &ended, &mut found));
        (self.tell)(Event::Trial(News::SensitivityEnd(result.map(|_| ()).map_err(InputError::from))));
    }

    fn tune(&self, run: &Run, wanted: &Tune) {
        let started = Instant::now();
        let mut done = 0;
        let mut found = |step, left| {
            done += 1;
            (self.tell)(Event::Trial(News::Step(step, to_come(started, done, left))));
            self.whole_meanwhile(run);
        };
        let stopped = || self.trial_stopped.load(Ordering::Relaxed);
        let cancelled = || self.cancelled();
        let result = Split::of(&wanted.grids, run).and_then(|split| {
            let (samples, threads) = (&run.samples, self.order.threads);
            tune(&run.setup, &split, wanted, samples, threads, &cancelled, &stopped, &mut found)
        });
        if !self.cancelled() {
            (self.tell)(Event::Trial(News::Tuned(result.map(|tuned| tuned.map(Box::new)).map_err(InputError::from))));
        }
    }

    /// The whole as chosen by now, where somebody waits for it: what takes long does not hold it up for more than a step.
    fn whole_meanwhile(&self, run: &Run) {
        let wished = self.wishes.lock().expect("no thread panics with the wishes in hand").whole.take();
        if let Some(grids) = wished {
            self.whole(run, grids);
        }
    }

    fn next_trial(&self) -> Option<jobs::Trial> {
        let mut wishes = self.wishes.lock().expect("no thread panics with the wishes in hand");
        loop {
            if self.cancelled() {
                return None;
            }
            if let Some(grids) = wishes.whole.take() {
                return Some(jobs::Trial::Whole(grids));
            }
            if let Some(trial) = wishes.long.take() {
                // With the wishes in hand, so that a stop goes for the one or for the other.
                self.trial_stopped.store(false, Ordering::Relaxed);
                return Some(trial);
            }
            wishes = self.changed.wait(wishes).expect("no thread panics with the wishes in hand");
        }
    }
}

fn to_come(started: Instant, done: usize, steps: usize) -> Left {
    Left { steps, time: Some(started.elapsed().mul_f64(steps as f64 / done as f64)) }
}
