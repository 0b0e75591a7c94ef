//! The KL and the MSE curve over every clip, as CSV on standard output.
//!
//! `cargo run --no-default-features --example curve_csv [FILE.npy] > curve.csv`

use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::sync::Arc;

use qviz::calibrate::{Tensor, mse_curve};
use qviz::histogram::{DEFAULT_BINS, Histogram};
use qviz::quant::Format;

fn main() -> Result<(), Box<dyn Error>> {
    let values: Vec<f32> = match std::env::args().nth(1) {
        Some(path) => ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(path)?.into_iter().collect(),
        None => (0..100_000).map(|i| (i as f32 * 0.37).sin().powi(7) * 3.0).collect(),
    };
    let tensor = Tensor::new(Arc::new(Histogram::of(&values, DEFAULT_BINS, &[])), Format::INT8);
    let (kl, mse) = (tensor.kl_curve(), mse_curve(&tensor));

    // KL is for a clip at the upper edge of a bin, the error for one at its centre.
    let mut out = BufWriter::new(stdout().lock());
    writeln!(out, "bin,edge,kl_nats,centre,clipping_error,rounding_error")?;
    for bin in 0..mse.centres.len() {
        let (edge, kl) = (tensor.edges()[bin + 1], kl[bin + 1]);
        let (centre, clipping, rounding) = (mse.centres[bin], mse.clipping[bin], mse.rounding[bin]);
        writeln!(out, "{bin},{edge},{kl},{centre},{clipping},{rounding}")?;
    }
    Ok(())
}
