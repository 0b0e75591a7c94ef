//! The inspect cursor: a column whose values are counted.

use super::super::model::Model;

/// Puts it on a column.
pub(super) fn at(model: &mut Model, column: u16) {
    model.plot.inspect = model.figure().map(|figure| figure.axis.centre(column));
}

/// Moves it by columns; it begins at the clip.
pub(super) fn step(model: &mut Model, by: i16) {
    let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) else { return };
    let axis = figure.axis;
    let lines = model.lines(ready.decision().clip);
    let line = lines.iter().find(|(handle, _)| *handle == model.plot.handle).or(lines.last());
    let column = match model.plot.inspect.and_then(|x| axis.column(x)) {
        Some(column) => column.saturating_add_signed(by).min(axis.columns - 1),
        None => line.map_or(0, |(_, value)| axis.nearest_column(*value)),
    };
    at(model, column);
}
