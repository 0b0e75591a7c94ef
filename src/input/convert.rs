//! Bytes of a file to f32: one plain loop for each type, so that the compiler can vectorize it.

use super::DType;
use crate::vector::{Kernel, Width};
use half::f16;
use half::slice::HalfFloatSliceExt;

/// Turns bytes of one type into f32, and keeps the scratch that this needs.
pub(super) struct Converter {
    dtype: DType,
    big_endian: bool,
    halves: Vec<f16>,
    width: Width,
    /// f64 values that were finite and are infinite as f32.
    pub overflowed: u64,
}

/// One call of [`Converter::convert`].
struct Convert<'a> {
    converter: &'a mut Converter,
    bytes: &'a [u8],
    out: &'a mut [f32],
}

impl Kernel for Convert<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        self.converter.convert_here(self.bytes, self.out);
    }
}

/// `out[i] = from(bytes[i])`, with the byte order decided outside of the loop.
macro_rules! each {
    ($self:ident, $bytes:ident, $out:ident, $type:ty, $from:expr) => {{
        let (elements, _) = $bytes.as_chunks::<{ size_of::<$type>() }>();
        let elements = elements.iter().zip($out.iter_mut());
        if $self.big_endian {
            elements.for_each(|(&bytes, out)| *out = $from(<$type>::from_be_bytes(bytes)));
        } else {
            elements.for_each(|(&bytes, out)| *out = $from(<$type>::from_le_bytes(bytes)));
        }
    }};
}

impl Converter {
    pub fn new(dtype: DType, big_endian: bool) -> Converter {
        Converter { dtype, big_endian, halves: Vec::new(), width: Width::default(), overflowed: 0 }
    }

    /// Fills `out` from `bytes`, which holds exactly as many elements.
    pub fn convert(&mut self, bytes: &[u8], out: &mut [f32]) {
        let width = self.width;
        width.run(Convert { converter: self, bytes, out });
    }

    #[inline(always)]
    fn convert_here(&mut self, bytes: &[u8], out: &mut [f32]) {
        debug_assert_eq!(bytes.len(), out.len() * self.dtype.size());
        match self.dtype {
            DType::Bool => each!(self, bytes, out, u8, |x| f32::from(u8::from(x != 0))),
            DType::I8 => each!(self, bytes, out, i8, f32::from),
            DType::U8 => each!(self, bytes, out, u8, f32::from),
            DType::I16 => each!(self, bytes, out, i16, f32::from),
            DType::U16 => each!(self, bytes, out, u16, f32::from),
            DType::I32 => each!(self, bytes, out, i32, |x| x as f32),
            DType::U32 => each!(self, bytes, out, u32, |x| x as f32),
            DType::I64 => each!(self, bytes, out, i64, |x| x as f32),
            DType::U64 => each!(self, bytes, out, u64, |x| x as f32),
            DType::F8E4M3 => each!(self, bytes, out, u8, e4m3),
            DType::F8E5M2 => each!(self, bytes, out, u8, |x| f16::from_bits(u16::from(x) << 8).to_f32()),
            DType::F16 => {
                // `half` converts slices with the processor's own instruction where it has one.
                self.halves.resize(out.len(), f16::ZERO);
                let halves = &mut self.halves;
                each!(self, bytes, halves, u16, f16::from_bits);
                self.halves.convert_to_f32_slice(out);
            }
            // A bfloat16 is the upper half of an f32: exact, and NaN stays NaN.
            DType::BF16 => each!(self, bytes, out, u16, |x| f32::from_bits(u32::from(x) << 16)),
            DType::F32 => each!(self, bytes, out, f32, |x| x),
            DType::F64 => {
                let mut overflowed = 0_u64;
                each!(self, bytes, out, f64, |x: f64| {
                    let y = x as f32;
                    overflowed += u64::from(y.is_infinite() & x.is_finite());
                    y
                });
                self.overflowed += overflowed;
            }
        }
    }
}

