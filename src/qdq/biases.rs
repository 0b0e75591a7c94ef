//! Biases that take in the mean of what quantization adds, as `tune --correct-bias` has found them.

use super::graph::{Graph, Item, Tensor};
use super::names::Names;
use super::options::QdqError;
use crate::model::{Biased, Network};
use crate::report::{MovedBias, visible};
use std::collections::HashSet;

/// Gives each of these nodes a bias of its own, moved by its numbers. Returns the names that they took before.
///
/// A bias that others take too stays theirs; a node without one gets one.
pub(super) fn apply(
    graph: &mut Graph,
    network: &Network,
    moved: &[MovedBias],
    names: &mut Names,
) -> Result<HashSet<String>, QdqError> {
    if moved.is_empty() {
        return Ok(HashSet::new());
    }
    let products = network.biased(&network.weights());
    let shift = |moved: &MovedBias| -> Result<(Biased, Vec<f64>), QdqError> {
        let (node, n) = (&moved.node, moved.add.len());
        let product = products.iter().find(|of| of.node == *node && of.channels == n);
        let product = product.filter(|_| moved.add.iter().all(|by| by.is_finite()));
        product.map(|product| (product.clone(), moved.add.clone())).ok_or_else(|| {
            let why = format!(
                "has no Conv or Gemm called {} whose bias takes {n} numbers, as the document has it; tune this model anew",
                visible(node)
            );
            QdqError::file(network, &why)
        })
    };
    let shifts: Vec<(Biased, Vec<f64>)> = moved.iter().map(shift).collect::<Result<_, _>>()?;
    let corrected = network.with_biases(&shifts)?;
    let mut freed = HashSet::new();
    for (product, _) in &shifts {
        let lost = || QdqError::file(network, &format!("lost the node {}", visible(&product.node)));
        let bias = corrected.stored(&product.bias())?.ok_or_else(lost)?;
        let node = graph.nodes_mut().find(|node| node.outputs.first().is_some_and(|made| made == product.output()));
        let node = node.ok_or_else(lost)?;
        let name = names.fresh(&product.bias());
        let parts = node.edit();
        parts.inputs.resize(parts.inputs.len().max(3), "".into());
        let before = std::mem::replace(&mut parts.inputs[2], name.clone().into());
        freed.extend((!before.is_empty()).then(|| before.into_owned()));
        graph.items.push(Item::Initializer(Tensor::new(&name, bias.element, &bias.dims, &bias.bytes)));
    }
    Ok(freed)
}
