//! A network quantized as it is chosen, compared with itself in float.

use super::noise::{JITTERS, jittered, mean, spread};
use crate::ErrorKind;
use crate::jobs::network::{Run, Setup};
use crate::jobs::trial::Params;
use crate::jobs::tuning::Jittered;
use crate::model::{Effect, Graph, Judged, ModelError, OutputEffect, OutputEffects, Reference, Samples};
use crate::quant::QuantParams;

/// Memory for the values that partial runs begin with, and for the outputs of the float network.
const MEMORY: usize = 96 << 20;

/// Numbers at the outputs that are enough to judge by.
pub(super) const NUMBERS: usize = 1 << 17;

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
    pub weights: Vec<Vec<QuantParams>>,
}

impl Split {
    /// Takes the params of the tensors apart.
    ///
    /// # Errors
    ///
    /// An activation has a range for each channel, which no integer product can have.
    pub fn of(params: &Params, run: &Run) -> Result<Split, ModelError> {
        let of = |layer: &crate::session::Layer| params.get(&layer.key).map_or(&[][..], Vec::as_slice);
        let (activations, weights) = run.tensors.layers.split_at(run.activations());
        let one = |layer| match of(layer) {
            [] => Ok(None),
            [params] => Ok(Some(*params)),
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
            weights: weights.iter().map(|layer| of(layer).to_vec()).collect(),
        })
    }
}

/// A network with the weights that are chosen, ready to try params on its activations.
pub(super) struct Bench<'a> {
    setup: &'a Setup,
    source: &'a Samples,
    float: Reference<'a>,
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
    pub fn new(setup: &'a Setup, weights: &[Vec<QuantParams>], budget: Budget<'a>) -> Result<Bench<'a>, ModelError> {
        let graph = with_weights(setup, weights)?;
        let float = Reference::new(setup.graph()?, MEMORY);
        Ok(Bench { setup, source: &setup.samples, float, graph, samples: budget.samples.to_vec(), budget })
    }

    /// The same on samples of its own.
    pub fn with_samples(
        setup: &'a Setup,
        weights: &[Vec<QuantParams>],
        samples: Vec<usize>,
        budget: Budget<'a>,
    ) -> Result<Bench<'a>, ModelError> {
        Ok(Bench { samples, ..Bench::new(setup, weights, budget)? })
    }

    /// The same network on other samples.
    pub fn on_samples(&self, samples: &[usize]) -> Bench<'a> {
        let (float, graph) = (Reference::new(self.float.graph(), MEMORY), self.graph.clone());
        Bench { setup: self.setup, source: self.source, float, graph, samples: samples.to_vec(), budget: self.budget }
    }

    /// The same on the samples that nothing was chosen by, if there are any.
    pub fn on_check(&self) -> Option<Bench<'a>> {
        let source = self.setup.check.as_ref()?;
        let samples = (0..source.len()).collect();
        let (float, graph) = (Reference::new(self.float.graph(), MEMORY), self.graph.clone());
        Some(Bench { setup: self.setup, source, float, graph, samples, budget: self.budget })
    }

    /// How many numbers one sample gives at the outputs; 1 where that depends on values.
    pub fn output_numbers(&self) -> usize {
        output_numbers(self.setup)
    }

    /// The network's outputs with all activations on `params`, over all samples: nothing of them is kept in memory.
    /// `None` when it was cancelled.
    pub fn whole(&self, params: &[Option<QuantParams>]) -> Result<Option<OutputEffect>, ModelError> {
        Ok(self.whole_until(params, &|| false)?.map(|effects| effects.all))
    }

    /// The same, and of each output, over the samples that were run until it was `stopped`, at least one.
    pub fn whole_until(
        &self,
        params: &[Option<QuantParams>],
        stopped: Ask,
    ) -> Result<Option<OutputEffects>, ModelError> {
        let judged = Judged {
            samples: self.samples.len(),
            load: &|at| self.source.get(self.samples[at]),
            threads: self.budget.threads,
            cancelled: self.budget.cancelled,
            stopped,
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
        };
        let losses = |params: &[Option<QuantParams>]| self.float.losses(&self.on(params), &judged);
        let Some((effect, each)) = losses(params)? else { return Ok(None) };
        let (mut all, mut means) = (vec![effect.quality()], vec![mean(&each)]);
        // Many numbers do not move.
        let few = self.output_numbers() * self.samples.len() < NUMBERS;
        for seed in 0..if few { JITTERS } else { 1 } {
            // Who waits for the end need not wait for this: the spread then is that of fewer figures.
            if (self.budget.stopped)() {
                break;
            }
            let Some((effect, each)) = losses(&jittered(params, seed))? else { return Ok(None) };
            all.push(effect.quality());
            means.push(mean(&each));
        }
        let spread_db = spread(&all).max(spread(&means));
        Ok(Some(Jittered { effect, mean_db: means[0].get(), spread_db }))
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

/// The graph with its weights on these params; the float one where there are none.
fn with_weights(setup: &Setup, weights: &[Vec<QuantParams>]) -> Result<Graph, ModelError> {
    let params: Vec<_> = setup
        .weights
        .iter()
        .zip(weights)
        .filter(|(_, params)| !params.is_empty())
        .map(|(weight, params)| (weight.clone(), params.clone()))
        .collect();
    if params.is_empty() {
        return setup.graph().cloned();
    }
    Ok(setup.graph()?.with_network(&setup.network.with_weights(&params)?))
}
