//! A layer's weights while they are trained, as numbers to draw.

use super::quantizers::Quantizer;

/// Bins of a drawn histogram.
pub const BINS: usize = 48;

/// One layer's weights at the end of an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The bins cover `-reach` to `reach`, the same in all epochs of a run.
    pub reach: f32,
    /// How many float weights are in each of [`BINS`] equal bins; what lies beyond counts in the outermost ones, and no
    /// weight that is not a number counts.
    pub bins: Vec<u64>,
    /// How many weights stand on each code, from the smallest up (2 bits: -1, 0, 1); empty where nothing is quantized.
    pub codes: Vec<u64>,
    /// The real distance between two codes; none where nothing is quantized.
    pub scale: Option<f32>,
    /// How many weights stand on another code than at the start of the run.
    pub moved: u64,
}

impl Weights {
    pub(super) fn of(values: &[f32], reach: f32, quantizer: Option<&Quantizer>, start: &[i32]) -> Weights {
        let mut bins = vec![0; BINS];
        for value in values.iter().filter(|v| !v.is_nan()) {
            let at = (f64::from(*value) / f64::from(reach) + 1.0) / 2.0 * BINS as f64;
            // The cast saturates.
            bins[(at as usize).min(BINS - 1)] += 1;
        }
        let Some(quantizer) = quantizer else {
            return Weights { reach, bins, codes: Vec::new(), scale: None, moved: 0 };
        };
        let params = quantizer.params;
        let mut codes = vec![0; (params.qmax() - params.qmin() + 1) as usize];
        let stands = codes_of(values, quantizer);
        stands.iter().for_each(|code| codes[(code - params.qmin()) as usize] += 1);
        let moved = stands.iter().zip(start).filter(|(now, then)| now != then).count() as u64;
        Weights { reach, bins, codes, scale: Some(params.scale()), moved }
    }
}

/// The code that each weight stands on.
pub(super) fn codes_of(values: &[f32], quantizer: &Quantizer) -> Vec<i32> {
    values.iter().map(|&v| quantizer.params.quantize(v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, QuantParams, Scheme};

    #[test]
    fn bins_and_codes_hold_every_weight() {
        let scheme = Scheme::new(2, true, true).unwrap();
        let clip = Clip::symmetric(1.0);
        let quantizer = Quantizer { clip, params: QuantParams::from_clip(clip, scheme) };
        let values = [-9.0, -1.2, -0.51, -0.5, 0.0, 0.5, 0.7, 1.2, f32::INFINITY];
        // Half a step rounds to even, which is 0.
        let start = codes_of(&values, &quantizer);
        assert_eq!(start, [-1, -1, -1, 0, 0, 0, 1, 1, 1]);
        let weights = Weights::of(&values, 1.2, Some(&quantizer), &start);
        assert_eq!((weights.codes.as_slice(), weights.scale, weights.moved), ([3, 3, 3].as_slice(), Some(1.0), 0));
        assert_eq!(weights.bins.iter().sum::<u64>(), values.len() as u64);
        assert_eq!((weights.bins[0], weights.bins[BINS - 1], weights.bins[BINS / 2]), (2, 2, 1));
        let other = [-9.0, -1.2, 0.51, -0.5, 0.0, 0.5, 0.7, 0.2, f32::INFINITY];
        assert_eq!(Weights::of(&other, 1.2, Some(&quantizer), &start).moved, 2);
        let float = Weights::of(&[f32::NAN, 0.1], 1.2, None, &[]);
        assert_eq!((float.bins.iter().sum::<u64>(), float.codes.len(), float.scale), (1, 0, None));
    }
}
