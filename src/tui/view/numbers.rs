use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::look::Theme;
use super::super::model::Model;
use super::pen::Pen;
use crate::calibrate::{Measured, Metrics, OwnKl, Tensor, kl};
use crate::quant::{Clip, QuantParams};
use crate::report::{self, number};
use crate::session::Ready;

/// A column of the table: heading, width, cell, and its importance on a symmetric and on an affine format: the least
/// important (the largest numbers) go first where room is short.
struct Column {
    heading: &'static str,
    width: u16,
    rank: [u8; 2],
    cell: fn(&Row) -> String,
}

/// What a row tells.
struct Row {
    clip: Clip,
    params: QuantParams,
    metrics: Metrics,
    symmetric: bool,
}

const SQNR: &str = "SQNR, dB";

const SATURATED: &str = "saturated";

const KL: &str = "KL, nats";

const COLUMNS: [Column; 10] = [
    Column {
        heading: "clip",
        width: 19,
        rank: [0, 0],
        cell: |r| {
            let n = |x: f32| number::significant(f64::from(x), 4);
            if r.symmetric { n(r.clip.amax()) } else { format!("{} to {}", n(r.clip.min()), n(r.clip.max())) }
        },
    },
    Column { heading: "scale", width: 10, rank: [5, 5], cell: |r| number::significant(f64::from(r.params.scale()), 5) },
    Column { heading: "zero pt", width: 7, rank: [9, 2], cell: |r| r.params.zero_point().to_string() },
    Column {
        heading: SATURATED,
        width: 17,
        rank: [8, 8],
        cell: |r| {
            let n = number::count(r.metrics.saturated_count.round() as u64);
            format!("{}{n} {:>8}", about(r), number::percent(r.metrics.saturated))
        },
    },
    // The share alone, where the number has no room.
    Column {
        heading: SATURATED,
        width: 9,
        rank: [6, 6],
        cell: |r| format!("{}{}", about(r), number::percent(r.metrics.saturated)),
    },
    Column { heading: "clipping", width: 8, rank: [2, 3], cell: |r| number::significant(r.metrics.clipping_error, 2) },
    Column { heading: "rounding", width: 8, rank: [3, 4], cell: |r| number::significant(r.metrics.rounding_error, 2) },
    Column { heading: "MSE, x²", width: 8, rank: [7, 7], cell: |r| number::significant(r.metrics.mse, 3) },
    Column { heading: SQNR, width: 8, rank: [1, 1], cell: |r| number::decibels(r.metrics.sqnr_db) },
    Column {
        heading: KL,
        width: 9,
        rank: [4, 9],
        cell: |r| r.metrics.kl.map_or("–".into(), |kl| number::significant(kl, 3)),
    },
];

fn about(row: &Row) -> &'static str {
    if row.metrics.prorated { "~" } else { "" }
}

/// The width of the rows' names, and of the marks beside them on wide screens.
const NAME: u16 = 20;
const WIDE_NAME: u16 = 28;
const MARK: u16 = 7;

fn name_width(area: Rect) -> u16 {
    if area.width >= 130 { WIDE_NAME + MARK } else { NAME }
}

/// The heading of the column at `x`.
pub(super) fn heading_at(model: &Model, area: Rect, x: u16) -> Option<&'static str> {
    let ready = model.selected_ready()?;
    let symmetric = ready.format().symmetric();
    let mut left = area.x + name_width(area);
    let (columns, gap) = fitting(area.width, name_width(area), symmetric, without_kl(model, ready).is_some());
    columns.into_iter().find_map(|column| {
        let right = left + width_of(column, symmetric) + gap;
        let at = (left..right).contains(&x);
        left = right;
        at.then_some(column.heading)
    })
}

/// Why no row has a KL, where none can have one: then it takes no column.
fn without_kl(model: &Model, ready: &Ready) -> Option<&'static str> {
    let why = match ready.format() {
        _ if ready.axis().is_some() => "no KL by axis",
        format if kl::undefined_on(format).is_some() => "no KL on FP8",
        format if !format.symmetric() => "KL needs one end",
        _ => return None,
    };
    // A peer's search may have its own.
    let found = ready.candidates().iter().filter_map(|c| c.outcome.as_ref().ok()).any(|t| t.kl().is_some());
    let held = model.held.as_ref().is_some_and(|held| held.metrics.kl.is_some());
    (!found && !held).then_some(why)
}

