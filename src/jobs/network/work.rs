//! What the thread of a network does.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::collect::{Collected, Watch, collect};
use super::setup::Setup;
use super::trials::InHand;
use super::{Shared, Subject, Wish};
use crate::calibrate::{Measure, Measured};
use crate::histogram::{BinPass, Histogram, Magnitude, RangePass, Stats};
use crate::input::InputError;
use crate::jobs::{Event, LayerResult};
use crate::model::ModelError;
use crate::quant::{Clip, Format};
use crate::session::{Joint, Layer, Origin, Ready};

/// What is kept of the run for later wishes.
pub(super) struct Run {
    pub setup: Setup,
    pub layers: Vec<Layer>,
    /// The samples that were counted.
    pub samples: Vec<usize>,
    /// Of each activation; `None` where it could not be counted.
    stats: Vec<Option<Stats>>,
}

impl Shared {
    /// Opens, runs, tells, and then serves wishes until the loader is dropped.
    pub(super) fn work(&self, subject: Subject) {
        let setup = match Setup::open(subject) {
            Ok(setup) => setup,
            Err(why) => {
                (self.tell)(Event::Found { layers: Vec::new(), errors: vec![why.into()] });
                return (self.tell)(Event::Done);
            }
        };
        (self.tell)(Event::Found { layers: setup.layers(), errors: Vec::new() });
        (self.tell)(Event::Opened { title: setup.title(), assumptions: setup.samples.assumptions().to_vec() });
        let mut run = Run { layers: setup.layers(), setup, samples: Vec::new(), stats: Vec::new() };
        self.weights(&run);
        if !self.activations(&mut run) || !self.asked_channels(&run) {
            return;
        }
        (self.tell)(Event::Done);
        // Two threads, so that what takes long does not hold up the clip in hand.
        let run = &run;
        std::thread::scope(|scope| {
            scope.spawn(|| self.serve_trials(run));
            self.serve(run);
        });
    }

    fn serve(&self, run: &Run) {
        let mut in_hand = InHand::default();
        while let Some(wish) = self.next() {
            match wish {
                Wish::Alone { layer, grids } => self.alone(run, &mut in_hand, layer, grids),
                Wish::Fine { layer, bins } => {
                    if let Some(result) = self.fine(run, layer, bins) {
                        (self.tell)(Event::Fine { layer, result });
                    }
                }
                Wish::Tie { of, start } => {
                    if !self.tell_tie(run, of, start) {
                        return;
                    }
                }
                Wish::Channels { layer, start } => {
                    if !self.tell_channels(run, layer, start, true) {
                        return;
                    }
                }
                Wish::Measure { layer, clip, format } => {
                    if let Some(result) = self.measure(run, layer, clip, format) {
                        (self.tell)(Event::Measured { layer, result });
                    }
                }
            }
        }
    }

    /// Every weight, which is there without a run.
    fn weights(&self, run: &Run) {
        let first = run.setup.graph.tensors().len();
        for (i, weight) in run.setup.weights.iter().enumerate() {
            let layer = first + i;
            if self.cancelled() {
                return;
            }
            let result = match run.setup.network.weight_values(weight) {
                Err(why) => Err(why.into()),
                Ok(values) => {
                    let origin = Origin {
                        files: vec![run.setup.network.file().to_owned()],
                        shape: weight.shape.iter().map(|&n| n as u64).collect(),
                        dtype: "float32".into(),
                        ..Origin::default()
                    };
                    let recipe = &self.order.recipe;
                    let histogram = Histogram::of(&values, recipe.bins, &recipe.grids);
                    let mut result = self.analysed(run, layer, origin, Some(histogram));
                    if let (true, Ok(read)) = (self.order.measure, &mut result) {
                        let mut measure = Measure::new(read.1.choice().clip, read.1.format());
                        measure.push(&values);
                        read.1.set_measured(measure.finish());
                    }
                    result
                }
            };
            (self.tell)(Event::Layer { layer, result });
        }
    }

