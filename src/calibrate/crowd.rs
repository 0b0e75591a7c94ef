//! Values that all fall on one step: nothing is left of what told them apart.

use crate::histogram::Histogram;
use crate::quant::{Format, QuantParams};

/// From this share on, nearly all values count as all.
const NEARLY_ALL: f64 = 0.95;

/// A step with less than this share of the values is no crowd, however little lies beside it.
const WORTH_SAYING: f64 = 0.05;

/// The share of values, 0 to 1, that fall on one and the same step of `params`, if those are nearly all.
///
/// An SQNR does not tell: a mask's −1e9 among scores around 1 has all the energy, and is kept exactly, while every score
/// becomes 0. So values are counted, by the middle of their bin, and neither exact zeros, which are no crowd, nor what
/// lies on the two outermost integers counts, where sentinels and saturated values are. `None` where values are spread,
/// where a step is narrower than a bin, which then cannot tell, and on formats whose steps are not even.
pub fn crowd(histogram: &Histogram, params: &QuantParams) -> Option<f64> {
    if !matches!(params.format(), Format::Int(_)) {
        return None;
    }
    let magnitude = &histogram.magnitude;
    let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
    let step = f64::from(params.scale()) / width;
    if !(step >= 1.0 && step.is_finite()) {
        return None;
    }
    let [below, above] = [params.zero_point() - params.qmin(), params.qmax() - params.zero_point()].map(f64::from);
    let zeros = histogram.stats.zeros;
    let (mut at_zero, mut most, mut inner) = (0, 0, 0);
    for (counts, last, zeros) in [(&magnitude.pos, above, zeros), (&magnitude.neg, below, 0)] {
        let (mut level, mut here) = (0.0, 0);
        for (bin, &count) in counts.iter().enumerate() {
            let count = if bin == 0 { count.saturating_sub(zeros) } else { count };
            let nearest = ((bin as f64 + 0.5) / step + 0.5).floor();
            if nearest > level {
                (level, here) = (nearest, 0);
            }
            // A side without integers has its values on that of 0.
            if level >= last && last > 0.0 {
                break;
            }
            inner += count;
            if level == 0.0 || last == 0.0 {
                at_zero += count;
            } else {
                here += count;
                most = most.max(here);
            }
        }
    }
    let most = most.max(at_zero) as f64;
    let all = histogram.stats.finite().saturating_sub(zeros) as f64;
    let share = most / inner as f64;
    (share >= NEARLY_ALL && most >= WORTH_SAYING * all).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Clip;
    use proptest::prelude::*;

    fn of(values: &[f32], amax: f32) -> Option<f64> {
        let histogram = Histogram::of(values, 2048, &[]);
        crowd(&histogram, &QuantParams::from_clip(Clip::symmetric(amax), Format::INT8))
    }

    /// Spread over `[-2, 2]`.
    fn scores(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i as f32) * 0.618_034).fract() * 4.0 - 2.0).collect()
    }

    #[test]
    fn scores_beside_a_mask_are_a_crowd_however_many_are_masked() {
        for mask in [f32::MIN, -1e9, -65504.0, -1e4] {
            for masked in [100, 5000, 9000] {
                let mut values = scores(10_000);
                values[..masked].fill(mask);
                assert_eq!(of(&values, -mask), Some(1.0), "{masked} of {mask}");
                // Clipped to the scores, they are seen again.
                assert_eq!(of(&values, 2.0), None);
            }
        }
    }

    #[test]
    fn what_is_kept_apart_is_none() {
        assert_eq!(of(&scores(10_000), 2.0), None);
        assert_eq!(of(&[], 1.0), None);
        assert_eq!(of(&[0.0; 1000], 0.0), None, "exact zeros are kept");
        let sparse: Vec<f32> =
            scores(10_000).into_iter().enumerate().map(|(i, x)| if i % 50 == 0 { x } else { 0.0 }).collect();
        assert_eq!(of(&sparse, 2.0), None);
        let two: Vec<f32> = (0..1000).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(of(&two, 1.0), None, "one value on each end");
        let mut spike = scores(10_000);
        spike[3] = 30.0;
        assert_eq!(of(&spike, 30.0), None);
    }

    #[test]
    fn an_offset_moves_the_steps() {
        let mut values = scores(10_000);
        values[..500].fill(-1e9);
        let histogram = Histogram::of(&values, 2048, &[]);
        let affine = Format::int(8, true, false).unwrap();
        assert_eq!(crowd(&histogram, &QuantParams::from_clip(Clip::new(-1e9, 2.0), affine)), Some(1.0));
        assert_eq!(crowd(&histogram, &QuantParams::from_clip(Clip::new(-2.0, 2.0), affine)), None);
    }

    proptest! {
        /// Counted value by value, away from the borders of bins.
        #[test]
        fn it_is_what_counting_each_value_gives(
            bins in proptest::collection::vec(0_usize..64, 1..400), amax in 0.5_f32..2.0
        ) {
            let mut values: Vec<f32> = bins.iter().map(|bin| (*bin as f32 + 0.5) / 64.0).collect();
            values.push(1.0);
            let histogram = Histogram::of(&values, 64, &[]);
            let params = QuantParams::from_clip(Clip::symmetric(amax), Format::int(4, true, true).unwrap());
            let codes: Vec<i32> = values[..values.len() - 1].iter().map(|x| params.quantize(*x)).collect();
            let inner: Vec<i32> = codes.into_iter().filter(|code| *code < 7).collect();
            let most = (0..7).map(|code| inner.iter().filter(|c| **c == code).count()).max().unwrap();
            let share = most as f64 / inner.len() as f64;
            let expected = (share >= NEARLY_ALL && most as f64 >= WORTH_SAYING * values.len() as f64).then_some(share);
            // The last bin holds the 1.0 that sets the range, and lies on the last integer.
            if amax <= 1.0 {
                prop_assert_eq!(crowd(&histogram, &params), expected);
            }
        }
    }
}
