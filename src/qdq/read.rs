//! The scales of a model that is quantized already.

use super::graph::Graph;
use super::onnx::Onnx;
use super::options::{BEHIND, QdqError};
use crate::exchange::{Range, Read};
use crate::model::Network;
use crate::quant::Clip;
use crate::session::Kind;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What the `QuantizeLinear` and `DequantizeLinear` of a model say, in the order of its nodes.
///
/// A weight that is stored as integers is called as its `DequantizeLinear` calls the float that it stands for; where that
/// name ends as [`write`](super::write) and ONNX Runtime end it, it is the name before that.
///
/// # Errors
///
/// The model cannot be read, or quantizes nothing.
pub fn read(model: &Path) -> Result<Read, QdqError> {
    let network = Network::open(model)?;
    let (network, quantizers) = network.without_quantizers();
    if quantizers.is_empty() {
        return Err(QdqError::file(
            &network,
            "holds no QuantizeLinear and DequantizeLinear whose scales are constants",
        ));
    }
    let damaged = |why: String| QdqError::file(&network, &format!("is not an ONNX model ({why})"));
    let bytes = std::fs::read(model).map_err(|error| damaged(error.to_string()))?;
    let onnx = Onnx::read(&bytes).map_err(damaged)?;
    let weights: HashMap<String, usize> =
        network.weights().into_iter().map(|weight| (weight.name.clone(), weight.shape.len())).collect();
    let taken: HashSet<&str> = onnx.graph.defined().collect();
    let order = order(&onnx.graph);
    let mut grids: Vec<_> = quantizers.all().collect();
    grids.sort_by_key(|(name, _)| (weights.contains_key(*name), order.get(name).copied().unwrap_or(usize::MAX)));
    let mut read = Read::default();
    let mut unplaced = Vec::new();
    for (name, grid) in grids {
        let rank = weights.get(name);
        let axis = match (grid.axis, rank) {
            (None, _) => None,
            (Some(axis), None) if axis >= 0 => usize::try_from(axis).ok(),
            (Some(_), None) => {
                unplaced.push(name.to_owned());
                continue;
            }
            (Some(_), Some(rank)) => grid.axis_of(*rank),
        };
        let own = name.strip_suffix(BEHIND).filter(|own| rank.is_some() && !own.is_empty() && !taken.contains(own));
        let kind = if rank.is_some() { Kind::Weight } else { Kind::Activation };
        let clips: Vec<Clip> = grid.clips();
        let range = Range::of_params(own.unwrap_or(name), kind, axis, &grid.params);
        read.ranges.push(Range { clips, ..range });
    }
    if !unplaced.is_empty() {
        let names = unplaced.join(", ");
        read.said
            .push(format!("Not read, since their axis counts from the end of a shape that is not known: {names}."));
    }
    let left = quantizers.notes(network.file()).into_iter().skip(1);
    read.said.extend(left.map(|note| format!("{note}.")));
    Ok(read)
}

/// Where each tensor that a quantizer takes or makes stands.
fn order<'g>(graph: &'g Graph) -> HashMap<&'g str, usize> {
    let mut order: HashMap<&'g str, usize> = HashMap::new();
    for (at, node) in graph.nodes().enumerate() {
        let ends = node.inputs.first().into_iter().chain(node.outputs.first());
        if matches!(&*node.op, "QuantizeLinear" | "DequantizeLinear") {
            for name in ends {
                order.entry(&**name).or_insert(at);
            }
        }
    }
    order
}
