//! A network quantized as it is chosen, compared with itself in float.

use super::kept::{Kept, MEMORY};
use super::noise::{jittered, jitters, mean, mean_and_error, spread};
use crate::ErrorKind;
use crate::jobs::network::{Run, Setup};
use crate::jobs::trial::Params;
use crate::jobs::tuning::Jittered;
use crate::model::{Effect, Graph, Judged, ModelError, OutputEffect, OutputEffects, Reference, Samples};
use crate::quant::{Grids, QuantParams};

/// What a piece of work on a network may use, and what ends it.
#[derive(Clone, Copy)]
pub(super) struct Budget<'a> {
    /// The samples to judge on: places among all.
    pub samples: &'a [usize],
    pub threads: usize,
    /// Whether to leave at once.
    pub cancelled: Ask<'a>,
    /// Whether to end with what was found.
    pub stopped: Ask<'a>,
}

/// A question that is asked now and then.
pub(super) type Ask<'a> = &'a (dyn Fn() -> bool + Sync);

impl<'a> Budget<'a> {
    /// The same on other samples.
    pub fn on<'b>(self, samples: &'b [usize]) -> Budget<'b>
    where
        'a: 'b,
    {
        Budget { samples, ..self }
    }

    /// The same on the first `n` samples.
    pub fn on_first(self, n: usize) -> Budget<'a> {
        Budget { samples: &self.samples[..self.samples.len().min(n)], ..self }
    }
}

/// The params of all tensors by what they are.
pub(super) struct Split {
    /// In the order of the graph's activations.
    pub activations: Vec<Option<QuantParams>>,
    /// In the order of the network's weights.
    pub weights: Vec<Grids>,
}

impl Split {
    /// Takes the params of the tensors apart.
    ///
    /// # Errors
    ///
    /// An activation has a range for each channel, which no integer product can have.
    pub fn of(params: &Params, run: &Run) -> Result<Split, ModelError> {
        let float = Grids::FLOAT;
        let of = |layer: &crate::session::Layer| params.get(&layer.key).unwrap_or(&float);
        let (activations, weights) = run.tensors.layers.split_at(run.activations());
        let one = |layer| match **of(layer) {
            [] => Ok(None),
            [params] => Ok(Some(params)),
            _ => {
                let (file, name) = (run.setup.network.file().to_owned(), layer.name());
                let message = format!(
                    "{file} is tried with one range for each activation, and {name} has one for each channel; choose \
                     per tensor for it."
                );
                Err(ModelError { kind: ErrorKind::Unfit, file, message })
            }
        };
        Ok(Split {
            activations: activations.iter().map(one).collect::<Result<_, _>>()?,
            weights: weights.iter().map(|layer| of(layer).clone()).collect(),
        })
    }
}

/// A network with the weights that are chosen, ready to try params on its activations.
pub(super) struct Bench<'a> {
    setup: &'a Setup,
    source: &'a Samples,
    /// The float network on these samples, and on those to check on; their answers are kept for all trials.
    float: Reference<'a>,
    check: Reference<'a>,
    /// With the weights that were given; the activations are on no params.
    graph: Graph,
    samples: Vec<usize>,
    budget: Budget<'a>,
}

