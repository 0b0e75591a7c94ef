//! Frames as bytes, as few as there can be: over a network the size of a frame is its delay.
//!
//! A line that is dragged changes two cells in every row, and ratatui's own backend spends two thirds of such a frame
//! on setting and resetting colours. Here a blank takes whatever ink is set, which nobody sees, and colours are written
//! in their short form. It also keeps bold and reverse under `NO_COLOR`, where crossterm would drop every style; the
//! theme has done without colours by then.

use std::fmt::Write as _;
use std::io::{self, Write};

use crossterm::{cursor, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Draws with escape sequences; everything but the cells is crossterm's.
pub struct Ansi<W: Write> {
    inner: CrosstermBackend<W>,
    cursor_hidden: bool,
}

impl<W: Write> Ansi<W> {
    /// A backend that writes to `writer`, which should be buffered.
    pub fn new(writer: W) -> Ansi<W> {
        Ansi { inner: CrosstermBackend::new(writer), cursor_hidden: false }
    }
}

impl<W: Write> Write for Ansi<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for Ansi<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, cells: I) -> io::Result<()> {
        let mut style = Style::PLAIN;
        let mut codes = String::new();
        let mut cursor = None;
        for (x, y, cell) in cells {
            match cursor {
                Some(at) if at == (x, y) => {}
                Some((_, row)) if row == y => write!(self, "\x1b[{}G", x + 1)?,
                _ => write!(self, "\x1b[{};{}H", y + 1, x + 1)?,
            }
            // Behind a wide character there is one cell less to come, and so a move.
            cursor = Some((x + 1, y));
            codes.clear();
            style.change(Style::of(cell, style), &mut codes);
            if !codes.is_empty() {
                write!(self, "\x1b[{codes}m")?;
            }
            self.write_all(cell.symbol().as_bytes())?;
        }
        if style == Style::PLAIN { Ok(()) } else { self.write_all(b"\x1b[0m") }
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.cursor_hidden, true) { Ok(()) } else { queue!(self, cursor::Hide) }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.cursor_hidden, false) { queue!(self, cursor::Show) } else { Ok(()) }
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        queue!(self, cursor::MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(self)
    }
}

/// What the terminal writes with.
#[derive(Clone, Copy, PartialEq)]
struct Style {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// Modifiers that are seen on a blank.
const ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

const MODIFIERS: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

impl Style {
    const PLAIN: Style = Style { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    /// What a cell needs when `present` is set.
    fn of(cell: &Cell, present: Style) -> Style {
        let blank = cell.symbol() == " " && !(cell.modifier | present.modifier).intersects(ON_BLANKS);
        if blank {
            Style { bg: cell.bg, ..present }
        } else {
            Style { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
        }
    }

    /// Appends the SGR codes that lead from this style to `to`.
    fn change(&mut self, to: Style, codes: &mut String) {
        let mut push = |code: std::fmt::Arguments| {
            let separator = if codes.is_empty() { "" } else { ";" };
            let _ = write!(codes, "{separator}{code}");
        };
        if !to.modifier.contains(self.modifier) {
            // Bold and dim go off together only; starting over is shorter than any way round that.
            push(format_args!("0"));
            *self = Style::PLAIN;
        }
        for (modifier, code) in MODIFIERS {
            if (to.modifier - self.modifier).contains(modifier) {
                push(format_args!("{code}"));
            }
        }
        for (from, to, base) in [(self.fg, to.fg, 30), (self.bg, to.bg, 40)] {
            if from == to {
                continue;
            }
            match to {
                Color::Rgb(r, g, b) => push(format_args!("{};2;{r};{g};{b}", base + 8)),
                Color::Indexed(n) => push(format_args!("{};5;{n}", base + 8)),
                named => push(format_args!("{}", base + offset(named))),
            }
        }
        *self = to;
    }
}

/// What is added to 30 or 40 for one of the sixteen colours, or the terminal's own.
fn offset(color: Color) -> u8 {
    match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const AREA: Rect = Rect::new(0, 0, 40, 8);
    const COLORS: [Color; 6] =
        [Color::Reset, Color::Red, Color::DarkGray, Color::White, Color::Indexed(99), Color::Rgb(1, 20, 250)];
    const SHOWN: [Modifier; 6] = [
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::REVERSED,
        Modifier::UNDERLINED,
        Modifier::BOLD.union(Modifier::REVERSED),
    ];

    fn random(state: &mut u32, below: usize) -> usize {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 16) as usize % below
    }

    #[test]
    fn a_terminal_shows_what_ratatui_s_own_backend_shows() {
        crossterm::style::force_color_output(true);
        let size = |n: u16| std::num::NonZero::new(n).unwrap();
        let screen = || vt100::Parser::new(size(AREA.height), size(AREA.width), 0);
        let (mut ours, mut theirs) = (screen(), screen());
        let (mut before, mut seed) = (Buffer::empty(AREA), 1);
        for frame in 0..200 {
            let mut after = before.clone();
            for _ in 0..random(&mut seed, 60) {
                let (x, y) = (random(&mut seed, 39) as u16, random(&mut seed, 8) as u16);
                let symbol = ["a", " ", " ", "┃", "層"][random(&mut seed, 5)];
                let style = ratatui::style::Style::new().fg(COLORS[random(&mut seed, 6)]);
                let style = style.bg(COLORS[random(&mut seed, 6)]).add_modifier(SHOWN[random(&mut seed, 6)]);
                after[(x, y)].reset();
                after.set_string(x, y, symbol, style);
            }
            let (mut short, mut long) = (Vec::new(), Vec::new());
            Ansi::new(&mut short).draw(before.diff(&after).into_iter()).unwrap();
            CrosstermBackend::new(&mut long).draw(before.diff(&after).into_iter()).unwrap();
            assert!(short.len() < long.len());
            ours.process(&short);
            theirs.process(&long);
            before = after;
            for y in 0..AREA.height {
                for x in 0..AREA.width {
                    let at = |p: &vt100::Parser| p.screen().cell(y, x).unwrap().clone();
                    let (a, b) = (at(&ours), at(&theirs));
                    let text = |c: &vt100::Cell| if c.has_contents() { c.contents().to_owned() } else { " ".into() };
                    let ground = |c: &vt100::Cell| (text(c), c.bgcolor(), c.inverse(), c.underline(), c.is_wide());
                    assert_eq!(ground(&a), ground(&b), "frame {frame}, {x} {y}");
                    if text(&b) != " " || b.inverse() || b.underline() {
                        let ink = |c: &vt100::Cell| (c.fgcolor(), c.bold(), c.dim());
                        assert_eq!(ink(&a), ink(&b), "frame {frame}, {x} {y}");
                    }
                }
            }
        }
    }
}
