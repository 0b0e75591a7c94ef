//! The mapping as two number lines: floats above, the format's numbers below, what lies beyond the clip landing on the
//! outermost; and one value's way in a row of arithmetic.
//!
//! Where all numbers of the format are far enough apart to be told from each other, both lines are the whole ranges, and
//! each number has its funnel: the floats that go to it. Else the lines are of the neighbourhood of the value, to scale, and
//! the whole ranges, with the ends and the zero alone, stand above where there is room.

use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::page::Page;
use super::lines::{AROUND, Lines, Numbers};
use super::pen::Pen;
use super::{path, scales};
use crate::calibrate::{StepsUsed, Threshold};
use crate::figure::{Axis, Figure, Path, Step};
use crate::quant::{Format, QuantParams};
use crate::report::number;
use crate::session::Ready;

/// Columns of a step from which on steps can be seen on the whole ranges.
const SEEN: u16 = 5;
/// Columns of a step in the neighbourhood of a value.
const CLOSE: u16 = 9;

/// Where the pieces stand, from the top down: the whole ranges, the neighbourhood of the value, two rows of text.
struct Places {
    /// Floats above, numbers below, on the histogram's columns.
    whole: Option<Rect>,
    /// The same on an axis of its own.
    close: Option<Rect>,
    /// The value's way.
    way: Option<u16>,
    /// How many steps are used, and where 0.0 lands.
    used: Option<u16>,
}

fn places(areas: &Areas, params: &QuantParams) -> Places {
    let area = areas.lower;
    // The row of the ticks belongs to it.
    let rows = area.height + 1;
    let texts = match rows {
        0..=4 => 0,
        5..=6 => 1,
        _ => 2,
    };
    let drawn = Rect { height: rows - texts, ..area };
    let few = i64::from(params.qmax()) - i64::from(params.qmin()) < i64::from(area.width / SEEN);
    let few = few && matches!(params.format(), Format::Int(_));
    let (whole, close) = match drawn.height {
        _ if few => (Some(drawn), None),
        0..=10 => (None, Some(drawn)),
        height => {
            let top = (height * 2 / 5).clamp(AROUND + 1, AROUND + 5);
            (Some(Rect { height: top, ..drawn }), Some(Rect { y: drawn.y + top, height: height - top, ..drawn }))
        }
    };
    let way = (texts > 0).then_some(drawn.bottom());
    Places { whole, close, way, used: (texts > 1).then_some(drawn.bottom() + 1) }
}

pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure, ready: &Ready) {
    let params = ready.params();
    title(pen, areas, model, ready);
    let value = model.traced().unwrap_or(0.0);
    let path = Path::of(value, params, ready.decision().clip);
    let places = places(areas, &params);
    if let Some(area) = places.whole {
        whole(pen, area, model, figure, ready, &path, places.close.is_none());
    }
    if let Some(area) = places.close {
        let axis = close_axis(&params, model.neighbourhood().unwrap_or(value), area.width);
        close(pen, area, &axis, model, ready, &path);
    }
    let theme = pen.look.theme;
    if let Some(y) = places.way {
        let style = if path.saturates { theme.beyond } else { theme.inspect };
        let x = areas.lower_title.x + 1;
        let columns = areas.lower_title.right().saturating_sub(x);
        let text = path::row(pen, &path, &params, columns);
        pen.text(x, y, columns, &text, style.add_modifier(Modifier::BOLD));
    }
    if let Some(y) = places.used {
        let x = areas.lower_title.x + 1;
        let columns = areas.lower_title.right().saturating_sub(x);
        let said = used_in_words(figure.tensor.steps_used(params), &params);
        let text = said.iter().find(|text| pen.width(text) <= columns).or(said.last());
        pen.text(x, y, columns, text.map_or("", String::as_str), theme.dim);
    }
}

