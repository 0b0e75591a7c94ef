//! From a scale and a zero point back to a clip.

use super::{Clip, QuantParams};

/// How far bounds are moved to either side, in fractions of what moves the scale by its last bit.
const NUDGES: i32 = 8;

impl QuantParams {
    /// A clip that [`QuantParams::from_clip`] makes these very params of, to the last bit.
    ///
    /// Affine integers have one for nearly every scale. On a symmetric format the scale is a quotient by a fixed number,
    /// which not every float is: then there is none.
    pub fn exact_clip(&self) -> Option<Clip> {
        let (range, format) = (self.range(), self.format());
        let is_it = |clip: &Clip| QuantParams::from_clip(*clip, format) == *self;
        if format.symmetric() {
            let amax = range.amax();
            let near = [amax, amax.next_up(), amax.next_down(), amax.next_up().next_up(), amax.next_down().next_down()];
            return near.map(|amax| format.clip_for(-amax, amax)).into_iter().find(is_it);
        }
        let step = self.scale() * (self.qmax() - self.qmin()) as f32 * 2_f32.powi(-26);
        let nudges = || (0..=NUDGES).flat_map(|i| [i as f32 * step, -i as f32 * step]);
        let all = nudges().flat_map(|low| nudges().map(move |high| (low, high)));
        all.map(|(low, high)| Clip::new(range.min() + low, range.max() + high)).find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Format, Fp8};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_affine_scale_and_zero_point_has_a_clip(scale in 1e-20_f32..1e20, zero in -128_i32..=127, signed: bool) {
            let format = Format::int(8, signed, false).unwrap();
            let params = QuantParams::new(scale, if signed { zero } else { zero + 128 }, format).unwrap();
            let clip = params.exact_clip();
            prop_assert_eq!(clip.map(|clip| QuantParams::from_clip(clip, format)), Some(params));
        }

        #[test]
        fn what_a_clip_gave_leads_back_to_one(amax in 1e-20_f32..1e20, fp8: bool) {
            let format = if fp8 { Fp8::E4m3.into() } else { Format::INT8 };
            let params = QuantParams::from_clip(Clip::symmetric(amax), format);
            prop_assert_eq!(params.exact_clip().map(|clip| QuantParams::from_clip(clip, format)), Some(params));
        }
    }

    #[test]
    fn the_ends_have_clips_too() {
        for (signed, zero) in [(false, 0), (false, 255), (true, -128), (true, 127)] {
            for scale in [1.0, 0.1, 0.003_921_569, 7.3, 1.999_999_9] {
                let params = QuantParams::new(scale, zero, Format::int(8, signed, false).unwrap()).unwrap();
                assert!(params.exact_clip().is_some(), "{params:?}");
            }
        }
    }
}
