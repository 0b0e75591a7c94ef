//! Values as the type that a model takes: the same numbers, or an error.

use super::super::activations::type_name as name;
use crate::error::Predicate;
use crate::input::Exact;
use std::fmt::Debug;
use tract_onnx::prelude::{Datum, DatumType, Tensor};

/// A tensor of these values. Floats are rounded to the model's floats; everything else has to be the same number.
///
/// The error is a predicate to the file's name.
pub(super) fn tensor(values: &Exact, shape: &[usize], dtype: DatumType) -> Result<Tensor, Predicate> {
    match values {
        Exact::F32(values) => cast(values, shape, dtype, |&x| f64::from(x)),
        Exact::F64(values) => cast(values, shape, dtype, |&x| x),
        Exact::I64(values) => match dtype_bounds(dtype) {
            Some((least, most)) => whole(values, shape, dtype, |&x| (least..=most).contains(&i128::from(x))),
            None => cast(values, shape, dtype, |&x| x as f64),
        },
        Exact::U64(values) => match dtype_bounds(dtype) {
            Some((_, most)) => whole(values, shape, dtype, |&x| i128::from(x) <= most),
            None => cast(values, shape, dtype, |&x| x as f64),
        },
    }
}

fn cast<T: Datum + Copy + Debug>(
    values: &[T],
    shape: &[usize],
    dtype: DatumType,
    double: impl Fn(&T) -> f64,
) -> Result<Tensor, Predicate> {
    let Some((least, most)) = dtype_bounds(dtype) else {
        let tensor = whole(values, shape, dtype, |_| true)?;
        let largest = if dtype == DatumType::F16 { 65_520.0 } else { largest(dtype) };
        let beyond = |x: &&T| double(x).is_finite() && double(x).abs() >= largest;
        return match values.iter().find(beyond) {
            Some(value) => Err(format!("holds {value:?}, which {} cannot hold; scale it down.", name(dtype)).into()),
            None => Ok(tensor),
        };
    };
    // A float that is a whole number of this size is exact as an i128.
    let same = |x: &T| {
        let (double, whole) = (double(x), double(x) as i128);
        whole as f64 == double && (least..=most).contains(&whole)
    };
    whole(values, shape, dtype, same)
}

/// The smallest magnitude that is no longer finite once it is rounded to this type of float.
fn largest(dtype: DatumType) -> f64 {
    // Half a step beyond the largest f32 rounds to infinity.
    if dtype == DatumType::F32 { f64::from(f32::MAX) + 2_f64.powi(103) } else { f64::INFINITY }
}

fn whole<T: Datum + Copy + Debug>(
    values: &[T],
    shape: &[usize],
    dtype: DatumType,
    same: impl Fn(&T) -> bool,
) -> Result<Tensor, Predicate> {
    if let Some(value) = values.iter().find(|value| !same(value)) {
        return Err(format!("holds {value:?}, which is no {}; feed what is.", name(dtype)).into());
    }
    let tensor = Tensor::from_shape(shape, values).and_then(|tensor| Ok(tensor.cast_to_dt(dtype)?.into_owned()));
    tensor.map_err(|_| format!("cannot be fed as {}.", name(dtype)).into())
}

/// The least and the largest number of a type of whole numbers; nothing for floats.
fn dtype_bounds(dtype: DatumType) -> Option<(i128, i128)> {
    let signed = |bits: u32| Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1));
    let unsigned = |bits: u32| Some((0, (1 << bits) - 1));
    match dtype {
        DatumType::Bool => unsigned(1),
        DatumType::U8 => unsigned(8),
        DatumType::U16 => unsigned(16),
        DatumType::U32 => unsigned(32),
        DatumType::U64 => unsigned(64),
        DatumType::I8 => signed(8),
        DatumType::I16 => signed(16),
        DatumType::I32 => signed(32),
        DatumType::I64 => signed(64),
        _ => None,
    }
}
