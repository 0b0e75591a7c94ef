//! The bytes of a tensor, as they lie little-endian and packed in a file, whichever field of the format holds them.

use super::element::Element;
use super::place::Place;
use crate::error::Predicate;
use crate::model::error::one_line;
use std::borrow::Cow;
use std::path::Path;
use tract_onnx::pb::TensorProto;

/// All of them, as many as the tensor's type and shape say. The error is a predicate to the model's name.
pub(in crate::model) fn bytes<'a>(tensor: &'a TensorProto, folder: &Path) -> Result<Cow<'a, [u8]>, Predicate> {
    let element = Element::of(tensor);
    let bytes = match Place::of(tensor, folder)? {
        Some(place) => Cow::Owned(place.read(tensor)?),
        None if !tensor.raw_data.is_empty() => Cow::Borrowed(tensor.raw_data.as_slice()),
        None => Cow::Owned(fields(tensor, element)),
    };
    fit(tensor, bytes.len() as u64)?;
    Ok(bytes)
}

/// Holds the tensor's shape against the bytes that there are.
pub(super) fn fit(tensor: &TensorProto, there: u64) -> Result<(), Predicate> {
    let element = Element::of(tensor);
    let wanted = super::element::values(&tensor.dims).and_then(|values| element.bytes(values));
    if wanted == Some(there) {
        return Ok(());
    }
    let (name, shape) = (one_line(&tensor.name), shape(tensor));
    let takes = wanted.map_or("no number of bytes that can be".to_owned(), |wanted| format!("{wanted}"));
    let text = format!("holds a tensor {name} of {there} bytes, where {shape} takes {takes}; export it again.");
    Err(Predicate::damaged(text))
}

/// `4x3 of float16`.
fn shape(tensor: &TensorProto) -> String {
    let dims: Vec<String> = tensor.dims.iter().map(i64::to_string).collect();
    let dims = if dims.is_empty() { "one value".to_owned() } else { dims.join("x") };
    format!("{dims} of {}", Element::of(tensor).name())
}

fn fields(tensor: &TensorProto, element: Element) -> Vec<u8> {
    match element.0 {
        1 | 14 => tensor.float_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        11 | 15 => tensor.double_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        7 => tensor.int64_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        13 => tensor.uint64_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        12 => tensor.uint64_data.iter().flat_map(|&x| (x as u32).to_le_bytes()).collect(),
        6 => tensor.int32_data.iter().flat_map(|x| x.to_le_bytes()).collect(),
        4 | 5 | 10 | 16 => tensor.int32_data.iter().flat_map(|&x| (x as u16).to_le_bytes()).collect(),
        _ => tensor.int32_data.iter().map(|&x| x as u8).collect(),
    }
}
