//! What a runtime makes of a network before it quantizes: done to the file, since the scales fit that network.

use super::graph::{BETWEEN, Graph, INPUT, Item, Tensor};
use super::inner::{self, Instead};
use super::node::Node;
use super::options::QdqError;
use crate::model::Network;
use std::collections::HashSet;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Names that were taken by what is gone: constants may now be of no use.
    pub freed: HashSet<String>,
    /// Weights that would be others as deployed, and are the file's: what is folded there stands inside a node.
    pub left: HashSet<String>,
    /// How many nodes are folded, and how many only gave another name.
    pub folded: usize,
    pub renamed: usize,
}

/// Brings the graph to what `network` is as it is deployed.
pub(super) fn apply(graph: &mut Graph, network: &Network) -> Result<Applied, QdqError> {
    let mut applied = Applied::default();
    let fail = |why: String| QdqError::file(network, &format!("cannot be written anew ({why})"));
    aliases(graph, network, &mut applied).map_err(fail)?;
    fold(graph, network, &mut applied)?;
    Ok(applied)
}

/// One name for one tensor.
fn aliases(graph: &mut Graph, network: &Network, applied: &mut Applied) -> Result<(), String> {
    let own: HashSet<String> = graph.defined().map(str::to_owned).collect();
    let here = network.aliases().iter().filter(|(name, known)| own.contains(*name) && own.contains(*known));
    let instead: Instead = here.map(|(name, known)| (name.clone(), known.clone())).collect();
    if instead.is_empty() {
        return Ok(());
    }
    let mut handed_on = HashSet::new();
    inner::handed_on(graph, &mut handed_on)?;
    if let Some(name) = handed_on.iter().find(|name| instead.contains_key(*name)) {
        return Err(format!("a branch hands on {name}, which is another name of a tensor; use --as-written"));
    }
    let goes = |node: &Node| node.outputs.first().is_some_and(|made| network.is_made_by_alias(made));
    graph.items.retain(|item| match item {
        Item::Node(node) if goes(node) => {
            applied.renamed += 1;
            applied.freed.extend(node.inputs.iter().skip(1).map(|input| input.clone().into_owned()));
            false
        }
        Item::Port(port) => port.field != BETWEEN || !instead.contains_key(port.name),
        _ => true,
    });
    for node in graph.nodes_mut() {
        for at in 0..node.outputs.len() {
            if let Some(known) = instead.get(&*node.outputs[at]) {
                node.edit().outputs[at] = known.clone().into();
            }
        }
    }
    inner::take_instead(graph, &instead).map(drop)
}

/// Batch norms inside the weights before them.
fn fold(graph: &mut Graph, network: &Network, applied: &mut Applied) -> Result<(), QdqError> {
    for folding in network.foldings() {
        let product = graph.nodes_mut().find(|node| node.outputs.first().is_some_and(|made| *made == folding.product));
        let Some(product) = product else {
            applied.left.insert(folding.weight.clone());
            continue;
        };
        let replaced = product.inputs.get(2).cloned();
        let parts = product.edit();
        parts.outputs[0] = folding.left.clone().into();
        parts.inputs.resize(3, "".into());
        parts.inputs[2] = folding.bias.clone().into();
        parts.attributes.retain(|attribute| attribute.name != "beta");
        if parts.op == "MatMul" {
            parts.op = "Gemm".into();
        }
        applied.freed.extend(replaced.map(std::borrow::Cow::into_owned));
        let made: HashSet<&str> = folding.made.iter().map(String::as_str).collect();
        let constants = [folding.weight.as_str(), folding.bias.as_str()];
        graph.items.retain(|item| match item {
            Item::Node(node) => {
                let first = node.outputs.first().map_or("", |made| made);
                let goes = matches!(&*node.op, "BatchNormalization" | "Mul" | "Add") && made.contains(first);
                if goes {
                    applied.folded += 1;
                    applied.freed.extend(node.inputs.iter().map(|input| input.clone().into_owned()));
                }
                !goes && !(node.op == "Constant" && constants.contains(&first))
            }
            Item::Initializer(tensor) => !constants.contains(&&*tensor.name),
            Item::Port(port) if port.field == BETWEEN => {
                port.name != folding.product && (port.name == folding.left || !made.contains(port.name))
            }
            // What is computed anew is nothing that could be fed in its place.
            Item::Port(port) if port.field == INPUT => !constants.contains(&port.name),
            _ => true,
        });
        for name in constants {
            let stored = network.stored(name)?.ok_or_else(|| QdqError::file(network, "lost a constant"))?;
            let tensor = Tensor::new(name, stored.element, &stored.dims, &stored.bytes);
            graph.items.push(Item::Initializer(tensor));
        }
    }
    // What the product itself took last is gone only if nothing else takes it.
    network.foldings().iter().for_each(|folding| {
        applied.freed.remove(&folding.bias);
        applied.freed.remove(&folding.weight);
    });
    Ok(())
}