    /// Runs the samples and tells every activation. Returns whether it was not cancelled.
    fn activations(&self, run: &mut Run) -> bool {
        let started = Instant::now();
        let told = Cell::new(None);
        let progress = |done: usize, of: usize| {
            if told.get().is_none_or(|at: Instant| at.elapsed() >= Duration::from_millis(100)) {
                told.set(Some(Instant::now()));
                let left = (done > 0).then(|| started.elapsed().mul_f64((of - done) as f64 / done as f64));
                (self.tell)(Event::Running { done, of, left });
            }
        };
        let watch = Watch {
            progress: &progress,
            cancelled: &|| self.cancelled(),
            stopped: &|| self.stopped.swap(false, Ordering::Relaxed),
        };
        let order = &self.order;
        let groups = self.groups(run);
        let tied: Vec<Vec<usize>> = groups.iter().map(|group| group.of.clone()).collect();
        let Collected { mut histograms, samples, skipped, stopped } =
            match collect(&run.setup, &order.recipe, &tied, order.one_pass, order.threads, &watch) {
                Ok(Some(collected)) => collected,
                Ok(None) => return false,
                Err(why) => {
                    // Each row says why there is nothing in it.
                    let why = InputError::from(why);
                    (0..run.setup.graph.tensors().len())
                        .for_each(|layer| (self.tell)(Event::Layer { layer, result: Err(why.clone()) }));
                    return true;
                }
            };
        skipped.into_iter().for_each(|why| (self.tell)(Event::Unusable(why.into())));
        run.samples = samples;
        let together = histograms.split_off(run.setup.graph.tensors().len());
        run.stats = histograms.iter().map(|h| h.as_ref().map(|h| h.stats.clone())).collect();
        let notes = run.setup.notes(run.samples.len(), stopped, order.one_pass);
        let run = &*run;
        let tell_ties = |joints: Vec<Result<Joint, InputError>>| {
            for (layers, joint) in tied.into_iter().zip(joints) {
                (self.tell)(Event::Tied { layers, requested: false, result: joint.map(Box::new) });
            }
        };
        if !order.measure {
            self.analyse(run, histograms, &notes, &|layer, result| (self.tell)(Event::Layer { layer, result }));
            tell_ties(self.joints(run, &groups, together));
            return !self.cancelled();
        }
        let results = Mutex::new(Vec::new());
        self.analyse(run, histograms, &notes, &|layer, result| {
            results.lock().expect("nothing panics here").push((layer, result));
        });
        let mut results = results.into_inner().expect("nothing panics here");
        if !self.measure_all(run, &mut results) {
            return false;
        }
        let mut joints = self.joints(run, &groups, together);
        if !self.measure_joints(run, &mut joints) {
            return false;
        }
        results.into_iter().for_each(|(layer, result)| (self.tell)(Event::Layer { layer, result }));
        tell_ties(joints);
        true
    }

    /// Tries every method on every histogram, on all threads.
    fn analyse(
        &self,
        run: &Run,
        histograms: Vec<Option<Histogram>>,
        notes: &[String],
        done: &(dyn Fn(usize, LayerResult) + Sync),
    ) {
        let next = Mutex::new(histograms.into_iter().enumerate());
        std::thread::scope(|scope| {
            for _ in 0..self.order.threads {
                scope.spawn(|| {
                    loop {
                        let taken = next.lock().expect("nothing panics with the list in hand").next();
                        let Some((layer, histogram)) = taken.filter(|_| !self.cancelled()) else { return };
                        let origin = run.setup.origin(layer, run.samples.len(), notes.to_vec());
                        done(layer, self.analysed(run, layer, origin, histogram));
                    }
                });
            }
        });
    }

    fn analysed(&self, run: &Run, layer: usize, origin: Origin, histogram: Option<Histogram>) -> LayerResult {
        let Some(histogram) = histogram else {
            let file = run.setup.network.file().to_owned();
            let name = &run.layers[layer].name();
            let message =
                format!("{file} gives other values for {name} when it is run again on the same input; use --one-pass.");
            return Err(InputError { file, message });
        };
        let ready = Ready::analyse(Arc::new(histogram), &self.order.plan, &run.layers[layer].subject());
        Ok(Box::new((origin, ready)))
    }

    /// Measures every activation's first choice, in one more run over the samples. Returns whether it was not
    /// cancelled.
    fn measure_all(&self, run: &Run, results: &mut [(usize, LayerResult)]) -> bool {
        let mut measures: Vec<Option<Measure>> = run.setup.graph.tensors().iter().map(|_| None).collect();
        for (layer, result) in results.iter() {
            if let Ok(read) = result {
                measures[*layer] = Some(Measure::new(read.1.choice().clip, read.1.format()));
            }
        }
        let mut observe = |tensor: usize, values: &[f32]| {
            if let Some(measure) = &mut measures[tensor] {
                measure.push(values);
            }
        };
        match self.run_again(run, &mut observe) {
            None => false,
            Some(Err(why)) => {
                results.iter_mut().for_each(|(_, result)| *result = Err(why.clone()));
                true
            }
            Some(Ok(())) => {
                for (layer, result) in results {
                    if let (Ok(read), Some(measure)) = (result, measures[*layer].take()) {
                        read.1.set_measured(measure.finish());
                    }
                }
                true
            }
        }
    }

