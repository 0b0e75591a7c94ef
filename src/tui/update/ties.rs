//! Layers that share one range: those that are asked for, and those that come tied.

use crate::jobs::Request;
use crate::report::visible;
use crate::session::{Arrival, Kind, Names, Received, Start};

use super::super::model::{Mode, Model};
use super::super::msg::Cmd;
use super::super::prompt::Line;
use super::list;

pub(super) fn ask(model: &mut Model) {
    let tie = model.session.layers.get(model.list.selected).and_then(|layer| layer.tie());
    model.mode = Mode::Tie(Line::new(&tie.map_or_else(String::new, |tie| tie.with.join(","))));
}

/// Typed names: at once where their values were put together before, else they are read. Nothing typed: each has a
/// range of its own.
pub(super) fn typed(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let selected = model.list.selected;
    let name = visible(model.session.layers[selected].name());
    if text.trim().is_empty() {
        let n = model.session.tied(selected).len();
        if model.session.untie(selected) {
            model.say(format!("a range of its own for each of {n} layers"));
            changed(model);
        }
        return Ok(());
    }
    let names: Names = text.parse()?;
    let kind = model.session.layers[selected].kind();
    if kind == Kind::Weight {
        return Err("a weight shares no range".into());
    }
    let fits = |layer: usize| {
        let other = &model.session.layers[layer];
        layer == selected || (other.kind() == kind && other.failure().is_none() && names.fit(&other.subject()))
    };
    let of: Vec<usize> = model.session.top_level().map(|(layer, _)| layer).filter(|&layer| fits(layer)).collect();
    if of.len() < 2 {
        return Err(format!("no other layer has such a name; {name} would be alone"));
    }
    if let Some(why) = model.session.why_not_tied(&of) {
        return Err(visible(&why));
    }
    if let Some(joint) = model.session.known_joint(&of) {
        tie(model, joint);
        return Ok(());
    }
    let Some(choice) = model.session.layers[selected].choice() else { return Ok(()) };
    let methods = model.session.methods();
    let start = Start {
        method: methods.iter().position(|m| m.id() == choice.method).unwrap_or(0),
        format: choice.format,
        quantized: choice.quantized,
        axis: None,
    };
    model.tying = Some(of.clone());
    model.say(format!("reading {} layers as one…", of.len()));
    let of = of.iter().map(|layer| model.session.layers[*layer].key.clone()).collect();
    cmds.push(Cmd::Request(Request::Tie { of, start }));
    Ok(())
}

/// The loader brings layers that share one range: asked for here, or beforehand.
pub(super) fn arrived(model: &mut Model, layers: &[usize], requested: bool, arrival: Arrival) {
    if requested {
        model.tying.take_if(|of| *of == layers);
        model.notice = None;
    }
    if layers.contains(&model.list.selected) && matches!(model.mode, Mode::Drag { .. } | Mode::Pan { .. }) {
        // What is in the hand is about to be replaced.
        super::cancel(model);
    }
    // Something may have been chosen for one of them since it was asked for.
    let why_not = if requested { model.session.why_not_tied(layers) } else { None };
    match model.session.receive(arrival) {
        Received::Refused(why) => model.warn(format!("not tied: {}", visible(&why))),
        Received::Taken | Received::Changed if !requested => changed(model),
        received => match why_not {
            Some(why) => model.warn(format!("not tied: {}", visible(&why))),
            None if received == Received::Changed => tied(model, layers),
            None => {}
        },
    }
}

fn tie(model: &mut Model, joint: usize) {
    // Something may have been chosen for one of them since it was asked for.
    if let Some(why) = model.session.layers[joint].tied_layers().and_then(|of| model.session.why_not_tied(of)) {
        model.warn(format!("not tied: {}", visible(&why)));
    } else if model.session.tie(joint) {
        let layers = model.session.layers[joint].tied_layers().map(<[usize]>::to_vec).unwrap_or_default();
        tied(model, &layers);
    }
}

fn tied(model: &mut Model, layers: &[usize]) {
    let names: Vec<&str> = layers.iter().map(|layer| model.session.layers[*layer].name()).collect();
    model.say(format!("{}: one range", visible(&names.join(" + "))));
    changed(model);
}

/// Another layer may be looked at now: the joint of the selected one, or itself again.
fn changed(model: &mut Model) {
    (model.plot.zoom, model.plot.inspect) = (None, None);
    list::resort(model);
}