/// `27 of 127 steps hold 99 % · zero point 0, the code of 0.0 · scale 0.02239`, and shorter: the scale stands in the table
/// and in the value's way.
fn used_in_words(used: Option<StepsUsed>, params: &QuantParams) -> [String; 4] {
    let used = used.map_or(String::new(), |used| {
        let of = if used.from_zero { "steps" } else { "codes" };
        format!("{} of {} {of} hold 99 % · ", number::count(used.hold_most as u64), number::count(used.of as u64))
    });
    let (zero, scale) = (params.zero_point(), path::short(f64::from(params.scale()), 4));
    [
        format!("{used}zero point {zero}, the code of 0.0 · scale {scale}"),
        format!("{used}zero point {zero} · scale {scale}"),
        format!("{used}zero point {zero}"),
        used.trim_end_matches(" · ").to_owned(),
    ]
}

/// The float that a cell of the neighbourhood stands for.
pub(in super::super) fn value_at(areas: &Areas, model: &Model, x: u16, y: u16) -> Option<f64> {
    let ready = model.selected_ready().filter(|_| model.plot.page == Page::Mapping && !model.on_strip())?;
    let area = places(areas, &ready.params()).close.filter(|area| area.contains((x, y).into()))?;
    let axis = close_axis(&ready.params(), model.neighbourhood()?, area.width);
    let (lo, hi) = model.domain(ready);
    Some(axis.centre(x - area.x).clamp(lo, hi))
}

/// The axis of the neighbourhood: some numbers of the format with the one that the value goes to, and half a step more at
/// each end.
fn close_axis(params: &QuantParams, value: f32, columns: u16) -> Axis {
    let row = Step::around(params, value, usize::from(columns / CLOSE).max(3));
    let gap = |pair: &[Step]| pair[1].value - pair[0].value;
    let (first, last) = (row.windows(2).next().map_or(1.0, gap), row.windows(2).last().map_or(1.0, gap));
    let (low, high) = (row[0].value, row[row.len() - 1].value);
    // What is beyond the ends of the format is seen to land on them, and the value itself wherever it is.
    let beyond = |infinite: bool| if infinite { 1.5 } else { 0.5 };
    let low = low - first * beyond(row[0].cell.0.is_infinite());
    let high = high + last * beyond(row[row.len() - 1].cell.1.is_infinite());
    // One that is far beyond comes from outside, or nothing would be seen of the steps.
    let (far, value) = (high - low, f64::from(value));
    let value = value.clamp(low - far, high + far);
    Axis::new(low.min(value - first * 0.5), high.max(value + last * 0.5), columns)
}

/// The whole ranges: floats on the histogram's columns, the format's numbers from the smallest to the largest over the
/// same width. `alone` tells that every number has room for a funnel.
fn whole(pen: &mut Pen, area: Rect, model: &Model, figure: &Figure, ready: &Ready, path: &Path, alone: bool) {
    let theme = pen.look.theme;
    let glyphs = pen.look.glyphs;
    let (params, clip, axis) = (ready.params(), ready.decision().clip, figure.axis);
    let width = f64::from(area.width);
    let codes = f64::from(params.qmax() - params.qmin()).max(1.0);
    let code_x = |q: f64| (q - f64::from(params.qmin())) / codes * (width - 1.0) + 0.5;
    let float_x = |v: f64| (v - axis.lo) / axis.step();
    scales::x_ticks(pen, Rect { height: 1, ..area }, &axis);
    let mut lines = Lines::new(pen, area);
    let stats = ready.stats();
    let (least, most) = (f64::from(stats.min.unwrap_or(0.0)), f64::from(stats.max.unwrap_or(0.0)));
    if alone {
        for step in Step::all(&params) {
            for end in [step.cell.0, step.cell.1].into_iter().filter(|end| (axis.lo..=axis.hi).contains(end)) {
                lines.ray(float_x(end), code_x(step.label), 1, theme.dim);
            }
        }
    }
    let ends = [(least, params.qmin()), (most, params.qmax())];
    for (end, code) in ends.into_iter().filter(|(end, _)| clip.saturates(*end as f32)) {
        lines.ray(float_x(end), code_x(f64::from(code)), 0, theme.beyond);
    }
    lines.ray(float_x(0.0), code_x(f64::from(params.zero_point())), 2, theme.title);
    let clips = model.lines(clip);
    for (_, value) in &clips {
        lines.ray(float_x(*value), code_x(before_scaling(&params, *value)), 0, theme.clip);
    }
    lines.thick(float_x(f64::from(path.value)), code_x(path.clamped), theme.inspect);
    let y = lines.render();
    let column = |q: f64| code_x(q) as u16;
    if let Format::Fp8(fp8) = params.format() {
        for q in fp8.magnitudes().into_iter().flat_map(|q| [-q, q]) {
            pen.glyph(area.x + column(f64::from(q)), y, glyphs.axis[1], theme.dim);
        }
    }
    let mut numbers = Numbers::new(y + 1);
    let own = code_of(path, &params);
    if numbers.put(pen, area, column(path.clamped), &own, theme.inspect) {
        pen.glyph(area.x + column(path.clamped), y, glyphs.mark, theme.inspect);
    }
    for q in numbered(&params, alone) {
        let x = column(f64::from(q));
        let style = match q {
            q if q == params.qmin() || q == params.qmax() => theme.clip,
            q if q == params.zero_point() => theme.title,
            _ => theme.dim,
        };
        if pen.buffer[(area.x + x, y)].symbol() != glyphs.mark.to_string() {
            pen.glyph(area.x + x, y, glyphs.axis[1], style);
        }
        numbers.put(pen, area, x, &q.to_string(), style);
    }
    marked_floats(pen, area, &axis, path);
}

