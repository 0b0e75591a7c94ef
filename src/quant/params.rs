use super::{Clip, Scheme};
use crate::vector::{Kernel, Width};

/// `scale` and `zero_point` on a grid of integers: everything that a runtime needs to quantize one tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantParams {
    /// The real distance between two neighbouring integers; always positive and finite.
    pub scale: f32,
    /// The integer that stands for 0.0; 0 on symmetric grids.
    pub zero_point: i32,
    /// The smallest integer of the grid.
    pub qmin: i32,
    /// The largest integer of the grid.
    pub qmax: i32,
}

impl QuantParams {
    /// The parameters that make `scheme`'s integers cover `clip`.
    ///
    /// * symmetric: `scale = amax / qmax` as an f32 division, `zero_point = 0` (pytorch-quantization's export);
    /// * affine: ONNX Runtime's `compute_scale_zp`: `scale = (max - min) / (qmax - qmin)` in f64, rounded to f32 at the
    ///   end, and `zero_point = round_half_even(qmin - min / scale)`.
    ///
    /// A range of zero, or one so small that its scale would not be a normal f32, gives scale 1.0 and zero point 0, so
    /// that nothing divides by zero. [`QuantParams::is_fallback`] tells.
    pub fn from_clip(clip: Clip, scheme: Scheme) -> QuantParams {
        let (qmin, qmax) = (scheme.qmin(), scheme.qmax());
        let (scale, zero_point) = if scheme.symmetric {
            (clip.amax() / qmax as f32, 0)
        } else {
            let scale = (f64::from(clip.max) - f64::from(clip.min)) / f64::from(qmax - qmin);
            let zero_point = (f64::from(qmin) - f64::from(clip.min) / scale).round_ties_even();
            (scale as f32, zero_point.clamp(f64::from(qmin), f64::from(qmax)) as i32)
        };
        if scale >= f32::MIN_POSITIVE {
            QuantParams { scale, zero_point, qmin, qmax }
        } else {
            QuantParams { scale: 1.0, zero_point: 0, qmin, qmax }
        }
    }

    /// Whether `clip` is too narrow for a scale on this grid, so that [`QuantParams::from_clip`] answers scale 1.0.
    pub fn is_fallback(clip: Clip, scheme: Scheme) -> bool {
        let steps = if scheme.symmetric { scheme.qmax() } else { scheme.qmax() - scheme.qmin() };
        let range = if scheme.symmetric { f64::from(clip.amax()) } else { f64::from(clip.max) - f64::from(clip.min) };
        ((range / f64::from(steps)) as f32) < f32::MIN_POSITIVE
    }

    /// `clamp(rint_half_even(x / scale) + zero_point, qmin, qmax)`, with an f32 division. NaN becomes `zero_point`.
    pub fn quantize(&self, x: f32) -> i32 {
        // The cast saturates and sends NaN to 0, so the sum needs i64 only for the largest codes.
        let q = (x / self.scale).round_ties_even() as i32;
        (i64::from(q) + i64::from(self.zero_point)).clamp(i64::from(self.qmin), i64::from(self.qmax)) as i32
    }

    /// `(q - zero_point) * scale`.
    pub fn dequantize(&self, q: i32) -> f32 {
        (q - self.zero_point) as f32 * self.scale
    }

    /// Quantizes and comes back: what the network will see in place of `x`.
    pub fn fake_quant(&self, x: f32) -> f32 {
        self.dequantize(self.quantize(x))
    }

    /// [`QuantParams::fake_quant`] of each value, in place: the same bits, many at once.
    pub fn fake_quant_all(&self, values: &mut [f32]) {
        self.fake_quant_on(Width::default(), values);
    }

    fn fake_quant_on(&self, width: Width, values: &mut [f32]) {
        // The integers relative to the zero point. As far as an f32 counts in ones, it can do their work.
        let (low, high) =
            (i64::from(self.qmin) - i64::from(self.zero_point), i64::from(self.qmax) - i64::from(self.zero_point));
        if low.abs().max(high.abs()) <= 1 << f32::MANTISSA_DIGITS {
            width.run(FakeQuant { scale: self.scale, low: low as f32, high: high as f32, values });
        } else {
            values.iter_mut().for_each(|x| *x = self.fake_quant(*x));
        }
    }
}

/// Fake quantization without a step through integers.
struct FakeQuant<'a> {
    scale: f32,
    low: f32,
    high: f32,
    values: &'a mut [f32],
}

impl Kernel for FakeQuant<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let FakeQuant { scale, low, high, values } = self;
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
        let affine = |min, max, signed| {
            QuantParams::from_clip(Clip::new(min, max), Scheme { num_bits: 8, signed, symmetric: false })
        };
        // calibrators.md, section 12, set A: quint8.
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
        for scheme in [Scheme::INT8, Scheme { symmetric: false, ..Scheme::INT8 }] {
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
        fn many_at_once_are_the_same_bits(
            mut values in proptest::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..70),
            near in proptest::collection::vec(-300.0_f32..300.0, 0..70),
            scale in prop_oneof![Just(1.0_f32), Just(0.5), 1e-3_f32..10.0, Just(f32::MIN_POSITIVE), Just(1e38)],
            num_bits in prop_oneof![2_u8..=8, Just(16_u8)],
            signed: bool,
            symmetric: bool,
            zero: i32,
        ) {
            let scheme = Scheme { num_bits, signed, symmetric };
            let (qmin, qmax) = (scheme.qmin(), scheme.qmax());
            let zero_point = if symmetric { 0 } else { qmin + zero.rem_euclid(qmax - qmin + 1) };
            let params = QuantParams { scale, zero_point, qmin, qmax };
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
    fn wide_codes_go_through_integers() {
        let params = QuantParams { scale: 0.25, zero_point: 0, qmin: -(1 << 30), qmax: 1 << 30 };
        let mut values = [1.1, f32::NAN, 3e9];
        params.fake_quant_all(&mut values);
        assert_eq!(values, [1.0, 0.0, (1 << 28) as f32]);
    }

    #[test]
    fn ties_round_to_even_and_the_ends_saturate() {
        let p = QuantParams { scale: 1.0, zero_point: 0, qmin: -127, qmax: 127 };
        assert_eq!([0.5, 1.5, 2.5, -0.5, -1.5].map(|x| p.quantize(x)), [0, 2, 2, 0, -2]);
        assert_eq!([300.0, -300.0, f32::INFINITY, f32::NAN].map(|x| p.quantize(x)), [127, -127, 127, 0]);
        assert_eq!(p.fake_quant(126.6), 127.0);
    }
}
