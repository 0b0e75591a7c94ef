//! From what a node takes back to the constants of the file.

use super::axis::{axis_before, only_moves, shape_behind};
use super::operands::Operand;
use crate::model::activations::is_computed_from;
use crate::model::constants::{Element, load};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};
use tract_onnx::prelude::DatumType;

/// All constants of a graph and of those inside its nodes, by name: names are unique in all of them.
pub(in crate::model) struct Constants<'a> {
    tensors: HashMap<&'a str, &'a TensorProto>,
    /// Who makes what of constants alone.
    makers: HashMap<&'a str, &'a NodeProto>,
    names: HashSet<&'a str>,
}

/// What stands behind an operand.
pub(super) enum Behind {
    /// No weight.
    Nothing,
    /// A constant of the file, with its values in whatever order.
    Constant {
        name: String,
        /// The constant's own.
        shape: Vec<usize>,
        /// Along the constant.
        axis: Option<usize>,
        dtype: String,
    },
    /// What nodes make of constants.
    Computed {
        /// The largest of them, and its type.
        from: Option<(String, String)>,
    },
}

impl<'a> Constants<'a> {
    pub fn of(graph: &'a GraphProto) -> Constants<'a> {
        let mut constants = Constants { tensors: HashMap::new(), makers: HashMap::new(), names: HashSet::new() };
        constants.take_in(graph);
        constants
    }

    fn take_in(&mut self, graph: &'a GraphProto) {
        for tensor in &graph.initializer {
            self.tensors.insert(&tensor.name, tensor);
            self.names.insert(&tensor.name);
        }
        for node in &graph.node {
            if node.op_type == "Constant" {
                let value = node.attribute.iter().find(|attribute| attribute.name == "value");
                if let (Some(tensor), Some(output)) = (value.and_then(|value| value.t.as_ref()), node.output.first()) {
                    self.tensors.insert(output, tensor);
                }
            }
            if is_computed_from(node, &self.names) {
                for output in node.output.iter().filter(|output| !output.is_empty()) {
                    self.names.insert(output);
                    self.makers.insert(output, node);
                }
            }
            for attribute in &node.attribute {
                attribute.g.iter().chain(&attribute.graphs).for_each(|inner| self.take_in(inner));
            }
        }
    }

    /// Whether it depends on nothing that is fed.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The constant of the file that has this name.
    pub fn tensor(&self, name: &str) -> Option<&'a TensorProto> {
        self.tensors.get(name).copied()
    }

    /// The nodes and, by their names, the constants that `name` is computed from, in no order.
    pub fn before(&self, name: &str) -> (Vec<&'a NodeProto>, Vec<(&'a str, &'a TensorProto)>) {
        let (mut nodes, mut tensors, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        let mut todo: Vec<&'a str> = self.names.get(name).copied().into_iter().collect();
        while let Some(name) = todo.pop() {
            if name.is_empty() || !seen.insert(name) {
                continue;
            }
            match (self.makers.get(name), self.tensors.get(name)) {
                (Some(node), _) if node.op_type != "Constant" => {
                    nodes.push(*node);
                    todo.extend(node.input.iter().map(String::as_str));
                }
                (_, Some(tensor)) => tensors.push((name, *tensor)),
                (Some(node), None) => nodes.push(*node),
                (None, None) => {}
            }
        }
        // A node with several outputs may have come twice.
        let mut known = HashSet::new();
        nodes.retain(|node| known.insert(std::ptr::from_ref(*node)));
        (nodes, tensors)
    }

    /// What stands behind the operand of this name.
    pub(super) fn behind(&self, name: &str, operand: &Operand, folder: &Path) -> Behind {
        let Some(&name) = self.names.get(name) else { return Behind::Nothing };
        if let Some(found) = self.moved(name, operand, folder) {
            return found;
        }
        let (nodes, tensors) = self.before(name);
        if nodes.is_empty() && tensors.is_empty() {
            return Behind::Nothing;
        }
        let size = |tensor: &TensorProto| tensor.dims.iter().fold(1_i64, |all, n| all.saturating_mul(*n));
        // Of equally large ones the one that comes first in the alphabet, so that it is always the same.
        let largest = tensors.into_iter().max_by_key(|(name, tensor)| (size(tensor), std::cmp::Reverse(*name)));
        Behind::Computed { from: largest.map(|(name, tensor)| (name.to_owned(), Element::of(tensor).name())) }
    }

    /// The constant behind nodes that only move its values; `None` where there is another kind of node, or where its
    /// channels lie along no axis of the constant.
    fn moved(&self, name: &'a str, operand: &Operand, folder: &Path) -> Option<Behind> {
        let mut way: Vec<&NodeProto> = Vec::new();
        let mut at = name;
        let tensor = loop {
            if let Some(tensor) = self.tensors.get(at) {
                break tensor;
            }
            let node = self.makers.get(at).filter(|node| only_moves(node))?;
            way.push(node);
            at = self.names.get(node.input.first()?.as_str())?;
        };
        let element = Element::of(tensor);
        let floats = |node: &&NodeProto| {
            let to = node.attribute.iter().find(|attribute| attribute.name == "to");
            node.op_type != "Cast" || to.is_some_and(|to| Element(to.i as i32).is_float())
        };
        if !element.is_float() {
            // Integers that become floats on the way are computed; others are no weight.
            return if way.iter().any(|node| node.op_type == "Cast") { None } else { Some(Behind::Nothing) };
        }
        if !way.iter().all(floats) {
            return Some(Behind::Nothing);
        }
        let own: Vec<usize> = tensor.dims.iter().map(|&n| usize::try_from(n).ok()).collect::<Option<_>>()?;
        let mut shapes = vec![own];
        for node in way.iter().rev() {
            let integers = match node.input.get(1).filter(|name| !name.is_empty()) {
                Some(name) => Some(self.integers(name, folder)?),
                None => None,
            };
            shapes.push(shape_behind(node, shapes.last()?, integers.as_deref())?);
        }
        let rank = shapes.last()?.len();
        if !operand.takes(rank) {
            return Some(Behind::Nothing);
        }
        let mut axis = operand.axis(rank);
        for (node, shapes) in way.iter().zip(shapes.windows(2).rev()) {
            axis = match axis {
                Some(axis) => Some(axis_before(node, &shapes[0], &shapes[1], axis)?),
                None => None,
            };
        }
        Some(Behind::Constant { name: at.into(), shape: shapes.swap_remove(0), axis, dtype: element.name() })
    }

    /// The values of a small constant of integers.
    fn integers(&self, name: &str, folder: &Path) -> Option<Vec<i64>> {
        let tensor = self.tensors.get(name).filter(|tensor| tensor.dims.len() < 2)?;
        let loaded = load(tensor, folder).ok()?;
        let whole = loaded.cast_to_dt(DatumType::I64).ok()?;
        Some(whole.try_as_plain_ram().ok()?.as_slice::<i64>().ok()?.to_vec())
    }
}
