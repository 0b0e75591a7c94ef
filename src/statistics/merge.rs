//! Parts made one table: exactly, each piece of the data once, and nothing in part.

use std::collections::{BTreeMap, BTreeSet};

use super::file::File;
use super::print::{Print, print_of};
use super::weights::Weights;
use super::{Identity, MERGED, Part, StatisticsError, Table, Tensor};
use crate::histogram::kept_bins;
use crate::session::{Key, Kind};

/// Merges files one after the other, and keeps of each only what it comes to.
///
/// Files that were counted for different numbers of bins come to the fewest of these. A grid for fewer bins is made of whole
/// bins of a finer one, so that this is what one pass for the fewest gives, and no order gives anything else.
#[derive(Debug, Default)]
pub struct Merger {
    any_runs: bool,
    /// For how many bins files were counted, and of each number the first file by name.
    counted_for: BTreeMap<usize, String>,
    /// The first file that holds no tensor. What it says of bins is no reason to make others wider.
    empty: Option<(usize, String)>,
    runs: BTreeMap<String, String>,
    seen: BTreeMap<Identity, Seen>,
    /// Activations, on the grid for the fewest bins so far.
    activations: BTreeMap<Key, Tensor>,
    weights: Weights,
    broken: bool,
}

/// Where a piece of the data came from.
#[derive(Debug)]
struct Seen {
    print: Print,
    bins: usize,
    file: String,
}

impl Merger {
    /// One that has seen nothing.
    pub fn new() -> Merger {
        Merger::default()
    }

    /// The same that takes several runs together.
    pub fn of_any_runs(self) -> Merger {
        Merger { any_runs: true, ..self }
    }

    /// Takes in a file. A piece that is there already, and the same, counts once.
    ///
    /// # Errors
    /// What does not go together. The merger is of no use then: nothing comes of a part of the files.
    pub fn add(&mut self, name: &str, file: File) -> Result<(), StatisticsError> {
        let taken = self.take(name, file);
        self.broken |= taken.is_err();
        taken
    }

    /// What all files come to.
    ///
    /// # Errors
    /// There were none, or one did not go with the others.
    pub fn finish(self) -> Result<Table, StatisticsError> {
        let fewest = self.counted_for.first_key_value().map(|(bins, file)| (*bins, file.clone()));
        let Some((bins, file)) = fewest.or(self.empty).filter(|_| !self.broken) else {
            let why = "nothing was merged: there is no file of statistics, or one does not go with the others.";
            return Err(StatisticsError {
                kind: crate::ErrorKind::Missing,
                file: String::new(),
                message: why.to_owned(),
            });
        };
        let mut tensors = self.activations;
        tensors.extend(self.weights.finish(bins));
        for (key, tensor) in &tensors {
            // Those of the same channels everywhere are all right; this is a second look.
            tensor.check().map_err(|why| StatisticsError::damaged(&file, format!("({key}) {why}.")))?;
        }
        let run = self.runs.into_keys().collect::<Vec<_>>().join("+");
        let holds = self.seen.into_keys().collect();
        Ok(Table { run, bins, counted_for: self.counted_for, holds, tensors })
    }

    fn take(&mut self, name: &str, file: File) -> Result<(), StatisticsError> {
        let unfit = |predicate: String| StatisticsError::unfit(name, predicate);
        for run in file.runs() {
            if let Some((other, first)) = self.runs.iter().find(|(other, _)| **other != run).filter(|_| !self.any_runs)
            {
                return Err(unfit(format!(
                    "is of the run {run}, and {first} of {other}; leave one of them out, or merge several runs with --runs."
                )));
            }
            self.runs.entry(run).or_insert_with(|| name.to_owned());
        }
        let File { bins, holds, parts, .. } = file;
        let bins = kept_bins(bins) / 2;
        if parts.iter().all(|part| part.tensors.is_empty()) {
            self.empty.get_or_insert_with(|| (bins, name.to_owned()));
            return Ok(());
        }
        self.counted_for(bins, name);
        match holds {
            // What was merged comes as a whole, or not at all.
            Some(holds) => {
                let tensors: BTreeMap<Key, Tensor> = parts.into_iter().flat_map(|part| part.tensors).collect();
                self.piece(name, &holds, tensors, bins)
            }
            None => parts.into_iter().try_for_each(|Part { identity, tensors, .. }| {
                self.piece(name, &BTreeSet::from([identity]), tensors, bins)
            }),
        }
    }

    /// A file for so many bins comes: nothing stays finer.
    fn counted_for(&mut self, bins: usize, name: &str) {
        if let Some((&fewest, _)) = self.counted_for.first_key_value() {
            self.activations.values_mut().for_each(|tensor| tensor.coarsen(fewest, bins));
        }
        let first = self.counted_for.entry(bins).or_insert_with(|| name.to_owned());
        if name < first.as_str() {
            name.clone_into(first);
        }
    }

