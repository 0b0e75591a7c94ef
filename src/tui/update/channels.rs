//! Ranges per channel: the axis that is asked for, the cursor on the strip, and the channel that is opened.

use crate::figure::Strip;
use crate::jobs::Request;
use crate::report::visible;
use crate::session::{Decision, Key, Ready, Received, Start, Target};

use super::super::mode::{Ask, Mode};
use super::super::model::Model;
use super::super::msg::Cmd;

/// What `decide` makes of a range, and of each channel that stands in its place.
pub(super) fn decisions(
    model: &Model,
    target: &Target,
    decide: impl Fn(&Ready) -> Option<Decision>,
) -> Vec<(Target, Decision)> {
    let targets = match target {
        Target::Tensor(key) => model.session.with_channels(key),
        target => vec![target.clone()],
    };
    let decision = |target: Target| decide(model.session.ready(&target)?).map(|decision| (target, decision));
    targets.into_iter().filter_map(decision).collect()
}

/// How the selected tensor stands: what is decided for its channels, or for a tie that it is in, begins with that.
pub(super) fn start(model: &Model, axis: Option<i64>) -> Option<Start> {
    let decision = model.selected()?.decision()?;
    Some(begins_as(model, decision, axis))
}

/// How a range begins that is to stand as decided. What is known of it is for those to say who read it.
pub(super) fn begins_as(model: &Model, decision: &Decision, axis: Option<i64>) -> Start {
    let method = model.session.methods().iter().position(|m| m.id() == decision.method);
    Start {
        method: method.unwrap_or(0),
        named: false,
        known: None,
        imported: Vec::new(),
        by: method.is_none().then(|| decision.method.clone()),
        format: decision.format,
        quantized: decision.quantized,
        axis,
    }
}

pub(super) fn ask(model: &mut Model) {
    let axis = model.selected().and_then(|l| l.ready()?.axis());
    model.mode = Mode::prompt(Ask::Axis, &axis.map_or_else(String::new, |axis| axis.to_string()));
}

/// A typed axis: at once where its channels are there, else they are read. Nothing typed: one range per tensor.
pub(super) fn typed(model: &mut Model, text: &str, cmds: &mut Vec<Cmd>) -> Result<(), String> {
    let Some(layer) = model.selected() else { return Ok(()) };
    let key = layer.key.clone();
    let text = text.trim();
    if matches!(text, "" | "none") {
        split(model, &key, None);
        return Ok(());
    }
    let axis: i64 = text.parse().map_err(|_| format!("\"{text}\" is no axis; one is a whole number such as 1"))?;
    // Where samples differ in shape, whoever reads them says which axes there are.
    let axes = layer.origin.shape.as_ref().map(|shape| shape.len() as i64);
    let from_front = if axis < 0 { axis + axes.unwrap_or(0) } else { axis };
    if let Some(axes) = axes.filter(|axes| !(0..*axes).contains(&from_front)) {
        return Err(format!("there are {axes} axes, from 0 on; -1 is the last"));
    }
    if from_front >= 0 && layer.is_split_along(from_front as usize) {
        split(model, &key, Some(from_front as usize));
        return Ok(());
    }
    let Some(start) = start(model, Some(axis)) else { return Ok(()) };
    model.channel.reading = Some((key.clone(), axis));
    model.say(format!("reading the channels along axis {axis}…"));
    cmds.push(Cmd::Request(Request::Channels { key, start }));
    Ok(())
}

pub(super) fn progress(model: &mut Model, key: &Key, share: f64) {
    if let Some((of, axis)) = &model.channel.reading
        && of == key
        && matches!(model.mode, Mode::Normal)
    {
        model.say(format!("reading the channels along axis {axis}… {:.0} %", share * 100.0));
    }
}

/// Channels came that were asked for, here or on the command line.
pub(super) fn arrived(model: &mut Model, key: &Key, axis: Option<usize>, requested: bool, received: Received) {
    let at_hand = model.selected().is_some_and(|layer| layer.key == *key);
    match (received, axis) {
        (Received::Refused(why), _) if requested => model.warn(format!("not per channel: {}", visible(&why))),
        (Received::Changed, axis) if requested => said(model, key, axis),
        _ => {}
    }
    if at_hand {
        show(model);
    }
    model.list.resort();
}

fn split(model: &mut Model, key: &Key, axis: Option<usize>) {
    if model.session.split(key, axis) {
        said(model, key, axis);
        model.list.resort();
    }
    show(model);
}

fn said(model: &mut Model, key: &Key, axis: Option<usize>) {
    let name = visible(key.name());
    model.say(match axis {
        Some(axis) => format!("{name}: a range for each channel along axis {axis}"),
        None => format!("{name}: one range"),
    });
}

/// The selected tensor as a whole: where its channels stand in its place, the cursor on the worst.
pub(super) fn show(model: &mut Model) {
    model.channel.open = None;
    model.channel.cursor = by_sqnr(model).first().copied().unwrap_or(0);
    (model.plot.zoom, model.plot.inspect) = (None, None);
}

/// The channels of the selected tensor that have an SQNR, the worst first.
fn by_sqnr(model: &Model) -> Vec<usize> {
    let strip = model.selected().and_then(|layer| Strip::new(&model.session, &layer.key, 1));
    strip.map_or_else(Vec::new, |strip| strip.by_sqnr(&model.session))
}

/// Moves the cursor; what holds ten columns in a plot holds ten channels here.
pub(super) fn step(model: &mut Model, by: i16) {
    let last = model.selected().map_or(0, |layer| layer.channels().len()).saturating_sub(1);
    model.channel.cursor = model.channel.cursor.saturating_add_signed(isize::from(by)).min(last);
}

/// To the channel that is next by SQNR, worse or better.
pub(super) fn next_worst(model: &mut Model, by: i8) {
    let order = by_sqnr(model);
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
    let channels = model.selected().map_or(0, |layer| layer.channels().len());
    model.channel.open = Some(model.channel.cursor).filter(|channel| *channel < channels);
    (model.plot.zoom, model.plot.inspect) = (None, None);
}

pub(super) fn close(model: &mut Model) {
    model.session.end_run();
    model.channel.open = None;
    (model.plot.zoom, model.plot.inspect) = (None, None);
}
