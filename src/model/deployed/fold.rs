//! Batch norms inside the weights of the product before them, and what stands there as constants of each channel.

use super::affine::Affine;
use super::batch_norm;
use super::product::Product;
use super::record::Record;
use super::uses::Uses;
use crate::model::activations::node_name;
use crate::model::branches;
use crate::model::weights::trace::{Constants, Moved};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// A product with what is folded into it.
struct Fold {
    weight: TensorProto,
    bias: TensorProto,
    /// The tensors that go, the product's own first.
    tensors: Vec<String>,
    /// The nodes that go, by operator and name.
    nodes: Vec<String>,
    /// What comes out of the last of them, and now of the product.
    left: String,
}

/// Folds batch norms into the products whose results nobody else takes. A weight of several nodes stays as it is: it is one
/// tensor of the file, and would have to become two.
pub(super) fn fold(graph: &mut GraphProto, opset: i64, folder: &Path, record: &mut Record) {
    let folds = find(graph, opset, folder);
    if folds.is_empty() {
        return;
    }
    let constants: HashSet<String> =
        folds.values().flat_map(|fold| [fold.weight.name.clone(), fold.bias.name.clone()]).collect();
    let gone: HashSet<String> =
        folds.values().flat_map(|fold| fold.tensors[1..].iter().chain([&fold.left])).cloned().collect();
    apply(graph, &folds, &constants, &gone);
    let mut folds: Vec<Fold> = folds.into_values().collect();
    folds.sort_by(|a, b| a.left.cmp(&b.left));
    for Fold { weight, bias, tensors, nodes, left } in folds {
        record.fold((&weight.name, &bias.name), nodes, &tensors, &left);
        graph.initializer.extend([weight, bias]);
    }
}

/// What is to be folded, by what the product makes.
fn find(graph: &GraphProto, opset: i64, folder: &Path) -> HashMap<String, Fold> {
    let (constants, uses) = (Constants::of(graph), Uses::of(graph));
    let mut folds = HashMap::new();
    for graph in branches::all(graph) {
        let ranks = ranks(graph);
        let taker: HashMap<&str, &NodeProto> =
            graph.node.iter().flat_map(|node| node.input.iter().map(move |input| (input.as_str(), node))).collect();
        for node in &graph.node {
            let next = node.output.first().and_then(|output| taker.get(output.as_str()));
            if !next.is_some_and(|next| matches!(&*next.op_type, "BatchNormalization" | "Mul" | "Add")) {
                continue;
            }
            let Some(product) = Product::of(node, &constants, &uses, &ranks, folder) else { continue };
            let mut affine = Affine::nothing(product.channels);
            let (mut at, mut tensors, mut nodes, mut shifts) = (&node.output[0], Vec::new(), Vec::new(), Vec::new());
            while uses.once(at)
                && let Some(next) = taker.get(at.as_str())
                && let Some((next_affine, shift)) = batch_norm::of(next, at, &product, &constants, (opset, folder))
            {
                affine.then(&next_affine);
                shifts.extend(shift);
                tensors.push(at.clone());
                nodes.push(format!("{} {}", next.op_type, node_name(next)));
                at = &next.output[0];
            }
            if nodes.is_empty() {
                continue;
            }
            let bias = bias_name(product.bias.iter().chain(&shifts), &uses, &constants, at);
            if let Some((weight, bias)) = product.with(&affine, &bias, folder) {
                folds.insert(tensors[0].clone(), Fold { weight, bias, tensors, nodes, left: at.clone() });
            }
        }
    }
    folds
}

/// The name of the constant that is added already, where it is no one else's; else a new one.
fn bias_name<'a>(
    mut added: impl Iterator<Item = &'a Moved<'a>>,
    uses: &Uses,
    constants: &Constants,
    left: &str,
) -> String {
    if let Some(own) = added.find(|moved| moved.way.is_empty() && uses.once(moved.name)) {
        return own.name.to_owned();
    }
    let mut name = format!("{left} (bias)");
    while constants.contains(&name) || !uses.never(&name) {
        name.push('\'');
    }
    name
}

/// The number of axes of the tensors whose type the file gives, and of what can have only two.
fn ranks(graph: &GraphProto) -> HashMap<&str, usize> {
    let given = graph.input.iter().chain(&graph.value_info).filter_map(|info| {
        let Some(Value::TensorType(tensor)) = info.r#type.as_ref()?.value.as_ref() else { return None };
        Some((info.name.as_str(), tensor.shape.as_ref()?.dim.len()))
    });
    let two = graph.node.iter().filter(|node| matches!(&*node.op_type, "Flatten" | "Gemm"));
    let two = two.flat_map(|node| node.output.iter().map(|output| (output.as_str(), 2)));
    given.chain(two).collect()
}

fn apply(graph: &mut GraphProto, folds: &HashMap<String, Fold>, constants: &HashSet<String>, gone: &HashSet<String>) {
    graph.initializer.retain(|tensor| !constants.contains(&tensor.name));
    graph.node.retain(|node| {
        // An If may share its output's name with what a branch makes.
        let goes = match &*node.op_type {
            "BatchNormalization" | "Mul" | "Add" => gone,
            "Constant" => constants,
            _ => return true,
        };
        node.output.first().is_none_or(|made| !goes.contains(made))
    });
    for node in &mut graph.node {
        if let Some(fold) = node.output.first().and_then(|output| folds.get(output)) {
            node.output[0].clone_from(&fold.left);
            node.input.resize(3, String::new());
            node.input[2].clone_from(&fold.bias.name);
            // It is inside the bias.
            node.attribute.retain(|attribute| attribute.name != "beta");
            if node.op_type == "MatMul" {
                node.op_type = "Gemm".into();
            }
        }
        let inner = node.attribute.iter_mut().flat_map(|a| a.g.iter_mut().chain(&mut a.graphs));
        inner.for_each(|inner| apply(inner, folds, constants, gone));
    }
}
