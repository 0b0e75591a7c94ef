use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::page::Page;
use super::path;
use super::pen::Pen;
use crate::figure::{Figure, Inspected, Path as Way, inspected};
use crate::report::number;
use crate::session::Ready;

/// The inspect cursor: a line through the blanks above its column, and how many values lie under it. Drawn last, so that no
/// other line goes through its text.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure, ready: &Ready) {
    let Some(column) = model.plot.inspect.and_then(|x| figure.axis.column(x)) else { return };
    let theme = pen.look.theme;
    let body = areas.histogram;
    for y in body.y..body.bottom() {
        if pen.buffer[(body.x + column, y)].symbol() == " " {
            pen.glyph(body.x + column, y, pen.look.glyphs.inspect, theme.inspect);
        }
    }
    let histogram = figure.tensor.histogram();
    let fine = model.fine.magnitude.as_ref().filter(|_| figure.fine).map(|(_, magnitude)| magnitude);
    let magnitude = fine.unwrap_or(&histogram.magnitude);
    let stats = &histogram.stats;
    let found = inspected(magnitude, stats.zeros, &figure.axis, model.shows_signed(), column);
    let mut text = found.map_or_else(|| "no bins".to_owned(), |found| in_words(&found, stats.finite()));
    if let Some(share) = figure.other.as_ref().and_then(|shares| shares.get(usize::from(column))) {
        text += &format!(" · there ~{}", number::part(*share, 100));
    }
    beside(pen, Rect { height: 1, ..body }, column, &text);
    // In the mapping it stands below.
    if let Some(value) = model.plot.inspect.filter(|_| model.plot.page != Page::Mapping && body.height > 4) {
        let params = ready.params();
        let way = Way::of(value as f32, params, ready.decision().clip);
        let text = path::row(pen, &way, &params, body.width.saturating_sub(2));
        beside(pen, Rect { y: body.y + 1, height: 1, ..body }, column, &text);
    }
}

/// A text in a line of the histogram, beside a column where there is room.
fn beside(pen: &mut Pen, line: Rect, column: u16, text: &str) {
    let theme = pen.look.theme;
    let text = format!(" {text} ");
    let width = pen.width(&text).min(line.width);
    let right = column + 1 + width <= line.width;
    let x = if right { column + 1 } else { column.saturating_sub(width).min(line.width - width) };
    let area = Rect { x: line.x + x, width, ..line };
    for x in area.x..area.right() {
        pen.buffer[(x, area.y)].reset();
    }
    pen.text(area.x, area.y, area.width, &text, theme.inspect);
    // What stood there had a style of its own.
    pen.buffer.set_style(area, Style::new().remove_modifier(ratatui::style::Modifier::REVERSED));
}

/// `0.4122 to 0.4474: 1,234 values, 1.5 %`; with `~` where the column has a part of a bin only.
fn in_words(found: &Inspected, finite: u64) -> String {
    let Inspected { span: (a, b), count, zeros, part } = *found;
    let span = format!("{} to {}", number::significant(a, 4), number::significant(b, 4));
    let zeros = if zeros > 0 { format!(" and {}", number::of(zeros, "zero")) } else { String::new() };
    match part {
        None => format!("{span}: {}, {}{zeros}", number::of(count, "value"), number::part(count as f64, finite)),
        Some(part) => {
            let share = number::part(part, finite);
            let about = if part < 9.95 { format!("{part:.1}") } else { number::count(part.round() as u64) };
            format!("~{about} of the {} in {span}, ~{share}{zeros}", number::of(count, "value"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_counts_and_parts_are_told_apart() {
        let found = |count, part| Inspected { span: (0.5, 0.75), count, zeros: 0, part };
        assert_eq!(in_words(&found(15, None), 1000), "0.5000 to 0.7500: 15 values, 1.5 %");
        assert_eq!(in_words(&found(1, None), 1000), "0.5000 to 0.7500: 1 value, 0.1 %");
        assert_eq!(in_words(&found(345, Some(57.4)), 1000), "~57 of the 345 values in 0.5000 to 0.7500, ~5.74 %");
        let zeros = Inspected { zeros: 1204, ..found(2, None) };
        assert_eq!(in_words(&zeros, 2000), "0.5000 to 0.7500: 2 values, 0.1 % and 1,204 zeros");
    }
}
