use std::str::FromStr;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::canvas::{Anchor, Canvas, Words};
use super::{Frame, draw};
use crate::figure::{Outline, Rise};
use crate::report::{number, visible};
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

/// The height of a line of text, and about how wide a letter is; those of the name are larger.
const LINE: f64 = 13.0;
const LETTER: f64 = LINE * 0.56;
const LARGE: f64 = 10.0;

/// What is left free at the sides of a text.
const MARGIN: f64 = 16.0;

/// Lays out the plot of one range as a picture of its own: its name above, what the marks stand for below.
pub fn lay(canvas: &mut impl Canvas, name: &str, ready: &Ready, size: PlotSize, rise: Rise) {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let offers: Vec<String> = ready.candidates().iter().enumerate().map(|(i, c)| offer(i + 1, c)).collect();
    let legend = rows(&offers, ((width - 2.0 * MARGIN) / LETTER) as usize);
    let below = LINE * (3.9 + 1.35 * legend.len() as f64);
    let frame =
        Frame { x: 52.0, y: 62.0, width: width - 52.0 - 20.0, height: (height - 62.0 - below).max(40.0), line: LINE };
    // A column for each two pixels is finer than any eye.
    let outline = Outline::of(ready, (frame.width / 2.0) as u16, rise);
    let name = shortened(&visible(name), ((width - 2.0 * MARGIN) / LARGE) as usize);
    canvas.text(Words::Name, (MARGIN, 26.0), Anchor::Start, &name);
    draw(canvas, ready, &outline, frame);
    for (i, row) in legend.iter().enumerate() {
        let y = frame.y + frame.height + LINE * (4.2 + 1.35 * i as f64);
        canvas.text(Words::Mark, (MARGIN, y), Anchor::Start, row);
    }
}

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

/// A name that is too long loses its middle: what tells it from others stands at its ends. `columns` are letters of the Latin
/// script; Chinese ones take two.
fn shortened(name: &str, columns: usize) -> String {
    if name.width() <= columns {
        return name.to_owned();
    }
    let kept = columns.saturating_sub(1);
    let head = fitting(name.chars(), kept / 3);
    let tail: Vec<char> = fitting(name.chars().rev(), kept - kept / 3).chars().rev().collect();
    head.chars().chain(['…']).chain(tail).collect()
}

/// As many letters as fit.
fn fitting(letters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= columns
    };
    letters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_of_pixels() {
        for wrong in ["", "900", "900x", "0x0", "239x160", "900x20000", "-1x300", "9e2x420"] {
            assert!(wrong.parse::<PlotSize>().is_err(), "{wrong}");
        }
        assert_eq!("900x420".parse(), Ok(PlotSize::USUAL));
    }

    #[test]
    fn a_name_is_cut_to_so_many_columns() {
        assert_eq!(shortened("conv1", 5), "conv1");
        assert_eq!(shortened("backbone/blocks.0/conv1", 10), "bac…/conv1");
        assert_eq!(shortened("层层层层", 7), "层…层层");
        assert_eq!((shortened("层层", 4), shortened("ab", 1)), ("层层".into(), "…".into()));
    }
}
