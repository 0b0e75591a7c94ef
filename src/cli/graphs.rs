//! A model as checks need it.

use std::path::Path;

use crate::check::{Graph, GraphWeight, Node, Quantizer};
use crate::model::{Network, Surveyed, Weight};
use crate::report::visible;

/// Of a model's file what checks need; the error is a sentence.
pub(super) fn graph_of(path: &Path) -> Result<Graph, String> {
    let network = Network::open(path).map_err(|why| visible(&why.message))?;
    let (nodes, constants) = network.outline();
    let nodes =
        nodes.into_iter().map(|n| Node { name: n.name, op: n.op_type, inputs: n.inputs, outputs: n.outputs }).collect();
    let inputs = network.inputs().iter().map(|port| port.name.clone()).collect();
    let quantizers = network.quantizer_survey().into_iter().map(quantizer).collect();
    // Scales are for the weights that are deployed, not for those that batch norms are still to be folded into.
    let deployed = network.deployed();
    let weights = deployed.weights().iter().filter_map(|w| weight(&deployed, w)).collect();
    Ok(Graph { file: path.to_string_lossy().into_owned(), inputs, nodes, constants, weights, quantizers })
}

fn quantizer(of: Surveyed) -> Quantizer {
    Quantizer {
        tensor: of.tensor,
        is_weight: of.is_weight,
        scales: of.scales,
        zeros: of.zeros,
        dtype: of.dtype,
        axis: of.axis,
        channels: of.channels,
        // All zeros are nobody's narrow range.
        codes: of.codes.filter(|(low, high)| low < high).map(|(low, high)| (high - low) as u32 + 1),
        behind: of.behind,
    }
}

/// A weight with its largest magnitudes; nothing of one that cannot be read, which a run says.
fn weight(network: &Network, weight: &Weight) -> Option<GraphWeight> {
    let values = network.weight_values(weight).ok()?;
    let axis = weight.axis.filter(|axis| *axis < weight.shape.len());
    let channels = axis.map_or(1, |axis| weight.shape[axis]).max(1);
    let behind: usize = axis.map_or(values.len(), |axis| weight.shape[axis + 1..].iter().product()).max(1);
    let mut amax = vec![0.0_f32; channels];
    for (row, values) in values.chunks(behind).enumerate() {
        let of = &mut amax[row % channels];
        *of = values.iter().fold(*of, |amax, x| amax.max(x.abs()));
    }
    Some(GraphWeight { name: weight.name.clone(), shape: weight.shape.clone(), axis, amax })
}
