//! What was counted of a tensor, under its name: to be kept, carried to another machine, and merged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Key;
use crate::histogram::{Histogram, MergeError, Packed};

/// How a tensor is divided into parts that are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Not at all: one part.
    Whole,
    /// A part for each index along an axis, counted from the front.
    Axis(usize),
    /// A part for each run of `size` indices along an axis; the last one may be shorter.
    Block {
        /// The axis.
        axis: usize,
        /// Indices in a run, at least 1.
        size: u64,
    },
}

impl Split {
    /// How many parts it makes of a tensor of this shape; `None` where there is no such axis.
    pub fn parts(self, shape: &[u64]) -> Option<u64> {
        match self {
            Split::Whole => Some(1),
            Split::Axis(axis) => shape.get(axis).copied(),
            Split::Block { size: 0, .. } => None,
            Split::Block { axis, size } => shape.get(axis).map(|n| n.div_ceil(size)),
        }
    }

    fn axis(self) -> Option<usize> {
        match self {
            Split::Whole => None,
            Split::Axis(axis) | Split::Block { axis, .. } => Some(axis),
        }
    }
}

/// The facts of one tensor: the counts of its parts, for each way in which it was divided.
///
/// They serialize through any format of serde, compactly and to the last bit, and are checked when they are read.
///
/// ```
/// use qviz::histogram::{GrowingHistogram, Histogram};
/// use qviz::session::{Facts, Key, Split};
///
/// // Two machines each count a batch of the same activation, of shape (batch, 3), and write down what they found.
/// let counted = |values: &[f32]| -> Histogram {
///     let mut growing = GrowingHistogram::new(2048);
///     growing.push(values);
///     growing.finish()
/// };
/// let facts = |values: &[f32], rows: u64| {
///     Facts::new(Key::activation("relu1"), "Relu", [rows, 3]).with(Split::Whole, [&counted(values)])
/// };
/// let one = serde_json::to_string(&facts(&[0.0, 0.5, 2.0], 1)?)?;
/// let other = serde_json::to_string(&facts(&[7.0, 0.0, 0.0, 1.0, 1.5, 3.0], 2)?)?;
///
/// let mut all: Facts = serde_json::from_str(&one)?;
/// all.merge(&serde_json::from_str(&other)?)?;
/// assert_eq!(all.shape, [3, 3]);
/// let whole = all.part(Split::Whole, 0).unwrap();
/// assert_eq!(whole.magnitude, counted(&[0.0, 0.5, 2.0, 7.0, 0.0, 0.0, 1.0, 1.5, 3.0]).magnitude);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Facts {
    /// What the tensor is, and its name.
    pub key: Key,
    /// The operator that makes it (an activation) or takes it (a weight), as ONNX names it; empty where that is not
    /// known.
    pub op: String,
    /// Its shape; batches that were merged are added up along the first axis.
    pub shape: Vec<u64>,
    parts: BTreeMap<Split, Vec<Packed>>,
}

/// Facts as they are written: maps of JSON have texts for keys.
#[derive(Serialize, Deserialize)]
struct Written {
    key: Key,
    #[serde(default)]
    op: String,
    shape: Vec<u64>,
    counts: Vec<(Split, Vec<Packed>)>,
}

impl From<Facts> for Written {
    fn from(Facts { key, op, shape, parts }: Facts) -> Written {
        Written { key, op, shape, counts: parts.into_iter().collect() }
    }
}

impl TryFrom<Written> for Facts {
    type Error = FactsError;

    fn try_from(Written { key, op, shape, counts }: Written) -> Result<Facts, FactsError> {
        let empty = Facts { key, op, shape, parts: BTreeMap::new() };
        counts.into_iter().try_fold(empty, |facts, (split, parts)| facts.with_packed(split, parts))
    }
}

