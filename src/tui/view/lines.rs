//! Two number lines, one above the other, with rays from the upper to the lower.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::plot::Dots;
use super::pen::Pen;

/// Rows of the numbers above a fan, of the axis and of the numbers below.
pub(super) const AROUND: u16 = 3;

/// Two lines, and what is between them.
pub(super) struct Lines<'a, 'b> {
    pen: &'a mut Pen<'b>,
    area: Rect,
    dots: Dots,
}

impl<'a, 'b> Lines<'a, 'b> {
    /// In an area whose first row is for the floats' numbers, and the last two for the other line and its numbers.
    pub fn new(pen: &'a mut Pen<'b>, area: Rect) -> Lines<'a, 'b> {
        let fan = Rect { y: area.y + 1, height: area.height.saturating_sub(AROUND).max(1), ..area };
        Lines { dots: Dots::new(fan.width, fan.height), area: fan, pen }
    }

    /// From one place on the upper line to one on the lower, in columns; `gap` of every `gap + 1` dots are left out.
    pub fn ray(&mut self, from: f64, to: f64, gap: usize, style: Style) {
        let bottom = f64::from(self.dots.rows() - 1);
        self.dots.line((from * 2.0, 0.0), (to * 2.0, bottom), gap, style);
    }

    /// The same two dots wide.
    pub fn thick(&mut self, from: f64, to: f64, style: Style) {
        self.ray(from, to, 0, style);
        self.ray(from + 0.5, to + 0.5, 0, style);
    }

    /// Draws what is between, and the lower line below it. Returns the line's row.
    pub fn render(&mut self) -> u16 {
        let glyphs = self.pen.look.glyphs;
        self.dots.render(self.pen.buffer, self.area, glyphs.marks);
        let y = self.area.bottom();
        for x in self.area.x..self.area.right() {
            self.pen.glyph(x, y, glyphs.axis[0], self.pen.look.theme.dim);
        }
        y
    }
}

/// Numbers in one row, those that come first before others that they would touch. Each stands under its column.
pub(super) struct Numbers {
    y: u16,
    taken: Vec<(u16, u16)>,
}

impl Numbers {
    /// In this row of the screen.
    pub fn new(y: u16) -> Numbers {
        Numbers { y, taken: Vec::new() }
    }

    /// Puts a number there, unless it would touch another. Tells whether it stands.
    pub fn put(&mut self, pen: &mut Pen, area: Rect, column: u16, text: &str, style: Style) -> bool {
        let len = pen.width(text);
        let start = column.saturating_sub(len / 2).min(area.width.saturating_sub(len));
        let free = self.taken.iter().all(|(a, b)| start > *b || start + len < *a);
        if free {
            self.taken.push((start, start + len));
            pen.text(area.x + start, self.y, len, text, style);
        }
        free
    }
}