/// The neighbourhood of the value: floats and numbers to the same scale, each number with the floats that go to it.
fn close(pen: &mut Pen, area: Rect, axis: &Axis, model: &Model, ready: &Ready, path: &Path) {
    let theme = pen.look.theme;
    let glyphs = pen.look.glyphs;
    let (params, clip) = (ready.params(), ready.decision().clip);
    let x = |v: f64| (v - axis.lo) / axis.step();
    scales::x_ticks(pen, Rect { height: 1, ..area }, axis);
    let middle = model.neighbourhood().unwrap_or(path.value);
    let steps: Vec<Step> = Step::around(&params, middle, usize::from(area.width / CLOSE).max(3) + 2)
        .into_iter()
        .filter(|step| (axis.lo..=axis.hi).contains(&step.value))
        .collect();
    let mut lines = Lines::new(pen, area);
    for step in &steps {
        for end in [step.cell.0, step.cell.1].into_iter().filter(|end| (axis.lo..=axis.hi).contains(end)) {
            lines.ray(x(end), x(step.value), 1, theme.dim);
        }
        // Beyond the outermost every float goes to it.
        let outside = [(step.cell.0.is_infinite(), axis.lo, -1.0), (step.cell.1.is_infinite(), axis.hi, 1.0)];
        for (_, end, sign) in outside.into_iter().filter(|(infinite, ..)| *infinite) {
            let scale = f64::from(params.scale());
            let mut at = step.value + sign * scale / 2.0;
            while (end - at) * sign > 0.0 {
                lines.ray(x(at), x(step.value), 0, theme.beyond);
                at += sign * scale / 2.0;
            }
        }
    }
    let clips = model.lines(clip).into_iter().filter(|(_, v)| (axis.lo..=axis.hi).contains(v));
    for (_, value) in clips {
        lines.ray(x(value), x(f64::from(params.fake_quant(value as f32))), 0, theme.clip);
    }
    lines.thick(x(f64::from(path.value)), x(f64::from(path.back)), theme.inspect);
    let y = lines.render();
    let mut numbers = Numbers::new(y + 1);
    let column = |v: f64| axis.nearest_column(v);
    numbers.put(
        pen,
        area,
        column(f64::from(path.back)),
        &code_of(path, &params),
        theme.inspect.add_modifier(Modifier::BOLD),
    );
    for step in &steps {
        let at = column(step.value);
        let is_zero = step.value == 0.0;
        let style = if is_zero { theme.title } else { theme.dim };
        pen.glyph(area.x + at, y, glyphs.axis[1], style);
        numbers.put(pen, area, at, &label(step.label, &params), style);
    }
    pen.glyph(area.x + column(f64::from(path.back)), y, glyphs.mark, theme.inspect);
    marked_floats(pen, area, axis, path);
}

