use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use super::form::inked;
use super::pixels::Pixels;
use crate::tui::look::Glyphs;

/// A pixel of a form is looked at in so many places each way.
const SAMPLES: usize = 3;

/// Letters of one size and the cells that they stand in.
#[derive(Clone, Copy)]
pub(super) struct Face {
    raster: RasterHeight,
    /// The height of a cell in pixels.
    pub height: usize,
}

impl Face {
    /// Those of the screen: the line is higher than the letters.
    pub const SCREEN: Face = Face { raster: RasterHeight::Size24, height: 30 };
    /// Those of a plot.
    pub const SMALL: Face = Face { raster: RasterHeight::Size16, height: 16 };
    /// A plot's name; all letters of a plot of twice the size.
    pub const MIDDLE: Face = Face { raster: RasterHeight::Size24, height: 24 };
    /// The name of a plot of twice the size.
    pub const LARGE: Face = Face { raster: RasterHeight::Size32, height: 32 };

    /// The width of a cell in pixels.
    pub fn width(self) -> usize {
        get_raster_width(FontWeight::Regular, self.raster)
    }
}

/// Whether the font has a letter.
#[cfg(test)]
pub(super) fn has(c: char) -> bool {
    get_raster(c, FontWeight::Regular, Face::SCREEN.raster).is_some()
}

/// Draws a character into the cell at `at`, or into as many as it is `wide`. One that neither the font nor `form.rs` has is a
/// box.
pub(super) fn letter(
    pixels: &mut Pixels,
    at: (usize, usize),
    face: Face,
    wide: usize,
    c: char,
    bold: bool,
    ink: [u8; 3],
) {
    let (width, height) = (face.width(), face.height);
    if inked(c, 0.0, 0.0).is_some() {
        let share = |px: usize, py: usize| {
            let place = |p: usize, s: usize, of: usize| (p as f64 + (s as f64 + 0.5) / SAMPLES as f64) / of as f64;
            let samples =
                (0..SAMPLES * SAMPLES).map(|s| (place(px, s % SAMPLES, width), place(py, s / SAMPLES, height)));
            let hit = samples.filter(|(x, y)| inked(c, *x, *y) == Some(true)).count();
            hit as f64 / (SAMPLES * SAMPLES) as f64
        };
        return pixels.fill(at, (width, height), share, ink);
    }
    let weight = if bold { FontWeight::Bold } else { FontWeight::Regular };
    // What few fonts have is spelled as terminals without it are told.
    let spelled = || Glyphs::ASCII.text(&c.to_string()).chars().next();
    let raster = get_raster(c, weight, face.raster).or_else(|| get_raster(spelled()?, weight, face.raster));
    let above = (height - face.raster.val()) / 2;
    match raster {
        Some(raster) => pixels.fill(
            (at.0, at.1 + above),
            (width, face.raster.val()),
            |x, y| f64::from(raster.pixel(x, y).unwrap_or(0)) / 255.0,
            ink,
        ),
        None => {
            let (w, h) = (width * wide - 2, height - height / 4);
            let edge = |x: usize, y: usize| x < 1 || y < 1 || x + 1 >= w || y + 1 >= h;
            pixels.fill((at.0 + 1, at.1 + height / 8), (w, h), |x, y| f64::from(u8::from(edge(x, y))), ink);
        }
    }
}
