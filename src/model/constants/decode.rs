//! Bytes of types that tract has not, in those that stand in for them.

use super::element::Element;

/// The same values as bytes of [`Element::wider`].
pub(super) fn widened(element: Element, bytes: &[u8], values: usize) -> Vec<u8> {
    let floats = |value: fn(u8) -> f32| bytes.iter().flat_map(|&byte| value(byte).to_le_bytes()).collect();
    let mut wide: Vec<u8> = match element {
        Element::BFLOAT16 => bytes.chunks_exact(2).flat_map(|b| [0, 0, b[0], b[1]]).collect(),
        Element::FLOAT8E4M3FN => floats(|byte| small(byte, E4M3FN)),
        Element::FLOAT8E4M3FNUZ => floats(|byte| small(byte, E4M3FNUZ)),
        Element::FLOAT8E5M2 => floats(|byte| small(byte, E5M2)),
        Element::FLOAT8E5M2FNUZ => floats(|byte| small(byte, E5M2FNUZ)),
        Element::FLOAT8E8M0 => floats(|byte| if byte == 0xff { f32::NAN } else { power(i32::from(byte) - 127) }),
        Element::FLOAT4E2M1 => parts(bytes, 4).flat_map(|code| small(code, E2M1).to_le_bytes()).collect(),
        Element::UINT4 => parts(bytes, 4).collect(),
        Element::UINT2 => parts(bytes, 2).collect(),
        Element::INT4 => parts(bytes, 4).map(|code| ((code << 4) as i8 >> 4) as u8).collect(),
        Element::INT2 => parts(bytes, 2).map(|code| ((code << 6) as i8 >> 6) as u8).collect(),
        _ => bytes.to_vec(),
    };
    // The last byte may hold room that is no value.
    if element.bits().is_some_and(|bits| bits < 8) {
        wide.truncate(values * if element == Element::FLOAT4E2M1 { 4 } else { 1 });
    }
    wide
}

/// The values that are packed into bytes, the lowest bits first.
fn parts(bytes: &[u8], bits: u32) -> impl Iterator<Item = u8> {
    bytes.iter().flat_map(move |&byte| (0..8 / bits).map(move |at| (byte >> (at * bits)) & ((1 << bits) - 1)))
}

/// A float of at most 8 bits: a sign, an exponent, a mantissa.
#[derive(Clone, Copy)]
struct Small {
    bits: u32,
    mantissa: u32,
    bias: i32,
    special: Special,
}

/// Which codes are no finite numbers.
#[derive(Clone, Copy, PartialEq)]
enum Special {
    None,
    /// All ones: NaN.
    AllOnes,
    /// As IEEE 754 has it: the largest exponent.
    TopExponent,
    /// What would be minus zero: NaN.
    MinusZero,
}

const E2M1: Small = Small { bits: 4, mantissa: 1, bias: 1, special: Special::None };
const E4M3FN: Small = Small { bits: 8, mantissa: 3, bias: 7, special: Special::AllOnes };
const E4M3FNUZ: Small = Small { bits: 8, mantissa: 3, bias: 8, special: Special::MinusZero };
const E5M2: Small = Small { bits: 8, mantissa: 2, bias: 15, special: Special::TopExponent };
const E5M2FNUZ: Small = Small { bits: 8, mantissa: 2, bias: 16, special: Special::MinusZero };

fn small(code: u8, of: Small) -> f32 {
    let sign = 1_u32 << (of.bits - 1);
    let code = u32::from(code);
    let (negative, magnitude) = (code & sign != 0, code & (sign - 1));
    let (exponent, mantissa) = (magnitude >> of.mantissa, magnitude & ((1 << of.mantissa) - 1));
    let top = (sign - 1) >> of.mantissa;
    let value = match of.special {
        Special::MinusZero if code == sign => f32::NAN,
        Special::AllOnes if magnitude == sign - 1 => f32::NAN,
        Special::TopExponent if exponent == top && mantissa == 0 => f32::INFINITY,
        Special::TopExponent if exponent == top => f32::NAN,
        _ => {
            let leading = if exponent > 0 { 1 << of.mantissa } else { 0 };
            (mantissa + leading) as f32 * power(exponent.max(1) as i32 - of.bias - of.mantissa as i32)
        }
    };
    if negative { -value } else { value }
}

/// `2^exponent`, exact down to the smallest power that f32 has.
fn power(exponent: i32) -> f32 {
    2_f32.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(element: Element, bytes: &[u8], values: usize) -> Vec<f32> {
        let wide = widened(element, bytes, values);
        wide.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
    }

    /// By ml_dtypes 0.5.
    #[test]
    fn small_floats_are_those_of_ml_dtypes() {
        let codes = [0x00, 0x01, 0x07, 0x08, 0x38, 0x7b, 0x7e, 0xb8];
        let all = |element| floats(element, &codes, codes.len());
        assert_eq!(
            all(Element::FLOAT8E4M3FN),
            [0.0, 0.001953125, 0.013671875, 0.015625, 1.0, 352.0, 448.0, -1.0]
        );
        assert_eq!(
            all(Element::FLOAT8E4M3FNUZ),
            [0.0, 0.0009765625, 0.0068359375, 0.0078125, 0.5, 176.0, 224.0, -0.5]
        );
        let e5m2 = floats(Element::FLOAT8E5M2, &[0x01, 0x04, 0x3c, 0x7b, 0x7c, 0xfc], 6);
        assert_eq!(e5m2, [1.52587890625e-05, 6.103515625e-05, 1.0, 57344.0, f32::INFINITY, f32::NEG_INFINITY]);
        let fnuz = floats(Element::FLOAT8E5M2FNUZ, &[0x01, 0x04, 0x40, 0x7f], 4);
        assert_eq!(fnuz, [7.62939453125e-06, 3.0517578125e-05, 1.0, 57344.0]);
        for (element, code) in [
            (Element::FLOAT8E4M3FN, 0x7f),
            (Element::FLOAT8E4M3FNUZ, 0x80),
            (Element::FLOAT8E5M2, 0x7d),
            (Element::FLOAT8E5M2FNUZ, 0x80),
            (Element::FLOAT8E8M0, 0xff),
        ] {
            assert!(floats(element, &[code], 1)[0].is_nan(), "{}", element.name());
        }
        assert_eq!(floats(Element::FLOAT8E8M0, &[0, 127, 130], 3), [5.877471754111438e-39, 1.0, 8.0]);
        let e2m1 = floats(Element::FLOAT4E2M1, &[0x10, 0x32, 0x54, 0x76, 0xf9], 9);
        assert_eq!(e2m1, [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.5]);
        assert_eq!(floats(Element::BFLOAT16, &[0x80, 0x3f, 0x20, 0xc0], 2), [1.0, -2.5]);
    }

    #[test]
    fn small_integers_come_the_lowest_bits_first() {
        let signed = |bytes: Vec<u8>| bytes.into_iter().map(|b| b as i8).collect::<Vec<_>>();
        assert_eq!(widened(Element::UINT4, &[0x21, 0xf3], 3), [1, 2, 3]);
        assert_eq!(signed(widened(Element::INT4, &[0x8f, 0x07], 3)), [-1, -8, 7]);
        assert_eq!(widened(Element::UINT2, &[0b11_10_01_00], 4), [0, 1, 2, 3]);
        assert_eq!(signed(widened(Element::INT2, &[0b11_10_01_00], 3)), [0, 1, -2]);
    }
}
