//! What ONNX Runtime's `quantize_static` quantizes when nothing is said to it: its walk over the graph, node by node.
//!
//! Written after `onnxruntime.quantization` 1.32, QDQ format, its default list of operators, affine activations. Its
//! walk marks tensors in the order of the nodes, and what a node does depends on what is marked before it. Nodes inside
//! `If`, `Loop` and `Scan` it does not look at.

use super::types::Types;
use crate::model::activations::Activation;
use crate::model::network::Network;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};

/// What `quantize_static` does at an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handling {
    /// All that it takes and makes.
    All,
    /// What goes through a product: its input, its weight, its output, and its bias in 32 bits.
    Product,
    /// Input, scale and outputs, and the bias in 32 bits.
    Normalization,
    /// Its input and its outputs, on one scale.
    Split,
    /// A table, and what is looked up in it.
    Gather,
    /// What it makes, if its first input is quantized.
    Follow,
    /// What it makes, if both that it chooses from are quantized.
    Where,
    /// As `Follow`; and it takes itself out, so that its input is quantized behind it.
    Removable,
    /// Not on the list.
    None,
}

impl Handling {
    fn of(op: &str, opset: i64) -> Handling {
        match op {
            "Add"
            | "ArgMax"
            | "Concat"
            | "CumSum"
            | "EmbedLayerNormalization"
            | "GlobalAveragePool"
            | "LeakyRelu"
            | "MatMul"
            | "Mul"
            | "Pad"
            | "Sigmoid"
            | "Softmax" => Handling::All,
            "Conv" | "ConvTranspose" | "Gemm" => Handling::Product,
            "BatchNormalization" | "InstanceNormalization" | "LayerNormalization" => Handling::Normalization,
            "Split" => Handling::Split,
            "Gather" | "GatherElements" => Handling::Gather,
            "MaxPool" if opset < 12 => Handling::None,
            "Resize" if opset < 11 => Handling::None,
            "AveragePool" | "Flatten" | "MaxPool" | "Reshape" | "Resize" | "Slice" | "Squeeze" | "TopK"
            | "Transpose" | "Unsqueeze" => Handling::Follow,
            "Where" => Handling::Where,
            "Clip" | "Relu" => Handling::Removable,
            _ => Handling::None,
        }
    }

    /// Whether it quantizes only behind what is quantized.
    fn follows(self) -> bool {
        matches!(self, Handling::Follow | Handling::Gather | Handling::Where | Handling::Removable)
    }
}

/// The tensors that `quantize_static` quantizes.
pub(super) struct Ort<'a> {
    graph: &'a GraphProto,
    opset: i64,
    types: Types<'a>,
    initializers: HashSet<&'a str>,
    /// How often the nodes outside of branches take each tensor.
    taken: HashMap<&'a str, usize>,
    /// What comes in and goes out, in which case nothing takes its place.
    ends: HashSet<&'a str>,
    /// What nodes outside of branches make.
    made: HashSet<&'a str>,
    quantized: HashSet<&'a str>,
    /// In 32 bits.
    biases: HashSet<&'a str>,
    /// What stood before a Relu or Clip that is taken out, and which that is.
    removed: HashMap<&'a str, &'a NodeProto>,
}

