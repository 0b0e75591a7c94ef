use std::fmt::Write;

use super::canvas::{Anchor, Bar, Canvas, Line, Part, Words};
use super::in_words;
use super::picture::{PlotSize, lay};
use crate::figure::Rise;
use crate::report::visible;
use crate::session::Ready;

const STYLE: &str = include_str!("style.css");

/// The pattern of what saturates, so that colour is not what tells it.
pub(in crate::report) const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"4\" height=\"4\" \
     patternTransform=\"rotate(45)\" patternUnits=\"userSpaceOnUse\"><rect class=\"hatch\" width=\"2\" \
     height=\"4\"/></pattern></defs>";

/// The plot of one range as a picture of its own, with its name above and what the marks stand for below. It is light, and
/// dark where the viewer prefers that. Counts stand on such a scale.
pub fn svg(name: &str, ready: &Ready, size: PlotSize, rise: Rise) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n{HATCH}\n<rect class=\"ground\" width=\"{w}\" height=\"{h}\"/>\n",
        escaped(name),
        escaped(&in_words(ready)),
        w = size.width,
        h = size.height,
    );
    lay(&mut Svg(&mut out), name, ready, size, rise);
    out + "\n</svg>\n"
}

/// Elements behind each other; colours come from classes, so that a page sets them once, and a picture of its own knows
/// light and dark.
pub(in crate::report) struct Svg<'a>(pub &'a mut String);

impl Svg<'_> {
    fn path(&mut self, part: Part, path: &str) {
        let class = match part {
            Part::Rule => "rule",
            Part::Axis => "axis",
            Part::Bar => "bar",
            Part::Beyond => "beyond",
            Part::Clip => "clip",
            Part::Mark => "mark",
            Part::Chosen => "mark chosen",
        };
        let _ = write!(self.0, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

impl Canvas for Svg<'_> {
    /// Those that touch are one shape.
    fn bars(&mut self, part: Part, base: f64, bars: &[Bar]) {
        let mut path = String::new();
        for (at, bar) in bars.iter().enumerate() {
            if at == 0 || bars[at - 1].right != bar.left {
                let _ = write!(path, "M{} {}", n(bar.left), n(base));
            }
            let _ = write!(path, "V{}H{}", n(bar.top), n(bar.right));
            if bars.get(at + 1).is_none_or(|next| next.left != bar.right) {
                let _ = write!(path, "V{}z", n(base));
            }
        }
        self.path(part, &path);
    }

    fn lines(&mut self, part: Part, lines: &[Line]) {
        let line = |line: &Line| match *line {
            Line::Across { x, y, length } => format!("M{} {}h{}", n(x), n(y), n(length)),
            Line::Down { x, y, length } => format!("M{} {}v{}", n(x), n(y), n(length)),
        };
        self.path(part, &lines.iter().map(line).collect::<String>());
    }

    fn mark(&mut self, part: Part, (x, y): (f64, f64), half: f64) {
        self.path(part, &format!("M{} {}l{} {}h{}z", n(x), n(y), n(half), n(half * 1.7), n(-2.0 * half)));
    }

    fn text(&mut self, words: Words, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let class = match words {
            Words::Number => "",
            Words::Name => " class=\"name\"",
            Words::Clip => " class=\"clip\"",
            Words::Mark => " class=\"mark\"",
        };
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = escaped(text);
        let _ = write!(self.0, "<text{class} x=\"{}\" y=\"{}\"{anchor}>{text}</text>", n(x), n(y));
    }
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

/// Text from files as HTML and SVG may hold it: nothing in it is markup, and nothing acts.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no such characters.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate;
    use crate::histogram::Histogram;
    use crate::quant::Format;
    use crate::session::{Key, Layer, Session};

    fn drawn(values: &[f32], format: Format, name: &str, size: PlotSize) -> String {
        let session = Session::new(calibrate::defaults(), "mse", format);
        let layer = Layer::waiting(Key::activation(name), Vec::new());
        let histogram = Arc::new(Histogram::of(values, 2048, &[]));
        svg(name, &Ready::analyse(histogram, &session.plan(), &layer.subject()), size, Rise::Sqrt)
    }

    /// Every element is closed, every number is one.
    fn is_sound(svg: &str) {
        let mut open: Vec<&str> = Vec::new();
        for tag in svg.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{svg}"),
                None if tag.ends_with('/') => {}
                None => open.push(tag.split(' ').next().unwrap()),
            }
        }
        assert!(open.is_empty() && !svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
    }

    #[test]
    fn a_picture_has_the_name_the_clip_and_what_saturates() {
        let values: Vec<f32> = (1..20_000).map(|i| (i as f32 * 0.7).sin() * (20_000.0 / i as f32).ln()).collect();
        let picture = drawn(&values, Format::INT8, "a<b>&\"\u{202e}", PlotSize::USUAL);
        is_sound(&picture);
        assert!(picture.contains(">a&lt;b&gt;&amp;&quot;\\u{202e}</text>"));
        assert!(picture.contains("class=\"beyond\"") && picture.contains("url(#hatch)"));
        assert!(picture.contains(">clip ") && picture.contains("class=\"mark chosen\""));
        assert!(picture.contains("1 max ") || picture.contains("1 Max "), "{picture}");
    }

    #[test]
    fn any_values_at_any_size_are_a_picture() {
        let sizes = ["240x160", "900x420", "10000x160", "240x10000"].map(|size| size.parse::<PlotSize>().unwrap());
        for values in [&[][..], &[f32::NAN], &[0.0; 3], &[7.0], &[f32::MAX, f32::MIN], &[1e-45, -1e-44], &[-3.0, -1.0]]
        {
            for size in sizes {
                is_sound(&drawn(values, Format::INT8, "x", size));
                is_sound(&drawn(values, Format::INT8.with_symmetric(false), "x", size));
            }
        }
    }

    #[test]
    fn a_long_name_stays_in_the_picture_and_keeps_both_its_ends() {
        let name = format!("first{}last", "/block".repeat(60));
        let picture = drawn(&[1.0, -2.0], Format::INT8, &name, PlotSize { width: 300, height: 200 });
        let written = picture.split("class=\"name\"").nth(1).and_then(|rest| rest.split('>').nth(1)).unwrap();
        let written = written.strip_suffix("</text").unwrap();
        assert!(written.starts_with("first") && written.ends_with("last") && written.contains('…'), "{written}");
        assert!(written.chars().count() < 32 && picture.contains(&format!("<title>{name}")), "{written}");
    }
}
