//! Counting what a network's tensors hold while it runs, in one pass over its samples.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::guard::guarded;
use crate::histogram::Along;
use crate::jobs::network::{Runs, Setup, Subject};
use crate::jobs::told::defect;
use crate::model::Weight;
use crate::session::{Failure, Key, Kind, Layer};
use crate::statistics::{ChannelCounters, Counter, Shape, Tensor};

/// A network that is to be counted.
pub struct NetworkCount {
    setup: Setup,
    layers: Vec<Layer>,
}

/// What came of some samples.
pub struct Counted {
    /// Each tensor: activations on these samples, and all weights.
    pub tensors: BTreeMap<Key, Tensor>,
    /// How many of the samples were seen, those that could not be used too.
    pub seen: usize,
    /// Samples that could not be used, each with a sentence.
    pub skipped: Vec<Failure>,
}

/// Counters of an activation.
struct Counting {
    whole: Counter,
    channels: Option<(u32, ChannelCounters)>,
    axis: Option<i64>,
    shape: Option<Shape>,
    samples: u64,
    /// Why its channels cannot be counted.
    why_not: Option<String>,
}

impl NetworkCount {
    /// Opens a model and its samples.
    ///
    /// # Errors
    /// The model cannot be read or run, or there are no samples that fit it.
    pub fn open(subject: Subject) -> Result<NetworkCount, Failure> {
        let file = subject.model.display().to_string();
        let setup = guarded(|| Setup::open(subject).map_err(Failure::from)).unwrap_or_else(|_| Err(defect(&file)))?;
        let layers = setup.layers();
        Ok(NetworkCount { setup, layers })
    }

    /// What is run on what, in a few words.
    pub fn title(&self) -> String {
        self.setup.title()
    }

    /// What is taken for granted, a sentence without its full stop each.
    pub fn assumptions(&self) -> Vec<String> {
        self.setup.assumptions()
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.setup.samples.len()
    }

    /// The tensors, as rules see them: activations, and behind them weights.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Runs some of the samples and counts every tensor for `bins` bins; `axes` has the axis for each tensor whose channels
    /// are counted as well. `progress` is told how many samples are done; `stopped` is asked between them, and what was
    /// seen before is kept.
    ///
    /// # Errors
    /// No sample can be used, or channels are wanted that are not there.
    pub fn count(
        &self,
        samples: Range<usize>,
        bins: usize,
        axes: &[Option<i64>],
        progress: &dyn Fn(usize),
        stopped: &dyn Fn() -> bool,
    ) -> Result<Counted, Failure> {
        let file = self.setup.network.file();
        let counted = guarded(|| self.counted(samples, bins, axes, progress, stopped));
        counted.unwrap_or_else(|_| Err(defect(file)))
    }

    fn counted(
        &self,
        samples: Range<usize>,
        bins: usize,
        axes: &[Option<i64>],
        progress: &dyn Fn(usize),
        stopped: &dyn Fn() -> bool,
    ) -> Result<Counted, Failure> {
        let mut using: Vec<usize> = samples.collect();
        let mut skipped: Vec<(usize, Failure)> = Vec::new();
        let activations = self.setup.engine.tensors().len();
        let runs = Runs::default();
        loop {
            let begin = |axis: &Option<i64>| Counting::new(bins, *axis);
            let mut counting: Vec<Counting> = axes[..activations].iter().map(begin).collect();
            let (mut seen, mut bad) = (0, None);
            for (at, &sample) in using.iter().enumerate() {
                if stopped() {
                    break;
                }
                progress(at);
                let values = match self.setup.samples.get(sample) {
                    Ok(values) => values,
                    Err(why) => {
                        bad = Some((at, why));
                        break;
                    }
                };
                let mut see =
                    |tensor: usize, shape: &[usize], values: &[f32]| counting[tensor].see(bins, shape, values);
                if let Err(why) = runs.run(&self.setup, &values, &mut see, &|| false) {
                    bad = Some((at, why));
                    break;
                }
                seen = at + 1;
            }
            if let Some((at, why)) = bad {
                // Some of its values may be counted: all begins anew without it.
                skipped.push((using.remove(at), why.into()));
                if using.is_empty() {
                    return Err(skipped.swap_remove(0).1);
                }
                continue;
            }
            // What lies behind the last sample that was seen was not looked at, whatever is wrong with it.
            let whole = seen == using.len();
            using.truncate(seen);
            let was_seen = |(sample, _): &&(usize, Failure)| whole || using.last().is_some_and(|last| sample < last);
            let seen = using.len() + skipped.iter().filter(was_seen).count();
            return Ok(Counted {
                tensors: self.tensors(counting, bins, axes)?,
                seen,
                skipped: skipped.into_iter().map(|(_, why)| why).collect(),
            });
        }
    }

