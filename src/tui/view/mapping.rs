use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::plot::Dots;
use super::pen::Pen;
use super::scales;
use crate::calibrate::Threshold;
use crate::figure::Figure;
use crate::quant::{Format, QuantParams};
use crate::report::number;
use crate::session::Ready;

/// Lines drawn from the float axis to the format's values, besides the clip's own.
const SAMPLES: i32 = 16;

/// The mapping as two number lines: floats above, on the histogram's columns, the format's values below, to scale; what
/// lies beyond the clip lands on the outermost ones.
///
/// Integers lie evenly, so that their line is bare. Each value of FP8 is a tick: close together near zero, far apart at
/// the ends.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model, figure: &Figure, ready: &Ready) {
    let theme = pen.look.theme;
    let glyphs = pen.look.glyphs;
    let (area, axis) = (areas.lower, figure.axis);
    let (params, clip) = (ready.params(), ready.decision().clip);
    title(pen, areas, model, ready);
    if area.height < 3 {
        return;
    }

    // The values lie below the fan, from the smallest to the largest over the same columns.
    let width = f64::from(area.width);
    let codes = f64::from(params.qmax() - params.qmin()).max(1.0);
    let code_x = |q: f64| ((q - f64::from(params.qmin())) / codes * (width - 1.0)).round();
    let float_x = |v: f64| (v - axis.lo) / axis.step();
    // The floats' numbers on the first row, the integers' axis on the last; the integers' numbers take the row where a
    // curve has its ticks.
    scales::x_ticks(pen, Rect { height: 1, ..area }, &axis);
    let fan = Rect { y: area.y + 1, height: area.height - 2, ..area };

    let mut dots = Dots::new(fan.width, fan.height);
    let bottom = f64::from(dots.rows() - 1);
    let mut ray = |value: f64, gap: usize, style: Style| {
        let q = before_scaling(&params, value);
        dots.line((float_x(value) * 2.0, 0.0), (code_x(q) * 2.0 + 1.0, bottom), gap, style);
    };
    // Rays start where there are values; where there are none there is nothing to map.
    let stats = ready.stats();
    let (least, most) = (f64::from(stats.min.unwrap_or(0.0)), f64::from(stats.max.unwrap_or(0.0)));
    let samples = (0..=SAMPLES).map(|i| axis.lo + (axis.hi - axis.lo) * f64::from(i) / f64::from(SAMPLES));
    let samples = samples.filter(|v| (least..=most).contains(v)).chain([least, most]);
    let (inside, beyond): (Vec<f64>, Vec<f64>) = samples.partition(|v| !clip.saturates(*v as f32));
    inside.iter().for_each(|v| ray(*v, 1, theme.dim));
    beyond.iter().for_each(|v| ray(*v, 0, theme.beyond));
    let lines = model.lines(clip);
    lines.iter().for_each(|(_, v)| ray(*v, 0, theme.clip));
    dots.render(pen.buffer, fan, glyphs.marks);

    let y = fan.bottom();
    for x in area.x..area.right() {
        pen.glyph(x, y, glyphs.axis[0], theme.dim);
    }
    if let Format::Fp8(fp8) = params.format() {
        for q in fp8.magnitudes().into_iter().flat_map(|q| [-q, q]) {
            pen.glyph(area.x + code_x(f64::from(q)) as u16, y, glyphs.axis[1], theme.dim);
        }
    }
    // The numbers that fit, the outermost and the zero point first.
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for q in numbered(&params) {
        let x = code_x(f64::from(q)) as u16;
        pen.glyph(area.x + x, y, glyphs.axis[1], theme.dim);
        let text = q.to_string();
        let len = pen.width(&text);
        let start = x.saturating_sub(len / 2).min(area.width.saturating_sub(len));
        if taken.iter().all(|(a, b)| start > *b || start + len < *a) {
            taken.push((start, start + len));
            let style = if q == params.qmin() || q == params.qmax() { theme.clip } else { theme.dim };
            pen.text(area.x + start, areas.ticks.y, len, &text, style);
        }
    }
    for (_, value) in &lines {
        let x = code_x(before_scaling(&params, *value)) as u16;
        pen.glyph(area.x + x, y, glyphs.mark, theme.clip);
    }
}

/// The integer that a float goes to, or the FP8 value before it is scaled.
fn before_scaling(params: &QuantParams, value: f64) -> f64 {
    match params.format() {
        Format::Int(_) => f64::from(params.quantize(value as f32)),
        Format::Fp8(fp8) => f64::from(fp8.round(value as f32 / params.scale())),
    }
}

/// The values that have a number where there is room, the most important ones first: the ends, zero, and halfway; of FP8
/// the powers of two on the way down, between which values are as far apart as each other.
fn numbered(params: &QuantParams) -> Vec<i32> {
    let (qmin, qmax, zero) = (params.qmin(), params.qmax(), params.zero_point());
    match params.format() {
        Format::Int(_) => {
            let half = |end: i32| zero + (f64::from(end - zero) / 2.0).round() as i32;
            vec![qmin, qmax, zero, half(qmin), half(qmax)]
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
        "not saturating: every value keeps its place".to_owned()
    };
    let name = match ready.format() {
        Format::Int(scheme) => format!("float to {}int{}", if scheme.signed() { "" } else { "u" }, scheme.num_bits()),
        Format::Fp8(fp8) => format!("float to {fp8}"),
    };
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
