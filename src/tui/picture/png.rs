use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::Paint;
use super::letters::{Face, letter};
use super::pixels::Pixels;
use crate::tui::look::Ground;

/// What is left free around the cells.
const MARGIN: usize = 16;

/// The buffer as a PNG picture on the ground of its theme. Letters that the font does not have (it has those of Latin
/// scripts) are boxes.
pub fn png(buffer: &Buffer, ground: Ground) -> Vec<u8> {
    let paint = Paint::on(ground);
    let face = Face::SCREEN;
    let (width, height) = (face.width(), face.height);
    let (columns, rows) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
    let mut pixels = Pixels::new(columns * width + 2 * MARGIN, rows * height + 2 * MARGIN, paint.ground());
    for (at, cell) in buffer.content.iter().enumerate() {
        let at = (MARGIN + at % columns * width, MARGIN + at / columns * height);
        let (ink, under) = paint.of(cell);
        let wide = cell.symbol().width().max(1);
        if under != paint.ground() {
            pixels.fill(at, (width * wide, height), |_, _| 1.0, under);
        }
        let Some(c) = cell.symbol().chars().next().filter(|c| *c != ' ') else { continue };
        letter(&mut pixels, at, face, wide, c, cell.modifier.contains(Modifier::BOLD), ink);
    }
    pixels.encoded()
}
