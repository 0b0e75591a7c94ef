//! Marks: which layers commands go for together. They decide nothing: no undo entry, and no file holds them.

use std::collections::BTreeSet;

use crate::report::{number, visible};
use crate::session::Key;

use super::super::model::Model;
use super::super::msg::Cmd;
use super::list;

/// Marks the selected layer or takes its mark away, and goes on to the next.
pub(super) fn toggle(model: &mut Model, cmds: &mut Vec<Cmd>) {
    let Some(layer) = model.selected() else { return };
    if layer.failure().is_some() {
        return model.warn("what could not be read is not marked");
    }
    let key = layer.key.clone();
    let name = visible(key.name());
    if !model.list.marked.remove(&key) {
        model.list.marked.insert(key);
    }
    let before = model.list.selected;
    list::step(model, 1, cmds);
    say(model);
    // That the row below is selected now is no part of marking: it is said.
    if let (true, Some(next), Some(notice)) = (model.list.selected != before, model.selected(), &model.notice) {
        let text = format!("{name}: {}; {} is next", notice.text, visible(next.key.name()));
        model.say(text);
    }
}

/// Marks all layers that are listed; where they are, takes their marks away.
pub(super) fn listed(model: &mut Model) {
    let layers = model.session.layers();
    let listed = model.list.order.iter().map(|&layer| &layers[layer]).filter(|layer| layer.failure().is_none());
    let listed: BTreeSet<Key> = listed.map(|layer| layer.key.clone()).collect();
    if listed.iter().all(|key| model.list.marked.contains(key)) {
        model.list.marked.retain(|key| !listed.contains(key));
    } else {
        model.list.marked.extend(listed);
    }
    say(model);
}

/// Takes all marks away.
pub(super) fn clear(model: &mut Model) {
    if !model.list.marked.is_empty() {
        model.list.marked.clear();
        say(model);
    }
}

fn say(model: &mut Model) {
    model.say(match model.list.marked.len() {
        0 => "no layer is marked".to_owned(),
        n => format!("{} marked: what is decided now goes for all of them", number::of(n as u64, "layer")),
    });
}
