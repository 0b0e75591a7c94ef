use super::{Clip, Format, Fp8, Scheme};
use crate::vector::{Kernel, Width};

/// `scale` and `zero_point` on a format of numbers: everything that a runtime needs to quantize one tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantParams {
    scale: f32,
    zero_point: i32,
    format: Format,
}

impl QuantParams {
    /// These very numbers. `None` where the scale is not a positive finite number, or the zero point is none of the
    /// format's (it is 0 on symmetric ones).
    pub const fn new(scale: f32, zero_point: i32, format: Format) -> Option<QuantParams> {
        let zero_fits = match format.symmetric() {
            true => zero_point == 0,
            false => format.qmin() <= zero_point && zero_point <= format.qmax(),
        };
        if scale > 0.0 && scale.is_finite() && zero_fits {
            Some(QuantParams { scale, zero_point, format })
        } else {
            None
        }
    }

    /// The parameters that make `format` cover `clip`.
    ///
    /// * symmetric: `scale = amax / qmax` as an f32 division, `zero_point = 0` (pytorch-quantization's export; for FP8
    ///   `qmax` is the largest value, 448 or 57,344);
    /// * affine: ONNX Runtime's `compute_scale_zp`: `scale = (max - min) / (qmax - qmin)` in f64, rounded to f32 at the
    ///   end, and `zero_point = round_half_even(qmin - min / scale)`.
    ///
    /// Every code stands for a finite number: near the largest f32 the scale is the largest one that keeps it so.
    ///
    /// A range of zero, or one so small that its scale would not be a normal f32, gives scale 1.0 and zero point 0, so
    /// that nothing divides by zero. [`QuantParams::is_fallback`] tells.
    pub fn from_clip(clip: Clip, format: impl Into<Format>) -> QuantParams {
        let format = format.into();
        let (qmin, qmax) = (format.qmin(), format.qmax());
        let (scale, zero_point) = if format.symmetric() {
            (clip.amax() / qmax as f32, 0)
        } else {
            let scale = (f64::from(clip.max()) - f64::from(clip.min())) / f64::from(qmax - qmin);
            let zero_point = (f64::from(qmin) - f64::from(clip.min()) / scale).round_ties_even();
            (scale as f32, zero_point.clamp(f64::from(qmin), f64::from(qmax)) as i32)
        };
        if scale >= f32::MIN_POSITIVE {
            QuantParams { scale: finite_at_the_ends(scale, zero_point, format), zero_point, format }
        } else {
            QuantParams { scale: 1.0, zero_point: 0, format }
        }
    }

    /// Whether `clip` is too narrow for a scale on this format, so that [`QuantParams::from_clip`] answers scale 1.0.
    pub fn is_fallback(clip: Clip, format: impl Into<Format>) -> bool {
        let format = format.into();
        let steps = if format.symmetric() { format.qmax() } else { format.qmax() - format.qmin() };
        let range =
            if format.symmetric() { f64::from(clip.amax()) } else { f64::from(clip.max()) - f64::from(clip.min()) };
        ((range / f64::from(steps)) as f32) < f32::MIN_POSITIVE
    }

    /// The real distance between two neighbouring integers, or what an FP8 value is multiplied by; positive and finite.
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// The integer that stands for 0.0; 0 on symmetric formats.
    pub const fn zero_point(&self) -> i32 {
        self.zero_point
    }

    /// The format of numbers.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The smallest value before scaling: [`Format::qmin`].
    pub const fn qmin(&self) -> i32 {
        self.format.qmin()
    }

    /// The largest value before scaling: [`Format::qmax`].
    pub const fn qmax(&self) -> i32 {
        self.format.qmax()
    }

    /// The real range that the format's values cover at this scale.
    pub fn range(&self) -> Clip {
        let at = |q: i32| (q - self.zero_point) as f32 * self.scale;
        Clip::new(at(self.qmin()), at(self.qmax()))
    }

    /// The code that is stored for `x`: for integers `clamp(rint_half_even(x / scale) + zero_point, qmin, qmax)`, with an
    /// f32 division; for FP8 the byte of the nearest value of `x / scale`. NaN becomes the code of 0.
    pub fn quantize(&self, x: f32) -> i32 {
        match self.format {
            Format::Int(scheme) => {
                // The cast saturates and sends NaN to 0, so that the sum may leave i32.
                let q = (x / self.scale).round_ties_even() as i32;
                let code = i64::from(q) + i64::from(self.zero_point);
                code.clamp(i64::from(scheme.qmin()), i64::from(scheme.qmax())) as i32
            }
            Format::Fp8(fp8) => i32::from(fp8.to_bits(x / self.scale)),
        }
    }

