//! The table: what was counted of every tensor, and of which data.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Counts, Shape};
use crate::histogram::{Histogram, kept_bins};
use crate::session::{Key, Kind};

/// The shard of rows that were merged.
pub const MERGED: &str = "merged";

/// The shard of a network's weights, which are the same for all shards of a run.
pub const WEIGHTS: &str = "weights";

/// Which piece of which data was counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "(String, String)", from = "(String, String)")]
pub struct Identity {
    /// The calibration that it belongs to.
    pub run: String,
    /// The piece of its data.
    pub shard: String,
}

impl Identity {
    /// The shard of a run.
    pub fn new(run: impl Into<String>, shard: impl Into<String>) -> Identity {
        Identity { run: run.into(), shard: shard.into() }
    }
}

impl From<(String, String)> for Identity {
    fn from((run, shard): (String, String)) -> Identity {
        Identity { run, shard }
    }
}

impl From<Identity> for (String, String) {
    fn from(Identity { run, shard }: Identity) -> (String, String) {
        (run, shard)
    }
}

/// What was counted of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The operator that makes it; empty where that is not known.
    pub op: String,
    /// The type of its values, by its NumPy name; empty where that is not known.
    pub dtype: String,
    /// How many samples were counted; 0 where that is not known.
    pub samples: u64,
    /// Its shape, batches added up.
    pub shape: Shape,
    /// All its values.
    pub whole: Counts,
    /// Its channels, for each axis along which they were counted.
    pub channels: BTreeMap<u32, Vec<Counts>>,
}

impl Tensor {
    /// A tensor of which only the values are known.
    pub fn new(whole: Counts) -> Tensor {
        Tensor {
            op: String::new(),
            dtype: String::new(),
            samples: 0,
            shape: Shape::unknown(),
            whole,
            channels: BTreeMap::new(),
        }
    }

    /// The counts of its parts, each with its axis and channel; the tensor as a whole comes first.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Option<(u32, u32)>, &Counts)> {
        let along = |(axis, counts): (&u32, &'_ Vec<Counts>)| (*axis, counts.len());
        let channels = self.channels.iter().flat_map(move |(axis, counts)| {
            let (axis, _) = along((axis, counts));
            counts.iter().enumerate().map(move |(channel, counts)| (Some((axis, channel as u32)), counts))
        });
        std::iter::once((None, &self.whole)).chain(channels)
    }

    /// Takes in what was counted of other values of the same tensor, on grids for the same number of bins. After an error
    /// half of it may be done.
    ///
    /// # Errors
    /// What does not go together, as the end of a sentence.
    pub(super) fn merge(&mut self, other: &Tensor, bins: usize) -> Result<(), String> {
        if !(self.op.is_empty() || other.op.is_empty() || self.op == other.op) {
            return Err(format!(
                "is made by {} in one and by {} in another: these are two networks",
                self.op, other.op
            ));
        }
        if self.op.is_empty() {
            self.op.clone_from(&other.op);
        }
        if self.dtype != other.dtype {
            // What is not known of one is not known of all.
            let known = !self.dtype.is_empty() && !other.dtype.is_empty();
            self.dtype = if known { "mixed".to_owned() } else { String::new() };
        }
        let along = |tensor: &Tensor| tensor.channels.iter().map(|(axis, all)| (*axis, all.len())).collect::<Vec<_>>();
        if along(self) != along(other) {
            return Err(
                "was counted by other channels in one than in another; count both alike (--per-channel)".to_owned()
            );
        }
        let too_many = |_| "has more values than a table counts, 2^63".to_owned();
        self.samples = self
            .samples
            .checked_add(other.samples)
            .filter(|n| *n <= super::counts::MOST)
            .ok_or(())
            .map_err(too_many)?;
        self.shape = self.shape.joined(&other.shape);
        let too_many = |_| "has more values than a table counts, 2^63".to_owned();
        self.whole.merge(&other.whole, bins).map_err(too_many)?;
        for (axis, mine) in &mut self.channels {
            for (mine, theirs) in mine.iter_mut().zip(&other.channels[axis]) {
                mine.merge(theirs, bins).map_err(too_many)?;
            }
        }
        Ok(())
    }

