//! What the loader tells.

use crate::input::InputError;
use crate::jobs::Event;
use crate::report::{number, visible};
use crate::session::{Arrival, Failure, Need, TakenUp};

use super::super::model::Model;
use super::super::msg::Cmd;
use super::{channels, list, network, taking, ties};

pub(super) fn event(model: &mut Model, event: Event, cmds: &mut Vec<Cmd>) {
    match event {
        Event::Found { layers, errors } => {
            model.loading.all = layers.len();
            model.session.receive(Arrival::Found { layers, failures: errors.into_iter().map(failure).collect() });
            model.loading.found = true;
            list::arrange(model);
            let wanted = model.list.wanted.take();
            let wanted = wanted.and_then(|name| model.session.layers().iter().position(|l| l.name() == name));
            if let Some(first) = wanted.or(model.list.order.first().copied()) {
                model.list.selected = first;
                if first < model.loading.all {
                    cmds.push(Cmd::Request(crate::jobs::Request::Prefer(model.session.layers()[first].key.clone())));
                }
            }
            if model.session.layers().is_empty() {
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
            model.session.receive(Arrival::Failed(failure(error)));
            model.list.stale = true;
        }
        Event::Progress { layer, share } => {
            model.loading.share = Some((layer, share));
            let key = model.session.layers()[layer].key.clone();
            channels::progress(model, &key, share);
        }
        Event::Layer { layer, result } => {
            model.loading.done += 1;
            model.loading.share.take_if(|(l, _)| *l == layer);
            let key = model.session.layers()[layer].key.clone();
            model.session.receive(Arrival::Layer { key, result: result.map_err(failure) });
            model.list.resort();
        }
        Event::Fine { layer, result } => match result {
            Ok(fine) => {
                let coarse = model.session.layers()[layer].ready().map(|r| &r.histogram().magnitude);
                if coarse.is_some_and(|c| c.amax != fine.amax) {
                    model.warn("no finer bins: the file has changed since it was read");
                } else {
                    model.fine.magnitude = Some((model.session.layers()[layer].key.clone(), fine));
                }
            }
            Err(error) => {
                let why = crate::report::visible(&error.to_string());
                model.warn(format!("no finer bins: {why}"));
            }
        },
        Event::Measured { layer, result } => match result {
            Ok(measured) => {
                let key = model.session.layers()[layer].key.clone();
                model.session.receive(Arrival::Measured { key, result: Ok(measured) });
                model.notice = None;
            }
            Err(error) => {
                let why = crate::report::visible(&error.to_string());
                model.warn(format!("not measured: {why}"));
            }
        },
        Event::Channels { layer, requested, result } => {
            let key = model.session.layers()[layer].key.clone();
            if requested {
                model.channel.reading.take_if(|(of, _)| *of == key);
                model.loading.share.take_if(|(of, _)| *of == layer);
                model.notice = None;
            }
            if layer == model.list.selected {
                // What is in the hand is about to be replaced.
                super::hand::put_back(model);
            }
            let axis = result.as_ref().ok().map(|channels| channels.axis);
            let result = result.map_err(failure);
            let received = model.session.receive(Arrival::Channels { key: key.clone(), requested, result });
            if requested {
                taking::channels_came(model, &key, axis, &received);
            }
            channels::arrived(model, &key, axis, requested, received);
        }
        Event::Tied { layers, requested, result } => {
            let of: Vec<_> = layers.iter().map(|&layer| model.session.layers()[layer].key.clone()).collect();
            if requested {
                model.notice = None;
            }
            if layers.contains(&model.list.selected) {
                super::hand::put_back(model);
            }
            let received =
                model.session.receive(Arrival::Tied { of: of.clone(), requested, result: result.map_err(failure) });
            taking::heard(model, &Need::Tie(of.clone()), &received);
            ties::arrived(model, &of, requested, received);
        }
        Event::Trial(news) => network::news(model, news),
        Event::Done => {
            model.loading.finished = true;
            if let Some(taken) = model.session.taken_up() {
                say_taken(model, &taken);
            }
            model.loading.runs = None;
            model.loading.share = None;
        }
    }
}

fn failure(error: InputError) -> Failure {
    Failure { file: error.file, message: error.message }
}

/// What became of a document that was opened along with the data.
fn say_taken(model: &mut Model, taken: &TakenUp) {
    let mut text = format!("{} taken up", number::of(taken.taken as u64, "tensor"));
    for (keys, what) in [(&taken.missing, "not here"), (&taken.new, "new here")] {
        if let Some(first) = keys.first() {
            let more = if keys.len() > 1 { format!(" and {} more", keys.len() - 1) } else { String::new() };
            text += &format!("; {what}: {}{more}", visible(first.name()));
        }
    }
    match taken.problems.first() {
        None if taken.missing.is_empty() => model.say(text),
        None => model.warn(text),
        Some(problem) => model.warn(format!("{text}; {}", visible(problem))),
    }
}
