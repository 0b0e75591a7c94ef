//! Each layer alone, all others in float, judged at the network's outputs.

use std::ops::Range;

use super::bench::Bench;
use super::candidates::between;
use super::nearest::Scores;
use super::noise::mean;
use super::sensitivity::TOGETHER;
use super::standing::{Choice, Set, Standing};
use crate::jobs::tuning::{Tried, UNCHANGED};
use crate::model::{Loss, ModelError};
use crate::quant::Decibels;

/// A layer whose noise alone lies this many dB below that of the whole network is left as it is.
const QUIETER: f64 = 20.0;

/// Samples of a first look at every layer.
const LOOK: usize = 4;

/// Candidates that the first samples leave to be tried on all, and those between that were passed over beside the best.
const FINALISTS: usize = 3;
const BESIDE: usize = 2;

/// A layer that makes more than this share of what all of them cost is looked at more closely.
const LOUD: f64 = 0.1;

/// The share of a network that lies behind a tensor, as a rule.
const BEHIND: f64 = 0.5;

/// The SQNR at the outputs of each layer alone as it stands. `None` when it was cancelled.
pub(super) fn look(search: &mut Standing) -> Result<Option<Vec<Decibels>>, ModelError> {
    let budget = search.budget.on_first(LOOK);
    let float = Bench::new(&search.run.setup, search.kept, &[], budget)?;
    let mut found = vec![Decibels::PERFECT; search.tensors.len()];
    // In the order of the file, so that runs begin where the first of some begins.
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|&i| search.tensors[i].first().copied());
    for some in order.chunks(TOGETHER) {
        let tensors: Vec<usize> = some.iter().flat_map(|&i| search.tensors[i].clone()).collect();
        let Some(effect) = float.effect(&tensors, &[])? else { return Ok(None) };
        for &i in some {
            if search.stopped() {
                return Ok(Some(found));
            }
            let params = search.present[i].tried.map(Tried::params);
            let alone: Vec<_> = tensors.iter().map(|t| params.filter(|_| search.tensors[i].contains(t))).collect();
            let Some(each) = effect.losses(&alone, 0..LOOK, budget.threads, budget.cancelled)? else {
                return Ok(None);
            };
            found[i] = mean(&each);
            search.progress.ran(look_runs(1, budget.samples.len()));
            let choice = Choice { before: found[i], after: found[i], ..search.present[i] };
            search.tell(i, choice, each.len());
        }
    }
    Ok(Some(found))
}

/// What looking at layers costs, in runs of the network.
pub(super) fn look_runs(layers: usize, samples: usize) -> f64 {
    layers as f64 * samples.min(LOOK) as f64 * BEHIND
}

/// The layers that are worth a search by the outputs, the one that costs them most first: what is much quieter than
/// everything together can gain nothing worth a change. One that makes the outputs no numbers is always worth it, and
/// says nothing about the others.
pub(super) fn worth_searching(alone: &[Decibels]) -> Vec<usize> {
    let noise: Vec<f64> = alone.iter().map(|db| db.noise()).collect();
    let whole = 10.0 * noise.iter().filter(|noise| noise.is_finite()).sum::<f64>().log10();
    let loud = |&i: &usize| noise[i].is_infinite() || 10.0 * noise[i].log10() > whole - QUIETER;
    let mut order: Vec<usize> = (0..noise.len()).filter(loud).collect();
    order.sort_by_key(|&i| alone[i]);
    order
}

/// What searching one layer costs, in runs of the network.
pub(super) fn search_runs(candidates: usize, samples: usize) -> f64 {
    let first = samples.div_ceil(3);
    let all = FINALISTS + BESIDE + 2;
    BEHIND * (samples + first * (candidates / 2 + 1 + BESIDE) + (samples - first) * all) as f64
}

/// What looking between the rungs costs for one layer that has so many clips between, in runs of the network.
fn closer_runs(between: usize, samples: usize) -> f64 {
    let first = samples.div_ceil(3);
    BEHIND * (first * between + (samples - first) * FINALISTS.min(between)) as f64
}

