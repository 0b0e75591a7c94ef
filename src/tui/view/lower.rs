use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::super::layout::Areas;
use super::super::look::Look;
use super::super::model::{Model, Part};
use super::super::page::Page;
use super::super::plot::Dots;
use super::pen::{Pen, width};
use super::{divergence, mapping, scales};
use crate::calibrate::{ZeroBin, kl, too_few_values};
use crate::figure::{Curve, CurveKind, Figure, Handle, Span, first_bin};
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
    if model.plot.page == Page::Curve && !model.shows(Part::Curve) {
        return scales::x_ticks(pen, areas.ticks, &figure.axis);
    }
    if model.plot.page == Page::Mapping {
        return mapping::draw(pen, areas, model, figure, ready);
    }
    scales::x_ticks(pen, areas.ticks, &figure.axis);
    title(pen, areas.lower_title, model, figure);
    if figure.curve.spans.iter().all(|s| s.lo.is_nan() && !s.infinite) {
        return no_curve(pen, areas.lower, model);
    }
    scales::y_labels(pen, areas.lower, &figure.curve.scale);
    draw_curve(pen, areas.lower, &figure.curve);
    meeting_point(pen, areas.lower, model, figure, ready);
    // Their names take what room is left.
    points(pen, areas.lower, model, figure, ready);
}

/// The curves by their titles, in their order on the screen.
const TABS: [(CurveKind, &str); 3] =
    [(CurveKind::Kl, "KL, nats"), (CurveKind::Mse, "MSE, x²"), (CurveKind::Sqnr, "SQNR, dB")];
const GAP: &str = "  ";

/// The curve whose title stands at column `x` of the title row.
pub(in super::super) fn tab_at(look: &Look, title: Rect, x: u16) -> Option<CurveKind> {
    // Behind the rule's first column and a blank.
    let mut start = title.x + 2;
    for (kind, name) in TABS {
        let end = start + width(look, name);
        if (start..end).contains(&x) {
            return Some(kind);
        }
        start = end + GAP.len() as u16;
    }
    None
}

