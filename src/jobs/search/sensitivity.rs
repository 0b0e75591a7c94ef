//! Which tensors the network's outputs are sensitive to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::bench::{Bench, Budget, Split};
use super::kept::{Kept, with_weights};
use crate::guard::{joined, share};
use crate::jobs::network::Run;
use crate::model::{Effect, ModelError, OutputEffect};
use crate::quant::{Grids, QuantParams};
use crate::session::Sensitivity;

/// Activations whose partial runs begin at the same place. More cost fewer preparations, and longer runs each.
pub(super) const TOGETHER: usize = 12;

/// The effect of all chosen params together, and of each tensor that has one: alone, and left out. `found` hears of
/// each as soon as it is known, with the number of those to come. `None` when it was cancelled.
///
/// Activations are told twice: first what each does alone on one sample, which gives an order early.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
pub(super) fn sensitivity(
    run: &Run,
    kept: &Kept,
    split: &Split,
    budget: Budget,
    found: &mut dyn FnMut(Sensitivity, usize),
) -> Result<Option<OutputEffect>, ModelError> {
    let (setup, Budget { threads, cancelled, .. }) = (&run.setup, budget);
    let chosen: Vec<usize> = (0..split.activations.len()).filter(|&t| split.activations[t].is_some()).collect();
    let weights: Vec<usize> = (0..split.weights.len()).filter(|&w| !split.weights[w].is_empty()).collect();
    let mut left = chosen.len() + weights.len();
    if budget.samples.len() > 1 {
        let again = left;
        let mut told = |alone: Sensitivity, left: usize| found(alone, left + again);
        if !at_a_glance(run, kept, split, &chosen, budget, &mut told)? {
            return Ok(None);
        }
    }

    let float = Bench::new(setup, kept, &[], budget)?;
    let all = Bench::new(setup, kept, &split.weights, budget)?;
    let Some(whole) = all.whole(&split.activations)? else { return Ok(None) };
    for some in chosen.chunks(TOGETHER) {
        let (Some(alone), Some(without)) = (float.effect(some, &[])?, all.effect(some, &split.activations)?) else {
            return Ok(None);
        };
        for (i, &tensor) in some.iter().enumerate() {
            let (Some(alone), Some(without)) = (
                alone.output(&only(some, i, true, split), threads, cancelled)?,
                without.output(&only(some, i, false, split), threads, cancelled)?,
            ) else {
                return Ok(None);
            };
            left -= 1;
            found(Sensitivity { key: run.tensors.key(tensor), alone, without }, left);
        }
    }
    for weight in weights {
        let only = |keep: bool| -> Vec<Grids> {
            let params = |(w, params): (usize, &Grids)| {
                if (w == weight) == keep { params.clone() } else { Grids::FLOAT }
            };
            split.weights.iter().enumerate().map(params).collect()
        };
        let bench = |keep| Bench::of_graph(setup, kept, with_weights(setup, &only(keep))?, budget);
        let (alone, without) = (bench(true)?, bench(false)?);
        let none = vec![None; split.activations.len()];
        let (Some(alone), Some(without)) = (alone.whole(&none)?, without.whole(&split.activations)?) else {
            return Ok(None);
        };
        left -= 1;
        let key = run.tensors.key(run.activations() + weight);
        found(Sensitivity { key, alone, without }, left);
    }
    Ok(Some(whole))
}

/// Params for some activations: the one at `place` alone, or all but it.
fn only(some: &[usize], place: usize, keep: bool, split: &Split) -> Vec<Option<QuantParams>> {
    let params = |(i, &tensor): (usize, &usize)| if (i == place) == keep { split.activations[tensor] } else { None };
    some.iter().enumerate().map(params).collect()
}

/// What each of these activations does alone on the first sample, several at a time. Says on how many samples of how many
/// it is. Returns false when it was cancelled.
fn at_a_glance(
    run: &Run,
    kept: &Kept,
    split: &Split,
    chosen: &[usize],
    budget: Budget,
    found: &mut dyn FnMut(Sensitivity, usize),
) -> Result<bool, ModelError> {
    let of = budget.samples.len();
    let float = Bench::new(&run.setup, kept, &[], budget.on_first(1))?;
    let mut left = chosen.len();
    for some in chosen.chunks(TOGETHER) {
        let Some(effect) = float.effect(some, &[])? else { return Ok(false) };
        let effect = effect.out_of(of);
        let (sender, results) = channel();
        let next = AtomicUsize::new(0);
        let mut cancelled = false;
        let work = |sender: Sender<_>| each_alone(&effect, some, split, &next, budget, &sender);
        let work = &work;
        std::thread::scope(|scope| -> Result<(), ModelError> {
            let workers: Vec<_> = (0..budget.threads.clamp(1, some.len()))
                .map(|_| {
                    let sender = sender.clone();
                    scope.spawn(move || share(|| work(sender)))
                })
                .collect();
            drop(sender);
            let mut failed = Ok(());
            for (tensor, result) in results {
                match result {
                    Ok(Some(alone)) => {
                        left -= 1;
                        let without = OutputEffect::default();
                        found(Sensitivity { key: run.tensors.key(tensor), alone, without }, left);
                    }
                    Ok(None) => cancelled = true,
                    Err(why) => failed = Err(why),
                }
            }
            workers.into_iter().for_each(|worker| joined(worker.join()));
            failed
        })?;
        if cancelled {
            return Ok(false);
        }
    }
    Ok(true)
}

type Alone = (usize, Result<Option<OutputEffect>, ModelError>);

/// Tries one tensor after the other, those that nobody else has taken.
fn each_alone(
    effect: &Effect,
    some: &[usize],
    split: &Split,
    next: &AtomicUsize,
    budget: Budget,
    sender: &Sender<Alone>,
) {
    loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        let Some(&tensor) = some.get(i) else { return };
        let alone = effect.output(&only(some, i, true, split), 1, budget.cancelled);
        let ends = !matches!(alone, Ok(Some(_)));
        if sender.send((tensor, alone)).is_err() || ends {
            return;
        }
    }
}
