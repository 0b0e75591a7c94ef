//! The values of a network's tensors, which is run again for them.

use super::run::Run;
use crate::ErrorKind;
use crate::histogram::{BinPass, Histogram, RangePass};
use crate::jobs::gather::Gather;
use crate::jobs::recipe::Recipe;
use crate::jobs::values::{Batch, Seen, Values, Watch};
use crate::session::Failure;

/// The tensors of a network: activations in the graph's order, each sample a batch, and behind them weights, which are
/// there without a run.
pub(in crate::jobs) struct NetworkValues<'a> {
    pub run: &'a Run,
    /// Threads that count.
    pub threads: usize,
}

impl NetworkValues<'_> {
    fn file(&self) -> String {
        self.run.setup.network.file().to_owned()
    }

    fn fail(&self, kind: ErrorKind, predicate: impl std::fmt::Display) -> Failure {
        Failure { kind, message: format!("{} {predicate}", self.file()), file: self.file() }
    }

    /// Runs the same samples again. Returns false when it was cancelled.
    fn run_again(&self, watch: &Watch, see: &mut dyn FnMut(Option<usize>, &[f32])) -> Result<bool, Failure> {
        let Run { setup, samples, runs, .. } = self.run;
        for (done, &sample) in samples.iter().enumerate() {
            let values = setup.samples.get(sample)?;
            if !runs.run(setup, &values, &mut |tensor, _, values| see(Some(tensor), values), watch.cancelled)? {
                return Ok(false);
            }
            see(None, &[]);
            (watch.progress)((done + 1) as f64 / samples.len() as f64);
        }
        Ok(true)
    }
}

impl Values for NetworkValues<'_> {
    fn batches(&self, tensor: usize) -> Result<Vec<Batch>, Failure> {
        let Run { setup, tensors, samples, .. } = self.run;
        let subject = format!("{}: {}", self.file(), tensors.layers[tensor].name());
        let batch = |shape: &[usize]| Batch {
            shape: shape.iter().map(|&n| n as u64).collect(),
            fortran_order: false,
            subject: subject.clone(),
            file: self.file(),
        };
        if let Some(weight) = tensor.checked_sub(self.run.activations()) {
            return Ok(vec![batch(&setup.weights[weight].shape)]);
        }
        let depends = || batch(&[]).error("has a shape that depends on the values; leave it per tensor.");
        if setup.engine.is_one() {
            let shape = setup.engine.tensors()[tensor].shape.as_ref().ok_or_else(depends)?;
            return Ok(vec![batch(shape); samples.len()]);
        }
        let mut batches = Vec::new();
        for reach in setup.reaches(samples) {
            for shape in &reach[tensor] {
                batches.push(batch(shape.as_ref().ok_or_else(depends)?));
            }
        }
        if batches.is_empty() {
            return Err(batch(&[]).error("is reached by no sample; leave it per tensor."));
        }
        Ok(batches)
    }

    fn sweep(&self, wanted: &[usize], watch: &Watch, see: &mut dyn FnMut(usize, Seen)) -> Result<bool, Failure> {
        let activations = self.run.activations();
        let mut hand = |at: usize, values: &[f32]| {
            [Seen::Begin, Seen::Values(values), Seen::End].into_iter().for_each(|seen| see(at, seen));
        };
        for (at, weight) in wanted.iter().enumerate().filter_map(|(at, t)| Some((at, t.checked_sub(activations)?))) {
            if (watch.cancelled)() {
                return Ok(false);
            }
            hand(at, &self.run.setup.network.weight_values(&self.run.setup.weights[weight])?);
        }
        if wanted.iter().all(|tensor| *tensor >= activations) {
            return Ok(true);
        }
        self.run_again(watch, &mut |tensor, values| {
            if let Some(at) = tensor.and_then(|tensor| wanted.iter().position(|wanted| *wanted == tensor)) {
                hand(at, values);
            }
        })
    }

    fn count(&self, of: &[usize], recipe: &Recipe, watch: &Watch) -> Result<Option<Histogram>, Failure> {
        let Run { setup, tensors, stats, one_pass, .. } = self.run;
        let activations = self.run.activations();
        if let ([one], []) = (of, recipe.grids.as_slice()) {
            return self.finer(*one, recipe.bins, watch);
        }
        if let Some(weight) = of.iter().find(|tensor| **tensor >= activations) {
            let (file, name) = (self.file(), tensors.layers[*weight].name());
            let message = format!("{file}: {name} is a weight, which shares no range; tie activations only.");
            return Err(Failure { kind: ErrorKind::Unfit, file, message });
        }
        if let Some(without) = of.iter().find(|tensor| stats.get(**tensor).is_none_or(Option::is_none)) {
            let name = tensors.layers[*without].name();
            return Err(self.fail(ErrorKind::Missing, format!("gave no counts for {name}.")));
        }
        debug_assert_eq!(setup.engine.tensors().len(), activations);
        let mut gather = Gather::new(1, recipe, *one_pass, self.threads);
        loop {
            let ran = self.run_again(watch, &mut |tensor, values| match tensor {
                Some(tensor) if of.contains(&tensor) => gather.push(0, values),
                Some(_) => {}
                None => gather.end_sample(),
            })?;
            if !ran {
                return Ok(None);
            }
            if !gather.wants_second_pass() {
                return gather.finish(true).pop().flatten().map(Some).ok_or_else(|| self.changed(of[0]));
            }
            gather = gather.second_pass();
        }
    }

    fn changed(&self, tensor: usize) -> Failure {
        let name = self.run.tensors.layers[tensor].name();
        let predicate =
            format!("gives other values for {name} when it is run again on the same input; count in one pass.");
        self.fail(ErrorKind::Changed, predicate)
    }
}

impl NetworkValues<'_> {
    /// The magnitudes of one tensor on finer bins: of an activation its range is known, so that one run does.
    fn finer(&self, tensor: usize, bins: usize, watch: &Watch) -> Result<Option<Histogram>, Failure> {
        let Run { stats, one_pass, .. } = self.run;
        if *one_pass && tensor < stats.len() {
            let predicate = "was run in one pass, on bins that cannot be cut finer; run it in two passes.";
            return Err(self.fail(ErrorKind::Unfit, predicate));
        }
        let stats = match stats.get(tensor) {
            Some(Some(stats)) => stats.clone(),
            Some(None) => return Err(self.fail(ErrorKind::Missing, "gave no counts for this layer.")),
            None => {
                let mut pass = RangePass::new();
                if !self.sweep(&[tensor], watch, &mut |_, seen| {
                    if let Seen::Values(v) = seen {
                        pass.push(v)
                    }
                })? {
                    return Ok(None);
                }
                pass.finish()
            }
        };
        let mut pass = BinPass::new(stats, bins, &[]);
        if !self.sweep(&[tensor], watch, &mut |_, seen| {
            if let Seen::Values(v) = seen {
                pass.push(v)
            }
        })? {
            return Ok(None);
        }
        pass.finish_part().map(Some).map_err(|_| self.changed(tensor))
    }
}
