//! Which inputs of a node may be its weight, and which of their axes go on to its output.

use crate::model::activations::node_name;
use tract_onnx::pb::NodeProto;

/// An input of a node that may be its weight.
pub(in crate::model) struct Operand<'a> {
    /// Which of the inputs.
    pub place: usize,
    pub node: &'a str,
    pub op_type: &'a str,
    channels: Channels,
    /// The fewest axes that it has.
    least: usize,
}

/// Where the output channels lie.
#[derive(Clone, Copy)]
enum Channels {
    At(usize),
    /// From the back: 1 is the last.
    Back(usize),
    None,
}

impl Operand<'_> {
    /// The axis of the output channels of an operand with so many axes.
    pub fn axis(&self, rank: usize) -> Option<usize> {
        let axis = match self.channels {
            Channels::At(axis) => axis,
            // A vector is summed up whole.
            Channels::Back(_) if rank < 2 => return None,
            Channels::Back(axis) => rank - axis,
            Channels::None => return None,
        };
        (axis < rank).then_some(axis)
    }

    /// Whether an operand of so many axes is a weight.
    pub fn takes(&self, rank: usize) -> bool {
        rank >= self.least
    }
}

/// The inputs of a node that may be its weights.
pub(in crate::model) fn operands(node: &NodeProto) -> Vec<Operand<'_>> {
    use Channels::{At, Back};
    if !matches!(&*node.domain, "" | "ai.onnx" | "com.microsoft") {
        return Vec::new();
    }
    let set = |name: &str| node.attribute.iter().any(|attribute| attribute.name == name && attribute.i != 0);
    // What is transposed lies the other way round.
    let back = |axis: usize, transposed: bool| Back(if transposed { 3 - axis } else { axis });
    let mut least = 0;
    let channels: Vec<(usize, Channels)> = match &*node.op_type {
        "Conv" | "FusedConv" | "DeformConv" => vec![(1, At(0))],
        "ConvTranspose" => vec![(1, At(1))],
        "MatMul" => vec![(0, Back(2)), (1, Back(1))],
        "FusedMatMul" | "TransposeMatMul" => vec![(0, back(2, set("transA"))), (1, back(1, set("transB")))],
        "Gemm" | "FusedGemm" => vec![(0, At(usize::from(set("transA")))), (1, At(usize::from(!set("transB"))))],
        "LSTM" | "GRU" | "RNN" => vec![(1, At(1)), (2, At(1))],
        // A row of numbers is no table.
        "Gather" => {
            least = 2;
            vec![(0, Channels::None)]
        }
        "Einsum" => einsum(node),
        _ => Vec::new(),
    };
    let (name, op_type) = (node_name(node), node.op_type.as_str());
    channels.into_iter().map(|(place, channels)| Operand { place, node: name, op_type, channels, least }).collect()
}

/// Of each operand the one letter that it alone brings to the output, if there is one.
fn einsum(node: &NodeProto) -> Vec<(usize, Channels)> {
    let equation = node.attribute.iter().find(|attribute| attribute.name == "equation");
    let equation = equation.map(|a| String::from_utf8_lossy(&a.s).replace(' ', "")).unwrap_or_default();
    let (inputs, output) = equation.split_once("->").unwrap_or((&equation, ""));
    let inputs: Vec<&str> = inputs.split(',').collect();
    let channels = |at: usize| {
        let others = |letter: char| inputs.iter().enumerate().any(|(other, of)| other != at && of.contains(letter));
        let mut free =
            inputs[at].chars().enumerate().filter(|(_, c)| c.is_alphabetic() && output.contains(*c) && !others(*c));
        match (free.next(), free.next()) {
            (Some((axis, _)), None) if !inputs[at].contains('.') => Channels::At(axis),
            _ => Channels::None,
        }
    };
    (0..inputs.len().min(node.input.len())).map(|at| (at, channels(at))).collect()
}
