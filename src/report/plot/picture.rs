use std::fmt::Write;
use std::str::FromStr;

use super::{Frame, draw, in_words, n};
use crate::figure::{Outline, Rise};
use crate::report::number;
use crate::report::visible;
use crate::session::Ready;

/// The size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlotSize {
    /// 240 to 10,000.
    pub width: u16,
    /// 160 to 10,000.
    pub height: u16,
}

impl PlotSize {
    /// As wide as a column of text.
    pub const USUAL: PlotSize = PlotSize { width: 900, height: 420 };
}

impl FromStr for PlotSize {
    type Err = String;

    /// `900x420`.
    fn from_str(text: &str) -> Result<PlotSize, String> {
        let size = text.split_once('x').and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)));
        let size = size.filter(|(w, h)| (240..=10_000).contains(w) && (160..=10_000).contains(h));
        size.map(|(width, height)| PlotSize { width, height })
            .ok_or_else(|| "a size is WIDTHxHEIGHT in pixels, from 240x160 to 10000x10000, such as 900x420".to_owned())
    }
}

const STYLE: &str = include_str!("style.css");

/// The height of a line of text.
const LINE: f64 = 13.0;

/// The plot of one range as a picture of its own, with its name above and what the marks stand for below. It is light, and
/// dark where the viewer prefers that. Counts stand on such a scale.
pub fn svg(name: &str, ready: &Ready, size: PlotSize, rise: Rise) -> String {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let offers: Vec<String> = ready.candidates().iter().enumerate().map(|(i, c)| offer(i + 1, c)).collect();
    let legend = rows(&offers, ((width - 32.0) / (LINE * 0.56)) as usize);
    let below = LINE * (3.9 + 1.35 * legend.len() as f64);
    let frame =
        Frame { x: 52.0, y: 62.0, width: width - 52.0 - 20.0, height: (height - 62.0 - below).max(40.0), line: LINE };
    // A column for each two pixels is finer than any eye.
    let outline = Outline::of(ready, (frame.width / 2.0) as u16, rise);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\">\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n{HATCH}\n<rect class=\"ground\" width=\"{w}\" height=\"{h}\"/>\n",
        escaped(name),
        escaped(&in_words(ready)),
        w = size.width,
        h = size.height,
    );
    let _ = writeln!(out, "<text class=\"name\" x=\"16\" y=\"26\">{}</text>", escaped(name));
    draw(&mut out, ready, &outline, frame);
    for (i, row) in legend.iter().enumerate() {
        let y = frame.y + frame.height + LINE * (4.2 + 1.35 * i as f64);
        let _ = write!(out, "\n<text class=\"mark\" x=\"16\" y=\"{}\">{}</text>", n(y), escaped(row));
    }
    out + "\n</svg>\n"
}

/// The pattern of what saturates, so that colour is not what tells it.
pub(in crate::report) const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"4\" height=\"4\" \
     patternTransform=\"rotate(45)\" patternUnits=\"userSpaceOnUse\"><rect class=\"hatch\" width=\"2\" \
     height=\"4\"/></pattern></defs>";

/// `3 entropy 2.813`.
fn offer(number: usize, candidate: &crate::calibrate::Candidate) -> String {
    let short = |x: f32| number::significant(f64::from(x), 4);
    match &candidate.outcome {
        Err(_) => format!("{number} {} –", candidate.label),
        Ok(t) if t.params.format().symmetric() => format!("{number} {} {}", candidate.label, short(t.clip.amax())),
        Ok(t) => format!("{number} {} {}…{}", candidate.label, short(t.clip.min()), short(t.clip.max())),
    }
}

/// Words in as few rows as they fit.
fn rows(words: &[String], columns: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in words {
        match rows.last_mut() {
            Some(row) if row.chars().count() + 3 + word.chars().count() <= columns => {
                row.push_str(" · ");
                row.push_str(word);
            }
            _ => rows.push(word.clone()),
        }
    }
    rows
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
        for wrong in ["", "900", "900x", "0x0", "239x160", "900x20000", "-1x300", "9e2x420"] {
            assert!(wrong.parse::<PlotSize>().is_err(), "{wrong}");
        }
    }
}
