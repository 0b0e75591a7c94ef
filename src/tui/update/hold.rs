//! Holding a range, to compare others with it.

use super::super::held::Held;
use super::super::model::Model;

/// Holds the range that is looked at, or lets go of what is held.
pub(super) fn toggle(model: &mut Model) {
    if let Some(held) = model.held.take() {
        model.say(format!("{} is not held any more", held.name));
        return;
    }
    let (Some(of), Some(ready)) = (model.at(), model.selected_ready()) else { return };
    let held = Held::of(of, model.name_at(), ready);
    let told = model.keys.told("another layer or method now stands beside it, {hold} lets go");
    model.say(format!("{} is held as it is; {told}", held.name));
    model.held = Some(held);
}