    /// One piece, or several that were merged.
    fn piece(
        &mut self,
        name: &str,
        of: &BTreeSet<Identity>,
        tensors: BTreeMap<Key, Tensor>,
        bins: usize,
    ) -> Result<(), StatisticsError> {
        let (weights, activations): (BTreeMap<_, _>, BTreeMap<_, _>) =
            tensors.into_iter().partition(|(key, _)| key.kind() == Kind::Weight);
        for (key, tensor) in weights {
            self.weights.add(name, key, tensor, bins)?;
        }
        if activations.is_empty() {
            return Ok(());
        }
        let print = print_of(of, &activations, bins);
        let known: Vec<_> = of.iter().filter_map(|identity| Some((identity, self.seen.get(identity)?))).collect();
        if let Some((identity, seen)) = known.iter().find(|(_, seen)| seen.print != print) {
            return Err(StatisticsError::unfit(name, self.twice(identity, seen, of, bins)));
        }
        if !known.is_empty() {
            // All of them: their digests say that they came together.
            return Ok(());
        }
        for identity in of {
            self.seen.insert(identity.clone(), Seen { print, bins, file: name.to_owned() });
        }
        let fewest = *self.counted_for.first_key_value().expect("this file's stands there").0;
        for (key, mut tensor) in activations {
            tensor.coarsen(bins, fewest);
            match self.activations.get_mut(&key) {
                None => drop(self.activations.insert(key, tensor)),
                Some(mine) => {
                    mine.merge(&tensor, fewest)
                        .map_err(|why| StatisticsError::unfit(name, format!("({key}) {why}.")))?;
                }
            }
        }
        Ok(())
    }

    /// A piece comes again, and says something else: the end of a sentence.
    fn twice(&self, identity: &Identity, seen: &Seen, of: &BTreeSet<Identity>, bins: usize) -> String {
        let Identity { run, shard } = identity;
        let together = of.len() > 1 || self.seen.values().filter(|other| other.print == seen.print).count() > 1;
        let shard = if shard == MERGED { "merged rows".to_owned() } else { format!("the shard {shard}") };
        let remedy = if together {
            "what was added up cannot be taken out again: merge the parts themselves, or leave one of the two out"
                .to_owned()
        } else if seen.bins != bins {
            // Whether both say the same on the wider bins is not looked at: a task that was tried again has the same bins.
            format!("one was counted for {bins} bins and the other for {}: leave one of the two out", seen.bins)
        } else {
            "they differ: leave out the one that is wrong, or give each piece of data a name of its own (--shard)"
                .to_owned()
        };
        format!("holds {shard} of the run {run}, and so does {}; {remedy}.", seen.file)
    }
}

