//! Searching clips for the best output of the whole network.

use super::alone::{alone, worth_searching};
use super::among::among;
use super::bench::{Bench, Budget, Split};
use super::standing::{NUMBERS, Standing};
use super::uniform::uniform;
use crate::ErrorKind;
use crate::jobs::network::Run;
use crate::jobs::trial::{Tune, TuneStep, Tuned};
use crate::model::ModelError;
use crate::quant::OutputEffect;
use crate::session::Failure;

/// Of so many samples one is kept aside.
const ASIDE: usize = 4;

/// Searches clips, layer by layer, for the best outputs. Every fourth sample is kept aside, and tells what the search is
/// worth.
///
/// It begins with the one method and format that is best for the whole network, among those computed, or with what
/// is chosen if that is better. Where the outputs hold few numbers to judge by, as a classifier's do, the first round
/// looks at each layer alone, the others in float: so it finds the clip with the least noise of its own,
/// and not one whose error happens to undo another layer's on these samples. The noise of a clip is the mean over three
/// that lie 3 % apart, because a single one's is partly luck. Any other round looks
/// at the layer among all the others as they stand by then, the most sensitive first, and changes only what gains on both
/// halves of the samples.
///
/// A round that is worse on all samples, those kept aside too, is taken back. A clip that makes the outputs NaN is worse
/// than any other.
///
/// `found` hears of each decision. When it is stopped the search ends with what was found. `None` when it was cancelled,
/// or stopped before anything was decided.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
pub(super) fn tune(
    run: &Run,
    wanted: &Tune,
    budget: Budget,
    found: &mut dyn FnMut(TuneStep, usize),
) -> Result<Option<Tuned>, Failure> {
    let split = Split::of(&wanted.params, run)?;
    let (setup, weights) = (&run.setup, split.weights.as_slice());
    let is_aside = |(i, _): &(usize, &usize)| i % ASIDE == ASIDE - 1;
    let (aside, samples): (Vec<_>, Vec<_>) = budget.samples.iter().enumerate().partition(is_aside);
    let plain = |some: Vec<(usize, &usize)>| -> Vec<usize> { some.into_iter().map(|(_, s)| *s).collect() };
    let (aside, samples) = (plain(aside), plain(samples));
    let both = [samples.as_slice(), &aside].concat();
    let bench = Bench::new(setup, weights, budget.on(&samples))?;
    let all = Bench::new(setup, weights, budget.on(&both))?;
    let (layers, rounds) = (&wanted.layers, wanted.rounds.max(1));
    let mut search = Standing::new(run, budget.on(&samples), layers, split.activations.clone(), found)?;
    search.left = layers.len() * rounds;

    let Some(before) = bench.whole(&search.now)? else { return Ok(None) };
    if !before.is_of_something() {
        return Err(nothing_to_judge_by(run));
    }
    let Some(whole) = all.whole(&search.now)? else { return Ok(None) };
    let mut best = whole.quality();
    if layers.len() > 1 {
        let Some(start) = uniform(&mut search, &all, best)? else { return Ok(None) };
        best = start;
    }
    let alone_first = layers.len() > 1 && search.few() * bench.output_numbers() < NUMBERS;
    let mut order: Vec<usize> = (0..layers.len()).collect();
    for round in 0..rounds {
        let (present, now) = (search.present.clone(), search.now.clone());
        if round == 0 && layers.len() > 1 {
            let Some(noise) = alone(&mut search, alone_first)? else { return Ok(None) };
            order = worth_searching(&noise);
            search.left = order.len() * (rounds - usize::from(alone_first));
        }
        let went_on = if round == 0 && alone_first {
            true
        } else {
            let Some(gained) = among(&mut search, weights, &order, best)? else { return Ok(None) };
            gained
        };
        let Some(reached) = all.whole(&search.now)? else { return Ok(None) };
        if reached.quality() < best {
            // It has fitted the samples that it saw: take the round back.
            (search.present, search.now) = (present, now);
        } else {
            best = reached.quality();
        }
        if search.stopped() || !went_on {
            break;
        }
    }
    if search.decided == 0 && search.stopped() {
        return Ok(None);
    }
    search.tell_rest(best, whole.samples, whole.of);
    worth(&bench, &split, search.now, before, &Bench::new(setup, weights, budget.on(&aside))?)
}

/// Why there is no clip that is better than another.
fn nothing_to_judge_by(run: &Run) -> Failure {
    let file = run.setup.network.file().to_owned();
    let why = if run.samples.is_empty() {
        "could be run on no sample, so that no clip can be judged by its outputs"
    } else {
        "has no output with an element, so that no clip can be judged by its outputs"
    };
    Failure { kind: ErrorKind::Unfit, message: format!("{file} {why}."), file }
}

/// What it was worth, on the samples that were searched on, on those kept aside, and on those to check on.
fn worth(
    bench: &Bench,
    split: &Split,
    now: Vec<Option<crate::quant::QuantParams>>,
    before: OutputEffect,
    aside: &Bench,
) -> Result<Option<Tuned>, Failure> {
    let Some(after) = bench.whole(&now)? else { return Ok(None) };
    let both = |bench: &Bench| -> Result<Option<(OutputEffect, OutputEffect)>, ModelError> {
        let before = bench.whole(&split.activations)?;
        Ok(before.zip(bench.whole(&now)?))
    };
    let unseen = if aside.samples() == 0 { None } else { Some(both(aside)?) };
    let check = bench.on_check().map(|bench| both(&bench)).transpose()?;
    // Where one of them was asked for and did not come, it was cancelled.
    if matches!(unseen, Some(None)) || matches!(check, Some(None)) {
        return Ok(None);
    }
    Ok(Some(Tuned { before, after, unseen: unseen.flatten(), check: check.flatten() }))
}
