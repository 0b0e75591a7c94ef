//! The room as a whole: on the bundled classifier, and on small graphs made here.

use super::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto,
    ValueInfoProto, attribute_proto, tensor_proto, type_proto,
};

mod bias;
mod cls;
mod constants;
mod deployed;
mod errors;
mod functions;
mod graphs;
mod known;
mod operators;
mod ort;
mod placement;
mod quantizers;
mod samples;
mod trials;
mod variants;
mod weights;

/// PaddleOCR's text direction classifier; see assets/models/README.md.
fn cls() -> Network {
    Network::open(&cls_path()).unwrap()
}

fn cls_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx")
}

fn shapes(shapes: &[(&str, &[usize])]) -> Shapes {
    shapes.iter().map(|(name, shape)| (name.to_string(), shape.to_vec())).collect()
}

/// Runs a graph and answers its outputs and all that was seen, by name.
fn run(graph: &Graph, sample: &[Tensor]) -> (Vec<Tensor>, BTreeMap<String, Tensor>) {
    let mut seen = BTreeMap::new();
    let mut see = |tensor: usize, shape: &[usize], values: &[f32]| {
        let old = seen.insert(graph.tensors()[tensor].name.clone(), Tensor::from_shape(shape, values).unwrap());
        assert!(old.is_none(), "seen once");
    };
    let outputs = graph.run(sample, &mut see, &|| false).unwrap().unwrap();
    (outputs, seen)
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.to_plain_array_view::<f32>().unwrap().iter().copied().collect()
}

fn tensor(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::from_shape(shape, values).unwrap()
}

/// The graph of nodes `op(inputs) -> outputs`, for floats.
fn model(inputs: &[(&str, &[i64])], nodes: Vec<NodeProto>, outputs: &[&str]) -> ModelProto {
    let graph = GraphProto {
        input: inputs.iter().map(|(name, dims)| port(name, Some(dims))).collect(),
        node: nodes,
        output: outputs.iter().map(|name| port(name, None)).collect(),
        ..GraphProto::default()
    };
    let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
    ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(graph), ..ModelProto::default() }
}

fn network(proto: ModelProto) -> Network {
    Network::from_proto("made.onnx".into(), PathBuf::new(), proto).unwrap()
}

/// A negative dimension is the symbol `n`.
fn port(name: &str, dims: Option<&[i64]>) -> ValueInfoProto {
    let value = |&n: &i64| match n {
        0.. => dimension::Value::DimValue(n),
        _ => dimension::Value::DimParam("n".into()),
    };
    let dim = |n: &i64| Dimension { value: Some(value(n)), ..Dimension::default() };
    let shape = dims.map(|dims| TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let tensor = type_proto::Tensor { elem_type: tensor_proto::DataType::Float as i32, shape };
    let r#type = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(r#type), ..ValueInfoProto::default() }
}

fn node(op_type: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
    let name = format!("{op_type}_{}", outputs[0]);
    NodeProto { op_type: op_type.into(), name, input: texts(inputs), output: texts(outputs), ..NodeProto::default() }
}

fn ints(mut node: NodeProto, name: &str, ints: &[i64]) -> NodeProto {
    use attribute_proto::AttributeType;
    let (r#type, i) = if let [one] = ints { (AttributeType::Int, *one) } else { (AttributeType::Ints, 0) };
    let ints = if ints.len() == 1 { Vec::new() } else { ints.to_vec() };
    node.attribute.push(AttributeProto {
        name: name.into(),
        r#type: r#type as i32,
        i,
        ints,
        ..AttributeProto::default()
    });
    node
}

fn constant(name: &str, dims: &[i64], values: &[f32]) -> NodeProto {
    let mut node = node("Constant", &[], &[name]);
    node.attribute.push(AttributeProto {
        name: "value".into(),
        r#type: attribute_proto::AttributeType::Tensor as i32,
        t: Some(float_tensor("", dims, values)),
        ..AttributeProto::default()
    });
    node
}

fn float_tensor(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: tensor_proto::DataType::Float as i32,
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// An `If` with its branches: the nodes of each, and what they are called that it hands on.
fn branches(mut node: NodeProto, yes: (&[NodeProto], &[&str]), no: (&[NodeProto], &[&str])) -> NodeProto {
    for (name, (nodes, outputs)) in [("then_branch", yes), ("else_branch", no)] {
        let output = outputs.iter().map(|name| port(name, None)).collect();
        node = inner(node, name, GraphProto { node: nodes.to_vec(), output, ..GraphProto::default() });
    }
    node
}

/// A node with a graph inside.
fn inner(mut node: NodeProto, name: &str, graph: GraphProto) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        r#type: attribute_proto::AttributeType::Graph as i32,
        g: Some(graph),
        ..AttributeProto::default()
    });
    node
}
