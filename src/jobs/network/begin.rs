//! The beginning of a network: every weight, all runs over the samples, and what they give.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::collect::{Collected, Wanted, Watch, collect};
use super::run::Run;
use super::values::NetworkValues;
use crate::guard::{guarded, share};
use crate::histogram::{Histogram, Packed};
use crate::input::SentinelSearch;
use crate::jobs::channels::{self, Lies, Window, analyse_channels, count_windows};
use crate::jobs::joint;
use crate::jobs::measure::{self, measure};
use crate::jobs::recipe::Recipe;
use crate::jobs::ties::{Group, Ties};
use crate::jobs::told::{Told, defect};
use crate::jobs::values::{self, Values, now_and_then};
use crate::session::{Arrival, Failure, Joint, Key, Origin, Plan, Ready, Start};

/// What is wanted of a network, and how it is told to stop.
pub(in crate::jobs) struct Begin<'a> {
    pub recipe: &'a Recipe,
    pub plan: &'a Plan,
    pub ties: &'a Ties,
    /// The samples to run.
    pub samples: &'a [usize],
    /// Whether nothing is counted and told but tensors that begin quantized, and those that share a range with others.
    pub quantized_only: bool,
    pub measure: bool,
    /// Whether sentinels are looked for, in a run of their own, and left out.
    pub ignore_sentinels: bool,
    pub threads: usize,
    pub tell: &'a (dyn Fn(Told) + Sync),
    /// How often it is told how far the runs are.
    pub every: Duration,
    /// Whether to leave at once.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Whether the present pass over the samples shall end with those seen so far. A yes is said once.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

/// A layer with its origin, or why it cannot be read.
type Read = Result<Box<(Origin, Ready)>, Failure>;

/// Channels that are asked for beforehand: by a rule, or because a weight has output channels.
struct Asked {
    tensor: usize,
    start: Start,
    lies: Result<Lies, Failure>,
}

/// Reads the weights, runs the samples, and tells what each tensor holds. Returns whether it was not cancelled.
///
/// Activations, joints and channels come out of the same two runs over the samples; where measuring is asked for, there
/// is one more. Only where the counters of all channels do not fit into memory, or where there is only one pass, are
/// there more runs.
pub(in crate::jobs) fn begin(begin: &Begin, run: &mut Run) -> bool {
    begin.weights(run);
    // As long as nothing else is known every sample counts.
    run.samples = begin.samples.to_vec();
    if begin.ignore_sentinels && !begin.sentinels(run) {
        return false;
    }
    let asked = begin.asked(run);
    match begin.activations(run, &asked) {
        Some((counted, rounds)) => begin.channels(run, &asked, counted, rounds),
        None => false,
    }
}

/// Channels of activations that were counted, with their windows.
type Counted = Vec<(Window, Option<Vec<Packed>>)>;

/// Channels that are to be counted in runs of their own.
type Rounds = Vec<Vec<Window>>;

