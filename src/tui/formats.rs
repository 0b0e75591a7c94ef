//! Which formats the layers are on, as far as the list has to tell them apart.

use crate::quant::Format;
use crate::session::{Kind, Session};

/// Columns of the longest of the short words.
pub(super) const WIDEST: u16 = 5;

/// What stands in the session. It is looked at again where something was decided or has arrived, not in every frame.
#[derive(Default)]
pub(super) struct Formats {
    /// The revision of the session that was looked at.
    seen: Option<u64>,
    /// Whether rows must say which format is theirs.
    pub mixed: bool,
    /// What all weights are on, where that is one format and not that of the activations.
    pub weights: Option<Format>,
}

/// What a kind of tensor is on.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Nothing,
    One(Format),
    Several,
}

impl Of {
    fn and(self, format: Format) -> Of {
        match self {
            Of::Nothing => Of::One(format),
            Of::One(other) if other == format => self,
            Of::One(_) | Of::Several => Of::Several,
        }
    }
}

impl Formats {
    /// Looks again, unless nothing was decided and nothing has arrived since.
    pub fn keep_up(&mut self, session: &Session) {
        if self.seen.replace(session.revision()) == Some(session.revision()) {
            return;
        }
        let [mut activations, mut weights] = [Of::Nothing; 2];
        for layer in session.layers() {
            let Some(ready) = layer.ready() else { continue };
            let of = if layer.kind() == Kind::Weight { &mut weights } else { &mut activations };
            *of = of.and(ready.format());
        }
        self.mixed = match (activations, weights) {
            (Of::Several, _) | (_, Of::Several) => true,
            // That weights are symmetric where activations have a zero point is usual, and their heading says it.
            (Of::One(a), Of::One(b)) => !as_wide(a, b),
            (Of::Nothing, _) | (_, Of::Nothing) => false,
        };
        self.weights = match (activations, weights) {
            (Of::One(a), Of::One(b)) if a != b => Some(b),
            _ => None,
        };
    }
}

/// Whether two formats differ at most in sign and zero point.
fn as_wide(a: Format, b: Format) -> bool {
    match (a.scheme(), b.scheme()) {
        (Some(a), Some(b)) => a.num_bits() == b.num_bits(),
        _ => a == b,
    }
}

/// The words of a format in a narrow column: `i8`, `u4a` for `uint4 affine`, `e4m3`.
pub(super) fn short(format: Format) -> String {
    let words = format.to_string();
    let (first, second) = words.split_once(' ').unwrap_or((&words, ""));
    match (first.split_once("int"), second) {
        (Some((sign, bits)), second) => {
            let sign = if sign.is_empty() { "i" } else { sign };
            format!("{sign}{bits}{}", if second == "affine" { "a" } else { "" })
        }
        (None, second) => second.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::quant::{Fp8, Scheme};

    #[test]
    fn every_format_has_a_short_word_of_its_own() {
        let mut all: Vec<Format> = vec![Fp8::E4m3.into(), Fp8::E5m2.into()];
        for bits in 0..=32 {
            for (signed, symmetric) in [(true, true), (true, false), (false, true), (false, false)] {
                all.extend(Scheme::new(bits, signed, symmetric).map(Format::Int));
            }
        }
        let words: BTreeSet<String> = all.iter().map(|format| short(*format)).collect();
        assert_eq!(words.len(), all.len());
        assert!(words.iter().all(|word| word.len() <= usize::from(WIDEST) && word.is_ascii()), "{words:?}");
        let of = |words: &str| short(Format::INT8.changed_by(words).expect("it is one"));
        assert_eq!(["int8", "uint4 affine", "16", "e4m3"].map(of), ["i8", "u4a", "i16", "e4m3"]);
    }
}
