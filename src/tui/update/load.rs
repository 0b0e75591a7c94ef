//! What the loader tells.

use crate::jobs::{Request, Told};
use crate::report::visible;
use crate::session::{Arrival, Received};

use super::super::model::Model;
use super::super::msg::Cmd;
use super::{channels, list, network, ties};

pub(super) fn told(model: &mut Model, told: Told, cmds: &mut Vec<Cmd>) {
    match told {
        Told::Arrived(arrival) => arrived(model, arrival, cmds),
        Told::Opened { title, assumptions } => {
            model.title = visible(&title);
            if !assumptions.is_empty() {
                model.say(visible(&assumptions.join("; ")));
            }
            if let Some(network) = &mut model.network {
                network.assumptions = assumptions;
            }
        }
        Told::Running { done, of, left } => model.loading.runs = (done < of).then_some((done, of, left)),
        Told::Progress { key, share } => {
            if let Some(layer) = model.session.position(&key) {
                model.loading.share = Some((layer, share));
                channels::progress(model, layer, share);
            }
        }
        // Each number says so itself.
        Told::Stopped { .. } => {}
        Told::Fine { key, result } => {
            let Some(layer) = model.session.position(&key) else { return };
            match result {
                Ok(fine) => {
                    let coarse = model.session.layers[layer].ready().map(|r| &r.histogram().magnitude);
                    if coarse.is_some_and(|c| c.amax != fine.amax) {
                        model.warn("no finer bins: the file has changed since it was read");
                    } else {
                        model.fine.magnitude = Some((layer, fine));
                    }
                }
                Err(why) => model.warn(format!("no finer bins: {}", visible(&why.message))),
            }
        }
        Told::Trial(news) => network::news(model, news),
        Told::Done => {
            model.loading.finished = true;
            model.loading.runs = None;
            model.loading.share = None;
        }
    }
}

/// What the session takes in.
fn arrived(model: &mut Model, arrival: Arrival, cmds: &mut Vec<Cmd>) {
    match arrival {
        Arrival::Found { ref layers, .. } => {
            model.loading.all = layers.len();
            model.session.receive(arrival);
            found(model, cmds);
        }
        Arrival::Failed(_) => {
            model.session.receive(arrival);
            model.list.stale = true;
        }
        Arrival::Layer { ref key, .. } => {
            model.loading.done += 1;
            let layer = model.session.position(key);
            model.loading.share.take_if(|(l, _)| Some(*l) == layer);
            model.session.receive(arrival);
            list::resort(model);
        }
        Arrival::Measured { .. } => match model.session.receive(arrival) {
            Received::Refused(why) => model.warn(format!("not measured: {}", visible(&why))),
            Received::Taken | Received::Changed => model.notice = None,
        },
        Arrival::Channels { ref key, requested, .. } => {
            if let Some(layer) = model.session.position(key) {
                channels::arrived(model, layer, requested, arrival);
            }
        }
        Arrival::Tied { ref of, requested, .. } => {
            let layers: Vec<usize> = of.iter().filter_map(|key| model.session.position(key)).collect();
            ties::arrived(model, &layers, requested, arrival);
        }
    }
}

fn found(model: &mut Model, cmds: &mut Vec<Cmd>) {
    model.loading.found = true;
    list::arrange(model);
    let wanted = model.list.wanted.take();
    let wanted = wanted.and_then(|name| model.session.layers.iter().position(|l| l.name() == name));
    if let Some(first) = wanted.or(model.list.order.first().copied()) {
        model.list.selected = first;
        if first < model.loading.all {
            cmds.push(Cmd::Request(Request::Prefer(model.session.layers[first].key.clone())));
        }
    }
    if model.session.layers.is_empty() {
        model.warn("there is nothing to read");
    }
}
