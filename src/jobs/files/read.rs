//! The first reading of a layer's files, which shares a big array over threads: two sweeps that are as fast as the
//! page cache. What reads again goes through [`Values`](crate::jobs::values::Values).

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::counted::counted;
use crate::ErrorKind;
use crate::histogram::{BatchRange, BinPass, GrowingHistogram, Histogram, RangePass, RangePiece};
use crate::input::{Array, BodyReport, CHUNK, DType, Follower, InputError, Part, Sentinel, Source};
use crate::jobs::recipe::Recipe;
use crate::session::Origin;

/// Reads one layer: its range in a first pass over all batches, its counts in a second. A layer with a batch that can
/// be read only once (a pipe) is counted in one pass on a power-of-two grid.
///
/// A large array is shared out over `threads`; the result does not depend on how many there are, to the last bit.
/// `progress` is told the share of the work that is done, 0 to 1; `cancelled` is asked between chunks.
///
/// # Errors
/// The first file that cannot be read, or that changed between the passes. `Ok(None)` when it was cancelled.
pub fn read_layer(
    source: &Source,
    recipe: &Recipe,
    threads: usize,
    progress: &dyn Fn(f64),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(Origin, Histogram)>, InputError> {
    if let Some(counted) = counted(source, recipe) {
        return counted.map(Some);
    }
    let once = !source.parts.iter().all(Part::seekable_twice);
    let passes = if once { 1 } else { 2 };
    let mut pass = Pass::new(source, threads, progress, cancelled, passes)?;

    if once {
        let mut growing = GrowingHistogram::new(recipe.bins);
        let complete = pass.run(&mut growing)?;
        return Ok(complete.then(|| (pass.origin, growing.finish())));
    }
    let mut range = Ranges::new(recipe.by_batches());
    if !pass.run(&mut range)? {
        return Ok(None);
    }
    let origin = std::mem::take(&mut pass.origin);
    let bins = BinPass::new(range.all.finish(), recipe.bins, &recipe.grids);
    let mut bins = bins.with_batches(range.each.unwrap_or_default());
    if !pass.run(&mut bins)? {
        return Ok(None);
    }
    let file = || source.parts.first().map(Part::file).unwrap_or_default();
    let histogram = bins.finish().map_err(|_| InputError {
        kind: ErrorKind::Changed,
        file: file(),
        message: format!("{} changed while it was read; load it again when nothing writes to it any more.", file()),
    })?;
    Ok(Some((origin, histogram)))
}

/// Elements from which on an array is worth more threads than one.
const WORTH_SHARING: u64 = 16 * CHUNK as u64;

/// What is done with the values of a layer.
trait Take {
    /// Takes all values of the next array. `watch` is told, now and then, up to where they were read.
    fn read(&mut self, array: Array, threads: usize, watch: Watch) -> Result<Read, InputError>;
}

/// What was noticed, and the array that follows in a pipe.
type Read = (BodyReport, Option<Array>);

type Watch<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

impl Take for GrowingHistogram {
    /// Only what comes through a pipe is read this way, which is slower than any counting.
    fn read(&mut self, array: Array, _: usize, watch: Watch) -> Result<Read, InputError> {
        let mut lead = |at, chunk: &[f32]| {
            self.push(chunk);
            watch(at + chunk.len() as u64)
        };
        array.read_on(&mut lead, Vec::new())
    }
}

/// The range of all values and, where a grid wants to know it beforehand, of each batch.
struct Ranges {
    all: RangePass,
    each: Option<Vec<BatchRange>>,
}

impl Ranges {
    fn new(by_batches: bool) -> Ranges {
        Ranges { all: RangePass::new(), each: by_batches.then(Vec::new) }
    }
}

impl Take for Ranges {
    fn read(&mut self, array: Array, threads: usize, watch: Watch) -> Result<Read, InputError> {
        let Some(each) = &mut self.each else { return self.all.read(array, threads, watch) };
        let mut range = BatchRange::default();
        let mut lead = |at, chunk: &[f32]| {
            self.all.push(chunk);
            range.push(chunk);
            watch(at + chunk.len() as u64)
        };
        let report = array.read_on(&mut lead, Vec::new());
        each.push(range);
        report
    }
}

impl Take for RangePass {
    /// The moments of blocks are made on any thread, and added up in the order of the file.
    fn read(&mut self, array: Array, threads: usize, watch: Watch) -> Result<Read, InputError> {
        let start = self.count();
        let line = Mutex::new((self, BTreeMap::new()));
        let put = |at: u64, chunk: &[f32]| {
            let piece = RangePiece::of(chunk, start + at);
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            let (pass, waiting) = &mut *line;
            waiting.insert(start + at, piece);
            while let Some(piece) = waiting.remove(&pass.count()) {
                pass.append(piece);
            }
        };
        let help = |at, chunk: &[f32]| {
            put(at, chunk);
            ControlFlow::Continue(())
        };
        let mut lead = |at, chunk: &[f32]| {
            put(at, chunk);
            watch(at + chunk.len() as u64)
        };
        array.read_on(&mut lead, (1..threads).map(|_| Box::new(help) as Follower).collect())
    }
}

impl Take for BinPass {
    /// Each thread counts for itself. Grids by batches depend on the order, so that they take one thread.
    fn read(&mut self, array: Array, threads: usize, watch: Watch) -> Result<Read, InputError> {
        let threads = if self.by_batches() { 1 } else { threads };
        let mut others: Vec<BinPass> = (1..threads).map(|_| self.fresh()).collect();
        let followers = others.iter_mut().map(|pass| {
            let help = |_: u64, chunk: &[f32]| {
                pass.push(chunk);
                ControlFlow::Continue(())
            };
            Box::new(help) as Follower
        });
        let mut lead = |at, chunk: &[f32]| {
            self.push(chunk);
            watch(at + chunk.len() as u64)
        };
        let report = array.read_on(&mut lead, followers.collect());
        others.into_iter().for_each(|other| self.merge(other));
        self.end_batch();
        report
    }
}

/// One sweep over a layer's batches after another.
struct Pass<'a> {
    source: &'a Source,
    /// Looked for once: each look reads all headers.
    parts: Vec<Part>,
    threads: usize,
    origin: Origin,
    progress: &'a dyn Fn(f64),
    cancelled: &'a dyn Fn() -> bool,
    passes: usize,
    done: usize,
}

