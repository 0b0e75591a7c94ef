//! The list: selection, order, filter, on and off.

use alphanumeric_sort::compare_str;

use crate::calibrate::Rank;
use crate::jobs::Request;
use crate::quant::Decibels;
use crate::report::number;
use crate::session::{Kind, Layer, Names, Ready, Target};

use super::super::layout::Areas;
use super::super::list::{List, Sort};
use super::super::listed::Listed;
use super::super::model::Model;
use super::super::msg::Cmd;
use super::channels;

pub(super) fn select(model: &mut Model, layer: usize, cmds: &mut Vec<Cmd>) {
    if layer < model.session.layers().len() && layer != model.list.selected {
        model.session.end_run();
        model.list.selected = layer;
        model.plot.zoom = None;
        model.plot.inspect = None;
        channels::show(model);
        if let Some(layer) = model.selected().filter(|l| l.ready().is_none() && l.failure().is_none()) {
            cmds.push(Cmd::Request(Request::Prefer(layer.key.clone())));
        }
    }
}

/// So many rows down, stopping at the ends.
pub(super) fn step(model: &mut Model, by: isize, cmds: &mut Vec<Cmd>) {
    let order = &model.list.order;
    if order.is_empty() {
        return;
    }
    let here = order.iter().position(|l| *l == model.list.selected);
    // A selection that the filter hides: begin at the first row.
    let there = here.map_or(0, |h| (h as isize).saturating_add(by).clamp(0, order.len() as isize - 1) as usize);
    select(model, order[there], cmds);
}

/// The wheel moves the window, not the selection.
pub(super) fn scroll(model: &mut Model, rows: i16) {
    let last = model.list.rows().saturating_sub(1);
    model.list.top = model.list.top.saturating_add_signed(isize::from(rows)).min(last);
    model.list.follow = false;
}

/// Moves the window so that the selection is seen, unless the wheel has moved it away.
pub(super) fn keep_in_view(model: &mut Model, areas: Option<&Areas>) {
    let rows = rows(&model.list, areas);
    let list = &mut model.list;
    if list.seen != Some(list.selected) {
        (list.seen, list.follow) = (Some(list.selected), true);
    }
    if list.follow
        && let Some(at) = list.row_of(list.selected)
    {
        // With the heading that stands over it.
        let first = if list.heading.is_some_and(|heading| heading + 1 == at) { at - 1 } else { at };
        list.top = list.top.min(first).max((at + 1).saturating_sub(rows));
    }
    list.top = list.top.min(list.rows().saturating_sub(rows));
}

pub(super) fn sort(model: &mut Model) {
    let known = model.network.as_ref().is_some_and(|n| !n.sensitivity.is_empty());
    model.list.sort = model.list.sort.next(known);
    arrange(model);
    model.list.follow = true;
    model.say(format!("layers {}", model.list.sort.title()));
}

pub(super) fn filter(model: &mut Model, text: String) {
    model.list.filter = text;
    arrange(model);
    model.list.follow = true;
}

/// Makes the order anew where something has changed that it goes by. A selection that was in view stays in view, wherever
/// its row has gone.
pub(super) fn arrange_if_stale(model: &mut Model, areas: Option<&Areas>) {
    if model.list.stale {
        let list = &model.list;
        let window = list.top..list.top + rows(list, areas);
        let seen = list.row_of(list.selected).is_some_and(|row| window.contains(&row));
        arrange(model);
        model.list.follow |= seen;
    }
}

/// How many rows of the list are seen at once.
fn rows(list: &List, areas: Option<&Areas>) -> usize {
    areas.map_or(1, |areas| usize::from(areas.list_rows(list.rows()).height)).max(1)
}