impl Begin<'_> {
    fn layer(&self, key: Key, result: Read) {
        (self.tell)(Told::Arrived(Arrival::Layer { key, result }));
    }

    /// Whether a tensor is wanted for its own sake.
    fn wants(&self, run: &Run, tensor: usize) -> bool {
        !self.quantized_only || self.plan.start(&run.tensors.layers[tensor].subject()).quantized
    }

    /// Every weight, which is there without a run.
    fn weights(&self, run: &Run) {
        let first = run.activations();
        for (i, weight) in run.setup.weights.iter().enumerate() {
            if (self.cancelled)() {
                return;
            }
            if !self.wants(run, first + i) {
                continue;
            }
            let read = || -> Read {
                let values = run.setup.network.weight_values(weight)?;
                let origin = Origin {
                    files: vec![run.setup.network.file().to_owned()],
                    shape: Some(weight.shape.iter().map(|&n| n as u64).collect()),
                    dtype: weight.dtype.clone(),
                    initializer: weight.initializer.clone(),
                    notes: weight.computed_from().into_iter().collect(),
                    ..Origin::default()
                };
                let histogram = Histogram::of(&values, self.recipe.bins, &self.recipe.grids);
                let mut read = self.analysed(run, first + i, origin, Some(histogram))?;
                if self.measure {
                    let mut measure = crate::calibrate::Measure::new(read.1.decision().clip, read.1.format());
                    measure.push(&values);
                    read.1.set_measured(measure.finish());
                }
                Ok(read)
            };
            let result = guarded(read).unwrap_or_else(|_| Err(defect(run.setup.network.file())));
            self.layer(run.tensors.key(first + i), result);
        }
    }

    /// Looks for sentinels among the values of each activation, in one run over the samples. Returns false when it was
    /// cancelled.
    fn sentinels(&self, run: &mut Run) -> bool {
        let mut searches = vec![SentinelSearch::default(); run.activations()];
        let search = || -> bool {
            for sample in 0..run.setup.samples.len() {
                (self.tell)(Told::Running { done: sample, of: run.setup.samples.len(), left: None });
                // What is wrong with a sample is told when it is counted.
                let Ok(values) = run.setup.samples.get(sample) else { continue };
                let mut see = |tensor: usize, _: &[usize], values: &[f32]| searches[tensor].push(values);
                if matches!(run.runs.run(&run.setup, &values, &mut see, self.cancelled), Ok(false)) {
                    return false;
                }
            }
            true
        };
        let Ok(done) = guarded(search) else { return true };
        run.runs.sentinels = searches.into_iter().map(SentinelSearch::finish).collect();
        done
    }

    /// The channels that are wanted, of every tensor.
    fn asked(&self, run: &Run) -> Vec<Asked> {
        let values = NetworkValues { run, threads: self.threads };
        let asked = |tensor: usize| {
            let mut start = self.plan.start(&run.tensors.layers[tensor].subject());
            let weight = tensor.checked_sub(run.activations()).and_then(|w| run.setup.weights[w].axis);
            // Where the file has one scale for a weight, it begins with one.
            let in_file = start.imported.iter().find(|offer| offer.begins);
            let own = in_file.map_or(weight, |in_file| in_file.axis);
            let axis = start.axis.or(own.map(|axis| axis as i64))?;
            start.axis = Some(axis);
            let lies = values.batches(tensor).and_then(|batches| channels::lies(&batches, axis));
            Some(Asked { tensor, start, lies })
        };
        (0..run.tensors.layers.len()).filter(|&tensor| self.wants(run, tensor)).filter_map(asked).collect()
    }

    /// Runs the samples and tells every activation. Returns the channels that were counted on the way, and those that are to
    /// be counted still; `None` when it was cancelled.
    fn activations(&self, run: &mut Run, asked: &[Asked]) -> Option<(Counted, Rounds)> {
        let activations = run.activations();
        let lies = asked.iter().filter(|a| a.tensor < activations);
        let lies = lies.filter_map(|a| Some((a.tensor, a.lies.as_ref().ok()?.clone())));
        let mut rounds = channels::rounds(lies, self.recipe);
        let first = if run.one_pass || rounds.is_empty() { Vec::new() } else { rounds.remove(0) };

        let groups = self.groups(run);
        let joints: Vec<Vec<usize>> = groups.iter().map(|group| group.of.clone()).collect();
        let counted: Vec<bool> =
            (0..activations).map(|t| self.wants(run, t) || joints.iter().any(|of| of.contains(&t))).collect();
        let wanted = Wanted {
            recipe: self.recipe,
            samples: self.samples,
            counted: &counted,
            joints: &joints,
            channels: &first,
            one_pass: run.one_pass,
            threads: self.threads,
        };
        let (started, told) = (Instant::now(), Cell::new(None));
        let progress = |done: usize, of: usize| {
            if told.get().is_none_or(|at: Instant| at.elapsed() >= self.every) {
                told.set(Some(Instant::now()));
                let left = (done > 0).then(|| started.elapsed().mul_f64((of - done) as f64 / done as f64));
                (self.tell)(Told::Running { done, of, left });
            }
        };
        let watch = Watch { progress: &progress, cancelled: &self.cancelled, stopped: &self.stopped };
        let collected = guarded(|| collect(&run.setup, &run.runs, &wanted, &watch).map_err(Failure::from));
        let collected = match collected.unwrap_or_else(|_| Err(defect(run.setup.network.file()))) {
            Ok(collected) => collected?,
            Err(why) => {
                // Each row says why there is nothing in it.
                (0..activations).for_each(|tensor| self.layer(run.tensors.key(tensor), Err(why.clone())));
                run.samples.clear();
                return Some((Vec::new(), Vec::new()));
            }
        };
        let Collected { mut histograms, channels, samples, reached, skipped, stopped } = collected;
        skipped.into_iter().for_each(|why| (self.tell)(Told::Arrived(Arrival::Failed(why.into()))));
        if stopped {
            (self.tell)(Told::Stopped { seen: samples.len(), of: self.samples.len() });
        }
        (run.samples, run.reached) = (samples, reached);
        let together = histograms.split_off(activations);
        run.stats = histograms.iter().map(|h| h.as_ref().map(|h| h.stats.clone())).collect();
        let histograms = histograms.into_iter().enumerate().filter(|(tensor, _)| counted[*tensor]).collect();
        self.tell_all(run, histograms, &groups, together, stopped)?;

        Some((first.into_iter().zip(channels).collect(), rounds))
    }

    /// Tells activations and joints, once they are measured where that is wanted. `None` when it was cancelled.
    fn tell_all(
        &self,
        run: &Run,
        histograms: Vec<(usize, Option<Histogram>)>,
        groups: &[Group],
        together: Vec<Option<Histogram>>,
        stopped: bool,
    ) -> Option<()> {
        let notes = run.setup.notes(run.samples.len(), stopped, run.one_pass);
        let results = Mutex::new(Vec::new());
        self.analyse(run, histograms, &notes, &|tensor, result| {
            if self.measure {
                results.lock().unwrap_or_else(PoisonError::into_inner).push((tensor, result));
            } else {
                self.layer(run.tensors.key(tensor), result);
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        let joint = |(group, histogram): (&Group, Option<Histogram>)| {
            let values = NetworkValues { run, threads: self.threads };
            let histogram = histogram.ok_or_else(|| values.changed(group.of[0]))?;
            let start = self.plan.start_together(run.tensors.subjects(&group.of)).expect("a group has tensors");
            let chosen = guarded(|| joint::of(group, run.tensors.keys(&group.of), histogram, self.plan, &start));
            chosen.map_err(|_| defect(run.setup.network.file()))
        };
        let mut joints: Vec<Result<Joint, Failure>> = groups.iter().zip(together).map(joint).collect();
        if self.measure {
            let measured = guarded(|| self.measured(run, &mut results, groups, &mut joints));
            match measured.unwrap_or_else(|_| Err(defect(run.setup.network.file()))) {
                Ok(done) => done?,
                Err(why) => results.iter_mut().for_each(|(_, result)| *result = Err(why.clone())),
            }
        }
        results.into_iter().for_each(|(tensor, result)| self.layer(run.tensors.key(tensor), result));
        for (group, joint) in groups.iter().zip(joints) {
            let of = run.tensors.keys(&group.of);
            (self.tell)(Told::Arrived(Arrival::Tied { of, requested: false, result: joint.map(Box::new) }));
        }
        (!(self.cancelled)()).then_some(())
    }

    /// Measures every first choice, and what each joint's choice costs on the values of its tensors, in one more run
    /// over the samples. `None` when it was cancelled.
    fn measured(
        &self,
        run: &Run,
        results: &mut [(usize, Read)],
        groups: &[Group],
        joints: &mut [Result<Joint, Failure>],
    ) -> Result<Option<()>, Failure> {
        let wanted = |tensor: usize, ready: &Ready| {
            let (clip, format) = (ready.decision().clip, ready.format());
            measure::Wanted { tensor, clip, format }
        };
        let own = results.iter().filter_map(|(tensor, result)| Some(wanted(*tensor, &result.as_ref().ok()?.1)));
        let together =
            groups.iter().zip(joints.iter()).filter_map(|(group, joint)| Some((group, joint.as_ref().ok()?)));
        let tied = together.flat_map(|(group, joint)| group.of.iter().map(|t| wanted(*t, &joint.ready)));
        let all: Vec<measure::Wanted> = own.chain(tied).collect();
        let values = NetworkValues { run, threads: self.threads };
        let of = run.samples.len();
        let progress = now_and_then(|share, left| {
            (self.tell)(Told::Running { done: (share * of as f64) as usize, of, left });
        });
        let watch = values::Watch { progress: &progress, cancelled: self.cancelled };
        let Some(measured) = measure(&values, &all, &watch)? else { return Ok(None) };
        let mut measured = measured.into_iter();
        for (read, measured) in results.iter_mut().filter_map(|(_, result)| result.as_mut().ok()).zip(&mut measured) {
            read.1.set_measured(measured);
        }
        for joint in joints.iter_mut().flatten() {
            joint.measured = measured.by_ref().take(joint.of.len()).collect();
        }
        Ok(Some(()))
    }

    /// Tries every method on every histogram, on all threads.
    fn analyse(
        &self,
        run: &Run,
        histograms: Vec<(usize, Option<Histogram>)>,
        notes: &[String],
        done: &(dyn Fn(usize, Read) + Sync),
    ) {
        let next = Mutex::new(histograms.into_iter());
        let work = || {
            loop {
                let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((tensor, histogram)) = taken.filter(|_| !(self.cancelled)()) else { return };
                let mut notes = notes.to_vec();
                notes.extend(run.notes_of(tensor));
                let origin = run.setup.origin(tensor, run.reached[tensor], notes);
                let read = guarded(|| self.analysed(run, tensor, origin, histogram));
                done(tensor, read.unwrap_or_else(|_| Err(defect(run.setup.network.file()))));
            }
        };
        std::thread::scope(|scope| (0..self.threads).for_each(|_| drop(scope.spawn(|| share(work)))));
    }

    fn analysed(&self, run: &Run, tensor: usize, origin: Origin, histogram: Option<Histogram>) -> Read {
        let values = NetworkValues { run, threads: self.threads };
        let histogram = histogram.ok_or_else(|| values.changed(tensor))?;
        let layer = &run.tensors.layers[tensor];
        Ok(Box::new((origin, Ready::analyse(Arc::new(histogram), self.plan, &layer.subject()))))
    }

    /// The groups that were asked for, and the inputs of each `Concat`. What was asked for and cannot be is told.
    fn groups(&self, run: &Run) -> Vec<Group> {
        let mut concats = run.setup.concats();
        // What shares a scale in the file has the same one.
        let follows_file = |tensor: usize| {
            let start = self.plan.start(&run.tensors.layers[tensor].subject());
            start.imported.iter().any(|offer| offer.begins)
        };
        concats.retain(|(_, inputs)| !inputs.iter().any(|&tensor| follows_file(tensor)));
        self.ties.told((&run.tensors.layers, run.setup.network.file()), self.plan, &concats, self.tell)
    }

    /// Counts what is left, and analyses and tells the channels that were asked for beforehand: of activations those that
    /// were counted, of weights those that are read now. Returns false when it was cancelled.
    fn channels(&self, run: &Run, asked: &[Asked], mut counted: Counted, rounds: Rounds) -> bool {
        let values = NetworkValues { run, threads: self.threads };
        let progress = now_and_then(|share, left| (self.tell)(Told::Channels { share, left }));
        let watch = values::Watch { progress: &progress, cancelled: self.cancelled };
        // Runs over the samples are steps, and all that comes behind them is one.
        let steps = (rounds.len() + 1) as f64;
        for (at, round) in rounds.into_iter().enumerate() {
            let (from, to) = (at as f64 / steps, (at + 1) as f64 / steps);
            let found = guarded(|| watch.part(from, to, |watch| count_windows(&values, &round, self.recipe, watch)));
            match found.unwrap_or_else(|_| Err(defect(run.setup.network.file()))) {
                Ok(None) => return false,
                Ok(Some(found)) => counted.extend(round.into_iter().zip(found.into_iter().map(Some))),
                Err(_) => counted.extend(round.into_iter().map(|window| (window, None))),
            }
        }
        watch.part(1.0 - 1.0 / steps, 1.0, |watch| self.analyse_channels(run, asked, counted, watch))
    }

    /// Analyses and tells channels. Returns false when it was cancelled.
    fn analyse_channels(&self, run: &Run, asked: &[Asked], counted: Counted, watch: &values::Watch) -> bool {
        let values = NetworkValues { run, threads: self.threads };
        let mut counted = counted.into_iter().peekable();
        // How many channels there are is about how long they take.
        let size = |asked: &Asked| asked.lies.as_ref().map_or(0, Lies::channels) as f64;
        let (all, mut before) = (asked.iter().map(size).sum::<f64>().max(1.0), 0.0);
        for asked in asked {
            let Asked { tensor, start, lies } = asked;
            let (from, to) = (before / all, (before + size(asked)) / all);
            before += size(asked);
            let of_run = *tensor < run.activations();
            if of_run && run.samples.is_empty() {
                // The layer itself says what is wrong.
                continue;
            }
            let middle = if of_run { from } else { (from + to) / 2.0 };
            let mut read = || -> Result<Option<_>, Failure> {
                let axis = lies.clone()?.axis;
                let packed = if of_run {
                    let mut all = Vec::new();
                    while let Some((_, packed)) = counted.next_if(|(window, _)| window.tensor == *tensor) {
                        all.extend(packed.ok_or_else(|| values.changed(*tensor))?);
                    }
                    Some((axis, all))
                } else {
                    let count =
                        |watch: &values::Watch| channels::count(&values, *tensor, axis as i64, self.recipe, watch);
                    watch.part(from, middle, count)?
                };
                let Some(packed) = packed else { return Ok(None) };
                let (plan, threads) = (self.plan, self.threads);
                let analyse = |watch: &values::Watch| {
                    analyse_channels(packed, plan, start, threads, watch.progress, watch.cancelled)
                };
                Ok(watch.part(middle, to, analyse))
            };
            let result = guarded(&mut read).unwrap_or_else(|_| Err(defect(run.setup.network.file())));
            let Some(result) = result.transpose() else { return false };
            let key = run.tensors.key(*tensor);
            (self.tell)(Told::Arrived(Arrival::Channels { key, requested: false, result }));
        }
        true
    }
}
