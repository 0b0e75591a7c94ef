//! What a clip costs on the values themselves, not on their bins.

use crate::quant::{Clip, Format, QuantParams};

/// The cost of a clip, measured value by value with the very fake quantization that a network would see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The clip.
    pub clip: Clip,
    /// The grid of integers.
    pub format: Format,
    /// Mean squared error over the finite values.
    pub mse: f64,
    /// The part of `mse` from values beyond the clip.
    pub clipping_error: f64,
    /// The part of `mse` from values inside the clip.
    pub rounding_error: f64,
    /// `10 log10(sum x^2 / sum (x - q)^2)`: infinite without error, NaN without signal.
    pub sqnr_db: f64,
    /// Share of the finite values strictly beyond the clip, 0 to 1.
    pub saturated: f64,
    /// How many values that is.
    pub saturated_count: u64,
}

/// Adds up the cost of a clip over chunks of values. Sums are f64, one partial sum a chunk, so that the same chunks
/// give the same bits.
#[derive(Clone, Debug)]
pub struct Measure {
    clip: Clip,
    format: Format,
    params: QuantParams,
    finite: u64,
    saturated: u64,
    signal: f64,
    rounding: f64,
    clipping: f64,
}

impl Measure {
    /// Begins to measure `clip` on the grid of `format`.
    pub fn new(clip: Clip, format: Format) -> Measure {
        let params = QuantParams::from_clip(clip, format);
        Measure { clip, format, params, finite: 0, saturated: 0, signal: 0.0, rounding: 0.0, clipping: 0.0 }
    }

    /// Takes values in; NaN and infinities are left out, as everywhere.
    pub fn push(&mut self, values: &[f32]) {
        let (mut signal, mut rounding, mut clipping) = (0.0, 0.0, 0.0);
        for &x in values.iter().filter(|x| x.is_finite()) {
            let error = f64::from(self.params.fake_quant(x)) - f64::from(x);
            self.finite += 1;
            signal += f64::from(x) * f64::from(x);
            if self.clip.saturates(x) {
                self.saturated += 1;
                clipping += error * error;
            } else {
                rounding += error * error;
            }
        }
        self.signal += signal;
        self.rounding += rounding;
        self.clipping += clipping;
    }

    /// What was measured.
    pub fn finish(self) -> Measured {
        let finite = self.finite.max(1) as f64;
        let (clipping_error, rounding_error) = (self.clipping / finite, self.rounding / finite);
        Measured {
            clip: self.clip,
            format: self.format,
            mse: clipping_error + rounding_error,
            clipping_error,
            rounding_error,
            sqnr_db: 10.0 * (self.signal / (self.clipping + self.rounding)).log10(),
            saturated: self.saturated as f64 / finite,
            saturated_count: self.saturated,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Tensor;
    use super::*;
    use crate::histogram::Histogram;

    #[test]
    fn it_is_what_the_grid_does_to_each_value() {
        let mut measure = Measure::new(Clip::symmetric(127.0), Format::INT8);
        measure.push(&[0.4, -1.0, f32::NAN, 130.0]);
        measure.push(&[-200.0, f32::INFINITY]);
        let m = measure.finish();
        assert_eq!((m.saturated_count, m.saturated), (2, 0.5));
        assert!((m.rounding_error - 0.16 / 4.0).abs() < 1e-7);
        assert_eq!(m.clipping_error, (9.0 + 73.0 * 73.0) / 4.0);
        let nothing = Measure::new(Clip::symmetric(1.0), Format::INT8).finish();
        assert!(nothing.mse == 0.0 && nothing.sqnr_db.is_nan());
    }

    /// On values spread evenly the histogram's estimate is good; one definition of quantization serves both.
    #[test]
    fn the_histogram_s_estimate_is_near() {
        let values: Vec<f32> = (0..200_000).map(|i| (i as f32 * 0.618_034).fract() * 4.0 - 1.5).collect();
        let histogram = Arc::new(Histogram::of(&values, 2048, &[]));
        for (num_bits, signed, symmetric) in [(8, true, true), (8, false, true), (8, true, false), (4, true, true)] {
            let format = Format::int(num_bits, signed, symmetric).unwrap();
            let tensor = Tensor::new(histogram.clone(), format);
            for amax in [0.7, 1.9, 2.5] {
                let clip = if signed { Clip::symmetric(amax) } else { Clip::unsigned(amax) };
                let mut measure = Measure::new(clip, format);
                values.chunks(1000).for_each(|c| measure.push(c));
                let (measured, estimate) = (measure.finish(), tensor.metrics(clip));
                let near = |a: f64, b: f64| (a - b).abs() <= 0.01 * b.abs().max(1e-6);
                assert!(near(estimate.mse, measured.mse), "{format} {amax}: {estimate:?} {measured:?}");
                assert!((estimate.saturated - measured.saturated).abs() < 1e-3);
                assert!((estimate.sqnr_db - measured.sqnr_db).abs() < 0.1);
            }
        }
    }
}
