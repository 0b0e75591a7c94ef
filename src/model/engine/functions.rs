//! Functions that a file defines itself: each call is replaced by what it stands for.
//!
//! A function is what the file says that it is, whatever its name: one called `Relu` is not ONNX's. Its tensors are called
//! by the call and their name inside, so that they are seen as all others are.

use super::versions;
use super::wire;
use crate::error::{ErrorKind, Predicate};
use crate::model::activations::node_name;
use crate::model::branches::each_name;
use crate::model::error::one_line;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto};

/// More nodes than any network has: functions that call each other twice grow without end.
const MOST: usize = 2_000_000;

/// What the attributes of a file's functions are where a call does not say: for each function, in the order of the file.
#[derive(Default)]
pub(in crate::model) struct Defaults(Vec<Vec<AttributeProto>>);

impl Defaults {
    /// Out of the bytes of a file: tract's reader drops them.
    pub fn of(bytes: &[u8]) -> Defaults {
        Defaults(wire::functions(bytes).map(wire::default_attributes).collect())
    }
}

/// Puts in the place of each call of a function what it stands for.
///
/// # Errors
///
/// A function calls itself, is defined in several ways, or was written for another version of ONNX's operators.
pub(in crate::model) fn prepare(proto: &mut ModelProto, defaults: &Defaults) -> Result<(), Predicate> {
    let functions = std::mem::take(&mut proto.functions);
    let Some(graph) = proto.graph.as_mut().filter(|_| !functions.is_empty()) else { return Ok(()) };
    let mut by_name: HashMap<_, Vec<usize>> = HashMap::new();
    for (i, function) in functions.iter().enumerate() {
        by_name.entry((domain(function.domain.as_deref().unwrap_or("")), name(function))).or_default().push(i);
    }
    let mut used = HashSet::new();
    let mut use_up = |name: &mut String| {
        used.insert(name.clone());
    };
    each_name(graph, &mut use_up);
    each_tensor(&mut graph.node, &mut use_up);
    let opset = versions::opset(&proto.opset_import);
    let mut inliner = Inliner { functions: &functions, defaults, by_name, opset, used, open: Vec::new(), made: 0 };
    inliner.graph(graph)
}

struct Inliner<'a> {
    functions: &'a [FunctionProto],
    defaults: &'a Defaults,
    by_name: HashMap<(&'a str, &'a str), Vec<usize>>,
    opset: i64,
    /// All names of tensors that occur.
    used: HashSet<String>,
    /// The functions that are being written out, from the outermost on.
    open: Vec<usize>,
    made: usize,
}

