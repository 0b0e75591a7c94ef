//! Where a network is quantized: which of its activations an integer runtime holds as integers.
//!
//! An ONNX file names every step of what a runtime computes at once. Quantizing each of them is what no runtime does, and
//! costs most where it means least: HardSwish written as Add, Clip, Mul and Div rounds one convolution's result eight
//! times. So tensors are looked at as a runtime would: behind a product everything pointwise is one block with it, what
//! moves values changes none, and an integer operator takes integers.

mod blocks;
mod operator;
mod ort;
mod types;

use super::activations::{self, Activation};
use super::network::Network;
use super::weights::Weight;
use blocks::Blocks;
use operator::Family;
use ort::Ort;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use types::Types;

/// Which activations are quantized unless something else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Placement {
    /// What Conv, ConvTranspose, MatMul, Gemm, average pooling and recurrent layers take, as pytorch-quantization's
    /// modules have their quantizers.
    Inputs,
    /// One quantizer where a fused block ends and an integer operator takes it, and the older branch of a join: as
    /// TensorRT, OpenVINO and ModelOpt place theirs.
    #[default]
    Fused,
    /// What ONNX Runtime's `quantize_static` puts a QuantizeLinear and a DequantizeLinear behind, with its default list of
    /// operators: of the graph as it is here, without what its `quant_pre_process` would make of it.
    Ort,
    /// Every activation that the file names.
    All,
}

impl Placement {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Placement; 4] = [Placement::Fused, Placement::Inputs, Placement::Ort, Placement::All];

    /// Its name on the command line and in documents.
    pub fn name(self) -> &'static str {
        match self {
            Placement::Inputs => "inputs",
            Placement::Fused => "fused",
            Placement::Ort => "ort",
            Placement::All => "all",
        }
    }

    /// Of each of the network's activations, in their order, why it stays in float; `None` where it is quantized.
    pub fn of(self, network: &Network, activations: &[Activation]) -> Vec<Option<String>> {
        match self {
            Placement::All => vec![None; activations.len()],
            Placement::Inputs => activations.iter().map(inputs).collect(),
            Placement::Fused => Blocks::of(activations).places(),
            Placement::Ort => {
                let ort = Ort::of(network);
                activations.iter().map(|activation| ort.reason(activation)).collect()
            }
        }
    }

    /// The same by name, of all tensors that the file shows as computed, without anything being run: integers may be among
    /// them.
    pub fn by_name(self, network: &Network) -> HashMap<String, Option<String>> {
        let activations = activations::candidates(network.graph());
        let why = self.of(network, &activations);
        activations.into_iter().map(|activation| activation.name).zip(why).collect()
    }

    /// Whether an operator hands values on as they are, all or some of them: they are quantized where they were made.
    pub fn hands_on(op_type: &str) -> bool {
        matches!(Family::of(op_type), Family::Move | Family::Concat)
    }

    /// Of each of the network's weights, in their order, why it stays in float; `None` where it is quantized.
    pub fn of_weights(self, network: &Network, weights: &[Weight]) -> Vec<Option<String>> {
        let (taken, why): (Vec<bool>, _) = match self {
            Placement::All => return vec![None; weights.len()],
            Placement::Ort => {
                let quantized = Ort::of(network).constants();
                let taken = weights.iter().map(|weight| quantized.contains(weight.name.as_str()));
                (taken.collect(), "no operator takes it that quantize_static quantizes")
            }
            Placement::Inputs | Placement::Fused => {
                let is_taken = |weight: &Weight| weight.uses.iter().any(|u| Family::of(&u.op_type) == Family::Integer);
                (weights.iter().map(is_taken).collect(), "no integer operator takes it")
            }
        };
        taken.into_iter().map(|taken| (!taken).then(|| why.to_owned())).collect()
    }

    /// Of each activation, the one whose values it holds when moves (Reshape, MaxPool, Resize) have handed them on: where
    /// they are quantized once; itself otherwise, and where everything is quantized.
    pub fn sources(self, activations: &[Activation]) -> Vec<usize> {
        let all = 0..activations.len();
        match self {
            Placement::Fused => {
                let blocks = Blocks::of(activations);
                all.map(|at| blocks.source(at)).collect()
            }
            Placement::Inputs | Placement::Ort | Placement::All => all.collect(),
        }
    }
}

impl Network {
    /// The types of the elements of its tensors by name, as far as the file and ONNX's rules tell them: numbers of
    /// `TensorProto.DataType`.
    pub fn element_types(&self) -> HashMap<String, i32> {
        Types::of(self.graph()).all().map(|(name, of)| (name.to_owned(), of)).collect()
    }
}

fn inputs(activation: &Activation) -> Option<String> {
    let taken = activation.consumers.iter().any(|consumer| Family::of(&consumer.op_type) == Family::Integer);
    (!taken).then(|| "taken by no Conv, ConvTranspose, MatMul, Gemm, average pooling or recurrent layer".to_owned())
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Placement, String> {
        let found = Placement::ALL.into_iter().find(|placement| placement.name() == text);
        found.ok_or_else(|| format!("\"{text}\" is no placement; it is fused, inputs, ort or all"))
    }
}
