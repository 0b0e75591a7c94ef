//! Trials of a network that take long, one after the other.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::bench::{Ask, Bench, Budget, Split};
use super::by_method::by_method;
use super::kept::Kept;
use super::progress::Progress;
use super::sensitivity::sensitivity;
use super::tune::tune;
use crate::jobs::network::Run;
use crate::jobs::told::Told;
use crate::jobs::trial::{ByMethod, Left, News, Params, Trial};
use crate::jobs::tuning::Tune;
use crate::model::ModelError;
use crate::quant::{OutputEffect, OutputEffects};
use crate::session::{Failure, Kind, Sensitivity};

/// Samples that sensitivities are taken over.
const SENSITIVITY: usize = 8;

/// What takes longer says after this time what the samples so far have said, and then again and again.
const FIRST: Duration = Duration::from_millis(250);
const NEXT: Duration = Duration::from_secs(1);

/// Who serves trials of a network.
pub(in crate::jobs) struct Served<'a, F> {
    pub run: &'a Run,
    pub kept: &'a Kept<'a>,
    pub threads: usize,
    pub tell: &'a (dyn Fn(Told) + Sync),
    /// Whether to leave at once.
    pub cancelled: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Whether to end with what was found.
    pub stopped: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Whether somebody has asked for everything as it is chosen once more.
    pub superseded: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Whether something waits that is more urgent than comparing methods; while the hand is served, it waits itself.
    pub urgent: Box<dyn Fn() -> bool + Sync + 'a>,
    /// Everything as it is chosen by now, where somebody waits for it.
    pub whole_meanwhile: F,
}

impl<F: Fn() -> Option<Trial>> Served<'_, F> {
    /// Does a trial and tells what comes of it. Returns what is left to do, where it has given way to what is urgent.
    pub fn trial(&self, trial: Trial) -> Option<Trial> {
        match trial {
            Trial::Alone { .. } => {}
            Trial::Whole(params) => self.whole(params, &self.stopped),
            Trial::Sensitivity(params) => self.sensitivity(&params),
            Trial::Tune(wanted) => self.tune(&wanted),
            Trial::ByMethod(wanted) => return self.by_method(&wanted).map(Trial::ByMethod),
        }
        None
    }

    /// What trials may use, all samples, in a drawn order.
    pub(super) fn budget(&self) -> Budget<'_> {
        let (samples, threads) = (self.kept.samples.as_slice(), self.threads);
        Budget { samples, threads, cancelled: &self.cancelled, stopped: &self.stopped }
    }

    /// Everything on these params, once. `None` when it was cancelled.
    ///
    /// # Errors
    ///
    /// The network cannot be run so.
    pub fn once(&self, params: &Params) -> Result<Option<OutputEffects>, ModelError> {
        let split = Split::of(params, self.run)?;
        let bench = Bench::new(&self.run.setup, self.kept, &split.weights, self.budget())?;
        bench.whole_until(&split.activations, &|| false, &|_| {})
    }

    /// Everything as it is chosen. Where that takes a while, what the samples so far say is told first; where something
    /// else is chosen meanwhile, it ends.
    fn whole(&self, params: Params, stopped: Ask) {
        let (started, due) = (Instant::now(), Mutex::new(FIRST));
        let (superseded, tell) = (&self.superseded, self.tell);
        let so_far = |effects: &dyn Fn() -> OutputEffects| {
            let (took, mut due) = (started.elapsed(), due.lock().unwrap_or_else(PoisonError::into_inner));
            if took >= *due {
                *due = took + NEXT;
                tell(Told::Trial(News::WholeSoFar { params: params.clone(), effects: effects(), took }));
            }
        };
        let left = || stopped() || superseded();
        let tried = || -> Result<Option<(OutputEffects, Option<OutputEffect>)>, ModelError> {
            let split = Split::of(&params, self.run)?;
            let bench = Bench::new(&self.run.setup, self.kept, &split.weights, self.budget())?;
            let Some(effect) = bench.whole_until(&split.activations, &left, &so_far)? else { return Ok(None) };
            let check = match bench.on_check() {
                None => None,
                Some(check) => check.whole_until(&split.activations, &left, &|_| {})?.map(|effects| effects.all),
            };
            Ok(Some((effect, check)))
        };
        let (result, check) = match tried() {
            Ok(Some((effects, check))) => {
                self.kept.ran(effects.all.samples + check.map_or(0, |check| check.samples), started.elapsed());
                (Ok(effects), check)
            }
            // Nobody waits for this one any more.
            Ok(None) if superseded() || (self.cancelled)() => return,
            Ok(None) => return self.news(News::WholeStopped { params }),
            Err(why) => (Err(Failure::from(why)), None),
        };
        if superseded() {
            // Nobody waits for this one any more.
            return;
        }
        self.news(News::Whole { params, result, check, took: started.elapsed() });
    }

    fn sensitivity(&self, params: &Params) {
        let samples = self.kept.samples.len().min(SENSITIVITY);
        let mut progress = Progress::begin(self.kept.pace());
        for (key, _) in params.iter().filter(|(_, grids)| !grids.is_empty()) {
            progress.plan(1, runs_of(key.kind(), samples));
            let glance = if key.kind() == Kind::Activation && samples > 1 { runs_of(key.kind(), 1) / 2.0 } else { 0.0 };
            progress.plan(usize::from(glance > 0.0), glance);
        }
        self.begun(progress.left());
        let mut found = |found: Sensitivity, steps| {
            let glance = found.without.samples == 0;
            progress.ran(if glance { runs_of(Kind::Activation, 1) / 2.0 } else { runs_of(found.key.kind(), samples) });
            self.news(News::Sensitivity(found, Left { steps, ..progress.left() }));
            self.whole_meanwhile();
        };
        let (cancelled, stopped) = (&self.cancelled, &self.stopped);
        let ended = || cancelled() || stopped();
        let budget = Budget { cancelled: &ended, ..self.budget().on_first(SENSITIVITY) };
        let result =
            Split::of(params, self.run).and_then(|split| sensitivity(self.run, self.kept, &split, budget, &mut found));
        self.news(News::SensitivityEnd(result.map(|_| ()).map_err(Failure::from)));
    }

    /// Tells how long it will take, where that is known.
    fn begun(&self, left: Left) {
        if left.time.is_some() {
            self.news(News::Begun(left));
        }
    }

    fn tune(&self, wanted: &Tune) {
        let mut found = |step, left| {
            self.news(News::Step(step, left));
            self.whole_meanwhile();
        };
        let begun = |left| self.begun(left);
        let result = tune(self.run, self.kept, wanted, self.budget(), &begun, &mut found);
        if !(self.cancelled)() {
            self.news(News::Tuned(result.map(|tuned| tuned.map(Box::new))));
        }
    }

    fn by_method(&self, wanted: &ByMethod) -> Option<ByMethod> {
        let mut found = |effect, left| self.news(News::Method(effect, left));
        let result = match by_method(self.run, self.kept, wanted, self.budget(), &self.urgent, &mut found) {
            Ok(Some(left)) => return Some(left),
            Ok(None) => Ok(()),
            Err(why) => Err(Failure::from(why)),
        };
        self.news(News::MethodsEnd { question: wanted.question, result });
        None
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

/// What the sensitivity of a tensor costs on so many samples, alone and left out, in runs of the whole network. Of an
/// activation what follows is run, a quarter as it was measured on a classifier; for a weight the network is made anew.
fn runs_of(kind: Kind, samples: usize) -> f64 {
    let share = match kind {
        Kind::Activation => 0.25,
        Kind::Weight => 1.3,
    };
    2.0 * samples as f64 * share
}
