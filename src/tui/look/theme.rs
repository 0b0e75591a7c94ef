use ratatui::style::{Color, Modifier, Style};

use super::{Depth, Ground, contrast};

/// What has a colour of its own, which the user may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A histogram's bars.
    Bar,
    /// Values beyond the clip, and what they cost.
    Beyond,
    /// The clip: its line, its number, its row.
    Clip,
    /// A method's mark.
    Mark,
    /// The chosen method's mark.
    Chosen,
    /// The curve of the objective.
    Curve,
    /// The part of an error that rounding makes.
    Rounding,
    /// The fake-quantized distribution.
    Quantized,
    /// A fitted distribution.
    Fit,
    /// The inspected column.
    Inspect,
    /// Rules, axes, units, what is not in the foreground.
    Dim,
    /// Something to look into.
    Warning,
}

const ROLES: usize = 12;

impl Role {
    /// All of them.
    pub const ALL: [Role; ROLES] = [
        Role::Bar,
        Role::Beyond,
        Role::Clip,
        Role::Mark,
        Role::Chosen,
        Role::Curve,
        Role::Rounding,
        Role::Quantized,
        Role::Fit,
        Role::Inspect,
        Role::Dim,
        Role::Warning,
    ];

    /// What the configuration calls it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Bar => "bar",
            Role::Beyond => "beyond",
            Role::Clip => "clip",
            Role::Mark => "mark",
            Role::Chosen => "chosen",
            Role::Curve => "curve",
            Role::Rounding => "rounding",
            Role::Quantized => "quantized",
            Role::Fit => "fit",
            Role::Inspect => "inspect",
            Role::Dim => "dim",
            Role::Warning => "warning",
        }
    }

    /// One hue a role, at the lightness that can be read on the ground: on the dark and light grounds of [`GROUNDS`], or,
    /// where nobody knows, on black and on white.
    fn rgb(self, ground: Ground) -> [u8; 3] {
        let [dark, light, unknown] = match self {
            Role::Bar => [[102, 164, 235], [44, 106, 172], [57, 120, 187]],
            Role::Beyond => [[253, 120, 110], [189, 54, 50], [206, 70, 64]],
            Role::Clip => [[230, 140, 50], [156, 86, 0], [175, 98, 0]],
            Role::Mark | Role::Chosen => [[83, 179, 133], [6, 119, 78], [27, 133, 89]],
            Role::Curve => [[70, 175, 185], [0, 115, 124], [2, 130, 139]],
            Role::Rounding => [[153, 149, 253], [99, 89, 194], [111, 103, 209]],
            Role::Quantized => [[207, 131, 234], [146, 73, 171], [160, 86, 186]],
            Role::Fit => [[255, 108, 182], [187, 42, 124], [204, 60, 138]],
            Role::Inspect => [[189, 138, 242], [130, 80, 178], [144, 94, 193]],
            Role::Dim => [[153, 158, 167], [102, 107, 116], [112, 117, 126]],
            Role::Warning => [[236, 135, 64], [166, 80, 0], [185, 91, 0]],
        };
        match ground {
            Ground::Dark => dark,
            Ground::Light => light,
            Ground::Unknown => unknown,
        }
    }

    /// One of the sixteen colours, or none where no one can be read: what they are is the user's choice, but on a dark
    /// ground the bright ones are, and of the dark ones yellow, green and cyan are too light on a light one.
    fn ansi(self, ground: Ground) -> Option<Color> {
        use Color::*;
        let [dark, light, unknown] = match self {
            Role::Bar => [LightBlue, Blue, Blue].map(Some),
            Role::Beyond => [LightRed, Red, Red].map(Some),
            Role::Clip => [Some(LightYellow), Some(Red), Some(Yellow)],
            Role::Mark | Role::Chosen => [Some(LightGreen), None, Some(Green)],
            Role::Curve => [Some(LightCyan), Some(Blue), Some(Cyan)],
            Role::Rounding => [LightBlue, Blue, Blue].map(Some),
            Role::Quantized | Role::Fit | Role::Inspect => [LightMagenta, Magenta, Magenta].map(Some),
            // Bright black is the ground itself in some themes, so the terminal is asked to dim.
            Role::Dim => [None; 3],
            Role::Warning => [Some(LightYellow), Some(Red), Some(Yellow)],
        };
        match ground {
            Ground::Dark => dark,
            Ground::Light => light,
            Ground::Unknown => unknown,
        }
    }
}

/// The colours that the user has chosen, by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Own([Option<Color>; ROLES]);

