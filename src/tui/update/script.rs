//! The NumPy of what is on the screen.

use super::super::model::Model;
use super::super::page::Page;
use crate::calibrate::Tensor;
use crate::figure::CurveKind;
use crate::report::{Computed, script};
use crate::session::Ready;

/// The script that computes it; `None` while nothing is drawn.
pub(super) fn of(model: &Model) -> Option<String> {
    let (ready, at) = model.selected_ready().zip(model.at())?;
    // Behind a page that covers the plots the tensor is made anew.
    let own;
    let tensor = match model.figure() {
        Some(figure) => &*figure.tensor,
        None => {
            own = Tensor::new(ready.histogram().clone(), ready.format());
            &own
        }
    };
    let shown = match model.plot.page {
        Page::Divergence => Computed::Terms(ready.zero_bin()),
        Page::Coverage => Computed::Coverage(model.plot.drops),
        Page::Mapping => Computed::Mapping(values(model, ready)),
        Page::Curve if model.plot.curve == CurveKind::Kl => Computed::Kl(ready.zero_bin()),
        Page::Curve
        | Page::Compare
        | Page::Methods
        | Page::Changes
        | Page::Notes
        | Page::Work
        | Page::Layers
        | Page::Outputs => Computed::Error,
    };
    Some(script(&super::super::model::name_of(&at), tensor, ready.clip(), &shown))
}

/// The values that the mapping is told of: the inspected one; else the one that it shows, the ends of the clip and of the
/// data, and zero.
fn values(model: &Model, ready: &Ready) -> Vec<f32> {
    if let Some(x) = model.plot.inspect {
        return vec![x as f32];
    }
    let (clip, (least, most)) = (ready.clip(), ready.stats().range());
    let mut values = vec![least, clip.min(), clip.min() / 2.0, 0.0, clip.max() / 2.0, clip.max(), most];
    values.extend(model.traced());
    values.sort_by(f32::total_cmp);
    values.dedup();
    values
}
