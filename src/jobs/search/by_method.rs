//! Each method for all activations: by which ruler the outputs would have it.

use super::bench::{Ask, Bench, Budget, Split};
use super::kept::Kept;
use crate::jobs::network::Run;
use crate::jobs::trial::{ByMethod, MethodEffect, OneMethod};
use crate::model::ModelError;

/// Tries one method after the other. `found` hears of each, with the number of those to come.
///
/// It gives way when `urgent` says so, in the middle of a method too, and returns what is left to do then; nothing where
/// all is done, or where it was ended.
///
/// # Errors
///
/// A sample cannot be read any more, or a node fails on quantized values.
pub(super) fn by_method(
    run: &Run,
    kept: &Kept,
    wanted: &ByMethod,
    budget: Budget,
    urgent: Ask,
    found: &mut dyn FnMut(MethodEffect, usize),
) -> Result<Option<ByMethod>, ModelError> {
    let ended = || (budget.cancelled)() || (budget.stopped)();
    let leave = || ended() || urgent();
    let weights = Split::of(&wanted.weights, run)?.weights;
    let bench = Bench::new(&run.setup, kept, &weights, Budget { cancelled: &leave, ..budget })?;
    let check = bench.on_check();
    let mut done: Vec<(&OneMethod, MethodEffect)> = Vec::new();
    for (at, method) in wanted.methods.iter().enumerate() {
        let of = |effect: &MethodEffect| MethodEffect {
            question: wanted.question,
            method: method.id.clone(),
            stand_ins: method.stand_ins,
            ..effect.clone()
        };
        // Two methods that agree everywhere need one run.
        let same = done.iter().find(|(other, _)| other.params == method.params).map(|(_, effect)| of(effect));
        let effect = match same {
            Some(effect) => effect,
            None => {
                let activations = Split::of(&method.params, run)?.activations;
                let on_check = |bench: &Bench| bench.whole(&activations);
                let effects = bench.whole_until(&activations, &|| false, &|_| {})?;
                let checked = check.as_ref().filter(|_| effects.is_some()).map(on_check).transpose()?;
                let (Some(effects), None | Some(Some(_))) = (effects, checked) else {
                    let methods = wanted.methods[at..].to_vec();
                    return Ok((!ended()).then(|| ByMethod { methods, ..wanted.clone() }));
                };
                let (question, id) = (wanted.question, method.id.clone());
                let (stand_ins, check) = (method.stand_ins, checked.flatten());
                MethodEffect { question, method: id, stand_ins, effects, check }
            }
        };
        found(effect.clone(), wanted.methods.len() - at - 1);
        done.push((method, effect));
    }
    Ok(None)
}
