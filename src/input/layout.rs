use super::DType;
use crate::error::Predicate;

/// What is known of the elements before they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub dtype: DType,
    pub big_endian: bool,
    pub fortran_order: bool,
    pub shape: Vec<u64>,
    pub len: u64,
}

impl Layout {
    /// Counts the elements. The error is a predicate to the file's name.
    pub fn new(dtype: DType, shape: Vec<u64>) -> Result<Layout, Predicate> {
        // A dimension of zero makes the array empty, however large the others are.
        let len = if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1_u64, |len, &n| len.checked_mul(n)) };
        match len {
            Some(len) if len.checked_mul(dtype.size() as u64).is_some() => {
                Ok(Layout { dtype, big_endian: false, fortran_order: false, shape, len })
            }
            _ => Err(Predicate::damaged(
                "promises more elements than any file can hold: its shape is damaged; dump it again.",
            )),
        }
    }

    pub fn byte_len(&self) -> u64 {
        self.len * self.dtype.size() as u64
    }
}