impl Own {
    /// Takes a colour for a role.
    pub fn set(&mut self, role: Role, colour: Color) {
        self.0[role as usize] = Some(colour);
    }

    fn of(&self, role: Role) -> Option<Color> {
        self.0[role as usize]
    }
}

/// A colour as it is written: `#2c6aac`, `0` to `255`, or one of the sixteen by its name (`blue`, `light-red`).
pub fn parse_colour(text: &str) -> Option<Color> {
    const NAMES: [(&str, Color); 16] = [
        ("black", Color::Black),
        ("red", Color::Red),
        ("green", Color::Green),
        ("yellow", Color::Yellow),
        ("blue", Color::Blue),
        ("magenta", Color::Magenta),
        ("cyan", Color::Cyan),
        ("gray", Color::Gray),
        ("dark-gray", Color::DarkGray),
        ("light-red", Color::LightRed),
        ("light-green", Color::LightGreen),
        ("light-yellow", Color::LightYellow),
        ("light-blue", Color::LightBlue),
        ("light-magenta", Color::LightMagenta),
        ("light-cyan", Color::LightCyan),
        ("white", Color::White),
    ];
    if let Some(digits) = text.strip_prefix('#') {
        let number = (digits.len() == 6).then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
        let [_, r, g, b] = number.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, colour)| *colour);
    named.or_else(|| text.parse().ok().map(Color::Indexed))
}

/// Grounds that each palette is made for, up to the lightest dark ones and down to the darkest light ones in wide use.
fn grounds(ground: Ground) -> &'static [[u8; 3]] {
    match ground {
        Ground::Dark => &[[0, 0, 0], [30, 30, 30], [40, 44, 52], [0, 43, 54], [40, 40, 40], [46, 52, 64]],
        Ground::Light => &[[255, 255, 255], [253, 246, 227], [242, 242, 242], [238, 238, 238]],
        Ground::Unknown => &[[0, 0, 0], [255, 255, 255]],
    }
}

/// The least contrast that a colour has on the grounds it is made for.
fn least_contrast(rgb: [u8; 3], ground: Ground) -> f64 {
    grounds(ground).iter().map(|on| contrast(rgb, *on)).fold(f64::INFINITY, f64::min)
}

/// The colour of xterm's 256, above the sixteen that users define: a cube of six levels, and a ramp of greys.
pub(in crate::tui) fn of_index(index: u8) -> [u8; 3] {
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        232..=255 => [8 + 10 * (index - 232); 3],
        _ => {
            let n = index.saturating_sub(16);
            [level(n / 36), level(n / 6 % 6), level(n % 6)]
        }
    }
}

