//! A round of the search that looks at each layer among all others as they stand.

use super::alone::search_runs;
use super::bench::Bench;
use super::candidates::beside;
use super::noise::{LEAST_GAIN, mean};
use super::standing::{Choice, Set, Standing};
use crate::jobs::tuning::Tried;
use crate::model::{Effect, ModelError};
use crate::quant::{Decibels, Grids};

/// Goes over the layers in this order and changes what gains on both halves of the samples; answers the set that comes
/// of it. `None` when it was cancelled.
pub(super) fn among(
    search: &mut Standing,
    weights: &[Grids],
    candidates: &[Vec<Tried>],
    order: &[usize],
) -> Result<Option<Set>, ModelError> {
    let budget = search.budget;
    let few = &budget.samples[..search.few()];
    let (even, odd): (Vec<usize>, Vec<usize>) =
        (few.iter().copied().step_by(2).collect(), few.iter().copied().skip(1).step_by(2).collect());
    let halves = [even, odd].into_iter().filter(|half| !half.is_empty());
    let all = Bench::new(&search.run.setup, search.kept, weights, budget)?;
    let halves: Vec<Bench> = halves.map(|half| all.on_samples(&half)).collect();
    let mut set = search.present.clone();
    'layers: for &i in order {
        let Some(present) = set[i].tried else { continue };
        let own = search.tensors[i].clone();
        let now = search.params(&set);
        let mut effects: Vec<Effect> = Vec::new();
        for half in &halves {
            if search.stopped() {
                break 'layers;
            }
            let Some(effect) = half.effect(&own, &now)? else { return Ok(None) };
            effects.push(effect);
        }
        // Of both halves.
        let price = |tried: Tried| -> Result<Option<Vec<Decibels>>, ModelError> {
            let params = vec![Some(tried.params()); own.len()];
            let each = |e: &Effect| e.losses(&params, 0..e.samples(), budget.threads, budget.cancelled);
            effects.iter().map(|effect| Ok(each(effect)?.map(|each| mean(&each)))).collect()
        };
        let Some(base) = price(present)? else { return Ok(None) };
        let before = base.iter().copied().min().unwrap_or_default();
        let mut best = Best { gain: Decibels::new(0.0), after: before, tried: present };
        for tried in candidates[i].iter().copied().chain(beside(&search.wanted.layers[i], present, 0.06)) {
            if search.stopped() {
                // What was not tried out is not decided.
                break 'layers;
            }
            let Some(found) = price(tried)? else { return Ok(None) };
            best.hear(tried, &found, &base, before);
        }
        if best.gain > Decibels::new(LEAST_GAIN) {
            set[i] = Choice { tried: Some(best.tried), by: "among", before, after: best.after };
        }
        search.progress.ran(search_runs(candidates[i].len(), few.len()));
        search.tell(i, set[i], few.len());
    }
    Ok(Some(set))
}

/// The best of several clips, by the half of the samples that gains less.
struct Best {
    gain: Decibels,
    after: Decibels,
    tried: Tried,
}

impl Best {
    /// Hears what a clip gives on each half, where `base` was there before. One that makes the outputs NaN on either
    /// gains nothing.
    fn hear(&mut self, tried: Tried, found: &[Decibels], base: &[Decibels], sqnr: Decibels) {
        let gains = found.iter().zip(base).map(|(after, before)| after.gain_over(*before));
        let Some(gain) = gains.min().filter(|gain| *gain > self.gain) else { return };
        // Away from NaN, or to no noise at all, the gain is infinite and says nothing of where it leads.
        let after = match gain.finite() {
            Some(gain) => Decibels::new(sqnr.get() + gain),
            None => found.iter().copied().min().unwrap_or(sqnr),
        };
        *self = Best { gain, after, tried };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Format};

    fn db(all: &[f64]) -> Vec<Decibels> {
        all.iter().copied().map(Decibels::new).collect()
    }

    #[test]
    fn a_clip_that_makes_nan_is_never_the_best() {
        let tried = |amax| Tried { clip: Clip::symmetric(amax), format: Format::INT8 };
        let best = |base: &[f64], found: &[&[f64]]| {
            let mut best = Best { gain: Decibels::new(0.0), after: Decibels::new(30.0), tried: tried(1.0) };
            for (i, found) in found.iter().enumerate() {
                best.hear(tried(2.0 + i as f32), &db(found), &db(base), Decibels::new(30.0));
            }
            (best.tried.clip.max(), best.after.get())
        };
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        assert_eq!(best(&[30.0, 31.0], &[&[nan, nan], &[40.0, nan], &[nan, inf]]), (1.0, 30.0));
        assert_eq!(best(&[30.0, 31.0], &[&[31.0, 33.0], &[nan, 50.0], &[32.0, 31.5]]), (2.0, 31.0));
        // From NaN anything is better, and the better of two is taken.
        assert_eq!(best(&[nan, nan], &[&[nan, 20.0], &[10.0, 12.0]]), (3.0, 10.0));
        assert_eq!(best(&[inf, inf], &[&[inf, inf]]), (1.0, 30.0));
    }
}
