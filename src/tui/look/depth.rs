use super::{Found, Var};

/// How many colours the terminal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: modifiers only (`NO_COLOR`).
    Mono,
    /// The sixteen that every theme of the user's defines.
    Sixteen,
    /// The 256 of xterm; the first sixteen are not used.
    Indexed,
    /// Any of 24 bits.
    True,
}

/// Terminals that show 24 bits and promise it by nothing but their name.
const TRUE: &[&str] = &["xterm-kitty", "xterm-ghostty", "alacritty", "wezterm", "foot", "contour", "rio"];

impl Depth {
    /// All, from none to all colours.
    pub const ALL: [Depth; 4] = [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True];

    /// What options and the configuration call it.
    pub fn word(self) -> &'static str {
        match self {
            Depth::Mono => "none",
            Depth::Sixteen => "16",
            Depth::Indexed => "256",
            Depth::True => "truecolor",
        }
    }

    /// What the environment asks for. `NO_COLOR` wins (no-color.org), then `CLICOLOR=0` and `CLICOLOR_FORCE` speak
    /// (bixense.com/clicolors), then `COLORTERM=truecolor|24bit` promises 24 bits, then the terminal's name says what it
    /// can. GNU screen gets 256 whatever stands behind it: what it was started in may promise more than it hands on.
    pub fn found(var: Var) -> Found<Depth> {
        let term = var("TERM").unwrap_or_default();
        let forced = var("CLICOLOR_FORCE").is_some_and(|v| v != "0");
        if var("NO_COLOR").is_some() {
            return Found::new(Depth::Mono, "NO_COLOR");
        }
        if var("CLICOLOR").is_some_and(|v| v == "0") && !forced {
            return Found::new(Depth::Mono, "CLICOLOR");
        }
        let promised = var("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit");
        let in_screen = term.starts_with("screen") && var("TMUX").is_none();
        let by_name = match term.as_str() {
            "dumb" => Depth::Mono,
            term if term.starts_with("vt") => Depth::Mono,
            term if term.ends_with("-direct") || TRUE.iter().any(|name| term.starts_with(name)) => Depth::True,
            term if term.contains("256") || in_screen => Depth::Indexed,
            _ => Depth::Sixteen,
        };
        if promised && !in_screen {
            return Found::new(Depth::True, "COLORTERM");
        }
        if var("WT_SESSION").is_some() {
            return Found::new(Depth::True, "Windows Terminal");
        }
        if matches!(var("TERM_PROGRAM").as_deref(), Some("iTerm.app" | "WezTerm" | "vscode" | "ghostty")) {
            return Found::new(Depth::True, "TERM_PROGRAM");
        }
        match (by_name, forced) {
            (Depth::Mono, true) => Found::new(Depth::Sixteen, "CLICOLOR_FORCE"),
            (depth, _) => Found::new(depth, "TERM"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&str, &str)]) -> Depth {
        let var = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Depth::found(&|name| var(name).filter(|v| !v.is_empty())).value
    }

    #[test]
    fn no_color_wins() {
        assert_eq!(found(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), Depth::Mono);
        assert_eq!(found(&[("NO_COLOR", ""), ("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(found(&[("CLICOLOR", "0"), ("TERM", "xterm")]), Depth::Mono);
    }

    #[test]
    fn the_terminal_s_name_says_what_it_can() {
        for (term, depth) in [
            ("dumb", Depth::Mono),
            ("vt220", Depth::Mono),
            ("linux", Depth::Sixteen),
            ("xterm", Depth::Sixteen),
            ("xterm-256color", Depth::Indexed),
            ("tmux-256color", Depth::Indexed),
            ("screen", Depth::Indexed),
            ("xterm-kitty", Depth::True),
            ("foot-extra", Depth::True),
            ("xterm-direct", Depth::True),
            ("", Depth::Sixteen),
        ] {
            assert_eq!(found(&[("TERM", term)]), depth, "{term}");
        }
        assert_eq!(found(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]), Depth::Sixteen);
        assert_eq!(found(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "0")]), Depth::Mono);
    }

    #[test]
    fn multiplexers_hand_on_what_they_can() {
        let tmux = [("TERM", "tmux-256color"), ("TMUX", "/tmp/t"), ("COLORTERM", "truecolor")];
        assert_eq!(found(&tmux), Depth::True, "tmux brings 24 bits down where the terminal has fewer");
        assert_eq!(found(&[("TERM", "screen-256color"), ("COLORTERM", "truecolor")]), Depth::Indexed);
    }
}
