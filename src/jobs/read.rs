use std::cell::RefCell;
use std::ops::ControlFlow;

use crate::calibrate::Calibrator;
use crate::histogram::{BatchRange, BinPass, GridSpec, GrowingHistogram, Histogram, RangePass};
use crate::input::{DType, InputError, Part, Source};
use crate::session::Origin;

/// Which grids a layer's values are counted on.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Number of magnitude bins.
    pub bins: usize,
    /// The further grids that the methods ask for.
    pub grids: Vec<GridSpec>,
}

impl Recipe {
    /// The grids that `methods` need, each once.
    pub fn new<'a>(bins: usize, methods: impl IntoIterator<Item = &'a dyn Calibrator>) -> Recipe {
        let mut grids = Vec::new();
        for grid in methods.into_iter().flat_map(|m| m.grids()) {
            if !grids.contains(&grid) {
                grids.push(grid);
            }
        }
        Recipe { bins, grids }
    }
}

/// Reads one layer: its range in a first pass over all batches, its counts in a second. A layer with a batch that can
/// be read only once (a pipe) is counted in one pass on a power-of-two grid.
///
/// `progress` is told the share of the work that is done, 0 to 1; `cancelled` is asked between chunks.
///
/// # Errors
/// The first file that cannot be read, or that changed between the passes. `Ok(None)` when it was cancelled.
pub fn read_layer(
    source: &Source,
    recipe: &Recipe,
    progress: &dyn Fn(f64),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(Origin, Histogram)>, InputError> {
    let once = !source.parts.iter().all(Part::seekable_twice);
    let passes = if once { 1 } else { 2 };
    let mut pass = Pass { source, origin: Origin::default(), progress, cancelled, passes, done: 0 };

    if once {
        let mut growing = GrowingHistogram::new(recipe.bins);
        let complete = pass.run(&mut |_, chunk| growing.push(chunk), &mut || {})?;
        return Ok(complete.then(|| (pass.origin, growing.finish())));
    }
    let mut range = RangePass::new();
    // The peers' grids want to know each batch beforehand; nobody else does.
    let by_batches = recipe.grids.iter().any(|grid| grid.by_batches());
    let mut ranges = vec![BatchRange::default(); source.parts.len()];
    let mut look = |batch: usize, chunk: &[f32]| {
        range.push(chunk);
        if by_batches {
            ranges[batch].push(chunk);
        }
    };
    if !pass.run(&mut look, &mut || {})? {
        return Ok(None);
    }
    let origin = std::mem::take(&mut pass.origin);
    let bins = RefCell::new(BinPass::new(range.finish(), recipe.bins, &recipe.grids).with_batches(ranges));
    if !pass.run(&mut |_, chunk| bins.borrow_mut().push(chunk), &mut || bins.borrow_mut().end_batch())? {
        return Ok(None);
    }
    let file = || source.parts.first().map(Part::file).unwrap_or_default();
    let histogram = bins.into_inner().finish().map_err(|_| InputError {
        file: file(),
        message: format!("{} changed while it was read; load it again when nothing writes to it any more.", file()),
    })?;
    Ok(Some((origin, histogram)))
}

/// One sweep over a layer's batches after another.
struct Pass<'a> {
    source: &'a Source,
    origin: Origin,
    progress: &'a dyn Fn(f64),
    cancelled: &'a dyn Fn() -> bool,
    passes: usize,
    done: usize,
}

impl Pass<'_> {
    /// Pushes every chunk with the number of its batch, and tells where a batch ends. Returns whether it got to the end.
    fn run(&mut self, push: &mut dyn FnMut(usize, &[f32]), end: &mut dyn FnMut()) -> Result<bool, InputError> {
        let parts = self.source.parts.len();
        let mut shapes = Vec::with_capacity(parts);
        let mut dtype: Option<DType> = None;
        for (index, part) in self.source.parts.iter().enumerate() {
            let array = part.open()?;
            shapes.push(array.shape().to_vec());
            if dtype.is_some_and(|d| d != array.dtype()) {
                self.origin.dtype = "mixed".into();
            } else {
                self.origin.dtype = array.dtype().to_string();
            }
            dtype = Some(array.dtype());
            let (len, mut seen) = (array.len().max(1), 0);
            let mut stopped = false;
            let report = array.read(&mut |chunk| {
                if (self.cancelled)() {
                    stopped = true;
                    return ControlFlow::Break(());
                }
                push(index, chunk);
                seen += chunk.len() as u64;
                let part_done = (index as f64 + seen as f64 / len as f64) / parts as f64;
                (self.progress)((self.done as f64 + part_done) / self.passes as f64);
                ControlFlow::Continue(())
            })?;
            if stopped {
                return Ok(false);
            }
            end();
            self.origin.overflowed += report.overflowed;
        }
        self.done += 1;
        self.origin.files = self.source.parts.iter().map(Part::file).collect();
        self.origin.shape = joined_shape(&shapes);
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

    #[test]
    fn batches_add_up_along_the_first_axis() {
        assert_eq!(joined_shape(&[vec![8, 64, 7]]), [8, 64, 7]);
        assert_eq!(joined_shape(&[vec![8, 64, 7], vec![5, 64, 7]]), [13, 64, 7]);
        assert_eq!(joined_shape(&[vec![2, 3], vec![2, 4]]), [14]);
        assert_eq!(joined_shape(&[vec![], vec![]]), [2]);
        assert_eq!(joined_shape(&[vec![3], vec![]]), [4]);
    }
}
