//! Several names for one tensor: Identity, Dropout where nothing is trained, a Cast to the type that is there.
//!
//! The name that stays is that of whoever makes the values, as quantization tools have it; an output of the network keeps
//! its own, and then it is the maker that is called by it.

use super::record::Record;
use super::uses::Uses;
use crate::model::branches::{self, each_name};
use crate::model::constants::load;
use crate::model::weights::trace::Constants;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, NodeProto};

/// Takes away the nodes that only give a tensor another name.
pub(super) fn merge(graph: &mut GraphProto, opset: i64, folder: &Path, record: &mut Record) {
    let mut aliases = Aliases {
        constants: &Constants::of(graph),
        uses: &Uses::of(graph),
        types: types(graph),
        opset,
        folder,
        known: HashMap::new(),
        order: Vec::new(),
        gone: HashSet::new(),
    };
    aliases.find(graph, true);
    let Aliases { known, order, gone, .. } = aliases;
    if gone.is_empty() {
        return;
    }
    for name in &order {
        record.alias(name, resolved(&known, name));
    }
    apply(graph, &known, &gone);
    record.without(gone);
}

struct Aliases<'a> {
    constants: &'a Constants<'a>,
    uses: &'a Uses<'a>,
    /// Of the tensors that the file gives a type.
    types: HashMap<String, i32>,
    opset: i64,
    folder: &'a Path,
    /// What a name stands for.
    known: HashMap<String, String>,
    /// The names that are no longer needed, as they were found.
    order: Vec<String>,
    /// The outputs of the nodes that go.
    gone: HashSet<String>,
}

impl Aliases<'_> {
    fn find(&mut self, graph: &GraphProto, is_whole: bool) {
        let outputs: HashSet<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
        let mut made: HashSet<&str> = HashSet::new();
        for node in &graph.node {
            if let Some((from, to)) = self.alias(node) {
                let from = resolved(&self.known, from).to_owned();
                if !outputs.contains(to) {
                    self.take(to, &from, to);
                } else if is_whole && made.contains(from.as_str()) && !outputs.contains(from.as_str()) {
                    self.take(&from, to, to);
                }
            }
            made.extend(node.output.iter().map(String::as_str));
            let inner = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
            inner.for_each(|inner| self.find(inner, false));
        }
    }

    /// `name` is `known`, and the node that makes `made` goes.
    fn take(&mut self, name: &str, known: &str, made: &str) {
        self.known.insert(name.into(), known.into());
        self.order.push(name.into());
        self.gone.insert(made.into());
    }

    /// What a node takes and what it makes, if these are surely the same values. Constants are none of them: whoever looks
    /// for a weight goes through such nodes.
    fn alias<'n>(&self, node: &'n NodeProto) -> Option<(&'n str, &'n str)> {
        let own = matches!(&*node.domain, "" | "ai.onnx");
        let (from, to) = (node.input.first()?.as_str(), node.output.first()?.as_str());
        let named = own && !from.is_empty() && !to.is_empty() && !self.constants.contains(from);
        let only = node.output[1..].iter().all(|output| self.uses.never(output));
        let same = match &*node.op_type {
            "Identity" => true,
            "Dropout" => self.opset >= 7 && only && node.input.get(2).is_none_or(|training| self.is_false(training)),
            "Cast" => {
                let to = node.attribute.iter().find(|attribute| attribute.name == "to");
                to.is_some_and(|to| self.types.get(from).is_some_and(|of| i64::from(*of) == to.i))
            }
            _ => false,
        };
        (named && same).then_some((from, to))
    }

    fn is_false(&self, name: &str) -> bool {
        let value = || {
            let tensor = load(self.constants.tensor(name)?, self.folder).ok()?;
            let truth = tensor.cast_to::<bool>().ok()?;
            truth.try_as_plain_ram().ok()?.as_slice::<bool>().ok()?.first().copied()
        };
        name.is_empty() || value() == Some(false)
    }
}

/// What a name stands for in the end.
fn resolved<'a>(known: &'a HashMap<String, String>, mut name: &'a str) -> &'a str {
    while let Some(next) = known.get(name) {
        name = next;
    }
    name
}

/// The types that the file gives, and those that a Cast makes.
fn types(graph: &GraphProto) -> HashMap<String, i32> {
    let mut types = HashMap::new();
    for graph in branches::all(graph) {
        for info in graph.input.iter().chain(&graph.value_info).chain(&graph.output) {
            if let Some(Value::TensorType(tensor)) = info.r#type.as_ref().and_then(|of| of.value.as_ref()) {
                types.insert(info.name.clone(), tensor.elem_type);
            }
        }
        for node in graph.node.iter().filter(|node| node.op_type == "Cast") {
            if let (Some(to), Some(output)) = (node.attribute.iter().find(|a| a.name == "to"), node.output.first()) {
                types.insert(output.clone(), to.i as i32);
            }
        }
    }
    types
}

fn apply(graph: &mut GraphProto, known: &HashMap<String, String>, gone: &HashSet<String>) {
    graph.node.retain(|node| node.output.first().is_none_or(|output| !gone.contains(output)));
    each_name(graph, &mut |name| {
        let end = resolved(known, name);
        if end != name {
            *name = end.to_owned();
        }
    });
    let attributes = graph.node.iter_mut().flat_map(|node| &mut node.attribute);
    attributes.flat_map(|a| a.g.iter_mut().chain(&mut a.graphs)).for_each(|inner| apply(inner, known, gone));
}
