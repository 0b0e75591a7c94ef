//! The constants that convolutions and matrix products multiply with.

use super::activations::node_name;
use super::error::{ModelError, guarded, one_line, reason};
use super::network::Network;
use super::tap::is_float;
use crate::error::{ErrorKind, Predicate};
use crate::quant::QuantParams;
use half::f16;
use std::collections::HashMap;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};
use tract_onnx::prelude::{DatumType, TractError};

/// A float constant that is a weight, whether it stands among the initializers or in a `Constant` node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The tensor's name.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// The nodes that multiply with it, in the order of the file; at least one.
    pub uses: Vec<WeightUse>,
    /// The axis of the output channels, along which an integer runtime allows a scale each. `None` where it has none,
    /// or where its uses disagree: then only one scale for the whole tensor is right.
    pub axis: Option<usize>,
}

/// A node that multiplies with a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightUse {
    /// The node's name; its first output's where it has none.
    pub node: String,
    /// Its operator: `Conv`, `ConvTranspose`, `MatMul` or `Gemm`.
    pub op_type: String,
}

impl Network {
    /// The weights, in the order in which they are first used.
    ///
    /// The output channels are axis 0 of a `Conv` (depthwise ones too), axis 1 of a `ConvTranspose`, the last axis of a
    /// `MatMul`'s second operand and the last but one of its first, and of a `Gemm`'s operands those that its `transB`
    /// and `transA` leave to the output.
    pub fn weights(&self) -> Vec<Weight> {
        let graph = self.graph();
        let constants = constants(graph);
        let mut weights: Vec<Weight> = Vec::new();
        let mut places = HashMap::new();
        for node in &graph.node {
            for &operand in operands(node) {
                let Some(tensor) = node.input.get(operand).and_then(|name| constants.get(name.as_str())) else {
                    continue;
                };
                let (name, tensor) = *tensor;
                let Some(shape) = float_shape(tensor) else { continue };
                let axis = axis(node, operand, shape.len());
                let of = WeightUse { node: node_name(node).into(), op_type: node.op_type.clone() };
                let place = *places.entry(name).or_insert(weights.len());
                match weights.get_mut(place) {
                    None => weights.push(Weight { name: name.into(), shape, uses: vec![of], axis }),
                    Some(weight) => {
                        weight.axis = weight.axis.filter(|&first| Some(first) == axis);
                        weight.uses.push(of);
                    }
                }
            }
        }
        weights
    }

    /// A weight's values, in row-major order.
    ///
    /// # Errors
    ///
    /// The tensor cannot be read: it is cut short, or the file that it lies in is gone.
    pub fn weight_values(&self, weight: &Weight) -> Result<Vec<f32>, ModelError> {
        let Some(tensor) = constant(self.graph(), &weight.name) else {
            return Err(self.error(format!("has no constant {}.", one_line(&weight.name))));
        };
        self.values(tensor)
    }

    /// The network with these weights fake-quantized: on one grid each, or on one for each index along
    /// [`Weight::axis`].
    ///
    /// # Errors
    ///
    /// A tensor cannot be read, or the number of grids is neither 1 nor that of its channels.
    pub fn with_weights(&self, grids: &[(Weight, Vec<QuantParams>)]) -> Result<Network, ModelError> {
        let mut proto = ModelProto::clone(&self.proto);
        let graph = proto.graph.as_mut().expect("checked when it was made");
        for (weight, grids) in grids {
            let mut values = self.weight_values(weight)?;
            fake_quantize(&mut values, weight, grids).map_err(|predicate| self.error(predicate))?;
            if let Some(tensor) = constant_mut(graph, &weight.name) {
                store(tensor, &values);
            }
        }
        Network::from_proto(self.file().to_owned(), self.folder.clone(), proto)
    }

    fn values(&self, tensor: &TensorProto) -> Result<Vec<f32>, ModelError> {
        let fail = |error: TractError| {
            // What the system did not say is about the tensor itself: it has too few bytes for its shape.
            let kind = error.root_cause().downcast_ref().map_or(ErrorKind::Damaged, ErrorKind::of_system);
            let text = format!("holds a weight {} that cannot be read ({}).", one_line(&tensor.name), reason(&error));
            self.error(Predicate::new(kind, text))
        };
        let load = || tract_onnx::tensor::load_tensor(&*tract_onnx::onnx().provider, tensor, self.folder.to_str());
        let loaded = guarded(load).map_err(fail)?;
        let singles = loaded.cast_to::<f32>().map_err(fail)?;
        singles.try_as_plain_ram().and_then(|plain| Ok(plain.as_slice::<f32>()?.to_vec())).map_err(fail)
    }
}

