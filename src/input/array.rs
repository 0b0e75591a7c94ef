use super::convert::Converter;
use super::error::{cut_short, io_predicate};
use super::npy::fill;
use super::part::Part;
use super::{DType, InputError, npz};
use std::io::Read;
use std::ops::ControlFlow;

/// Elements in one chunk of [`Array::read`].
pub const CHUNK: usize = 65_536;

/// An opened array: its header is parsed and checked, its body not read yet.
pub struct Array {
    pub(super) part: Part,
    pub(super) layout: Layout,
    pub(super) body: Body,
}

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
    pub fn new(dtype: DType, shape: Vec<u64>) -> Result<Layout, String> {
        // A dimension of zero makes the array empty, however large the others are.
        let len = if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(1_u64, |len, &n| len.checked_mul(n)) };
        match len {
            Some(len) if len.checked_mul(dtype.size() as u64).is_some() => {
                Ok(Layout { dtype, big_endian: false, fortran_order: false, shape, len })
            }
            _ => Err("promises more elements than any file can hold: its shape is damaged; dump it again.".into()),
        }
    }

    pub fn byte_len(&self) -> u64 {
        self.len * self.dtype.size() as u64
    }
}

/// Where the body comes from.
pub(super) enum Body {
    /// A reader that stands at the first element.
    Stream(Box<dyn Read + Send>),
    /// An entry of a zip archive, which can only be read while the archive is borrowed.
    Zip(npz::Opened),
}

/// What was noticed while a body was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodyReport {
    /// f64 values beyond the range of f32, which were read as ±Inf.
    pub overflowed: u64,
}

impl Array {
    /// The dimensions; empty for a single number.
    pub fn shape(&self) -> &[u64] {
        &self.layout.shape
    }

    /// The type of the elements in the file.
    pub fn dtype(&self) -> DType {
        self.layout.dtype
    }

    /// Whether the first dimension changes fastest in the file.
    pub fn fortran_order(&self) -> bool {
        self.layout.fortran_order
    }

    /// How many elements there are.
    pub fn len(&self) -> u64 {
        self.layout.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.layout.len == 0
    }

    /// Bytes of the body in the file, uncompressed.
    pub fn byte_len(&self) -> u64 {
        self.layout.byte_len()
    }

    /// Streams the body as f32 in the order of the file, in chunks of [`CHUNK`] elements; the last may be shorter.
    ///
    /// `f` returns `Break` to stop early, which is no error. An f64 that overflows f32 becomes ±Inf and is counted.
    pub fn read(self, f: &mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> Result<BodyReport, InputError> {
        let Array { part, layout, body } = self;
        match body {
            Body::Stream(mut reader) => stream(&mut *reader, &layout, f),
            Body::Zip(opened) => opened.with_body(|reader| {
                let report = stream(reader, &layout, f)?;
                // Only the read that finds the end of an entry compares its checksum. What may follow the body is none
                // of ours, so one byte is enough.
                fill(reader, &mut [0]).map_err(|e| npz::damaged(&e))?;
                Ok(report)
            }),
        }
        .map_err(|predicate| part.error(predicate))
    }
}

/// Reads and converts chunk by chunk. The error is a predicate to the file's name.
fn stream(
    reader: &mut dyn Read,
    layout: &Layout,
    f: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
) -> Result<BodyReport, String> {
    let size = layout.dtype.size();
    // At most a chunk, whatever the header promises, and no more than a small array needs.
    let chunk = layout.len.min(CHUNK as u64) as usize;
    let (mut bytes, mut values) = (vec![0_u8; chunk * size], vec![0_f32; chunk]);
    let mut converter = Converter::new(layout.dtype, layout.big_endian);
    let mut done = 0_u64;
    while done < layout.len {
        let n = (layout.len - done).min(chunk as u64) as usize;
        let found = fill(reader, &mut bytes[..n * size]).map_err(|e| match e.kind() {
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => npz::damaged(&e),
            _ => io_predicate(&e),
        })?;
        if found < n * size {
            return Err(cut_short(layout.byte_len(), layout.dtype, done * size as u64 + found as u64));
        }
        converter.convert(&bytes[..n * size], &mut values[..n]);
        done += n as u64;
        if f(&values[..n]).is_break() {
            break;
        }
    }
    Ok(BodyReport { overflowed: converter.overflowed })
}