/// What a search by the outputs has found.
pub(super) struct Found {
    /// The best of each layer.
    pub set: Set,
    /// The same where what the next tensors say counts as much.
    pub both: Set,
    /// Of each layer that was searched, the SQNR at the outputs as it was, and of the best.
    pub alone: Vec<Option<(Decibels, Decibels)>>,
}

/// Searches the layers that are worth it, beginning with the best set by now; `scores` are what is known of the candidates at
/// the next tensors. `None` when it was cancelled.
pub(super) fn alone(
    search: &mut Standing,
    candidates: &[Vec<Tried>],
    scores: Option<&Scores>,
    at_first: &[Decibels],
) -> Result<Option<Found>, ModelError> {
    let order = worth_searching(at_first);
    let mut now_alone = at_first.to_vec();
    let few = search.few();
    let budget = search.budget.on_first(few);
    let first = few.div_ceil(3);
    let float = Bench::new(&search.run.setup, search.kept, &[], budget)?;
    let mut found =
        Found { set: search.present.clone(), both: search.present.clone(), alone: vec![None; search.present.len()] };
    // Those that are loud by now will be looked at more closely; which of them are is known better when it is their turn.
    let between = |i: usize, tried: Tried| between(&search.wanted.layers[i], tried);
    let more = |i: usize| candidates[i].first().map_or(0.0, |&any| closer_runs(between(i, any).len(), few));
    search.progress.plan(0, order.iter().filter(|&&i| is_loud(at_first, i)).map(|&i| more(i)).sum());
    'layers: for i in order {
        if search.stopped() {
            break;
        }
        let own = search.tensors[i].clone();
        let Some(effect) = float.effect(&own, &[])? else { return Ok(None) };
        let few = effect.samples();
        let losses = |tried: Tried, samples| {
            effect.losses(&vec![Some(tried.params()); own.len()], samples, budget.threads, budget.cancelled)
        };
        let tries = &candidates[i];
        let now = search.present[i].tried.and_then(|now| tries.iter().position(|t| *t == now));
        let mut each: Vec<Vec<Loss>> = vec![Vec::new(); tries.len()];
        // Every second one shows where the best is.
        for c in (0..tries.len()).filter(|&c| c % 2 == 0 || now == Some(c)) {
            if search.stopped() {
                // What was not tried out is not decided.
                break 'layers;
            }
            let Some(on_first) = losses(tries[c], 0..first)? else { return Ok(None) };
            each[c] = on_first;
        }
        for c in finalists(tries, &each, now) {
            let Some(rest) = losses(tries[c], each[c].len()..few)? else { return Ok(None) };
            each[c].extend(rest);
        }
        search.progress.ran(search_runs(tries.len(), few));
        let finals: Vec<(usize, Decibels)> =
            (0..tries.len()).filter(|&c| each[c].len() == few).map(|c| (c, mean(&each[c]))).collect();
        // The first is what was there.
        let before = mean(&each[0]);
        let best = finals.iter().rev().max_by_key(|(_, db)| *db).expect("what was there is among them");
        let choice = |c: usize, after, by| Choice {
            tried: Some(tries[c]),
            by: if c == 0 { UNCHANGED } else { by },
            before,
            after,
        };
        found.set[i] = choice(best.0, best.1, "out");
        let next = |c: usize| scores.and_then(|scores| scores[i].get(c).copied()).map_or(0.0, Decibels::get);
        let together = |&&(c, db): &&(usize, Decibels)| Decibels::new(db.get() + next(c));
        let both = finals.iter().rev().max_by_key(together).expect("what was there is among them");
        found.both[i] = choice(both.0, both.1, "next+out");
        now_alone[i] = best.1;
        match (is_loud(at_first, i), is_loud(&now_alone, i)) {
            (true, false) => search.progress.skip(0, more(i)),
            (false, true) => search.progress.plan(0, more(i)),
            _ => {}
        }
        if is_loud(&now_alone, i) {
            let Some(closer) = closer(&losses, best.1, between(i, tries[best.0]), first..few)? else { return Ok(None) };
            search.progress.ran(more(i));
            if let Some((tried, after)) = closer {
                found.set[i] = Choice { tried: Some(tried), by: "out", before, after };
                now_alone[i] = after;
            }
        }
        found.alone[i] = Some((before, now_alone[i]));
        search.tell(i, found.set[i], few);
    }
    Ok(Some(found))
}

