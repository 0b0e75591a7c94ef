//! The inspect cursor: a column whose values are counted, a value whose way is told.

use super::super::model::Model;
use super::super::page::Page;
use crate::figure::Step;

/// An eighth of a step, so that every number of the format is met on the way and the borders between them are seen.
const PARTS: f64 = 8.0;

/// Puts it on a column.
pub(super) fn at(model: &mut Model, column: u16) {
    model.plot.around = None;
    model.plot.inspect = model.figure().map(|figure| figure.axis.centre(column));
}

/// Puts it on a value of the neighbourhood that the mapping shows.
pub(super) fn in_neighbourhood(model: &mut Model, value: f64, goes_along: bool) {
    if !goes_along {
        model.plot.around = model.neighbourhood();
    }
    model.plot.inspect = Some(value);
}

/// Moves it by so many columns of the axis; in the mapping by eighths of a step, ten of which stand for a whole one.
pub(super) fn step(model: &mut Model, by: i16) {
    model.plot.around = None;
    let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) else { return };
    let axis = figure.axis;
    let Some(value) = model.traced().map(f64::from) else {
        // The first press shows it: at the clip.
        let lines = model.lines(ready.decision().clip);
        let line = lines.iter().find(|(handle, _)| *handle == model.plot.handle).or(lines.last());
        let column = line.map_or(0, |(_, value)| axis.nearest_column(*value));
        model.plot.inspect = Some(axis.centre(column));
        return;
    };
    if model.plot.page == Page::Mapping {
        let params = ready.params();
        let row = Step::around(&params, value as f32, 5);
        let own = row.iter().min_by(|a, b| (a.value - value).abs().total_cmp(&(b.value - value).abs()));
        let (low, high) = own.map_or((0.0, 0.0), |step| step.cell);
        let scale = f64::from(params.scale());
        let width = if (high - low).is_finite() {
            high - low
        } else {
            row.windows(2).last().map_or(scale, |s| s[1].value - s[0].value)
        };
        let part = if by.abs() >= 10 { width * f64::from(by.signum()) } else { width / PARTS * f64::from(by) };
        let (lo, hi) = model.domain(ready);
        model.plot.inspect = Some((value + part).clamp(lo, hi));
        return;
    }
    let here = axis.nearest_column(value);
    let there = here.saturating_add_signed(by).min(axis.columns - 1);
    model.plot.inspect = Some(axis.centre(there));
}
