//! Bytes of types that tract has not, in those that stand in for them.

use super::element::Element;
use super::small::{Small, power};

/// The same values as bytes of [`Element::wider`].
pub(super) fn widened(element: Element, bytes: &[u8], values: usize) -> Vec<u8> {
    let bits = element.bits().unwrap_or(8) as u32;
    let floats =
        |value: &dyn Fn(u8) -> f32| parts(bytes, bits.min(8)).flat_map(|code| value(code).to_le_bytes()).collect();
    let mut wide: Vec<u8> = match element {
        _ if Small::of(element).is_some() => floats(&|code| Small::of(element).map_or(f32::NAN, |of| of.value(code))),
        Element::BFLOAT16 => bytes.chunks_exact(2).flat_map(|b| [0, 0, b[0], b[1]]).collect(),
        Element::FLOAT8E8M0 => floats(&|byte| if byte == 0xff { f32::NAN } else { power(i32::from(byte) - 127) }),
        Element::UINT4 => parts(bytes, 4).collect(),
        Element::UINT2 => parts(bytes, 2).collect(),
        Element::INT4 => parts(bytes, 4).map(|code| ((code << 4) as i8 >> 4) as u8).collect(),
        Element::INT2 => parts(bytes, 2).map(|code| ((code << 6) as i8 >> 6) as u8).collect(),
        _ => bytes.to_vec(),
    };
    // The last byte may hold room that is no value.
    if bits < 8 {
        wide.truncate(values * if element == Element::FLOAT4E2M1 { 4 } else { 1 });
    }
    wide
}

/// The values that are packed into bytes, the lowest bits first.
fn parts(bytes: &[u8], bits: u32) -> impl Iterator<Item = u8> {
    let mask = (0xff_u16 >> (8 - bits)) as u8;
    bytes.iter().flat_map(move |&byte| (0..8 / bits).map(move |at| (byte >> (at * bits)) & mask))
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
        assert_eq!(all(Element::FLOAT8E4M3FN), [0.0, 0.001953125, 0.013671875, 0.015625, 1.0, 352.0, 448.0, -1.0]);
        assert_eq!(all(Element::FLOAT8E4M3FNUZ), [0.0, 0.0009765625, 0.0068359375, 0.0078125, 0.5, 176.0, 224.0, -0.5]);
        let e5m2 = floats(Element::FLOAT8E5M2, &[0x01, 0x04, 0x3c, 0x7b, 0x7c, 0xfc], 6);
        assert_eq!(e5m2, [1.525_878_9e-5, 6.103_515_6e-5, 1.0, 57344.0, f32::INFINITY, f32::NEG_INFINITY]);
        let fnuz = floats(Element::FLOAT8E5M2FNUZ, &[0x01, 0x04, 0x40, 0x7f], 4);
        assert_eq!(fnuz, [7.629_394_5e-6, 3.051_757_8e-5, 1.0, 57344.0]);
        for (element, code) in [
            (Element::FLOAT8E4M3FN, 0x7f),
            (Element::FLOAT8E4M3FNUZ, 0x80),
            (Element::FLOAT8E5M2, 0x7d),
            (Element::FLOAT8E5M2FNUZ, 0x80),
            (Element::FLOAT8E8M0, 0xff),
        ] {
            assert!(floats(element, &[code], 1)[0].is_nan(), "{}", element.name());
        }
        assert_eq!(floats(Element::FLOAT8E8M0, &[0, 127, 130], 3), [5.877_472e-39, 1.0, 8.0]);
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
