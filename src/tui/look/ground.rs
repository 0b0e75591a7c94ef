use super::{Found, Var};

/// What the terminal's ground is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Dark, down to black.
    Dark,
    /// Light, up to white.
    Light,
    /// Nobody knows: colours are taken that can be read on black and on white.
    Unknown,
}

impl Ground {
    /// What can be chosen.
    pub const ALL: [Ground; 2] = [Ground::Dark, Ground::Light];

    /// What options and the configuration call it.
    pub fn word(self) -> &'static str {
        match self {
            Ground::Dark => "dark",
            Ground::Light => "light",
            Ground::Unknown => "unknown",
        }
    }

    /// What the environment says before the terminal is asked: `COLORFGBG`, which some terminals set to the numbers of
    /// their colours, the ground's last.
    pub fn found(var: Var) -> Found<Ground> {
        let number = || var("COLORFGBG")?.rsplit(';').next()?.parse::<u8>().ok();
        match number() {
            Some(0..=6 | 8) => Found::new(Ground::Dark, "COLORFGBG"),
            Some(7 | 9..=15) => Found::new(Ground::Light, "COLORFGBG"),
            _ => Found::new(Ground::Unknown, "nothing says so"),
        }
    }

    /// Whether it is worth asking the terminal: these print what they do not know, or know no colours.
    pub fn may_be_asked(var: Var) -> bool {
        let term = var("TERM").unwrap_or_default();
        !(term.is_empty() || term == "dumb" || term == "linux" || term.starts_with("vt") || term.starts_with("eterm"))
    }

    /// The ground of a colour. The line is drawn where black and white text can be read equally well.
    pub fn of(rgb: [u8; 3]) -> Ground {
        if contrast(rgb, [0; 3]) > contrast(rgb, [255; 3]) { Ground::Light } else { Ground::Dark }
    }
}

/// How well one colour can be read on another, 1 to 21, by the definition of WCAG 2; text wants 4.5.
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The relative luminance of an sRGB colour, 0 to 1 (WCAG 2).
fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = |c: u8| match f64::from(c) / 255.0 {
        c if c <= 0.04045 => c / 12.92,
        c => ((c + 0.055) / 1.055).powf(2.4),
    };
    let [r, g, b] = rgb.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The colour in an answer to OSC 11, without its ends: `11;rgb:1e1e/1e1e/1e1e`, with one to four digits a channel, or
/// `rgba:` with a fourth channel.
pub fn parse_reply(text: &str) -> Option<[u8; 3]> {
    let channels = text.strip_prefix("11;")?;
    let channels = channels.strip_prefix("rgb:").or_else(|| channels.strip_prefix("rgba:"))?;
    let channel = |digits: &str| {
        let most = 16u32.checked_pow(u32::try_from(digits.len()).ok().filter(|n| (1..=4).contains(n))?)? - 1;
        let value = u32::from_str_radix(digits, 16).ok()?;
        u8::try_from((value * 255 + most / 2) / most).ok()
    };
    let mut parts = channels.split('/').map(channel);
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_wcag_s() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([119; 3], [255; 3]) - 4.478).abs() < 1e-3, "#777 on white, as everybody has it");
        assert_eq!(contrast([9, 8, 7], [9, 8, 7]), 1.0);
    }

    #[test]
    fn an_answer_is_a_colour_however_many_digits_it_has() {
        assert_eq!(parse_reply("11;rgb:1e1e/1e1e/ffff"), Some([0x1e, 0x1e, 0xff]));
        assert_eq!(parse_reply("11;rgb:f/0/8"), Some([255, 0, 136]));
        assert_eq!(parse_reply("11;rgba:fd/f6/e3/ff"), Some([0xfd, 0xf6, 0xe3]));
        for wrong in ["", "11;", "10;rgb:0/0/0", "11;rgb:0/0", "11;rgb:00000/0/0", "11;rgb:g/0/0", "11;rgb:/0/0"] {
            assert_eq!(parse_reply(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn grounds_are_told_apart() {
        let of = |text: &str| Ground::of(parse_reply(text).unwrap());
        assert_eq!([of("11;rgb:00/2b/36"), of("11;rgb:fd/f6/e3")], [Ground::Dark, Ground::Light]);
        let fgbg = |value: &'static str| Ground::found(&move |_| Some(value.to_owned())).value;
        assert_eq!([fgbg("15;0"), fgbg("0;15"), fgbg("0;default;15")], [Ground::Dark, Ground::Light, Ground::Light]);
        assert_eq!([fgbg("15;default"), fgbg("x")], [Ground::Unknown; 2]);
    }
}