/// Whether a layer makes a large share of what all layers cost the outputs, each alone.
fn is_loud(alone: &[Decibels], i: usize) -> bool {
    let whole: f64 = alone.iter().map(|db| db.noise()).filter(|noise| noise.is_finite()).sum();
    alone[i].noise() > LOUD * whole
}

/// Looks between the rungs beside the best clip: what is better than it on all samples, and how much that loses. The first
/// `samples.start` samples leave the finalists. `None` when it was cancelled.
fn closer(
    losses: &dyn Fn(Tried, Range<usize>) -> Result<Option<Vec<Loss>>, ModelError>,
    best: Decibels,
    between: Vec<Tried>,
    samples: Range<usize>,
) -> Result<Option<Option<(Tried, Decibels)>>, ModelError> {
    let mut tries = Vec::new();
    for tried in between {
        let Some(each) = losses(tried, 0..samples.start)? else { return Ok(None) };
        tries.push((tried, each));
    }
    tries.sort_by_cached_key(|(_, each)| std::cmp::Reverse(mean(each)));
    let mut found = None;
    let mut best = best;
    for (tried, mut each) in tries.into_iter().take(FINALISTS) {
        let Some(rest) = losses(tried, samples.clone())? else { return Ok(None) };
        each.extend(rest);
        if mean(&each) > best {
            best = mean(&each);
            found = Some((tried, best));
        }
    }
    Ok(Some(found))
}

/// The candidates that are best on the first samples, what was passed over beside the best, the first one, and the one
/// that is chosen by now.
fn finalists(tries: &[Tried], each: &[Vec<Loss>], now: Option<usize>) -> Vec<usize> {
    let (mut tried, mut passed): (Vec<usize>, Vec<usize>) = (0..tries.len()).partition(|&c| !each[c].is_empty());
    tried.sort_by_cached_key(|&c| std::cmp::Reverse(mean(&each[c])));
    let best = tries[tried[0]];
    passed.retain(|&c| tries[c].format == best.format);
    passed.sort_by(|&a, &b| {
        let far = |c: usize| (tries[c].clip.amax() - best.clip.amax()).abs();
        far(a).total_cmp(&far(b))
    });
    tried.truncate(FINALISTS);
    tried.extend(passed.into_iter().take(BESIDE));
    for kept in now.into_iter().chain([0]) {
        if !tried.contains(&kept) {
            tried.push(kept);
        }
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Format};

    fn db(all: &[f64]) -> Vec<Decibels> {
        all.iter().copied().map(Decibels::new).collect()
    }

    #[test]
    fn a_layer_that_makes_nan_is_searched_first_and_drops_no_other() {
        assert_eq!(worth_searching(&db(&[30.0, f64::NAN, 20.0, 90.0])), [1, 2, 0]);
        assert_eq!(worth_searching(&db(&[30.0, 20.0, 90.0])), [1, 0]);
        assert_eq!(worth_searching(&db(&[f64::INFINITY; 2])), [0; 0]);
    }

    #[test]
    fn what_is_there_stays_in_the_race_and_the_best_has_its_neighbours() {
        let tried = |c: u8| Tried { clip: Clip::symmetric(10.0 - f32::from(c)), format: Format::INT8 };
        let tries: Vec<Tried> = (0..9).map(tried).collect();
        let loss = |c: u8| vec![Loss { signal: 1.0, noise: (f64::from(c) - 6.1).abs() }];
        let each: Vec<Vec<Loss>> = (0..9).map(|c| if c % 2 == 0 { loss(c) } else { Vec::new() }).collect();
        assert_eq!(finalists(&tries, &each, Some(2)), [6, 8, 4, 5, 7, 2, 0]);
        assert_eq!(finalists(&tries, &each, Some(6)), [6, 8, 4, 5, 7, 0]);
        assert_eq!(finalists(&tries[..1], &each[..1], None), [0]);
    }
}
