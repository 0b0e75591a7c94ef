//! One tensor's thresholds by every method, and what each costs.
//!
//! `cargo run --no-default-features --example thresholds [FILE.npy]`

use std::error::Error;
use std::sync::Arc;

use qviz::calibrate::{self, Tensor};
use qviz::histogram::{DEFAULT_BINS, Histogram};
use qviz::quant::Format;

fn main() -> Result<(), Box<dyn Error>> {
    let values = match std::env::args().nth(1) {
        Some(path) => ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(path)?.into_iter().collect(),
        None => generated(),
    };
    // A method says which grids it reads; both passes fill them all.
    let methods = calibrate::defaults();
    let grids: Vec<_> = methods.iter().flat_map(|m| m.grids()).collect();
    let histogram = Arc::new(Histogram::of(&values, DEFAULT_BINS, &grids));

    for warning in calibrate::warnings(&histogram, Format::INT8) {
        println!("{}", warning.sentence());
    }
    let tensor = Tensor::new(histogram, Format::INT8);
    println!("{:17} {:>12} {:>12} {:>9} {:>10}", "method", "amax", "scale", "SQNR dB", "saturated");
    for method in methods {
        let candidate = tensor.candidate(&*method);
        match candidate.outcome {
            Ok(t) => println!(
                "{:17} {:>12} {:>12.9} {:>9.2} {:>9.4}%",
                candidate.id,
                t.clip.amax(),
                t.params.scale(),
                t.metrics.sqnr_db,
                100.0 * t.metrics.saturated
            ),
            Err(why) => println!("{:17} {why}", candidate.id),
        }
    }
    Ok(())
}

/// Something like an activation: mostly small, now and then large.
fn generated() -> Vec<f32> {
    (0..100_000u32).map(|i| (i.wrapping_mul(2_654_435_761) as f32 / 2f32.powi(31) - 1.0).powi(5) * 8.0).collect()
}