/// The nearest of the 256 that can be read on the ground. Of those that suit black and white alike there are few, so a
/// little less contrast has to do there.
fn indexed(rgb: [u8; 3], ground: Ground) -> u8 {
    let enough = if ground == Ground::Unknown { 4.2 } else { 4.5 };
    let distance =
        |index: &u8| -> u32 { of_index(*index).iter().zip(rgb).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let readable = (16..=255).filter(|index| least_contrast(of_index(*index), ground) >= enough);
    readable.min_by_key(distance).unwrap_or(244)
}

/// Colours and modifiers by role. The ground itself is never painted. Every role that matters differs by glyph or modifier
/// too.
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
    /// The theme for a number of colours on a ground.
    pub fn new(depth: Depth, ground: Ground) -> Theme {
        Theme::with_own(depth, ground, Own::default())
    }

    /// The same, with the user's own colours for some roles; without colours there are none of these either.
    pub fn with_own(depth: Depth, ground: Ground, own: Own) -> Theme {
        // What is drawn over an axis is not as dim as that.
        let plain = Style::new().remove_modifier(Modifier::DIM);
        let bold = plain.add_modifier(Modifier::BOLD);
        let of = |role: Role| {
            let colour = match depth {
                Depth::Mono => None,
                _ if own.of(role).is_some() => own.of(role),
                Depth::Sixteen => role.ansi(ground),
                Depth::Indexed => Some(Color::Indexed(indexed(role.rgb(ground), ground))),
                Depth::True => {
                    let [r, g, b] = role.rgb(ground);
                    Some(Color::Rgb(r, g, b))
                }
            };
            match (colour, role) {
                (Some(colour), _) => plain.fg(colour),
                (None, Role::Dim) => Style::new().add_modifier(Modifier::DIM),
                (None, _) => plain,
            }
        };
        let strong = |role: Role| of(role).add_modifier(Modifier::BOLD);
        Theme {
            bar: of(Role::Bar),
            beyond: of(Role::Beyond),
            clip: strong(Role::Clip),
            mark: of(Role::Mark),
            chosen: strong(Role::Chosen),
            curve: of(Role::Curve),
            rounding: of(Role::Rounding),
            quantized: of(Role::Quantized),
            fit: of(Role::Fit),
            inspect: of(Role::Inspect),
            title: bold,
            dim: of(Role::Dim),
            key: bold,
            warning: of(Role::Warning),
            selected: bold.add_modifier(Modifier::REVERSED),
        }
    }

    /// The style of a role.
    pub fn of(&self, role: Role) -> Style {
        match role {
            Role::Bar => self.bar,
            Role::Beyond => self.beyond,
            Role::Clip => self.clip,
            Role::Mark => self.mark,
            Role::Chosen => self.chosen,
            Role::Curve => self.curve,
            Role::Rounding => self.rounding,
            Role::Quantized => self.quantized,
            Role::Fit => self.fit,
            Role::Inspect => self.inspect,
            Role::Dim => self.dim,
            Role::Warning => self.warning,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What xterm shows for the sixteen unless the user has others, of those that are used.
    fn xterm(colour: Color) -> [u8; 3] {
        match colour {
            Color::Red => [205, 0, 0],
            Color::Blue => [0, 0, 238],
            Color::Magenta => [205, 0, 205],
            Color::LightRed => [255, 0, 0],
            Color::LightGreen => [0, 255, 0],
            Color::LightYellow => [255, 255, 0],
            Color::LightBlue => [92, 92, 255],
            Color::LightMagenta => [255, 0, 255],
            Color::LightCyan => [0, 255, 255],
            other => panic!("{other}"),
        }
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for ground in [Ground::Dark, Ground::Light, Ground::Unknown] {
            for role in Role::ALL {
                let least = least_contrast(role.rgb(ground), ground);
                assert!(least >= 4.5, "{role:?} {ground:?} {least}");
                let index = indexed(role.rgb(ground), ground);
                let least = least_contrast(of_index(index), ground);
                assert!(
                    index >= 16 && least >= if ground == Ground::Unknown { 4.2 } else { 4.5 },
                    "{role:?} {index} {least}"
                );
            }
        }
        for (ground, on) in [(Ground::Dark, [0; 3]), (Ground::Light, [255; 3])] {
            for colour in Role::ALL.into_iter().filter_map(|role| role.ansi(ground)) {
                // Theirs is the user's choice; xterm's own bright blue has 4.43.
                assert!(contrast(xterm(colour), on) >= 4.4, "{colour} {ground:?}");
            }
        }
    }

    #[test]
    fn what_is_drawn_side_by_side_differs() {
        for depth in Depth::ALL {
            for ground in [Ground::Dark, Ground::Light, Ground::Unknown] {
                let theme = Theme::new(depth, ground);
                for (a, b) in [(theme.mark, theme.chosen), (theme.clip, theme.mark), (theme.clip, theme.beyond)] {
                    assert_ne!(a, b, "{depth:?} {ground:?}");
                }
            }
        }
    }

    #[test]
    fn no_colours_are_none() {
        let mut own = Own::default();
        own.set(Role::Bar, Color::Red);
        let mono = Theme::with_own(Depth::Mono, Ground::Dark, own);
        assert!(Role::ALL.iter().all(|role| mono.of(*role).fg.is_none() && mono.of(*role).bg.is_none()));
        assert_eq!(Theme::with_own(Depth::True, Ground::Dark, own).bar.fg, Some(Color::Red));
    }

    #[test]
    fn the_cube_and_the_ramp_are_xterm_s() {
        assert_eq!([of_index(16), of_index(196), of_index(231)], [[0; 3], [255, 0, 0], [255; 3]]);
        assert_eq!([of_index(67), of_index(232), of_index(255)], [[95, 135, 175], [8; 3], [238; 3]]);
    }

    #[test]
    fn colours_are_read_as_they_are_written() {
        assert_eq!(parse_colour("#2c6aac"), Some(Color::Rgb(44, 106, 172)));
        assert_eq!(parse_colour("244"), Some(Color::Indexed(244)));
        assert_eq!(parse_colour("light-red"), Some(Color::LightRed));
        for wrong in ["", "#fff", "#gggggg", "256", "-1", "purple", "#12345é"] {
            assert_eq!(parse_colour(wrong), None, "{wrong}");
        }
    }
}
