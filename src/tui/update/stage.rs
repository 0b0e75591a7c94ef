//! Decides how the selected layer is plotted, and makes its figure anew when that changed.

use std::sync::Arc;

use crate::calibrate::Tensor;
use crate::figure::{Axis, Figure, FigureSpec, Strip};

use super::super::drawn::{Drawn, FigureKey};
use super::super::layout::Areas;
use super::super::mode::Mode;
use super::super::model::Model;
use crate::session::Target;

pub(super) fn refresh(model: &mut Model, areas: Option<&Areas>) {
    // What is opened must stand in the selected tensor's place, also after an undo.
    let channels = model.selected().map_or(0, |layer| layer.channels().len());
    model.channel.open.take_if(|open| *open >= channels);
    model.channel.cursor = model.channel.cursor.min(channels.saturating_sub(1));
    model.strip = areas
        .filter(|_| model.on_strip())
        .and_then(|areas| Strip::new(&model.session, &model.selected()?.key, areas.histogram.width));
    if model.on_strip() {
        model.drawn = None;
        return;
    }
    let Some(key) = areas.and_then(|areas| key(model, areas)) else {
        model.drawn = None;
        return;
    };
    if model.drawn.as_ref().is_some_and(|drawn| drawn.key == key) {
        return;
    }
    let other = model.other().map(|other| other.histogram.clone());
    let against = model.other_data().map(|other| other.histogram.clone());
    model.drawn = model.session.focus(&key.target).and_then(|tensor| {
        let fine = model.fine.magnitude.as_ref().filter(|_| key.fine);
        let candidates = model.session.ready(&key.target)?.candidates();
        let figure = Figure::new(tensor, candidates, &key.spec, fine.map(|(_, magnitude)| magnitude));
        let figure = match &other {
            Some(other) => figure.under(other, &key.spec),
            None => figure,
        };
        let against = against.map(|histogram| Tensor::new(histogram, key.format));
        Some(Drawn { key, figure, against })
    });
}

/// What the figure has to be made from; `None` while the layer is not read.
fn key(model: &Model, areas: &Areas) -> Option<FigureKey> {
    let target = model.at()?;
    let ready = model.session.ready(&target)?;
    let (lo, hi) = model.plot.zoom.unwrap_or_else(|| match (&model.mode, &model.drawn) {
        // The axis stays where it is while the clip is in the hand.
        (Mode::Drag { .. }, Some(drawn)) if drawn.key.target == target => (drawn.figure.axis.lo, drawn.figure.axis.hi),
        _ => model.domain(ready),
    });
    let axis = Axis::new(lo, hi, areas.histogram.width);
    let bin = f64::from(ready.histogram().magnitude.amax) / ready.histogram().magnitude.bins() as f64;
    let have_fine = model.fine.magnitude.as_ref().is_some_and(|(of, _)| target == Target::Tensor(of.clone()));
    Some(FigureKey {
        target,
        histogram: Arc::as_ptr(ready.histogram()) as usize,
        format: ready.format(),
        other: model.other().map(|other| Arc::as_ptr(other.histogram) as usize),
        against: model.other_data().map(|other| Arc::as_ptr(other.histogram) as usize),
        fine: have_fine && axis.step() < bin * 4.0,
        spec: FigureSpec {
            axis,
            signed: model.shows_signed(),
            curve: model.plot.curve,
            rise: model.plot.rise,
            fit: model.plot.fit,
            zero_bin: ready.zero_bin(),
            range: (!ready.format().symmetric()).then_some(ready.decision().clip),
        },
    })
}
