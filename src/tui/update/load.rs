//! What the loader tells.

use crate::jobs::{News, Request, Told};
use crate::report::{self, number, visible};
use crate::session::{Arrival, Key, Need, Received, TakenUp};

use super::super::model::Model;
use super::super::msg::Cmd;
use super::{channels, hand, list, many, methods, network, taking, ties, work};

pub(super) fn told(model: &mut Model, told: Told, cmds: &mut Vec<Cmd>) {
    work::heard(model, &told);
    match told {
        Told::Arrived(arrival) => arrived(model, arrival, cmds),
        Told::Opened { title, assumptions } => {
            // A lesson has a title of its own; where its network lies for a while is nobody's business.
            if model.learn.is_none() {
                model.title = visible(&title);
            }
            if !assumptions.is_empty() {
                model.say(visible(&assumptions.join("; ")));
            }
            if let Some(network) = &mut model.network {
                network.assumptions = assumptions;
            }
        }
        Told::Running { done, of, left } => model.loading.runs = (done < of).then_some((done, of, left)),
        Told::Progress { key, share, left } => {
            work::progress(model, &key, share, left);
            if let Some(layer) = model.session.position(&key) {
                model.loading.share = Some((layer, share));
                channels::progress(model, &key, share);
            }
        }
        Told::Channels { share, left } => {
            model.loading.runs = None;
            model.loading.channels = Some((share, left));
        }
        // Each number says so itself.
        Told::Stopped { .. } => {}
        Told::Fine { key, result } => match result {
            Ok(fine) => {
                let coarse = model.session.layer(&key).and_then(|l| l.ready()).map(|r| &r.histogram().magnitude);
                if coarse.is_some_and(|c| c.amax != fine.amax) {
                    model.warn("no finer bins: the file has changed since it was read");
                } else {
                    model.fine.magnitude = Some((key, fine));
                }
            }
            Err(why) => model.warn(format!("no finer bins: {}", visible(&why.message))),
        },
        Told::Trial(News::Method(effect, _)) => methods::found(model, effect),
        Told::Trial(News::MethodsEnd { question, result }) => methods::ended(model, question, result),
        Told::Trial(news) => network::news(model, news),
        Told::Done => {
            model.loading.finished = true;
            model.loading.runs = None;
            model.loading.share = None;
            if let Some(taken) = model.session.taken_up() {
                say_taken(model, &taken);
            }
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
            model.list.resort();
        }
        Arrival::Measured { .. } => match model.session.receive(arrival) {
            Received::Refused(why) => model.warn(format!("not measured: {}", visible(&why))),
            Received::Taken | Received::Changed => model.notice = None,
        },
        Arrival::Channels { key, requested: true, result } if many::gathers(model, &key) => {
            many::gathered(model, key, result, cmds);
        }
        Arrival::Channels { ref key, requested, ref result } => {
            let (key, axis) = (key.clone(), result.as_ref().ok().map(|channels| channels.axis));
            if requested {
                model.channel.reading.take_if(|(of, _)| *of == key);
                let layer = model.session.position(&key);
                model.loading.share.take_if(|(of, _)| Some(*of) == layer);
                model.notice = None;
            }
            replaces(model, std::slice::from_ref(&key));
            let received = model.session.receive(arrival);
            if requested {
                taking::channels_came(model, &key, axis, &received);
            }
            channels::arrived(model, &key, axis, requested, received);
        }
        Arrival::Tied { ref of, requested, .. } => {
            let of = of.clone();
            if requested {
                model.notice = None;
            }
            replaces(model, &of);
            let received = model.session.receive(arrival);
            taking::heard(model, &Need::Tie(of.clone()), &received);
            ties::arrived(model, &of, requested, received);
        }
    }
}

/// What is in the hand is put back, if the range that it is of is about to be replaced.
fn replaces(model: &mut Model, keys: &[Key]) {
    if model.selected().is_some_and(|layer| keys.contains(&layer.key)) {
        hand::put_back(model);
    }
}

fn found(model: &mut Model, cmds: &mut Vec<Cmd>) {
    model.loading.found = true;
    list::arrange(model);
    let overlaid = model.session.overlaid();
    // What is not matched stands in the help.
    let short = overlaid.iter().map(|of| format!("{}: {} of {}", of.id, of.matched, of.ranges));
    let short: Vec<String> = short.map(|text| visible(&text)).collect();
    if !short.is_empty() {
        model.say(format!("ranges of tensors here, {} (? lists the others)", short.join("; ")));
    }
    model.overlaid.extend(overlaid.iter().flat_map(report::overlaid));
    let wanted = model.list.wanted.take();
    let wanted = wanted.and_then(|name| model.session.layers().iter().position(|l| l.name() == name));
    if let Some(first) = wanted.or(model.list.order.first().copied()) {
        model.list.selected = first;
        if first < model.loading.all {
            cmds.push(Cmd::Request(Request::Prefer(model.session.layers()[first].key.clone())));
        }
    }
    if model.session.layers().is_empty() {
        model.warn("there is nothing to read");
    }
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
