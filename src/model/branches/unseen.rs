//! What of a graph is not looked at, in sentences.

use super::splice::Branch;
use super::{all, identity, inside};
use crate::model::activations::node_name;
use crate::model::error::one_line;
use std::collections::BTreeSet;
use tract_onnx::pb::{GraphProto, NodeProto};

/// How many are named; of more the number is said.
const NAMED: usize = 3;

/// What no sample sees where samples take these branches: a sentence without its full stop each.
pub(in crate::model) fn unseen(graph: &GraphProto, taken: &BTreeSet<Branch>) -> Vec<String> {
    let mut found = Unseen::default();
    found.walk(graph, taken);
    let mut said = Vec::new();
    for (op, bodies) in found.bodies {
        said.push(sentence(&bodies, &format!(" ({op})"), "tensors there hold other values in each turn"));
    }
    if !found.branches.is_empty() {
        // The largest are named.
        found.branches.sort_by_key(|(_, nodes)| std::cmp::Reverse(*nodes));
        said.push(sentence(&found.branches, "", "no sample takes that branch"));
    }
    said
}

/// What stands inside nodes, where only the graph itself is looked at: a sentence without its full stop.
#[cfg(feature = "onnxruntime")]
pub(in crate::model) fn inner(graph: &GraphProto, why: &str) -> Option<String> {
    let of = |node: &NodeProto| (one_line(node_name(node)), inside(node).map(|(_, inner)| size(inner)).sum());
    let places: Vec<(String, usize)> = graph.node.iter().map(of).filter(|(_, nodes)| *nodes > 0).collect();
    (!places.is_empty()).then(|| sentence(&places, "", why))
}

#[derive(Default)]
struct Unseen {
    branches: Vec<(String, usize)>,
    /// By operator.
    bodies: std::collections::BTreeMap<String, Vec<(String, usize)>>,
}

impl Unseen {
    fn walk(&mut self, graph: &GraphProto, taken: &BTreeSet<Branch>) {
        for node in &graph.node {
            let name = one_line(node_name(node));
            for (attribute, inner) in inside(node) {
                let written_out = taken.contains(&(identity(node).to_owned(), true));
                if node.op_type != "If" && written_out {
                    self.walk(inner, taken);
                } else if node.op_type != "If" {
                    let bodies = self.bodies.entry(one_line(&node.op_type)).or_default();
                    bodies.push((name.clone(), size(inner)));
                } else if taken.contains(&(identity(node).to_owned(), attribute == "then_branch")) {
                    self.walk(inner, taken);
                } else if size(inner) > 0 {
                    let which = if attribute == "then_branch" { "then" } else { "else" };
                    self.branches.push((format!("the {which} branch of {name}"), size(inner)));
                }
            }
        }
    }
}

/// All nodes of a graph that compute something, and of those inside.
fn size(graph: &GraphProto) -> usize {
    let computes = |node: &&NodeProto| !matches!(&*node.op_type, "Constant" | "Identity" | "If");
    all(graph).iter().map(|graph| graph.node.iter().filter(computes).count()).sum()
}

fn sentence(places: &[(String, usize)], what: &str, why: &str) -> String {
    let whose = named(places.iter().map(|(name, _)| name.clone()));
    match places.iter().map(|(_, nodes)| nodes).sum() {
        1 => format!("1 node inside {whose}{what} is not looked at: {why}"),
        nodes => format!("{nodes} nodes inside {whose}{what} are not looked at: {why}"),
    }
}

fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let others = names.len().saturating_sub(NAMED);
    let mut all: Vec<String> = names.take(NAMED).collect();
    if others > 0 {
        all.push(if others == 1 { "1 other".into() } else { format!("{others} others") });
    }
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}