impl<'a> Bench<'a> {
    /// The network with these weights, in float where they have no params, on the samples of `budget`.
    ///
    /// # Errors
    ///
    /// The weights do not fit the network.
    pub fn new(
        setup: &'a Setup,
        kept: &Kept<'a>,
        weights: &[Grids],
        budget: Budget<'a>,
    ) -> Result<Bench<'a>, ModelError> {
        Bench::of_graph(setup, kept, kept.graph(weights)?, budget)
    }

    /// The same with a graph whose weights nobody will try again soon.
    ///
    /// # Errors
    ///
    /// The network is run by who only counts.
    pub fn of_graph(
        setup: &'a Setup,
        kept: &Kept<'a>,
        graph: Graph,
        budget: Budget<'a>,
    ) -> Result<Bench<'a>, ModelError> {
        let (float, check) = kept.float()?;
        let float = float.at(budget.samples);
        Ok(Bench { setup, source: &setup.samples, float, check, graph, samples: budget.samples.to_vec(), budget })
    }

    /// The same network on other samples.
    pub fn on_samples(&self, samples: &[usize]) -> Bench<'a> {
        let (float, check, graph) = (self.float.at(samples), self.check.clone(), self.graph.clone());
        let (setup, source, samples, budget) = (self.setup, self.source, samples.to_vec(), self.budget);
        Bench { setup, source, float, check, graph, samples, budget }
    }

    /// The same samples run through another graph of the network.
    pub fn with_graph(&self, graph: Graph) -> Bench<'a> {
        Bench { graph, ..self.on_samples(&self.samples) }
    }

    /// The same on the samples that nothing was chosen by, if there are any.
    pub fn on_check(&self) -> Option<Bench<'a>> {
        let source = self.setup.check.as_ref()?;
        let samples = (0..source.len()).collect();
        let (float, check, graph) = (self.check.clone(), self.check.clone(), self.graph.clone());
        Some(Bench { setup: self.setup, source, float, check, graph, samples, budget: self.budget })
    }

    /// How many numbers one sample gives at the outputs; 1 where that depends on values.
    pub fn output_numbers(&self) -> usize {
        output_numbers(self.setup)
    }

    /// The network's outputs with all activations on `params`, over all samples: nothing of them is kept in memory.
    /// `None` when it was cancelled.
    pub fn whole(&self, params: &[Option<QuantParams>]) -> Result<Option<OutputEffect>, ModelError> {
        Ok(self.whole_until(params, &|| false, &|_| {})?.map(|effects| effects.all))
    }

    /// The same, and of each output, over the samples that were run until it was `stopped`, at least one; `so_far` is told
    /// after each of them.
    pub fn whole_until(
        &self,
        params: &[Option<QuantParams>],
        stopped: Ask,
        so_far: &(dyn Fn(&dyn Fn() -> OutputEffects) + Sync),
    ) -> Result<Option<OutputEffects>, ModelError> {
        let judged = Judged {
            samples: self.samples.len(),
            load: &|at| self.source.get(self.samples[at]),
            threads: self.budget.threads,
            cancelled: self.budget.cancelled,
            stopped,
            so_far,
        };
        self.float.whole(&self.on(params), &judged)
    }

    /// The same, with the samples' mean, and how far both move when the last digits of the scales do. `None` when it was
    /// cancelled.
    pub fn judged(&self, params: &[Option<QuantParams>]) -> Result<Option<Jittered>, ModelError> {
        let judged = Judged {
            samples: self.samples.len(),
            load: &|at| self.source.get(self.samples[at]),
            threads: self.budget.threads,
            cancelled: self.budget.cancelled,
            stopped: &|| false,
            so_far: &|_| {},
        };
        let losses = |params: &[Option<QuantParams>]| self.float.losses(&self.on(params), &judged);
        let Some((effect, each)) = losses(params)? else { return Ok(None) };
        let (mut all, mut means) = (vec![effect.quality()], vec![mean(&each)]);
        let a_sample = self.output_numbers();
        for seed in 0..jitters(a_sample, a_sample * self.samples.len()) {
            // Who waits for the end need not wait for this: the spread then is that of fewer figures.
            if (self.budget.stopped)() {
                break;
            }
            let Some((effect, each)) = losses(&jittered(params, seed))? else { return Ok(None) };
            all.push(effect.quality());
            means.push(mean(&each));
        }
        let spread_db = spread(&all).max(spread(&means));
        let (mean_db, error_db) = mean_and_error(&means);
        Ok(Some(Jittered { effect, mean_db: mean_db.get(), spread_db, error_db }))
    }

    /// What is needed to try params on `tensors` while the other activations are on `others`; in float where there are
    /// none. As many samples are used as memory holds. `None` when it was cancelled.
    pub fn effect(&self, tensors: &[usize], others: &[Option<QuantParams>]) -> Result<Option<Effect>, ModelError> {
        let samples = self.samples.iter().map(|&sample| self.source.get(sample));
        Effect::new(&self.on(others), &self.float, tensors, samples, MEMORY, self.budget.cancelled)
    }

    fn on(&self, params: &[Option<QuantParams>]) -> Graph {
        let mut graph = self.graph.clone();
        params.iter().enumerate().for_each(|(tensor, params)| graph.set(tensor, *params));
        graph
    }
}

/// How many numbers one sample gives at the outputs; 1 where that depends on values.
pub(super) fn output_numbers(setup: &Setup) -> usize {
    setup.graph().map_or(1, |graph| graph.output_numbers().max(1))
}
