//! Floats of at most 8 bits, each by what its bits mean.

use super::element::Element;

/// A float of at most 8 bits: a sign, an exponent, a mantissa.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::model) struct Small {
    bits: u32,
    mantissa: u32,
    bias: i32,
    special: Special,
}

/// Which codes are no finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Special {
    None,
    /// All ones: NaN.
    AllOnes,
    /// As IEEE 754 has it: the largest exponent.
    TopExponent,
    /// What would be minus zero: NaN.
    MinusZero,
}

impl Small {
    /// The format of an element type, if it is such a float.
    pub fn of(element: Element) -> Option<Small> {
        let (bits, mantissa, bias, special) = match element {
            Element::FLOAT4E2M1 => (4, 1, 1, Special::None),
            Element::FLOAT8E4M3FN => (8, 3, 7, Special::AllOnes),
            Element::FLOAT8E4M3FNUZ => (8, 3, 8, Special::MinusZero),
            Element::FLOAT8E5M2 => (8, 2, 15, Special::TopExponent),
            Element::FLOAT8E5M2FNUZ => (8, 2, 16, Special::MinusZero),
            _ => return None,
        };
        Some(Small { bits, mantissa, bias, special })
    }

    /// What a code stands for.
    pub fn value(self, code: u8) -> f32 {
        let sign = 1_u32 << (self.bits - 1);
        let code = u32::from(code);
        let (negative, magnitude) = (code & sign != 0, code & (sign - 1));
        let (exponent, mantissa) = (magnitude >> self.mantissa, magnitude & ((1 << self.mantissa) - 1));
        let top = (sign - 1) >> self.mantissa;
        let value = match self.special {
            Special::MinusZero if code == sign => f32::NAN,
            Special::AllOnes if magnitude == sign - 1 => f32::NAN,
            Special::TopExponent if exponent == top && mantissa == 0 => f32::INFINITY,
            Special::TopExponent if exponent == top => f32::NAN,
            _ => {
                let leading = if exponent > 0 { 1 << self.mantissa } else { 0 };
                (mantissa + leading) as f32 * power(exponent.max(1) as i32 - self.bias - self.mantissa as i32)
            }
        };
        if negative { -value } else { value }
    }

    /// The nearest value, the one with the even mantissa of two equally near. What is too large becomes the largest value
    /// if it `saturates`, else infinite or NaN, whichever there is.
    pub fn round(self, x: f32, saturates: bool) -> f32 {
        if x.is_nan() {
            return x;
        }
        let rounded = if x.is_finite() {
            let exponent = ((x.to_bits() >> 23) & 0xff) as i32 - 127;
            let step = power(exponent.max(1 - self.bias) - self.mantissa as i32);
            (x / step).round_ties_even() * step
        } else {
            x
        };
        let largest = self.largest();
        match self.special {
            Special::MinusZero if rounded == 0.0 => 0.0,
            _ if rounded.abs() <= largest => rounded,
            Special::None => largest.copysign(x),
            _ if saturates => largest.copysign(x),
            Special::TopExponent => f32::INFINITY.copysign(x),
            _ => f32::NAN,
        }
    }

    fn largest(self) -> f32 {
        let codes = 1_u32 << (self.bits - 1);
        self.value(match self.special {
            Special::None | Special::MinusZero => codes - 1,
            Special::AllOnes => codes - 2,
            Special::TopExponent => (((codes - 1) >> self.mantissa) << self.mantissa) - 1,
        } as u8)
    }
}

/// `2^exponent`, exact down to the smallest power that f32 has.
pub(super) fn power(exponent: i32) -> f32 {
    2_f32.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_rounds_to_itself() {
        for element in (16..=23).map(Element) {
            let Some(small) = Small::of(element) else { continue };
            for code in 0..1_u32 << small.bits {
                let value = small.value(code as u8);
                for saturates in [true, false] {
                    let rounded = small.round(value, saturates && value.is_finite());
                    assert!(rounded == value || (rounded.is_nan() && value.is_nan()), "{} {code}", element.name());
                }
            }
        }
    }

    /// By ONNX's table of casts to FP8.
    #[test]
    fn what_is_too_large_saturates_or_does_not() {
        let round = |element, x, saturates| Small::of(element).unwrap().round(x, saturates);
        assert_eq!(round(Element::FLOAT8E4M3FN, 464.0, false), 448.0);
        assert!(round(Element::FLOAT8E4M3FN, 465.0, false).is_nan());
        assert_eq!(round(Element::FLOAT8E4M3FN, f32::NEG_INFINITY, true), -448.0);
        assert_eq!(round(Element::FLOAT8E5M2, 7e4, false), f32::INFINITY);
        assert_eq!(round(Element::FLOAT8E5M2, 7e4, true), 57344.0);
        assert!(round(Element::FLOAT8E4M3FNUZ, 1e9, false).is_nan());
        assert_eq!(round(Element::FLOAT8E5M2FNUZ, -1e9, true), -57344.0);
        assert_eq!(round(Element::FLOAT4E2M1, 100.0, false), 6.0);
    }
}
