//! Which tensors the network's outputs are sensitive to.

use super::bench::{Bench, Budget, Split};
use crate::jobs::network::Run;
use crate::model::{ModelError, OutputEffect};
use crate::quant::QuantParams;
use crate::session::Sensitivity;

/// Activations whose partial runs begin at the same place. More cost fewer preparations, and longer runs each.
pub(super) const TOGETHER: usize = 12;

/// The effect of all chosen params together, and of each tensor that has one: alone, and left out. `found` hears of
/// each as soon as it is known, with the number of those to come. `None` when it was cancelled.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
pub(super) fn sensitivity(
    run: &Run,
    split: &Split,
    budget: Budget,
    found: &mut dyn FnMut(Sensitivity, usize),
) -> Result<Option<OutputEffect>, ModelError> {
    let (setup, Budget { threads, cancelled, .. }) = (&run.setup, budget);
    let float = Bench::new(setup, &[], budget)?;
    let all = Bench::new(setup, &split.weights, budget)?;
    let Some(whole) = all.whole(&split.activations)? else { return Ok(None) };

    let chosen: Vec<usize> = (0..split.activations.len()).filter(|&t| split.activations[t].is_some()).collect();
    let weights: Vec<usize> = (0..split.weights.len()).filter(|&w| !split.weights[w].is_empty()).collect();
    let mut left = chosen.len() + weights.len();
    for some in chosen.chunks(TOGETHER) {
        let (Some(alone), Some(without)) = (float.effect(some, &[])?, all.effect(some, &split.activations)?) else {
            return Ok(None);
        };
        for (i, &tensor) in some.iter().enumerate() {
            let only = |keep: bool| -> Vec<Option<QuantParams>> {
                let params = |(j, &t): (usize, &usize)| if (i == j) == keep { split.activations[t] } else { None };
                some.iter().enumerate().map(params).collect()
            };
            let (Some(alone), Some(without)) =
                (alone.output(&only(true), threads, cancelled)?, without.output(&only(false), threads, cancelled)?)
            else {
                return Ok(None);
            };
            left -= 1;
            found(Sensitivity { key: run.tensors.key(tensor), alone, without }, left);
        }
    }
    for weight in weights {
        let only = |keep: bool| -> Vec<Vec<QuantParams>> {
            let params = |(w, params): (usize, &Vec<QuantParams>)| {
                if (w == weight) == keep { params.clone() } else { Vec::new() }
            };
            split.weights.iter().enumerate().map(params).collect()
        };
        let alone = Bench::new(setup, &only(true), budget)?;
        let without = Bench::new(setup, &only(false), budget)?;
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
