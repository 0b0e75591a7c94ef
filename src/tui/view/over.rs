//! What is drawn over the histogram to compare with it: other values as an outline, a held clip as a broken line.

use ratatui::layout::Rect;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::plot::{Dots, sample};
use super::pen::Pen;
use crate::figure::{Axis, Figure, lines};
use crate::report::number;

/// Before the clip in hand is drawn, which stays on top.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure) {
    if let Some(shares) = &figure.other {
        outline(pen, areas.histogram, figure, shares);
    }
    if let Some(held) = &model.held {
        let signed = model.shows_signed();
        let ends = lines(held.clip, held.format, signed);
        held_clip(pen, areas, &figure.axis, ends.iter().map(|(_, value)| *value));
    }
}

/// The other values as the outline of their bars, so that it differs from bars without colour.
fn outline(pen: &mut Pen, body: Rect, figure: &Figure, shares: &[f64]) {
    let scale = &figure.counts_scale;
    draw_steps(pen, body, shares.iter().map(|share| (*share > 0.0).then(|| scale.height(*share))));
}

/// The outline of bars, by a height for each column, `None` where there is nothing.
pub(super) fn draw_steps(pen: &mut Pen, body: Rect, heights: impl Iterator<Item = Option<f64>>) {
    let (style, glyphs) = (pen.look.theme.curve, pen.look.glyphs);
    let mut dots = Dots::new(body.width, body.height);
    let (rows, bottom) = (f64::from(dots.rows()), dots.rows() - 1);
    let mut before: Option<i32> = None;
    for (column, height) in (0..body.width).zip(heights) {
        let x = i32::from(column) * 2;
        // What holds something is seen, however little that is.
        let top = height.map(|height| bottom.min((rows - height.clamp(0.0, 1.0) * rows) as i32));
        if let Some(y) = top {
            dots.set(x, y, style);
            dots.set(x + 1, y, style);
        }
        if let (Some(from), Some(to)) = (before.or(top.map(|_| bottom)), top.or(before.map(|_| bottom)))
            && from != to
        {
            dots.vertical(x, from, to, style);
        }
        before = top;
    }
    dots.render_where(pen.buffer, body, glyphs.marks, |_, cell| {
        if cell.symbol().starts_with(glyphs.eighths[7]) && !glyphs.ascii {
            // Inside a bar, the bar stays as the ground.
            cell.bg = cell.fg;
        }
        true
    });
}

/// A held clip, on every second row.
fn held_clip(pen: &mut Pen, areas: &Areas, axis: &Axis, ends: impl Iterator<Item = f64>) {
    let style = pen.look.theme.curve;
    let body = areas.histogram;
    for column in ends.filter_map(|end| axis.column(end)) {
        for y in (body.y..body.bottom()).step_by(2) {
            pen.glyph(body.x + column, y, pen.look.glyphs.clip, style);
        }
    }
}

/// What bars and outline are, where there are both; what is held, where it is of the values at hand. At the right end of the
/// histogram, below its first row, which is the inspect cursor's.
pub(super) fn legend(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure) {
    let theme = pen.look.theme;
    let body = areas.histogram;
    // On a low screen what is inspected leaves no row for it, and the line must be seen.
    if model.plot.inspect.is_some() && body.height < 7 {
        return;
    }
    let (Some(y), true) = ([2, 1, 0].into_iter().find(|row| *row + 2 < body.height), body.width > 24) else { return };
    let mut pieces: Vec<(String, _)> = Vec::new();
    if figure.other.is_some()
        && let Some(other) = model.other()
    {
        let [low, high] = [3, 6].map(|at| pen.look.glyphs.eighths[at]);
        pieces.push((format!("{low}{high}{high} "), theme.bar));
        pieces.push(("this   ".to_owned(), theme.dim));
        pieces.push((sample(pen.look.glyphs.marks), theme.curve));
        pieces.push((format!(" {}", other.name), theme.dim));
    }
    if let Some(held) = &model.held {
        let end = if held.format.symmetric() {
            number::significant(f64::from(held.clip.amax()), 4)
        } else {
            let [min, max] = [held.clip.min(), held.clip.max()].map(|x| number::significant(f64::from(x), 4));
            format!("{min} to {max}")
        };
        let gap = if pieces.is_empty() { "" } else { "   " };
        pieces.push((format!("{gap}{}", pen.look.glyphs.clip), theme.curve));
        pieces.push((format!(" held {} {end}", held.by), theme.dim));
    }
    let width = pieces.iter().map(|(text, _)| pen.width(text)).sum::<u16>().min(body.width);
    let pieces: Vec<_> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
    let x = body.right() - width;
    for x in x..body.right() {
        if !pieces.is_empty() {
            pen.buffer[(x, body.y + y)].reset();
        }
    }
    pen.pieces(x, body.y + y, width, &pieces);
}