impl<'a> Ort<'a> {
    pub fn of(network: &'a Network) -> Ort<'a> {
        let graph = network.graph();
        let opsets = network.proto.opset_import.iter().filter(|opset| matches!(&*opset.domain, "" | "ai.onnx"));
        let mut taken: HashMap<&str, usize> = HashMap::new();
        for name in graph.node.iter().flat_map(|node| &node.input) {
            *taken.entry(name).or_default() += 1;
        }
        let mut ort = Ort {
            graph,
            opset: opsets.map(|opset| opset.version).max().unwrap_or(1),
            types: Types::of(graph),
            initializers: graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect(),
            taken,
            ends: graph.input.iter().chain(&graph.output).map(|port| port.name.as_str()).collect(),
            made: graph.node.iter().flat_map(|node| &node.output).map(String::as_str).collect(),
            quantized: HashSet::new(),
            biases: HashSet::new(),
            removed: HashMap::new(),
        };
        graph.node.iter().for_each(|node| ort.node(node));
        // What is quantized in the file it leaves as it is.
        for output in graph.node.iter().filter(|node| node.op_type == "DequantizeLinear").flat_map(|node| &node.output)
        {
            ort.quantized.remove(output.as_str());
        }
        ort
    }

    /// Why it leaves an activation in float; `None` where it quantizes it.
    pub fn reason(&self, activation: &Activation) -> Option<String> {
        let name = activation.name.as_str();
        if self.quantized.contains(name) {
            return None;
        }
        let (made, made_by) = (self.handling(&activation.op_type), &activation.op_type);
        if let Some(node) = self.removed.get(name) {
            let (op, behind) = (&node.op_type, node.output.first().map_or("", String::as_str));
            return Some(format!("inside {made_by}+{op}: quantize_static takes the {op} out and quantizes {behind}"));
        }
        if !self.made.contains(name) && made_by != "input" {
            return Some("inside a branch or a loop, where quantize_static does not look".to_owned());
        }
        match self.types.is_quantizable(name) {
            None => return Some("of a type that ONNX's shape inference does not know".to_owned()),
            Some(false) => return Some("of a type that quantize_static does not quantize".to_owned()),
            Some(true) => {}
        }
        if made_by == "DequantizeLinear" {
            return Some("quantized in the file already".to_owned());
        }
        if made.follows() {
            return Some(format!("made by {made_by}, which quantize_static quantizes only behind what is quantized"));
        }
        let ops: Vec<&str> = activation.consumers.iter().map(|consumer| consumer.op_type.as_str()).collect();
        let listed = ops.iter().find(|op| self.handling(op) != Handling::None);
        Some(match listed {
            // As a bias, as one of a batch norm's statistics, or by a node inside a branch.
            Some(op) if !self.handling(op).follows() => {
                format!("taken by {op} in a place that quantize_static does not quantize")
            }
            Some(op) => format!("taken by {op}, which quantize_static quantizes only behind what is quantized"),
            None if ops.is_empty() => format!("made by {made_by}, which quantize_static does not quantize"),
            None if made_by == "input" => format!("taken by {}, which quantize_static does not quantize", ops[0]),
            None => format!("made by {made_by} and taken by {}, which quantize_static does not quantize", ops[0]),
        })
    }

    /// The constants that it quantizes in 8 bits, with those that nodes only move before it does.
    pub fn constants(&self) -> HashSet<&'a str> {
        let mut found = self.quantized.clone();
        for node in self.graph.node.iter().rev() {
            let moves = matches!(
                &*node.op_type,
                "Cast" | "Flatten" | "Identity" | "Reshape" | "Squeeze" | "Transpose" | "Unsqueeze"
            );
            if moves && node.output.iter().any(|output| found.contains(output.as_str())) {
                found.extend(node.input.first().map(String::as_str));
            }
        }
        found
    }

    fn handling(&self, op: &str) -> Handling {
        Handling::of(op, self.opset)
    }

    fn node(&mut self, node: &'a NodeProto) {
        let (inputs, outputs) = (&node.input, &node.output);
        let first = |names: &'a [String]| names.first().map_or("", String::as_str);
        let input_is_quantized = self.is_quantized(first(inputs));
        match self.handling(&node.op_type) {
            Handling::All => self.mark(inputs.iter().chain(outputs)),
            Handling::Product => {
                self.mark(inputs.iter().take(2).chain(outputs.first()));
                self.bias(inputs.get(2));
            }
            Handling::Normalization => {
                self.mark(inputs.iter().take(2).chain(outputs));
                self.bias(inputs.get(2));
            }
            Handling::Split => self.mark(inputs.first().into_iter().chain(outputs)),
            Handling::Gather if self.initializers.contains(first(inputs)) => {
                self.mark(inputs.first().into_iter().chain(outputs.first()));
            }
            Handling::Gather | Handling::Follow if input_is_quantized => self.mark(outputs.first()),
            Handling::Where if inputs.iter().skip(1).all(|name| self.is_quantized(name)) => self.mark(outputs),
            Handling::Removable if input_is_quantized => self.remove(node),
            _ => {}
        }
    }

    /// Quantizes what a Relu or Clip makes, and what it takes only if that is needed besides.
    fn remove(&mut self, node: &'a NodeProto) {
        let (Some(before), Some(behind)) = (node.input.first(), node.output.first()) else { return };
        let name = before.as_str();
        let alone = self.taken.get(name) == Some(&1) && !self.ends.contains(name) && !self.initializers.contains(name);
        if alone && self.types.is_quantizable(behind) == Some(true) {
            self.quantized.remove(name);
            self.removed.insert(name, node);
        }
        self.mark([behind]);
    }

    fn mark(&mut self, names: impl IntoIterator<Item = &'a String>) {
        let names = names.into_iter().map(String::as_str);
        self.quantized.extend(names.filter(|name| self.types.is_quantizable(name) == Some(true)));
    }

    fn bias(&mut self, name: Option<&'a String>) {
        let constant = name.map(String::as_str).filter(|name| self.initializers.contains(name));
        self.biases.extend(constant.filter(|name| self.types.is_quantizable(name) == Some(true)));
    }

    fn is_quantized(&self, name: &str) -> bool {
        self.quantized.contains(name) || self.biases.contains(name)
    }
}