fn title(pen: &mut Pen, area: Rect, model: &Model, figure: &Figure) {
    let theme = pen.look.theme;
    let curve = &figure.curve;
    let symmetric = model.format().symmetric();
    let at = |at: f64| number::significant(at, 4);
    // What says most first: the title keeps its room.
    let best = curve.best.filter(|_| !hides_best(model));
    let notes: Vec<String> = match (model.plot.curve, best) {
        (CurveKind::Kl, None) if kl::undefined_on(model.format()).is_some() => vec!["no KL on FP8".to_owned()],
        (_, None) => Vec::new(),
        (CurveKind::Sqnr, Some((v, x))) => vec![format!("best {} dB at {}", number::decibels(v), at(x))],
        (CurveKind::Kl, Some((v, x))) => {
            // Of an affine range it is what the larger end clips.
            let of = if symmetric { "" } else { "of |x| at the larger end: " };
            let (v, x, bin) = (number::significant(v, 3), at(x), first_bin(&figure.tensor));
            let plain = if figure.zero_bin == ZeroBin::AsItIs { ", bin 0 as it is" } else { "" };
            vec![
                format!("{of}least {v} nats at {x}, searched from bin {bin} on{plain}"),
                format!("{of}least {v} nats at {x}, from bin {bin} on{plain}"),
                format!("{of}least {v} nats at {x}{plain}"),
                format!("least {v} at {x}, from bin {bin} on"),
                format!("least {v} at {x}"),
            ]
        }
        (CurveKind::Mse, Some((v, x))) => {
            let [least, cross] = pen.look.glyphs.points;
            let (v, x_text) = (number::significant(v, 3), at(x));
            let crossing = curve.crossings.iter().find(|c| symmetric || (c.at < 0.0) == (x < 0.0));
            let crossing = crossing.map(|c| at(f64::from(c.at)));
            let with = |words: &dyn Fn(&str) -> String| crossing.as_deref().map(words);
            let notes = [
                with(&|c| format!("{cross} parts cross at {c}, {least} least {v} at {x_text}")),
                with(&|c| format!("{cross} cross {c}, {least} least {x_text}")),
                with(&|c| format!("{cross} {c} {least} {x_text}")),
                Some(format!("{least} least {v} at {x_text}")),
            ];
            notes.into_iter().flatten().collect()
        }
    };
    let bold = |style: Style| style.add_modifier(Modifier::BOLD);
    let mut pieces = Vec::new();
    for (kind, name) in TABS {
        let gap = if pieces.is_empty() { "" } else { GAP };
        pieces.extend([(gap, theme.dim), (name, if model.plot.curve == kind { theme.title } else { theme.dim })]);
    }
    if model.plot.curve == CurveKind::Mse {
        let [sum, clipping, rounding] = match area.width {
            0..76 => ["  ", "clip ━━", "round --"],
            _ => ["  ·· = ", "clipping ━━", "rounding --"],
        };
        let parts = [(clipping, bold(theme.beyond)), (" + ", theme.dim), (rounding, bold(theme.rounding))];
        pieces.extend(std::iter::once((sum, theme.curve)).chain(parts));
    }
    let titles: u16 = pieces.iter().map(|(text, _)| pen.width(text)).sum();
    let room = area.width.saturating_sub(titles + 8);
    let fits = |note: &&String| pen.width(note) <= room;
    // Why most clips are infinite is said before where the curve is least, which is drawn as well: in the plot it would lie
    // over the signs that it is about.
    let few = too_few(model, figure);
    let few = few.iter().find(fits).map_or("", String::as_str);
    if few.is_empty() {
        return pen.titled_rule(area, &pieces, notes.iter().find(fits).map_or("", String::as_str));
    }
    let both = |note: &&String| pen.width(note) + pen.width(few) + 3 <= room;
    let note = notes.iter().find(both).map_or(String::new(), |note| format!(" · {note}"));
    let (said, width) = (format!("{few}{note}"), pen.width(few));
    pen.titled_rule(area, &pieces, &said);
    pen.text(area.right().saturating_sub(pen.width(&said) + 2), area.y, width, few, theme.warning);
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
    // The sum is thin and drawn first, so that it never covers its parts, which are solid and dashed: they differ from it and
    // from each other without colour.
    let thin = !curve.parts[0].is_empty();
    let mut before: Option<i32> = None;
    for (x, span) in curve.spans.iter().enumerate() {
        let Span { lo, hi, .. } = *span;
        let (Some(bottom), Some(top)) = (row(lo), row(hi)) else {
            before = None;
            continue;
        };
        if thin && x % 3 != 0 {
            continue;
        }
        dots.vertical(x as i32, top, bottom, theme.curve);
        // Joined to the half column before, unless that was a gap.
        if let Some(y) = before.filter(|_| !thin) {
            let near = y.clamp(top, bottom);
            dots.vertical(x as i32, near, y, theme.curve);
        }
        before = Some((top + bottom) / 2);
    }
    for (part, (style, ink, of)) in curve.parts.iter().zip([(theme.beyond, 1, 1), (theme.rounding, 4, 6)]) {
        for (x, pair) in part.windows(2).enumerate().filter(|(x, _)| x % of < ink) {
            if let (Some(a), Some(b)) = (row(pair[0]), row(pair[1])) {
                dots.vertical(x as i32, a, b.clamp(a - 40, a + 40), style.add_modifier(Modifier::BOLD));
            }
        }
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

/// Whether a lesson wants that to be found.
fn hides_best(model: &Model) -> bool {
    model.learn.as_ref().is_some_and(|learn| learn.hides_best())
}

/// Where the curve is best, and where its two parts cross: a sign with its name.
fn points(pen: &mut Pen, area: Rect, model: &Model, figure: &Figure, ready: &Ready) {
    let (theme, glyphs) = (pen.look.theme, pen.look.glyphs);
    let curve = &figure.curve;
    if hides_best(model) {
        return;
    }
    let [least, cross] = glyphs.points;
    for crossing in &curve.crossings {
        let at = (f64::from(crossing.at), crossing.value);
        point(pen, area, figure, at, Some(cross), &["parts cross", "cross"], theme.title);
    }
    let name = match model.plot.curve {
        CurveKind::Sqnr => "best",
        CurveKind::Kl | CurveKind::Mse => "least",
    };
    if let Some((value, at)) = curve.best.filter(|(value, _)| value.is_finite()) {
        // Where the clip itself stands its own sign is there, with the value.
        let column = figure.axis.column(at);
        let lines = model.lines(ready.decision().clip);
        let taken = lines.iter().any(|(_, line)| figure.axis.column(*line) == column);
        let text = match model.plot.curve {
            CurveKind::Sqnr => number::decibels(value),
            CurveKind::Kl | CurveKind::Mse => number::significant(value, 3),
        };
        let long = format!("{name} {text}");
        let names: &[&str] = if taken { &[name] } else { &[&long, name] };
        point(pen, area, figure, (at, value), Some(least).filter(|_| !taken), names, theme.chosen);
    }
}

/// A sign on the curve, and the longest of its names that stands beside it where nothing is drawn.
fn point(
    pen: &mut Pen,
    area: Rect,
    figure: &Figure,
    (at, value): (f64, f64),
    glyph: Option<char>,
    names: &[&str],
    style: Style,
) {
    let Some((x, y)) = cell(area, figure, at, value) else { return };
    glyph.into_iter().for_each(|glyph| pen.glyph(x, y, glyph, style));
    let rows = [Some(y), y.checked_sub(1), Some(y + 1), y.checked_sub(2), Some(y + 2)].into_iter().flatten();
    let rows: Vec<u16> = rows.filter(|row| (area.y..area.bottom()).contains(row)).collect();
    for name in names {
        let width = pen.width(name);
        let beside = [Some(x + 2), x.checked_sub(width + 1)].into_iter().flatten();
        let beside: Vec<u16> = beside.filter(|start| *start >= area.x && start + width <= area.right()).collect();
        // With a blank around it, where there is a column for one.
        let around = |start: u16| start.max(area.x + 1) - 1..(start + width + 1).min(area.right());
        let free =
            |start: u16, row: u16| around(start).all(|at| at == x && row == y || pen.buffer[(at, row)].symbol() == " ");
        let places = rows.iter().flat_map(|row| beside.iter().map(move |start| (*start, *row)));
        if let Some((start, row)) = places.into_iter().find(|(start, row)| free(*start, *row)) {
            pen.text(start, row, width, name, style);
            return;
        }
    }
}

/// That infinities come of too few values, where most clips are infinite for that; what says most first.
fn too_few(model: &Model, figure: &Figure) -> Vec<String> {
    let histogram = figure.tensor.histogram();
    let (values, bins) = (histogram.stats.finite(), histogram.magnitude.bins());
    if model.plot.curve != CurveKind::Kl || figure.curve.infinite <= 0.5 || !too_few_values(values, bins) {
        return Vec::new();
    }
    let (values, bins) = (number::of(values, "value"), number::count(bins as u64));
    vec![
        format!("∞ in empty bins: {values} are few for {bins} bins"),
        format!("∞: {values} are few for {bins} bins"),
        "∞: too few values".to_owned(),
    ]
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
            let kl = figure.tensor.kl_of_magnitudes_with(clip.amax(), figure.zero_bin).unwrap_or(f64::NAN);
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
    let signs = signs(area, figure);
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
            let (right, left) = (area.x + column + 2, (area.x + column).saturating_sub(width + 1));
            let fits = right + width <= area.right();
            // Beside the line, and where a sign of the curve stands there on its other side or above.
            let covers = |(x, y): (u16, u16)| signs.iter().any(|sign| sign.1 == y && (x..x + width).contains(&sign.0));
            let above = y.saturating_sub(1).max(area.y);
            let places = [(right, y), (left, y), (right, above), (left, above)];
            let mut places = places.into_iter().filter(|(x, _)| *x >= area.x && x + width <= area.right());
            let usual = if fits { (right, y) } else { (left.max(area.x), y) };
            let (x, y) = places.find(|place| !covers(*place)).unwrap_or(usual);
            pen.text(x, y, (area.right() - x).min(width), &text, theme.clip);
        }
    }
}

/// Where the signs of the curve stand: its least, and where its parts cross.
fn signs(area: Rect, figure: &Figure) -> Vec<(u16, u16)> {
    let curve = &figure.curve;
    let crossings = curve.crossings.iter().map(|crossing| (f64::from(crossing.at), crossing.value));
    let best = curve.best.map(|(value, at)| (at, value)).filter(|(_, value)| value.is_finite());
    crossings.chain(best).filter_map(|(at, value)| cell(area, figure, at, value)).collect()
}

/// The cell of a point of the curve.
fn cell(area: Rect, figure: &Figure, at: f64, value: f64) -> Option<(u16, u16)> {
    let height = figure.curve.scale.height(value);
    let column = figure.axis.column(at).filter(|_| !height.is_nan())?;
    let up = (height.clamp(0.0, 1.0) * f64::from(area.height)) as u16;
    Some((area.x + column, area.bottom() - 1 - up.min(area.height - 1)))
}
