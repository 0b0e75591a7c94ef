//! Trials of a network that take long, one after the other.

use std::time::Instant;

use super::bench::{Ask, Bench, Budget, Split};
use super::sensitivity::sensitivity;
use super::tune::tune;
use crate::jobs::network::Run;
use crate::jobs::told::Told;
use crate::jobs::trial::{Left, News, Params, Trial};
use crate::jobs::tuning::Tune;
use crate::model::ModelError;
use crate::quant::{OutputEffect, OutputEffects};
use crate::session::Failure;

/// Samples that sensitivities are taken over.
const SENSITIVITY: usize = 8;

/// Who serves trials of a network.
pub(in crate::jobs) struct Served<'a, F> {
    pub run: &'a Run,
    pub threads: usize,
    pub tell: &'a (dyn Fn(Told) + Sync),
    /// Whether to leave at once.
    pub cancelled: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Whether to end with what was found.
    pub stopped: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Everything as it is chosen by now, where somebody waits for it.
    pub whole_meanwhile: F,
}

impl<F: Fn() -> Option<Trial>> Served<'_, F> {
    /// Does a trial and tells what comes of it.
    pub fn trial(&self, trial: Trial) {
        match trial {
            Trial::Alone { .. } => {}
            Trial::Whole(params) => self.whole(params, &self.stopped),
            Trial::Sensitivity(params) => self.sensitivity(&params),
            Trial::Tune(wanted) => self.tune(&wanted),
        }
    }

    /// What trials may use, all samples.
    pub(super) fn budget(&self) -> Budget<'_> {
        let (samples, threads) = (self.run.samples.as_slice(), self.threads);
        Budget { samples, threads, cancelled: &self.cancelled, stopped: &self.stopped }
    }

    fn whole(&self, params: Params, stopped: Ask) {
        let started = Instant::now();
        let tried = || -> Result<Option<(OutputEffects, Option<OutputEffect>)>, ModelError> {
            let split = Split::of(&params, self.run)?;
            let bench = Bench::new(&self.run.setup, &split.weights, self.budget())?;
            let Some(effect) = bench.whole_until(&split.activations, stopped)? else { return Ok(None) };
            let check = match bench.on_check() {
                None => None,
                Some(check) => check.whole_until(&split.activations, stopped)?.map(|effects| effects.all),
            };
            Ok(Some((effect, check)))
        };
        let (result, check) = match tried() {
            Ok(Some((effects, check))) => (Ok(effects), check),
            Ok(None) => return,
            Err(why) => (Err(Failure::from(why)), None),
        };
        self.news(News::Whole { params, result, check, took: started.elapsed() });
    }

    fn sensitivity(&self, params: &Params) {
        let started = Instant::now();
        let mut done = 0;
        let mut found = |s, left| {
            done += 1;
            self.news(News::Sensitivity(s, to_come(started, done, left)));
            self.whole_meanwhile();
        };
        let (cancelled, stopped) = (&self.cancelled, &self.stopped);
        let ended = || cancelled() || stopped();
        let budget = Budget { cancelled: &ended, ..self.budget().on_first(SENSITIVITY) };
        let result = Split::of(params, self.run).and_then(|split| sensitivity(self.run, &split, budget, &mut found));
        self.news(News::SensitivityEnd(result.map(|_| ()).map_err(Failure::from)));
    }

    fn tune(&self, wanted: &Tune) {
        let mut found = |step, left| {
            self.news(News::Step(step, left));
            self.whole_meanwhile();
        };
        let result = tune(self.run, wanted, self.budget(), &mut found);
        if !(self.cancelled)() {
            self.news(News::Tuned(result.map(|tuned| tuned.map(Box::new))));
        }
    }

    fn whole_meanwhile(&self) {
        if let Some(Trial::Whole(params)) = (self.whole_meanwhile)() {
            self.whole(params, &|| false);
        }
    }

    fn news(&self, news: News) {
        (self.tell)(Told::Trial(news));
    }
}

fn to_come(started: Instant, done: usize, steps: usize) -> Left {
    Left { steps, time: Some(started.elapsed().mul_f64(steps as f64 / done as f64)) }
}
