//! One tensor alone, while its clip is in somebody's hand.

use std::time::{Duration, Instant};

use super::bench::{Bench, Budget, Split};
use super::kept::{Kept, with_weights};
use super::serve::Served;
use crate::jobs::network::Run;
use crate::jobs::trial::{News, Trial};
use crate::model::{Effect, ModelError};
use crate::quant::{Grids, OutputEffect, QuantParams};
use crate::session::{Failure, Key};

/// Samples that the clip in hand is tried on.
const IN_HAND: usize = 8;

/// A trial of the clip in hand shall not take longer where fewer samples help.
const AT_HAND: Duration = Duration::from_millis(60);

/// What is kept between two trials of the same tensor.
#[derive(Default)]
pub(in crate::jobs) struct InHand {
    of: Option<(usize, Effect)>,
}

impl InHand {
    /// Tries one tensor alone. `None` when it was cancelled.
    pub fn alone<F: Fn() -> Option<Trial>>(&mut self, served: &Served<F>, key: &Key, params: &Grids) -> Option<News> {
        let started = Instant::now();
        let result = self.tried(served, key, params).transpose()?;
        Some(News::Alone { key: key.clone(), params: params.clone(), result, took: started.elapsed() })
    }

    fn tried<F: Fn() -> Option<Trial>>(
        &mut self,
        served: &Served<F>,
        key: &Key,
        params: &Grids,
    ) -> Result<Option<OutputEffect>, Failure> {
        let (run, budget) = (served.run, served.budget().on_first(IN_HAND));
        let place = run.tensors.place(key)?;
        if place >= run.activations() || params.len() != 1 {
            // A weight's values are built into the graph.
            let split = Split::of(&[(key.clone(), params.clone())].into(), run)?;
            let graph = with_weights(&run.setup, &split.weights)?;
            let bench = Bench::of_graph(&run.setup, served.kept, graph, budget)?;
            return Ok(bench.whole(&split.activations)?);
        }
        if self.of.as_ref().is_none_or(|(of, _)| *of != place) {
            let Some(effect) = quick_enough(served.run, served.kept, place, params[0], budget)? else {
                return Ok(None);
            };
            self.of = Some((place, effect));
        }
        let Some((_, effect)) = &self.of else { return Ok(None) };
        Ok(effect.output(&[Some(params[0])], budget.threads, budget.cancelled)?)
    }
}

/// One activation with as many samples as are quick.
fn quick_enough(
    run: &Run,
    kept: &Kept,
    place: usize,
    params: QuantParams,
    budget: Budget,
) -> Result<Option<Effect>, ModelError> {
    let of = budget.samples.len();
    let effect = |n: usize| -> Result<Option<Effect>, ModelError> {
        let bench = Bench::new(&run.setup, kept, &[], budget.on_first(n))?;
        Ok(bench.effect(&[place], &[])?.map(|effect| effect.out_of(of)))
    };
    // One tells how many are quick; to run more costs as many runs of the whole network.
    let Some(tried) = effect(1)? else { return Ok(None) };
    let started = Instant::now();
    if tried.output(&[Some(params)], budget.threads, budget.cancelled)?.is_none() {
        return Ok(None);
    }
    let n = AT_HAND.as_secs_f64() / started.elapsed().as_secs_f64().max(1e-9) * budget.threads as f64;
    if n < 2.0 || of == 1 {
        return Ok(Some(tried));
    }
    effect((n as usize).min(of))
}
