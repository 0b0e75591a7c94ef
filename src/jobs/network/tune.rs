//! Searching clips for the best output of the whole network.

use super::sensitivity::TOGETHER;
use super::setup::Setup;
use super::trial::{Cancelled, Split, Trial};
use super::tries::{beside, tries};
use crate::jobs::{Tried, Tune, TuneLayer, TuneStep, Tuned};
use crate::model::ModelError;

/// Of so many samples one is kept aside.
const ASIDE: usize = 4;

/// Samples that tell the order of the layers.
const FEW: usize = 4;

/// A layer whose noise alone lies this many dB below that of the whole network is left as it is.
const QUIETER: f64 = 25.0;

/// Clips that are priced on one layer, the best by their own error.
const TRIES: usize = 14;

/// A gain that is worth a change, in dB: less is noise.
const WORTHWHILE: f64 = 0.01;

/// Searches layer by layer, the most sensitive first, for the clips that give the best output SQNR while everything
/// else is as it is; `wanted.rounds` times over. Every fourth sample is kept aside, and tells what the search is worth.
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
    let Tune { layers, rounds, .. } = wanted;
    let (aside, search): (Vec<_>, Vec<_>) = samples.iter().enumerate().partition(|(i, _)| i % ASIDE == ASIDE - 1);
    let plain = |some: Vec<(usize, &usize)>| -> Vec<usize> { some.into_iter().map(|(_, s)| *s).collect() };
    let (aside, search) = (plain(aside), plain(search));
    let mut now = grids.activations.clone();
    let trial = Trial::new(setup, &grids.weights, search.clone(), threads)?;
    let Some(before) = trial.whole(&now, cancelled)? else { return Ok(None) };

    let ended = || cancelled() || stopped();
    let Some(order) = by_sensitivity(setup, grids, layers, &search, before.sqnr_db, threads, &ended)? else {
        return Ok(None);
    };
    let mut present: Vec<Tried> = layers.iter().map(|l| l.present).collect();
    let mut sqnr = before.sqnr_db;
    let steps = order.len() * *rounds;
    let mut left = steps;
    'rounds: for _ in 0..*rounds {
        let mut gained = false;
        for &i in &order {
            if stopped() {
                break 'rounds;
            }
            left -= 1;
            let layer = &layers[i];
            let together: Vec<usize> = std::iter::once(layer.layer).chain(layer.tied.iter().copied()).collect();
            let Some(effect) = trial.effect(&together, &now, cancelled)? else { return Ok(None) };
            let price = |tried: Tried| -> Result<Option<f64>, ModelError> {
                let grids = vec![Some(tried.params()); together.len()];
                Ok(effect.output(&grids, threads, cancelled)?.map(|o| o.sqnr_db))
            };
            // As it is now: fewer samples than all may have had room.
            let Some(base) = price(present[i])? else { return Ok(None) };
            let (mut best, mut best_at) = (base, present[i]);
            for tried in tries(layer).into_iter().take(TRIES) {
                let Some(db) = price(tried)? else { return Ok(None) };
                if db > best {
                    (best, best_at) = (db, tried);
                }
            }
            for by in [0.08, 0.03] {
                for tried in beside(best_at, by) {
                    let Some(db) = price(tried)? else { return Ok(None) };
                    if db > best {
                        (best, best_at) = (db, tried);
                    }
                }
            }
            if best > base + WORTHWHILE {
                present[i] = best_at;
                together.iter().for_each(|&t| now[t] = Some(best_at.params()));
                let (old, gain) = (sqnr, best - base);
                sqnr += gain;
                gained = true;
                found(TuneStep { layer: layer.layer, chosen: best_at, before: old, after: sqnr }, left);
            } else {
                found(TuneStep { layer: layer.layer, chosen: present[i], before: sqnr, after: sqnr }, left);
            }
        }
        if !gained {
            break;
        }
    }
    if left == steps && stopped() {
        return Ok(None);
    }
    let Some(after) = trial.whole(&now, cancelled)? else { return Ok(None) };
    let unseen = if aside.is_empty() {
        None
    } else {
        let trial = Trial::new(setup, &grids.weights, aside, threads)?;
        match (trial.whole(&grids.activations, cancelled)?, trial.whole(&now, cancelled)?) {
            (Some(before), Some(after)) => Some((before, after)),
            _ => return Ok(None),
        }
    };
    let check = match trial.on_check() {
        None => None,
        Some(trial) => match (trial.whole(&grids.activations, cancelled)?, trial.whole(&now, cancelled)?) {
            (Some(before), Some(after)) => Some((before, after)),
            _ => return Ok(None),
        },
    };
    Ok(Some(Tuned { before, after, unseen, check }))
}

/// The places of the layers that may gain something, the one that costs most alone first; `whole` is the SQNR of all
/// together.
fn by_sensitivity(
    setup: &Setup,
    grids: &Split,
    layers: &[TuneLayer],
    samples: &[usize],
    whole: f64,
    threads: usize,
    cancelled: Cancelled,
) -> Result<Option<Vec<usize>>, ModelError> {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    if layers.len() < 2 {
        return Ok(Some(order));
    }
    // A few samples are enough to tell what is sensitive.
    let float = Trial::new(setup, &[], samples[..samples.len().min(FEW)].to_vec(), threads)?;
    let mut alone = vec![f64::INFINITY; layers.len()];
    order.sort_by_key(|&i| layers[i].layer);
    for some in order.chunks(TOGETHER) {
        let tensors: Vec<usize> = some.iter().map(|&i| layers[i].layer).collect();
        let Some(effect) = float.effect(&tensors, &[], cancelled)? else { return Ok(None) };
        for (place, &i) in some.iter().enumerate() {
            let mut only = vec![None; tensors.len()];
            only[place] = grids.activations[tensors[place]];
            let Some(output) = effect.output(&only, threads, cancelled)? else { return Ok(None) };
            alone[i] = output.sqnr_db;
        }
    }
    // What is that much quieter than everything together can gain nothing worth a change.
    order.retain(|&i| alone[i] < whole + QUIETER);
    order.sort_by(|&a, &b| alone[a].total_cmp(&alone[b]));
    Ok(Some(order))
}
