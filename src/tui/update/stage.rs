//! Sets the scene: decides what is drawn of the selected layer, and makes it anew when that changed.

use std::sync::Arc;

use super::super::layout::Areas;
use super::super::model::{Mode, Model};
use super::super::plot::Axis;
use super::super::scene::{Scene, SceneKey};
use super::super::strip::Strip;

pub(super) fn refresh(model: &mut Model, areas: Option<&Areas>) {
    // What is opened must stand in the selected tensor's place, also after an undo.
    let channels = model.session.channels(model.list.selected);
    model.channel.open.take_if(|open| !channels.contains(open));
    model.channel.cursor = model.channel.cursor.min(channels.len().saturating_sub(1));
    model.strip = areas
        .filter(|_| model.on_strip())
        .and_then(|areas| Strip::new(&model.session, model.at(), areas.histogram.width));
    if model.on_strip() {
        model.scene = None;
        return;
    }
    let layer = model.at();
    let Some(key) = areas.and_then(|areas| key(model, areas)) else {
        model.scene = None;
        return;
    };
    if model.scene.as_ref().is_some_and(|scene| *scene.key() == key) {
        return;
    }
    model.scene = model.session.focus(layer).and_then(|tensor| {
        let fine = model.fine.magnitude.as_ref().filter(|(of, _)| *of == layer).map(|(_, magnitude)| magnitude);
        Some(Scene::new(key, model.session.layers[layer].ready()?, fine, tensor))
    });
}

/// What the scene has to be made from; `None` while the layer is not read.
fn key(model: &Model, areas: &Areas) -> Option<SceneKey> {
    let layer = model.at();
    let ready = model.selected_ready()?;
    let (lo, hi) = model.plot.zoom.unwrap_or_else(|| match (&model.mode, &model.scene) {
        // The axis stays where it is while the clip is in the hand.
        (Mode::Drag { .. }, Some(scene)) if scene.key().layer == layer => (scene.axis.lo, scene.axis.hi),
        _ => model.domain(ready),
    });
    let axis = Axis::new(lo, hi, areas.histogram.width);
    let bin = f64::from(ready.histogram().magnitude.amax) / ready.histogram().magnitude.bins() as f64;
    let have_fine = model.fine.magnitude.as_ref().is_some_and(|(of, _)| *of == layer);
    Some(SceneKey {
        layer,
        histogram: Arc::as_ptr(ready.histogram()) as usize,
        axis,
        signed: model.shows_signed(),
        curve: model.plot.curve,
        log: model.plot.log,
        fit: model.plot.fit,
        fine: have_fine && axis.step() < bin * 4.0,
        format: ready.format(),
        range: (!ready.format().symmetric()).then_some(ready.choice().clip),
    })
}
