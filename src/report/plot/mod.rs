//! A range's histogram as a picture: bars, the methods' marks and the chosen clip, with real text. What it shows is
//! [`Outline`], which the screen shows too.
//!
//! | file | what stands there |
//! |---|---|
//! | `canvas.rs` | what a plot is drawn on, and what on it is drawn |
//! | `svg.rs` | SVG as such a thing |
//! | `marks.rs` | the methods' marks |
//! | `picture.rs` | one plot as a picture of its own |

mod canvas;
mod marks;
mod picture;
mod svg;

use super::number;
use crate::figure::{Handle, Outline, ticks};
use crate::session::Ready;

pub use canvas::{Anchor, Bar, Canvas, Line, Part, Words};
use marks::marks;
pub use picture::{PlotSize, lay};
pub use svg::svg;
pub(super) use svg::{HATCH, Svg, escaped};

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

/// Draws on a canvas.
pub(super) fn draw(canvas: &mut impl Canvas, ready: &Ready, outline: &Outline, frame: Frame) {
    rules(canvas, outline, frame);
    let quantized = ready.decision().quantized;
    let beyond = |column: usize| quantized && outline.is_beyond(outline.axis.centre(column as u16));
    for (part, of) in [(Part::Bar, false), (Part::Beyond, true)] {
        let bars = bars(outline, frame, |column| beyond(column) == of);
        if !bars.is_empty() {
            canvas.bars(part, frame.base(), &bars);
        }
    }
    canvas.lines(Part::Axis, &[Line::Across { x: frame.x, y: frame.base(), length: frame.width }]);
    marks(canvas, ready, outline, frame);
    if quantized {
        clip(canvas, ready, outline, frame);
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

/// The bars of the columns that are `wanted` and hold something.
fn bars(outline: &Outline, frame: Frame, wanted: impl Fn(usize) -> bool) -> Vec<Bar> {
    let step = frame.width / outline.counts.len() as f64;
    let edge = |column: usize| frame.x + column as f64 * step;
    let drawn = outline.counts.iter().enumerate().filter(|&(column, &count)| count > 0.0 && wanted(column));
    let bar = |(column, _)| Bar {
        left: edge(column),
        right: edge(column + 1),
        top: frame.base() - outline.height(column) * frame.height,
    };
    drawn.map(bar).collect()
}

/// Round counts at the side with a faint rule each, round values below.
fn rules(canvas: &mut impl Canvas, outline: &Outline, frame: Frame) {
    let mut lines = Vec::new();
    for tick in outline.scale.ticks((frame.height / frame.line) as u16) {
        let y = frame.base() - outline.scale.height(tick) * frame.height;
        if (frame.y..=frame.base()).contains(&y) {
            lines.push(Line::Across { x: frame.x, y, length: frame.width });
            canvas.text(Words::Number, (frame.x - 4.0, y + frame.line * 0.3), Anchor::End, &number::tick(tick));
        }
    }
    canvas.lines(Part::Rule, &lines);
    let (values, decimals) = ticks(outline.axis.lo, outline.axis.hi, (frame.width / (frame.line * 5.0)) as usize);
    lines.clear();
    for value in values {
        let x = frame.at(outline, value);
        lines.push(Line::Down { x, y: frame.base(), length: 3.0 });
        let text = match value.abs() {
            size if decimals > 5 || size >= 1e6 => number::significant(value, 2),
            _ => format!("{value:.decimals$}"),
        };
        canvas.text(Words::Number, (x, frame.base() + frame.line * 2.75), Anchor::Middle, &text);
    }
    canvas.lines(Part::Axis, &lines);
}

/// The chosen clip: a line at each end, and its number above.
fn clip(canvas: &mut impl Canvas, ready: &Ready, outline: &Outline, frame: Frame) {
    let ends: Vec<(f64, f64)> = outline.clip.iter().map(|(_, x)| (frame.at(outline, *x), *x)).collect();
    let of = if ready.axis().is_some() { "widest clip" } else { "clip" };
    for (x, _) in &ends {
        canvas.lines(Part::Clip, &[Line::Down { x: *x, y: frame.y - 2.0, length: frame.height + 2.0 }]);
    }
    let short = |x: f64| number::significant(x, 4);
    let mut said = |x: f64, text: &str| {
        // So that it stays in the picture, whatever its length.
        let half = text.chars().count() as f64 * frame.line * 0.3;
        let x = x.clamp(frame.x + half, (frame.x + frame.width - half).max(frame.x + half));
        canvas.text(Words::Clip, (x, frame.y - frame.line * 0.4), Anchor::Middle, text);
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
