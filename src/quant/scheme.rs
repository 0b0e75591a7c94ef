use std::fmt;

use serde::{Deserialize, Serialize};

/// Which integers a tensor is quantized to.
///
/// Signed symmetric integers are narrow (`-127..=127` for 8 bits), as NVIDIA's and ONNX Runtime's symmetric int8 are;
/// affine ones use every code (`-128..=127`, `0..=255`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Scheme {
    num_bits: u8,
    signed: bool,
    symmetric: bool,
}

/// A scheme as it is written down: its width is checked when it is read.
#[derive(Serialize, Deserialize)]
struct Parts {
    num_bits: u8,
    signed: bool,
    symmetric: bool,
}

impl From<Scheme> for Parts {
    fn from(Scheme { num_bits, signed, symmetric }: Scheme) -> Parts {
        Parts { num_bits, signed, symmetric }
    }
}

impl TryFrom<Parts> for Scheme {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Scheme, String> {
        Scheme::new(parts.num_bits, parts.signed, parts.symmetric)
            .ok_or_else(|| format!("integers of {} bits are not known; the width is 2 to 8, or 16", parts.num_bits))
    }
}

impl Scheme {
    /// 8-bit signed symmetric: what qviz uses unless it is told otherwise.
    pub const INT8: Scheme = Scheme { num_bits: 8, signed: true, symmetric: true };

    /// Integers of `num_bits` bits: two's complement (`signed`) or not, with the zero point fixed at 0 (`symmetric`) or
    /// chosen so that the range fits (affine). `None` for a width other than 2 to 8, or 16.
    pub const fn new(num_bits: u8, signed: bool, symmetric: bool) -> Option<Scheme> {
        if Scheme::supports(num_bits) { Some(Scheme { num_bits, signed, symmetric }) } else { None }
    }

    /// Whether integers of this width are known: 2 to 8 bits, and 16.
    pub const fn supports(num_bits: u8) -> bool {
        matches!(num_bits, 2..=8 | 16)
    }

    /// Width of the integer in bits: 2 to 8, or 16.
    pub const fn num_bits(self) -> u8 {
        self.num_bits
    }

    /// Two's complement (`int8`) or not (`uint8`).
    pub const fn signed(self) -> bool {
        self.signed
    }

    /// Zero point fixed at 0 (symmetric), or chosen so that the range fits (affine).
    pub const fn symmetric(self) -> bool {
        self.symmetric
    }

    /// The same integers in another width; `None` for one that is not known.
    pub const fn with_bits(self, num_bits: u8) -> Option<Scheme> {
        Scheme::new(num_bits, self.signed, self.symmetric)
    }

    /// The same width, signed or unsigned.
    pub const fn with_signed(self, signed: bool) -> Scheme {
        Scheme { signed, ..self }
    }

    /// The same width, symmetric or affine.
    pub const fn with_symmetric(self, symmetric: bool) -> Scheme {
        Scheme { symmetric, ..self }
    }

    /// The smallest integer.
    pub const fn qmin(self) -> i32 {
        match (self.signed, self.symmetric) {
            (true, true) => -((1 << (self.num_bits - 1)) - 1),
            (true, false) => -(1 << (self.num_bits - 1)),
            (false, _) => 0,
        }
    }

    /// The largest integer.
    pub const fn qmax(self) -> i32 {
        if self.signed { (1 << (self.num_bits - 1)) - 1 } else { (1 << self.num_bits) - 1 }
    }

    /// Levels of a magnitude: `2^(num_bits - 1)` signed, `2^num_bits` unsigned. This is the number that NVIDIA's
    /// entropy search spreads a histogram over (128 for int8).
    pub const fn magnitude_levels(self) -> usize {
        1 << (self.num_bits as usize - self.signed as usize)
    }
}

impl fmt::Display for Scheme {
    /// `int8 symmetric`, `uint4 affine`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.signed { "" } else { "u" };
        let symmetry = if self.symmetric { "symmetric" } else { "affine" };
        write!(f, "{sign}int{} {symmetry}", self.num_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_the_field_s_bounds() {
        let bounds = |num_bits, signed, symmetric| {
            let s = Scheme::new(num_bits, signed, symmetric).unwrap();
            (s.qmin(), s.qmax(), s.magnitude_levels())
        };
        assert_eq!(bounds(8, true, true), (-127, 127, 128));
        assert_eq!(bounds(8, true, false), (-128, 127, 128));
        assert_eq!(bounds(8, false, true), (0, 255, 256));
        assert_eq!(bounds(8, false, false), (0, 255, 256));
        assert_eq!(bounds(2, true, true), (-1, 1, 2));
        assert_eq!(bounds(16, true, true), (-32767, 32767, 32768));
        assert_eq!(Scheme::INT8.to_string(), "int8 symmetric");
    }

    #[test]
    fn a_width_that_is_not_known_cannot_be_made() {
        for bits in [0, 1, 9, 15, 17, 32, 40, 255] {
            assert_eq!((Scheme::new(bits, true, true), Scheme::INT8.with_bits(bits)), (None, None), "{bits}");
        }
        let text = serde_json::to_string(&Scheme::INT8).unwrap();
        assert_eq!(serde_json::from_str::<Scheme>(&text).unwrap(), Scheme::INT8);
        assert!(serde_json::from_str::<Scheme>(&text.replace('8', "40")).is_err());
    }
}