impl From<Part> for File {
    fn from(part: Part) -> File {
        File { bins: part.bins, holds: None, sources: None, parts: vec![part] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Counter, Shape, read, write_part, write_table};
    use super::*;
    use proptest::prelude::*;

    fn tensor(values: &[f32], axis: Option<u32>) -> Tensor {
        let counted = |values: &[f32]| {
            let mut counter = Counter::new(64);
            counter.push(values);
            counter.finish()
        };
        let shape = Shape::new(&[values.len() as u64 / 2, 2]);
        let column = |c: usize| counted(&values.iter().skip(c).step_by(2).copied().collect::<Vec<_>>());
        let channels = axis.map(|axis| (axis, vec![column(0), column(1)])).into_iter().collect();
        Tensor { shape, dtype: "float32".into(), samples: 1, channels, ..Tensor::new(counted(values)) }
    }

    fn part(shard: &str, tensors: &[(&str, &[f32])], axis: Option<u32>) -> Part {
        let tensors = tensors.iter().map(|(name, values)| (Key::activation(*name), tensor(values, axis)));
        Part { tensors: tensors.collect(), ..Part::new(Identity::new("r", shard), 64) }
    }

    fn merged(files: &[(&str, File)]) -> Result<Table, StatisticsError> {
        let mut merger = Merger::new();
        for (name, file) in files {
            merger.add(name, file.clone())?;
        }
        merger.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Any split, any order, any part repeated, merged at once or in groups: the same bytes.
        #[test]
        fn however_it_is_merged_it_is_the_same_file(
            shards in prop::collection::vec(prop::collection::vec(
                prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32), Just(f32::NAN)], 1..40), 1..6),
            order in any::<u64>(), again in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>()
        ) {
            let values: Vec<Vec<f32>> = shards.into_iter().map(|s| s.iter().chain(&s).copied().collect()).collect();
            let files: Vec<(String, File)> = values.iter().enumerate().map(|(i, values)| {
                let part = part(&format!("s{i}"), &[("x", values), ("y", &values[..2])], Some(1));
                (format!("{i}.parquet"), part.into())
            }).collect();
            let all: Vec<(&str, File)> = files.iter().map(|(name, file)| (name.as_str(), file.clone())).collect();
            let once = merged(&all).unwrap();
            let bytes = write_table(&once).unwrap();

            let mut shuffled = all.clone();
            shuffled.push(all[again.index(all.len())].clone());
            shuffled.sort_by_key(|(name, _)| name.bytes().fold(order, |a, b| a.wrapping_mul(31).wrapping_add(b.into())));
            prop_assert_eq!(write_table(&merged(&shuffled).unwrap()).unwrap(), bytes.clone());

            // In two groups, through files, and both of them twice.
            let (head, tail) = all.split_at(cut.index(all.len() + 1));
            let mut groups = Vec::new();
            for (name, group) in [("tail", tail), ("head", head)] {
                if let Ok(table) = merged(group) {
                    groups.push((name, read(name, write_table(&table).unwrap().into()).unwrap()));
                }
            }
            groups.extend(groups.clone());
            prop_assert_eq!(write_table(&merged(&groups).unwrap()).unwrap(), bytes);

            // One pass over all values; its shape is that of the batches.
            let whole = tensor(&values.concat(), Some(1));
            let x = &once.tensors[&Key::activation("x")];
            prop_assert_eq!((&x.whole, &x.channels, &x.shape), (&whole.whole, &whole.channels, &whole.shape));
        }
    }

    #[test]
    fn what_does_not_go_together_is_told_and_nothing_comes_of_it() {
        let values: &[f32] = &[1.0, -2.0, 0.0, 4.0];
        let a: File = part("a", &[("x", values)], None).into();
        let wrong = |files: &[(&str, File)]| {
            let mut merger = Merger::new();
            let said = files.iter().find_map(|(name, file)| merger.add(name, file.clone()).err()).unwrap();
            assert!(merger.finish().is_err());
            said.message
        };
        let other = part("a", &[("x", &values[..2])], None);
        let said = wrong(&[("a", a.clone()), ("b", other.into())]);
        assert_eq!(
            said,
            "b holds the shard a of the run r, and so does a; they differ: leave out the one that is wrong, or give each \
             piece of data a name of its own (--shard)."
        );
        let b: File = part("b", &[("x", values)], None).into();
        let both = merged(&[("a", a.clone()), ("b", b.clone())]).unwrap();
        let both = read("both", write_table(&both).unwrap().into()).unwrap();
        assert!(wrong(&[("both", both.clone()), ("a", a.clone())]).contains("cannot be taken out again"));
        assert!(wrong(&[("a", a.clone()), ("both", both.clone())]).contains("cannot be taken out again"));
        assert_eq!(merged(&[("both", both.clone()), ("again", both.clone())]).unwrap().holds.len(), 2);

        let mut run = part("c", &[("x", values)], None);
        run.identity.run = "other".into();
        let run: File = run.into();
        assert!(
            wrong(&[("a", a.clone()), ("c", run.clone())]).contains("c is of the run other, and a of r; leave one")
        );
        let mut merger = Merger::new().of_any_runs();
        merger.add("c", run).unwrap();
        merger.add("a", a.clone()).unwrap();
        assert_eq!(merger.finish().unwrap().run, "other+r");

        let bins: File = Part { bins: 128, ..part("a", &[("x", values)], None) }.into();
        for (one, other) in [(&a, &bins), (&bins, &a)] {
            let said = wrong(&[("a", one.clone()), ("c", other.clone())]);
            assert!(said.contains("c holds the shard a of the run r, and so does a; one was counted for"), "{said}");
            assert!(said.contains("128") && said.contains("64"), "{said}");
        }
        let channels = part("c", &[("x", values)], Some(1));
        assert!(wrong(&[("a", a.clone()), ("c", channels.into())]).contains("c (x) was counted by other channels"));
        let mut relu = part("c", &[("x", values)], None);
        relu.tensors.values_mut().for_each(|t| t.op = "Relu".into());
        let mut clip = part("d", &[("x", values)], None);
        clip.tensors.values_mut().for_each(|t| t.op = "Clip".into());
        assert!(wrong(&[("c", relu.into()), ("d", clip.into())]).contains("made by Relu in one and by Clip"));
        assert!(Merger::new().finish().unwrap_err().message.contains("no file of statistics"));
    }

    #[test]
    fn weights_count_once_and_differ_from_nobody_s() {
        let with_weight = |shard: &str, values: &[f32]| -> File {
            let mut all = part(shard, &[("x", &[1.0, 2.0])], None);
            all.tensors.insert(Key::new(Kind::Weight, "w"), tensor(values, Some(0)));
            read(shard, write_part(&all, None).unwrap().into()).unwrap()
        };
        let (a, b) = (with_weight("a", &[1.0, 0.5, -3.0, 0.25]), with_weight("b", &[1.0, 0.5, -3.0, 0.25]));
        let table = merged(&[("a", a.clone()), ("b", b)]).unwrap();
        assert_eq!(table.tensors[&Key::new(Kind::Weight, "w")], tensor(&[1.0, 0.5, -3.0, 0.25], Some(0)));
        assert_eq!(table.tensors[&Key::activation("x")].samples, 2);
        assert_eq!(table.holds.iter().map(|i| i.shard.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let said = merged(&[("a", a), ("c", with_weight("c", &[1.0, 0.5, -3.0, 0.5]))]).unwrap_err();
        assert_eq!(said.message, "c (w) has other values than in a: these are two networks; merge each by itself.");
    }
}