/// The clip in hand beside every method's.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) {
    let theme = pen.look.theme;
    let Some(ready) = model.selected_ready() else {
        pen.titled_rule(Rect { height: 1, ..area }, &[], "");
        return;
    };
    let symmetric = ready.format().symmetric();
    let without_kl = without_kl(model, ready);
    let (columns, gap) = fitting(area.width, name_width(area), symmetric, without_kl.is_some());

    let rule = Rect { height: 1, ..area };
    // Rows that there is no room for are said.
    let (shown, all) = (rows(model, area).len(), ready.candidates().len());
    let of_all = if shown < all { format!(" {shown} of {all}") } else { String::new() };
    // Why a column is missing, as far as the first heading leaves room for it.
    let first =
        columns.first().map_or(0, |c| (width_of(c, symmetric) + gap).saturating_sub(c.heading.len() as u16 + 1));
    let room = (name_width(area) + first).saturating_sub(10 + pen.width(&of_all));
    let why = without_kl.map(|why| format!("  {why}")).filter(|why| pen.width(why) <= room).unwrap_or_default();
    pen.titled_rule(rule, &[("numbers", theme.title), (&of_all, theme.dim), (&why, theme.dim)], "");
    let mut x = area.x + name_width(area);
    for column in &columns {
        let width = width_of(column, symmetric);
        let heading = format!(" {} ", column.heading);
        pen.right(x, area.y, width + gap + 1, &heading, theme.dim);
        x += width + gap;
    }

    let columns = &(columns, gap);
    let own = Row { clip: ready.clip(), params: ready.params(), metrics: *ready.metrics(), symmetric };
    let your_style = if ready.decision().quantized { theme.clip } else { theme.dim };
    let you = match (ready.decision().quantized, ready.edited()) {
        (false, _) => "if quantized".to_owned(),
        (true, _) if ready.decision().tuned().is_some() => "tuned".to_owned(),
        (true, true) => "your clip".to_owned(),
        // Each channel has a scale of its own.
        (true, false) if ready.axis().is_some() => "chosen, widest".to_owned(),
        (true, false) => "chosen".to_owned(),
    };
    pen.glyph(area.x + 1, area.y + 1, pen.look.glyphs.select, your_style);
    pen.text(area.x + 3, area.y + 1, NAME - 2, &you, your_style);
    cells(pen, area, area.y + 1, columns, &own, your_style, None);

    let beside = beside(model);
    for ((name, row, style), y) in beside.iter().zip((area.y + 2..area.bottom()).rev()) {
        let style = style(&theme);
        pen.text(area.x + 3, y, name_width(area) - 4, name, style);
        cells(pen, area, y, columns, row, style, None);
    }

    let best = report::best(ready);
    for (i, y) in rows(model, area) {
        let candidate = &ready.candidates()[i];
        let chosen = candidate.id == ready.decision().method;
        let style = if chosen { theme.chosen } else { Style::new() };
        if let Some(key) = model.keys.digit(i) {
            pen.text(area.x + 1, y, 1, &key.to_string(), theme.key);
        }
        let wide = name_width(area) > NAME;
        let end = pen.text(area.x + 3, y, if wide { WIDE_NAME } else { NAME } - 4, &candidate.id, style);
        // The name on the axis too, where it is another word.
        let named = candidate.label.to_lowercase() != candidate.id;
        if wide && named {
            pen.text(area.x + WIDE_NAME, y, MARK - 1, &candidate.label, theme.mark);
        } else if named && end + 1 + pen.width(&candidate.label) < area.x + NAME {
            pen.text(end + 1, y, MARK, &candidate.label, theme.mark);
        }
        match &candidate.outcome {
            Ok(t) => {
                // Of a peer's method the peer's own divergence, or none.
                let drawn = |tensor: &Tensor| tensor.kl_with(t.clip, ready.zero_bin());
                let kl = match (t.own_kl, model.figure()) {
                    (OwnKl::Drawn, Some(figure)) => drawn(&figure.tensor),
                    _ => t.kl(),
                };
                let metrics = Metrics { kl, ..t.metrics };
                let row = Row { clip: t.clip, params: t.params, metrics, symmetric };
                let best = (Some(i) == best).then_some(theme.chosen);
                cells(pen, area, y, columns, &row, Style::new(), best);
            }
            Err(none) => {
                let x = name_width(area);
                pen.text(area.x + x, y, area.width.saturating_sub(x + 1), &none.to_string(), theme.dim);
            }
        }
    }
}

/// What was measured in the columns of an estimate; there is no KL without bins.
fn as_metrics(m: &Measured) -> Metrics {
    Metrics {
        kl: None,
        mse: m.mse,
        clipping_error: m.clipping_error,
        rounding_error: m.rounding_error,
        sqnr_db: m.sqnr_db,
        saturated: m.saturated,
        saturated_count: m.saturated_count as f64,
        prorated: false,
    }
}

/// Who a row beside the methods' is of, its numbers, and its style.
type Beside = (String, Row, fn(&Theme) -> Style);

