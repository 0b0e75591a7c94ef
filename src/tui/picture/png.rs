use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::form::inked;
use super::{Paint, mixed};
use crate::tui::look::{Glyphs, Ground};

/// The height of a letter, and the line around it.
const LETTER: RasterHeight = RasterHeight::Size24;
const HEIGHT: usize = 30;
/// What is left free around the cells.
const MARGIN: usize = 16;
/// A pixel of a form is looked at in so many places each way.
const SAMPLES: usize = 3;

/// The buffer as a PNG picture on the ground of its theme. Letters that the font does not have (it has those of Latin
/// scripts) are boxes.
pub fn png(buffer: &Buffer, ground: Ground) -> Vec<u8> {
    let paint = Paint::on(ground);
    let width = get_raster_width(FontWeight::Regular, LETTER);
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let mut pixels = Pixels::new(columns * width + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN, paint.ground());
    for (at, cell) in buffer.content.iter().enumerate() {
        let (x, y) = (MARGIN + at % columns * width, MARGIN + at / columns * HEIGHT);
        let (ink, under) = paint.of(cell);
        let wide = cell.symbol().width().max(1);
        let is_free = under == paint.ground();
        if !is_free {
            pixels.fill((x, y), (width * wide, HEIGHT), |_, _| 1.0, under);
        }
        let Some(c) = cell.symbol().chars().next().filter(|c| *c != ' ') else { continue };
        let bold = cell.modifier.contains(Modifier::BOLD);
        letter(&mut pixels, (x, y), (width, wide), c, bold, ink);
    }
    pixels.encoded()
}

/// Whether the font has a letter.
#[cfg(test)]
pub(super) fn has(c: char) -> bool {
    get_raster(c, FontWeight::Regular, LETTER).is_some()
}

fn letter(pixels: &mut Pixels, at: (usize, usize), (width, wide): (usize, usize), c: char, bold: bool, ink: [u8; 3]) {
    let size = (width, HEIGHT);
    if inked(c, 0.0, 0.0).is_some() {
        let share = |px: usize, py: usize| {
            let place = |p: usize, s: usize, of: usize| (p as f64 + (s as f64 + 0.5) / SAMPLES as f64) / of as f64;
            let samples =
                (0..SAMPLES * SAMPLES).map(|s| (place(px, s % SAMPLES, width), place(py, s / SAMPLES, HEIGHT)));
            let hit = samples.filter(|(x, y)| inked(c, *x, *y) == Some(true)).count();
            hit as f64 / (SAMPLES * SAMPLES) as f64
        };
        return pixels.fill(at, size, share, ink);
    }
    let weight = if bold { FontWeight::Bold } else { FontWeight::Regular };
    // What few fonts have is spelled as terminals without it are told.
    let spelled = || Glyphs::ASCII.text(&c.to_string()).chars().next();
    let raster = get_raster(c, weight, LETTER).or_else(|| get_raster(spelled()?, weight, LETTER));
    let above = (HEIGHT - LETTER.val()) / 2;
    match raster {
        Some(raster) => pixels.fill(
            (at.0, at.1 + above),
            (width, LETTER.val()),
            |x, y| f64::from(raster.pixel(x, y).unwrap_or(0)) / 255.0,
            ink,
        ),
        None => {
            let (w, h) = (width * wide - 2, HEIGHT - 8);
            let edge = |x: usize, y: usize| x < 1 || y < 1 || x + 1 >= w || y + 1 >= h;
            pixels.fill((at.0 + 1, at.1 + 4), (w, h), |x, y| f64::from(u8::from(edge(x, y))), ink);
        }
    }
}

/// Three bytes a pixel, row by row.
struct Pixels {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn new(width: usize, height: usize, ground: [u8; 3]) -> Pixels {
        Pixels { width, height, bytes: ground.repeat(width * height) }
    }

    /// Mixes in a colour, by the share of each pixel of a rectangle.
    fn fill(
        &mut self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        share: impl Fn(usize, usize) -> f64,
        ink: [u8; 3],
    ) {
        for py in 0..height.min(self.height.saturating_sub(y)) {
            for px in 0..width.min(self.width.saturating_sub(x)) {
                let share = share(px, py);
                if share > 0.0 {
                    let at = 3 * ((y + py) * self.width + x + px);
                    let under = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]];
                    self.bytes[at..at + 3].copy_from_slice(&mixed(under, ink, share));
                }
            }
        }
    }

    fn encoded(self) -> Vec<u8> {
        let mut out = Vec::new();
        // Sizes of screens are u16 cells: the picture's fit u32, and memory does not refuse to be written to.
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.bytes));
        debug_assert!(written.is_ok(), "{written:?}");
        out
    }
}