    /// Runs the same samples once more. `None` when it was cancelled.
    pub(super) fn run_again(
        &self,
        run: &Run,
        observe: &mut dyn FnMut(usize, &[f32]),
    ) -> Option<Result<(), InputError>> {
        for &sample in &run.samples {
            let values = match run.setup.samples.get(sample) {
                Ok(values) => values,
                Err(why) => return Some(Err(why.into())),
            };
            let cancelled = || self.cancelled();
            match run.setup.graph.run(&values, &mut |tensor, _, values| observe(tensor, values), &cancelled) {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(why) => return Some(Err(why.into())),
            }
        }
        Some(Ok(()))
    }

    /// Hands all values of one layer to `take`. `None` when it was cancelled.
    pub(super) fn values(
        &self,
        run: &Run,
        layer: usize,
        take: &mut dyn FnMut(&[f32]),
    ) -> Option<Result<(), InputError>> {
        match layer.checked_sub(run.setup.graph.tensors().len()) {
            Some(weight) => {
                let values = run.setup.network.weight_values(&run.setup.weights[weight]);
                Some(values.map(|values| take(&values)).map_err(InputError::from))
            }
            None => self.run_again(run, &mut |tensor, values| {
                if tensor == layer {
                    take(values);
                }
            }),
        }
    }

    /// The magnitudes of a layer on finer bins.
    fn fine(&self, run: &Run, layer: usize, bins: usize) -> Option<Result<Magnitude, InputError>> {
        let fail = |predicate: &str| {
            let file = run.setup.network.file().to_owned();
            Some(Err(InputError { message: format!("{file} {predicate}"), file }))
        };
        if self.order.one_pass && layer < run.stats.len() {
            return fail("was run in one pass, on bins that cannot be cut finer; run it without --one-pass.");
        }
        let stats = match run.stats.get(layer) {
            Some(Some(stats)) => stats.clone(),
            Some(None) => return fail("gave no counts for this layer."),
            None => {
                let mut pass = RangePass::new();
                match self.values(run, layer, &mut |values| pass.push(values))? {
                    Ok(()) => pass.finish(),
                    Err(why) => return Some(Err(why)),
                }
            }
        };
        let mut pass = BinPass::new(stats, bins, &[]);
        match self.values(run, layer, &mut |values| pass.push(values))? {
            Ok(()) => match pass.finish_part() {
                Ok(histogram) => Some(Ok(histogram.magnitude)),
                Err(_) => fail("gives other values when it is run again on the same input."),
            },
            Err(why) => Some(Err(why)),
        }
    }

    /// What a clip costs on a layer's values.
    fn measure(&self, run: &Run, layer: usize, clip: Clip, format: Format) -> Option<Result<Measured, InputError>> {
        let mut measure = Measure::new(clip, format);
        let done = self.values(run, layer, &mut |values| measure.push(values))?;
        Some(done.map(|()| measure.finish()))
    }

    pub(super) fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The most wanted piece of work; `None` when the loader is gone.
    fn next(&self) -> Option<Wish> {
        let mut wishes = self.wishes.lock().expect("no thread panics with the wishes in hand");
        loop {
            if self.cancelled() {
                return None;
            }
            if let Some((layer, grids)) = wishes.alone.take() {
                return Some(Wish::Alone { layer, grids });
            }
            if let Some((layer, bins)) = wishes.fine.take() {
                return Some(Wish::Fine { layer, bins });
            }
            if let Some((layer, start)) = wishes.channels.take() {
                return Some(Wish::Channels { layer, start });
            }
            if let Some((of, start)) = wishes.tie.take() {
                return Some(Wish::Tie { of, start });
            }
            if let Some((layer, clip, format)) = wishes.measure.take() {
                return Some(Wish::Measure { layer, clip, format });
            }
            wishes = self.changed.wait(wishes).expect("no thread panics with the wishes in hand");
        }
    }
}

impl From<ModelError> for InputError {
    fn from(error: ModelError) -> InputError {
        InputError { file: error.file, message: error.message }
    }
}