/// What stands below the methods: what was measured, what is held, and the clip in hand on the other data.
fn beside(model: &Model) -> Vec<Beside> {
    let Some(ready) = model.selected_ready() else { return Vec::new() };
    let symmetric = ready.format().symmetric();
    let mut rows: Vec<Beside> = Vec::new();
    if let Some(measured) = ready.measured() {
        let row = Row { clip: measured.clip, params: ready.params(), metrics: as_metrics(measured), symmetric };
        rows.push(("measured".to_owned(), row, |theme| theme.inspect));
    }
    if let Some(held) = &model.held {
        let whose = if model.at().as_ref() == Some(&held.of) { &held.by } else { &held.name };
        let row =
            Row { clip: held.clip, params: held.params, metrics: held.metrics, symmetric: held.format.symmetric() };
        rows.push((format!("held: {whose}"), row, |theme| theme.curve));
    }
    if let (Some(there), Some(against)) = (model.drawn.as_ref().and_then(|d| d.against.as_ref()), &model.against) {
        let metrics = there.metrics(ready.clip());
        let row = Row { clip: ready.clip(), params: ready.params(), metrics, symmetric };
        rows.push((format!("on {}", against.title), row, |theme| theme.curve));
    }
    rows
}

/// The methods' rows: index of the candidate and line on the screen. Where there is no room for all, the window holds
/// the chosen one.
pub(in super::super) fn rows(model: &Model, area: Rect) -> Vec<(usize, u16)> {
    let Some(ready) = model.selected_ready() else { return Vec::new() };
    // What is beside them takes the last lines, one of which is spare on large screens.
    let room = usize::from(area.height.saturating_sub(2)).saturating_sub(beside(model).len());
    let chosen = ready.candidates().iter().position(|c| c.id == ready.decision().method).unwrap_or(0);
    let first = (chosen + 1).saturating_sub(room);
    (first..ready.candidates().len()).take(room).zip(area.y + 2..).collect()
}

/// One row; `best` is the style of its SQNR where that is the best of all methods.
fn cells(
    pen: &mut Pen,
    area: Rect,
    y: u16,
    (columns, gap): &(Vec<&Column>, u16),
    row: &Row,
    style: Style,
    best: Option<Style>,
) {
    let mut x = area.x + name_width(area);
    for column in columns {
        let width = width_of(column, row.symmetric);
        let style = best.filter(|_| column.heading == SQNR).unwrap_or(style);
        pen.right(x, y, width + gap, &(column.cell)(row), style);
        x += width + gap;
    }
}

fn width_of(column: &Column, symmetric: bool) -> u16 {
    if column.heading == "clip" && symmetric { 9 } else { column.width }
}

/// The most important columns that fit, in their order, and how far apart they stand: one blank, and two where that costs
/// no column.
fn fitting(width: u16, name: u16, symmetric: bool, without_kl: bool) -> (Vec<&'static Column>, u16) {
    let rank = |column: &Column| column.rank[usize::from(!symmetric)];
    let taken =
        |columns: &[&Column], gap: u16| columns.iter().map(|c| width_of(c, symmetric) + gap).sum::<u16>() + name + 1;
    let with = |gap: u16| {
        let mut columns: Vec<&Column> = COLUMNS.iter().filter(|c| !without_kl || c.heading != KL).collect();
        // Once as a share alone, once with the number: the second takes the place of the first.
        let short = columns.iter().position(|c| c.heading == SATURATED && c.width == 9);
        let without_short = short.map(|short| {
            let mut columns = columns.clone();
            columns.remove(short);
            columns
        });
        if let Some(all) = without_short.filter(|all| taken(all, gap) <= width) {
            return all;
        }
        columns.retain(|c| c.heading != SATURATED || c.width == 9);
        while taken(&columns, gap) > width && columns.len() > 1 {
            let least = columns.iter().enumerate().max_by_key(|(_, c)| rank(c)).map_or(0, |(i, _)| i);
            columns.remove(least);
        }
        columns
    };
    let (near, far) = (with(1), with(2));
    if near.len() > far.len() { (near, 1) } else { (far, 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both errors are what the curve is about, and a zero point is what an affine range is for.
    #[test]
    fn both_errors_and_the_zero_point_stand_at_every_usual_width() {
        for width in 80..200 {
            let name = name_width(Rect { width, ..Rect::ZERO });
            for (symmetric, wanted) in [
                (true, &["clip", "scale", "clipping", "rounding", "SQNR, dB", "KL, nats"][..]),
                (false, &["clip", "zero pt", "clipping", "rounding", "SQNR, dB"][..]),
            ] {
                let (columns, gap) = fitting(width, name, symmetric, !symmetric);
                assert_eq!(columns.iter().any(|c| c.heading == KL), symmetric, "one without a number has no column");
                let headings: Vec<&str> = columns.iter().map(|c| c.heading).collect();
                assert!(wanted.iter().all(|heading| headings.contains(heading)), "{width} {symmetric}: {headings:?}");
                assert!(headings.iter().filter(|heading| **heading == SATURATED).count() <= 1);
                let taken: u16 = columns.iter().map(|c| width_of(c, symmetric) + gap).sum();
                assert!(taken + name < width, "{width} {symmetric}");
            }
        }
    }
}