/// Makes the order anew from filter and sort.
pub(super) fn arrange(model: &mut Model) {
    let layers = model.session.layers();
    let filter = model.list.filter.to_lowercase();
    // Words that ask for a warning, beside those that ask for a name.
    let (warnings, others): (Vec<&str>, Vec<&str>) =
        filter.split(',').map(str::trim).filter(|word| !word.is_empty()).partition(|word| word.starts_with('!'));
    let all = filter.clone();
    let filter = if warnings.is_empty() { all.clone() } else { others.join(",") };
    // The patterns of the command line, or a part of a name as it is. A name of the file that is none of its own is found
    // where its tensor went.
    let names = Names::loosely(&filter);
    let asks = !filter.is_empty() || warnings.is_empty();
    let part = |name: &str| (asks && name.to_lowercase().contains(&filter)) || name.to_lowercase().contains(&all);
    let shown = |l: &usize| {
        let layer = &layers[*l];
        part(layer.name())
            || layer.deployed.absorbed.iter().any(|(name, _)| part(name))
            || names.as_ref().is_some_and(|names| names.fit(&layer.subject()))
            || warnings.iter().any(|word| warns(layer, &word[1..]))
    };
    let mut order: Vec<usize> = (0..layers.len()).filter(shown).collect();
    let fitting = order.len();
    if !model.list.float {
        let placement = model.session.placement();
        let quantized: Vec<usize> =
            order.iter().copied().filter(|&l| layers[l].in_float(placement).is_none()).collect();
        // Where that is none, as in a network without products, an empty list would say less than a grey one.
        if !quantized.is_empty() {
            order = quantized;
        }
    }
    model.list.placed = !model.session.placements().is_empty();
    model.list.hidden = fitting - order.len();
    match model.list.sort {
        Sort::Files => {}
        Sort::Name => order.sort_by(|&a, &b| compare_str(layers[a].name(), layers[b].name())),
        Sort::Worst => {
            // What is not quantized, and what holds no signal, has nothing to lose.
            let quantized = |r: &&Ready| r.decision().quantized && r.stats().sum_of_squares() > 0.0;
            let sqnr = |l: usize| {
                let ready = layers[l].ready().filter(quantized);
                ready.map_or(Decibels::PERFECT, |ready| Decibels::new(ready.metrics().sqnr_db))
            };
            order.sort_by_key(|&l| sqnr(l));
        }
        Sort::Sensitive => {
            let known = model.network.as_ref().map_or_else(Vec::new, |n| n.most_sensitive());
            let mut place = vec![usize::MAX; layers.len()];
            let known = known.into_iter().filter_map(|key| model.session.position(key));
            known.enumerate().for_each(|(at, layer)| place[layer] = at);
            order.sort_by_key(|&layer| place[layer]);
        }
    }
    let first_weight = order.iter().position(|&l| layers[l].kind() == Kind::Weight);
    // Below a heading of their own, where they do not stand among the activations.
    model.list.heading = first_weight.filter(|&at| at > 0 && model.list.sort == Sort::Files);
    model.list.listed = Listed::of(order.iter().map(|&layer| &layers[layer]));
    model.list.order = order;
    model.list.stale = false;
}

/// Whether a layer has a warning of this tag, or with this text; with any text that the list has a sign for.
fn warns(layer: &Layer, text: &str) -> bool {
    if text.is_empty() {
        return layer.rank().is_some_and(|rank| rank != Rank::Worth);
    }
    let tagged = layer.tags().iter().any(|tag| tag.to_lowercase().starts_with(text));
    tagged || layer.notes().iter().any(|note| note.to_lowercase().contains(text))
}

/// Lists what the placement leaves in float as well, or no longer.
pub(super) fn float(model: &mut Model) {
    model.list.float = !model.list.float;
    arrange(model);
    model.list.follow = true;
    model.say(match (model.list.float, model.list.hidden) {
        (true, _) => "everything is listed; what stays in float says why".to_owned(),
        (false, hidden) => format!("{} in float not listed", number::of(hidden as u64, "tensor")),
    });
}

pub(super) fn toggle(model: &mut Model) {
    let Some(layer) = model.selected() else { return };
    let Some(decision) = layer.decision() else { return };
    let quantized = !decision.quantized;
    let name = crate::report::visible(layer.name());
    let target = Target::Tensor(layer.key.clone());
    let decisions = channels::decisions(model, &target, |ready| Some(ready.decision().with_quantized(quantized)));
    model.session.apply(if quantized { "quantize" } else { "leave in float" }, decisions);
    model.say(if quantized { format!("{name} is quantized") } else { format!("{name} stays in float") });
    model.list.resort();
}
