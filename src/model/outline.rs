//! A network's nodes by names, without its quantizers: for whoever holds names against it.

use super::activations::{constants, node_name};
use super::network::Network;
use std::collections::HashMap;
use tract_onnx::pb::NodeProto;

/// A node, and what it takes and makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlined {
    /// Its name; its first output's where it has none.
    pub name: String,
    /// Its operator.
    pub op_type: String,
    /// What it takes; what a quantizer made is called as what it quantized. Empty names stand for nothing.
    pub inputs: Vec<String>,
    /// What it makes.
    pub outputs: Vec<String>,
}

impl Network {
    /// The nodes outside of branches in the order of the file, but for `QuantizeLinear` and `DequantizeLinear`; and the
    /// names of all constants, what a `DequantizeLinear` makes of them too.
    pub fn outline(&self) -> (Vec<Outlined>, Vec<String>) {
        let graph = self.graph();
        let made: HashMap<&str, &NodeProto> =
            graph.node.iter().flat_map(|node| node.output.iter().map(move |output| (output.as_str(), node))).collect();
        let constants = constants(graph);
        let before = |name: &'_ str| -> String {
            let mut name = name;
            // No more steps than there are nodes, whatever the file says.
            for _ in 0..graph.node.len() {
                let from = |op: &str, name: &str| {
                    let node = made.get(name).filter(|node| node.op_type == op)?;
                    node.input.first().map(String::as_str)
                };
                match from("DequantizeLinear", name).and_then(|integers| from("QuantizeLinear", integers)) {
                    Some(earlier) => name = earlier,
                    None => break,
                }
            }
            name.to_owned()
        };
        let quantizer = |node: &&NodeProto| matches!(&*node.op_type, "QuantizeLinear" | "DequantizeLinear");
        let nodes = graph.node.iter().filter(|node| !quantizer(node)).map(|node| Outlined {
            name: node_name(node).to_owned(),
            op_type: node.op_type.clone(),
            inputs: node.input.iter().map(|name| before(name)).collect(),
            outputs: node.output.clone(),
        });
        let mut constants: Vec<String> = constants.into_iter().map(str::to_owned).collect();
        constants.sort_unstable();
        (nodes.collect(), constants)
    }
}
