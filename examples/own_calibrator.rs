//! A calibrator of one's own: a method is one small trait, and has all that the built-in ones have.
//!
//! `cargo run --no-default-features --example own_calibrator`

use std::sync::Arc;

use qviz::calibrate::{Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor};
use qviz::histogram::{DEFAULT_BINS, Histogram};
use qviz::quant::{Clip, Format};

/// Clips so many standard deviations from the mean.
struct Sigmas(f64);

impl Calibrator for Sigmas {
    fn id(&self) -> &str {
        "sigmas"
    }

    fn label(&self) -> &str {
        "sigmas"
    }

    fn summary(&self) -> &str {
        "Clips a number of standard deviations from the mean."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let stats = &tensor.histogram().stats;
        let (Some(mean), Some(std)) = (stats.mean(), stats.std()) else {
            return Err(NoThreshold::new(NoThresholdKind::NoValues, "the tensor holds no finite value"));
        };
        let amax = mean.abs() + self.0 * std;
        Ok(Calibration::new(Clip::symmetric(amax as f32), None))
    }
}

fn main() {
    let values: Vec<f32> = (0..100_000).map(|i| (i as f32 * 0.37).sin().powi(7) * 3.0).collect();
    let tensor = Tensor::new(Arc::new(Histogram::of(&values, DEFAULT_BINS, &[])), Format::INT8);
    for sigmas in [1.0, 2.0, 3.0, 4.0] {
        match tensor.candidate(&Sigmas(sigmas)).outcome {
            Ok(t) => println!("{sigmas} sigmas: scale {}, {:.1} dB", t.params.scale(), t.metrics.sqnr_db),
            Err(why) => println!("{sigmas} sigmas: {why}"),
        }
    }
}