impl<'a> Pass<'a> {
    /// `passes` sweeps over the batches of `source` are to come.
    pub fn new(
        source: &'a Source,
        threads: usize,
        progress: &'a dyn Fn(f64),
        cancelled: &'a dyn Fn() -> bool,
        passes: usize,
    ) -> Result<Pass<'a>, InputError> {
        let parts = source.arrays()?;
        let notes = source.sentinel()?.iter().map(Sentinel::note).collect();
        let origin = Origin { notes, ..Origin::default() };
        Ok(Pass { source, parts, threads, origin, progress, cancelled, passes, done: 0 })
    }

    /// Returns whether it got to the end.
    pub fn run(&mut self, take: &mut dyn Take) -> Result<bool, InputError> {
        let parts = self.parts.len();
        let mut shapes = Vec::with_capacity(parts);
        let mut dtype: Option<DType> = None;
        for (index, part) in self.parts.iter().enumerate() {
            let mut next = Some(part.open()?);
            while let Some(array) = next.take() {
                shapes.push(array.shape().to_vec());
                // Held against the first batch, so that a third one like the second does not hide the difference.
                let first = *dtype.get_or_insert(array.dtype());
                if array.dtype() != first {
                    self.origin.dtype = "mixed".into();
                } else if shapes.len() == 1 {
                    self.origin.dtype = first.to_string();
                }
                let len = array.len().max(1);
                let threads = if len >= WORTH_SHARING { self.threads } else { 1 };
                let mut stopped = false;
                let (report, following) = take.read(array, threads, &mut |seen| {
                    if (self.cancelled)() {
                        stopped = true;
                        return ControlFlow::Break(());
                    }
                    let part_done = (index as f64 + seen as f64 / len as f64) / parts as f64;
                    (self.progress)((self.done as f64 + part_done) / self.passes as f64);
                    ControlFlow::Continue(())
                })?;
                if stopped {
                    return Ok(false);
                }
                self.origin.overflowed += report.overflowed;
                next = following;
            }
        }
        self.done += 1;
        self.origin.files = self.source.parts.iter().map(Part::file).collect();
        self.origin.shape = Some(joined_shape(&shapes));
        Ok(true)
    }
}

