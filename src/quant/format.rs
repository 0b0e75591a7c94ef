use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Clip, Fp8, Scheme};

/// A format of numbers that a tensor is quantized to: integers, or an 8-bit floating-point format.
///
/// Everything that a format decides goes through this type: which clips fit it, which values it has, and by
/// [`QuantParams`](super::QuantParams) what it does to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Integers, which lie evenly.
    Int(Scheme),
    /// 8-bit floating point: fine near zero, coarse at the ends; always signed and symmetric.
    Fp8(Fp8),
}

impl From<Scheme> for Format {
    fn from(scheme: Scheme) -> Format {
        Format::Int(scheme)
    }
}

impl From<Fp8> for Format {
    fn from(fp8: Fp8) -> Format {
        Format::Fp8(fp8)
    }
}

impl Format {
    /// 8-bit signed symmetric integers: what qviz uses unless it is told otherwise.
    pub const INT8: Format = Format::Int(Scheme::INT8);

    /// Integers: see [`Scheme::new`].
    pub const fn int(num_bits: u8, signed: bool, symmetric: bool) -> Option<Format> {
        match Scheme::new(num_bits, signed, symmetric) {
            Some(scheme) => Some(Format::Int(scheme)),
            None => None,
        }
    }

    /// Integers of this sign and symmetry in this width, in place of FP8 too; unchanged where the width is not known.
    pub const fn with_bits(self, num_bits: u8) -> Format {
        match Format::int(num_bits, self.signed(), self.symmetric()) {
            Some(format) => format,
            None => self,
        }
    }

    /// Integers of this width, signed or unsigned. FP8, which is signed, stays what it is unless it is to be unsigned.
    pub const fn with_signed(self, signed: bool) -> Format {
        if signed && matches!(self, Format::Fp8(_)) {
            return self;
        }
        match Format::int(self.num_bits(), signed, self.symmetric()) {
            Some(format) => format,
            None => self,
        }
    }

    /// Integers of this width, symmetric or affine. FP8, which is symmetric, stays what it is unless it is to be affine.
    pub const fn with_symmetric(self, symmetric: bool) -> Format {
        if symmetric && matches!(self, Format::Fp8(_)) {
            return self;
        }
        match Format::int(self.num_bits(), self.signed(), symmetric) {
            Some(format) => format,
            None => self,
        }
    }

    /// The integers, if it is integers.
    pub const fn scheme(self) -> Option<Scheme> {
        match self {
            Format::Int(scheme) => Some(scheme),
            Format::Fp8(_) => None,
        }
    }

    /// Width in bits: 2 to 8, or 16.
    pub const fn num_bits(self) -> u8 {
        match self {
            Format::Int(scheme) => scheme.num_bits(),
            Format::Fp8(_) => 8,
        }
    }

    /// Whether it has negative values.
    pub const fn signed(self) -> bool {
        match self {
            Format::Int(scheme) => scheme.signed(),
            Format::Fp8(_) => true,
        }
    }

    /// Whether the zero point is fixed at 0 (symmetric), or chosen so that the range fits (affine).
    pub const fn symmetric(self) -> bool {
        match self {
            Format::Int(scheme) => scheme.symmetric(),
            Format::Fp8(_) => true,
        }
    }

    /// The smallest value before scaling: the smallest integer, -448 or -57,344.
    pub const fn qmin(self) -> i32 {
        match self {
            Format::Int(scheme) => scheme.qmin(),
            Format::Fp8(fp8) => -(fp8.max() as i32),
        }
    }

    /// The largest value before scaling: the largest integer, 448 or 57,344.
    pub const fn qmax(self) -> i32 {
        match self {
            Format::Int(scheme) => scheme.qmax(),
            Format::Fp8(fp8) => fp8.max() as i32,
        }
    }

    /// Levels of a magnitude where they lie evenly ([`Scheme::magnitude_levels`]); `None` where they do not, so that no
    /// search that spreads a histogram over even levels is defined.
    pub const fn even_levels(self) -> Option<usize> {
        match self {
            Format::Int(scheme) => Some(scheme.magnitude_levels()),
            Format::Fp8(_) => None,
        }
    }

    /// The clip of this format that holds `[low, high]`: `±max(|low|, |high|)` where it is signed and symmetric, `[0,
    /// max(|low|, |high|)]` unsigned and symmetric, and `[low, high]` itself, widened to hold 0, where it is affine.
    pub fn clip_for(self, low: f32, high: f32) -> Clip {
        let amax = low.abs().max(high.abs());
        match (self.symmetric(), self.signed()) {
            (true, true) => Clip::symmetric(amax),
            (true, false) => Clip::unsigned(amax),
            (false, _) => Clip::new(low, high),
        }
    }

    /// The clip that a threshold `t >= 0` of magnitudes means: `±t` or `[0, t]` where it is symmetric; where it is affine
    /// `[-t, t]` cut to the values' own range `[min, max]`.
    pub fn clip_at(self, t: f32, (min, max): (f32, f32)) -> Clip {
        if self.symmetric() { self.clip_for(-t, t) } else { self.clip_for((-t).max(min), t.min(max)) }
    }

