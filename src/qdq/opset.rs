//! A later version of ONNX's operators.
//!
//! Each operator's signature has versions of its own, and a file names one version of all. What is raised for
//! `QuantizeLinear` is raised for every node, so that the nodes whose meaning would change are written as the later version
//! has them. What cannot be is an error that says so, before anything is written.

use super::graph::{Graph, INPUT, Item, OUTPUT, Tensor};
use super::inner;
use super::names::Names;
use super::node::{Attribute, Node};
use std::collections::{BTreeSet, HashMap};

/// What was rewritten, by operator.
pub(super) type Rewritten = BTreeSet<String>;

/// Writes the nodes of a graph as a later opset has them.
///
/// # Errors
///
/// Half a sentence: which operator is in the way, and what helps.
pub(super) fn raise(graph: &mut Graph, (from, to): (i64, i64), names: &mut Names) -> Result<Rewritten, String> {
    if from >= to {
        return Ok(Rewritten::new());
    }
    if from < 7 {
        return Err(format!(
            "is of opset {from}, whose operators are written otherwise than those of opset {to}; export it with opset 13 or \
             later"
        ));
    }
    let mut raising = Raising {
        from,
        to,
        names,
        ranks: ranks(graph),
        constants: Vec::new(),
        known: HashMap::new(),
        rewritten: Rewritten::new(),
    };
    raising.graph(graph)?;
    let Raising { constants, rewritten, .. } = raising;
    graph.items.extend(constants.into_iter().map(Item::Initializer));
    Ok(rewritten)
}

/// How many axes the tensors have whose type the file gives.
fn ranks(graph: &Graph) -> HashMap<String, usize> {
    let ports = [INPUT, OUTPUT, super::graph::BETWEEN].into_iter().flat_map(|of| graph.ports(of));
    let given = ports.filter_map(|port| Some((port.name.to_owned(), port.rank()?)));
    let two = graph.nodes().filter(|node| matches!(&*node.op, "Flatten" | "Gemm"));
    let two = two.filter_map(|node| Some((node.outputs.first()?.clone().into_owned(), 2)));
    given.chain(two).collect()
}

struct Raising<'n, 'a> {
    from: i64,
    to: i64,
    names: &'n mut Names,
    ranks: HashMap<String, usize>,
    /// New ones, which inner graphs see too.
    constants: Vec<Tensor<'a>>,
    /// The same by what they hold.
    known: HashMap<Vec<i64>, String>,
    rewritten: Rewritten,
}

