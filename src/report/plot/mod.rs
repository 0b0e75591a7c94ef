//! A range's histogram as SVG: bars, the methods' marks and the chosen clip, with real text. What it shows is
//! [`Outline`], which the screen shows too.
//!
//! Colours come from classes, so that a page sets them once, and a picture of its own knows light and dark.

mod marks;
mod picture;

use std::fmt::Write;

use super::number;
use crate::figure::{Handle, Outline, ticks};
use crate::session::Ready;

use marks::marks;
pub(super) use picture::{HATCH, escaped};
pub use picture::{PlotSize, svg};

/// Where bars are drawn, in the units of the picture. Above it is room for the clip's label, below for marks and numbers.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// The height of a line of text.
    pub line: f64,
}

impl Frame {
    /// The place of a value on the axis.
    fn at(&self, outline: &Outline, value: f64) -> f64 {
        let (lo, hi) = (outline.axis.lo, outline.axis.hi);
        self.x + ((value - lo) / (hi - lo)).clamp(0.0, 1.0) * self.width
    }

    fn base(&self) -> f64 {
        self.y + self.height
    }
}

/// Draws into `out`.
pub(super) fn draw(out: &mut String, ready: &Ready, outline: &Outline, frame: Frame) {
    rules(out, outline, frame);
    let quantized = ready.decision().quantized;
    let beyond = |column: usize| quantized && outline.is_beyond(outline.axis.centre(column as u16));
    for (class, of) in [("bar", false), ("beyond", true)] {
        let path = bars(outline, frame, |column| beyond(column) == of);
        if !path.is_empty() {
            let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    let _ = write!(out, "<path class=\"axis\" d=\"M{} {}h{}\"/>", n(frame.x), n(frame.base()), n(frame.width));
    marks(out, ready, outline, frame);
    if quantized {
        clip(out, ready, outline, frame);
    }
}

/// What the picture says, for whoever does not see it.
pub(super) fn in_words(ready: &Ready) -> String {
    let short = |x: f32| number::significant(f64::from(x), 4);
    let range = |min: f32, max: f32| match ready.format().symmetric() {
        true => short(max.max(-min)),
        false => format!("{} to {}", short(min), short(max)),
    };
    let (decision, stats) = (ready.decision(), ready.stats());
    let values = match (stats.min, stats.max) {
        (Some(min), Some(max)) => {
            format!("{} values from {} to {}", number::count(stats.count), short(min), short(max))
        }
        _ => "no finite value".to_owned(),
    };
    let chosen = match decision.quantized {
        true => format!("clip {} by {}", range(decision.clip.min(), decision.clip.max()), decision.method),
        false => "left in float".to_owned(),
    };
    let offers = ready.candidates().iter().filter_map(|c| {
        let clip = c.outcome.as_ref().ok()?.clip;
        Some(format!("{} {}", c.id, range(clip.min(), clip.max())))
    });
    format!("{values}; {chosen}; {}", offers.collect::<Vec<_>>().join(", "))
}

/// The bars of the columns that are `wanted`, those that touch as one shape.
fn bars(outline: &Outline, frame: Frame, wanted: impl Fn(usize) -> bool) -> String {
    let step = frame.width / outline.counts.len() as f64;
    let (mut path, mut open) = (String::new(), false);
    for column in 0..=outline.counts.len() {
        let count = outline.counts.get(column).copied().unwrap_or(0.0);
        let drawn = count > 0.0 && wanted(column);
        if drawn && !open {
            let _ = write!(path, "M{} {}", n(frame.x + column as f64 * step), n(frame.base()));
        }
        if drawn {
            let y = frame.base() - outline.height(column) * frame.height;
            let _ = write!(path, "V{}H{}", n(y), n(frame.x + (column + 1) as f64 * step));
        } else if open {
            let _ = write!(path, "V{}z", n(frame.base()));
        }
        open = drawn;
    }
    path
}

/// Round counts at the side with a faint rule each, round values below.
fn rules(out: &mut String, outline: &Outline, frame: Frame) {
    let mut path = String::new();
    for tick in outline.scale.ticks((frame.height / frame.line) as u16) {
        let y = frame.base() - outline.scale.height(tick) * frame.height;
        if (frame.y..=frame.base()).contains(&y) {
            let _ = write!(path, "M{} {}h{}", n(frame.x), n(y), n(frame.width));
            label(out, frame.x - 4.0, y + frame.line * 0.3, "end", &number::tick(tick));
        }
    }
    let _ = write!(out, "<path class=\"rule\" d=\"{path}\"/>");
    let (values, decimals) = ticks(outline.axis.lo, outline.axis.hi, (frame.width / (frame.line * 5.0)) as usize);
    let mut path = String::new();
    for value in values {
        let x = frame.at(outline, value);
        let _ = write!(path, "M{} {}v3", n(x), n(frame.base()));
        let text = match value.abs() {
            size if decimals > 5 || size >= 1e6 => number::significant(value, 2),
            _ => format!("{value:.decimals$}"),
        };
        label(out, x, frame.base() + frame.line * 2.75, "middle", &text);
    }
    let _ = write!(out, "<path class=\"axis\" d=\"{path}\"/>");
}

/// The chosen clip: a line at each end, and its number above.
fn clip(out: &mut String, ready: &Ready, outline: &Outline, frame: Frame) {
    let ends: Vec<(f64, f64)> = outline.clip.iter().map(|(_, x)| (frame.at(outline, *x), *x)).collect();
    let of = if ready.axis().is_some() { "widest clip" } else { "clip" };
    for (x, _) in &ends {
        let _ = write!(out, "<path class=\"clip\" d=\"M{} {}v{}\"/>", n(*x), n(frame.y - 2.0), n(frame.height + 2.0));
    }
    let short = |x: f64| number::significant(x, 4);
    let mut said = |x: f64, text: &str| {
        // So that it stays in the picture, whatever its length.
        let half = text.chars().count() as f64 * frame.line * 0.3;
        let x = x.clamp(frame.x + half, (frame.x + frame.width - half).max(frame.x + half));
        let _ = write!(
            out,
            "<text class=\"clip\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            n(x),
            n(frame.y - frame.line * 0.4)
        );
    };
    match ends.as_slice() {
        [(x, end)] => said(*x, &format!("{of} {}", short(*end))),
        [(a, low), (b, high)] if b - a < frame.line * 13.0 || outline.clip[0].0 == Handle::Max => {
            said((a + b) / 2.0, &format!("{of} {} to {}", short(*low), short(*high)));
        }
        [(a, low), (b, high)] => {
            said(*a, &format!("{of} {}", short(*low)));
            said(*b, &short(*high));
        }
        _ => {}
    }
}

/// A number beside the plot.
fn label(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = write!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>", n(x), n(y));
}

/// A number of the picture: one decimal is a tenth of a pixel.
fn n(x: f64) -> String {
    let text = format!("{x:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.into(),
        None => text,
    }
}
