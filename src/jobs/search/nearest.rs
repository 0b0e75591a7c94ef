//! Each layer alone, judged at the quantized tensors next behind it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::noise::mean;
use super::standing::{Choice, Set, Standing};
use crate::guard::{joined, share};
use crate::jobs::tuning::{Tried, UNCHANGED};
use crate::model::{Loss, ModelError, Nearby};
use crate::quant::{Decibels, QuantParams};

/// Samples that it takes: at tensors inside there are many numbers.
const SAMPLES: usize = 8;

/// What each candidate of each layer does next behind it: the mean over the samples, in dB. Nothing of a layer that no
/// sample reaches.
pub(super) type Scores = Vec<Vec<Decibels>>;

/// What running this pass costs, in runs of the network.
pub(super) fn runs(candidates: &[Vec<Tried>], samples: usize) -> f64 {
    let tried: usize = candidates.iter().map(Vec::len).sum();
    samples.min(SAMPLES) as f64 * (1.0 + tried as f64 / candidates.len().max(1) as f64)
}

/// Tries every candidate of every layer, none where a layer is not worth it, and answers what is best for each, with all
/// scores. `None` when it was cancelled.
pub(super) fn nearest(search: &mut Standing, candidates: &[Vec<Tried>]) -> Result<Option<(Set, Scores)>, ModelError> {
    let setup = &search.run.setup;
    let budget = search.budget.on_first(SAMPLES);
    let quantized = search.params(&search.present);
    let quantized: Vec<usize> = (0..quantized.len()).filter(|&tensor| quantized[tensor].is_some()).collect();
    let nearby = Nearby::new(setup.graph()?, &search.tensors, &quantized);
    let grids: Vec<Vec<QuantParams>> =
        candidates.iter().map(|tries| tries.iter().map(|tried| tried.params()).collect()).collect();
    let next = AtomicUsize::new(0);
    let part = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            // The first sample is tried whatever happens, so that there is something to keep.
            if at >= budget.samples.len() || (at > 0 && (budget.stopped)()) {
                return Ok(Some(found));
            }
            let sample = setup.samples.get(budget.samples[at])?;
            let Some(tried) = nearby.tried(&sample, &grids, budget.cancelled)? else { return Ok(None) };
            found.push((at, tried));
        }
    };
    let parts: Vec<Result<_, ModelError>> = std::thread::scope(|scope| {
        let threads = budget.threads.clamp(1, budget.samples.len().max(1));
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| share(part))).collect();
        let mut parts = vec![part()];
        parts.extend(others.into_iter().map(|other| joined(other.join())));
        parts
    });
    let mut found = Vec::new();
    for part in parts {
        let Some(part) = part? else { return Ok(None) };
        found.extend(part);
    }
    // In the order of the samples, so that means are the same on any number of threads.
    found.sort_by_key(|(at, _)| *at);
    search.progress.ran(runs(candidates, found.len()));
    let scores: Scores = (0..candidates.len())
        .map(|layer| {
            let reached: Vec<&Vec<Vec<Loss>>> =
                found.iter().map(|(_, tried)| &tried[layer]).filter(|tried| !tried.is_empty()).collect();
            let of = |c: usize| mean(&reached.iter().map(|tried| at_ends(&tried[c])).collect::<Vec<_>>());
            if reached.is_empty() { Vec::new() } else { (0..candidates[layer].len()).map(of).collect() }
        })
        .collect();
    let set = search.present.clone();
    let set = set.into_iter().enumerate().map(|(i, choice)| best(&candidates[i], &scores[i]).unwrap_or(choice));
    let set: Set = set.collect();
    for (i, choice) in set.iter().enumerate() {
        search.tell(i, *choice, found.len());
    }
    Ok(Some((set, scores)))
}

/// The noise at several ends, each beside its own signal.
fn at_ends(ends: &[Loss]) -> Loss {
    // Where there is more noise than signal nothing is left, and no end drowns the others.
    let share = |end: &Loss| if end.noise > end.signal { 1.0 } else { end.noise / end.signal.max(f64::MIN_POSITIVE) };
    Loss { signal: 1.0, noise: ends.iter().map(share).sum::<f64>() / ends.len().max(1) as f64 }
}

/// The best candidate, where it is better than the first, which is what was there.
fn best(tries: &[Tried], scores: &[Decibels]) -> Option<Choice> {
    let (&before, _) = scores.split_first()?;
    let best = (0..scores.len()).rev().max_by_key(|&c| scores[c])?;
    let by = if best == 0 { UNCHANGED } else { "next" };
    Some(Choice { tried: Some(tries[best]), by, before, after: scores[best] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_count_alike_and_nan_is_the_worst() {
        let of = |ends: &[(f64, f64)]| {
            at_ends(&ends.iter().map(|&(signal, noise)| Loss { signal, noise }).collect::<Vec<_>>()).noise
        };
        assert_eq!(of(&[(1.0, 0.01), (100.0, 1.0)]), 0.01);
        assert_eq!([of(&[(1.0, 0.01), (0.0, 0.0)]), of(&[(1.0, 0.0), (0.0, 9.0)])], [0.005, 0.5]);
        assert!(of(&[(1.0, 0.01), (1.0, f64::NAN)]).is_nan());
    }
}
