//! One array that is there for one input.

use super::super::error::io_predicate;
use super::super::error::{ModelError, guarded, one_line};
use crate::error::Predicate;
use crate::input::{Exact, InputError, Part};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tract_onnx::data_resolver::FopenDataResolver;
use tract_onnx::prelude::{DatumType, Tensor, TractResult};
use tract_onnx::tensor::{load_tensor, proto_from_reader};
use tract_onnx::tract_core::internal::bail;

/// Where an array lies.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    /// In a dump.
    Part(Part),
    /// In a `TensorProto`, as in ONNX's own test data.
    Proto(PathBuf),
    /// Nowhere: an input of this shape holds no element.
    Nothing(Vec<usize>),
}

impl Stored {
    /// The file, for messages.
    pub fn file(&self) -> String {
        match self {
            Stored::Part(part) => part.file(),
            Stored::Proto(path) => path.display().to_string(),
            Stored::Nothing(_) => String::new(),
        }
    }

    pub fn shape(&self) -> Result<Vec<usize>, ModelError> {
        match self {
            Stored::Part(part) => Ok(part.open().map_err(model_error)?.shape().iter().map(|&n| n as usize).collect()),
            Stored::Proto(path) => Ok(proto(path)?.1.shape().to_vec()),
            Stored::Nothing(shape) => Ok(shape.clone()),
        }
    }

    /// The values of these rows, indices along the first axis; a single number is one row.
    pub fn rows(&self, rows: Range<usize>) -> Result<Exact, ModelError> {
        match self {
            Stored::Part(part) => {
                let array = part.open().map_err(model_error)?;
                if array.shape().first().is_some_and(|&n| (n as usize) < rows.end) {
                    let why = Predicate::new(crate::ErrorKind::Changed, "is shorter than it was; run it again.");
                    return Err(ModelError::new(part.file(), why));
                }
                array.rows(rows.start as u64..rows.end as u64).map_err(model_error)
            }
            Stored::Proto(path) => {
                let tensor = proto(path)?.1;
                let row = tensor.shape().iter().skip(1).product::<usize>();
                let exact = exact(&tensor).map_err(|e| unread(path, &e.to_string()))?;
                Ok(part(&exact, rows.start * row..rows.end * row))
            }
            Stored::Nothing(_) => Ok(Exact::F32(Vec::new())),
        }
    }
}

/// Some of the values.
pub(super) fn part(values: &Exact, range: Range<usize>) -> Exact {
    match values {
        Exact::F32(values) => Exact::F32(values[range].to_vec()),
        Exact::F64(values) => Exact::F64(values[range].to_vec()),
        Exact::I64(values) => Exact::I64(values[range].to_vec()),
        Exact::U64(values) => Exact::U64(values[range].to_vec()),
    }
}

/// A file that holds a `TensorProto`: the tensor's name, which may be empty, and the tensor.
pub(super) fn proto(path: &Path) -> Result<(String, Tensor), ModelError> {
    let bytes = std::fs::read(path).map_err(|e| ModelError::new(path.display().to_string(), io_predicate(&e)))?;
    let read = || {
        let proto = proto_from_reader(bytes.as_slice())?;
        // Each element takes a byte at least: what is more is a promise that the file does not keep.
        let len = proto.dims.iter().try_fold(1_i64, |len, &n| len.checked_mul(n));
        if len.is_none_or(|len| len > bytes.len() as i64) {
            bail!("its shape promises more than the file holds");
        }
        Ok((proto.name.clone(), load_tensor(&FopenDataResolver, &proto, None)?))
    };
    guarded(read).map_err(|e| unread(path, &e.root_cause().to_string()))
}

fn unread(path: &Path, why: &str) -> ModelError {
    let text = format!("holds no tensor that can be read ({}).", one_line(why));
    ModelError::new(path.display().to_string(), Predicate::damaged(text))
}

fn exact(tensor: &Tensor) -> TractResult<Exact> {
    fn values<T: tract_onnx::prelude::Datum + Copy>(tensor: &Tensor) -> TractResult<Vec<T>> {
        Ok(tensor.cast_to::<T>()?.try_as_plain_ram()?.as_slice::<T>()?.to_vec())
    }
    Ok(match tensor.datum_type() {
        DatumType::I32 | DatumType::U32 | DatumType::I64 => Exact::I64(values(tensor)?),
        DatumType::U64 => Exact::U64(values(tensor)?),
        DatumType::F64 => Exact::F64(values(tensor)?),
        _ => Exact::F32(values(tensor)?),
    })
}

pub(super) fn model_error(error: InputError) -> ModelError {
    ModelError { kind: error.kind, file: error.file, message: error.message }
}
