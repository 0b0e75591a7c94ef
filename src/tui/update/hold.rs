//! Holding a range, to compare others with it.

use super::super::held::Held;
use super::super::model::Model;
use super::super::msg::Cmd;
use crate::jobs::Told;
use crate::report::{number, visible};
use crate::session::{Arrival, Target};

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

/// The data that is compared with has something to tell; when it is all there, how much of it is of tensors here.
pub(super) fn told(model: &mut Model, told: Told) {
    let Some(against) = &mut model.against else { return };
    let name = visible(&against.title);
    if let Told::Arrived(
        Arrival::Channels { requested: true, result: Err(why), .. }
        | Arrival::Tied { requested: true, result: Err(why), .. },
    ) = &told
    {
        let why = visible(&why.message);
        return model.warn(format!("{name} has nothing to compare this with: {why}"));
    }
    let ends = matches!(told, Told::Done);
    against.receive(told);
    if !ends {
        return;
    }
    let keys = model.session.layers().iter().map(|layer| Target::Tensor(layer.key.clone()));
    let (both, here) = (keys.clone().filter(|of| against.histogram(of).is_some()).count(), keys.count());
    let unread = against.failures().len();
    let why = against.failures().first().map(|why| visible(why));
    match why {
        Some(why) => model.warn(format!("{name}: {} could not be read: {why}", number::of(unread as u64, "tensor"))),
        None if both == 0 => model.warn(format!("{name} has no tensor of these names")),
        None => model.say(format!("{both} of {} stand beside those of {name}", number::of(here as u64, "tensor"))),
    }
}

/// Asks for the channel, or the tensors that share a range, which are looked at, where the other data can have the same.
pub(super) fn ask(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some((at, format)) = model.at().zip(model.selected_ready().map(|ready| ready.format())) else { return };
    let wanted = model.against.as_mut().and_then(|against| against.wanted(&at, format));
    cmds.extend(wanted.map(Cmd::Against));
}
