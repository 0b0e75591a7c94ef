//! What the loader tells.

use crate::jobs::Event;
use crate::session::LayerState;

use super::super::model::Model;
use super::super::msg::Cmd;
use super::{channels, list, network, ties};

pub(super) fn event(model: &mut Model, event: Event, cmds: &mut Vec<Cmd>) {
    match event {
        Event::Found { layers, errors } => {
            model.loading.all = layers.len();
            model.session.begin(layers, errors.into_iter().map(|e| (e.file, e.message)));
            model.loading.found = true;
            list::arrange(model);
            let wanted = model.list.wanted.take();
            let wanted = wanted.and_then(|name| model.session.layers.iter().position(|l| l.name() == name));
            if let Some(first) = wanted.or(model.list.order.first().copied()) {
                model.list.selected = first;
                if first < model.loading.all {
                    cmds.push(Cmd::Prefer(first));
                }
            }
            if model.session.layers.is_empty() {
                model.warn("there is nothing to read");
            }
        }
        Event::Opened { title, assumptions } => {
            model.title = crate::report::visible(&title);
            if !assumptions.is_empty() {
                model.say(crate::report::visible(&assumptions.join("; ")));
            }
            if let Some(network) = &mut model.network {
                network.assumptions = assumptions;
            }
        }
        Event::Running { done, of, left } => model.loading.runs = (done < of).then_some((done, of, left)),
        Event::Unusable(error) => {
            model.session.fail(error.file.clone(), error.message);
            model.list.stale = true;
        }
        Event::Progress { layer, share } => {
            model.loading.share = Some((layer, share));
            channels::progress(model, layer, share);
        }
        Event::Layer { layer, result } => {
            model.loading.done += 1;
            model.loading.share.take_if(|(l, _)| *l == layer);
            match result {
                Ok(read) => model.session.finish_layer(layer, read.0, read.1),
                Err(error) => model.session.layers[layer].state = LayerState::Failed(error.to_string()),
            }
            list::resort(model);
        }
        Event::Fine { layer, result } => match result {
            Ok(fine) => {
                let coarse = model.session.layers[layer].ready().map(|r| &r.histogram().magnitude);
                if coarse.is_some_and(|c| c.amax != fine.amax) {
                    model.warn("no finer bins: the file has changed since it was read");
                } else {
                    model.fine.magnitude = Some((layer, fine));
                }
            }
            Err(error) => {
                let why = crate::report::visible(&error.to_string());
                model.warn(format!("no finer bins: {why}"));
            }
        },
        Event::Measured { layer, result } => match result {
            Ok(measured) => {
                model.session.set_measured(layer, measured);
                model.notice = None;
            }
            Err(error) => {
                let why = crate::report::visible(&error.to_string());
                model.warn(format!("not measured: {why}"));
            }
        },
        Event::Channels { layer, requested, result } => channels::arrived(model, layer, requested, result),
        Event::Tied { layers, requested, result } => ties::arrived(model, &layers, requested, result),
        Event::Trial(news) => network::news(model, news),
        Event::Done => {
            model.loading.finished = true;
            model.loading.runs = None;
            model.loading.share = None;
        }
    }
}
