use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::pixel::OCTANTS;

use super::super::look::Marks;

/// A canvas of dots, two by four in a cell, for curves and slanted lines. Each cell takes the style of the dot that
/// was set last.
pub struct Dots {
    width: u16,
    height: u16,
    cells: Vec<(u8, Style)>,
}

/// Bit of a braille pattern by column and row of the dot.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

impl Dots {
    /// An empty canvas for an area of `width` by `height` cells.
    pub fn new(width: u16, height: u16) -> Dots {
        Dots { width, height, cells: vec![(0, Style::new()); usize::from(width) * usize::from(height)] }
    }

    /// Dots across.
    pub fn columns(&self) -> i32 {
        i32::from(self.width) * 2
    }

    /// Dots down.
    pub fn rows(&self) -> i32 {
        i32::from(self.height) * 4
    }

    /// Sets the dot at `(x, y)`, y downwards; outside the canvas nothing happens.
    pub fn set(&mut self, x: i32, y: i32, style: Style) {
        if (0..self.columns()).contains(&x) && (0..self.rows()).contains(&y) {
            let cell = (y as usize / 4) * usize::from(self.width) + x as usize / 2;
            self.cells[cell].0 |= BRAILLE[x as usize % 2][y as usize % 4];
            self.cells[cell].1 = style;
        }
    }

    /// Sets the dots of column `x` from `a` to `b`, in any order, where `keep` says so.
    pub fn vertical(&mut self, x: i32, a: i32, b: i32, style: Style) {
        let (top, bottom) = (a.min(b).max(0), a.max(b).min(self.rows() - 1));
        for y in top..=bottom {
            self.set(x, y, style);
        }
    }

    /// A straight line between two points; `gap` of every `gap + 1` dots are left out.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), gap: usize, style: Style) {
        let ((x0, y0), (x1, y1)) = (from, to);
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil();
        if !steps.is_finite() || steps > 100_000.0 {
            return;
        }
        for i in (0..=steps as usize).step_by(gap + 1) {
            let t = if steps > 0.0 { i as f64 / steps } else { 0.0 };
            self.set((x0 + t * (x1 - x0)).floor() as i32, (y0 + t * (y1 - y0)).floor() as i32, style);
        }
    }

    /// Puts the dots into `area`, with these marks. Cells without a dot are not touched.
    pub fn render(&self, buffer: &mut Buffer, area: Rect, marks: Marks) {
        self.render_where(buffer, area, marks, |_, _| true);
    }

    /// The same, but only into the cells that `wanted` says, which may prepare them; it is told their column.
    pub fn render_where(&self, buffer: &mut Buffer, area: Rect, marks: Marks, wanted: impl Fn(u16, &mut Cell) -> bool) {
        for row in 0..self.height.min(area.height) {
            for column in 0..self.width.min(area.width) {
                let (bits, style) = self.cells[usize::from(row) * usize::from(self.width) + usize::from(column)];
                if bits != 0 && wanted(column, &mut buffer[(area.x + column, area.y + row)]) {
                    buffer[(area.x + column, area.y + row)].set_char(glyph(marks, bits)).set_style(style);
                }
            }
        }
    }
}

/// A curve over eight cells in such marks, for who asks what their font shows.
pub fn sample(marks: Marks) -> String {
    let (mut dots, area) = (Dots::new(8, 1), Rect::new(0, 0, 8, 1));
    let mut buffer = Buffer::empty(area);
    dots.line((0.0, 3.0), (8.0, 0.0), 0, Style::new());
    dots.line((8.0, 0.0), (16.0, 3.0), 0, Style::new());
    dots.render(&mut buffer, area, marks);
    buffer.content.iter().map(|cell| cell.symbol()).collect()
}

/// What shows the dots of a braille pattern.
fn glyph(marks: Marks, bits: u8) -> char {
    match marks {
        Marks::Octant => OCTANTS[usize::from(row_by_row(bits))],
        Marks::Braille => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
        Marks::Block => in_blocks(bits),
        Marks::Half => in_halves(bits),
        Marks::Ascii => in_ascii(bits),
    }
}

/// The same pattern with a bit a dot row by row, as octants are counted.
fn row_by_row(bits: u8) -> u8 {
    let dots = (0..4).flat_map(|row| (0..2).map(move |column| (column, row)));
    dots.enumerate().filter(|(_, (column, row))| bits & BRAILLE[*column][*row] != 0).map(|(i, _)| 1 << i).sum()
}

/// The dots of the two upper rows, and of the two lower.
const UPPER: u8 = 0x1b;
const LOWER: u8 = 0xe4;

/// The nearest look in block elements: thin at the cell's ends, halves, or the line in its middle.
fn in_blocks(bits: u8) -> char {
    const TOP: u8 = 0x09;
    const BOTTOM: u8 = 0xc0;
    match bits {
        bits if bits & !TOP == 0 => '▔',
        bits if bits & !BOTTOM == 0 => '▁',
        bits if bits & !UPPER == 0 => '▀',
        bits if bits & !LOWER == 0 => '▄',
        bits if bits & (TOP | BOTTOM) == 0 => '━',
        _ => '█',
    }
}

/// The nearest look in halves of a cell.
fn in_halves(bits: u8) -> char {
    match (bits & UPPER != 0, bits & LOWER != 0) {
        (true, true) => '█',
        (true, false) => '▀',
        _ => '▄',
    }
}

/// The nearest look in ASCII: dots in the upper half, the lower half, or both.
fn in_ascii(bits: u8) -> char {
    match (bits & UPPER != 0, bits & LOWER != 0) {
        (true, true) => ':',
        (true, false) => '\'',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_lines_stay_inside() {
        let area = Rect::new(0, 0, 3, 1);
        let mut dots = Dots::new(3, 1);
        dots.set(0, 0, Style::new());
        dots.set(5, 3, Style::new());
        dots.set(6, 0, Style::new());
        dots.set(0, -1, Style::new());
        dots.line((0.0, 0.0), (f64::INFINITY, 0.0), 0, Style::new());
        dots.vertical(3, -5, 50, Style::new());
        let mut buffer = Buffer::empty(area);
        dots.render(&mut buffer, area, Marks::Braille);
        assert_eq!(buffer, Buffer::with_lines(["⠁⢸⢀"]));
        dots.render(&mut buffer, area, Marks::Ascii);
        assert_eq!(buffer, Buffer::with_lines(["':."]));
        Dots::new(0, 0).render(&mut Buffer::empty(Rect::ZERO), Rect::ZERO, Marks::Octant);
    }

    /// Each dot alone in every kind of marks: it is somewhere, and where it belongs.
    #[test]
    fn every_kind_of_marks_shows_every_dot() {
        for (x, y, shown) in [
            (0, 0, ['𜺨', '⠁', '▔', '▀', '\'']),
            (1, 1, ['𜴃', '⠐', '▀', '▀', '\'']),
            (0, 2, ['𜴉', '⠄', '▄', '▄', '.']),
            (1, 3, ['𜺠', '⢀', '▁', '▄', '.']),
        ] {
            for (marks, shown) in Marks::ALL.into_iter().zip(shown) {
                let mut dots = Dots::new(1, 1);
                dots.set(x, y, Style::new());
                let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
                dots.render(&mut buffer, Rect::new(0, 0, 1, 1), marks);
                assert_eq!(buffer[(0, 0)].symbol(), shown.to_string(), "{marks:?} {x} {y}");
            }
        }
        assert_eq!(glyph(Marks::Octant, 0xff), '█');
        assert_eq!((glyph(Marks::Block, 0x06), glyph(Marks::Block, 0x0c)), ('━', '█'));
    }
}