    /// Brings counts for `from` bins to the grid for `to`, where these are fewer.
    pub(super) fn coarsen(&mut self, from: usize, to: usize) {
        if from > to {
            let channels = self.channels.values_mut().flatten();
            std::iter::once(&mut self.whole).chain(channels).for_each(|counts| counts.coarsen(from, to));
        }
    }

    /// The same as a copy, where it differs.
    pub(super) fn coarsened(&self, from: usize, to: usize) -> Cow<'_, Tensor> {
        if from <= to {
            return Cow::Borrowed(self);
        }
        let mut tensor = self.clone();
        tensor.coarsen(from, to);
        Cow::Owned(tensor)
    }

    /// That channels are those of the tensor; the end of a sentence where they are not.
    pub(super) fn check(&self) -> Result<(), String> {
        for (axis, channels) in &self.channels {
            let all = channels.iter().try_fold(0u64, |all, counts| all.checked_add(counts.n));
            if all != Some(self.whole.n) {
                return Err(format!(
                    "has {} values, and its channels along axis {axis} hold {}; count all of its parts per channel, or none",
                    self.whole.n,
                    all.map_or_else(|| "more than 64 bits count".to_owned(), |n| n.to_string())
                ));
            }
            if let Some(axes) = self.shape.axes().filter(|axes| *axes <= *axis as usize) {
                return Err(format!("has {axes} axes, and channels along axis {axis}"));
            }
        }
        Ok(())
    }
}

/// What was counted of one piece of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which piece.
    pub identity: Identity,
    /// How many bins were asked for.
    pub bins: usize,
    /// Each tensor.
    pub tensors: BTreeMap<Key, Tensor>,
}

impl Part {
    /// One in which nothing was counted yet.
    pub fn new(identity: Identity, bins: usize) -> Part {
        Part { identity, bins, tensors: BTreeMap::new() }
    }

    /// Takes in what was counted of further data of this piece. Weights are the same again, and stay.
    ///
    /// # Errors
    /// What does not go together, in a sentence. Some tensors may have been taken in then.
    pub fn add(&mut self, tensors: BTreeMap<Key, Tensor>) -> Result<(), String> {
        for (key, tensor) in tensors {
            match self.tensors.get_mut(&key) {
                Some(mine) if key.kind() == Kind::Activation => {
                    mine.merge(&tensor, self.bins).map_err(|why| format!("{key} {why}."))?;
                }
                _ => drop(self.tensors.insert(key, tensor)),
            }
        }
        Ok(())
    }
}

/// Parts that were merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The run, or all runs between `+` where several were merged.
    pub run: String,
    /// How many bins were asked for; of parts that differ the fewest.
    pub bins: usize,
    /// For how many bins files were counted, and of each number one of them, the first by name.
    pub counted_for: BTreeMap<usize, String>,
    /// What is in it.
    pub holds: BTreeSet<Identity>,
    /// Each tensor.
    pub tensors: BTreeMap<Key, Tensor>,
}

impl Table {
    /// Brings it to the grid for `bins` bins, where these are fewer than it has: to what counting for them gives.
    pub fn coarsen(&mut self, bins: usize) {
        let bins = kept_bins(bins) / 2;
        if bins < self.bins {
            self.tensors.values_mut().for_each(|tensor| tensor.coarsen(self.bins, bins));
            self.bins = bins;
        }
    }

    /// That bins were made wider, in a sentence, where it is so.
    pub fn coarsened(&self) -> Option<String> {
        let (finest, _) = self.counted_for.last_key_value().filter(|(finest, _)| **finest > self.bins)?;
        let bins = self.bins;
        Some(match self.counted_for.get(&bins) {
            Some(file) => {
                format!("{file} was counted for {bins} bins and others for up to {finest}: all are brought to {bins}.")
            }
            None => format!("What was counted for up to {finest} bins is brought to {bins}."),
        })
    }

    /// The histogram of a tensor.
    pub fn histogram(&self, key: &Key) -> Option<Histogram> {
        self.tensors.get(key).map(|tensor| tensor.whole.histogram(self.bins))
    }

    /// The histograms of a tensor's channels along an axis, where they were counted.
    pub fn channels(&self, key: &Key, axis: u32) -> Option<impl Iterator<Item = Histogram>> {
        let channels = self.tensors.get(key)?.channels.get(&axis)?;
        Some(channels.iter().map(|counts| counts.histogram(self.bins)))
    }
}
