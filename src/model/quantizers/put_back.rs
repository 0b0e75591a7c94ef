//! Relus that a quantizer stands for.
//!
//! `quantize_static` takes a Relu or Clip out where the quantizer behind it saturates at the same place. Without the
//! quantizer the network would be another one, so that what it cut is cut again.

use super::pairs::Pair;
use crate::model::activations::taken_by;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Puts a Relu, or a Clip from 0 to 6, before each pair that begins at 0 where something else takes nothing and what it
/// takes may be negative. Returns how many.
pub(super) fn relus(graph: &mut GraphProto, pairs: &[Pair], opset: i64) -> usize {
    let mut cuts: HashMap<&str, &Pair> = HashMap::new();
    for pair in pairs.iter().filter(|pair| begins_at_zero(pair)) {
        cuts.entry(pair.of.as_str()).or_insert(pair);
    }
    let behind: HashMap<&str, &str> = pairs.iter().map(|pair| (pair.behind.as_str(), pair.of.as_str())).collect();
    let quantizers: HashSet<usize> = pairs.iter().map(|pair| pair.quantize).collect();
    let mut taken_otherwise: HashSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    for (_, node) in graph.node.iter().enumerate().filter(|(at, _)| !quantizers.contains(at)) {
        let mut taken = Vec::new();
        taken_by(node, &mut taken);
        taken_otherwise.extend(taken.into_iter().map(str::to_owned));
    }
    // In the order of the file, so that what a node takes is known before what it makes.
    let mut never_negative: HashSet<String> = HashSet::new();
    let mut put_back: HashMap<String, (String, Option<f32>)> = HashMap::new();
    for node in graph.node.iter().filter(|node| node.op_type != "Constant") {
        let of = |name: &String| behind.get(name.as_str()).map_or(name.as_str(), |of| of).to_owned();
        let made = is_never_negative(&node.op_type, node.input.iter().map(|name| never_negative.contains(&of(name))));
        for output in &node.output {
            if made {
                never_negative.insert(output.clone());
            } else if let Some(pair) = cuts.get(output.as_str()).filter(|_| !taken_otherwise.contains(output)) {
                let name = format!("{output} (before it is cut at 0)");
                put_back.insert(output.clone(), (name, ends_at_six(pair).then_some(6.0)));
                never_negative.insert(output.clone());
            }
        }
    }
    let mut nodes = Vec::with_capacity(graph.node.len() + put_back.len());
    for mut node in std::mem::take(&mut graph.node) {
        let mut cut = Vec::new();
        for output in &mut node.output {
            if let Some((name, top)) = put_back.get(output.as_str()) {
                cut.push(cutting(name, output, top.filter(|_| opset >= 11)));
                output.clone_from(name);
            }
        }
        nodes.push(node);
        nodes.extend(cut);
    }
    graph.node = nodes;
    let constants = [("0 of a cut", 0.0), ("6 of a cut", 6.0)];
    let used = |name: &str| graph.node.iter().any(|node| node.input.iter().any(|input| input == name));
    let constants: Vec<_> =
        constants.into_iter().filter(|(name, _)| used(name)).map(|(name, x)| scalar(name, x)).collect();
    graph.initializer.extend(constants);
    put_back.len()
}

fn cutting(from: &str, to: &str, top: Option<f32>) -> NodeProto {
    let (op, input) = match top {
        Some(_) => ("Clip", vec![from.to_owned(), "0 of a cut".into(), "6 of a cut".into()]),
        None => ("Relu", vec![from.to_owned()]),
    };
    NodeProto {
        op_type: op.into(),
        name: format!("{to} (cut)"),
        input,
        output: vec![to.into()],
        ..NodeProto::default()
    }
}

fn scalar(name: &str, x: f32) -> TensorProto {
    TensorProto { name: name.into(), data_type: 1, float_data: vec![x], ..TensorProto::default() }
}

fn begins_at_zero(pair: &Pair) -> bool {
    let [grid] = pair.grid.params[..] else { return false };
    !grid.format().symmetric() && grid.zero_point() == grid.qmin()
}

/// Whether it ends at 6 within a step, as behind a Relu6.
fn ends_at_six(pair: &Pair) -> bool {
    let grid = pair.grid.params[0];
    (grid.range().max() - 6.0).abs() <= grid.scale() / 2.0
}

fn is_never_negative(op: &str, mut inputs: impl Iterator<Item = bool>) -> bool {
    match op {
        // A Clip that stands in the file is not one that was taken out.
        "Abs" | "Clip" | "Exp" | "HardSigmoid" | "Relu" | "Sigmoid" | "Softmax" | "Softplus" | "Sqrt" => true,
        "AveragePool" | "Flatten" | "Gather" | "GlobalAveragePool" | "GlobalMaxPool" | "HardSwish" | "Identity"
        | "MaxPool" | "ReduceMax" | "ReduceMean" | "Reshape" | "Slice" | "Split" | "Squeeze" | "Transpose"
        | "Unsqueeze" => inputs.next().unwrap_or(false),
        "Add" | "Concat" | "Max" | "Mul" | "Sum" => {
            let mut any = false;
            inputs.all(|input| {
                any = true;
                input
            }) && any
        }
        _ => false,
    }
}
