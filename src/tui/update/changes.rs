//! The list of changes: its cursor stands on states, and goes to their layers or back to them.

use crate::report::number;
use crate::session::Target;

use super::super::command::Command;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::super::page::Page;
use super::{list, zoom};

/// Shows the list, its cursor on the present state, or the plots again.
pub(super) fn show(model: &mut Model) {
    model.plot.page.toggle(Page::Changes);
    model.state = model.session.history_len().0;
}

/// So many rows down: towards the beginning.
pub(super) fn step(model: &mut Model, by: isize) {
    let (done, undone) = model.session.history_len();
    let there = (model.state as isize).saturating_sub(by);
    model.state = there.clamp(0, (done + undone) as isize) as usize;
}

/// Whether undo or redo would lead to the state under the cursor of the list.
pub(super) fn is_elsewhere(model: &Model, command: Command) -> bool {
    let done = model.session.history_len().0;
    let there = if command == Command::Undo { model.state < done } else { model.state > done };
    model.plot.page == Page::Changes && there
}

/// Undoes or redoes all that lies between the present state and the one under the cursor.
pub(super) fn go(model: &mut Model) {
    let (done, undone) = model.session.history_len();
    let there = model.state.min(done + undone);
    let back = there < done;
    for _ in 0..done.abs_diff(there) {
        if back {
            model.session.undo()
        } else {
            model.session.redo()
        };
    }
    model.plot.zoom = None;
    zoom::follow_clip(model);
    model.list.resort();
    let (verb, other) = if back { ("undone", "{redo} takes them again") } else { ("redone", "{undo} takes them back") };
    let other = model.keys.told(other);
    model.say(format!("{} {verb}; {other}", number::of(done.abs_diff(there) as u64, "change")));
}

/// To the layer that the change under the cursor is about.
pub(super) fn jump(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let (done, undone) = model.session.steps();
    let Some(step) = model.state.checked_sub(1).and_then(|at| done.iter().chain(undone.iter().rev()).nth(at)) else {
        return model.say("nothing was changed yet there");
    };
    let Some(target) = step.edits.first().map(|edit| edit.target.clone()) else { return };
    let (key, channel) = match target {
        Target::Tensor(key) => (Some(key), None),
        Target::Channel { of, channel, .. } => (Some(of), Some(channel)),
        Target::Tie(of) => (of.into_iter().next(), None),
    };
    if let Some(layer) = key.and_then(|key| model.session.position(&key)) {
        list::select(model, layer, cmds);
        model.plot.page = Page::Curve;
        if let Some(channel) = channel {
            // Where its channels do not stand in its place any more, settling closes it.
            (model.channel.cursor, model.channel.open) = (channel, Some(channel));
        }
    }
}
