use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::look::Look;
pub(super) use super::super::wrap::{cut, cut_middle, wrapped};

/// Writes text and rules into a buffer, in the look at hand: never beyond the given width, never a control character.
pub(super) struct Pen<'a> {
    pub buffer: &'a mut Buffer,
    pub look: &'a Look,
}

impl Pen<'_> {
    /// Writes `text` from `x` on, cut with an ellipsis after `width` columns. Returns the column behind it.
    pub fn text(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        if width == 0 || !self.buffer.area.contains((x, y).into()) {
            return x;
        }
        if is_plain(text) && text.len() <= usize::from(width.min(self.buffer.area.right() - x)) {
            for (x, letter) in (x..).zip(text.chars()) {
                self.buffer[(x, y)].set_char(letter).set_style(style);
            }
            return x + text.len() as u16;
        }
        let text = self.look.glyphs.text(&crate::report::visible(text));
        let text = cut(&text, width, self.look.glyphs.ellipsis);
        self.buffer.set_stringn(x, y, &text, usize::from(width), style).0
    }

    /// Writes `text` so that it ends at the right end of `width` columns.
    pub fn right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let len = self.width(text).min(width);
        self.text(x + width - len, y, len, text, style);
    }

    /// Columns that a text takes.
    pub fn width(&self, text: &str) -> u16 {
        width(self.look, text)
    }

    /// Sentences below each other from the top of an area, each in its style, in lines of at most `width` columns.
    pub fn said(&mut self, area: Rect, width: u16, said: &[(String, Style)]) {
        let lines = said.iter().flat_map(|(text, style)| {
            let lines = wrapped(&self.look.glyphs.text(text), usize::from(width));
            lines.into_iter().map(move |line| (line, *style))
        });
        let lines: Vec<_> = lines.collect();
        for (y, (line, style)) in (area.y..area.bottom()).zip(lines) {
            self.text(area.x, y, area.width, &line, style);
        }
    }

    /// Takes away what stands in an area, its colours too.
    pub fn blank(&mut self, area: Rect) {
        for position in area.positions() {
            self.buffer[position].reset();
        }
    }

    /// Pieces of text one behind the other. Returns the column behind the last.
    pub fn pieces(&mut self, mut x: u16, y: u16, width: u16, pieces: &[(&str, Style)]) -> u16 {
        let end = x.saturating_add(width);
        for (text, style) in pieces {
            x = self.text(x, y, end.saturating_sub(x), text, *style);
        }
        x
    }

    /// A glyph; nothing happens outside the buffer.
    pub fn glyph(&mut self, x: u16, y: u16, glyph: char, style: Style) {
        if self.buffer.area.contains((x, y).into()) {
            self.buffer[(x, y)].set_char(glyph).set_style(style);
        }
    }

    /// A title that runs into a rule, with a note at its right end.
    pub fn titled_rule(&mut self, area: Rect, title: &[(&str, Style)], note: &str) {
        let theme = &self.look.theme;
        let (dim, rule) = (theme.dim, self.look.glyphs.rule);
        if area.is_empty() {
            return;
        }
        for x in area.x..area.right() {
            self.glyph(x, area.y, rule, dim);
        }
        let note = if note.is_empty() { String::new() } else { format!(" {note} ") };
        let note_width = self.width(&note);
        let titles: u16 = title.iter().map(|(t, _)| self.width(t)).sum::<u16>() + 4;
        // The title goes before the note where there is room for one only.
        let note_fits = !note.is_empty() && titles + note_width + 2 <= area.width;
        let room = if note_fits { area.width - note_width - 3 } else { area.width.saturating_sub(1) };
        if !title.is_empty() {
            let x = self.text(area.x + 1, area.y, room.saturating_sub(2), " ", dim);
            let x = self.pieces(x, area.y, (area.x + room).saturating_sub(x), title);
            self.text(x, area.y, 1, " ", dim);
        }
        if note_fits {
            self.text(area.right() - note_width - 1, area.y, note_width, &note, dim);
        }
    }
}

/// Whether each byte is a letter that is drawn as it is, in one column: most texts are so, and cost little then.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Columns that a text takes in this look.
pub(super) fn width(look: &Look, text: &str) -> u16 {
    if is_plain(text) {
        return text.len().min(usize::from(u16::MAX)) as u16;
    }
    look.glyphs.text(&crate::report::visible(text)).width().min(usize::from(u16::MAX)) as u16
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::super::super::look::{Depth, Ground, Marks};
    use super::*;

    /// Plain letters go a way of their own.
    #[test]
    fn plain_text_is_drawn_as_other_text_is() {
        let look = Look::new(Depth::Mono, Ground::Dark, Marks::Braille);
        let drawn = |text: &str, width: u16| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
            let style = Style::new().add_modifier(Modifier::BOLD);
            let end = Pen { buffer: &mut buffer, look: &look }.text(2, 1, width, text, style);
            (end, buffer)
        };
        for text in ["", "ab", "abcdef", "abcdefgh", "ab ~"] {
            for width in 0..10 {
                let (end, plain) = drawn(text, width);
                let mut other = Buffer::empty(plain.area);
                let kept = cut(text, width, '…');
                let style = Style::new().add_modifier(Modifier::BOLD);
                let there = if width > 0 { other.set_stringn(2, 1, &kept, width.into(), style).0 } else { 2 };
                assert_eq!((end, plain), (there, other), "{text:?} {width}");
            }
        }
        assert_eq!((super::width(&look, "ab~"), super::width(&look, "層b")), (3, 3));
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("conv1", 5, '…'), "conv1");
        assert_eq!(cut("conv10", 5, '…'), "conv…");
        assert_eq!(cut("層層層", 5, '…'), "層層…");
        assert_eq!(cut("層層層", 4, '…'), "層…");
        assert_eq!(cut("ab", 0, '…'), "");
        assert_eq!(cut_middle("06.conv11.hswish", 11, '…'), "06.c…hswish");
        assert_eq!(cut_middle("層層層層", 6, '…'), "層…層");
        assert_eq!(cut_middle("abcd", 3, '…'), "ab…");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a/very/long/path x", 6), ["a/very", "/long/", "path x"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("截断点向外，误差变小。", 8), ["截断点向", "外，误差", "变小。"]);
        assert_eq!(wrapped("即 scale 的一半", 10), ["即 scale", "的一半"]);
        assert!(wrapped("截断点向外移动 amax / 127。", 9).iter().all(|line| line.width() <= 9));
    }
}
