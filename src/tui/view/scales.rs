use ratatui::layout::Rect;

use super::super::layout::GUTTER;
use super::super::plot::{Axis, YScale, ticks};
use super::pen::Pen;
use crate::report::number;

/// The numbers of a vertical scale, in the gutter left of the plot.
pub(super) fn y_labels(pen: &mut Pen, body: Rect, scale: &YScale) {
    let dim = pen.look.theme.dim;
    for (value, label) in scale.labels(body.height) {
        let height = scale.height(value);
        if !(0.0..=1.0).contains(&height) {
            continue;
        }
        let up = ((height * f64::from(body.height)) as u16).min(body.height - 1);
        pen.right(body.x - GUTTER, body.bottom() - 1 - up, GUTTER - 1, &label, dim);
    }
}

/// The numbers of the axis that the plots share.
pub(super) fn x_ticks(pen: &mut Pen, area: Rect, axis: &Axis) {
    let dim = pen.look.theme.dim;
    let (values, decimals) = ticks(axis.lo, axis.hi, usize::from(area.width / 12).max(2));
    for value in values {
        let Some(column) = axis.column(value) else { continue };
        let text = if value == 0.0 {
            "0".to_owned()
        } else if value.abs() >= 1e6 || value.abs() < 1e-4 {
            number::significant(value, 3)
        } else {
            format!("{value:.decimals$}")
        };
        let width = pen.width(&text);
        let x = column.saturating_sub(width / 2).min(area.width.saturating_sub(width));
        pen.text(area.x + x, area.y, width, &text, dim);
    }
}
