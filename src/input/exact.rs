//! Values as exact as a file has them: what a network is fed has to be what was meant, to the last token id.

use super::array::{Array, Body, CHUNK};
use super::error::{cut_short, io_predicate};
use super::layout::Layout;
use super::npy::fill;
use super::{DType, InputError};
use crate::error::Predicate;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::io::Read;
use std::ops::{ControlFlow, Range};

/// Some values of an array, none of them rounded.
#[derive(Clone, Debug, PartialEq)]
pub enum Exact {
    /// Of every type whose values all are f32.
    F32(Vec<f32>),
    /// Doubles.
    F64(Vec<f64>),
    /// Integers of 32 bits, and signed ones of 64.
    I64(Vec<i64>),
    /// Unsigned integers of 64 bits.
    U64(Vec<u64>),
}

/// Picks the type in the file, widened to the one that carries it.
macro_rules! wide {
    ($array:ident, $rows:ident, $type:ty, $to:ty) => {{
        let from = if $array.layout.big_endian { <$type>::from_be_bytes } else { <$type>::from_le_bytes };
        let mut pick = Pick::new(&$array.layout, $rows);
        $array.elements(&mut |bytes| {
            let (elements, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
            pick.take(elements.len(), elements.iter().map(|&element| <$to>::from(from(element))))
        })?;
        pick.finish()
    }};
}

impl Array {
    /// The values of these rows, in row-major order whatever the order in the file. A row is what lies at one index of
    /// the first axis; a single number is one row.
    ///
    /// # Errors
    ///
    /// The file ends too early or cannot be read on.
    ///
    /// # Panics
    ///
    /// If there are not as many rows.
    pub fn rows(self, rows: Range<u64>) -> Result<Exact, InputError> {
        assert!(rows.end <= self.shape().first().copied().unwrap_or(1), "{rows:?} of {:?}", self.shape());
        Ok(match self.dtype() {
            DType::I32 => Exact::I64(wide!(self, rows, i32, i64)),
            DType::U32 => Exact::I64(wide!(self, rows, u32, i64)),
            DType::I64 => Exact::I64(wide!(self, rows, i64, i64)),
            DType::U64 => Exact::U64(wide!(self, rows, u64, u64)),
            DType::F64 => Exact::F64(wide!(self, rows, f64, f64)),
            _ => {
                let mut pick = Pick::new(&self.layout, rows);
                self.read(&mut |chunk| pick.take(chunk.len(), chunk.iter().copied()))?;
                Exact::F32(pick.finish())
            }
        })
    }

    /// Streams the elements as they lie in the file.
    fn elements(self, f: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), InputError> {
        let Array { error, layout, body, .. } = self;
        match body {
            Body::Stream(mut reader) => stream(&mut reader, &layout, f),
            Body::Zip(opened) => opened.with_body(|reader, last| {
                stream(reader, &layout, f)?;
                // The end of an entry is where its checksum is compared.
                if last { fill(reader, &mut [0]).map(drop).map_err(|e| io_predicate(&e)) } else { Ok(()) }
            }),
        }
        .map_err(error)
    }
}

/// The error is a predicate to the file's name.
fn stream(
    reader: &mut (impl Read + ?Sized),
    layout: &Layout,
    f: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), Predicate> {
    let size = layout.dtype.size();
    // At most a chunk, whatever the header promises.
    let mut bytes = vec![0; layout.len.min(CHUNK as u64) as usize * size];
    let mut done = 0;
    while done < layout.len {
        let n = (layout.len - done).min(CHUNK as u64) as usize;
        let found = fill(reader, &mut bytes[..n * size]).map_err(|e| io_predicate(&e))?;
        if found < n * size {
            return Err(cut_short(layout.byte_len(), layout.dtype, done * size as u64 + found as u64));
        }
        if f(&bytes[..n * size]).is_break() {
            break;
        }
        done += n as u64;
    }
    Ok(())
}

/// Picks some rows out of a stream of all elements.
struct Pick<T> {
    /// The shape of what is picked.
    shape: Vec<usize>,
    order: Order,
    /// Elements that went by.
    at: u64,
    values: Vec<T>,
}

/// How the wanted elements lie in the file.
enum Order {
    /// One behind the other.
    Plain(Range<u64>),
    /// In Fortran order: those of all rows come first, then the next of all.
    Fortran { rows: u64, wanted: Range<u64> },
}

impl<T: Copy> Pick<T> {
    fn new(layout: &Layout, rows: Range<u64>) -> Pick<T> {
        let mut shape: Vec<usize> = layout.shape.iter().map(|&n| n as usize).collect();
        if let Some(first) = shape.first_mut() {
            *first = (rows.end - rows.start) as usize;
        }
        let order = match layout.shape.as_slice() {
            [rows_, _, ..] if layout.fortran_order && layout.len > 0 => Order::Fortran { rows: *rows_, wanted: rows },
            [_, row @ ..] if layout.len > 0 => {
                let row: u64 = row.iter().product();
                Order::Plain(rows.start * row..rows.end * row)
            }
            _ => Order::Plain(0..layout.len),
        };
        Pick { shape, order, at: 0, values: Vec::new() }
    }

    fn take(&mut self, n: usize, chunk: impl Iterator<Item = T>) -> ControlFlow<()> {
        let at = self.at;
        self.at += n as u64;
        match &self.order {
            Order::Plain(wanted) => {
                let within = |place: u64| place.saturating_sub(at).min(n as u64) as usize;
                let (from, to) = (within(wanted.start), within(wanted.end));
                self.values.extend(chunk.skip(from).take(to - from));
                if self.at >= wanted.end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            }
            Order::Fortran { rows, wanted } => {
                let mut row = at % rows;
                for value in chunk {
                    if wanted.contains(&row) {
                        self.values.push(value);
                    }
                    row = if row + 1 == *rows { 0 } else { row + 1 };
                }
                ControlFlow::Continue(())
            }
        }
    }

    fn finish(self) -> Vec<T> {
        match self.order {
            Order::Plain(_) => self.values,
            Order::Fortran { .. } => {
                let fortran = ArrayD::from_shape_vec(IxDyn(&self.shape).f(), self.values);
                fortran.expect("as many values as these rows have").as_standard_layout().iter().copied().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::super::testing::{self, DTYPES};
    use super::*;
    use proptest::prelude::*;

    fn open(bytes: Vec<u8>) -> Array {
        Part::memory("x.npy", bytes.leak()).open().unwrap()
    }

    #[test]
    fn whole_numbers_and_doubles_are_not_rounded() {
        fn body<const N: usize>(elements: &[[u8; N]]) -> Vec<u8> {
            elements.concat()
        }
        let rows =
            |descr: &str, body: Vec<u8>, n: u64| open(testing::npy(descr, false, &[n], &body)).rows(0..n).unwrap();
        let signed = [i64::MIN, -(1 << 53) - 1, 16_777_217, i64::MAX];
        assert_eq!(rows("<i8", body(&signed.map(i64::to_le_bytes)), 4), Exact::I64(signed.to_vec()));
        assert_eq!(rows(">i8", body(&signed.map(i64::to_be_bytes)), 4), Exact::I64(signed.to_vec()));
        assert_eq!(rows("<u8", body(&[u64::MAX.to_le_bytes()]), 1), Exact::U64(vec![u64::MAX]));
        let narrow = [i32::MIN, 16_777_217];
        assert_eq!(rows(">i4", body(&narrow.map(i32::to_be_bytes)), 2), Exact::I64(narrow.map(i64::from).to_vec()));
        assert_eq!(rows("<u4", body(&[u32::MAX.to_le_bytes()]), 1), Exact::I64(vec![i64::from(u32::MAX)]));
        assert_eq!(
            rows("<f8", body(&[1e300_f64.to_le_bytes(), 0.1_f64.to_le_bytes()]), 2),
            Exact::F64(vec![1e300, 0.1])
        );
        assert_eq!(rows("|u1", vec![0, 255], 2), Exact::F32(vec![0.0, 255.0]));
        assert_eq!(
            open(testing::npy("<i8", false, &[], &7_i64.to_le_bytes())).rows(0..1).unwrap(),
            Exact::I64(vec![7])
        );
        assert_eq!(open(testing::npy("<i8", true, &[2, 0], &[])).rows(1..2).unwrap(), Exact::I64(vec![]));
    }

    #[test]
    fn what_is_cut_short_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.npy");
        std::fs::write(&path, testing::npy("<i8", false, &[100_000], &[0; 800_000])).unwrap();
        let array = Part::npy(path.clone(), true).open().unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(700_000).unwrap();
        let message = array.rows(0..100_000).unwrap_err().message;
        let expected =
            "x.npy is cut short: its header promises 800,000 bytes of int64, the file holds 699,872; dump it again.";
        assert!(message.ends_with(expected), "{message}");
    }

    #[test]
    fn a_wrong_checksum_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.npz");
        let array = testing::npy("<i8", false, &[2], &[1, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0]);
        let mut bytes = testing::zip(&[("x.npy", &array)], false);
        let at = bytes.windows(2).position(|w| w == [77, 0]).unwrap();
        bytes[at] = 78;
        std::fs::write(&path, bytes).unwrap();
        let found = super::super::discover(&[path], None);
        let error = found.sources[0].parts[0].open().unwrap().rows(0..2).unwrap_err();
        assert!(
            error.message.ends_with("a.npz (x) is damaged (invalid checksum); dump it again."),
            "{}",
            error.message
        );
    }

    proptest! {
        #[test]
        fn rows_are_the_rows_of_the_whole(
            which in 0..DTYPES.len(),
            fortran: bool,
            shape in proptest::collection::vec(1_u64..5, 1..4),
            seed in proptest::collection::vec(any::<u8>(), 600),
            cut in (0_u64..5, 0_u64..5),
        ) {
            let (code, dtype) = DTYPES[which];
            let len: u64 = shape.iter().product();
            let bytes = &seed[..len as usize * dtype.size()];
            let array = || open(testing::npy(&format!("<{code}"), fortran, &shape, bytes));
            let values = |exact: Exact| -> Vec<f32> {
                match exact {
                    Exact::F32(values) => values,
                    Exact::F64(values) => values.into_iter().map(|x| x as f32).collect(),
                    Exact::I64(values) => values.into_iter().map(|x| x as f32).collect(),
                    Exact::U64(values) => values.into_iter().map(|x| x as f32).collect(),
                }
            };
            // The whole in the order of the file, brought into row-major order in another way.
            let plain = testing::values(array()).unwrap();
            let sizes: Vec<usize> = shape.iter().map(|&n| n as usize).collect();
            let at = |mut place: usize| {
                let mut index = vec![0; sizes.len()];
                for axis in (0..sizes.len()).rev() {
                    index[axis] = place % sizes[axis];
                    place /= sizes[axis];
                }
                let (mut stride, mut sum) = (1, 0);
                for (axis, i) in index.iter().enumerate() {
                    sum += i * stride;
                    stride *= sizes[axis];
                }
                sum
            };
            let expected: Vec<f32> = (0..plain.len()).map(|i| if fortran { plain[at(i)] } else { plain[i] }).collect();
            let rows = cut.0.min(shape[0])..cut.1.max(cut.0).min(shape[0]);
            let row = expected.len() / sizes[0];
            let expected = &expected[rows.start as usize * row..rows.end as usize * row];
            let found = values(array().rows(rows).unwrap());
            prop_assert_eq!(found.len(), expected.len());
            for (a, b) in found.iter().zip(expected) {
                prop_assert!(a == b || (a.is_nan() && b.is_nan()), "{} {}", a, b);
            }
        }
    }
}
