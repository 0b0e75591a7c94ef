//! Sparse tensors, with all of their zeros.

use super::bytes::bytes;
use super::element::{Element, values};
use crate::error::Predicate;
use crate::model::error::one_line;
use std::path::Path;
use tract_onnx::pb::{SparseTensorProto, TensorProto};

/// More than so many bytes are not made of one.
const MOST: u64 = 1 << 31;

/// The tensor written out, under the name of its values. The error is a predicate to the model's name.
pub(super) fn dense(sparse: &SparseTensorProto, folder: &Path) -> Result<TensorProto, Predicate> {
    let values_of = sparse.values.clone().unwrap_or_default();
    let name = one_line(&values_of.name);
    let damaged = |why: &str| {
        Predicate::damaged(format!("holds a sparse tensor {name} that {why}; export it again, without sparse tensors."))
    };
    let element = Element::of(&values_of);
    let width = element.bits().filter(|bits| bits % 8 == 0).map(|bits| (bits / 8) as usize);
    let Some(width) = width else { return Err(damaged(&format!("is of {}", element.name()))) };
    let count = values(&sparse.dims).ok_or_else(|| damaged("has a shape that cannot be"))?;
    let size = element.bytes(count).filter(|size| *size <= MOST);
    let size = size.ok_or_else(|| damaged("takes more than 2 GB with its zeros"))?;
    let found = bytes(&values_of, folder)?;
    let indices_of = sparse.indices.clone().unwrap_or_default();
    let indices: Vec<i64> = bytes(&indices_of, folder)?
        .chunks_exact(8)
        .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
        .collect();
    // One index a value into all of them, or one along each axis.
    let axes = if indices_of.dims.len() == 2 { sparse.dims.len() } else { 1 };
    if indices.len() != found.len() / width * axes {
        return Err(damaged("has another number of values than of places"));
    }
    let mut all = vec![0_u8; size as usize];
    for (value, index) in found.chunks_exact(width).zip(indices.chunks(axes.max(1))) {
        let place = match axes {
            1 => index.first().copied().and_then(|at| u64::try_from(at).ok()).filter(|at| *at < count),
            _ => index
                .iter()
                .zip(&sparse.dims)
                .try_fold(0_u64, |place, (&at, &n)| (0..n).contains(&at).then(|| place * n as u64 + at as u64)),
        };
        let at = place.ok_or_else(|| damaged("has a value outside its shape"))? as usize * width;
        all[at..at + width].copy_from_slice(value);
    }
    let mut tensor = TensorProto { dims: sparse.dims.clone(), data_type: element.0, ..TensorProto::default() };
    (tensor.name, tensor.raw_data) = (values_of.name, all);
    Ok(tensor)
}
