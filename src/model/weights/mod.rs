//! The constants that a network's operators multiply with, or look up in.
//!
//! What a node takes as its weight is followed back to what stands in the file: through nodes that only move its values
//! to the constant itself, else the nodes between are run, for one weight at a time.

mod axis;
mod fold;
pub(in crate::model) mod operands;
mod store;
mod stored;
pub(in crate::model) mod trace;

use super::error::{ModelError, one_line};
use super::network::Network;
use crate::quant::Grids;
pub(super) use fold::singles;
use operands::operands;
use std::collections::HashMap;
pub use stored::Stored;
use trace::Behind;
pub(super) use trace::Constants;
use tract_onnx::pb::{GraphProto, ModelProto};

/// A float constant that is a weight: an initializer, a `Constant` node, or what some nodes make of these alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The tensor's name: the initializer's where the values are its own, in whatever order or type a node takes them.
    pub name: String,
    /// The largest constant that it is computed from, where it is not one itself.
    pub initializer: Option<String>,
    /// The type of that constant in the file, by its NumPy name.
    pub initializer_dtype: Option<String>,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The type of its elements in the file, by its NumPy name (`float32`, `bfloat16`).
    pub dtype: String,
    /// The nodes that multiply with it, in the order of the file; at least one.
    pub uses: Vec<WeightUse>,
    /// The axis of the output channels, along which an integer runtime allows a scale each. `None` where it has none,
    /// or where its uses disagree: then only one scale for the whole tensor is right.
    pub axis: Option<usize>,
}

impl Weight {
    /// That it is computed, and of what: a sentence.
    pub fn computed_from(&self) -> Option<String> {
        let of = self.initializer.as_ref()?;
        let dtype = self.initializer_dtype.as_deref().unwrap_or("no known type");
        Some(format!("Computed from {}, which is {dtype} in the file.", one_line(of)))
    }
}

/// A node that multiplies with a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightUse {
    /// The node's name; its first output's where it has none.
    pub node: String,
    /// Its operator, such as `Conv`, `MatMul`, `LSTM` or `Gather`.
    pub op_type: String,
}

impl Network {
    /// The weights, in the order in which they are first used, those inside `If`, `Loop` and `Scan` among them.
    ///
    /// The output channels are axis 0 of a `Conv` (depthwise ones too), axis 1 of a `ConvTranspose`, the last axis of a
    /// `MatMul`'s second operand and the last but one of its first, and of a `Gemm`'s operands those that its `transB`
    /// and `transA` leave to the output; of an `Einsum`'s operand the one axis that only it brings to the output; of
    /// `LSTM`, `GRU` and `RNN` axis 1, which goes through the gates. A table that `Gather` looks up in has none.
    ///
    /// A weight that cannot be computed from its constants is among them, without a shape;
    /// [`weight_values`](Network::weight_values) says why.
    pub fn weights(&self) -> Vec<Weight> {
        let constants = Constants::of(self.graph());
        let mut found = Found { network: self, constants: &constants, weights: Vec::new(), places: HashMap::new() };
        found.walk(self.graph());
        found.weights
    }

    /// A weight's values, in row-major order.
    ///
    /// # Errors
    ///
    /// The tensor cannot be read: it is cut short, or the file that it lies in is gone. Or it cannot be computed.
    pub fn weight_values(&self, weight: &Weight) -> Result<Vec<f32>, ModelError> {
        let constants = Constants::of(self.graph());
        let tensor = match constants.tensor(&weight.name) {
            Some(tensor) => super::constants::load(tensor, &self.folder).map_err(|why| self.error(why))?,
            None => fold::value(self, &constants, &weight.name)?,
        };
        fold::singles(self, &weight.name, tensor)
    }

    /// The network with these weights fake-quantized: on one grid each, or on one for each index along an axis, whichever.
    ///
    /// # Errors
    ///
    /// A tensor cannot be read, or there are not as many grids as there are channels along their axis.
    pub fn with_weights(&self, grids: &[(Weight, Grids)]) -> Result<Network, ModelError> {
        let mut proto = ModelProto::clone(&self.proto);
        let graph = proto.graph.as_mut().expect("checked when it was made");
        for (weight, grids) in grids {
            let mut values = self.weight_values(weight)?;
            store::fake_quantize(&mut values, weight, grids).map_err(|predicate| self.error(predicate))?;
            store::replace(graph, weight, &values);
        }
        Ok(self.with_proto(proto))
    }