    /// What a code stands for: `(q - zero_point) * scale`, or an FP8 value times `scale`.
    pub fn dequantize(&self, code: i32) -> f32 {
        match self.format {
            Format::Int(_) => (code - self.zero_point) as f32 * self.scale,
            Format::Fp8(fp8) => fp8.from_bits(code as u8) * self.scale,
        }
    }

    /// Quantizes and comes back: what the network will see in place of `x`.
    pub fn fake_quant(&self, x: f32) -> f32 {
        match self.format {
            Format::Int(_) => self.dequantize(self.quantize(x)),
            Format::Fp8(fp8) => fp8.round(x / self.scale) * self.scale,
        }
    }

    /// [`QuantParams::fake_quant`] of each value, in place: the same bits, many at once.
    pub fn fake_quant_all(&self, values: &mut [f32]) {
        self.fake_quant_on(Width::default(), values);
    }

    fn fake_quant_on(&self, width: Width, values: &mut [f32]) {
        match self.format {
            Format::Int(scheme) => width.run(Integers::new(self, scheme, values)),
            Format::Fp8(fp8) => width.run(Floats { scale: self.scale, fp8, values }),
        }
    }
}

/// The scale, or the largest one at which no code of the format stands for an infinity.
fn finite_at_the_ends(scale: f32, zero_point: i32, format: Format) -> f32 {
    let reach = (format.qmax() - zero_point).max(zero_point - format.qmin()) as f32;
    if (reach * scale).is_finite() {
        return scale;
    }
    // The division rounds to nearest, which may be one float too many.
    let largest = f32::MAX / reach;
    if (reach * largest).is_finite() { largest } else { largest.next_down() }
}

/// Fake quantization without a step through integers: those of 16 bits and less are exact in f32.
struct Integers<'a> {
    scale: f32,
    /// The smallest and the largest integer, relative to the zero point.
    low: f32,
    high: f32,
    values: &'a mut [f32],
}

impl<'a> Integers<'a> {
    fn new(params: &QuantParams, scheme: Scheme, values: &'a mut [f32]) -> Integers<'a> {
        let relative = |q: i32| (q - params.zero_point) as f32;
        Integers { scale: params.scale, low: relative(scheme.qmin()), high: relative(scheme.qmax()), values }
    }
}

impl Kernel for Integers<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Integers { scale, low, high, values } = self;
        for x in values {
            let steps = (*x / scale).round_ties_even();
            // NaN is the integer 0 away from the zero point, as a cast makes it, and so is what rounds to -0.
            let steps = if steps.is_nan() { 0.0 } else { steps + 0.0 };
            let steps = if steps < low { low } else { steps };
            let steps = if steps > high { high } else { steps };
            *x = steps * scale;
        }
    }
}

struct Floats<'a> {
    scale: f32,
    fp8: Fp8,
    values: &'a mut [f32],
}

impl Kernel for Floats<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for x in self.values {
            *x = self.fp8.round(*x / self.scale) * self.scale;
        }
    }
}

