//! Why methods differ on a tensor.

use super::Metrics;
use crate::histogram::Histogram;
use crate::quant::{Clip, QuantParams};

/// A clip with what follows from it: a method's answer, or one by hand.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The range that is kept.
    pub clip: Clip,
    /// Its scale and zero point.
    pub params: QuantParams,
    /// What it costs.
    pub metrics: &'a Metrics,
}

/// How an answer compares with the best one on the same tensor, and where its own error comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// Its amax over the best one's; NaN where that is zero.
    pub width: f64,
    /// Its step over the best one's: their scales.
    pub step: f64,
    /// Share of the finite values beyond its clip, 0 to 1.
    pub values: f64,
    /// Their share of the sum of squares, which is what an SQNR is measured against, 0 to 1; bins count at their
    /// centres.
    pub energy: f64,
    /// The share of its own mean squared error that clipping makes, 0 to 1; the rest is rounding. NaN without any error.
    pub clipping: f64,
    /// How many dB of SQNR the best one has more: negative where this one has more.
    pub behind_db: f64,
}

impl Beside {
    /// An answer beside the best one, both of the same values.
    pub fn of(histogram: &Histogram, own: Answer, best: Answer) -> Beside {
        let ratio = |a: f32, b: f32| if b > 0.0 { f64::from(a) / f64::from(b) } else { f64::NAN };
        // Two that are equal differ by nothing, if they are infinite too.
        let (a, b) = (own.metrics.sqnr_db, best.metrics.sqnr_db);
        Beside {
            width: ratio(own.clip.amax(), best.clip.amax()),
            step: ratio(own.params.scale(), best.params.scale()),
            values: own.metrics.saturated,
            energy: energy_beyond(histogram, own.clip),
            clipping: own.metrics.clipping_error / own.metrics.mse,
            behind_db: if a == b { 0.0 } else { b - a },
        }
    }
}

/// The share of the sum of squares that lies beyond a clip.
fn energy_beyond(histogram: &Histogram, clip: Clip) -> f64 {
    let magnitude = &histogram.magnitude;
    let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
    let (mut beyond, mut all) = (0.0, 0.0);
    for (bin, (p, n)) in magnitude.pos.iter().zip(&magnitude.neg).enumerate() {
        // In units of the bin width, so that no square overflows.
        let centre = bin as f64 + 0.5;
        let square = centre * centre;
        all += (p + n) as f64 * square;
        if centre * width > f64::from(clip.max()) {
            beyond += *p as f64 * square;
        }
        if centre * width > -f64::from(clip.min()) {
            beyond += *n as f64 * square;
        }
    }
    if all > 0.0 { beyond / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Tensor, by_id};
    use super::*;
    use crate::quant::Format;

    #[test]
    fn a_lone_outlier_sets_max_apart() {
        let mut values: Vec<f32> = (0..100_000).map(|i| (i % 1000) as f32 / 1000.0).collect();
        values[7] = 50.0;
        let histogram = Histogram::of(&values, 2048, &[]);
        let tensor = Tensor::new(Arc::new(histogram.clone()), Format::INT8);
        let [narrow, wide] = ["percentile-99.9", "max"]
            .map(|id| tensor.candidate(by_id(id).unwrap().as_ref()).outcome.expect("both have an answer"));
        let (nm, wm) = (narrow.metrics, wide.metrics);
        let narrow = Answer { clip: narrow.clip, params: narrow.params, metrics: &nm };
        let wide = Answer { clip: wide.clip, params: wide.params, metrics: &wm };
        let d = Beside::of(&histogram, narrow, wide);
        // What it cuts is little of the values and much of the energy.
        assert!(d.width < 0.03 && d.values < 0.05 && d.energy > 0.07 && d.energy < 0.2 && d.clipping > 0.9, "{d:?}");
        assert!((d.step - d.width).abs() < 1e-6 && (d.behind_db - (wm.sqnr_db - nm.sqnr_db)).abs() < 1e-12);
        let d = Beside::of(&histogram, wide, narrow);
        assert!(d.width > 40.0 && d.values == 0.0 && d.energy == 0.0 && d.clipping == 0.0, "{d:?}");
        assert_eq!(Beside::of(&histogram, wide, wide).behind_db, 0.0);
    }

    #[test]
    fn the_two_ends_of_an_affine_clip_are_told_apart() {
        let histogram = Histogram::of(&[-1.0, -1.0, 4.0], 64, &[]);
        let share = |min, max| energy_beyond(&histogram, Clip::new(min, max));
        assert_eq!((share(-2.0, 5.0), share(0.0, 0.0)), (0.0, 1.0));
        let (negative, positive) = (share(-0.5, 5.0), share(-2.0, 2.0));
        assert!(negative > 0.05 && negative < 0.15 && positive > 0.85 && positive < 0.95, "{negative} {positive}");
        assert_eq!(energy_beyond(&Histogram::of(&[0.0], 8, &[]), Clip::symmetric(0.0)), 0.0);
    }
}
