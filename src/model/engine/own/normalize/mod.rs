//! Normalizations, and pooling by a norm.

mod axes;
mod channels;
mod local;
mod trailing;

pub(in crate::model::engine) use axes::{lp, mean_variance};
pub(in crate::model::engine) use channels::{batch, group, instance};
pub(in crate::model::engine) use local::local_response;
pub(in crate::model::engine) use trailing::{layer, root_mean_square};

use super::formula::Wide;
use tract_onnx::tract_core::internal::{TractResult, ensure};

/// The sum of `of` each value. Doubles in lanes: exact enough for any length, and the compiler makes wide code of it.
fn sum<T: Wide>(values: &[T], of: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += of(x.wide()));
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|x| of(x.wide())).sum::<f64>()
}

/// The mean and the variance of all these.
fn moments<T: Wide>(values: &[T]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = sum(values, |x| x) / count;
    (mean, sum(values, |x| (x - mean) * (x - mean)) / count)
}

/// The position of an axis that may be counted from behind.
fn position(axis: i64, rank: usize) -> TractResult<usize> {
    let position = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&position), "there is no axis {axis} among {rank}");
    Ok(position as usize)
}

/// Applies a function to each value, computed in doubles.
fn each<T: Wide>(values: &mut [T], of: impl Fn(f64) -> f64) {
    values.iter_mut().for_each(|x| *x = T::nearest(of(x.wide())));
}
