use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::model::{Model, Part};
use super::super::plot::large;
use super::pen::Pen;
use crate::figure::CurveKind;
use crate::report::number;
use crate::session::Ready;

/// Columns between two numbers.
const GAP: u16 = 4;

/// The numbers of a presentation, large, as far as they are revealed; those that do not fit any more are left out.
pub(super) fn draw(pen: &mut Pen, area: Rect, model: &Model) {
    let Some(ready) = model.selected_ready() else { return };
    let glyphs = pen.look.glyphs;
    let halves = (!glyphs.ascii).then_some([glyphs.halves[0], glyphs.halves[1], glyphs.eighths[7]]);
    let mut x = area.x + 2;
    for (part, label, text, style) in numbers(pen, model, ready) {
        let rows = large(&glyphs.text(&text), halves);
        let width = pen.width(&rows[0]).max(pen.width(&label));
        if x + width > area.right() {
            return;
        }
        if model.shows(part) {
            pen.text(x, area.y, width, &label, pen.look.theme.title);
            for (y, row) in (area.y + 1..area.bottom()).zip(&rows) {
                pen.text(x, y, width, row, style);
            }
        }
        // Each has its place from the beginning, so that nothing moves when the next one is revealed.
        x += width + GAP;
    }
}

/// What there is to tell: when it is revealed, what it is, the number, its style.
fn numbers(pen: &Pen, model: &Model, ready: &Ready) -> Vec<(Part, String, String, Style)> {
    let theme = pen.look.theme;
    let (clip, metrics) = (ready.clip(), ready.metrics());
    let about = if metrics.prorated { "~ " } else { "" };
    let db = number::decibels(metrics.sqnr_db);
    let (of_curve, value) = match model.plot.curve {
        CurveKind::Kl => {
            let kl = model.figure().and_then(|figure| figure.tensor.kl_of_magnitudes(clip.amax()));
            ("KL, nats", kl.map_or_else(|| "–".to_owned(), |kl| number::significant(kl, 3)))
        }
        CurveKind::Mse => ("MSE, x²", number::significant(metrics.mse, 3)),
        CurveKind::Sqnr => ("SQNR, dB", db.clone()),
    };
    let mut numbers = vec![
        (Part::Clip, "clip".to_owned(), number::significant(f64::from(clip.amax()), 4), theme.clip),
        (
            Part::Saturated,
            format!("{about}saturate, %"),
            number::percent(metrics.saturated).trim_end_matches(['%', ' ']).to_owned(),
            theme.beyond,
        ),
        (Part::Curve, of_curve.to_owned(), value, theme.curve),
    ];
    if model.plot.curve != CurveKind::Sqnr {
        numbers.push((Part::Error, "SQNR, dB".to_owned(), db, theme.chosen));
    }
    let scale = number::significant(f64::from(ready.params().scale()), 3);
    numbers.push((Part::Error, format!("scale, {}", ready.format()), scale, theme.title));
    numbers
}
