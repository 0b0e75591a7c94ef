use ratatui::layout::Rect;

use super::super::layout::GUTTER;
use super::lines::Numbers;
use super::pen::Pen;
use crate::figure::{Axis, Signed, YScale, ticks};
use crate::report::number;

/// The numbers of a vertical scale, in the gutter left of the plot.
pub(super) fn y_labels(pen: &mut Pen, body: Rect, scale: &YScale) {
    for value in scale.ticks(body.height) {
        y_label(pen, body, value, scale.height(value));
    }
}

/// The same for a scale of percentages.
pub(super) fn share_labels(pen: &mut Pen, body: Rect, scale: &YScale) {
    for value in scale.ticks(body.height) {
        let text = number::tick(value);
        // The sign goes where there is room for it.
        let text = if text.len() + 1 < usize::from(GUTTER) { format!("{text}%") } else { text };
        y_text(pen, body, &text, scale.height(value));
    }
}

/// The same for a scale of both signs.
pub(super) fn signed_labels(pen: &mut Pen, body: Rect, scale: &Signed) {
    for value in scale.ticks(body.height, fits_gutter) {
        y_label(pen, body, value, scale.height(value));
    }
}

fn fits_gutter(value: f64) -> bool {
    number::tick(value).chars().count() < usize::from(GUTTER)
}

fn y_label(pen: &mut Pen, body: Rect, value: f64, height: f64) {
    y_text(pen, body, &number::tick(value), height);
}

fn y_text(pen: &mut Pen, body: Rect, text: &str, height: f64) {
    if (0.0..=1.0).contains(&height) {
        let up = ((height * f64::from(body.height)) as u16).min(body.height - 1);
        let dim = pen.look.theme.dim;
        pen.right(body.x - GUTTER, body.bottom() - 1 - up, GUTTER - 1, text, dim);
    }
}

/// The numbers of the axis that the plots share.
pub(super) fn x_ticks(pen: &mut Pen, area: Rect, axis: &Axis) {
    let dim = pen.look.theme.dim;
    let (values, decimals) = ticks(axis.lo, axis.hi, usize::from(area.width / 12).max(2));
    let step = values.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
    // One that would touch another is left out.
    let mut numbers = Numbers::new(area.y);
    for value in values {
        let Some(column) = axis.column(value) else { continue };
        let text = if value == 0.0 {
            "0".to_owned()
        } else if value.abs() >= 1e6 || value.abs() < 1e-4 {
            // As many digits as tell a tick from the next.
            let digits = (value.abs().log10().floor() - step.log10().floor() + 1.0).clamp(3.0, 12.0);
            number::significant(value, digits as usize)
        } else {
            format!("{value:.decimals$}")
        };
        numbers.put(pen, area, column, &text, dim);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::super::super::look::{Depth, Ground, Look, Marks};
    use super::*;
    use crate::figure::Rise;

    /// Labels of any window have a blank between any two, and all that fits is there.
    #[test]
    fn ticks_never_run_together() {
        let look = Look::new(Depth::Mono, Ground::Dark, Marks::Ascii);
        for width in [13, 24, 30, 53, 73] {
            for (lo, hi) in [
                (0.0, 12.8),
                (-1e6, 1e6),
                (-1_234_567.0, 7_654_321.0),
                (-1e-5, 1e-5),
                (5.353_101, 5.353_109),
                (-12_345.678_91, -12_345.678_88),
                (999_999.5, 1_000_000.5),
            ] {
                let area = Rect::new(0, 0, width, 1);
                let mut buffer = Buffer::empty(area);
                x_ticks(&mut Pen { buffer: &mut buffer, look: &look }, area, &Axis::new(lo, hi, width));
                let row: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
                let (values, _) = ticks(lo, hi, usize::from(width / 12).max(2));
                let labels: Vec<f64> = row.split_whitespace().map(|label| label.parse().expect(&row)).collect();
                assert!(!labels.is_empty() && labels.len() <= values.len(), "{width} {lo} {hi}: {row}");
                // Each is one of the values, as far as its digits go.
                let near = |label: &f64| {
                    values.iter().any(|value| (value - label).abs() <= 0.006 * (hi - lo).abs().max(value.abs()))
                };
                assert!(labels.iter().all(near), "{width} {lo} {hi}: {row}");
                assert!(labels.is_sorted_by(|a, b| a < b), "{width} {lo} {hi}: {row}");
            }
        }
    }

    #[test]
    fn labels_fit_their_gutter() {
        for rise in Rise::ALL {
            for top in [1e-7, 0.02, 3.0, 999.0, 147_456.0, 3e9] {
                let scale = YScale::counts(&[top * 1e-3, top], rise, 1.0);
                for rows in 0..30 {
                    assert!(scale.ticks(rows).into_iter().all(fits_gutter), "{rise:?} {top} {rows}");
                }
            }
        }
        let text = |values: Vec<f64>| values.into_iter().map(number::tick).collect::<Vec<_>>();
        let wide = YScale::fit([0.012, 0.5, f64::INFINITY, 3.0].into_iter(), true);
        assert_eq!(text(wide.ticks(9)), ["0.01", "0.1", "1"]);
        let narrow = YScale::fit([0.02, 0.4].into_iter(), true);
        assert_eq!(text(narrow.ticks(12)), ["0.02", "0.05", "0.1", "0.2"]);
    }
}
