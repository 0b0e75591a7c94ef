//! A file that is quantized already: its network in float, and what its quantizers say.
//!
//! `QuantizeLinear` with `DequantizeLinear` behind it is a grid on a tensor. Left out, the network is the float one, and
//! the grids are known by the tensors' names. Weights that are integers in the file stay behind their
//! `DequantizeLinear`: the float that they stand for is what is computed with. Where the file says what the weight was called
//! before, it is called so again.

mod grid;
mod origin;
mod pairs;
mod put_back;
mod survey;

pub use grid::FileGrid;
pub use survey::Surveyed;

use super::network::Network;
use super::weights::Constants;
use std::collections::BTreeMap;
use tract_onnx::pb::ModelProto;

/// What the quantizers of a file say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantizers {
    grids: BTreeMap<String, FileGrid>,
    /// Of each pair that was taken out, what it took and what it made.
    pairs: Vec<(String, String)>,
    left: usize,
    put_back: usize,
    /// Quantizers with a scale for each channel below this version, which has none.
    too_old: usize,
    opset: i64,
}

impl Quantizers {
    /// The grid that a tensor is on in the file.
    pub fn of(&self, tensor: &str) -> Option<&FileGrid> {
        self.grids.get(tensor)
    }

    /// Every tensor that is on a grid in the file, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &FileGrid)> {
        self.grids.iter().map(|(name, grid)| (name.as_str(), grid))
    }

    /// Of each pair that was taken out, the name of what it took and of what it made.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// How many cuts at 0 the float network has that the file has not.
    pub fn put_back(&self) -> usize {
        self.put_back
    }

    /// Whether the file quantizes nothing.
    pub fn is_empty(&self) -> bool {
        self.grids.is_empty()
    }

    /// What is to be known of a file that holds quantizers: sentences without their full stop.
    pub fn notes(&self, file: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.is_empty() {
            notes.push(format!(
                "{file} holds QuantizeLinear: shown is its float network; the scales of the file are the first offer"
            ));
        }
        let s = |n: usize| if n == 1 { "" } else { "s" };
        if self.put_back > 0 {
            let n = self.put_back;
            notes.push(format!(
                "{n} quantizer{} of {file} cut{} at 0 what can be below it, as where a Relu was taken out; the float \
                 network has it again",
                s(n),
                if n == 1 { "s" } else { "" }
            ));
        }
        if self.too_old > 0 {
            let (n, opset) = (self.too_old, self.opset);
            let have = if n == 1 { "has" } else { "have" };
            notes.push(format!(
                "{n} quantizer{} of {file} {have} a scale for each channel, which ONNX knows from opset 13 on, and the file \
                 says {opset}: they are no offer; convert the model to opset 13",
                s(n)
            ));
        }
        if self.left > 0 && !self.is_empty() {
            let n = self.left;
            let are = if n == 1 { "is" } else { "are" };
            notes
                .push(format!("{n} QuantizeLinear of {file} {are} no half of a pair and {are} run as the file has it"));
        }
        notes
    }
}

impl Network {
    /// The network without the pairs of `QuantizeLinear` and `DequantizeLinear` outside of branches, and what those say.
    /// The same network where there are none.
    pub fn without_quantizers(&self) -> (Network, Quantizers) {
        let graph = self.graph();
        if graph.node.iter().all(|node| node.op_type != "DequantizeLinear") {
            return (self.clone(), Quantizers::default());
        }
        let versions = self.proto.opset_import.iter().filter(|set| matches!(&*set.domain, "" | "ai.onnx"));
        let opset = versions.map(|set| set.version).max().unwrap_or(1);
        let pairs::Found { pairs, weights, too_old } = pairs::find(graph, opset, &Constants::of(graph), &self.folder);
        let mut proto = ModelProto::clone(&self.proto);
        let graph = proto.graph.as_mut().expect("checked when it was made");
        let put_back = put_back::relus(graph, &pairs, opset);
        let taken_out = pairs.iter().map(|pair| (pair.of.clone(), pair.behind.clone())).collect();
        let mut grids: BTreeMap<String, FileGrid> =
            origin::name_by_origin(graph, &pairs, weights).into_iter().collect();
        for (name, grid) in pairs::take_out(graph, &pairs) {
            // Of two behind each other the first is the one that the values meet.
            grids.entry(name).or_insert(grid);
        }
        let left = graph.node.iter().filter(|node| node.op_type == "QuantizeLinear").count();
        (self.with_proto(proto), Quantizers { grids, pairs: taken_out, left, put_back, too_old, opset })
    }
}
