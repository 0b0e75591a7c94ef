use ratatui::layout::Rect;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::plot::Dots;
use super::super::scene::{Curve, CurveKind, Scene, Span};
use super::pen::Pen;
use super::{mapping, scales};
use crate::report::number;
use crate::session::Ready;

/// The lower plot on the histogram's columns: the curve of an objective, or the mapping.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let (Some(scene), Some(ready)) = (&model.scene, model.selected_ready()) else {
        pen.titled_rule(areas.lower_title, &[], "");
        return;
    };
    if model.plot.mapping {
        return mapping::draw(pen, areas, model, scene, ready);
    }
    scales::x_ticks(pen, areas.ticks, &scene.axis);
    title(pen, areas.lower_title, model, &scene.curve);
    if scene.curve.spans.iter().all(|s| s.lo.is_nan() && !s.infinite) {
        return no_curve(pen, areas.lower, model);
    }
    scales::y_labels(pen, areas.lower, &scene.curve.scale);
    draw_curve(pen, areas.lower, &scene.curve);
    meeting_point(pen, areas.lower, model, scene, ready);
}

fn title(pen: &mut Pen, area: Rect, model: &Model, curve: &Curve) {
    let theme = pen.look.theme.clone();
    let tab = |kind, name| (name, if model.plot.curve == kind { theme.title } else { theme.dim });
    let gap = ("  ", theme.dim);
    // The mirrored half of a symmetric axis stands for the same magnitudes.
    let symmetric = model.session.scheme().symmetric;
    let best = curve.best.map(|(v, at)| (v, if symmetric { at.abs() } else { at }));
    let best = match (model.plot.curve, best) {
        (CurveKind::Kl, None) => "no KL on affine grids".to_owned(),
        (_, None) => String::new(),
        (CurveKind::Sqnr, Some((v, at))) => {
            format!("best {} dB near {}", number::decibels(v), number::significant(at, 4))
        }
        (CurveKind::Kl, Some((v, at))) => {
            format!("least {} nats at {}", number::significant(v, 3), number::significant(at, 4))
        }
        (CurveKind::Mse, Some((v, at))) => {
            format!("least {} near {}", number::significant(v, 3), number::significant(at, 4))
        }
    };
    let mut pieces =
        vec![tab(CurveKind::Kl, "KL, nats"), gap, tab(CurveKind::Mse, "MSE"), gap, tab(CurveKind::Sqnr, "SQNR, dB")];
    if model.plot.curve == CurveKind::Mse {
        pieces.extend([
            ("  = ", theme.dim),
            ("clipping", theme.beyond),
            (" + ", theme.dim),
            ("rounding", theme.rounding),
        ]);
    }
    pen.titled_rule(area, &pieces, &best);
}

fn draw_curve(pen: &mut Pen, area: Rect, curve: &Curve) {
    let theme = pen.look.theme.clone();
    let glyphs = pen.look.glyphs.clone();
    let mut dots = Dots::new(area.width, area.height);
    let rows = f64::from(dots.rows());
    let row = |v: f64| {
        let height = curve.scale.height(v);
        // Below the bottom is drawn below the canvas, not on its edge: a value that is off the scale must not look on it.
        if height.is_nan() { None } else { Some(((1.0 - height) * (rows - 1.0)).round().clamp(-1e6, 1e6) as i32) }
    };
    for (part, style) in curve.parts.iter().zip([theme.beyond, theme.rounding]) {
        // Dashed, so that the parts differ from the sum without colour.
        for (x, pair) in part.windows(2).enumerate().filter(|(x, _)| x % 3 != 2) {
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
    dots.render(pen.buffer, area, glyphs.ascii);
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
    let text = if model.plot.curve == CurveKind::Kl && !model.session.scheme().symmetric {
        "KL compares magnitudes; an affine range has no single one. Tab shows the MSE."
    } else {
        "No curve: there is nothing but zeros, or a single value."
    };
    pen.text(area.x + 1, area.y + area.height / 2, area.width - 1, text, pen.look.theme.dim);
}

/// Where the line meets the curve, with the value there.
fn meeting_point(pen: &mut Pen, area: Rect, model: &Model, scene: &Scene, ready: &Ready) {
    let theme = pen.look.theme.clone();
    let metrics = ready.metrics();
    let (value, text) = match model.plot.curve {
        CurveKind::Kl => (metrics.kl.unwrap_or(f64::NAN), number::significant(metrics.kl.unwrap_or(f64::NAN), 3)),
        CurveKind::Mse => (metrics.mse, number::significant(metrics.mse, 3)),
        CurveKind::Sqnr => (metrics.sqnr_db, format!("{} dB", number::decibels(metrics.sqnr_db))),
    };
    let height = scene.curve.scale.height(value);
    let symmetric = ready.scheme.symmetric;
    for (handle, x) in model.lines(ready.choice().clip) {
        let Some(column) = scene.axis.column(x) else { continue };
        if !symmetric && handle != model.plot.handle {
            continue;
        }
        let up =
            if height.is_finite() { (height.clamp(0.0, 1.0) * f64::from(area.height)) as u16 } else { area.height };
        let y = area.bottom() - 1 - up.min(area.height - 1);
        if height.is_finite() {
            pen.glyph(area.x + column, y, pen.look.glyphs.dot, theme.clip);
        }
        if handle == super::super::model::Handle::Max || !symmetric {
            let width = pen.width(&text);
            let right = area.width.saturating_sub(column + 2);
            let (x, room) =
                if right >= width { (column + 2, right) } else { (column.saturating_sub(width + 1), width) };
            pen.text(area.x + x, y, room, &text, theme.clip);
        }
    }
}
