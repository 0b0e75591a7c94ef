//! The nodes that are put into a graph, and who takes what they make.

use super::external::Beside;
use super::graph::{Graph, INPUT, Item, OUTPUT, Tensor};
use super::grid::Grid;
use super::inner::{self, Instead};
use super::names::Names;
use super::node::{Attribute, Node};
use super::options::{BEHIND, QdqError, Weights};
use super::plan::Plan;
use crate::model::Network;
use std::collections::{HashMap, HashSet};

/// Puts `QuantizeLinear` and `DequantizeLinear` into the graph; `stored` are weights that stood for integers which are gone
/// from it. Returns the names that something took before and does not now.
pub(super) fn insert<'a>(
    graph: &mut Graph<'a>,
    plan: &Plan,
    (network, stored): (&Network, &HashSet<String>),
    weights: Weights,
    names: &mut Names,
    beside: &mut Beside,
) -> Result<HashSet<String>, QdqError> {
    let fail = |why: String| QdqError::file(network, &format!("cannot be written anew ({why})"));
    let inputs: HashSet<String> = graph.ports(INPUT).map(|port| port.name.to_owned()).collect();
    let outputs: HashSet<String> = graph.ports(OUTPUT).map(|port| port.name.to_owned()).collect();
    let external: HashSet<String> =
        graph.initializers().filter(|t| t.is_external).map(|t| t.name.clone().into_owned()).collect();
    let mut new =
        New { names, instead: Instead::new(), renamed: Instead::new(), behind: HashMap::new(), constants: Vec::new() };
    let mut freed = HashSet::new();
    for (weight, grid) in &plan.weights {
        let (name, own) = (&weight.name, weight.name.strip_suffix(BEHIND).unwrap_or(&weight.name));
        let is_stored = stored.contains(name);
        // What stood for integers keeps the name that everything takes it by.
        let own = if is_stored { own } else { name };
        let behind = if is_stored { name.clone() } else { new.names.fresh(&format!("{name}{BEHIND}")) };
        let dims: Vec<i64> = weight.shape.iter().map(|n| *n as i64).collect();
        if weights == Weights::Integers {
            let codes = new.names.fresh(&format!("{own}_quantized"));
            new.constants.push(if external.contains(name) {
                let (offset, length) = beside.codes(weight, grid);
                Tensor::external(&codes, grid.element, &dims, &beside.location, offset, length)
            } else {
                let values = network.weight_values(weight)?;
                Tensor::new(&codes, grid.element, &dims, &grid.codes(&values, &weight.shape))
            });
            let params = new.params(own, grid);
            new.behind.entry(String::new()).or_default().push(dequantize(own, &codes, &params, &behind, grid));
        } else {
            let from = if is_stored { new.names.fresh(own) } else { name.clone() };
            if is_stored {
                new.constants.push(Tensor::new(
                    &from,
                    grid.float,
                    &dims,
                    &grid.floats(&network.weight_values(weight)?),
                ));
            }
            new.pair(own, &from, grid, behind.clone());
        }
        if !is_stored {
            freed.insert(name.clone());
            new.instead.insert(name.clone(), behind);
        }
    }
    for (name, grid) in &plan.activations {
        if outputs.contains(name) && !inputs.contains(name) {
            // Whoever takes an output from outside gets what is quantized, under its name.
            let from = new.names.fresh(&format!("{name}_QuantizeLinear_Input"));
            new.pair(name, &from, grid, name.clone());
            new.renamed.insert(name.clone(), from);
        } else {
            let behind = new.names.fresh(&format!("{name}{BEHIND}"));
            new.pair(name, name, grid, behind.clone());
            new.instead.insert(name.clone(), behind);
        }
    }
    inner::take_instead(graph, &new.instead).map_err(fail)?;
    new.place(graph);
    Ok(freed)
}

struct New<'n, 'a> {
    names: &'n mut Names,
    /// What is taken in the place of a tensor.
    instead: Instead,
    /// What a tensor is called by the node that makes it, where the quantized one has its name.
    renamed: Instead,
    /// New nodes, by the tensor that they stand behind; those that stand before all others under an empty name.
    behind: HashMap<String, Vec<Node<'a>>>,
    constants: Vec<Tensor<'a>>,
}

impl<'a> New<'_, 'a> {
    /// Scale and zero point of a tensor as constants; their names.
    fn params(&mut self, name: &str, grid: &Grid) -> [String; 2] {
        let [scale, zero] = ["scale", "zero_point"].map(|what| self.names.fresh(&format!("{name}_{what}")));
        self.constants.push(Tensor::new(&scale, grid.float, &grid.dims(), &grid.scales()));
        self.constants.push(Tensor::new(&zero, grid.element, &grid.dims(), &grid.zero_points()));
        [scale, zero]
    }

    /// Both nodes behind `from`; the second makes `behind`.
    fn pair(&mut self, name: &str, from: &str, grid: &Grid, behind: String) {
        let params = self.params(name, grid);
        let quantized = self.names.fresh(&format!("{name}_QuantizeLinear_Output"));
        let [scale, zero] = &params;
        let quantize = Node::new("QuantizeLinear", &format!("{name}_QuantizeLinear"), &[from, scale, zero], &quantized);
        let dequantize = dequantize(name, &quantized, &params, &behind, grid);
        self.behind.entry(from.to_owned()).or_default().extend([along(quantize, grid), dequantize]);
    }

    /// Puts the nodes behind those that make what they take, and the constants behind all others.
    fn place(mut self, graph: &mut Graph<'a>) {
        let made = graph.nodes().flat_map(|node| &node.outputs).filter(|output| !output.is_empty());
        let made: HashSet<String> = made.map(|output| output.clone().into_owned()).collect();
        let renamed: HashSet<&String> = self.renamed.values().collect();
        let is_made = |name: &String| made.contains(name) || renamed.contains(name);
        let mut at_first: Vec<String> = self.behind.keys().filter(|name| !is_made(name)).cloned().collect();
        // In an order that is always the same.
        at_first.sort_unstable();
        let mut first: Vec<Node> = Vec::new();
        for name in at_first {
            first.extend(self.behind.remove(&name).unwrap_or_default());
        }
        let mut first = Some(first);
        let mut items = Vec::with_capacity(graph.items.len() + self.constants.len() + 2 * self.behind.len());
        for item in std::mem::take(&mut graph.items) {
            let Item::Node(mut node) = item else {
                items.push(item);
                continue;
            };
            items.extend(first.take().into_iter().flatten().map(Item::Node));
            let mut behind = Vec::new();
            for at in 0..node.outputs.len() {
                if let Some(other) = self.renamed.get(&*node.outputs[at]) {
                    node.edit().outputs[at] = other.clone().into();
                }
                behind.extend(self.behind.remove(&*node.outputs[at]).unwrap_or_default());
            }
            items.push(Item::Node(node));
            items.extend(behind.into_iter().map(Item::Node));
        }
        items.extend(first.into_iter().flatten().map(Item::Node));
        items.extend(self.constants.into_iter().map(Item::Initializer));
        graph.items = items;
    }
}

fn dequantize<'a>(name: &str, from: &str, [scale, zero]: &[String; 2], to: &str, grid: &Grid) -> Node<'a> {
    along(Node::new("DequantizeLinear", &format!("{name}_DequantizeLinear"), &[from, scale, zero], to), grid)
}

fn along<'a>(node: Node<'a>, grid: &Grid) -> Node<'a> {
    match grid.axis {
        Some(axis) => node.with(Attribute::number("axis", axis as i64)),
        None => node,
    }
}
