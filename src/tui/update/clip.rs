//! Moving the clip: by hand, by column, by bin, to a minimum, to a method.

use crate::calibrate::kl;
use crate::figure::{CurveKind, Handle, moved};
use crate::quant::Clip;
use crate::session::{Decision, Ready, Target};

use super::super::mode::Mode;
use super::super::model::Model;
use super::{channels, zoom};

pub(super) fn grab(model: &mut Model, handle: Handle) {
    model.notice = None;
    model.session.end_run();
    if let Some(before) = model.selected_ready().map(|r| r.decision().clone()) {
        model.plot.handle = handle;
        model.plot.inspect = None;
        model.mode = Mode::Drag { handle, before };
    }
}

pub(super) fn drag_to(model: &mut Model, column: u16) {
    let Mode::Drag { handle, ref before } = model.mode else { return };
    let before = before.clone();
    if let Some(value) = column_value(model, handle, column) {
        let clip = moved(before.clip, handle, value, model.format());
        // From the decision at the press, so that coming back to it is no edit.
        if let Some(at) = model.at() {
            model.session.preview(&at, before.with_clip(clip));
        }
    }
}

/// The button is up: a drag becomes one undo entry.
pub(super) fn release(model: &mut Model) {
    match std::mem::replace(&mut model.mode, Mode::Normal) {
        Mode::Drag { before, .. } => {
            if model.at().is_some_and(|at| model.session.commit("clip", &at, before)) {
                model.list.resort();
            }
        }
        Mode::Pan { .. } => {}
        other => model.mode = other,
    }
}

/// The clip that a column stands for: a method's own value if one is marked there, else the bin edge nearest to the
/// middle of the column, else (columns narrower than a bin) the middle.
fn column_value(model: &Model, handle: Handle, column: u16) -> Option<f32> {
    let (figure, ready) = (model.figure()?, model.selected_ready()?);
    let column = column.min(figure.axis.columns - 1);
    let format = ready.format();
    let symmetric = format.symmetric();
    // A symmetric range has one magnitude: the left line is its mirror.
    let mirrored = symmetric && figure.axis.centre(column) < 0.0;
    let marks = figure.marks.iter().filter(|mark| !mirrored && mark.column == column);
    let on_mark = marks.filter_map(|mark| ready.candidates()[mark.candidate].outcome.as_ref().ok()).find_map(|t| {
        let value = handle.value(t.clip, format);
        (figure.axis.column(f64::from(value)) == Some(column)).then_some(value)
    });
    if let Some(value) = on_mark {
        return Some(value);
    }
    let centre = figure.axis.centre(column);
    let magnitude = centre.abs();
    let edges = figure.tensor.edges();
    let width = f64::from(*edges.last()?) / (edges.len() - 1) as f64;
    let nearest = edges.get((magnitude / width).round().max(1.0) as usize);
    let in_column = |e: &f32| (f64::from(*e) - magnitude).abs() <= figure.axis.step() / 2.0;
    let value = nearest.copied().filter(in_column).unwrap_or(magnitude as f32);
    let value = value.max(edges.get(1).copied().unwrap_or(0.0));
    Some(if !symmetric && centre < 0.0 { -value } else { value })
}

/// Puts the end in hand on `value` as one step of a run (`run`) or as an undo entry of its own.
fn put(model: &mut Model, value: f32, run: bool) {
    let Some((at, decision)) = at_hand(model) else { return };
    let clip = moved(decision.clip, model.plot.handle, value, model.format());
    if run {
        model.session.nudge(&at, clip);
    } else {
        model.session.apply("clip", vec![(at, decision.with_clip(clip))]);
    }
    zoom::follow_clip(model);
    model.list.resort();
}

/// The range at hand and what is decided for it.
fn at_hand(model: &Model) -> Option<(Target, Decision)> {
    let at = model.at()?;
    let decision = model.session.ready(&at)?.decision().clone();
    Some((at, decision))
}

/// The end of the range that keys move.
fn present(model: &Model) -> Option<f32> {
    let ready = model.selected_ready()?;
    Some(model.plot.handle.value(ready.decision().clip, ready.format()))
}

