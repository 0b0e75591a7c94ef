//! One name for one tensor, whichever graph it stands in.

use super::inside;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::GraphProto;

/// Gives the tensors and nodes of inner graphs other names where theirs are taken: two branches may use one name for
/// two tensors, and a name inside may hide one outside.
///
/// What a branch calls its output as the `If` does is the `If`'s output, and keeps its name.
pub(in crate::model) fn name_apart(graph: &mut GraphProto) {
    if graph.node.iter().all(|node| inside(node).next().is_none()) {
        return;
    }
    let mut names = Names::default();
    for graph in super::all(graph) {
        names.used.extend(defined(graph).map(str::to_owned));
        names.used_by_nodes.extend(graph.node.iter().map(|node| node.name.clone()));
    }
    names.tensors = defined(graph).map(str::to_owned).collect();
    names.nodes = graph.node.iter().map(|node| node.name.clone()).collect();
    names.inner_graphs(graph, &mut Vec::new());
}

#[derive(Default)]
struct Names {
    /// All names that occur anywhere.
    used: HashSet<String>,
    used_by_nodes: HashSet<String>,
    /// The names that were given so far.
    tensors: HashSet<String>,
    nodes: HashSet<String>,
}

/// Of each graph from the outermost on: what its tensors are called by now.
type Scopes = Vec<HashMap<String, String>>;

impl Names {
    fn inner_graphs(&mut self, graph: &mut GraphProto, scopes: &mut Scopes) {
        for node in &mut graph.node {
            let of = super::super::activations::node_name(node).to_owned();
            let outputs = if node.op_type == "If" { node.output.clone() } else { Vec::new() };
            for attribute in &mut node.attribute {
                let place = format!("{of}/{}", attribute.name);
                for inner in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    self.inner(inner, &place, &outputs, scopes);
                }
            }
        }
    }

    fn inner(&mut self, graph: &mut GraphProto, place: &str, outputs: &[String], scopes: &mut Scopes) {
        let made: HashSet<&str> = graph.node.iter().flat_map(|node| &node.output).map(String::as_str).collect();
        let same = |(own, outer): (&_, &String)| *own == outer.as_str() && made.contains(own);
        let own_outputs = graph.output.iter().map(|output| output.name.as_str());
        let kept: HashSet<String> =
            own_outputs.zip(outputs).filter(|(own, outer)| same((own, outer))).map(|(own, _)| own.to_owned()).collect();
        let names: Vec<String> = defined(graph).map(str::to_owned).collect();
        let mut scope = HashMap::new();
        for name in names {
            let new = if kept.contains(&name) {
                name.clone()
            } else {
                fresh(&name, place, &mut self.tensors, &mut self.used)
            };
            scope.insert(name, new);
        }
        scopes.push(scope);
        rename(graph, scopes);
        for node in graph.node.iter_mut().filter(|node| !node.name.is_empty()) {
            node.name = fresh(&node.name, place, &mut self.nodes, &mut self.used_by_nodes);
        }
        self.inner_graphs(graph, scopes);
        scopes.pop();
    }
}

/// The name itself if it is free, or one that says where it stands.
fn fresh(name: &str, place: &str, given: &mut HashSet<String>, used: &mut HashSet<String>) -> String {
    if given.insert(name.to_owned()) {
        return name.to_owned();
    }
    let mut new = format!("{place}/{name}");
    let mut n = 1;
    while !used.insert(new.clone()) {
        n += 1;
        new = format!("{place}/{name}_{n}");
    }
    given.insert(new.clone());
    new
}

/// The names that a graph gives.
fn defined(graph: &GraphProto) -> impl Iterator<Item = &str> {
    let inputs = graph.input.iter().map(|input| &input.name);
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    let sparse = graph.sparse_initializer.iter().filter_map(|tensor| Some(&tensor.values.as_ref()?.name));
    let made = graph.node.iter().flat_map(|node| &node.output);
    let all = inputs.chain(constants).chain(sparse).chain(made);
    all.map(String::as_str).filter(|name| !name.is_empty())
}

/// Brings all names in the graph itself up to date.
fn rename(graph: &mut GraphProto, scopes: &Scopes) {
    let mut new = |name: &mut String| {
        if let Some(new) = scopes.iter().rev().find_map(|scope| scope.get(name.as_str())) {
            name.clone_from(new);
        }
    };
    each_name(graph, &mut new);
}

/// Goes through all names of tensors in the graph itself.
pub(in crate::model) fn each_name(graph: &mut GraphProto, change: &mut dyn FnMut(&mut String)) {
    graph.input.iter_mut().for_each(|input| change(&mut input.name));
    graph.output.iter_mut().for_each(|output| change(&mut output.name));
    graph.value_info.iter_mut().for_each(|info| change(&mut info.name));
    graph.initializer.iter_mut().for_each(|tensor| change(&mut tensor.name));
    graph.sparse_initializer.iter_mut().filter_map(|tensor| tensor.values.as_mut()).for_each(|t| change(&mut t.name));
    for node in &mut graph.node {
        node.input.iter_mut().chain(&mut node.output).for_each(&mut *change);
    }
}
