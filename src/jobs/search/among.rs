//! A round of the search that looks at each layer among all others as they stand.

use super::bench::Bench;
use super::clips::{beside, tries};
use super::standing::Standing;
use crate::jobs::trial::Tried;
use crate::model::{Effect, ModelError};
use crate::quant::{Decibels, QuantParams};

/// A gain on both halves that is worth a change, in dB: less is noise.
const WORTHWHILE: f64 = 0.02;

/// Goes over the layers in this order and changes what gains on both halves of the samples. `sqnr` is that of
/// everything before. Returns whether anything was gained; `None` when it was cancelled.
pub(super) fn among(
    search: &mut Standing,
    weights: &[Vec<QuantParams>],
    order: &[usize],
    mut sqnr: Decibels,
) -> Result<Option<bool>, ModelError> {
    let budget = search.budget;
    let few = &budget.samples[..search.few()];
    let (even, odd): (Vec<usize>, Vec<usize>) =
        (few.iter().copied().step_by(2).collect(), few.iter().copied().skip(1).step_by(2).collect());
    let halves = [even, odd].into_iter().filter(|half| !half.is_empty());
    let halves: Vec<Bench> =
        halves.map(|half| Bench::with_samples(&search.run.setup, weights, half, budget)).collect::<Result<_, _>>()?;
    let mut gained = false;
    'layers: for &i in order {
        if search.stopped() {
            break;
        }
        let own = search.tensors[i].clone();
        let mut effects: Vec<Effect> = Vec::new();
        for half in &halves {
            let Some(effect) = half.effect(&own, &search.now)? else { return Ok(None) };
            effects.push(effect);
        }
        // Of both halves.
        let price = |tried: Tried| -> Result<Option<Vec<Decibels>>, ModelError> {
            let params = vec![Some(tried.params()); own.len()];
            let output = |e: &Effect| e.output(&params, budget.threads, budget.cancelled);
            effects.iter().map(|effect| Ok(output(effect)?.map(|o| o.quality()))).collect()
        };
        let Some(base) = price(search.present[i])? else { return Ok(None) };
        let mut best = Best { gain: Decibels::new(0.0), after: sqnr, tried: search.present[i] };
        let first = tries(&search.layers[i]).into_iter();
        for tried in first.chain(beside(search.present[i], 0.06)) {
            if search.stopped() {
                // What was not tried out is not decided.
                break 'layers;
            }
            let Some(found) = price(tried)? else { return Ok(None) };
            best.hear(tried, &found, &base, sqnr);
        }
        let worthwhile = best.gain > Decibels::new(WORTHWHILE);
        let (chosen, after) = if worthwhile { (best.tried, best.after) } else { (search.present[i], sqnr) };
        gained |= worthwhile;
        search.decide(i, chosen, sqnr, after);
        sqnr = after;
    }
    Ok(Some(gained))
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
