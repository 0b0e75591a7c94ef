//! Frames as bytes, as few as there can be: over a network the size of a frame is its delay.
//!
//! A line that is dragged changes two cells in every row, and ratatui's own backend spends two thirds of such a frame
//! on setting and resetting colours. Here a blank takes whatever ink is set, which nobody sees, and colours are written
//! in their short form. It also keeps bold and reverse under `NO_COLOR`, where crossterm would drop every style; the
//! theme has done without colours by then.

use std::fmt::Write as _;
use std::io::{self, Write};

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{cursor, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Draws with escape sequences; everything but the cells is crossterm's.
pub struct Ansi<W: Write> {
    inner: CrosstermBackend<W>,
    cursor_hidden: bool,
    /// Whether a frame has begun that must be ended.
    in_frame: bool,
}

impl<W: Write> Ansi<W> {
    /// A backend that writes to `writer`, which should be buffered.
    pub fn new(writer: W) -> Ansi<W> {
        Ansi { inner: CrosstermBackend::new(writer), cursor_hidden: false, in_frame: false }
    }

    /// Begins a frame, which terminals that know synchronized updates show as a whole. It ends with the next
    /// [`flush`](Backend::flush), so that it is written at once.
    ///
    /// # Errors
    /// When nothing can be written.
    pub fn begin(&mut self) -> io::Result<()> {
        self.in_frame = true;
        queue!(self, BeginSynchronizedUpdate)
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
        let cells: Vec<Placed> = cells.collect();
        self.write_all(shortest(&cells).as_bytes())
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
        if std::mem::take(&mut self.in_frame) {
            queue!(self, EndSynchronizedUpdate)?;
        }
        Write::flush(self)
    }
}

/// From so many cells on a frame is written in the order of its rows: it has long runs, and trying costs time.
const TRIED: usize = 2000;

/// A cell with its column and row.
type Placed<'a> = (u16, u16, &'a Cell);

/// Some cells as text for the terminal: row by row, or style by style where that is shorter. A line that is dragged over
/// bars leaves two styles in every row, and setting a style takes more than finding a place.
fn shortest(cells: &[Placed]) -> String {
    let by_rows = written(cells.iter().copied());
    if cells.len() > TRIED {
        return by_rows;
    }
    let by_styles = written(by_style(cells).into_iter().flat_map(|run| run.iter().copied()));
    if by_styles.len() < by_rows.len() { by_styles } else { by_rows }
}

/// Runs of cells that follow each other in one style, those of one style behind each other.
fn by_style<'a, 'b>(cells: &'b [Placed<'a>]) -> Vec<&'b [Placed<'a>]> {
    let mut styles: Vec<Style> = Vec::new();
    let mut runs: Vec<(usize, &[Placed])> = Vec::new();
    let mut rest = cells;
    let mut style = Style::PLAIN;
    while let [(mut x, y, first), ..] = *rest {
        // A blank goes along with what stands before it, or behind it.
        let mut inked = false;
        let mut len = 0;
        for &(column, row, cell) in rest {
            let next = Style::of(cell, style);
            let fits = if inked { next == style } else { len == 0 || next.bg == first.bg };
            if (column, row) != (x, y) || !fits {
                break;
            }
            inked |= cell.symbol() != " " || next != style;
            style = next;
            (x, len) = (x + 1, len + 1);
        }
        let known = styles.iter().position(|known| *known == style);
        let at = known.unwrap_or_else(|| {
            styles.push(style);
            styles.len() - 1
        });
        runs.push((at, &rest[..len]));
        rest = &rest[len..];
    }
    runs.sort_by_key(|(style, _)| *style);
    runs.into_iter().map(|(_, run)| run).collect()
}

/// Cells in their order as text, from the plain style to the plain style.
fn written<'a>(cells: impl Iterator<Item = Placed<'a>>) -> String {
    let (mut out, mut codes) = (String::new(), String::new());
    let mut style = Style::PLAIN;
    let mut cursor = Cursor::default();
    for (x, y, cell) in cells {
        cursor.go_to((x, y), &mut out);
        codes.clear();
        style.change(Style::of(cell, style), &mut codes);
        if !codes.is_empty() {
            let _ = write!(out, "\x1b[{codes}m");
        }
        out.push_str(cell.symbol());
        cursor.wrote(cell.symbol());
    }
    if style != Style::PLAIN {
        out.push_str("\x1b[0m");
    }
    out
}

/// Where the terminal's cursor is.
#[derive(Default)]
struct Cursor {
    at: Option<(u16, u16)>,
    /// Whether the column is so on every terminal: some give a box or a block two columns.
    sure: bool,
}

impl Cursor {
    fn go_to(&mut self, (x, y): (u16, u16), out: &mut String) {
        let _ = match self.at {
            Some(at) if at == (x, y) => Ok(()),
            Some((column, row)) if row == y && self.sure && x > column && x - column < 10 => match x - column {
                1 => write!(out, "\x1b[C"),
                right => write!(out, "\x1b[{right}C"),
            },
            Some((_, row)) if row == y => write!(out, "\x1b[{}G", x + 1),
            // One row down, and the column from the edge, whatever a line feed does with it.
            Some((_, row)) if row + 1 == y => write!(out, "\n\x1b[{}G", x + 1),
            _ => write!(out, "\x1b[{};{}H", y + 1, x + 1),
        };
        self.sure |= self.at != Some((x, y));
        self.at = Some((x, y));
    }

    /// Behind a wide character there is one cell less to come, and so a move.
    fn wrote(&mut self, symbol: &str) {
        self.at = self.at.map(|(x, y)| (x + 1, y));
        self.sure &= symbol.is_ascii();
    }
}

/// What the terminal writes with.
#[derive(Clone, Copy, Debug, PartialEq)]
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
