use std::fmt;

/// Which integers a tensor is quantized to.
///
/// Signed symmetric grids are narrow (`-127..=127` for 8 bits), as NVIDIA's and ONNX Runtime's symmetric int8 are;
/// affine grids use every code (`-128..=127`, `0..=255`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scheme {
    /// Width of the integer in bits: 2 to 8, or 16.
    pub num_bits: u8,
    /// Two's complement (`int8`) or not (`uint8`).
    pub signed: bool,
    /// Zero point fixed at 0 (symmetric), or chosen so that the range fits (affine).
    pub symmetric: bool,
}

impl Scheme {
    /// 8-bit signed symmetric: what qviz uses unless it is told otherwise.
    pub const INT8: Scheme = Scheme { num_bits: 8, signed: true, symmetric: true };

    /// Whether `num_bits` is a width that the grids are defined for: 2 to 8, and 16.
    pub const fn supports(num_bits: u8) -> bool {
        matches!(num_bits, 2..=8 | 16)
    }

    /// Whether the most negative code stays unused so that the grid is the same on both sides of zero.
    pub const fn narrow_range(self) -> bool {
        self.signed && self.symmetric
    }

    /// The smallest integer of the grid.
    pub const fn qmin(self) -> i32 {
        match (self.signed, self.symmetric) {
            (true, true) => -((1 << (self.num_bits - 1)) - 1),
            (true, false) => -(1 << (self.num_bits - 1)),
            (false, _) => 0,
        }
    }

    /// The largest integer of the grid.
    pub const fn qmax(self) -> i32 {
        if self.signed { (1 << (self.num_bits - 1)) - 1 } else { (1 << self.num_bits) - 1 }
    }

    /// Levels of a magnitude: `2^(num_bits - 1)` signed, `2^num_bits` unsigned. This is the number that NVIDIA's
    /// entropy search spreads a histogram over (128 for int8).
    pub const fn magnitude_levels(self) -> usize {
        1 << (self.num_bits as usize - self.signed as usize)
    }
}

impl Scheme {
    /// The grid that words make of this one: `int8`, `uint4`, a width alone (`16`), `signed`, `unsigned`, `symmetric`,
    /// `affine`, in any number and order.
    ///
    /// # Errors
    ///
    /// A sentence that names the word that is none of these.
    pub fn changed_by(self, words: &str) -> Result<Scheme, String> {
        let mut scheme = self;
        for word in words.split([' ', ',']).filter(|w| !w.is_empty()) {
            match word {
                "signed" => scheme.signed = true,
                "unsigned" => scheme.signed = false,
                "symmetric" => scheme.symmetric = true,
                "affine" => scheme.symmetric = false,
                _ => {
                    let (signed, bits) = match (word.strip_prefix("uint"), word.strip_prefix("int")) {
                        (Some(bits), _) => (false, bits),
                        (None, Some(bits)) => (true, bits),
                        (None, None) => (scheme.signed, word),
                    };
                    let bits = bits.parse().ok().filter(|b| Scheme::supports(*b));
                    let bits = bits.ok_or_else(|| {
                        format!("\"{word}\" is no grid; write int8, uint4 affine, 16 (2 to 8 bits, or 16), signed or unsigned")
                    })?;
                    (scheme.signed, scheme.num_bits) = (signed, bits);
                }
            }
        }
        Ok(scheme)
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
    fn grids_have_the_field_s_bounds() {
        let grid = |num_bits, signed, symmetric| {
            let s = Scheme { num_bits, signed, symmetric };
            (s.qmin(), s.qmax(), s.magnitude_levels())
        };
        assert_eq!(grid(8, true, true), (-127, 127, 128));
        assert_eq!(grid(8, true, false), (-128, 127, 128));
        assert_eq!(grid(8, false, true), (0, 255, 256));
        assert_eq!(grid(8, false, false), (0, 255, 256));
        assert_eq!(grid(2, true, true), (-1, 1, 2));
        assert_eq!(grid(16, true, true), (-32767, 32767, 32768));
        assert_eq!(Scheme::INT8.to_string(), "int8 symmetric");
    }

    #[test]
    fn words_make_a_grid() {
        let made = |words: &str| Scheme::INT8.changed_by(words).map(|s| s.to_string());
        for (words, grid) in [
            ("", "int8 symmetric"),
            ("4", "int4 symmetric"),
            ("uint8 affine", "uint8 affine"),
            ("unsigned, 16", "uint16 symmetric"),
            ("affine", "int8 affine"),
        ] {
            assert_eq!(made(words).as_deref(), Ok(grid));
            assert_eq!(made(grid).as_deref(), Ok(grid), "what is displayed is understood");
        }
        for words in ["9", "int", "float8", "int8 fast"] {
            assert!(made(words).is_err(), "{words}");
        }
    }
}
