//! A screen as a picture, on the ground of its theme: the same cells as SVG with real text, or as PNG. One plot as PNG.
//!
//! | file | what stands there |
//! |---|---|
//! | `svg.rs` | runs of cells as text, bars and lines as shapes |
//! | `png.rs` | cells as pixels |
//! | `plot.rs` | a plot as pixels: what `report/plot/` draws on |
//! | `letters.rs` | letters of a bitmap font, everything else by its form |
//! | `form.rs` | the forms of what the font does not have |
//! | `pixels.rs` | pixels, and the file of them |

mod form;
mod letters;
mod pixels;
mod plot;
mod png;
mod svg;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::look::{Ground, of_index};

use pixels::mixed;
pub use plot::plot;
pub use png::png;
pub use svg::svg;

/// What a picture is painted on, and what is written where no colour is named.
#[derive(Clone, Copy)]
struct Paint {
    light: bool,
}

impl Paint {
    /// Where nobody knows the ground, a dark one.
    fn on(ground: Ground) -> Paint {
        Paint { light: ground == Ground::Light }
    }

    fn ground(self) -> [u8; 3] {
        if self.light { [0xff, 0xff, 0xff] } else { [0x16, 0x18, 0x1d] }
    }

    fn ink(self) -> [u8; 3] {
        if self.light { [0x1b, 0x1f, 0x24] } else { [0xd6, 0xd9, 0xde] }
    }

    /// A cell's ink and its ground, reversed where it is selected, fainter where it is dim.
    fn of(self, cell: &Cell) -> ([u8; 3], [u8; 3]) {
        let (mut ink, mut ground) = (self.rgb(cell.fg, self.ink()), self.rgb(cell.bg, self.ground()));
        if cell.modifier.contains(Modifier::DIM) {
            ink = mixed(ground, ink, 0.62);
        }
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut ink, &mut ground);
        }
        (ink, ground)
    }

    /// The colour that is meant; of the sixteen, which the terminal's user defines, ones that suit the ground.
    fn rgb(self, colour: Color, otherwise: [u8; 3]) -> [u8; 3] {
        let [dark, light] = match colour {
            Color::Rgb(r, g, b) => [[r, g, b]; 2],
            Color::Indexed(index @ 16..) => [of_index(index); 2],
            Color::Black | Color::Indexed(0) => [[0, 0, 0]; 2],
            Color::Red | Color::LightRed | Color::Indexed(1 | 9) => [[0xf0, 0x6c, 0x68], [0xb3, 0x2d, 0x29]],
            Color::Green | Color::LightGreen | Color::Indexed(2 | 10) => [[0x55, 0xb5, 0x8a], [0x0b, 0x70, 0x4a]],
            Color::Yellow | Color::LightYellow | Color::Indexed(3 | 11) => [[0xe6, 0x94, 0x34], [0x92, 0x53, 0x00]],
            Color::Blue | Color::LightBlue | Color::Indexed(4 | 12) => [[0x66, 0xa4, 0xeb], [0x2c, 0x6a, 0xac]],
            Color::Magenta | Color::LightMagenta | Color::Indexed(5 | 13) => [[0xcf, 0x83, 0xea], [0x8f, 0x45, 0xa8]],
            Color::Cyan | Color::LightCyan | Color::Indexed(6 | 14) => [[0x48, 0xb2, 0xbc], [0x00, 0x70, 0x79]],
            Color::DarkGray | Color::Indexed(8) => [[0x99, 0x9e, 0xa7], [0x66, 0x6b, 0x74]],
            Color::Gray | Color::White | Color::Indexed(7 | 15) => [[0xd6, 0xd9, 0xde], [0x66, 0x6b, 0x74]],
            Color::Reset => [otherwise; 2],
        };
        if self.light { light } else { dark }
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::contrast;
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn what_is_written_can_be_read_on_both_grounds() {
        use Color::*;
        for paint in [Paint { light: false }, Paint { light: true }] {
            for colour in [Red, Green, Yellow, Blue, Magenta, Cyan, DarkGray, Gray, Reset, LightRed, LightBlue] {
                let seen = contrast(paint.rgb(colour, paint.ink()), paint.ground());
                assert!(seen >= 4.5, "{colour} {} {seen}", paint.light);
            }
        }
    }

    /// Whatever the screen is drawn with has a letter or a form: a new sign would be a box.
    #[test]
    fn every_sign_of_the_screen_can_be_drawn() {
        use super::super::look::{Glyphs, Marks};
        for marks in Marks::ALL {
            let signs = format!("{:?}", Glyphs::of(marks));
            for sign in signs.chars().filter(|c| !c.is_ascii()) {
                assert!(form::inked(sign, 0.5, 0.5).is_some() || letters::has(sign), "{sign}");
            }
        }
    }

    #[test]
    fn a_picture_has_the_ground_and_the_size_of_its_screen() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
        buffer.set_string(0, 0, "clip 2.813", Style::new());
        buffer.set_string(0, 1, "▂█⣿┃▲…", Style::new().fg(Color::Rgb(102, 164, 235)));
        for (ground, fill) in [(Ground::Light, "#ffffff"), (Ground::Dark, "#16181d"), (Ground::Unknown, "#16181d")] {
            let text = svg(&buffer, ground);
            assert!(text.contains(&format!("fill=\"{fill}\"/>")) && text.contains(">clip 2.813"), "{text}");
            let bytes = png(&buffer, ground);
            assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
            let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            assert!(size(16) > 12 * 10 && size(20) > 3 * 20, "{} {}", size(16), size(20));
        }
        assert!(png(&Buffer::empty(Rect::new(0, 0, 0, 0)), Ground::Dark).len() > 8);
    }
}
