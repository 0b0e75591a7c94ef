//! A text on its way to the clipboard: OSC 52, which the terminal takes, over SSH too. It does not answer, so all that can
//! be said is which way the text went.

use super::look::Var;

/// From so many bytes on a text may be more than a terminal takes: xterm and its kin stop at about 100 kB in base64.
const LONG: usize = 74_000;

/// Who is between the program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clipboard {
    /// Nobody.
    Terminal,
    /// tmux, which takes the sequence itself where `set-clipboard` is on.
    Tmux,
    /// GNU screen, which hands through what is wrapped for it.
    Screen,
}

impl Clipboard {
    /// As the environment says.
    pub fn found(var: Var) -> Clipboard {
        if var("TMUX").is_some() {
            Clipboard::Tmux
        } else if var("STY").is_some() {
            Clipboard::Screen
        } else {
            Clipboard::Terminal
        }
    }

    /// What is to be written to the terminal.
    pub fn sequence(self, text: &str) -> String {
        let text = base64(text.as_bytes());
        match self {
            Clipboard::Terminal | Clipboard::Tmux => format!("\x1b]52;c;{text}\x07"),
            // Its strings hold 768 bytes at most; in pieces it hands longer ones through.
            Clipboard::Screen => {
                let whole = format!("\x1b]52;c;{text}\x07");
                let pieces = whole.as_bytes().chunks(700).map(String::from_utf8_lossy);
                pieces.map(|piece| format!("\x1bP{piece}\x1b\\")).collect()
            }
        }
    }

    /// Which way so many bytes went, the end of a sentence.
    pub fn way(self, bytes: usize) -> String {
        let way = match self {
            Clipboard::Terminal => "by OSC 52, which the terminal has to allow",
            Clipboard::Tmux => "by OSC 52 to tmux, which needs set-clipboard on",
            Clipboard::Screen => "by OSC 52 through screen",
        };
        let long = if bytes > LONG {
            format!("; {} kB are more than some terminals take", bytes / 1000)
        } else {
            String::new()
        };
        format!("{way}{long}")
    }
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let at = (all >> (18 - 6 * digit) & 63) as usize;
            out.push(if digit <= three.len() { char::from(DIGITS[at]) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648.
    #[test]
    fn base64_is_the_rfc_s() {
        let texts =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, coded) in texts {
            assert_eq!(base64(text.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfb]), "//77");
    }

    #[test]
    fn who_is_between_decides_the_wrapping_and_what_is_said() {
        let found = |name: &'static str| Clipboard::found(&|var| (var == name).then(|| "1".to_owned()));
        assert_eq!([found("TMUX"), found("STY"), found("")], [Clipboard::Tmux, Clipboard::Screen, Clipboard::Terminal]);
        assert_eq!(Clipboard::Terminal.sequence("foo"), "\x1b]52;c;Zm9v\x07");
        let wrapped = Clipboard::Screen.sequence(&"x".repeat(2000));
        let inner: String = wrapped.split("\x1bP").skip(1).map(|piece| piece.strip_suffix("\x1b\\").unwrap()).collect();
        assert_eq!(inner, Clipboard::Terminal.sequence(&"x".repeat(2000)));
        assert!(Clipboard::Tmux.way(5).contains("set-clipboard") && !Clipboard::Tmux.way(5).contains("kB"));
        assert!(Clipboard::Terminal.way(200_000).contains("200 kB"));
    }
}
