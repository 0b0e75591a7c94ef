use ratatui::layout::Rect;

use super::super::layout::Areas;
use super::super::model::Model;
use super::super::page::Page;
use super::lower::tab_at;
use super::numbers;
use crate::figure::CurveKind;
use crate::session::Ready;

/// The idea that stands behind a cell of the screen, by its id in the glossary.
pub(in super::super) fn idea_at(model: &Model, areas: &Areas, x: u16, y: u16) -> Option<&'static str> {
    let over = |area: Rect| area.contains((x, y).into());
    if over(areas.numbers) && model.present.is_none() {
        let of_method = || {
            let (index, _) = numbers::rows(model, areas.numbers).into_iter().find(|(_, row)| *row == y)?;
            Some(of_method(&model.selected_ready()?.candidates().get(index)?.id))
        };
        return numbers::heading_at(model, areas.numbers, x).and_then(of_heading).or_else(of_method);
    }
    if over(areas.output) {
        return Some("ruler");
    }
    if over(areas.list) {
        return Some("sqnr");
    }
    match model.plot.page {
        Page::Compare => return Some("tools-disagree"),
        Page::Methods | Page::Outputs => return Some("ruler"),
        Page::Coverage => return Some("coverage"),
        Page::Changes | Page::Notes | Page::Work | Page::Layers => return None,
        Page::Curve | Page::Mapping | Page::Divergence => {}
    }
    if model.strip.is_some() {
        return Some("per-channel");
    }
    if over(areas.flag) {
        return Some("clip");
    }
    if over(areas.axis) || over(areas.labels) {
        return Some(at_mark(model, x.saturating_sub(areas.axis.x)));
    }
    if over(areas.histogram) {
        let (figure, ready) = (model.figure()?, model.selected_ready()?);
        let value = figure.axis.centre(x - areas.histogram.x);
        return Some(if ready.clip().saturates(value as f32) { "saturation" } else { "histogram" });
    }
    let lower = over(areas.lower) || over(areas.lower_title) || over(areas.ticks);
    match model.plot.page {
        Page::Mapping if lower => Some("mapping"),
        Page::Divergence if lower => Some("p-and-q"),
        Page::Curve if lower => {
            let kind = if over(areas.lower_title) { tab_at(&model.look, areas.lower_title, x) } else { None };
            Some(match kind.unwrap_or(model.plot.curve) {
                CurveKind::Kl => "kl",
                CurveKind::Mse => "mse",
                CurveKind::Sqnr => "sqnr",
            })
        }
        _ => None,
    }
}

/// The idea behind the heading of a column of numbers.
fn of_heading(heading: &str) -> Option<&'static str> {
    Some(match heading {
        "clip" => "clip",
        "scale" => "scale",
        "zero pt" => "zero-point",
        "saturated" => "saturation",
        "clipping" => "clipping-error",
        "rounding" => "rounding-error",
        "MSE, x²" => "mse",
        "SQNR, dB" => "sqnr",
        "KL, nats" => "kl",
        _ => return None,
    })
}

/// The idea behind a method.
fn of_method(id: &str) -> &'static str {
    match id.split('-').next().unwrap_or(id) {
        "max" => "max",
        "coverage" => "coverage",
        "entropy" => "entropy",
        "mse" => "mse",
        "percentile" => "percentile",
        _ => "tools-disagree",
    }
}

/// The idea behind the mark nearest to a column of the axis.
fn at_mark(model: &Model, column: u16) -> &'static str {
    let id = |ready: &Ready, candidate: usize| ready.candidates().get(candidate).map(|c| of_method(&c.id));
    let nearest = model.figure().and_then(|f| f.marks.iter().min_by_key(|mark| mark.column.abs_diff(column)));
    nearest.zip(model.selected_ready()).and_then(|(mark, ready)| id(ready, mark.candidate)).unwrap_or("calibration")
}
