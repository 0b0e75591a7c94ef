//! What statistics answer in place of values: they merge, and that is all.

use crate::ErrorKind;
use crate::histogram::{Histogram, Packed};
use crate::jobs::recipe::Recipe;
use crate::jobs::values::{Batch, Seen, Values, Watch};
use crate::session::{Failure, Key, Layer, Origin};
use crate::statistics::Table;

/// Statistics that were read.
pub(in crate::jobs) struct Statistics {
    pub table: Table,
    /// Where they come from.
    pub files: Vec<String>,
    /// The tensors, in the order in which they were told.
    pub keys: Vec<Key>,
}

impl Statistics {
    pub fn new(table: Table, files: Vec<String>) -> Statistics {
        let mut keys: Vec<Key> = table.tensors.keys().cloned().collect();
        keys.sort_by(|a, b| {
            let names = || alphanumeric_sort::compare_str(a.name(), b.name()).then_with(|| a.name().cmp(b.name()));
            a.kind().cmp(&b.kind()).then_with(names)
        });
        Statistics { table, files, keys }
    }

    /// The layers, of which nothing but what the table says of them is known.
    pub fn layers(&self) -> Vec<Layer> {
        let layer = |key: &Key| {
            let op = self.table.tensors[key].op.as_str();
            Layer::waiting(key.clone(), self.files.clone()).with_op(op)
        };
        self.keys.iter().map(layer).collect()
    }

    /// What the document says of where a tensor comes from.
    pub fn origin(&self, key: &Key) -> Origin {
        let tensor = &self.table.tensors[key];
        // How many pieces of the data it was makes no difference, and is not said. That some had wider bins does.
        let note = "From statistics, counted in one pass on bins of powers of two: the values and the order of batches are \
                    not known.";
        Origin {
            files: self.files.clone(),
            shape: tensor.shape.sizes(),
            samples: (tensor.samples > 0).then_some(tensor.samples),
            dtype: tensor.dtype.clone(),
            notes: std::iter::once(note.to_owned()).chain(self.table.coarsened()).collect(),
            ..Origin::default()
        }
    }

    /// The channels of a tensor along an axis, which counts from the end where it is negative.
    ///
    /// # Errors
    /// They were not counted.
    pub fn channels(&self, key: &Key, axis: i64) -> Result<(usize, Vec<Packed>), Failure> {
        let tensor = &self.table.tensors[key];
        let from_front = if axis < 0 { tensor.shape.axes().map(|axes| axis + axes as i64) } else { Some(axis) };
        let at = from_front.and_then(|axis| u32::try_from(axis).ok());
        let counted = at.and_then(|at| Some((at as usize, self.table.channels(key, at)?)));
        if let Some((at, channels)) = counted {
            return Ok((at, channels.map(|histogram| Packed::new(&histogram)).collect()));
        }
        let others: Vec<String> = tensor.channels.keys().map(u32::to_string).collect();
        let there = match others.as_slice() {
            [] => "there are counts of the tensor as a whole only".to_owned(),
            some => format!("there are those along axis {}", some.join(" and ")),
        };
        Err(self.unfit(format!(
            "{key}: the statistics hold no channels along axis {axis}, {there}; count again with qviz stats --per-channel \
             {axis}."
        )))
    }

    fn unfit(&self, message: String) -> Failure {
        Failure { kind: ErrorKind::Unfit, file: self.files.first().cloned().unwrap_or_default(), message }
    }
}

/// The trait that answers go through.
pub(in crate::jobs) struct StatisticsValues<'a>(pub &'a Statistics);

impl StatisticsValues<'_> {
    fn no_values(&self, tensor: usize) -> Failure {
        let key = &self.0.keys[tensor];
        self.0.unfit(format!("{key}: statistics hold counts and no values, so that this cannot be measured on them."))
    }
}

impl Values for StatisticsValues<'_> {
    fn batches(&self, tensor: usize) -> Result<Vec<Batch>, Failure> {
        Err(self.no_values(tensor))
    }

    fn sweep(&self, wanted: &[usize], _: &Watch, _: &mut dyn FnMut(usize, Seen)) -> Result<bool, Failure> {
        wanted.first().map_or(Ok(true), |tensor| Err(self.no_values(*tensor)))
    }

    /// All values of some tensors as one. Both are on powers of two, so that it is what counting them together gives.
    fn count(&self, of: &[usize], recipe: &Recipe, _: &Watch) -> Result<Option<Histogram>, Failure> {
        let Statistics { table, keys, .. } = self.0;
        if recipe.bins > 2 * table.bins {
            return Err(self.0.unfit(format!(
                "The statistics were counted for {} bins, which cannot be made finer; count again with qviz stats --bins {}.",
                table.bins, recipe.bins
            )));
        }
        let together = of.iter().map(|tensor| &keys[*tensor]).filter_map(|key| table.tensors.get(key));
        let together = crate::statistics::together(together.map(|tensor| &tensor.whole), table.bins);
        let together =
            together.ok_or_else(|| self.0.unfit("Together they are more values than can be counted.".to_owned()));
        together.map(|counts| Some(counts.histogram(table.bins)))
    }

    fn changed(&self, tensor: usize) -> Failure {
        self.no_values(tensor)
    }
}