    fn tensors(
        &self,
        counting: Vec<Counting>,
        bins: usize,
        axes: &[Option<i64>],
    ) -> Result<BTreeMap<Key, Tensor>, Failure> {
        let mut tensors = BTreeMap::new();
        for (counting, tensor) in counting.into_iter().zip(self.setup.engine.tensors()) {
            let dtype = crate::model::type_name(tensor.dtype);
            let counted = counting.finish().map_err(|why| self.error(&tensor.name, &why))?;
            tensors
                .insert(Key::activation(tensor.name.as_str()), Tensor { op: tensor.op_type.clone(), dtype, ..counted });
        }
        let first = self.setup.engine.tensors().len();
        for (weight, axis) in self.setup.weights.iter().zip(&axes[first..]) {
            let counted = self.weight(weight, bins, *axis)?;
            tensors.insert(Key::new(Kind::Weight, weight.name.as_str()), counted);
        }
        Ok(tensors)
    }

    fn weight(&self, weight: &Weight, bins: usize, axis: Option<i64>) -> Result<Tensor, Failure> {
        let values = self.setup.network.weight_values(weight)?;
        let mut counting = Counting::new(bins, axis);
        counting.see(bins, &weight.shape.to_vec(), &values);
        let op = weight.uses.first().map_or(String::new(), |used| used.op_type.clone());
        let counted = counting.finish().map_err(|why| self.error(&weight.name, &why))?;
        // It is no sample of anything.
        Ok(Tensor { op, dtype: weight.dtype.clone(), samples: 0, ..counted })
    }

    fn error(&self, tensor: &str, why: &str) -> Failure {
        let file = self.setup.network.file().to_owned();
        Failure { kind: crate::ErrorKind::Unfit, message: format!("{file} ({tensor}) {why}"), file }
    }
}

impl Counting {
    fn new(bins: usize, axis: Option<i64>) -> Counting {
        Counting { whole: Counter::new(bins), channels: None, axis, shape: None, samples: 0, why_not: None }
    }

    fn see(&mut self, bins: usize, shape: &[usize], values: &[f32]) {
        self.whole.push(values);
        self.samples += 1;
        let sizes: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let this = Shape::new(&sizes);
        self.shape = Some(self.shape.take().map_or(this.clone(), |before| before.joined(&this)));
        let Some(axis) = self.axis else { return };
        let at = if axis < 0 { axis + sizes.len() as i64 } else { axis };
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < sizes.len()) else {
            self.why_not.get_or_insert(format!("has the shape {shape:?} and no axis {axis}; choose another."));
            return;
        };
        let along = Along::new(&sizes, at, false);
        let (first, counters) =
            self.channels.get_or_insert_with(|| (at as u32, ChannelCounters::new(bins, along.channels)));
        if *first as usize != at || counters.channels() != along.channels {
            let before = counters.channels();
            self.why_not.get_or_insert(format!(
                "has {} channels along axis {axis} in one sample and {before} in another; choose an axis that all share.",
                along.channels
            ));
            return;
        }
        counters.begin(along);
        counters.push(values);
    }

    fn finish(self) -> Result<Tensor, String> {
        if let Some(why) = self.why_not {
            return Err(why);
        }
        let channels = self.channels.into_iter().map(|(axis, counters)| (axis, counters.finish())).collect();
        let shape = self.shape.unwrap_or_else(Shape::unknown);
        Ok(Tensor { samples: self.samples, shape, channels, ..Tensor::new(self.whole.finish()) })
    }
}