pub(super) fn move_columns(model: &mut Model, by: i16) {
    let (Some(value), Some(figure)) = (present(model), model.figure()) else { return };
    let handle = model.plot.handle;
    let here = figure.axis.nearest_column(f64::from(value));
    let last = figure.axis.columns - 1;
    let there = here.saturating_add_signed(by).min(last);
    let target = if there == here && by > 0 {
        // At the right end of the axis: the largest value itself.
        model
            .selected_ready()
            .map(|r| handle.value(Clip::new(r.stats().min.unwrap_or(0.0), r.stats().max.unwrap_or(0.0)), r.format()))
    } else {
        column_value(model, handle, there)
    };
    if let Some(target) = target.filter(|t| if by > 0 { *t > value } else { *t < value }) {
        put(model, target, true);
    } else {
        model.say("the end of the axis");
    }
}

pub(super) fn move_bins(model: &mut Model, by: i16) {
    let (Some(value), Some(figure)) = (present(model), model.figure()) else { return };
    let edges = figure.tensor.edges();
    // On the negative end of an affine range, right is towards zero.
    let (magnitude, up) = (value.abs(), (by > 0) == (value >= 0.0));
    let target =
        if up { edges.iter().find(|e| **e > magnitude) } else { edges[1..].iter().rev().find(|e| **e < magnitude) };
    if let Some(target) = target.copied() {
        put(model, if value < 0.0 { -target } else { target }, true);
    }
}

/// To the next local minimum of the curve (of the SQNR: maximum), at the very clip that has it, whatever the screen's width.
pub(super) fn minimum(model: &mut Model, by: i8) {
    let (Some(value), Some(figure)) = (present(model), model.figure()) else { return };
    // The other end of an affine range has minima of its own.
    let below = !model.format().symmetric() && model.plot.handle == Handle::Min;
    let own = figure.curve.minima.iter().map(|minimum| minimum.at).filter(|at| !(below ^ (*at < 0.0)));
    let found = if by > 0 {
        own.filter(|at| *at > value).min_by(f32::total_cmp)
    } else {
        own.filter(|at| *at < value).max_by(f32::total_cmp)
    };
    match found {
        Some(target) => put(model, target, false),
        None => {
            let what = if model.plot.curve == CurveKind::Sqnr { "maximum" } else { "minimum" };
            model.say(format!("no {what} to the {}", if by > 0 { "right" } else { "left" }));
        }
    }
}

/// To the next method's value on the axis.
pub(super) fn mark(model: &mut Model, by: i8) {
    let next = model.selected_ready().and_then(|ready| next_mark(ready, model.plot.handle, by));
    match next {
        Some((label, target)) => {
            put(model, target, false);
            model.say(format!("the clip of {label}"));
        }
        None => model.say(no_mark(by)),
    }
}

