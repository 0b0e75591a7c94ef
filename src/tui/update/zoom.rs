//! The part of the axis that is shown.

use crate::histogram::MAX_BINS;
use crate::jobs::Request;

use super::super::model::{Mode, Model};
use super::super::msg::Cmd;
use crate::session::Role;

/// One step of the wheel or of a key.
const FACTOR: f64 = 1.5;

pub(super) fn about(model: &mut Model, column: u16, steps: i8, cmds: &mut Vec<Cmd>) {
    let Some(axis) = model.scene.as_ref().map(|s| s.axis) else { return };
    let share = (f64::from(column) + 0.5) / f64::from(axis.columns);
    about_value(model, axis.lo + share * (axis.hi - axis.lo), share, steps, cmds);
}

pub(super) fn about_clip(model: &mut Model, steps: i8, cmds: &mut Vec<Cmd>) {
    let (Some(scene), Some(ready)) = (&model.scene, model.selected_ready()) else { return };
    let lines = model.lines(ready.choice().clip);
    let line = lines.iter().find(|(handle, _)| *handle == model.plot.handle).or(lines.last());
    let Some(&(_, value)) = line else { return };
    let share = ((value - scene.axis.lo) / (scene.axis.hi - scene.axis.lo)).clamp(0.0, 1.0);
    about_value(model, value, share, steps, cmds);
}

/// Zooms so that `value` stays at `share` of the width, no deeper than the finest bins and no wider than the data.
fn about_value(model: &mut Model, value: f64, share: f64, steps: i8, cmds: &mut Vec<Cmd>) {
    let (Some(axis), Some(ready)) = (model.scene.as_ref().map(|s| s.axis), model.selected_ready()) else { return };
    let (lo, hi) = model.domain(ready);
    let magnitude = &ready.histogram().magnitude;
    let finest = f64::from(magnitude.amax) / MAX_BINS as f64 * f64::from(axis.columns);
    let width = ((axis.hi - axis.lo) * FACTOR.powi(-i32::from(steps))).max(finest);
    let fine_wanted = width / f64::from(axis.columns) < f64::from(magnitude.amax) / magnitude.bins() as f64 * 4.0;
    // A channel is not read for itself.
    let is_tensor = model.session.layers[model.at()].role == Role::Tensor;
    let can_be_finer = is_tensor && magnitude.bins() < MAX_BINS && MAX_BINS.is_multiple_of(magnitude.bins());
    model.plot.zoom =
        if width >= (hi - lo) * 0.999 { None } else { Some(window(value - share * width, width, lo, hi)) };
    let layer = model.at();
    if model.plot.zoom.is_some() && fine_wanted && can_be_finer && model.fine.requested != Some(layer) {
        model.fine.requested = Some(layer);
        let key = model.session.layers[layer].key.clone();
        cmds.push(Cmd::Request(Request::Fine { key, bins: MAX_BINS }));
    }
}

/// `[start, start + width]` moved into `[lo, hi]`.
fn window(start: f64, width: f64, lo: f64, hi: f64) -> (f64, f64) {
    let start = start.min(hi - width).max(lo);
    (start, start + width)
}

pub(super) fn pan(model: &mut Model, by: i8) {
    if let (Some((a, b)), Some(ready)) = (model.plot.zoom, model.selected_ready()) {
        let (lo, hi) = model.domain(ready);
        model.plot.zoom = Some(window(a + f64::from(by) * (b - a) / 4.0, b - a, lo, hi));
    }
}

pub(super) fn grab(model: &mut Model, column: u16) {
    if let (Some(scene), Some(_)) = (&model.scene, model.plot.zoom) {
        model.mode = Mode::Pan { anchor: scene.axis.centre(column) };
    } else {
        model.say("the whole range is shown; the wheel or + zooms in");
    }
}

/// Moves the window so that `anchor` lies under the pointer.
pub(super) fn pan_to(model: &mut Model, anchor: f64, column: u16) {
    let (Some(axis), Some((a, b)), Some(ready)) =
        (model.scene.as_ref().map(|s| s.axis), model.plot.zoom, model.selected_ready())
    else {
        return;
    };
    let (lo, hi) = model.domain(ready);
    model.plot.zoom = Some(window(a + anchor - axis.centre(column), b - a, lo, hi));
}

/// After the clip moved: a zoomed window that does not show it any more moves along.
pub(super) fn follow_clip(model: &mut Model) {
    let (Some((a, b)), Some(ready)) = (model.plot.zoom, model.selected_ready()) else { return };
    let lines = model.lines(ready.choice().clip);
    let Some(&(_, value)) = lines.iter().find(|(handle, _)| *handle == model.plot.handle).or(lines.last()) else {
        return;
    };
    if !(a..=b).contains(&value) {
        let (lo, hi) = model.domain(ready);
        model.plot.zoom = Some(window(value - (b - a) / 2.0, b - a, lo, hi));
    }
}
