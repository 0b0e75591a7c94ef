//! The tensors of an ONNX graph that depend on its input, and who makes and takes them.

use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::prelude::DatumType;

/// A tensor that is computed when the network runs, and whose elements are floats.
///
/// Tensors inside the branch that an `If` takes are among them, and those inside a `Loop` or `Scan` of so few turns that
/// they are written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The tensor's name in the ONNX graph: unique, and what a runtime's calibration table lists. Where branches use one
    /// name for several tensors, it says which branch it is in.
    pub name: String,
    /// The operator that makes it (`Conv`); `If` for what its branch hands on; `input` for an input of the network.
    pub op_type: String,
    /// The node that makes it; empty for an input of the network.
    pub node: String,
    /// The nodes that take it, in the order of the file.
    pub consumers: Vec<Consumer>,
    /// Its dimensions; `None` where they depend on values, or where samples differ.
    pub shape: Option<Vec<usize>>,
    /// The type of its elements.
    pub dtype: DatumType,
    /// Whether it is an output of the network.
    pub is_output: bool,
}

impl Activation {
    /// Takes in what another plan knows of the same tensor.
    pub(super) fn agree_with(&mut self, other: &Activation) {
        if self.shape != other.shape {
            self.shape = None;
        }
        for consumer in &other.consumers {
            if !self.consumers.contains(consumer) {
                self.consumers.push(consumer.clone());
            }
        }
    }
}

/// NumPy's name of a type.
pub fn type_name(dtype: DatumType) -> String {
    let text = format!("{dtype:?}").to_ascii_lowercase();
    match text.split_at_checked(1) {
        Some(("f", bits)) => format!("float{bits}"),
        Some(("i", bits)) => format!("int{bits}"),
        Some(("u", bits)) => format!("uint{bits}"),
        _ => text,
    }
}

/// A node that takes an activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The node's name; its first output's where it has none.
    pub node: String,
    /// Its operator.
    pub op_type: String,
}

/// A `Concat`: an integer runtime wants its inputs and its output on one grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concat {
    /// The node's name.
    pub node: String,
    /// Those of its inputs that are activations, as indices.
    pub inputs: Vec<usize>,
    /// Its output, as an index.
    pub output: usize,
}

/// A node's name, or its first output's if it has none.
pub(super) fn node_name(node: &NodeProto) -> &str {
    if node.name.is_empty() { node.output.first().map_or("", String::as_str) } else { &node.name }
}

/// Everything that is not constant by the look of the graph, in its order. Types and shapes are not known here: integers
/// are still among them, and so is what becomes constant once the shapes are known.
pub(super) fn candidates(graph: &GraphProto) -> Vec<Activation> {
    not_among(graph, &constants(graph))
}

/// Everything that is in none of these.
pub(super) fn not_among(graph: &GraphProto, constant: &HashSet<&str>) -> Vec<Activation> {
    let mut consumers = consumers(graph);
    let outputs: HashSet<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
    let inputs = graph.input.iter().map(|input| (input.name.as_str(), "input", ""));
    let made = graph.node.iter().flat_map(|node| {
        node.output.iter().map(move |output| (output.as_str(), node.op_type.as_str(), node_name(node)))
    });
    inputs
        .chain(made)
        .filter(|(name, ..)| !name.is_empty() && !constant.contains(name))
        // What is quantized is no float, whatever stands in for its type.
        .filter(|(_, op_type, _)| *op_type != "QuantizeLinear")
        .map(|(name, op_type, node)| Activation {
            name: name.into(),
            op_type: op_type.into(),
            node: node.into(),
            consumers: consumers.remove(name).unwrap_or_default(),
            shape: None,
            dtype: DatumType::F32,
            is_output: outputs.contains(name),
        })
        .collect()
}

/// The `Concat`s between `activations`.
pub(super) fn concats(graph: &GraphProto, activations: &[Activation]) -> Vec<Concat> {
    let index: HashMap<&str, usize> = activations.iter().enumerate().map(|(i, a)| (a.name.as_str(), i)).collect();
    let find = |name: &String| index.get(name.as_str()).copied();
    let concat = |node: &NodeProto| {
        let inputs = node.input.iter().filter_map(find).collect();
        Some(Concat { node: node_name(node).into(), inputs, output: find(node.output.first()?)? })
    };
    graph.node.iter().filter(|node| node.op_type == "Concat").filter_map(concat).collect()
}

/// Initializers, and what is computed from nothing else.
pub(super) fn constants(graph: &GraphProto) -> HashSet<&str> {
    let mut constant: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let sparse = graph.sparse_initializer.iter().filter_map(|tensor| tensor.values.as_ref());
    constant.extend(sparse.map(|values| values.name.as_str()));
    for node in &graph.node {
        if is_computed_from(node, &constant) {
            constant.extend(node.output.iter().map(String::as_str));
        }
    }
    constant
}

/// Whether a node depends on these constants alone.
pub(super) fn is_computed_from(node: &NodeProto, constant: &HashSet<&str>) -> bool {
    let mut inputs = node.input.iter().map(String::as_str).filter(|name| !name.is_empty()).peekable();
    let random = node.op_type.starts_with("Random") || matches!(&*node.op_type, "Bernoulli" | "Multinomial");
    let has_graph = node.attribute.iter().any(|attribute| attribute.g.is_some());
    let from_constants = inputs.peek().is_some() && inputs.all(|name| constant.contains(name));
    node.op_type == "Constant" || (from_constants && !random && !has_graph)
}

/// Who takes each tensor. A node takes what the graphs inside it take.
fn consumers(graph: &GraphProto) -> HashMap<&str, Vec<Consumer>> {
    let mut consumers: HashMap<&str, Vec<Consumer>> = HashMap::new();
    for node in &graph.node {
        let mut taken = Vec::new();
        taken_by(node, &mut taken);
        let mut seen = HashSet::new();
        for name in taken.into_iter().filter(|name| !name.is_empty() && seen.insert(*name)) {
            let consumer = Consumer { node: node_name(node).into(), op_type: node.op_type.clone() };
            consumers.entry(name).or_default().push(consumer);
        }
    }
    consumers
}

/// What a node takes, with what the graphs inside it take.
pub(super) fn taken_by<'a>(node: &'a NodeProto, taken: &mut Vec<&'a str>) {
    taken.extend(node.input.iter().map(String::as_str));
    for inner in node.attribute.iter().filter_map(|attribute| attribute.g.as_ref()) {
        inner.node.iter().for_each(|node| taken_by(node, taken));
        taken.extend(inner.output.iter().map(|output| output.name.as_str()));
    }
}