/// Why facts do not go together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// They are of two tensors.
    #[error("{0} and {1} are two tensors, whose facts are not merged")]
    Tensors(Key, Key),
    /// Their shapes differ in more than the first axis.
    #[error("{0} is of shape {1:?} here and {2:?} there, which differ in more than the first axis")]
    Shapes(Key, Vec<u64>, Vec<u64>),
    /// One was divided in a way in which the other was not.
    #[error("{0} was divided by {1:?} on one side only; count it in the same ways on both")]
    Splits(Key, Split),
    /// There is another number of parts than the shape says.
    #[error("{0} of shape {1:?} was divided by {2:?} into {3} parts, which does not fit")]
    Parts(Key, Vec<u64>, Split, usize),
    /// The parts of one division hold other numbers of elements than those of another.
    #[error("{0}: the parts of {1:?} do not hold as many elements as those of another division")]
    Elements(Key, Split),
    /// Blocks along the first axis do not end where the first batch does.
    #[error("{0}: {1} rows are no whole number of blocks of {2}, so that no further ones can come behind them")]
    Blocks(Key, u64, u64),
    /// The counts of a part cannot be merged.
    #[error("{0}: {1}")]
    Counts(Key, MergeError),
}

impl Facts {
    /// Of a tensor of which nothing was counted yet.
    pub fn new(key: Key, op: impl Into<String>, shape: impl Into<Vec<u64>>) -> Facts {
        Facts { key, op: op.into(), shape: shape.into(), parts: BTreeMap::new() }
    }

    /// The same with the counts of each part of a division, in order.
    ///
    /// # Errors
    /// [`FactsError::Parts`] where the shape says another number of parts, [`FactsError::Elements`] where they hold another
    /// number of elements than those of another division.
    pub fn with<'a>(self, split: Split, parts: impl IntoIterator<Item = &'a Histogram>) -> Result<Facts, FactsError> {
        self.with_packed(split, parts.into_iter().map(Packed::new).collect())
    }

    /// The same with counts that are packed.
    ///
    /// # Errors
    /// As [`Facts::with`].
    pub fn with_packed(mut self, split: Split, parts: Vec<Packed>) -> Result<Facts, FactsError> {
        if split.parts(&self.shape) != Some(parts.len() as u64) {
            return Err(FactsError::Parts(self.key, self.shape, split, parts.len()));
        }
        if self.parts.values().any(|other| elements(other) != elements(&parts)) {
            return Err(FactsError::Elements(self.key, split));
        }
        self.parts.insert(split, parts);
        Ok(self)
    }

    /// The ways in which it was divided.
    pub fn splits(&self) -> impl Iterator<Item = Split> {
        self.parts.keys().copied()
    }

    /// The counts of all parts of a division, in order; empty where it was not divided so.
    pub fn packed(&self, split: Split) -> &[Packed] {
        self.parts.get(&split).map_or(&[], Vec::as_slice)
    }

    /// The counts of one part.
    pub fn part(&self, split: Split, part: usize) -> Option<Histogram> {
        self.packed(split).get(part).map(Packed::unpack)
    }

    /// Takes in what was counted of further values of the same tensor: each part as [`Histogram::merge`] does it, and so
    /// exactly for any split of the data. Batches lie behind each other along the first axis, so that parts along that
    /// axis come behind those that are there. On an error nothing has changed.
    ///
    /// # Errors
    /// [`FactsError`] says what does not go together.
    pub fn merge(&mut self, other: &Facts) -> Result<(), FactsError> {
        let key = || self.key.clone();
        if self.key != other.key {
            return Err(FactsError::Tensors(key(), other.key.clone()));
        }
        if self.shape.len() != other.shape.len() || self.shape.get(1..) != other.shape.get(1..) {
            return Err(FactsError::Shapes(key(), self.shape.clone(), other.shape.clone()));
        }
        let one_sided = |a: &Facts, b: &Facts| a.splits().find(|split| !b.parts.contains_key(split));
        if let Some(split) = one_sided(self, other).or_else(|| one_sided(other, self)) {
            return Err(FactsError::Splits(key(), split));
        }
        let rows = self.shape.first().copied().unwrap_or(0);
        let mut merged = self.parts.clone();
        for (split, mine) in &mut merged {
            let theirs = other.packed(*split);
            if split.axis() == Some(0) {
                if let Split::Block { size, .. } = *split
                    && rows % size != 0
                {
                    return Err(FactsError::Blocks(key(), rows, size));
                }
                mine.extend_from_slice(theirs);
                continue;
            }
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                let mut both = mine.unpack();
                both.merge(&theirs.unpack()).map_err(|why| FactsError::Counts(key(), why))?;
                *mine = Packed::new(&both);
            }
        }
        self.parts = merged;
        if let (Some(mine), Some(theirs)) = (self.shape.first_mut(), other.shape.first()) {
            *mine = mine.saturating_add(*theirs);
        }
        Ok(())
    }
}

