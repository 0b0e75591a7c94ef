//! An `If` whose branch is known, and which come first.

use super::super::activations::{node_name, taken_by};
use super::inside;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};

/// A branch of an `If`: the name of the `If`'s first output, and which of the two.
pub(in crate::model) type Branch = (String, bool);

/// The `If`s whose conditions depend on no other `If`: their places among the nodes.
pub(in crate::model) fn ready(graph: &GraphProto) -> Vec<usize> {
    let mut behind: HashSet<&str> = HashSet::new();
    let mut ready = Vec::new();
    for (place, node) in graph.node.iter().enumerate() {
        let mut taken = Vec::new();
        taken_by(node, &mut taken);
        if node.op_type == "If" && node.input.first().is_some_and(|condition| !behind.contains(condition.as_str())) {
            ready.push(place);
        }
        if node.op_type == "If" || taken.iter().any(|name| behind.contains(name)) {
            behind.extend(node.output.iter().map(String::as_str));
        }
    }
    ready
}

/// What the conditions of some `If`s are computed by: a graph whose outputs are their names, each once; and for each
/// `If` the output that it takes.
pub(in crate::model) fn conditions(graph: &GraphProto, ifs: &[usize]) -> (GraphProto, Vec<usize>) {
    let mut outputs: Vec<&str> = Vec::new();
    let mut place = |&node: &usize| {
        let name = graph.node[node].input.first().map_or("", String::as_str);
        outputs.iter().position(|known| *known == name).unwrap_or_else(|| {
            outputs.push(name);
            outputs.len() - 1
        })
    };
    let places = ifs.iter().map(&mut place).collect();
    let mut wanted: HashSet<&str> = outputs.iter().copied().collect();
    let mut kept = vec![false; graph.node.len()];
    for (place, node) in graph.node.iter().enumerate().rev() {
        if node.output.iter().any(|output| wanted.contains(output.as_str())) {
            kept[place] = true;
            let mut taken = Vec::new();
            taken_by(node, &mut taken);
            wanted.extend(taken);
        }
    }
    let fixed: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let output = |name: &&str| tract_onnx::pb::ValueInfoProto { name: (*name).to_owned(), ..Default::default() };
    let conditions = GraphProto {
        name: graph.name.clone(),
        node: graph.node.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(node, _)| node.clone()).collect(),
        initializer: graph.initializer.iter().filter(|t| wanted.contains(t.name.as_str())).cloned().collect(),
        sparse_initializer: graph.sparse_initializer.clone(),
        // An input with a value of its own is none that a sample feeds.
        input: graph
            .input
            .iter()
            .filter(|input| !fixed.contains(input.name.as_str()) || wanted.contains(input.name.as_str()))
            .cloned()
            .collect(),
        output: outputs.iter().map(output).collect(),
        ..GraphProto::default()
    };
    (conditions, places)
}

/// Puts a branch in the place of each of these `If`s. Names are unique in all branches.
pub(in crate::model) fn splice(graph: &mut GraphProto, ifs: &[usize], taken: &[bool]) -> Vec<Branch> {
    let mut branches = Vec::with_capacity(ifs.len());
    let mut taken = ifs.iter().copied().zip(taken.iter().copied()).peekable();
    let nodes = std::mem::take(&mut graph.node);
    for (place, mut node) in nodes.into_iter().enumerate() {
        let Some((_, yes)) = taken.next_if(|(at, _)| *at == place) else {
            graph.node.push(node);
            continue;
        };
        branches.push((identity(&node).to_owned(), yes));
        let wanted = attribute(yes);
        let Some(branch) = node.attribute.iter_mut().find(|a| a.name == wanted).and_then(|a| a.g.take()) else {
            // Without a branch it is no If: what is missing is said where its outputs are.
            continue;
        };
        graph.node.extend(branch.node);
        graph.initializer.extend(branch.initializer);
        graph.sparse_initializer.extend(branch.sparse_initializer);
        for (inner, outer) in branch.output.into_iter().zip(node.output) {
            if outer.is_empty() || inner.name == outer {
                continue;
            }
            graph.node.push(NodeProto {
                op_type: "Identity".into(),
                name: if node.name.is_empty() { String::new() } else { format!("{}/{outer}", node.name) },
                input: vec![inner.name],
                output: vec![outer],
                ..NodeProto::default()
            });
        }
    }
    branches
}

fn attribute(yes: bool) -> &'static str {
    if yes { "then_branch" } else { "else_branch" }
}

/// What an `If` is told from others by: its first output.
pub(super) fn identity(node: &NodeProto) -> &str {
    node.output.iter().find(|output| !output.is_empty()).map_or("", String::as_str)
}

/// Where each tensor stands in the order of the file, with what is inside an `If` before the `If`'s own outputs; and of
/// the outputs of an `If` its node's name.
pub(in crate::model) fn order(graph: &GraphProto) -> HashMap<&str, (usize, Option<&str>)> {
    fn walk<'a>(graph: &'a GraphProto, order: &mut HashMap<&'a str, (usize, Option<&'a str>)>) {
        for node in &graph.node {
            let of = (node.op_type == "If").then(|| node_name(node));
            if of.is_some() {
                inside(node).for_each(|(_, graph)| walk(graph, order));
            }
            for output in &node.output {
                let next = order.len();
                order.insert(output, (next, of));
            }
        }
    }
    let mut order = HashMap::new();
    for input in &graph.input {
        let next = order.len();
        order.insert(input.name.as_str(), (next, None));
    }
    walk(graph, &mut order);
    order
}