#[cfg(test)]
#[allow(clippy::excessive_precision)] // golden vectors as they were printed
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn symmetric_scale_is_the_article_s() {
        let scale = |amax: f32| QuantParams::from_clip(Clip::symmetric(amax), Scheme::INT8).scale;
        assert_eq!(f64::from(scale(3.9586026668548584)), 0.03117009997367859);
        assert_eq!(f64::from(scale(2.843393325805664)), 0.022388923913240433);
    }

    #[test]
    fn affine_is_onnx_runtime_s() {
        let affine =
            |min, max, signed| QuantParams::from_clip(Clip::new(min, max), Scheme::new(8, signed, false).unwrap());
        // What ONNX Runtime 1.2x's `compute_scale_zp` gives for quint8.
        let p = affine(-14.6253662, 14.2083740, false);
        assert_eq!((p.scale, p.zero_point), (0.113073491, 129));
        let p = affine(0.0, 14.2083740, false);
        assert_eq!((p.scale, p.zero_point), (0.0557191148, 0));
        let p = affine(-15.1253662, -0.5, false);
        assert_eq!((p.scale, p.zero_point), (0.0593151599, 255));
        let p = affine(0.0, 2.55, true);
        assert_eq!(p.zero_point, -128);
    }

    #[test]
    fn no_range_divides_by_zero() {
        for scheme in [Format::INT8, Scheme::INT8.with_symmetric(false).into(), Fp8::E4m3.into()] {
            for amax in [0.0, 1e-45, 1e-38] {
                let p = QuantParams::from_clip(Clip::symmetric(amax), scheme);
                assert_eq!((p.scale, p.zero_point), (1.0, 0));
                assert!(QuantParams::is_fallback(Clip::symmetric(amax), scheme));
            }
            assert!(!QuantParams::is_fallback(Clip::symmetric(1e-30), scheme));
        }
    }

    proptest! {
        #[test]
        fn no_code_stands_for_an_infinity(
            min in prop_oneof![Just(0.0_f32), Just(f32::MIN), -1_f32..0.0], max in prop_oneof![Just(f32::MAX), Just(3.4e38), 0_f32..1.0],
            num_bits in prop_oneof![2_u8..=8, Just(16)], signed: bool, symmetric: bool, fp8 in prop_oneof![Just(None), Just(Some(Fp8::E4m3)), Just(Some(Fp8::E5m2))],
        ) {
            let format = fp8.map_or(Format::Int(Scheme::new(num_bits, signed, symmetric).unwrap()), Format::Fp8);
            let params = QuantParams::from_clip(Clip::new(min, max), format);
            prop_assert!(params.scale().is_finite());
            for x in [f32::MIN, f32::MAX, min, max] {
                prop_assert!(params.fake_quant(x).is_finite(), "{} of {:?}", x, params);
            }
        }

        #[test]
        fn many_at_once_are_the_same_bits(
            mut values in proptest::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..70),
            near in proptest::collection::vec(-300.0_f32..300.0, 0..70),
            scale in prop_oneof![Just(1.0_f32), Just(0.5), 1e-3_f32..10.0, Just(f32::MIN_POSITIVE), Just(1e38)],
            num_bits in prop_oneof![2_u8..=8, Just(16_u8)],
            signed: bool,
            symmetric: bool,
            zero: i32,
            fp8 in prop_oneof![3 => Just(None), 1 => Just(Some(Fp8::E4m3)), 1 => Just(Some(Fp8::E5m2))],
        ) {
            let scheme = Scheme::new(num_bits, signed, symmetric).unwrap();
            let (qmin, qmax) = (scheme.qmin(), scheme.qmax());
            let zero_point = if symmetric { 0 } else { qmin + zero.rem_euclid(qmax - qmin + 1) };
            let format = fp8.map_or(Format::Int(scheme), Format::Fp8);
            let zero_point = if fp8.is_some() { 0 } else { zero_point };
            let params = QuantParams::new(scale, zero_point, format).unwrap();
            values.extend(near.iter().map(|x| x * scale));
            values.extend(near.iter().map(|x| x.round() * scale * 0.5));
            values.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, -1e-45]);
            let expected: Vec<u32> = values.iter().map(|&x| params.fake_quant(x).to_bits()).collect();
            for width in Width::all().into_iter().flatten() {
                let mut values = values.clone();
                params.fake_quant_on(width, &mut values);
                prop_assert_eq!(values.into_iter().map(f32::to_bits).collect::<Vec<_>>(), expected.clone());
            }
        }
    }

    #[test]
    fn ties_round_to_even_and_the_ends_saturate() {
        let p = QuantParams::new(1.0, 0, Format::INT8).unwrap();
        assert_eq!([0.5, 1.5, 2.5, -0.5, -1.5].map(|x| p.quantize(x)), [0, 2, 2, 0, -2]);
        assert_eq!([300.0, -300.0, f32::INFINITY, f32::NAN].map(|x| p.quantize(x)), [127, -127, 127, 0]);
        assert_eq!(p.fake_quant(126.6), 127.0);
    }

    #[test]
    fn numbers_that_do_not_go_together_are_refused() {
        let affine = Format::int(8, false, false).unwrap();
        assert!(QuantParams::new(1.0, 3, Format::INT8).is_none() && QuantParams::new(1.0, 3, affine).is_some());
        assert!(QuantParams::new(1.0, 256, affine).is_none() && QuantParams::new(1.0, -1, affine).is_none());
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(QuantParams::new(scale, 0, Format::INT8).is_none());
        }
    }

    #[test]
    fn fp8_codes_are_bytes_and_go_both_ways() {
        for fp8 in [Fp8::E4m3, Fp8::E5m2] {
            let p = QuantParams::from_clip(Clip::symmetric(2.0 * fp8.max()), fp8);
            assert_eq!((p.scale(), p.zero_point()), (2.0, 0));
            for x in fp8.magnitudes().iter().flat_map(|x| [*x, -x]) {
                assert_eq!(p.dequantize(p.quantize(2.0 * x)), 2.0 * x);
            }
            assert_eq!((p.fake_quant(1e9), p.fake_quant(f32::NAN)), (2.0 * fp8.max(), 0.0));
        }
        // As ONNX's reference has them.
        assert_eq!([1.0, -1.0, 448.0, 0.001953125].map(|x| Fp8::E4m3.to_bits(x)), [0x38, 0xb8, 0x7e, 0x01]);
        assert_eq!([1.0, -1.0, 57_344.0].map(|x| Fp8::E5m2.to_bits(x)), [0x3c, 0xbc, 0x7b]);
    }
}
