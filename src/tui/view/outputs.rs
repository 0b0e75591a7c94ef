use ratatui::layout::Rect;

use super::super::layout::{Areas, GUTTER};
use super::super::model::Model;
use super::super::plot::{BarStyle, bars};
use super::pen::Pen;
use super::{over, scales};
use crate::figure::{Axis, YScale};
use crate::quant::{Margins, OutputShape, TwoCounts};
use crate::report::{self, number};

/// What the network's outputs hold, float and quantized, in place of the plots; of a classifier how far the best class is
/// ahead below it.
pub(super) fn draw(pen: &mut Pen, areas: &Areas, model: &Model) {
    let theme = pen.look.theme;
    let panel = areas.panel();
    let Some(network) = &model.network else { return };
    let answer = network.whole.answer.as_ref();
    let shape = network.shapes.iter().find(|shape| shape.values.is_some());
    let Some(shape) = shape else {
        pen.titled_rule(Rect { height: 1, ..panel }, &[("outputs", theme.title)], "");
        let text = match answer.map(|answer| &answer.result) {
            Some(Err(why)) => why.as_str(),
            Some(Ok(_)) => "no output holds finite floats",
            None if model.loading.finished => "everything as chosen is being tried…",
            None => "comes once the network has run",
        };
        pen.text(panel.x + 2, panel.y + 2, panel.width.saturating_sub(3), text, theme.dim);
        return;
    };
    let fresh = network.whole_is_answered();
    let state = if fresh { "everything as chosen" } else { "before the last change" };
    match &shape.margins {
        None => values(pen, panel, model, shape, state),
        Some(margins) => {
            let upper = panel.height / 2;
            values(pen, Rect { height: upper, ..panel }, model, shape, state);
            margin(pen, Rect { y: panel.y + upper, height: panel.height - upper, ..panel }, model, margins);
        }
    }
}

fn values(pen: &mut Pen, area: Rect, model: &Model, shape: &OutputShape, state: &str) {
    let theme = pen.look.theme;
    let Some(counts) = &shape.values else { return };
    let every =
        if shape.every > 1 { format!("one value of {} · ", number::count(shape.every)) } else { String::new() };
    let name = report::visible(&shape.name);
    let note = format!("{every}{state} · {} y", model.plot.rise.word());
    pen.titled_rule(Rect { height: 1, ..area }, &[("output ", theme.title), (&name, theme.title)], &note);
    distribution(pen, area, model, counts, None);
}

fn margin(pen: &mut Pen, area: Rect, model: &Model, margins: &Margins) {
    let theme = pen.look.theme;
    let flipped = report::margins_in_words(margins);
    let title = [("margin: best class − next", theme.title)];
    pen.titled_rule(Rect { height: 1, ..area }, &title, "below 0: flipped");
    distribution(pen, area, model, &margins.counts, Some(&flipped));
}

/// Bars of the float numbers, the outline of the quantized ones, and the quantiles of both below; `said` first.
fn distribution(pen: &mut Pen, area: Rect, model: &Model, counts: &TwoCounts, said: Option<&str>) {
    let theme = pen.look.theme;
    let words = u16::from(said.is_some()) + 2;
    // A title, the axis' numbers, the words.
    let height = area.height.saturating_sub(2 + words);
    if height == 0 || area.width <= GUTTER + 8 {
        return;
    }
    let body = Rect { x: area.x + GUTTER, y: area.y + 1, width: area.width - GUTTER - 1, height };
    let axis = Axis::new(counts.lo, counts.hi, body.width);
    let of = |side: &[u64]| -> Vec<f64> {
        let at = |c: u16| usize::from(c) * side.len() / usize::from(body.width.max(1));
        // A column shows the bins that it covers, at least one.
        (0..body.width).map(|c| side[at(c)..at(c + 1).max(at(c) + 1)].iter().sum::<u64>() as f64).collect()
    };
    let (float, quantized) = (of(&counts.float), of(&counts.quantized));
    let all: Vec<f64> = float.iter().chain(&quantized).copied().collect();
    let scale = YScale::counts(&all, model.plot.rise, 1.0);
    scales::y_labels(pen, body, &scale);
    let heights: Vec<f64> = float.iter().map(|n| scale.height(*n)).collect();
    let style = BarStyle { eighths: pen.look.glyphs.eighths, style: theme.bar };
    bars(pen.buffer, body, &heights, |_| style);
    over::draw_steps(pen, body, quantized.iter().map(|n| (*n > 0.0).then(|| scale.height(*n))));
    scales::x_ticks(pen, Rect { y: body.bottom(), height: 1, ..body }, &axis);
    let mut y = body.bottom() + 1;
    if let Some(said) = said {
        pen.text(area.x + 2, y, area.width.saturating_sub(3), said, theme.clip);
        y += 1;
    }
    for (name, at, style) in [("float", counts.at[0], theme.bar), ("quantized", counts.at[1], theme.curve)] {
        let [min, p10, median, p90, max] = at.map(|x| number::significant(x, 3));
        let all = format!("{name:<9}  min {min} · 10 % {p10} · 50 % {median} · 90 % {p90} · max {max}");
        let room = area.width.saturating_sub(3);
        // A number that would be cut says less than one that is left out.
        let text =
            if pen.width(&all) <= room { all } else { format!("{name:<9}  min {min} · 50 % {median} · max {max}") };
        pen.text(area.x + 2, y, room, &text, style);
        y += 1;
    }
}