/// Every constant under its name, and under the names that `Identity` nodes give it.
fn constants(graph: &GraphProto) -> HashMap<&str, (&str, &TensorProto)> {
    let mut constants: HashMap<&str, (&str, &TensorProto)> = HashMap::new();
    for tensor in &graph.initializer {
        constants.insert(tensor.name.as_str(), (tensor.name.as_str(), tensor));
    }
    for node in &graph.node {
        let Some(output) = node.output.first() else { continue };
        match &*node.op_type {
            "Constant" => {
                if let Some(tensor) = node.attribute.iter().find(|a| a.name == "value").and_then(|a| a.t.as_ref()) {
                    constants.insert(output, (output, tensor));
                }
            }
            "Identity" => {
                if let Some(&constant) = node.input.first().and_then(|input| constants.get(input.as_str())) {
                    constants.insert(output, constant);
                }
            }
            _ => {}
        }
    }
    constants
}

/// The constant that has this name itself, found without a table of all: there are few weights, and each is read more
/// than once.
fn constant<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a TensorProto> {
    if let Some(tensor) = graph.initializer.iter().find(|tensor| tensor.name == name) {
        return Some(tensor);
    }
    let made = |node: &&NodeProto| node.op_type == "Constant" && node.output.first().is_some_and(|o| o == name);
    graph.node.iter().find(made)?.attribute.iter().find(|attribute| attribute.name == "value")?.t.as_ref()
}

fn constant_mut<'a>(graph: &'a mut GraphProto, name: &str) -> Option<&'a mut TensorProto> {
    if let Some(tensor) = graph.initializer.iter_mut().find(|tensor| tensor.name == name) {
        return Some(tensor);
    }
    let node = graph
        .node
        .iter_mut()
        .find(|node| node.op_type == "Constant" && node.output.first().is_some_and(|o| o == name))?;
    node.attribute.iter_mut().find(|attribute| attribute.name == "value")?.t.as_mut()
}

/// The inputs of a node that may be its weight.
fn operands(node: &NodeProto) -> &'static [usize] {
    match &*node.op_type {
        "Conv" | "ConvTranspose" => &[1],
        "MatMul" | "Gemm" => &[0, 1],
        _ => &[],
    }
}

/// The axis of a weight that becomes an axis of the node's output.
fn axis(node: &NodeProto, operand: usize, rank: usize) -> Option<usize> {
    let transposed = |name: &str| node.attribute.iter().any(|attribute| attribute.name == name && attribute.i != 0);
    let axis = match (&*node.op_type, operand) {
        ("Conv", _) => 0,
        ("ConvTranspose", _) => 1,
        // A vector is summed up whole.
        ("MatMul", _) if rank < 2 => return None,
        ("MatMul", 0) => rank - 2,
        ("MatMul", _) => rank - 1,
        ("Gemm", 0) => usize::from(transposed("transA")),
        _ => usize::from(!transposed("transB")),
    };
    (axis < rank).then_some(axis)
}

fn float_shape(tensor: &TensorProto) -> Option<Vec<usize>> {
    let dtype: DatumType = DataType::try_from(tensor.data_type).ok()?.try_into().ok()?;
    let shape: Option<Vec<usize>> = tensor.dims.iter().map(|&n| usize::try_from(n).ok()).collect();
    shape.filter(|_| is_float(dtype))
}

/// The error is a predicate to the model's name.
fn fake_quantize(values: &mut [f32], weight: &Weight, grids: &[QuantParams]) -> Result<(), String> {
    let channels = weight.axis.map(|axis| weight.shape[axis]);
    match (grids, weight.axis) {
        ([grid], _) => grid.fake_quant_all(values),
        (_, Some(axis)) if channels == Some(grids.len()) => {
            let inner: usize = weight.shape[axis + 1..].iter().product();
            for (row, values) in values.chunks_mut(inner.max(1)).enumerate() {
                grids[row % grids.len()].fake_quant_all(values);
            }
        }
        _ => {
            let (name, given) = (one_line(&weight.name), grids.len());
            let wanted = channels.map_or("1 grid".into(), |n| format!("1 grid or {n}"));
            return Err(format!("has a weight {name} that takes {wanted}, and {given} were given."));
        }
    }
    Ok(())
}

/// Writes the values into the tensor itself, in its own type.
fn store(tensor: &mut TensorProto, values: &[f32]) {
    tensor.raw_data = match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float16) => values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect(),
        Ok(DataType::Double) => values.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    };
    tensor.float_data.clear();
    tensor.int32_data.clear();
    tensor.double_data.clear();
    tensor.external_data.clear();
    tensor.data_location = None;
}