/// The shape of batches laid one behind the other: their first axes added up where the others agree, otherwise just
/// the number of elements.
fn joined_shape(shapes: &[Vec<u64>]) -> Vec<u64> {
    match shapes {
        [] => Vec::new(),
        [one] => one.clone(),
        [first, rest @ ..] if !first.is_empty() && rest.iter().all(|s| s.get(1..) == first.get(1..)) => {
            let mut joined = first.clone();
            joined[0] = shapes.iter().map(|s| s[0]).sum();
            joined
        }
        _ => vec![shapes.iter().map(|s| s.iter().product::<u64>()).sum()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GridSpec;
    use crate::input;

    #[test]
    fn batches_add_up_along_the_first_axis() {
        assert_eq!(joined_shape(&[vec![8, 64, 7]]), [8, 64, 7]);
        assert_eq!(joined_shape(&[vec![8, 64, 7], vec![5, 64, 7]]), [13, 64, 7]);
        assert_eq!(joined_shape(&[vec![2, 3], vec![2, 4]]), [14]);
        assert_eq!(joined_shape(&[vec![], vec![]]), [2]);
        assert_eq!(joined_shape(&[vec![3], vec![]]), [4]);
    }

    #[test]
    fn a_file_that_changes_between_its_two_readings_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let write = |value: f32| ndarray_npy::write_npy(&path, &ndarray::arr1(&[value, 1.0])).unwrap();
        write(2.0);
        let source = input::discover(std::slice::from_ref(&path), None).sources.remove(0);
        let error = read_layer(&source, &Recipe::magnitudes(64), 1, &|_| write(3.0), &|| false).unwrap_err();
        assert_eq!((error.kind, error.file), (ErrorKind::Changed, path.display().to_string()));
    }

    #[test]
    fn arrays_in_one_file_are_batches_like_those_in_several() {
        use ndarray_npy::WriteNpyExt;
        let bytes = [3_usize, 500, 2].map(|n| {
            let mut bytes = Vec::new();
            let value = |(i, j)| (i as f32 * 0.37).sin() * (j + n) as f32;
            ndarray::Array2::from_shape_fn((n, 7), value).write_npy(&mut bytes).unwrap();
            bytes
        });
        let memory = |bytes: Vec<u8>| Part::memory("x.npy", bytes.leak());
        let one = Source { name: "x".into(), parts: vec![memory(bytes.concat())] };
        let several = Source { name: "x".into(), parts: bytes.map(memory).to_vec() };
        // Its numbers depend on where a batch ends.
        let recipe = Recipe { bins: 512, grids: vec![GridSpec::Numpy { bins: 100 }] };
        let read = |source| read_layer(source, &recipe, 2, &|_| {}, &|| false).unwrap().unwrap();
        let (one, several) = (read(&one), read(&several));
        assert_eq!(one.1, several.1);
        assert_eq!((&one.0.shape, &several.0.shape), (&Some(vec![505, 7]), &Some(vec![505, 7])));
        assert_eq!((one.0.files.len(), several.0.files.len()), (1, 3));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        use ndarray_npy::WriteNpyExt;
        // Batches that end within a chunk, and within a block of the moments.
        let parts = [WORTH_SHARING as usize + 4099, 77, WORTH_SHARING as usize + 70_001].map(|n| {
            let value = |i: usize| if i == 9 { f32::NAN } else { (i as f32 * 0.37).sin() * (n % 100 + i % 7) as f32 };
            let mut bytes = Vec::new();
            ndarray::Array1::from_iter((0..n).map(value)).write_npy(&mut bytes).unwrap();
            Part::memory("x.npy", bytes.leak())
        });
        let source = Source { name: "x".into(), parts: parts.to_vec() };
        let recipe = Recipe { bins: 2048, grids: vec![GridSpec::Numpy { bins: 100 }] };
        let read = |threads| read_layer(&source, &recipe, threads, &|_| {}, &|| false).unwrap().unwrap().1;
        let alone = read(1);
        for threads in [2, 3, 8] {
            assert_eq!(read(threads), alone);
        }
    }
}