impl Inliner<'_> {
    fn graph(&mut self, graph: &mut GraphProto) -> Result<(), Predicate> {
        let mut nodes = Vec::with_capacity(graph.node.len());
        for mut node in std::mem::take(&mut graph.node) {
            for attribute in &mut node.attribute {
                attribute.g.iter_mut().chain(&mut attribute.graphs).try_for_each(|inner| self.graph(inner))?;
            }
            self.node(node, &mut nodes)?;
        }
        graph.node = nodes;
        Ok(())
    }

    /// The node, or what it stands for.
    fn node(&mut self, node: NodeProto, nodes: &mut Vec<NodeProto>) -> Result<(), Predicate> {
        let Some(index) = self.called(&node)? else {
            nodes.push(node);
            return Ok(());
        };
        let (function, op) = (&self.functions[index], one_line(&node.op_type));
        if self.open.contains(&index) {
            return Err(Predicate::new(ErrorKind::Damaged, format!("defines a function {op} that calls itself.")));
        }
        self.same_operators(function)?;
        let mut body = GraphProto { node: self.body(index, &node), ..GraphProto::default() };
        self.made += body.node.len();
        if self.made > MOST {
            return Err(format!("defines a function {op} that stands for more than {MOST} nodes.").into());
        }
        self.open.push(index);
        self.graph(&mut body)?;
        self.open.pop();
        nodes.append(&mut body.node);
        Ok(())
    }

    /// Which function a node calls.
    fn called(&self, node: &NodeProto) -> Result<Option<usize>, Predicate> {
        match self.by_name.get(&(domain(&node.domain), &*node.op_type)).map(Vec::as_slice) {
            None => Ok(None),
            Some([index]) => Ok(Some(*index)),
            Some(_) => {
                let (op, node) = (one_line(&node.op_type), one_line(node_name(node)));
                Err(format!("defines several functions {op}, and which of them node {node} calls is not read.").into())
            }
        }
    }

    /// Refuses a function whose operators mean something else by its own version of the operator set.
    fn same_operators(&self, function: &FunctionProto) -> Result<(), Predicate> {
        if function.opset_import.is_empty() {
            return Ok(());
        }
        let opset = versions::opset(&function.opset_import);
        let mut nodes: Vec<&NodeProto> = function.node.iter().collect();
        while let Some(node) = nodes.pop() {
            let is_own = domain(&node.domain).is_empty() && !self.by_name.contains_key(&("", &*node.op_type));
            if is_own && !versions::same(&node.op_type, opset, self.opset) {
                return Err(format!(
                    "defines a function {} with {} of opset {opset}, which means something else in the model's opset {}; \
                     convert the model to one opset.",
                    one_line(name(function)),
                    one_line(&node.op_type),
                    self.opset
                )
                .into());
            }
            let inner = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
            nodes.extend(inner.flat_map(|graph| &graph.node));
        }
        Ok(())
    }

    /// The nodes of a function, with the names and attributes of the call.
    fn body(&mut self, index: usize, call: &NodeProto) -> Vec<NodeProto> {
        let function = &self.functions[index];
        let place = node_name(call).to_owned();
        let mut names: HashMap<String, String> = HashMap::new();
        let mut nodes = function.node.clone();
        for (i, inner) in function.input.iter().enumerate() {
            names.insert(inner.clone(), call.input.get(i).cloned().unwrap_or_default());
        }
        for (i, inner) in function.output.iter().enumerate() {
            let Some(outer) = call.output.get(i).filter(|name| !name.is_empty()) else { continue };
            match names.get(inner) {
                // What comes out as it went in, or twice.
                Some(same) => nodes.push(identity(same.clone(), outer.clone())),
                None => drop(names.insert(inner.clone(), outer.clone())),
            }
        }
        let handed_on = nodes.split_off(function.node.len());
        let used = &mut self.used;
        each_tensor(&mut nodes, &mut |name| {
            if !name.is_empty() {
                let new = names.entry(name.clone()).or_insert_with(|| free(&place, name, used));
                name.clone_from(new);
            }
        });
        let defaults = self.defaults.0.get(index).map_or(&[][..], Vec::as_slice);
        bind(&mut nodes, &place, &|name| call.attribute.iter().chain(defaults).find(|given| given.name == name));
        nodes.extend(handed_on);
        nodes
    }
}

/// ONNX's own domain has two names.
fn domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

fn name(function: &FunctionProto) -> &str {
    function.name.as_deref().unwrap_or("")
}

/// A name that is not used yet, for a tensor of a call.
fn free(place: &str, name: &str, used: &mut HashSet<String>) -> String {
    let mut new = format!("{place}/{name}");
    let mut n = 1;
    while !used.insert(new.clone()) {
        n += 1;
        new = format!("{place}/{name}_{n}");
    }
    new
}

fn identity(input: String, output: String) -> NodeProto {
    let (input, output) = (vec![input], vec![output]);
    NodeProto { op_type: "Identity".into(), input, output, ..NodeProto::default() }
}

/// Goes through all names of tensors of nodes and of the graphs inside them.
fn each_tensor(nodes: &mut [NodeProto], change: &mut dyn FnMut(&mut String)) {
    for node in nodes {
        node.input.iter_mut().chain(&mut node.output).for_each(&mut *change);
        for graph in node.attribute.iter_mut().flat_map(|attribute| attribute.g.iter_mut().chain(&mut attribute.graphs))
        {
            let mut inner = std::mem::take(&mut graph.node);
            each_name(graph, change);
            each_tensor(&mut inner, change);
            graph.node = inner;
        }
    }
}

/// Gives the attributes of a function's nodes the values that the call has for them, and the nodes the call's name.
fn bind<'a>(nodes: &mut [NodeProto], place: &str, given: &dyn Fn(&str) -> Option<&'a AttributeProto>) {
    for node in nodes {
        if !node.name.is_empty() {
            node.name = format!("{place}/{}", node.name);
        }
        node.attribute.retain_mut(|attribute| {
            if attribute.ref_attr_name.is_empty() {
                return true;
            }
            // What neither says is left out, and then the operator's own default holds.
            let Some(value) = given(&attribute.ref_attr_name) else { return false };
            *attribute = AttributeProto { name: std::mem::take(&mut attribute.name), ..value.clone() };
            true
        });
        for graph in node.attribute.iter_mut().flat_map(|attribute| attribute.g.iter_mut().chain(&mut attribute.graphs))
        {
            bind(&mut graph.node, place, given);
        }
    }
}
