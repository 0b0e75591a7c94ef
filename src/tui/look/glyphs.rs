use super::{Found, Var};

/// What the terminal's font can show, and so what curves and bars are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Curves in octants (Unicode 16), eight solid dots in a cell; bars in eighths.
    Octant,
    /// Curves in braille, eight dots in a cell; bars in eighths.
    Braille,
    /// Curves in what block elements there are; bars in eighths. For fonts without braille.
    Block,
    /// Curves and bars in halves of a cell, and nothing but what the first PC had. For the console of Linux.
    Half,
    /// ASCII only.
    Ascii,
}

impl Marks {
    /// All, from fine to coarse.
    pub const ALL: [Marks; 5] = [Marks::Octant, Marks::Braille, Marks::Block, Marks::Half, Marks::Ascii];

    /// What options and the configuration call it.
    pub fn word(self) -> &'static str {
        match self {
            Marks::Octant => "octant",
            Marks::Braille => "braille",
            Marks::Block => "block",
            Marks::Half => "half",
            Marks::Ascii => "ascii",
        }
    }

    /// What the environment speaks for: ASCII where the locale names another character set than UTF-8 (`LC_ALL=C`), halves
    /// on the console of Linux, braille elsewhere. Where no locale is named at all, as in containers, nothing is known of
    /// the terminal, and those in use show UTF-8. Octants are in few fonts yet, and taken only where they are asked for.
    pub fn found(var: Var) -> Found<Marks> {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| Some((name, var(name)?)));
        let term = var("TERM").unwrap_or_default();
        let utf8 = |value: &str| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        };
        match locale {
            Some((name, value)) if !utf8(&value) => Found::new(Marks::Ascii, name),
            _ if term == "dumb" || term.starts_with("vt") => Found::new(Marks::Ascii, "TERM"),
            _ if term == "linux" => Found::new(Marks::Half, "TERM"),
            Some((name, _)) => Found::new(Marks::Braille, name),
            None => Found::new(Marks::Braille, "no locale is named"),
        }
    }
}

/// The glyphs that draw the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyphs {
    /// What curves are drawn with.
    pub marks: Marks,
    /// Whether everything is ASCII.
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
    /// What such a level stands on.
    pub stem: char,
    /// Where a curve is least, and where its two parts cross.
    pub points: [char; 2],
    /// The best of some rows: no cursor, and no point of a curve where those are letters.
    pub best: char,
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
        marks: Marks::Braille,
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
        stem: '│',
        points: ['◆', '×'],
        best: '◆',
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
        marks: Marks::Ascii,
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
        stem: ':',
        points: ['*', 'x'],
        best: '+',
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

    /// Halves of cells, and what else the first PC's character set has: consoles without a font of their own show it.
    pub const HALF: Glyphs = Glyphs {
        marks: Marks::Half,
        eighths: ['▄', '▄', '▄', '▄', '▄', '█', '█', '█'],
        clip: '│',
        dot: '•',
        level: '═',
        stem: '·',
        points: ['♦', 'x'],
        best: '♦',
        inspect: ':',
        select: '►',
        grips: ['◄', '►'],
        ellipsis: '~',
        ..Glyphs::UNICODE
    };

    /// The glyphs that go with these marks.
    pub fn of(marks: Marks) -> Glyphs {
        match marks {
            Marks::Octant | Marks::Braille | Marks::Block => Glyphs { marks, ..Glyphs::UNICODE },
            Marks::Half => Glyphs::HALF,
            Marks::Ascii => Glyphs::ASCII,
        }
    }

    /// Text for a terminal that shows these glyphs: the few other signs that the screen uses are spelled in ASCII.
    pub fn text(&self, text: &str) -> String {
        match self.marks {
            Marks::Octant | Marks::Braille | Marks::Block => return text.to_owned(),
            // Names in other scripts are left to the font.
            Marks::Half => {
                let shown = |c: char| match c {
                    '–' | '−' | '—' => '-',
                    '×' => 'x',
                    '…' => '~',
                    '◆' => '♦',
                    '◂' => '◄',
                    '▸' => '►',
                    '━' => '═',
                    c => c,
                };
                return text.chars().map(shown).collect();
            }
            Marks::Ascii => {}
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
                '²' => out.push_str("^2"),
                '◆' => out.push('+'),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_utf_8_means_ascii() {
        let found = |pairs: &'static [(&str, &str)]| {
            Marks::found(&move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())).value
        };
        assert_eq!(found(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]), Marks::Ascii);
        assert_eq!(found(&[("LC_CTYPE", "POSIX")]), Marks::Ascii);
        assert_eq!(found(&[("LANG", "de_DE.ISO-8859-1")]), Marks::Ascii);
        assert_eq!(found(&[("LANG", "C.utf8")]), Marks::Braille);
        assert_eq!(found(&[("TERM", "linux"), ("LANG", "en_US.UTF-8")]), Marks::Half);
        assert_eq!(found(&[]), Marks::Braille);
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(Glyphs::ASCII.text("±2.8 · −1 ∞ → 層").is_ascii());
        let g = Glyphs::ASCII;
        assert!(g.eighths.iter().chain(&g.hatched).chain(&g.axis).chain(&g.grips).all(char::is_ascii));
    }
}
