//! Searching clips for the best output of the whole network.

use super::sensitivity::sensitivity;
use super::setup::Setup;
use super::trial::{Cancelled, Grids, Trial};
use super::tries::{Tried, beside};
use crate::model::{ModelError, OutputEffect};
use crate::quant::QuantParams;

/// A layer that is to be tuned.
#[derive(Clone, Debug)]
pub struct TuneLayer {
    /// The activation.
    pub layer: usize,
    /// What is chosen for it.
    pub present: Tried,
    /// What to try instead; see [`tries`](super::tries).
    pub tries: Vec<Tried>,
    /// Activations that share its grid.
    pub tied: Vec<usize>,
}

/// One decision of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneStep {
    /// The activation.
    pub layer: usize,
    /// What is best for it while all others are as they are.
    pub chosen: Tried,
    /// The network's output SQNR before, on the samples that are searched on, in dB.
    pub before: f64,
    /// And after.
    pub after: f64,
    /// Steps to come.
    pub left: usize,
}

/// What came of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuned {
    /// The outputs before, on the samples that were searched on.
    pub before: OutputEffect,
    /// And after.
    pub after: OutputEffect,
    /// Before and after on samples that the search has not seen; `None` where there are too few to keep some aside.
    pub unseen: Option<(OutputEffect, OutputEffect)>,
}

/// Of so many samples one is kept aside.
const ASIDE: usize = 4;

/// A gain that is worth a change, in dB: less is noise.
const WORTHWHILE: f64 = 0.01;

/// Searches layer by layer, the most sensitive first, for the clips that give the best output SQNR while everything
/// else is as it is; `rounds` times over. Every fourth sample is kept aside, and tells what the search is worth.
///
/// `found` hears of each decision. When `stopped` says so the search ends with what was found. `None` when it was
/// cancelled.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
#[expect(clippy::too_many_arguments, reason = "each is one thing to know")]
pub(super) fn tune(
    setup: &Setup,
    grids: &Grids,
    layers: &[TuneLayer],
    samples: &[usize],
    rounds: usize,
    threads: usize,
    cancelled: Cancelled,
    stopped: &dyn Fn() -> bool,
    found: &mut dyn FnMut(TuneStep),
) -> Result<Option<Tuned>, ModelError> {
    let (aside, search): (Vec<_>, Vec<_>) = samples.iter().enumerate().partition(|(i, _)| i % ASIDE == ASIDE - 1);
    let plain = |some: Vec<(usize, &usize)>| -> Vec<usize> { some.into_iter().map(|(_, s)| *s).collect() };
    let (aside, search) = (plain(aside), plain(search));
    let mut now = grids.activations.clone();
    let trial = Trial::new(setup, &grids.weights, search.clone(), threads)?;
    let Some(before) = trial.whole(&now, cancelled)? else { return Ok(None) };

    let Some(order) = by_sensitivity(setup, grids, layers, &search, threads, cancelled)? else { return Ok(None) };
    let mut present: Vec<Tried> = layers.iter().map(|l| l.present).collect();
    let mut sqnr = before.sqnr_db;
    let mut left = order.len() * rounds;
    'rounds: for _ in 0..rounds {
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
            for &tried in &layer.tries {
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
                found(TuneStep { layer: layer.layer, chosen: best_at, before: old, after: sqnr, left });
            } else {
                found(TuneStep { layer: layer.layer, chosen: present[i], before: sqnr, after: sqnr, left });
            }
        }
        if !gained {
            break;
        }
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
    Ok(Some(Tuned { before, after, unseen }))
}

/// The places of the layers, the one that costs most alone first.
fn by_sensitivity(
    setup: &Setup,
    grids: &Grids,
    layers: &[TuneLayer],
    samples: &[usize],
    threads: usize,
    cancelled: Cancelled,
) -> Result<Option<Vec<usize>>, ModelError> {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    if layers.len() < 2 {
        return Ok(Some(order));
    }
    let activations: Vec<Option<QuantParams>> = (0..grids.activations.len())
        .map(|t| grids.activations[t].filter(|_| layers.iter().any(|l| l.layer == t)))
        .collect();
    let mut alone = vec![f64::INFINITY; grids.activations.len()];
    // A few samples are enough to tell what is sensitive.
    let few = &samples[..samples.len().min(4)];
    let grids = Grids { activations, weights: Vec::new() };
    let told = sensitivity(setup, &grids, few, threads, cancelled, &mut |s, _| alone[s.layer] = s.alone.sqnr_db)?;
    if told.is_none() {
        return Ok(None);
    }
    order.sort_by(|&a, &b| alone[layers[a].layer].total_cmp(&alone[layers[b].layer]));
    Ok(Some(order))
}