    /// Which operators' weights are not listed, because they are integers already: half a sentence.
    pub fn integer_weights(&self) -> Option<String> {
        let mut nodes: Vec<&str> = Vec::new();
        let constants = Constants::of(self.graph());
        for node in super::branches::all(self.graph()).into_iter().flat_map(|graph| &graph.node) {
            let packed = matches!(&*node.op_type, "MatMulNBits" | "GatherBlockQuantized" | "DynamicQuantizeLSTM");
            let integers = packed || node.op_type.starts_with("QLinear") || node.op_type.ends_with("Integer");
            if integers && node.input.iter().skip(1).any(|name| constants.contains(name)) {
                nodes.push(&node.op_type);
            }
        }
        let count = nodes.len();
        nodes.sort_unstable();
        nodes.dedup();
        let s = if count == 1 { "" } else { "s" };
        let of: Vec<String> = nodes.into_iter().map(one_line).collect();
        (count > 0).then(|| {
            format!("the weights of {count} node{s} ({}) are integers already and are not listed", of.join(", "))
        })
    }
}

/// The weights as they are found.
struct Found<'a> {
    network: &'a Network,
    constants: &'a Constants<'a>,
    weights: Vec<Weight>,
    /// By name. `None` of what turned out to be no weight.
    places: HashMap<String, Option<usize>>,
}

impl<'a> Found<'a> {
    fn walk(&mut self, graph: &'a GraphProto) {
        for node in &graph.node {
            if !node.output.first().is_some_and(|output| self.constants.contains(output)) {
                for operand in operands(node) {
                    if let Some(name) = node.input.get(operand.place).filter(|name| self.constants.contains(name)) {
                        self.take(name, &operand);
                    }
                }
            }
            for attribute in &node.attribute {
                attribute.g.iter().chain(&attribute.graphs).for_each(|inner| self.walk(inner));
            }
        }
    }

    /// Takes in what a node multiplies with.
    fn take(&mut self, name: &str, operand: &operands::Operand) {
        let of = WeightUse { node: operand.node.into(), op_type: operand.op_type.into() };
        let (weight, axis) = match self.constants.behind(name, operand, &self.network.folder) {
            Behind::Nothing => return,
            Behind::Constant { name, shape, axis, dtype } => {
                (Weight { name, initializer: None, initializer_dtype: None, shape, dtype, uses: vec![of], axis }, axis)
            }
            Behind::Computed { from } => {
                if let Some(known) = self.places.get(name) {
                    let Some(place) = *known else { return };
                    let axis = operand.axis(self.weights[place].shape.len());
                    return self.agree(place, axis, of);
                }
                let (shape, dtype) = match fold::value(self.network, self.constants, name) {
                    Ok(tensor) if !super::tap::is_float(tensor.datum_type()) => {
                        self.places.insert(name.into(), None);
                        return;
                    }
                    Ok(tensor) => (tensor.shape().to_vec(), super::activations::type_name(tensor.datum_type())),
                    // Its row says why.
                    Err(_) => (Vec::new(), "float32".into()),
                };
                if !operand.takes(shape.len()) {
                    return;
                }
                let axis = operand.axis(shape.len());
                let (initializer, initializer_dtype) = from.unzip();
                let uses = vec![of];
                (Weight { name: name.into(), initializer, initializer_dtype, shape, dtype, uses, axis }, axis)
            }
        };
        match self.places.get(&weight.name) {
            Some(Some(place)) => self.agree(*place, axis, weight.uses.into_iter().next().expect("it has one")),
            Some(None) => {}
            None => {
                self.places.insert(weight.name.clone(), Some(self.weights.len()));
                self.weights.push(weight);
            }
        }
    }

    fn agree(&mut self, place: usize, axis: Option<usize>, of: WeightUse) {
        let weight = &mut self.weights[place];
        weight.axis = weight.axis.filter(|&first| Some(first) == axis);
        weight.uses.push(of);
    }
}
