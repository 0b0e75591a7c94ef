//! `QuantizeLinear` with `DequantizeLinear` behind it: found, and taken out.

use super::grid::{self, FileGrid};
use crate::model::activations::taken_by;
use crate::model::constants::Element;
use crate::model::weights::Constants;
use crate::quant::Format;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tract_onnx::pb::{GraphProto, NodeProto};

/// A pair of nodes.
pub(super) struct Pair {
    /// The place of the first.
    pub quantize: usize,
    /// What is quantized.
    pub of: String,
    /// What stands for it behind.
    pub behind: String,
    pub grid: FileGrid,
}

/// A weight that is integers in the file.
pub(super) struct Integers {
    /// The constant.
    pub constant: String,
    /// What stands for it behind `DequantizeLinear`.
    pub behind: String,
    pub grid: FileGrid,
}

/// The first version of ONNX whose quantizers have an axis.
const WITH_AXIS: i64 = 13;

/// What quantizes in a graph.
#[derive(Default)]
pub(super) struct Found {
    pub pairs: Vec<Pair>,
    pub weights: Vec<Integers>,
    /// Quantizers with a scale for each channel in a file that is too old for them.
    pub too_old: usize,
}

/// The pairs of a graph of this version, and the weights that are integers.
pub(super) fn find(graph: &GraphProto, opset: i64, constants: &Constants, folder: &Path) -> Found {
    let made: HashMap<&str, usize> = graph
        .node
        .iter()
        .enumerate()
        .filter(|(_, node)| node.op_type == "QuantizeLinear")
        .filter_map(|(at, node)| Some((node.output.first()?.as_str(), at)))
        .collect();
    let mut found = Found::default();
    for node in graph.node.iter().filter(|node| node.op_type == "DequantizeLinear") {
        let (Some(from), Some(behind)) = (node.input.first(), node.output.first()) else { continue };
        if let Some(&quantize) = made.get(from.as_str()) {
            let before = &graph.node[quantize];
            let element = element_of(before, constants);
            let grid = |node: &NodeProto| FileGrid::of(node, element, constants, folder);
            if let (Some(one), Some(other), Some(of)) = (grid(before), grid(node), before.input.first())
                && one == other
            {
                if is_too_old(node, &one, opset) {
                    found.too_old += 1;
                } else {
                    found.pairs.push(Pair { quantize, of: of.clone(), behind: behind.clone(), grid: one });
                }
            }
        } else if let Some(tensor) = constants.tensor(from)
            && let Some(grid) = FileGrid::of(node, Element::of(tensor), constants, folder)
        {
            if is_too_old(node, &grid, opset) {
                found.too_old += 1;
                continue;
            }
            // Symmetric integers have one code less; where the file uses it, so does the grid.
            let lowest = grid.params[0].qmin() as f32;
            let integers = !matches!(grid.params[0].format(), Format::Fp8(_));
            let below = |values: Vec<f32>| values.into_iter().any(|code| code < lowest);
            let uses = integers && grid::numbers(from, constants, folder).is_some_and(below);
            let grid = if uses { grid.with_lowest() } else { grid };
            found.weights.push(Integers { constant: from.clone(), behind: behind.clone(), grid });
        }
    }
    found
}

/// Whether it has a scale for each channel, and the version of ONNX knows one for all only.
fn is_too_old(node: &NodeProto, grid: &FileGrid, opset: i64) -> bool {
    grid.axis.is_some() && opset < WITH_AXIS && matches!(&*node.domain, "" | "ai.onnx")
}

/// The type of the integers that a `QuantizeLinear` makes.
pub(super) fn element_of(node: &NodeProto, constants: &Constants) -> Element {
    let named = node.attribute.iter().find(|attribute| attribute.name == "output_dtype").map(|a| a.i as i32);
    let zero = node.input.get(2).and_then(|name| constants.tensor(name)).map(Element::of);
    named.filter(|of| *of != 0).map(Element).or(zero).unwrap_or(Element::UINT8)
}

/// Takes the pairs out of the graph. Returns each grid with the name of what was on it.
pub(super) fn take_out(graph: &mut GraphProto, pairs: &[Pair]) -> Vec<(String, FileGrid)> {
    let before: HashMap<&str, &str> = pairs.iter().map(|pair| (pair.behind.as_str(), pair.of.as_str())).collect();
    let ends = graph.input.iter().chain(&graph.output).map(|port| port.name.clone());
    let ends: HashSet<String> = ends.chain(graph.initializer.iter().map(|tensor| tensor.name.clone())).collect();
    // An output keeps its name: what makes its values is called so, or, where that has a name to keep too, hands them on.
    let (mut renamed, mut handed_on): (HashMap<&str, String>, Vec<(String, String)>) = Default::default();
    for output in graph.output.iter().filter(|output| before.contains_key(output.name.as_str())) {
        let of = source(&before, &output.name);
        if ends.contains(of) || renamed.contains_key(of) {
            handed_on.push((of.to_owned(), output.name.clone()));
        } else {
            // The key has to outlive the graph's change.
            let of = pairs.iter().map(|pair| pair.of.as_str()).find(|name| *name == of).unwrap_or_default();
            renamed.insert(of, output.name.clone());
        }
    }
    let called = |name: &str| {
        let name = source(&before, name);
        renamed.get(name).cloned().unwrap_or_else(|| name.to_owned())
    };
    let behind = |node: &NodeProto| node.output.first().is_some_and(|output| before.contains_key(output.as_str()));
    graph.node.retain(|node| node.op_type != "DequantizeLinear" || !behind(node));
    graph.node.iter_mut().for_each(|node| rename(node, &called));
    graph.node.extend(handed_on.into_iter().map(|(of, output)| NodeProto {
        op_type: "Identity".into(),
        name: format!("{output} (handed on)"),
        input: vec![called(&of)],
        output: vec![output],
        ..NodeProto::default()
    }));
    drop_unused(graph);
    pairs.iter().map(|pair| (called(&pair.of), pair.grid.clone())).collect()
}

/// What a tensor is without the pairs before it.
fn source<'a>(before: &HashMap<&'a str, &'a str>, name: &'a str) -> &'a str {
    let mut name = name;
    // No more steps than there are pairs, whatever the file says.
    for _ in 0..before.len() {
        match before.get(name) {
            Some(earlier) => name = earlier,
            None => break,
        }
    }
    name
}

/// Calls what a node takes and makes, and what the graphs inside it take, otherwise.
pub(super) fn rename(node: &mut NodeProto, called: &dyn Fn(&str) -> String) {
    for name in node.input.iter_mut().chain(&mut node.output).filter(|name| !name.is_empty()) {
        *name = called(name);
    }
    for inner in node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()) {
        inner.node.iter_mut().for_each(|node| rename(node, called));
        inner.output.iter_mut().for_each(|output| output.name = called(&output.name));
    }
}

/// Drops each `QuantizeLinear` whose integers nothing takes any longer.
fn drop_unused(graph: &mut GraphProto) {
    let mut taken = Vec::new();
    graph.node.iter().for_each(|node| taken_by(node, &mut taken));
    let mut taken: HashSet<String> = taken.into_iter().map(str::to_owned).collect();
    taken.extend(graph.output.iter().map(|output| output.name.clone()));
    graph
        .node
        .retain(|node| node.op_type != "QuantizeLinear" || node.output.iter().any(|output| taken.contains(output)));
}
