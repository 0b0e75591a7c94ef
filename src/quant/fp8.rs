use std::fmt;

use serde::{Deserialize, Serialize};

/// An 8-bit floating-point format of the OCP specification "8-bit Floating Point" (OFP8), revision 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fp8 {
    /// 4 bits of exponent (bias 7), 3 of mantissa, no infinities, largest value 448. ONNX calls it `FLOAT8E4M3FN`.
    #[serde(rename = "float8_e4m3fn")]
    E4m3,
    /// 5 bits of exponent (bias 15), 2 of mantissa, largest finite value 57,344. ONNX calls it `FLOAT8E5M2`.
    #[serde(rename = "float8_e5m2")]
    E5m2,
}

impl Fp8 {
    /// The largest finite value: 448 or 57,344.
    pub const fn max(self) -> f32 {
        match self {
            Fp8::E4m3 => 448.0,
            Fp8::E5m2 => 57_344.0,
        }
    }

    /// Bits of the mantissa that are written: 3 or 2.
    pub const fn mantissa_bits(self) -> i32 {
        match self {
            Fp8::E4m3 => 3,
            Fp8::E5m2 => 2,
        }
    }

    /// Exponent of the smallest normal value, `2^-6` or `2^-14`. Below it values lie evenly.
    pub const fn min_exponent(self) -> i32 {
        match self {
            Fp8::E4m3 => -6,
            Fp8::E5m2 => -14,
        }
    }

    /// The name that NumPy's and ONNX's type lists have for it: `float8_e4m3fn`, `float8_e5m2`.
    pub const fn type_name(self) -> &'static str {
        match self {
            Fp8::E4m3 => "float8_e4m3fn",
            Fp8::E5m2 => "float8_e5m2",
        }
    }

    /// The nearest value of the format, the one with the even mantissa of two equally near; beyond the largest one that
    /// one (saturating, as a quantizer does and a plain cast does not). NaN becomes 0, as it does for integers.
    pub fn round(self, x: f32) -> f32 {
        let max = self.max();
        if x.is_nan() {
            return 0.0;
        }
        if x.abs() >= max {
            return max.copysign(x);
        }
        // The exponent as f32 has it; of subnormal f32 too small a one, which is no matter so far down.
        let exponent = ((x.to_bits() >> 23) & 0xff) as i32 - 127;
        let step = exp2(exponent.max(self.min_exponent()) - self.mantissa_bits());
        // `+ 0.0` makes what rounds to -0 a plain zero.
        (x / step).round_ties_even() * step + 0.0
    }

    /// The byte of the nearest value, as [`Fp8::round`] has it: a sign, an exponent, a mantissa.
    pub fn to_bits(self, x: f32) -> u8 {
        let x = self.round(x);
        let exponent = (((x.to_bits() >> 23) & 0xff) as i32 - 127).max(self.min_exponent());
        let mantissa = (x.abs() / exp2(exponent - self.mantissa_bits())) as i32;
        // A normal value's mantissa brings its leading one, which counts as one more exponent.
        let code = ((exponent - self.min_exponent()) << self.mantissa_bits()) + mantissa;
        code as u8 | if x < 0.0 { 0x80 } else { 0 }
    }

    /// The value of a byte; the bytes of infinities and NaN give the largest value, which [`Fp8::to_bits`] stops at.
    pub fn from_bits(self, byte: u8) -> f32 {
        let (code, bits) = (i32::from(byte & 0x7f), self.mantissa_bits());
        let (exponent, mantissa) = (code >> bits, code & ((1 << bits) - 1));
        let leading = if exponent > 0 { 1 << bits } else { 0 };
        let value = (mantissa + leading) as f32 * exp2(self.min_exponent() + (exponent - 1).max(0) - bits);
        let value = value.min(self.max());
        if byte & 0x80 == 0 { value } else { -value }
    }

    /// Every value from 0 up, in order: 127 (E4M3) or 124 (E5M2).
    pub fn magnitudes(self) -> Vec<f32> {
        let mantissas = 1 << self.mantissa_bits();
        let step = exp2(self.min_exponent() - self.mantissa_bits());
        let mut values: Vec<f32> = (0..mantissas).map(|m| m as f32 * step).collect();
        for exponent in self.min_exponent().. {
            let step = exp2(exponent - self.mantissa_bits());
            let normal = (mantissas..2 * mantissas).map(|m| m as f32 * step);
            values.extend(normal.take_while(|x| *x <= self.max()));
            if values.last() == Some(&self.max()) {
                return values;
            }
        }
        values
    }
}

/// `2^exponent` for exponents of normal f32.
fn exp2(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

impl fmt::Display for Fp8 {
    /// `fp8 e4m3`, `fp8 e5m2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fp8::E4m3 => "fp8 e4m3",
            Fp8::E5m2 => "fp8 e5m2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_values_are_the_specification_s() {
        let e4m3 = Fp8::E4m3.magnitudes();
        assert_eq!((e4m3.len(), e4m3[1], e4m3[8], e4m3[126]), (127, 2f32.powi(-9), 2f32.powi(-6), 448.0));
        let e5m2 = Fp8::E5m2.magnitudes();
        assert_eq!((e5m2.len(), e5m2[1], e5m2[4], e5m2[123]), (124, 2f32.powi(-16), 2f32.powi(-14), 57_344.0));
        for format in [Fp8::E4m3, Fp8::E5m2] {
            assert!(format.magnitudes().is_sorted());
            for x in format.magnitudes() {
                assert_eq!((format.round(x), format.round(-x)), (x, -x + 0.0));
            }
        }
    }

    #[test]
    fn ties_go_to_the_even_mantissa_and_the_ends_saturate() {
        let round = |x: f32| Fp8::E4m3.round(x);
        // Between 1 and 1.125, between 1.125 and 1.25, below the smallest value, beyond the largest.
        assert_eq!([1.0625, 1.1875].map(round), [1.0, 1.25]);
        assert_eq!([2f32.powi(-10), 2f32.powi(-10) * 1.001, 1e-40].map(round), [0.0, 2f32.powi(-9), 0.0]);
        assert_eq!([449.0, -1e30, f32::INFINITY].map(round), [448.0, -448.0, 448.0]);
        assert_eq!(round(f32::NAN), 0.0);
        assert!(round(-1e-30).is_sign_positive());
    }

    proptest! {
        #[test]
        fn it_is_the_nearest_value(x in prop_oneof![-500f32..500.0, -0.1f32..0.1, -7e4f32..7e4, any::<f32>()]) {
            for format in [Fp8::E4m3, Fp8::E5m2] {
                let rounded = format.round(x);
                if x.is_nan() {
                    prop_assert_eq!(rounded, 0.0);
                    continue;
                }
                let values = format.magnitudes();
                let distance = |v: f32| (f64::from(v) - f64::from(x.abs())).abs();
                let least = values.iter().map(|v| distance(*v)).fold(f64::INFINITY, f64::min);
                prop_assert!(values.contains(&rounded.abs()) && distance(rounded.abs()) == least, "{x} -> {rounded}");
            }
        }
    }
}
