//! Ranges per channel: the axis that is asked for, the cursor on the strip, and the channel that is opened.

use crate::jobs::Request;
use crate::report::visible;
use crate::session::{Arrival, Choice, Ready, Received, Start};

use super::super::model::{Mode, Model};
use super::super::msg::Cmd;
use super::super::prompt::Line;
use super::super::strip::Strip;
use super::list;

/// What `choose` makes of a layer, and of each channel that stands in its place.
pub(super) fn choices(model: &Model, layer: usize, choose: impl Fn(&Ready) -> Option<Choice>) -> Vec<(usize, Choice)> {
    let choice = |layer: usize| Some((layer, choose(model.session.layers[layer].ready()?)?));
    model.session.with_channels(layer).into_iter().filter_map(choice).collect()
}

pub(super) fn ask(model: &mut Model) {
    let axis = model.session.layers.get(model.list.selected).and_then(|l| l.ready()?.axis());
    model.mode = Mode::Axis(Line::new(&axis.map_or_else(String::new, |axis| axis.to_string())));
}

/// A typed axis: at once where its channels are there, else they are read. Nothing typed: one range per tensor.
pub(super) fn typed(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let layer = model.list.selected;
    let text = text.trim();
    if text.is_empty() {
        stand(model, layer, None);
        return Ok(());
    }
    let axis: i64 = text.parse().map_err(|_| format!("\"{text}\" is no axis; one is a whole number such as 1"))?;
    let of = &model.session.layers[layer];
    let axes = of.origin.shape.len() as i64;
    let from_front = if axis < 0 { axis + axes } else { axis };
    if !(0..axes).contains(&from_front) {
        return Err(format!("there are {axes} axes, from 0 on; -1 is the last"));
    }
    if of.channel_sets.iter().any(|set| set.axis as i64 == from_front) {
        stand(model, layer, Some(from_front as usize));
        return Ok(());
    }
    let Some(choice) = of.choice() else { return Ok(()) };
    let methods = model.session.methods();
    let start = Start {
        method: methods.iter().position(|m| m.id() == choice.method).unwrap_or(0),
        format: choice.format,
        quantized: choice.quantized,
        axis: Some(axis),
    };
    let key = of.key.clone();
    model.channel.reading = Some((layer, axis));
    model.say(format!("reading the channels along axis {axis}…"));
    cmds.push(Cmd::Request(Request::Channels { key, start }));
    Ok(())
}

pub(super) fn progress(model: &mut Model, layer: usize, share: f64) {
    if let Some((of, axis)) = model.channel.reading
        && of == layer
        && matches!(model.mode, Mode::Normal)
    {
        model.say(format!("reading the channels along axis {axis}… {:.0} %", share * 100.0));
    }
}

/// The loader brings channels that were asked for, here or on the command line.
pub(super) fn arrived(model: &mut Model, layer: usize, requested: bool, arrival: Arrival) {
    if requested {
        model.channel.reading.take_if(|(of, _)| *of == layer);
        model.loading.share.take_if(|(of, _)| *of == layer);
        model.notice = None;
    }
    if layer == model.list.selected && matches!(model.mode, Mode::Drag { .. } | Mode::Pan { .. }) {
        // What is in the hand is about to be replaced.
        super::cancel(model);
    }
    let axis = match &arrival {
        Arrival::Channels { result: Ok(channels), .. } => Some(channels.axis),
        _ => None,
    };
    match model.session.receive(arrival) {
        Received::Changed => stood(model, layer, axis),
        Received::Refused(why) if requested => model.warn(format!("not per channel: {}", visible(&why))),
        // Something was chosen meanwhile that speaks against it.
        Received::Taken if requested => {
            if model.session.layers[layer].choice().is_some_and(|choice| choice.tie.is_some()) {
                let name = visible(model.session.layers[layer].name());
                model.warn(format!("not per channel: {name} shares its range with others by now"));
            }
        }
        Received::Refused(_) | Received::Taken => {}
    }
    if layer == model.list.selected {
        show(model);
    }
    list::resort(model);
}

fn stand(model: &mut Model, layer: usize, axis: Option<usize>) {
    if model.session.stand(layer, axis) {
        stood(model, layer, axis);
        list::resort(model);
    }
    if layer == model.list.selected {
        show(model);
    }
}

fn stood(model: &mut Model, layer: usize, axis: Option<usize>) {
    let name = visible(model.session.layers[layer].name());
    model.say(match axis {
        Some(axis) => format!("{name}: a range for each channel along axis {axis}"),
        None => format!("{name}: one range"),
    });
}

/// The selected tensor as a whole: where its channels stand in its place, the cursor on the worst.
pub(super) fn show(model: &mut Model) {
    model.channel.open = None;
    model.channel.cursor = by_sqnr(model, model.list.selected).first().copied().unwrap_or(0);
    (model.plot.zoom, model.plot.inspect) = (None, None);
}

/// The channels that have an SQNR, the worst first.
fn by_sqnr(model: &Model, layer: usize) -> Vec<usize> {
    Strip::new(&model.session, layer, 1).map_or_else(Vec::new, |strip| strip.by_sqnr(&model.session))
}

/// Moves the cursor; what holds ten columns in a plot holds ten channels here.
pub(super) fn step(model: &mut Model, by: i16) {
    let last = model.session.channels(model.at()).len().saturating_sub(1);
    model.channel.cursor = model.channel.cursor.saturating_add_signed(isize::from(by)).min(last);
}

/// To the channel that is next by SQNR, worse or better.
pub(super) fn next_worst(model: &mut Model, by: i8) {
    let order = by_sqnr(model, model.at());
    let here = order.iter().position(|c| *c == model.channel.cursor);
    let next = match here {
        None => order.first(),
        Some(at) => at.checked_add_signed(isize::from(by)).and_then(|at| order.get(at)),
    };
    match next {
        Some(&channel) => {
            model.channel.cursor = channel;
            let place = order.iter().position(|c| *c == channel).unwrap_or(0) + 1;
            model.say(format!("channel {channel}: {place} of {} by SQNR, the worst first", order.len()));
        }
        None => model.say(if by > 0 { "no channel is better" } else { "no channel is worse" }),
    }
}

/// A press selects, a press on the selected one opens.
pub(super) fn pick(model: &mut Model, channel: usize) {
    model.notice = None;
    if model.channel.cursor == channel {
        open(model);
    } else {
        model.channel.cursor = channel;
    }
}

pub(super) fn open(model: &mut Model) {
    let channels = model.session.channels(model.list.selected);
    model.channel.open = channels.clone().nth(model.channel.cursor);
    (model.plot.zoom, model.plot.inspect) = (None, None);
}

pub(super) fn close(model: &mut Model) {
    model.session.end_run();
    model.channel.open = None;
    (model.plot.zoom, model.plot.inspect) = (None, None);
}
