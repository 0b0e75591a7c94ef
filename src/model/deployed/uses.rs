//! Who takes a tensor.

use crate::model::branches;
use std::collections::HashMap;
use tract_onnx::pb::GraphProto;

/// How often each tensor is taken, in a graph and in those inside its nodes: by nodes, and as what comes out.
pub(super) struct Uses<'a>(HashMap<&'a str, usize>);

impl<'a> Uses<'a> {
    pub fn of(graph: &'a GraphProto) -> Uses<'a> {
        let mut uses = HashMap::new();
        for graph in branches::all(graph) {
            let taken = graph.node.iter().flat_map(|node| &node.input);
            for name in taken.chain(graph.output.iter().map(|output| &output.name)) {
                *uses.entry(name.as_str()).or_default() += 1;
            }
        }
        Uses(uses)
    }

    pub fn once(&self, name: &str) -> bool {
        self.0.get(name) == Some(&1)
    }

    pub fn never(&self, name: &str) -> bool {
        name.is_empty() || !self.0.contains_key(name)
    }
}
