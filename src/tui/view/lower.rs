use ratatui::layout::Rect;

use super::super::layout::Areas;
use super::super::model::{Model, Part};
use super::super::page::Page;
use super::super::plot::Dots;
use super::pen::Pen;
use super::{divergence, mapping, scales};
use crate::calibrate::kl;
use crate::figure::{Curve, CurveKind, Figure, Handle, Span};
use crate::report::number;
use crate::session::Ready;

/// The lower plot on the histogram's columns: the curve of an objective, or the mapping.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let (Some(figure), Some(ready)) = (model.figure(), model.selected_ready()) else {
        pen.titled_rule(areas.lower_title, &[], "");
        return;
    };
    if model.plot.page == Page::Divergence {
        return divergence::draw(pen, areas, model, ready);
    }
    if !model.shows(Part::Curve) {
        return;
    }
    if model.plot.page == Page::Mapping {
        return mapping::draw(pen, areas, model, figure, ready);
    }
    scales::x_ticks(pen, areas.ticks, &figure.axis);
    title(pen, areas.lower_title, model, &figure.curve);
    if figure.curve.spans.iter().all(|s| s.lo.is_nan() && !s.infinite) {
        return no_curve(pen, areas.lower, model);
    }
    scales::y_labels(pen, areas.lower, &figure.curve.scale);
    draw_curve(pen, areas.lower, &figure.curve);
    meeting_point(pen, areas.lower, model, figure, ready);
}

/// The curves by their titles, in their order on the screen.
const TABS: [(CurveKind, &str); 3] =
    [(CurveKind::Kl, "KL, nats"), (CurveKind::Mse, "MSE"), (CurveKind::Sqnr, "SQNR, dB")];
const GAP: &str = "  ";

/// The curve whose title stands at column `x` of the title row.
pub(in super::super) fn tab_at(title: Rect, x: u16) -> Option<CurveKind> {
    // Behind the rule's first column and a blank.
    let mut start = title.x + 2;
    for (kind, name) in TABS {
        let end = start + name.len() as u16;
        if (start..end).contains(&x) {
            return Some(kind);
        }
        start = end + GAP.len() as u16;
    }
    None
}

fn title(pen: &mut Pen, area: Rect, model: &Model, curve: &Curve) {
    let theme = pen.look.theme;
    // The mirrored half of a symmetric axis stands for the same magnitudes.
    let symmetric = model.format().symmetric();
    let best = curve.best.map(|(v, at)| (v, if symmetric { at.abs() } else { at }));
    let view = if model.plot.zoom.is_some() { " in view" } else { "" };
    let best = match (model.plot.curve, best) {
        (CurveKind::Kl, None) if kl::undefined_on(model.format()).is_some() => "no KL on FP8".to_owned(),
        (_, None) => String::new(),
        (CurveKind::Sqnr, Some((v, at))) => {
            format!("best{view} {} dB near {}", number::decibels(v), number::significant(at, 4))
        }
        (CurveKind::Kl, Some((v, at))) => {
            // Of an affine range it is what the larger end clips.
            let of = if symmetric { "" } else { "of |x| at the larger end: " };
            format!("{of}least {} nats at {}", number::significant(v, 3), number::significant(at, 4))
        }
        (CurveKind::Mse, Some((v, at))) => {
            format!("least{view} {} near {}", number::significant(v, 3), number::significant(at, 4))
        }
    };
    let mut pieces = Vec::new();
    for (kind, name) in TABS {
        let gap = if pieces.is_empty() { "" } else { GAP };
        pieces.extend([(gap, theme.dim), (name, if model.plot.curve == kind { theme.title } else { theme.dim })]);
    }
    if model.plot.curve == CurveKind::Mse {
        pieces.extend([
            ("  = ", theme.dim),
            ("clipping ··", theme.beyond),
            (" + ", theme.dim),
            ("rounding --", theme.rounding),
        ]);
    }
    pen.titled_rule(area, &pieces, &best);
}

