//! Whether a set of clips is worth taking: by samples that nothing was chosen by.

use super::bench::Bench;
use super::noise::LEAST_GAIN;
use crate::jobs::tuning::Jittered;
use crate::model::ModelError;
use crate::quant::{Decibels, QuantParams};

/// The samples that a set is judged on.
pub(super) struct Judge<'a> {
    /// Those that were searched on.
    pub seen: Bench<'a>,
    /// Those kept aside; the ones searched on again where there are none.
    pub unseen: Bench<'a>,
}

/// What a set does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    pub seen: Jittered,
    pub unseen: Jittered,
}

impl Judge<'_> {
    /// Runs the whole network with a set. `None` when it was cancelled.
    pub fn judge(&self, params: &[Option<QuantParams>]) -> Result<Option<Verdict>, ModelError> {
        Judge::judge_on(&self.seen, &self.unseen, params)
    }

    /// The same with another network.
    pub fn judge_on(
        seen: &Bench,
        unseen: &Bench,
        params: &[Option<QuantParams>],
    ) -> Result<Option<Verdict>, ModelError> {
        let (Some(unseen), Some(seen)) = (unseen.judged(params)?, seen.judged(params)?) else { return Ok(None) };
        Ok(Some(Verdict { seen, unseen }))
    }
}

impl Verdict {
    /// What is gained on unseen samples, in dB, if that is more than the noise of either figure and nothing is lost by it:
    /// neither over all numbers of these samples together, nor on those that were seen.
    pub fn gain_over(&self, before: &Verdict) -> Option<Decibels> {
        let noise = |after: &Jittered, before: &Jittered| {
            // Where the outputs were now and then no numbers, there is nothing to be noise of.
            let before = if before.error_db.is_finite() { before.error_db } else { 0.0 };
            after.error_db.hypot(before).max(LEAST_GAIN)
        };
        let mean = |a: &Jittered, b: &Jittered| Decibels::new(a.mean_db).gain_over(Decibels::new(b.mean_db));
        let gain = mean(&self.unseen, &before.unseen);
        let bar = noise(&self.unseen, &before.unseen);
        let spread = [self, before].map(|v| v.unseen.spread_db).into_iter().filter(|db| db.is_finite());
        let spread = spread.fold(bar, f64::max);
        let all = self.unseen.effect.quality().gain_over(before.unseen.effect.quality());
        let seen = mean(&self.seen, &before.seen);
        let holds = gain > Decibels::new(bar)
            && all >= Decibels::new(-spread)
            && seen >= Decibels::new(-noise(&self.seen, &before.seen))
            && self.unseen.error_db.is_finite();
        holds.then_some(gain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::OutputEffect;

    fn figure(mean_db: f64, all: f64, spread_db: f64) -> Jittered {
        let effect = OutputEffect { sqnr_db: Some(Decibels::new(all)), ..OutputEffect::default() };
        Jittered { effect, mean_db, spread_db, error_db: spread_db }
    }

    #[test]
    fn nothing_is_taken_that_gains_no_more_than_the_noise() {
        let of = |mean: f64, all: f64, spread: f64| {
            let one = figure(mean, all, spread);
            Verdict { seen: figure(50.0, 50.0, 0.0), unseen: one }
        };
        let gain = |after: Verdict, before: Verdict| after.gain_over(&before).map(|gain| gain.get());
        assert_eq!(gain(of(41.0, 41.0, 0.25), of(40.0, 40.0, 0.5)), Some(1.0));
        assert_eq!(gain(of(41.0, 41.0, 0.25), of(40.0, 40.0, 1.5)), None, "the noise of what was there");
        assert_eq!(gain(of(41.0, 41.0, 1.5), of(40.0, 40.0, 0.0)), None, "its own");
        assert_eq!(gain(of(40.01, 41.0, 0.0), of(40.0, 40.0, 0.0)), None, "hardly anything");
        assert_eq!(gain(of(41.0, 39.0, 0.5), of(40.0, 40.0, 0.5)), None, "a sample pays for the others");
        assert_eq!(gain(of(f64::NAN, f64::NAN, 0.0), of(40.0, 40.0, 0.0)), None);
        assert_eq!(gain(of(40.0, 40.0, f64::INFINITY), of(20.0, 20.0, 0.0)), None, "no numbers now and then");
        assert_eq!(gain(of(20.0, 20.0, 0.1), of(f64::NAN, f64::NAN, 0.0)), Some(f64::INFINITY));
        assert_eq!(gain(of(20.0, 20.0, 0.1), of(15.0, 15.0, f64::INFINITY)), Some(5.0));
    }

    #[test]
    fn nothing_is_taken_that_loses_where_it_was_searched() {
        let of =
            |seen: f64, unseen: f64| Verdict { seen: figure(seen, seen, 0.1), unseen: figure(unseen, unseen, 0.1) };
        assert!(of(39.0, 42.0).gain_over(&of(40.0, 40.0)).is_none());
        assert!(of(39.95, 42.0).gain_over(&of(40.0, 40.0)).is_some());
    }
}
