//! Nodes that stand in no file.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};

pub(super) fn node(op_type: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op_type.into(),
        name: output.into(),
        input: inputs.iter().map(|input| (*input).to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

/// The node with a whole number as an attribute.
pub(super) fn with(mut node: NodeProto, name: &str, i: i64) -> NodeProto {
    let r#type = AttributeType::Int as i32;
    node.attribute.push(AttributeProto { name: name.into(), r#type, i, ..AttributeProto::default() });
    node
}

pub(super) fn constant(output: String, dims: &[i64], values: &[i64]) -> NodeProto {
    let data_type = DataType::Int64 as i32;
    let value = TensorProto { dims: dims.to_vec(), data_type, int64_data: values.to_vec(), ..TensorProto::default() };
    constant_of(output, value)
}

pub(super) fn truth(output: String, value: bool) -> NodeProto {
    let data_type = DataType::Bool as i32;
    constant_of(output, TensorProto { data_type, int32_data: vec![value.into()], ..TensorProto::default() })
}

fn constant_of(output: String, value: TensorProto) -> NodeProto {
    let mut node = node("Constant", &[], &output);
    node.attribute.push(AttributeProto {
        name: "value".into(),
        r#type: AttributeType::Tensor as i32,
        t: Some(value),
        ..AttributeProto::default()
    });
    node
}

pub(super) fn gather(input: &str, at: &str, axis: i64, output: &str) -> NodeProto {
    with(node("Gather", &[input, at], output), "axis", axis)
}

/// As this opset writes it: the axis is an input from 13 on.
pub(super) fn unsqueeze(input: &str, axis: i64, opset: i64, output: &str) -> Vec<NodeProto> {
    if opset >= 13 {
        let axes = format!("{output} (axes)");
        return vec![constant(axes.clone(), &[1], &[axis]), node("Unsqueeze", &[input, &axes], output)];
    }
    let mut node = node("Unsqueeze", &[input], output);
    node.attribute.push(AttributeProto {
        name: "axes".into(),
        r#type: AttributeType::Ints as i32,
        ints: vec![axis],
        ..AttributeProto::default()
    });
    vec![node]
}