fn draw_curve(pen: &mut Pen, area: Rect, curve: &Curve) {
    let theme = pen.look.theme;
    let glyphs = pen.look.glyphs;
    let mut dots = Dots::new(area.width, area.height);
    let rows = f64::from(dots.rows());
    let row = |v: f64| {
        let height = curve.scale.height(v);
        // Below the bottom is drawn below the canvas, not on its edge: a value that is off the scale must not look on
        // it. Only zero, for which a log scale has no place, stands on the edge.
        let row = ((1.0 - height) * (rows - 1.0)).round().clamp(-1e6, 1e6);
        if height.is_nan() { None } else { Some(if v == 0.0 { row.min(rows - 1.0) } else { row } as i32) }
    };
    // Dotted and dashed, so that the parts differ from the sum and from each other without colour.
    for (part, (style, ink, of)) in curve.parts.iter().zip([(theme.beyond, 1, 3), (theme.rounding, 4, 6)]) {
        for (x, pair) in part.windows(2).enumerate().filter(|(x, _)| x % of < ink) {
            if let (Some(a), Some(b)) = (row(pair[0]), row(pair[1])) {
                dots.vertical(x as i32, a, b.clamp(a - 40, a + 40), style);
            }
        }
    }
    let mut before: Option<i32> = None;
    for (x, span) in curve.spans.iter().enumerate() {
        let Span { lo, hi, .. } = *span;
        let (Some(bottom), Some(top)) = (row(lo), row(hi)) else {
            before = None;
            continue;
        };
        dots.vertical(x as i32, top, bottom, theme.curve);
        // Joined to the half column before, unless that was a gap.
        if let Some(y) = before {
            let near = y.clamp(top, bottom);
            dots.vertical(x as i32, near, y, theme.curve);
        }
        before = Some((top + bottom) / 2);
    }
    dots.render(pen.buffer, area, glyphs.marks);
    let columns = usize::from(area.width);
    for c in 0..columns {
        let pair = &curve.spans[2 * c..2 * c + 2];
        if pair.iter().any(|s| s.infinite) && pair.iter().all(|s| s.lo.is_nan() || s.infinite) {
            let x = area.x + c as u16;
            if pen.buffer[(x, area.y)].symbol() == " " {
                pen.glyph(x, area.y, glyphs.infinity, theme.dim);
            }
        }
    }
}

fn no_curve(pen: &mut Pen, area: Rect, model: &Model) {
    let undefined = kl::undefined_on(model.format()).filter(|_| model.plot.curve == CurveKind::Kl);
    let text = match undefined {
        Some(why) => format!("{why}. Tab shows the MSE."),
        None => "No curve: too few different values, or too few bins.".to_owned(),
    };
    pen.text(area.x + 1, area.y + area.height / 2, area.width - 1, &text, pen.look.theme.dim);
}

/// Where the line meets the curve, with the value there.
fn meeting_point(pen: &mut Pen, area: Rect, model: &Model, figure: &Figure, ready: &Ready) {
    let theme = pen.look.theme;
    let (metrics, clip) = (ready.metrics(), ready.decision().clip);
    let (value, text) = match model.plot.curve {
        CurveKind::Kl => {
            let kl = figure.tensor.kl_of_magnitudes(clip.amax()).unwrap_or(f64::NAN);
            (kl, number::significant(kl, 3))
        }
        CurveKind::Mse => (metrics.mse, number::significant(metrics.mse, 3)),
        CurveKind::Sqnr => (metrics.sqnr_db, format!("{} dB", number::decibels(metrics.sqnr_db))),
    };
    let height = figure.curve.scale.height(value);
    let symmetric = ready.format().symmetric();
    // The end that the value is of: of KL the larger one, whichever is in hand.
    let end = match model.plot.curve {
        CurveKind::Kl if -clip.min() > clip.max() => Handle::Min,
        CurveKind::Kl => Handle::Max,
        CurveKind::Mse | CurveKind::Sqnr => model.plot.handle,
    };
    for (handle, x) in model.lines(clip) {
        let Some(column) = figure.axis.column(x) else { continue };
        if !symmetric && handle != end {
            continue;
        }
        // What is undefined or infinite stands at the top, with the other gaps.
        let known = value.is_finite() && !height.is_nan();
        let up = if known { (height.clamp(0.0, 1.0) * f64::from(area.height)) as u16 } else { area.height };
        let y = area.bottom() - 1 - up.min(area.height - 1);
        if known {
            pen.glyph(area.x + column, y, pen.look.glyphs.dot, theme.clip);
        }
        if handle == Handle::Max || !symmetric {
            let width = pen.width(&text);
            let right = area.width.saturating_sub(column + 2);
            let (x, room) =
                if right >= width { (column + 2, right) } else { (column.saturating_sub(width + 1), width) };
            pen.text(area.x + x, y, room, &text, theme.clip);
        }
    }
}
