//! What a model is, as far as rules need it: whoever reads models fills it in.

use std::collections::HashMap;

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name; its first output's where it has none.
    pub name: String,
    /// Its operator.
    pub op: String,
    /// What it takes; empty names stand for nothing.
    pub inputs: Vec<String>,
    /// What it makes.
    pub outputs: Vec<String>,
}

/// A weight that integer operators take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphWeight {
    /// Its name.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The axis of its output channels.
    pub axis: Option<usize>,
    /// Its largest magnitude in each of them; one where there is no axis.
    pub amax: Vec<f32>,
}

/// What a quantizer of the model says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantizer {
    /// What is on its grid.
    pub tensor: String,
    /// Whether that is a constant.
    pub is_weight: bool,
    /// Its scales.
    pub scales: Vec<f32>,
    /// Its zero points; empty where it has none.
    pub zeros: Vec<f32>,
    /// The integers' type: `int8`; `int32` of a bias.
    pub dtype: String,
    /// The axis of its channels.
    pub axis: Option<usize>,
    /// How many channels the tensor has along it, where that is known.
    pub channels: Option<usize>,
    /// How many different integers of 8 bits a weight has between its lowest and its highest, where it is one.
    pub codes: Option<u32>,
    /// The scale or zero point of its `DequantizeLinear`, where that is another.
    pub behind: Option<String>,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The file.
    pub file: String,
    /// What is fed.
    pub inputs: Vec<String>,
    /// The nodes, without quantizers.
    pub nodes: Vec<Node>,
    /// The constants.
    pub constants: Vec<String>,
    /// The weights of integer operators.
    pub weights: Vec<GraphWeight>,
    /// Its quantizers, if it has some.
    pub quantizers: Vec<Quantizer>,
}

impl Graph {
    /// The node that makes each tensor.
    pub(super) fn makers(&self) -> HashMap<&str, &Node> {
        self.nodes.iter().flat_map(|node| node.outputs.iter().map(move |output| (output.as_str(), node))).collect()
    }
}
