//! Where the network is quantized, from one placement to the next.

use crate::report::number;
use crate::session::{Decision, Key, Layer, Ready, Target};

use super::super::model::Model;
use super::channels;

/// Quantizes what the next placement quantizes and leaves the others in float, as one step.
pub(super) fn next(model: &mut Model) {
    let (all, now) = (model.session.placements(), model.session.placement());
    let at = all.iter().position(|name| Some(*name) == now).unwrap_or(0);
    let Some(next) = all.get((at + 1) % all.len().max(1)).copied() else { return };
    let decisions = decisions(model, next);
    let changed = model.session.apply(&format!("placement {next}"), decisions);
    model.list.resort();
    let quantized = |layer: &&Layer| layer.decision().is_some_and(|decision| decision.quantized);
    let quantized = model.session.layers().iter().filter(quantized).count();
    let undo = if changed > 0 { "; u takes it back" } else { "" };
    model.say(format!("placement {next}: {} quantized{undo}", number::of(quantized as u64, "tensor")));
}

/// What is decided anew where this placement quantizes.
pub(super) fn decisions(model: &Model, placement: &str) -> Vec<(Target, Decision)> {
    let mut decisions = Vec::new();
    for layer in model.session.layers() {
        let wanted = wants(model, &layer.key, placement);
        if layer.decision().is_some_and(|decision| decision.quantized != wanted) {
            let target = Target::Tensor(layer.key.clone());
            let decided = |ready: &Ready| Some(ready.decision().with_quantized(wanted));
            decisions.extend(channels::decisions(model, &target, decided));
        }
    }
    decisions
}

/// Whether a placement quantizes a tensor, or one that shares its range.
fn wants(model: &Model, key: &Key, placement: &str) -> bool {
    let tied = model.session.tied(key);
    let keys = if tied.is_empty() { std::slice::from_ref(key) } else { tied };
    keys.iter().filter_map(|key| model.session.layer(key)).any(|layer| layer.places.under(placement).is_none())
}
