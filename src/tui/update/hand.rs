//! What is in the user's hand: the clip's line, or the zoomed window.

use super::super::mode::Mode;
use super::super::model::Model;

/// Puts back what is in the hand: the user does not want it, or it is about to be replaced.
pub(super) fn put_back(model: &mut Model) {
    match std::mem::replace(&mut model.mode, Mode::Normal) {
        Mode::Drag { before, .. } => {
            if let Some(at) = model.at() {
                model.session.preview(&at, before);
            }
            model.say("put back");
        }
        Mode::Pan { .. } => {}
        other => model.mode = other,
    }
}