impl<'a> Raising<'_, 'a> {
    fn graph<'g>(&mut self, graph: &mut Graph<'g>) -> Result<bool, String> {
        let depth = graph.depth;
        let mut changed = false;
        let mut items = Vec::with_capacity(graph.items.len());
        for item in std::mem::take(&mut graph.items) {
            let Item::Node(mut node) = item else {
                items.push(item);
                continue;
            };
            if inner::has_any(&node) {
                changed |= inner::each(&mut node, depth, &mut |inner| self.graph(inner))?;
            }
            if !node.is_own() {
                items.push(Item::Node(node));
                continue;
            }
            let op = node.op.clone().into_owned();
            let (nodes, differs) = self.node(node)?;
            items.extend(nodes.into_iter().map(Item::Node));
            if differs {
                changed = true;
                self.rewritten.insert(op);
            }
        }
        graph.items = items;
        Ok(changed)
    }

    /// Whether a change that came with this version lies between.
    fn crosses(&self, version: i64) -> bool {
        self.from < version && self.to >= version
    }

    /// A node as the later version has it, and whether that is another one.
    fn node<'g>(&mut self, mut node: Node<'g>) -> Result<(Vec<Node<'g>>, bool), String> {
        let op = node.op.clone().into_owned();
        let differs = match op.as_str() {
            "Upsample" if self.crosses(10) => self.upsample(&mut node)?,
            "Resize" if self.crosses(11) => self.resize(&mut node),
            "Slice" if self.crosses(10) => {
                // In order; without axes the first ones are meant.
                let given = ["starts", "ends", "axes"].map(|name| node.take(name));
                for numbers in given.into_iter().flatten() {
                    let constant = self.whole_numbers(&numbers.as_numbers());
                    node.edit().inputs.push(constant.into());
                }
                true
            }
            "TopK" if self.crosses(10) => match node.take("k").and_then(|k| k.as_number()) {
                Some(k) => self.input(&mut node, 1, &[k]),
                None => false,
            },
            "Clip" if self.crosses(11) => {
                let bounds = ["min", "max"].map(|name| node.take(name).and_then(|a| a.as_floats().first().copied()));
                for (at, bound) in bounds.into_iter().enumerate() {
                    if let Some(bound) = bound {
                        self.float_input(&mut node, at + 1, bound);
                    }
                }
                true
            }
            "Pad" if self.crosses(11) => {
                let pads = node.take("pads").map(|pads| pads.as_numbers()).unwrap_or_default();
                let value = node.take("value").and_then(|value| value.as_floats().first().copied());
                self.input(&mut node, 1, &pads);
                if let Some(value) = value {
                    self.float_input(&mut node, 2, value);
                }
                true
            }
            "Scatter" if self.crosses(11) => {
                node.edit().op = "ScatterElements".into();
                true
            }
            "Dropout" if self.crosses(12) => match node.take("ratio").and_then(|r| r.as_floats().first().copied()) {
                Some(ratio) => {
                    self.float_input(&mut node, 1, ratio);
                    true
                }
                None => false,
            },
            "BatchNormalization" => {
                if self.crosses(14) && node.outputs.iter().skip(1).any(|output| !output.is_empty()) {
                    return Err(self.in_the_way(&node, "in training mode"));
                }
                if self.crosses(9) && node.take("spatial").is_some_and(|spatial| spatial.as_number() == Some(0)) {
                    return Err(self.in_the_way(&node, "by single values (spatial = 0)"));
                }
                self.crosses(9)
            }
            "Squeeze" | "Unsqueeze" | "ReduceSum" if self.crosses(13) => self.axes(&mut node),
            "Split" if self.crosses(13) || self.crosses(18) => {
                let parts = if self.crosses(13) { node.take("split").map(|parts| parts.as_numbers()) } else { None };
                if let Some(parts) = parts {
                    self.input(&mut node, 1, &parts)
                } else if self.crosses(18) && node.inputs.get(1).is_none_or(|parts| parts.is_empty()) {
                    let count = node.outputs.len() as i64;
                    node.edit().attributes.push(Attribute::number("num_outputs", count));
                    true
                } else {
                    false
                }
            }
            "Softmax" | "LogSoftmax" | "Hardmax" if self.crosses(13) => return Ok(self.softmax(node)),
            "ReduceMax" | "ReduceMin" | "ReduceMean" | "ReduceProd" | "ReduceL1" | "ReduceL2" | "ReduceLogSum"
            | "ReduceLogSumExp" | "ReduceSumSquare"
                if self.crosses(18) =>
            {
                self.axes(&mut node)
            }
            "RoiAlign" if self.crosses(16) && node.attribute("coordinate_transformation_mode").is_none() => {
                let as_before = Attribute::text("coordinate_transformation_mode", "output_half_pixel");
                node.edit().attributes.push(as_before);
                true
            }
            "GridSample" if self.crosses(20) => {
                let other = node.attribute("mode").and_then(Attribute::as_text).and_then(|mode| match mode.as_str() {
                    "bilinear" => Some("linear"),
                    "bicubic" => Some("cubic"),
                    _ => None,
                });
                if let Some(other) = other {
                    node.take("mode");
                    node.edit().attributes.push(Attribute::text("mode", other));
                }
                other.is_some()
            }
            "Scan" if self.crosses(9) => return Err(self.in_the_way(&node, "over batches")),
            "DFT" if self.crosses(20) => return Err(self.in_the_way(&node, "with its axis as an attribute")),
            "GroupNormalization" if self.crosses(21) => {
                return Err(self.in_the_way(&node, "with a scale for each group"));
            }
            _ => false,
        };
        Ok((vec![node], differs))
    }

    fn in_the_way(&self, node: &Node, how: &str) -> String {
        format!(
            "would have to go from opset {} to {}, and its {} {} computes {how}, which is written otherwise there; export it \
             with opset {} or later, or choose what an older one has: 8 bits, and one scale for each tensor",
            self.from,
            self.to,
            node.op,
            node.called(),
            self.to
        )
    }

    /// `axes` as an input. Where none are given all are meant, and of `Squeeze` those of size 1, in either version.
    fn axes(&mut self, node: &mut Node) -> bool {
        match node.take("axes") {
            Some(axes) => self.input(node, 1, &axes.as_numbers()),
            None => false,
        }
    }

    fn upsample(&mut self, node: &mut Node) -> Result<bool, String> {
        if let Some(scales) = node.take("scales") {
            let scales = scales.as_floats();
            let bytes: Vec<u8> = scales.iter().flat_map(|x| x.to_le_bytes()).collect();
            let name = self.names.fresh("upsample_scales");
            self.constants.push(Tensor::new(&name, 1, &[scales.len() as i64], &bytes));
            node.edit().inputs.push(name.into());
        }
        if node.inputs.len() < 2 {
            return Err(self.in_the_way(node, "by factors that it does not name"));
        }
        node.edit().op = "Resize".into();
        if self.to >= 11 { Ok(self.resize(node)) } else { Ok(true) }
    }

    /// The grid of version 10: where a value comes from is its place divided by the factor, rounded down.
    fn resize(&mut self, node: &mut Node) -> bool {
        let roi = self.names.fresh("resize_roi");
        self.constants.push(Tensor::new(&roi, 1, &[0], &[]));
        let parts = node.edit();
        parts.inputs.insert(1, roi.into());
        parts.attributes.push(Attribute::text("coordinate_transformation_mode", "asymmetric"));
        parts.attributes.push(Attribute::text("nearest_mode", "floor"));
        true
    }

    /// Before 13 everything from the axis on is one row, and the axis is 1 unless it is said.
    fn softmax<'g>(&mut self, mut node: Node<'g>) -> (Vec<Node<'g>>, bool) {
        let axis = node.attribute("axis").and_then(Attribute::as_number).unwrap_or(1);
        let (Some(from), Some(to)) =
            (node.inputs.first().map(|x| x.clone().into_owned()), node.outputs.first().map(|y| y.clone().into_owned()))
        else {
            return (vec![node], false);
        };
        let rank = self.ranks.get(&from).or(self.ranks.get(&to)).copied();
        let is_last = axis == -1 || rank.is_some_and(|rank| axis + 1 == rank as i64);
        let said = node.take("axis").is_some();
        node.edit().attributes.push(Attribute::number("axis", -1));
        if is_last {
            return (vec![node], !(said && axis == -1));
        }
        let names = ["shape", "rows", "normalized"].map(|part| self.names.fresh(&format!("{to}_{part}")));
        let [shape, rows, normalized] = names.each_ref().map(String::as_str);
        let flatten = Node::new("Flatten", rows, &[&from], rows).with(Attribute::number("axis", axis));
        let parts = node.edit();
        parts.inputs[0] = rows.to_owned().into();
        parts.outputs[0] = normalized.to_owned().into();
        let back = Node::new("Reshape", &format!("{to}_reshaped"), &[normalized, shape], &to);
        (vec![Node::new("Shape", shape, &[&from], shape), flatten, node, back], true)
    }

    /// Gives a node whole numbers as an input.
    fn input(&mut self, node: &mut Node, at: usize, numbers: &[i64]) -> bool {
        let constant = self.whole_numbers(numbers);
        place(node, at, constant);
        true
    }

    fn float_input(&mut self, node: &mut Node, at: usize, x: f32) {
        let name = self.names.fresh(&format!("{}_{at}", node.called()));
        self.constants.push(Tensor::new(&name, 1, &[], &x.to_le_bytes()));
        place(node, at, name);
    }

    fn whole_numbers(&mut self, numbers: &[i64]) -> String {
        if let Some(known) = self.known.get(numbers) {
            return known.clone();
        }
        let text: Vec<String> = numbers.iter().take(4).map(i64::to_string).collect();
        let name = self.names.fresh(&format!("axes_{}", text.join("_")));
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.constants.push(Tensor::new(&name, 7, &[numbers.len() as i64], &bytes));
        self.known.insert(numbers.to_vec(), name.clone());
        name
    }
}

fn place(node: &mut Node, at: usize, name: String) {
    let inputs = &mut node.edit().inputs;
    if inputs.len() <= at {
        inputs.resize(at + 1, "".into());
    }
    inputs[at] = name.into();
}
