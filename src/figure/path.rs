use crate::quant::{Clip, Format, QuantParams};

/// What becomes of one value, step by step: divided by the scale, rounded, clamped, stored as a code, and multiplied back.
///
/// The arithmetic is [`QuantParams::quantize`]'s and [`QuantParams::dequantize`]'s: an f32 division, rounding to the nearest
/// with ties to even.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// The float.
    pub value: f32,
    /// `value / scale`, in f32.
    pub scaled: f32,
    /// The nearest number that the format would have if it had no ends, zero point not yet added: an integer; of FP8 a
    /// value of so many mantissa bits.
    pub rounded: f64,
    /// The same with the zero point: what is clamped. FP8 has none.
    pub shifted: f64,
    /// What is left of it between the format's ends: the integer that is stored, or an FP8 value.
    pub clamped: f64,
    /// The code that is stored: the same integer, or the byte of the FP8 value.
    pub code: i32,
    /// What the code stands for.
    pub back: f32,
    /// `back - value`.
    pub error: f64,
    /// Half the distance of the two numbers of the format that the value lies between: the most that rounding moves it.
    pub half_step: f64,
    /// Whether it lies beyond the clip, so that it is moved further than rounding would.
    pub saturates: bool,
}

impl Path {
    /// The way of `value` through `params`, which come of `clip`. A value that is not finite counts as 0, as codes have it.
    pub fn of(value: f32, params: QuantParams, clip: Clip) -> Path {
        let value = if value.is_finite() { value } else { 0.0 };
        let scaled = value / params.scale();
        let code = params.quantize(value);
        let back = params.fake_quant(value);
        let (rounded, shifted, clamped, step) = match params.format() {
            Format::Int(_) => {
                let rounded = f64::from(scaled.round_ties_even());
                let shifted = rounded + f64::from(params.zero_point());
                (rounded, shifted, f64::from(code), 1.0)
            }
            Format::Fp8(fp8) => {
                let (rounded, step) = rounded_without_end(scaled, fp8.mantissa_bits(), fp8.min_exponent());
                (rounded, rounded, f64::from(fp8.round(scaled)), step)
            }
        };
        Path {
            value,
            scaled,
            rounded: rounded + 0.0,
            shifted: shifted + 0.0,
            clamped: clamped + 0.0,
            code,
            back,
            error: f64::from(back) - f64::from(value),
            half_step: step * f64::from(params.scale()) / 2.0,
            saturates: clip.saturates(value),
        }
    }
}

/// `x` on as many mantissa bits, whatever the exponent, and the distance of numbers there.
fn rounded_without_end(x: f32, mantissa_bits: i32, min_exponent: i32) -> (f64, f64) {
    let x = f64::from(x);
    let exponent = if x == 0.0 { min_exponent } else { (x.abs().log2().floor() as i32).max(min_exponent) };
    let step = f64::powi(2.0, exponent - mantissa_bits);
    ((x / step).round_ties_even() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Fp8;
    use proptest::prelude::*;

    fn path(value: f32, clip: Clip, words: &str) -> Path {
        Path::of(value, QuantParams::from_clip(clip, Format::named(words).unwrap()), clip)
    }

    #[test]
    fn the_steps_are_those_of_a_textbook() {
        // Three bits: codes -3 to 3, one step a unit.
        let p = path(1.37, Clip::symmetric(3.0), "int3");
        assert_eq!((p.scaled, p.rounded, p.clamped, p.code, p.back), (1.37, 1.0, 1.0, 1, 1.0));
        assert!((p.error + 0.37).abs() < 1e-6 && p.half_step == 0.5 && !p.saturates);
        let p = path(4.6, Clip::symmetric(3.0), "int3");
        assert_eq!((p.rounded, p.clamped, p.back, p.saturates), (5.0, 3.0, 3.0, true));
        // Behind a Relu all codes are for what is positive: 0.0 is the lowest one.
        let p = path(0.0, Clip::new(0.0, 2.55), "int8 affine");
        assert_eq!((p.rounded, p.shifted, p.code, p.back), (0.0, -128.0, -128, 0.0));
        let p = path(1.0, Clip::new(0.0, 2.55), "int8 affine");
        assert_eq!((p.rounded, p.shifted, p.code), (100.0, -28.0, -28));
        // 1.37 lies between 1.25 and 1.375 of E4M3.
        let p = path(1.37, Clip::symmetric(448.0), "e4m3");
        assert_eq!((p.rounded, p.clamped, p.code, p.half_step), (1.375, 1.375, 0x3b, 0.0625));
        let p = path(600.0, Clip::symmetric(448.0), "e4m3");
        assert_eq!((p.rounded, p.clamped, p.back, p.saturates), (576.0, 448.0, 448.0, true));
        assert_eq!(path(f32::NAN, Clip::symmetric(1.0), "int8").code, 0);
    }

    fn formats() -> impl Strategy<Value = Format> {
        let integers = (prop_oneof![2u8..=8, Just(16)], any::<bool>(), any::<bool>())
            .prop_map(|(bits, signed, symmetric)| Format::int(bits, signed, symmetric).unwrap());
        prop_oneof![3 => integers, 1 => prop_oneof![Just(Fp8::E4m3), Just(Fp8::E5m2)].prop_map(Format::Fp8)]
    }

    /// Every number of a format at its scale, found by going through all codes.
    fn numbers(params: &QuantParams) -> Vec<f64> {
        let codes = match params.format() {
            Format::Int(_) => params.qmin()..=params.qmax(),
            Format::Fp8(_) => 0..=255,
        };
        let mut numbers: Vec<f64> = codes.map(|code| f64::from(params.dequantize(code))).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        numbers
    }

    proptest! {
        /// Against all codes of the format: the nearest is found, and each step leads to the next.
        #[test]
        fn the_way_ends_at_the_nearest_code(value in -50f32..50.0, low in -20f32..0.0, high in 0.1f32..20.0, format in formats()) {
            let clip = format.clip_for(low, high);
            let params = QuantParams::from_clip(clip, format);
            let p = Path::of(value, params, clip);
            let numbers = numbers(&params);
            let least = numbers.iter().map(|n| (n - f64::from(value)).abs()).fold(f64::INFINITY, f64::min);
            prop_assert!(p.error.abs() <= least + 1e-4 * f64::from(params.scale()) + 1e-6 * f64::from(value.abs()), "{p:?} {least}");
            prop_assert_eq!((p.code, p.back), (params.quantize(value), params.fake_quant(value)));
            let (qmin, qmax) = (f64::from(params.qmin()), f64::from(params.qmax()));
            prop_assert_eq!(p.clamped, p.shifted.clamp(qmin, qmax));
            prop_assert_eq!(p.shifted - p.rounded, f64::from(params.zero_point()));
            prop_assert!((p.rounded - f64::from(p.scaled)).abs() * f64::from(params.scale()) <= p.half_step * (1.0 + 1e-6));
            // Nothing is cut inside: there every value moves by at most half a step.
            if !p.saturates && format.symmetric() && (format.signed() || value >= 0.0) {
                prop_assert!(p.error.abs() <= p.half_step * (1.0 + 1e-5) + 1e-6 * f64::from(value.abs()), "{p:?}");
            }
        }
    }
}
