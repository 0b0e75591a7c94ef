//! What moves on the pages that take a method apart: the dropped bins of the rule of 99 %, the cursor of P and Q.

use crate::calibrate::Coverage;

use super::super::model::Model;

/// Drops so many bins more of the rule of 99 %.
pub(super) fn drop_bins(model: &mut Model, by: isize) {
    let Some(drawn) = &model.drawn else { return };
    let last = Coverage::trace(&drawn.figure.tensor).map_or(0, |(_, trace)| trace.drops.len());
    model.plot.drops = model.plot.drops.min(last).saturating_add_signed(by).min(last);
}

/// Moves the cursor of P and Q by so many bins, from where it is shown.
pub(super) fn move_cursor(model: &mut Model, by: isize) {
    if let Some((cursor, kept)) = model.bin_at_hand() {
        model.plot.bin = Some(cursor.saturating_add_signed(by).min(kept - 1));
    }
}

/// The most that bins are widened: each time twice as wide.
const WIDEST: u8 = 3;

/// Makes the bins of P and Q wider or narrower, and keeps the cursor in view.
pub(super) fn widen(model: &mut Model, by: i8) {
    model.plot.bin = model.bin_at_hand().map(|(cursor, _)| cursor);
    model.plot.wider = model.plot.wider.saturating_add_signed(by).min(WIDEST);
}
