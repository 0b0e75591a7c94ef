//! The network quantized as it is chosen, compared with itself in float.

use std::cell::RefCell;

use super::setup::Setup;
use super::work::Run;
use crate::jobs::Grids;
use crate::model::{Effect, Graph, ModelError, Others, OutputEffect, Reference, Samples, Tensor};
use crate::quant::QuantParams;

/// Memory for the values that partial runs begin with.
const BUDGET: usize = 96 << 20;

/// The grids of all tensors by what they are.
pub(super) struct Split {
    /// In the order of the graph's activations.
    pub activations: Vec<Option<QuantParams>>,
    /// In the order of the network's weights.
    pub weights: Vec<Vec<QuantParams>>,
}

impl Split {
    /// Takes the grids of the layers apart.
    ///
    /// # Errors
    ///
    /// An activation has a range for each channel, which no integer product can have.
    pub fn of(grids: &Grids, run: &Run) -> Result<Split, ModelError> {
        let activations = run.setup.graph.tensors().len();
        let one = |(layer, grids): (usize, &Vec<QuantParams>)| match grids.as_slice() {
            [] => Ok(None),
            [grid] => Ok(Some(*grid)),
            _ => {
                let file = run.setup.network.file().to_owned();
                let name = &run.layers[layer].name();
                let message = format!(
                    "{file} is tried with one range for each activation, and {name} has one for each channel; choose per tensor for it."
                );
                Err(ModelError { file, message })
            }
        };
        let of_activations =
            grids.layers.iter().take(activations).enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
        let weights = grids.layers.iter().skip(activations).cloned().collect();
        Ok(Split { activations: of_activations, weights })
    }
}

/// A network with the weights that are chosen, ready to try grids on its activations.
pub(super) struct Trial<'a> {
    setup: &'a Setup,
    source: &'a Samples,
    float: Reference<'a>,
    /// With the weights of `Grids`; the activations are on no grid.
    graph: Graph,
    samples: Vec<usize>,
    threads: usize,
}

/// Whether to leave at once.
pub(super) type Cancelled<'a> = &'a (dyn Fn() -> bool + Sync);

impl<'a> Trial<'a> {
    /// A trial of the network with these weights on these samples.
    ///
    /// # Errors
    ///
    /// The weights do not fit the network.
    pub fn new(
        setup: &'a Setup,
        weights: &[Vec<QuantParams>],
        samples: Vec<usize>,
        threads: usize,
    ) -> Result<Trial<'a>, ModelError> {
        let graph = with_weights(setup, weights)?;
        let float = Reference::new(&setup.graph);
        Ok(Trial { setup, source: &setup.samples, float, graph, samples, threads })
    }

    /// The same trial on the samples that nothing was chosen by, if there are any.
    pub fn on_check(&self) -> Option<Trial<'a>> {
        let source = self.setup.check.as_ref()?;
        let samples = (0..source.len()).collect();
        let (float, graph) = (Reference::new(&self.setup.graph), self.graph.clone());
        Some(Trial { setup: self.setup, source, float, graph, samples, threads: self.threads })
    }

    /// The same trial on its first `n` samples.
    pub fn on_first(mut self, n: usize) -> Trial<'a> {
        self.samples.truncate(n);
        self
    }

    /// How many numbers one sample gives at the outputs; 1 where that depends on values.
    pub fn output_numbers(&self) -> usize {
        let outputs = self.graph.tensors().iter().filter(|t| t.is_output);
        outputs.filter_map(|t| Some(t.shape.as_ref()?.iter().product::<usize>())).sum::<usize>().max(1)
    }

    /// The network's outputs with all activations on `grids`.
    pub fn whole(
        &self,
        grids: &[Option<QuantParams>],
        cancelled: Cancelled,
    ) -> Result<Option<OutputEffect>, ModelError> {
        let tensors: Vec<usize> = (0..grids.len()).filter(|&t| grids[t].is_some()).collect();
        let Some(effect) = self.effect(&tensors, &[], cancelled)? else { return Ok(None) };
        let grids: Vec<_> = tensors.iter().map(|&t| grids[t]).collect();
        effect.output(&grids, self.threads, cancelled)
    }

    /// What is needed to try grids on `tensors` while the other activations are on `others`; in float where there are
    /// none.
    pub fn effect(
        &self,
        tensors: &[usize],
        others: &[Option<QuantParams>],
        cancelled: Cancelled,
    ) -> Result<Option<Effect>, ModelError> {
        let mut graph = self.graph.clone();
        for (tensor, grid) in others.iter().enumerate() {
            graph.set(tensor, *grid);
        }
        let failed = RefCell::new(None);
        let samples = self.samples.iter().map_while(|&i| self.load(i, &failed));
        let effect = Effect::new(&graph, &self.float, tensors, Others::AsSet, samples, BUDGET, cancelled)?;
        if let Some(why) = failed.into_inner() {
            return Err(why);
        }
        Ok(effect)
    }

    fn load(&self, sample: usize, failed: &RefCell<Option<ModelError>>) -> Option<Vec<Tensor>> {
        match self.source.get(sample) {
            Ok(values) => Some(values),
            Err(why) => {
                *failed.borrow_mut() = Some(why);
                None
            }
        }
    }
}

/// The graph with its weights on these grids; the float one where there are none.
pub(super) fn with_weights(setup: &Setup, weights: &[Vec<QuantParams>]) -> Result<Graph, ModelError> {
    let grids: Vec<_> = setup
        .weights
        .iter()
        .zip(weights)
        .filter(|(_, grids)| !grids.is_empty())
        .map(|(weight, grids)| (weight.clone(), grids.clone()))
        .collect();
    if grids.is_empty() {
        return Ok(setup.graph.clone());
    }
    let network = setup.network.with_weights(&grids)?;
    Graph::build(&network, setup.samples.shapes())
}
