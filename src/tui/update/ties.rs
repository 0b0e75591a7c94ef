//! Layers that share one range: those that are asked for, and those that come tied.

use crate::jobs::Request;
use crate::report::visible;
use crate::session::{Key, Kind, Layer, Names, Received, Target};

use super::super::mode::{Ask, Mode};
use super::super::model::{Model, name_of};
use super::super::msg::Cmd;
use super::channels;

pub(super) fn ask(model: &mut Model) {
    // In the form that is read back as these very names, whatever they hold.
    let names = model.selected().map_or_else(String::new, |layer| Names::exactly(layer.tied_with()).to_string());
    model.mode = Mode::prompt(Ask::Tie, &names);
}

/// Typed names: at once where their values were put together before, else they are read. Nothing typed: each has a
/// range of its own.
pub(super) fn typed(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let Some(selected) = model.selected().map(|layer| layer.key.clone()) else { return Ok(()) };
    if matches!(text.trim(), "" | "none") {
        let n = model.session.tied(&selected).len();
        if model.session.untie(&selected) {
            model.say(format!("a range of its own for each of {n} layers"));
            changed(model);
        }
        return Ok(());
    }
    let names: Names = text.parse()?;
    if selected.kind() == Kind::Weight {
        return Err("a weight shares no range".into());
    }
    let fits = |layer: &&Layer| {
        let other = layer.kind() == Kind::Activation && layer.failure().is_none() && names.fit(&layer.subject());
        layer.key == selected || other
    };
    let of: Vec<Key> = model.session.layers().iter().filter(fits).map(|layer| layer.key.clone()).collect();
    if of.len() < 2 {
        return Err(format!("no other layer has such a name; {} would be alone", visible(selected.name())));
    }
    if let Some(why) = model.session.why_not_tied(&of) {
        return Err(visible(&why));
    }
    if model.session.knows_joint(&of) {
        if model.session.tie(&of) {
            said(model, &of);
        }
        return Ok(());
    }
    let Some(start) = channels::start(model, None) else { return Ok(()) };
    model.tying = Some(of.clone());
    model.say(format!("reading {} layers as one…", of.len()));
    cmds.push(Cmd::Request(Request::Tie { of, start }));
    Ok(())
}

/// Layers that share one range came: asked for here, or beforehand.
pub(super) fn arrived(model: &mut Model, of: &[Key], requested: bool, received: Received) {
    if requested {
        model.tying.take_if(|tying| tying == of);
    }
    match received {
        Received::Refused(why) => model.warn(format!("not tied: {}", visible(&why))),
        Received::Changed if requested => said(model, of),
        _ => changed(model),
    }
}

fn said(model: &mut Model, of: &[Key]) {
    let name = name_of(&Target::Tie(of.to_vec()));
    model.say(format!("{name}: one range"));
    changed(model);
}

/// Another range may be looked at now: that of the tie of the selected layer, or its own again.
fn changed(model: &mut Model) {
    (model.plot.zoom, model.plot.inspect) = (None, None);
    model.list.resort();
}
