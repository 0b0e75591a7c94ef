//! What things look like: colours by their role, glyphs by what the terminal can show.

use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: modifiers only (`NO_COLOR`).
    Mono,
    /// The sixteen that every theme of the user's defines.
    Sixteen,
    /// Any of 24 bits.
    True,
}

impl Depth {
    /// What the environment asks for: `NO_COLOR` (not empty) wins, `COLORTERM=truecolor|24bit` promises 24 bits.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Depth {
        if var("NO_COLOR").is_some_and(|v| !v.is_empty()) || var("TERM").as_deref() == Some("dumb") {
            Depth::Mono
        } else if var("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit") {
            Depth::True
        } else {
            Depth::Sixteen
        }
    }
}

/// Colours and modifiers by role. Middle tones that read on a dark and on a light ground; the ground itself is never
/// painted. Every role that matters differs by glyph or modifier too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// A histogram's bars.
    pub bar: Style,
    /// Values beyond the clip, and what they cost.
    pub beyond: Style,
    /// The clip: its line, its number, its row.
    pub clip: Style,
    /// A method's mark.
    pub mark: Style,
    /// The chosen method's mark.
    pub chosen: Style,
    /// The curve of the objective.
    pub curve: Style,
    /// The part of an error that rounding makes.
    pub rounding: Style,
    /// The fake-quantized distribution.
    pub quantized: Style,
    /// A fitted distribution.
    pub fit: Style,
    /// The inspected column.
    pub inspect: Style,
    /// Titles of panels.
    pub title: Style,
    /// Rules, axes, units, what is not in the foreground.
    pub dim: Style,
    /// A key to press.
    pub key: Style,
    /// Something to look into.
    pub warning: Style,
    /// The selected row.
    pub selected: Style,
}

impl Theme {
    /// The theme for a number of colours.
    pub fn new(depth: Depth) -> Theme {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let colour = |rgb: [u8; 3], ansi: Color| match depth {
            Depth::Mono => plain,
            Depth::Sixteen => plain.fg(ansi),
            Depth::True => plain.fg(Color::Rgb(rgb[0], rgb[1], rgb[2])),
        };
        let strong = |rgb, ansi| colour(rgb, ansi).add_modifier(Modifier::BOLD);
        let dim = match depth {
            Depth::Mono => plain.add_modifier(Modifier::DIM),
            _ => colour([122, 127, 136], Color::DarkGray),
        };
        Theme {
            bar: colour([66, 128, 196], Color::Blue),
            beyond: colour([208, 72, 66], Color::Red),
            clip: strong([206, 118, 14], Color::Yellow),
            mark: colour([38, 140, 96], Color::Green),
            chosen: strong([38, 140, 96], Color::Green),
            curve: colour([24, 142, 152], Color::Cyan),
            rounding: colour([116, 108, 214], Color::Blue),
            quantized: colour([166, 92, 192], Color::Magenta),
            fit: colour([206, 62, 140], Color::Magenta),
            inspect: colour([150, 100, 200], Color::Magenta),
            title: bold,
            dim,
            key: bold,
            warning: colour([202, 104, 24], Color::Yellow),
            selected: bold.add_modifier(Modifier::REVERSED),
        }
    }
}

/// The glyphs that draw the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyphs {
    /// Whether curves are drawn in ASCII instead of braille.
    pub ascii: bool,
    /// One to eight eighths of a bar.
    pub eighths: [char; 8],
    /// The lower half of a cell, and the upper.
    pub halves: [char; 2],
    /// The same beyond the clip.
    pub hatched: [char; 8],
    /// The line through both plots.
    pub clip: char,
    /// Where the line meets the curve.
    pub dot: char,
    /// A method's mark on the axis.
    pub mark: char,
    /// The horizontal axis, a tick on it, its left end.
    pub axis: [char; 3],
    /// A rule under a title.
    pub rule: char,
    /// A level of the fake-quantized distribution.
    pub level: char,
    /// The inspected column.
    pub inspect: char,
    /// The selected layer, a layer left in float.
    pub select: char,
    /// A layer that stays in float.
    pub float: char,
    /// A layer that shares its range with others.
    pub tied: char,
    /// A layer that is marked.
    pub marked: char,
    /// What costs the outputs, what is wrong.
    pub ranks: [char; 2],
    /// The two grips beside the clip.
    pub grips: [char; 2],
    /// What marks an infinite value on a curve.
    pub infinity: char,
    /// What stands for text that was cut off.
    pub ellipsis: char,
}

impl Glyphs {
    /// Block elements and braille, which every monospaced font of the last decades has.
    pub const UNICODE: Glyphs = Glyphs {
        ascii: false,
        eighths: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        halves: ['▄', '▀'],
        hatched: ['.', '.', '.', '░', '░', '░', '░', '░'],
        clip: '┃',
        dot: '●',
        mark: '▲',
        axis: ['─', '┬', '└'],
        rule: '─',
        level: '━',
        inspect: '┊',
        select: '▸',
        float: '○',
        tied: '≡',
        marked: '■',
        ranks: ['↓', '!'],
        grips: ['◂', '▸'],
        infinity: '∞',
        ellipsis: '…',
    };

    /// Glyphs for terminals and logs that show ASCII only.
    pub const ASCII: Glyphs = Glyphs {
        ascii: true,
        eighths: ['.', '.', ':', ':', '+', '+', '#', '#'],
        halves: ['+', '+'],
        hatched: ['`', '`', '`', '/', '/', '/', '/', '/'],
        clip: '|',
        dot: 'O',
        mark: '^',
        axis: ['-', '+', '+'],
        rule: '-',
        level: '=',
        inspect: '!',
        select: '>',
        float: 'o',
        tied: '&',
        marked: '#',
        ranks: ['v', '!'],
        grips: ['<', '>'],
        infinity: '^',
        ellipsis: '~',
    };

    /// Text for a terminal that shows these glyphs: the few other signs that the screen uses are spelled in ASCII.
    pub fn text(&self, text: &str) -> String {
        if !self.ascii {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '·' => out.push('|'),
                '–' | '−' | '—' => out.push('-'),
                '∞' => out.push_str("inf"),
                '±' => out.push_str("+-"),
                '←' => out.push_str("left"),
                '→' => out.push_str("right"),
                '↑' => out.push_str("up"),
                '↓' => out.push_str("down"),
                '…' => out.push('~'),
                '×' => out.push('x'),
                '◂' => out.push('<'),
                '▸' => out.push('>'),
                '━' => out.push('='),
                '≥' => out.push_str(">="),
                '≤' => out.push_str("<="),
                c if c.is_ascii() => out.push(c),
                _ => out.push('?'),
            }
        }
        out
    }
}

/// Theme and glyphs together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Colours and modifiers by role.
    pub theme: Theme,
    /// What the screen is drawn with.
    pub glyphs: Glyphs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_wins() {
        let env = |pairs: &'static [(&str, &str)]| {
            Depth::from_env(move |k| pairs.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(env(&[("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(env(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::Mono);
        assert_eq!(env(&[("NO_COLOR", "")]), Depth::Sixteen);
        let mono = Theme::new(Depth::Mono);
        assert!([mono.bar, mono.beyond, mono.clip, mono.dim].iter().all(|s| s.fg.is_none() && s.bg.is_none()));
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(Glyphs::ASCII.text("±2.8 · −1 ∞ → 層").is_ascii());
        let g = Glyphs::ASCII;
        assert!(g.eighths.iter().chain(&g.hatched).chain(&g.axis).chain(&g.grips).all(char::is_ascii));
    }
}