/// On the upper line, over its ticks: the value itself, and 0.0 where it is in view.
fn marked_floats(pen: &mut Pen, area: Rect, axis: &Axis, path: &Path) {
    let theme = pen.look.theme;
    let mut numbers = Numbers::new(area.y);
    if let Some(column) = axis.column(f64::from(path.value)) {
        numbers.put(
            pen,
            area,
            column,
            &format!(" {} ", path::short(f64::from(path.value), 4)),
            theme.inspect.add_modifier(Modifier::BOLD),
        );
    }
    if let Some(column) = axis.column(0.0) {
        numbers.put(pen, area, column, " 0.0 ", theme.title);
    }
}

/// The number below that the value lands on.
fn code_of(path: &Path, params: &QuantParams) -> String {
    label(path.clamped, params)
}

fn label(number: f64, params: &QuantParams) -> String {
    match params.format() {
        Format::Int(_) => format!("{number}"),
        Format::Fp8(_) => path::short(number, 3),
    }
}

/// The integer that a float goes to, or the FP8 value before it is scaled.
fn before_scaling(params: &QuantParams, value: f64) -> f64 {
    match params.format() {
        Format::Int(_) => f64::from(params.quantize(value as f32)),
        Format::Fp8(fp8) => f64::from(fp8.round(value as f32 / params.scale())),
    }
}

/// The values that have a number where there is room, the most important ones first: the ends, zero, and halfway, or `all`;
/// of FP8 the powers of two on the way down, between which values are as far apart as each other.
fn numbered(params: &QuantParams, all: bool) -> Vec<i32> {
    let (qmin, qmax, zero) = (params.qmin(), params.qmax(), params.zero_point());
    match params.format() {
        Format::Int(_) if all => [qmin, qmax, zero].into_iter().chain(qmin..=qmax).collect(),
        Format::Int(_) => {
            let half = |end: i32| zero + (f64::from(end - zero) / 2.0).round() as i32;
            vec![zero, qmin, qmax, half(qmin), half(qmax)]
        }
        Format::Fp8(_) => {
            let powers = (1..=qmax.ilog2()).rev().map(|exponent| 1 << exponent).take(3);
            [qmin, qmax, zero].into_iter().chain(powers.flat_map(|q: i32| [-q, q])).collect()
        }
    }
}

fn title(pen: &mut Pen, areas: &Areas, model: &Model, ready: &Ready) {
    let theme = pen.look.theme;
    let (metrics, params) = (ready.metrics(), ready.params());
    let scale = f64::from(params.scale());
    let full = model.session.methods().iter().position(|m| m.id() == "max");
    let full = full.and_then(|i| ready.candidates()[i].outcome.as_ref().ok());
    let steps = match params.format() {
        Format::Int(_) => {
            let at_max = |t: &Threshold| format!(", at max {}", number::significant(f64::from(t.params.scale()), 3));
            format!("one step {}{}", number::significant(scale, 3), full.map_or(String::new(), at_max))
        }
        Format::Fp8(fp8) => {
            // The distance of the values next to zero, and that of the last two.
            let values = fp8.magnitudes();
            let [near, far] = [values[1], fp8.max() - values[values.len() - 2]].map(|step| f64::from(step) * scale);
            format!("steps {} to {}", number::significant(near, 2), number::significant(far, 2))
        }
    };
    let kind = if metrics.saturated > 0.0 {
        format!("saturating: {} are cut to the outermost codes", number::percent(metrics.saturated))
    } else {
        "not saturating: nothing is cut, and every value moves by at most half a step".to_owned()
    };
    let name = match ready.format() {
        Format::Int(scheme) => format!("float to {}int{}", if scheme.signed() { "" } else { "u" }, scheme.num_bits()),
        Format::Fp8(fp8) => format!("float to {fp8}"),
    };
    let short = if metrics.saturated > 0.0 {
        kind.clone()
    } else {
        "nothing is cut, all move by half a step at most".to_owned()
    };
    let room = areas.lower_title.width.saturating_sub(pen.width(&name) + 6);
    let kind = if pen.width(&kind) <= room { kind } else { short };
    pen.titled_rule(
        areas.lower_title,
        &[
            (&name, theme.title),
            ("  ", theme.dim),
            (&kind, if metrics.saturated > 0.0 { theme.beyond } else { theme.dim }),
        ],
        &steps,
    );
}
