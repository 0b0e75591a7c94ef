use super::convert::Converter;
use super::error::{cut_short, io_predicate};
use super::layout::Layout;
use super::npy::fill;
use super::{DType, InputError, Sentinel, npz};
use crate::error::Predicate;
use crate::guard::{joined, share};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Mutex;

use zerocopy::IntoBytes;

/// Elements in one chunk of [`Array::read`].
pub const CHUNK: usize = 65_536;

/// An opened array: its header is parsed and checked, its body not read yet.
pub struct Array {
    /// Makes a sentence with the array's name of a predicate.
    pub(super) error: Box<dyn Fn(Predicate) -> InputError + Send>,
    pub(super) layout: Layout,
    pub(super) body: Body,
    /// Of a pipe: what opens the array that may follow.
    pub(super) next: Option<Following>,
    /// What counts as −Inf.
    pub(super) sentinel: Option<Sentinel>,
}

/// Takes a reader that stands behind an array.
pub(super) type Following = Box<dyn FnOnce(Box<dyn Read + Send>) -> Result<Option<Array>, InputError> + Send>;

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
    /// `f` returns `Break` to stop early, which is no error. An f64 that overflows f32 becomes ±Inf and is counted. What
    /// may follow in a pipe is left there: [`Array::read_on`] gives it.
    pub fn read(self, f: &mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> Result<BodyReport, InputError> {
        let Array { error, layout, body, sentinel, .. } = self;
        body.stream(&layout, sentinel, &mut |_, chunk| f(chunk), Vec::new()).map(|(report, _)| report).map_err(error)
    }

    /// The same on several threads: `lead` on this one, and each of the `followers` on one of its own. Each chunk goes to
    /// one of them, with the place of its first element. An entry of an archive has `lead` alone.
    ///
    /// Answers also the array that follows in a pipe. In a file there is none: [`Part::arrays`](super::Part::arrays) has
    /// told all of them apart.
    pub fn read_on(self, lead: Lead, followers: Vec<Follower>) -> Result<(BodyReport, Option<Array>), InputError> {
        let Array { error, layout, body, next, sentinel } = self;
        let (report, reader) = body.stream(&layout, sentinel, lead, followers).map_err(error)?;
        Ok((report, next.zip(reader).map(|(next, reader)| next(reader)).transpose()?.flatten()))
    }
}

impl Body {
    /// Answers also the reader where it was read to the end and may go on.
    fn stream(
        self,
        layout: &Layout,
        sentinel: Option<Sentinel>,
        lead: Lead,
        followers: Vec<Follower>,
    ) -> Result<(BodyReport, Option<Box<dyn Read + Send>>), Predicate> {
        match self {
            Body::Stream(mut reader) => {
                let (report, whole) = stream_on(Stream::new(&mut reader, layout, sentinel), lead, followers)?;
                Ok((report, whole.then_some(reader)))
            }
            Body::Zip(opened) => opened.with_body(|reader, last| {
                let stream = Stream::new(&mut *reader, layout, sentinel);
                let (report, whole) = (stream.run(lead)?, stream.is_whole());
                // Only the read that finds the end of an entry compares its checksum.
                if whole && last {
                    io::copy(reader, &mut io::sink()).map_err(|e| io_predicate(&e))?;
                }
                Ok((report, None))
            }),
        }
    }
}

/// Takes chunks on the thread that calls [`Array::read_on`].
pub type Lead<'a> = &'a mut dyn FnMut(u64, &[f32]) -> ControlFlow<()>;

/// Takes chunks on a thread of its own.
pub type Follower<'a> = Box<dyn FnMut(u64, &[f32]) -> ControlFlow<()> + Send + 'a>;

// The errors below are predicates to the file's name.