/// The next method's value on the axis, and its label.
pub(super) fn next_mark(ready: &Ready, handle: Handle, by: i8) -> Option<(String, f32)> {
    let format = ready.format();
    let value = handle.value(ready.decision().clip, format);
    let answers = ready
        .candidates()
        .iter()
        .filter_map(|c| Some((c.label.clone(), handle.value(c.outcome.as_ref().ok()?.clip, format))));
    if by > 0 {
        answers.filter(|(_, v)| *v > value).min_by(|a, b| a.1.total_cmp(&b.1))
    } else {
        answers.filter(|(_, v)| *v < value).max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

pub(super) fn no_mark(by: i8) -> &'static str {
    if by > 0 { "no method to the right" } else { "no method to the left" }
}

pub(super) fn method_value(model: &mut Model) {
    let Some((at, Decision { method, .. })) = at_hand(model) else { return };
    let decisions = channels::decisions(model, &at, |ready| of_method(ready, &method));
    if !decisions.is_empty() {
        model.session.apply("back to the method", decisions);
        zoom::follow_clip(model);
        model.list.resort();
    }
}

/// A method's own value; for a tensor whose channels stand in its place, also where it has none for the whole.
pub(super) fn of_method(ready: &Ready, id: &str) -> Option<Decision> {
    let decision = ready.decision();
    match ready.own_clip(id) {
        Some(clip) => Some(decision.with_method(id, clip)),
        None => ready.axis().map(|_| decision.with_method(id, decision.clip)),
    }
}

pub(super) fn method(model: &mut Model, index: usize) {
    let (Some(at), Some(ready)) = (model.at(), model.selected_ready()) else { return };
    let Some(candidate) = ready.candidates().get(index) else { return };
    let (id, label) = (candidate.id.clone(), candidate.label.clone());
    match &candidate.outcome {
        Ok(threshold) => {
            let note = threshold.note.clone();
            let decisions = channels::decisions(model, &at, |ready| of_method(ready, &id));
            model.session.apply(&format!("method {label}"), decisions);
            if let Some(note) = note {
                model.say(note);
            }
            zoom::follow_clip(model);
            model.list.resort();
        }
        Err(none) => {
            let why = none.to_string();
            model.warn(why);
        }
    }
}

pub(super) fn other_handle(model: &mut Model) {
    model.plot.handle = if model.plot.handle == Handle::Max { Handle::Min } else { Handle::Max };
    let name = if model.plot.handle == Handle::Max { "clip_max" } else { "clip_min" };
    model.say(format!("keys move {name} now"));
}

/// A clip as it is typed.
#[derive(Clone, Copy)]
pub(super) enum Typed {
    /// The value of the end in hand.
    Value(f32),
    /// A share of the largest magnitude, above 0.
    Share(f64),
}

impl Typed {
    /// A number, or one with a percent sign behind it.
    pub fn parse(text: &str) -> Result<Typed, String> {
        let text = text.trim().replace(',', ".");
        let none = |_| format!("\"{text}\" is not a number; a clip is one such as 2.5, 1e-3 or 50%");
        if let Some(percent) = text.strip_suffix('%') {
            let share: f64 = percent.trim().parse::<f64>().map_err(none)? / 100.0;
            let some = share.is_finite() && share > 0.0;
            return if some { Ok(Typed::Share(share)) } else { Err("a share of amax is above 0 %".into()) };
        }
        let value: f32 = text.parse().map_err(none)?;
        if value.is_finite() { Ok(Typed::Value(value)) } else { Err("a clip is a finite number".into()) }
    }

    /// The clip that it is of a range: any finite number that is not zero, or of the right sign on an affine range.
    pub fn clip(self, ready: &Ready, handle: Handle) -> Result<Clip, String> {
        let (format, clip) = (ready.format(), ready.decision().clip);
        let value = match self {
            Typed::Share(_) if ready.stats().amax() <= 0.0 => return Err("it has no amax to take a share of".into()),
            Typed::Share(share) => {
                let magnitude = (f64::from(ready.stats().amax()) * share) as f32;
                return if magnitude.is_finite() && magnitude > 0.0 {
                    Ok(format.clip_at(magnitude, ready.stats().range()))
                } else {
                    Err("that share of its amax is no float32".into())
                };
            }
            Typed::Value(value) => value,
        };
        match (format.symmetric(), handle) {
            (true, _) if value == 0.0 => Err("a clip of zero leaves no range; type a number above zero".into()),
            (true, _) => Ok(moved(clip, handle, value.abs(), format)),
            (false, Handle::Max) if value < 0.0 => Err("clip_max is zero or above; t takes the other end".into()),
            (false, Handle::Min) if value > 0.0 => Err("clip_min is zero or below; t takes the other end".into()),
            _ => Ok(moved(clip, handle, value, format)),
        }
    }
}

/// A typed clip for the range at hand.
pub(super) fn typed(model: &mut Model, text: &str) -> Result<(), String> {
    let typed = Typed::parse(text)?;
    let Some((at, decision)) = at_hand(model) else { return Ok(()) };
    let Some(ready) = model.session.ready(&at) else { return Ok(()) };
    let clip = typed.clip(ready, model.plot.handle)?;
    let flipped = ready.format().symmetric() && text.trim().starts_with('-');
    model.session.apply("clip", vec![(at, decision.with_clip(clip))]);
    zoom::follow_clip(model);
    model.list.resort();
    if flipped {
        model.say(format!("the range is symmetric: ±{}", clip.amax()));
    }
    Ok(())
}

/// Another format for the layer: the method's clip there, or the clip in hand made to fit.
pub(super) fn format(model: &mut Model, words: &str) -> Result<(), String> {
    let format = model.format().changed_by(words)?;
    let method = |model: &Model| model.selected_ready().map(|r| r.decision().method.clone());
    let before = method(model);
    // Of a channel that is opened, the whole tensor: its channels go to one format.
    let Some(key) = model.selected().map(|layer| layer.key.clone()) else { return Ok(()) };
    let decisions = model.session.in_format(&key, format);
    if model.session.apply(&format!("{format}"), decisions) > 0 {
        if kl::undefined_on(format).is_some() && model.plot.curve == CurveKind::Kl {
            model.plot.curve = CurveKind::Mse;
        }
        model.plot.zoom = None;
        model.list.resort();
        // A method that is not defined there has given way.
        let now = method(model);
        model.say(match (before, now) {
            (Some(before), Some(now)) if before != now => {
                format!("{format} now; {before} is not defined there, {now} chooses")
            }
            _ => format!("{format} now"),
        });
    }
    Ok(())
}