/// How many elements some parts hold together.
fn elements(parts: &[Packed]) -> u128 {
    parts.iter().map(|part| u128::from(part.stats().count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GrowingHistogram;
    use proptest::prelude::*;

    const COLUMNS: usize = 3;

    fn counted(values: impl IntoIterator<Item = f32>) -> Histogram {
        let mut growing = GrowingHistogram::new(64);
        growing.push(&values.into_iter().collect::<Vec<_>>());
        growing.finish()
    }

    /// Rows of three columns, divided in every way.
    fn facts(rows: &[[f32; COLUMNS]]) -> Facts {
        let column = |c: usize| counted(rows.iter().map(move |row| row[c]));
        let columns: Vec<Histogram> = (0..COLUMNS).map(column).collect();
        let blocks = [counted(rows.iter().flat_map(|row| [row[0], row[1]])), counted(rows.iter().map(|row| row[2]))];
        let each: Vec<Histogram> = rows.iter().map(|row| counted(*row)).collect();
        Facts::new(Key::activation("x"), "Relu", [rows.len() as u64, COLUMNS as u64])
            .with(Split::Whole, [&counted(rows.iter().flatten().copied())])
            .and_then(|f| f.with(Split::Axis(1), &columns))
            .and_then(|f| f.with(Split::Block { axis: 1, size: 2 }, &blocks))
            .and_then(|f| f.with(Split::Axis(0), &each))
            .unwrap()
    }

    fn again(facts: &Facts) -> Facts {
        serde_json::from_str(&serde_json::to_string(facts).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn any_split_counted_apart_kept_and_merged_is_the_whole(
            rows in prop::collection::vec(prop::array::uniform3(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32)]), 1..60),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).collect();
            cuts.extend([0, rows.len()]);
            cuts.sort_unstable();
            let mut merged = facts(&[]);
            for cut in cuts.windows(2) {
                merged.merge(&again(&facts(&rows[cut[0]..cut[1]]))).unwrap();
            }
            let (merged, whole) = (again(&merged), facts(&rows));
            prop_assert_eq!(&merged.shape, &whole.shape);
            for split in whole.splits() {
                prop_assert_eq!(merged.packed(split).len(), whole.packed(split).len());
                for part in 0..whole.packed(split).len() {
                    let (m, w) = (merged.part(split, part).unwrap(), whole.part(split, part).unwrap());
                    prop_assert_eq!(&m.magnitude, &w.magnitude);
                    let totals = |h: &Histogram| {
                        let s = &h.stats;
                        (s.count, s.nan, s.pos_inf, s.neg_inf, s.zeros, s.min, s.max)
                    };
                    prop_assert_eq!(totals(&m), totals(&w));
                    let (m, w) = (m.stats.sum_of_squares(), w.stats.sum_of_squares());
                    prop_assert!((m - w).abs() <= 100.0 * f64::EPSILON * w, "{} {}", m, w);
                }
            }
        }
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let rows = [[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]];
        let mut other = facts(&rows);
        other.key = Key::activation("y");
        let before = facts(&rows);
        let mut merged = before.clone();
        assert_eq!(
            merged.merge(&other).unwrap_err().to_string(),
            "x and y are two tensors, whose facts are not merged"
        );
        let whole = Facts::new(Key::activation("x"), "Relu", [2, 3]).with(Split::Whole, [&counted([0.0; 6])]).unwrap();
        assert!(matches!(merged.merge(&whole), Err(FactsError::Splits(..))));
        let wide = Facts::new(Key::activation("x"), "Relu", [2, 4]);
        assert!(matches!(merged.merge(&wide), Err(FactsError::Shapes(..))));
        assert_eq!(merged, before);
        let parts = whole.clone().with(Split::Axis(1), [&counted([1.0])]);
        assert!(matches!(parts, Err(FactsError::Parts(..))));
        let elements = whole.with(Split::Axis(0), [&counted([1.0]), &counted([1.0])]);
        assert!(matches!(elements, Err(FactsError::Elements(..))));
        let mut bad = serde_json::to_value(&before).unwrap();
        bad["shape"] = serde_json::json!([3, 3]);
        assert!(serde_json::from_value::<Facts>(bad).is_err());
    }
}
