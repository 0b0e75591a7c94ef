//! What stands inside nodes: the branches of an `If`, the bodies of `Loop` and `Scan`.
//!
//! An `If` is settled before the engine sees it: the branch that a sample takes stands in the graph in its place, so that
//! what is inside is seen and tapped as all else is. A `Loop` or a `Scan` of a few turns is written out, turn by turn.
//! Which branch a sample takes, and whether there is a next turn, `stages` finds out.

mod names;
mod nodes;
mod splice;
mod turns;
mod unseen;

pub(super) use names::{each_name, name_apart};
pub(super) use splice::{Branch, Settling, Standing, order};
#[cfg(feature = "onnxruntime")]
pub(super) use unseen::inner;
pub(super) use unseen::unseen;

use tract_onnx::pb::{GraphProto, NodeProto};

/// The graphs inside a node, each with the name of its attribute.
fn inside(node: &NodeProto) -> impl Iterator<Item = (&str, &GraphProto)> {
    node.attribute
        .iter()
        .flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs).map(|graph| (attribute.name.as_str(), graph)))
}

/// A graph and all graphs inside its nodes, whichever branches are taken.
pub(super) fn all(graph: &GraphProto) -> Vec<&GraphProto> {
    let mut all = vec![graph];
    let mut next = 0;
    while let Some(graph) = all.get(next).copied() {
        all.extend(graph.node.iter().flat_map(inside).map(|(_, graph)| graph));
        next += 1;
    }
    all
}

/// What a node with graphs inside is told from others by: its first output.
fn identity(node: &NodeProto) -> &str {
    node.output.iter().find(|output| !output.is_empty()).map_or("", String::as_str)
}
