//! A presentation: how much of it is revealed.

use super::super::model::{Model, Part};

/// Begins one with the bars alone, or ends it.
pub(super) fn toggle(model: &mut Model) {
    model.present = if model.present.is_some() { None } else { Some(0) };
}

/// Shows so many parts more.
pub(super) fn reveal(model: &mut Model, by: i8) {
    if let Some(revealed) = &mut model.present {
        *revealed = revealed.saturating_add_signed(by).min(Part::LAST as u8);
    }
}
