//! Reading tensors once more.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::recipe::Recipe;
use crate::ErrorKind;
use crate::histogram::Histogram;
use crate::session::Failure;

/// Tensors whose values can be had once more: those of files, or of a network that is run again. Tensors are places in
/// the list that whoever reads them has told.
pub(super) trait Values: Sync {
    /// How the batches of a tensor lie, in order: a file's array each, or a sample of a network each.
    ///
    /// # Errors
    /// A file that cannot be opened; a shape that depends on the values.
    fn batches(&self, tensor: usize) -> Result<Vec<Batch>, Failure>;

    /// Hands all values of the wanted tensors to `see`, with the place in `wanted` that they are of. The batches of each
    /// come in order. Returns false when it was cancelled.
    ///
    /// # Errors
    /// A tensor that cannot be read again.
    fn sweep(&self, wanted: &[usize], watch: &Watch, see: &mut dyn FnMut(usize, Seen)) -> Result<bool, Failure>;

    /// The histogram of all values of some tensors as one, as the first reading would have made it, on as many threads
    /// as it had. `None` when it was cancelled.
    ///
    /// # Errors
    /// A tensor that cannot be read again, or whose values have changed.
    fn count(&self, of: &[usize], recipe: &Recipe, watch: &Watch) -> Result<Option<Histogram>, Failure>;

    /// Other values came than the first time.
    fn changed(&self, tensor: usize) -> Failure;
}

/// A batch of a tensor.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Its shape.
    pub shape: Vec<u64>,
    /// Whether the first axis changes fastest, not the last.
    pub fortran_order: bool,
    /// What sentences call it: the file, or the tensor of a network.
    pub subject: String,
    /// Its file.
    pub file: String,
}

impl Batch {
    /// A sentence about what is asked of it and does not fit it.
    pub fn error(&self, predicate: impl std::fmt::Display) -> Failure {
        let message = format!("{} {predicate}", self.subject);
        Failure { kind: ErrorKind::Unfit, file: self.file.clone(), message }
    }
}

/// What a sweep comes by.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    /// The next batch begins.
    Begin,
    /// Its next values, in the order in which they lie.
    Values(&'a [f32]),
    /// It is complete.
    End,
}

/// How work is told what to do, and tells how far it is.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    /// The share that is done, 0 to 1.
    pub progress: &'a dyn Fn(f64),
    /// Whether to leave at once, without a result.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl Watch<'_> {
    /// Does a part of the work: the one from `from` to `to` of the whole, as shares.
    pub fn part<T>(&self, from: f64, to: f64, work: impl FnOnce(&Watch) -> T) -> T {
        work(&Watch { progress: &|share| (self.progress)(from + share * (to - from)), cancelled: self.cancelled })
    }
}

/// Tells `tell` at most ten times a second which share is done, and how long the rest will take at the pace so far.
pub(super) fn now_and_then(tell: impl Fn(f64, Option<Duration>)) -> impl Fn(f64) {
    let started = Instant::now();
    let told = Cell::new(started);
    move |share| {
        if told.get().elapsed() >= Duration::from_millis(100) {
            told.set(Instant::now());
            let left = (share > 0.0).then(|| started.elapsed().mul_f64((1.0 / share - 1.0).clamp(0.0, 1e6)));
            tell(share, left);
        }
    }
}
