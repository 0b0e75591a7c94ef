//! The network quantized as it is chosen, compared with itself in float.

use std::cell::RefCell;

use super::setup::Setup;
use crate::model::{Effect, Graph, ModelError, Others, OutputEffect, Tensor};
use crate::quant::QuantParams;

/// Memory for the values that partial runs begin with.
const BUDGET: usize = 96 << 20;

/// The grids of all tensors: of activations one or none (float), of weights none, one, or one for each channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grids {
    /// In the order of the graph's activations.
    pub activations: Vec<Option<QuantParams>>,
    /// In the order of the network's weights.
    pub weights: Vec<Vec<QuantParams>>,
}

impl Grids {
    /// The grids of a session's layers, activations first, as [`Session::grids`](crate::session::Session::grids) gives
    /// them.
    pub fn of_layers(mut layers: Vec<Vec<QuantParams>>, activations: usize) -> Grids {
        let weights = layers.split_off(activations.min(layers.len()));
        Grids { activations: layers.into_iter().map(|grids| grids.first().copied()).collect(), weights }
    }
}

/// A network with the weights that are chosen, ready to try grids on its activations.
pub(super) struct Trial<'a> {
    setup: &'a Setup,
    /// With the weights of `Grids`; the activations are on no grid.
    graph: Graph,
    samples: Vec<usize>,
    threads: usize,
    /// Samples that partial runs had no memory for.
    pub short_of: std::cell::Cell<usize>,
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
        Ok(Trial { setup, graph, samples, threads, short_of: Default::default() })
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
        let effect = Effect::new(&graph, &self.setup.graph, tensors, Others::AsSet, samples, BUDGET, cancelled)?;
        if let Some(why) = failed.into_inner() {
            return Err(why);
        }
        if let Some(effect) = &effect {
            self.short_of.set(self.samples.len() - effect.samples());
        }
        Ok(effect)
    }

    /// How many threads may share the samples.
    pub fn threads(&self) -> usize {
        self.threads
    }

    fn load(&self, sample: usize, failed: &RefCell<Option<ModelError>>) -> Option<Vec<Tensor>> {
        match self.setup.samples.get(sample) {
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