    /// The format that words make of this one, in any number and order: `int8`, `uint4`, a width alone (`16`), `signed`,
    /// `unsigned`, `symmetric`, `affine` or `asymmetric`; `e4m3`, `e5m2`, or `fp8` (which is E4M3 unless the other is
    /// named).
    ///
    /// # Errors
    ///
    /// A sentence that names the word that is none of these, or that does not go with the format before it.
    pub fn changed_by(self, words: &str) -> Result<Format, String> {
        words.split([' ', ',']).filter(|w| !w.is_empty()).try_fold(self, Format::changed_by_word)
    }

    /// The format that these words name, as [`Format::changed_by`] has them of int8 symmetric.
    ///
    /// # Errors
    ///
    /// As there, and where there is no word.
    pub fn named(words: &str) -> Result<Format, String> {
        if words.trim_matches([' ', ',']).is_empty() {
            return Err("a format is missing; write for example int8, uint4 affine, e4m3 or e5m2".into());
        }
        Format::INT8.changed_by(words)
    }

    fn changed_by_word(self, word: &str) -> Result<Format, String> {
        let fp8 = match word {
            "fp8" => Some(if let Format::Fp8(fp8) = self { fp8 } else { Fp8::E4m3 }),
            "e4m3" | "float8_e4m3fn" => Some(Fp8::E4m3),
            "e5m2" | "float8_e5m2" => Some(Fp8::E5m2),
            _ => None,
        };
        if let Some(fp8) = fp8 {
            return Ok(fp8.into());
        }
        match (word, self) {
            ("signed" | "symmetric", Format::Fp8(_)) => Ok(self),
            ("unsigned" | "affine" | "asymmetric", Format::Fp8(fp8)) => {
                Err(format!("{fp8} is signed and symmetric; for \"{word}\" name integers, such as uint8 affine"))
            }
            ("signed", Format::Int(scheme)) => Ok(scheme.with_signed(true).into()),
            ("unsigned", Format::Int(scheme)) => Ok(scheme.with_signed(false).into()),
            ("symmetric", Format::Int(scheme)) => Ok(scheme.with_symmetric(true).into()),
            ("affine" | "asymmetric", Format::Int(scheme)) => Ok(scheme.with_symmetric(false).into()),
            _ => self.with_width(word).ok_or_else(|| {
                format!(
                    "\"{word}\" is no format; write int8, uint4 affine, 16 (2 to 8 bits, or 16), signed, unsigned, \
                     symmetric, affine, e4m3 or e5m2"
                )
            }),
        }
    }

    /// `int4`, `uint8`, or a width alone.
    fn with_width(self, word: &str) -> Option<Format> {
        let (signed, bits) = match (word.strip_prefix("uint"), word.strip_prefix("int")) {
            (Some(bits), _) => (false, bits),
            (None, Some(bits)) => (true, bits),
            (None, None) => (self.signed(), word),
        };
        Scheme::new(bits.parse().ok()?, signed, self.symmetric()).map(Format::Int)
    }
}

impl fmt::Display for Format {
    /// `int8 symmetric`, `uint4 affine`, `fp8 e4m3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Format::Int(scheme) => scheme.fmt(f),
            Format::Fp8(fp8) => fp8.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_a_format() {
        let made = |words: &str| Format::INT8.changed_by(words).map(|s| s.to_string());
        for (words, format) in [
            ("", "int8 symmetric"),
            ("4", "int4 symmetric"),
            ("uint8 affine", "uint8 affine"),
            ("uint8 asymmetric", "uint8 affine"),
            ("unsigned, 16", "uint16 symmetric"),
            ("affine", "int8 affine"),
            ("fp8", "fp8 e4m3"),
            ("fp8 e5m2", "fp8 e5m2"),
            ("e5m2 fp8", "fp8 e5m2"),
            ("e5m2, uint8", "uint8 symmetric"),
        ] {
            assert_eq!(made(words).as_deref(), Ok(format));
            assert_eq!(made(format).as_deref(), Ok(format), "what is displayed is understood");
        }
        for words in ["9", "int", "float8", "int8 fast", "e4m3 affine", "fp8 unsigned"] {
            assert!(made(words).is_err(), "{words}");
        }
    }

    #[test]
    fn fp8_is_left_by_what_it_cannot_be() {
        let e4m3 = Format::Fp8(Fp8::E4m3);
        assert_eq!((e4m3.with_signed(true), e4m3.with_symmetric(true)), (e4m3, e4m3));
        assert_eq!(e4m3.with_bits(16).to_string(), "int16 symmetric");
        assert_eq!(e4m3.with_signed(false).to_string(), "uint8 symmetric");
        assert_eq!(e4m3.with_symmetric(false).to_string(), "int8 affine");
    }

    #[test]
    fn a_clip_has_the_shape_of_its_format() {
        let of = |words: &str| Format::INT8.changed_by(words).unwrap();
        assert_eq!(of("int8").clip_for(-1.0, 3.0), Clip::symmetric(3.0));
        assert_eq!(of("e4m3").clip_for(-5.0, 3.0), Clip::symmetric(5.0));
        assert_eq!(of("uint8").clip_for(-5.0, 3.0), Clip::unsigned(5.0));
        assert_eq!(of("uint8 affine").clip_for(-5.0, 3.0), Clip::new(-5.0, 3.0));
        assert_eq!(of("affine").clip_at(2.0, (-1.0, 3.0)), Clip::new(-1.0, 2.0));
        assert_eq!(of("int8").clip_at(2.0, (-1.0, 3.0)), Clip::symmetric(2.0));
    }
}
