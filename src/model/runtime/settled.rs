//! What follows from the shapes of the inputs alone, by the look of the graph.

use super::super::activations::{constants, is_computed_from};
use std::collections::HashSet;
use tract_onnx::pb::{GraphProto, NodeProto};

/// What is settled once the shapes of the inputs are known.
pub(super) struct Settled<'a> {
    /// Tensors that are constant then.
    pub constant: HashSet<&'a str>,
    /// Tensors whose shapes depend on values all the same.
    pub open: HashSet<&'a str>,
}

impl<'a> Settled<'a> {
    /// Walks through the graph, whose nodes stand in the order in which they are run.
    pub fn of(graph: &'a GraphProto) -> Settled<'a> {
        let mut settled = Settled { constant: constants(graph), open: HashSet::new() };
        for node in &graph.node {
            let inputs: Vec<&str> = node.input.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
            let outputs = node.output.iter().map(String::as_str);
            let open = inputs.iter().any(|name| settled.open.contains(name));
            let of_shape = matches!(&*node.op_type, "Shape" | "Size") && !open;
            if of_shape || is_computed_from(node, &settled.constant) {
                settled.constant.extend(outputs);
            } else if open || !settled.decides(node) {
                settled.open.extend(outputs);
            }
        }
        settled
    }

    /// Whether the shapes of a node's inputs decide on those of its outputs.
    fn decides(&self, node: &NodeProto) -> bool {
        let fixed = |name: &String| name.is_empty() || self.constant.contains(name.as_str());
        match &*node.op_type {
            "Compress" | "If" | "Loop" | "NonMaxSuppression" | "NonZero" | "Scan" | "StringSplit" | "Unique" => false,
            "ConstantOfShape" | "OneHot" | "Range" => node.input.iter().all(fixed),
            "CenterCropPad" | "Expand" | "Pad" | "Reshape" | "Resize" | "Slice" | "Split" | "Squeeze" | "Tile"
            | "TopK" | "Unsqueeze" | "Upsample" => node.input.iter().skip(1).all(fixed),
            op if op.starts_with("Reduce") => node.input.iter().skip(1).all(fixed),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::ValueInfoProto;

    fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
        let input = inputs.iter().map(ToString::to_string).collect();
        NodeProto { op_type: op.into(), input, output: vec![output.into()], ..NodeProto::default() }
    }

    #[test]
    fn shapes_settle_what_is_computed_of_them_and_values_leave_it_open() {
        let graph = GraphProto {
            input: vec![ValueInfoProto { name: "x".into(), ..ValueInfoProto::default() }],
            node: vec![
                node("Shape", &["x"], "shape"),
                node("Cast", &["shape"], "cast"),
                node("Sqrt", &["cast"], "root"),
                node("Reshape", &["x", "shape"], "reshaped"),
                node("Div", &["reshaped", "root"], "scaled"),
                node("NonZero", &["scaled"], "places"),
                node("Shape", &["places"], "how many"),
                node("Gather", &["scaled", "places"], "gathered"),
                node("Cast", &["how many"], "number"),
                node("ArgMax", &["scaled"], "best"),
                node("Reshape", &["scaled", "best"], "by value"),
            ],
            ..GraphProto::default()
        };
        let Settled { constant, open } = Settled::of(&graph);
        assert_eq!(constant, HashSet::from(["shape", "cast", "root"]));
        assert_eq!(open, HashSet::from(["places", "how many", "gathered", "number", "by value"]));
    }
}
