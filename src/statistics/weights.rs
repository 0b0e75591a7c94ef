//! Weights: the same in every part, they count once.

use std::collections::BTreeMap;

use super::{StatisticsError, Tensor};
use crate::session::Key;

/// Those that were seen.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// For each number of bins that a weight was counted for: its counts, and the file that they came from first. Each is
    /// kept as it came, so that whether two files go together does not depend on which others came before them.
    seen: BTreeMap<Key, BTreeMap<usize, (Tensor, String)>>,
}

impl Weights {
    /// One more, counted for `bins` bins.
    ///
    /// # Errors
    /// It is another one there, as far as the fewer of the bins tell.
    pub fn add(&mut self, file: &str, key: Key, tensor: Tensor, bins: usize) -> Result<(), StatisticsError> {
        let known = self.seen.entry(key.clone()).or_default();
        for (theirs, (other, first)) in known.iter() {
            if tensor.coarsened(bins, *theirs) != other.coarsened(*theirs, bins) {
                let why =
                    format!("({key}) has other values than in {first}: these are two networks; merge each by itself.");
                return Err(StatisticsError::unfit(file, why));
            }
        }
        known.entry(bins).or_insert_with(|| (tensor, file.to_owned()));
        Ok(())
    }

    /// Each of them once, on the grid for `bins` bins, which are no more than any was counted for.
    pub fn finish(self, bins: usize) -> impl Iterator<Item = (Key, Tensor)> {
        self.seen.into_iter().filter_map(move |(key, mut known)| {
            let (from, (mut tensor, _)) = known.pop_first()?;
            tensor.coarsen(from, bins);
            Some((key, tensor))
        })
    }
}