/// Exponent and mantissa, moved to where an f32 has its own, are the value in other units, subnormal or not. NaN is the
/// one pattern that stands in place of the largest value.
fn e4m3(x: u8) -> f32 {
    // 2 to the power of the exponents' biases, 127 - 7.
    const UNIT: f32 = f32::from_bits((127 + 120) << 23);
    let bits = u32::from(x);
    let magnitude = if bits & 0x7f == 0x7f { f32::NAN } else { f32::from_bits((bits & 0x7f) << 20) * UNIT };
    f32::from_bits(magnitude.to_bits() | (bits & 0x80) << 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Converts the elements both ways round and says that the results agree.
    fn convert<const N: usize>(dtype: DType, elements: &[[u8; N]]) -> (Vec<f32>, u64) {
        let [little, big] = [false, true].map(|big_endian| {
            let mut bytes = elements.to_vec();
            if big_endian {
                bytes.iter_mut().for_each(|b| b.reverse());
            }
            let (mut converter, mut out) = (Converter::new(dtype, big_endian), vec![9.0; elements.len()]);
            converter.convert(bytes.as_flattened(), &mut out);
            (out.into_iter().map(f32::to_bits).collect::<Vec<_>>(), converter.overflowed)
        });
        assert_eq!(little, big);
        (little.0.into_iter().map(f32::from_bits).collect(), little.1)
    }

    #[test]
    fn every_type_becomes_the_nearest_f32() {
        assert_eq!(convert(DType::Bool, &[[0], [1], [7]]).0, [0.0, 1.0, 1.0]);
        assert_eq!(convert(DType::I8, &[[0x80], [0x7f]]).0, [-128.0, 127.0]);
        assert_eq!(convert(DType::U8, &[[0x80], [0xff]]).0, [128.0, 255.0]);
        assert_eq!(convert(DType::I16, &[i16::MIN.to_le_bytes()]).0, [-32768.0]);
        assert_eq!(convert(DType::U16, &[u16::MAX.to_le_bytes()]).0, [65535.0]);
        assert_eq!(convert(DType::I32, &[(-16_777_217_i32).to_le_bytes()]).0, [-16_777_216.0]);
        assert_eq!(convert(DType::U32, &[u32::MAX.to_le_bytes()]).0, [4_294_967_296.0]);
        assert_eq!(convert(DType::I64, &[i64::MIN.to_le_bytes()]).0, [-9.223_372e18]);
        assert_eq!(convert(DType::U64, &[u64::MAX.to_le_bytes()]).0, [1.844_674_4e19]);
        assert_eq!(
            convert(DType::F16, &[f16::from_f32(-1.5).to_le_bytes(), f16::INFINITY.to_le_bytes()]).0,
            [-1.5, f32::INFINITY]
        );
        assert_eq!(convert(DType::BF16, &[half::bf16::from_f32(-2.5).to_le_bytes()]).0, [-2.5]);
        assert_eq!(convert(DType::F32, &[0.1_f32.to_le_bytes()]).0, [0.1]);
        assert!(convert(DType::BF16, &[half::bf16::NAN.to_le_bytes()]).0[0].is_nan());
        assert!(convert(DType::F16, &[f16::NAN.to_le_bytes()]).0[0].is_nan());
    }

    #[test]
    fn every_8_bit_float_is_exact() {
        // By their definition: sign, exponent, mantissa; without an exponent no leading 1.
        let by_hand = |x: u8, exponent_bits: u32, bias: i32| {
            let mantissa_bits = 7 - exponent_bits;
            let (mantissa, scale) = (f64::from(x & ((1 << mantissa_bits) - 1)), f64::from(1 << mantissa_bits));
            let exponent = i32::from((x & 0x7f) >> mantissa_bits);
            let magnitude = match exponent {
                0 => mantissa / scale * f64::powi(2.0, 1 - bias),
                _ => (1.0 + mantissa / scale) * f64::powi(2.0, exponent - bias),
            };
            (if x >= 0x80 { -magnitude } else { magnitude }) as f32
        };
        let all: Vec<[u8; 1]> = (0..=255).map(|x| [x]).collect();
        let (e4m3, e5m2) = (convert(DType::F8E4M3, &all).0, convert(DType::F8E5M2, &all).0);
        for x in 0..=255_u8 {
            let (four, five) = (e4m3[usize::from(x)], e5m2[usize::from(x)]);
            match x & 0x7f {
                0x7f => assert!(four.is_nan()),
                _ => assert_eq!(four.to_bits(), by_hand(x, 4, 7).to_bits(), "{x:#x}"),
            }
            match x & 0x7f {
                0x7c => assert_eq!(five, if x >= 0x80 { f32::NEG_INFINITY } else { f32::INFINITY }),
                0x7d.. => assert!(five.is_nan()),
                _ => assert_eq!(five.to_bits(), by_hand(x, 5, 15).to_bits(), "{x:#x}"),
            }
        }
        assert_eq!((e4m3[0x7e], e4m3[1], e5m2[0x7b], e5m2[1]), (448.0, 0.001_953_125, 57_344.0, f32::powi(2.0, -16)));
    }

    #[test]
    fn every_width_gives_the_same_bits() {
        let bytes: Vec<u8> = (0..8 * 1003_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (_, dtype) in super::super::testing::DTYPES {
            for big_endian in [false, true] {
                let of = |width| {
                    let mut converter = Converter { width, ..Converter::new(dtype, big_endian) };
                    let mut out = vec![9.0; bytes.len() / dtype.size()];
                    converter.convert(&bytes, &mut out);
                    (out.into_iter().map(f32::to_bits).collect::<Vec<_>>(), converter.overflowed)
                };
                for width in Width::all().into_iter().flatten() {
                    assert_eq!(of(width), of(Width::all()[0].unwrap()), "{dtype}");
                }
            }
        }
    }

    #[test]
    fn an_f64_that_overflows_is_infinite_and_counted() {
        let elements = [1e300, -1e300, f64::INFINITY, f64::NAN, 3.402_823_5e38, 0.1, 1e-300].map(f64::to_le_bytes);
        let (out, overflowed) = convert(DType::F64, &elements);
        assert_eq!(out[..3], [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY]);
        assert!(out[3].is_nan());
        assert_eq!(out[4..], [f32::MAX, 0.1, 0.0]);
        assert_eq!(overflowed, 2);
    }
}