/// Answers also whether it came to the end.
fn stream_on(
    stream: Stream<impl Read + Send>,
    lead: Lead,
    followers: Vec<Follower>,
) -> Result<(BodyReport, bool), Predicate> {
    let report = std::thread::scope(|scope| -> Result<BodyReport, Predicate> {
        let run = |mut follower: Follower| stream.run(&mut *follower);
        let followers: Vec<_> =
            followers.into_iter().map(|follower| scope.spawn(move || share(|| run(follower)))).collect();
        let mut report = stream.run(lead)?;
        for follower in followers {
            let one = joined(follower.join())?;
            report.overflowed += one.overflowed;
        }
        Ok(report)
    })?;
    Ok((report, stream.is_whole()))
}

/// A body that is read by turns: one thread copies the next chunk while the others work on theirs.
struct Stream<'a, R> {
    layout: &'a Layout,
    sentinel: Option<Sentinel>,
    next: Mutex<Next<R>>,
}

struct Next<R> {
    reader: R,
    done: u64,
    stopped: bool,
}

impl<'a, R: Read> Stream<'a, R> {
    fn new(reader: R, layout: &'a Layout, sentinel: Option<Sentinel>) -> Stream<'a, R> {
        Stream { layout, sentinel, next: Mutex::new(Next { reader, done: 0, stopped: false }) }
    }

    /// Whether all was read, and nobody stopped.
    fn is_whole(&self) -> bool {
        let next = self.next.lock().expect("reading does not panic");
        next.done == self.layout.len && !next.stopped
    }

    /// Reads and converts chunk by chunk, until there is no more or somebody stops.
    fn run(&self, f: Lead) -> Result<BodyReport, Predicate> {
        let layout = self.layout;
        let size = layout.dtype.size();
        // At most a chunk, whatever the header promises, and no more than a small array needs.
        let chunk = layout.len.min(CHUNK as u64) as usize;
        // What is f32 as this machine has it needs no converting: it is read to where it is wanted.
        let direct = layout.dtype == DType::F32 && layout.big_endian == cfg!(target_endian = "big");
        let (mut bytes, mut values) = (vec![0_u8; if direct { 0 } else { chunk * size }], vec![0_f32; chunk]);
        let mut converter = Converter::new(layout.dtype, layout.big_endian);
        while let Some((at, n)) = self.next(if direct { values.as_mut_bytes() } else { &mut bytes })? {
            if !direct {
                converter.convert(&bytes[..n * size], &mut values[..n]);
            }
            if let Some(sentinel) = self.sentinel {
                sentinel.leave_out(&mut values[..n]);
            }
            if f(at, &values[..n]).is_break() {
                self.next.lock().expect("reading does not panic").stopped = true;
            }
        }
        Ok(BodyReport { overflowed: converter.overflowed })
    }

    /// Fills `bytes` with the next elements: the place of the first, and how many.
    fn next(&self, bytes: &mut [u8]) -> Result<Option<(u64, usize)>, Predicate> {
        let layout = self.layout;
        let size = layout.dtype.size();
        let mut next = self.next.lock().expect("reading does not panic");
        if next.stopped || next.done == layout.len {
            return Ok(None);
        }
        let at = next.done;
        let n = (layout.len - at).min(CHUNK as u64) as usize;
        let found = fill(&mut next.reader, &mut bytes[..n * size]).map_err(|e| io_predicate(&e));
        // Until it is known to be whole: nobody reads on behind an error.
        next.stopped = found != Ok(n * size);
        let found = found?;
        if next.stopped {
            return Err(cut_short(layout.byte_len(), layout.dtype, at * size as u64 + found as u64));
        }
        next.done += n as u64;
        Ok(Some((at, n)))
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

    /// What a value of this type is as f32, found without the code under test. Bytes are little-endian.
    fn expected(dtype: DType, bytes: &[u8]) -> f32 {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let unsigned = u64::from_le_bytes(wide);
        let shift = 64 - 8 * bytes.len();
        let signed = ((unsigned << shift) as i64) >> shift;
        match dtype {
            DType::Bool => (unsigned != 0) as u8 as f32,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => signed as f32,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => unsigned as f32,
            // `convert.rs` holds every value against its definition.
            DType::F8E4M3 | DType::F8E5M2 => {
                let mut out = [0.0];
                super::super::convert::Converter::new(dtype, false).convert(bytes, &mut out);
                out[0]
            }
            DType::F16 => half::f16::from_bits(unsigned as u16).to_f32(),
            DType::BF16 => half::bf16::from_bits(unsigned as u16).to_f32(),
            DType::F32 => f32::from_bits(unsigned as u32),
            DType::F64 => f64::from_bits(unsigned) as f32,
        }
    }

    proptest! {
        #[test]
        fn every_type_order_and_shape_reads_back(
            which in 0..DTYPES.len(),
            big_endian: bool,
            fortran: bool,
            shape in proptest::collection::vec(0_u64..5, 0..5),
            seed in proptest::collection::vec(any::<u8>(), 4096),
        ) {
            let (code, dtype) = DTYPES[which];
            let len: u64 = shape.iter().product();
            let mut bytes = seed[..len as usize * dtype.size()].to_vec();
            let expected: Vec<f32> = bytes.chunks_exact(dtype.size()).map(|x| expected(dtype, x)).collect();
            if big_endian {
                bytes.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
            }
            let order = if big_endian { '>' } else { '<' };
            let array = open(testing::npy(&format!("{order}{code}"), fortran, &shape, &bytes));
            prop_assert_eq!((array.shape(), array.dtype(), array.len()), (&shape[..], dtype, len));
            prop_assert_eq!((array.fortran_order(), array.is_empty()), (fortran, len == 0));
            prop_assert_eq!(array.byte_len(), len * dtype.size() as u64);
            let values = testing::values(array).unwrap();
            prop_assert_eq!(values.len(), expected.len());
            for (a, b) in values.iter().zip(&expected) {
                prop_assert!(a == b || (a.is_nan() && b.is_nan()), "{} {}", a, b);
            }
        }

        #[test]
        fn what_ndarray_npy_writes_reads_back(
            values in proptest::collection::vec(any::<f64>(), 24),
            fortran: bool,
        ) {
            use ndarray::ShapeBuilder;
            use ndarray_npy::WriteNpyExt;
            let array = ndarray::Array3::from_shape_vec((2, 3, 4).set_f(fortran), values.clone()).unwrap();
            let (mut singles, mut doubles) = (Vec::new(), Vec::new());
            array.mapv(|x| x as f32).write_npy(&mut singles).unwrap();
            array.write_npy(&mut doubles).unwrap();
            let expected: Vec<u32> = values.iter().map(|&x| (x as f32).to_bits()).collect();
            for bytes in [singles, doubles] {
                let array = open(bytes);
                prop_assert_eq!((array.shape(), array.fortran_order()), (&[2, 3, 4][..], fortran));
                let values = testing::values(array).unwrap();
                prop_assert_eq!(values.into_iter().map(f32::to_bits).collect::<Vec<_>>(), expected.clone());
            }
        }
    }

    #[test]
    fn chunks_are_full_and_can_be_stopped() {
        let values: Vec<f32> = (0..2 * CHUNK + 1).map(|i| i as f32).collect();
        let bytes = testing::f32s(&values);
        assert_eq!(testing::values(open(bytes.clone())).unwrap(), values);
        let mut seen = 0;
        let report = open(bytes).read(&mut |chunk| {
            seen += chunk.len();
            ControlFlow::Break(())
        });
        assert_eq!((seen, report), (CHUNK, Ok(BodyReport::default())));
    }

    #[test]
    fn overflow_is_reported() {
        let bytes: Vec<u8> = [1e300, 1.0, -1e39].iter().flat_map(|x: &f64| x.to_be_bytes()).collect();
        let mut seen = Vec::new();
        let report = open(testing::npy(">f8", false, &[3], &bytes)).read(&mut |chunk| {
            seen.extend_from_slice(chunk);
            ControlFlow::Continue(())
        });
        assert_eq!(seen, [f32::INFINITY, 1.0, f32::NEG_INFINITY]);
        assert_eq!(report, Ok(BodyReport { overflowed: 2 }));
    }
}
