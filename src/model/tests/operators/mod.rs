//! Each operator against numbers of ONNX's reference or of ONNX Runtime, and what is refused.

use super::*;

mod along;
mod attention;
mod element;
mod limits;
mod normalize;
mod other;
mod places;
mod quantize;
mod recurrent;
mod refused;
mod windows;

/// The node `y = op(inputs)`, run by an opset: the inputs are those of the network, in the node's order. `None` is left
/// out.
fn compute(op: NodeProto, opset: i64, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>, String> {
    let (proto, sample) = single(op, opset, inputs);
    let network = Network::from_proto("made.onnx".into(), PathBuf::new(), proto).map_err(|error| error.message)?;
    let graph = Graph::build(&network, &Shapes::new()).map_err(|error| error.message)?;
    let outputs = graph.run(&sample, &mut |_, _, _| {}, &|| false).map_err(|error| error.message)?;
    Ok(outputs.expect("it was not stopped"))
}

/// The model of one node, with what it is fed.
fn single(mut op: NodeProto, opset: i64, inputs: &[Option<Tensor>]) -> (ModelProto, Vec<Tensor>) {
    let names: Vec<String> = (0..inputs.len()).map(|i| format!("x{i}")).collect();
    op.input = names.iter().zip(inputs).map(|(name, input)| input.iter().map(|_| name.as_str()).collect()).collect();
    let outputs = op.output.clone();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let mut proto = model(&[], vec![op], &outputs);
    proto.opset_import[0].version = opset;
    let sample: Vec<(&String, &Tensor)> =
        names.iter().zip(inputs).filter_map(|(name, input)| Some((name, input.as_ref()?))).collect();
    proto.graph.as_mut().unwrap().input = sample.iter().map(|(name, tensor)| typed_port(name, tensor)).collect();
    (proto, sample.into_iter().map(|(_, tensor)| tensor.clone()).collect())
}

fn typed_port(name: &str, tensor: &Tensor) -> ValueInfoProto {
    use tensor_proto::DataType as T;
    let elem_type = match tensor.datum_type() {
        DatumType::F16 => T::Float16,
        DatumType::F64 => T::Double,
        DatumType::I8 => T::Int8,
        DatumType::I16 => T::Int16,
        DatumType::I32 => T::Int32,
        DatumType::I64 => T::Int64,
        DatumType::U8 => T::Uint8,
        DatumType::U16 => T::Uint16,
        DatumType::U32 => T::Uint32,
        DatumType::U64 => T::Uint64,
        DatumType::Bool => T::Bool,
        _ => T::Float,
    };
    let dims: Vec<i64> = tensor.shape().iter().map(|&n| n as i64).collect();
    let mut port = port(name, Some(&dims));
    if let Some(type_proto::Value::TensorType(tensor)) = port.r#type.as_mut().and_then(|t| t.value.as_mut()) {
        tensor.elem_type = elem_type as i32;
    }
    port
}

/// An operator by name, with one output.
fn op(op_type: &str) -> NodeProto {
    node(op_type, &[], &["y"])
}

fn float(mut node: NodeProto, name: &str, f: f32) -> NodeProto {
    let r#type = attribute_proto::AttributeType::Float as i32;
    node.attribute.push(AttributeProto { name: name.into(), r#type, f, ..AttributeProto::default() });
    node
}

fn text(mut node: NodeProto, name: &str, text: &str) -> NodeProto {
    let r#type = attribute_proto::AttributeType::String as i32;
    node.attribute.push(AttributeProto { name: name.into(), r#type, s: text.into(), ..AttributeProto::default() });
    node
}

/// A list of whole numbers, however many.
fn list(mut node: NodeProto, name: &str, ints: &[i64]) -> NodeProto {
    let r#type = attribute_proto::AttributeType::Ints as i32;
    node.attribute.push(AttributeProto { name: name.into(), r#type, ints: ints.to_vec(), ..AttributeProto::default() });
    node
}

/// A list of floats, however many.
fn floats_of(mut node: NodeProto, name: &str, floats: &[f32]) -> NodeProto {
    let r#type = attribute_proto::AttributeType::Floats as i32;
    let floats = floats.to_vec();
    node.attribute.push(AttributeProto { name: name.into(), r#type, floats, ..AttributeProto::default() });
    node
}

/// A list of texts.
fn texts(mut node: NodeProto, name: &str, texts: &[&str]) -> NodeProto {
    let r#type = attribute_proto::AttributeType::Strings as i32;
    let strings = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    node.attribute.push(AttributeProto { name: name.into(), r#type, strings, ..AttributeProto::default() });
    node
}

/// Numbers that are the same wherever they are made: eighths between -9 and 9, others for each `seed`.
fn wave(shape: &[usize], seed: usize) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| ((i * 7 + seed * 5) % 19) as f32 / 8.0 - 9.0 / 8.0).collect();
    tensor(shape, &values)
}

/// A vector.
fn row<T: tract_onnx::prelude::Datum + Copy>(values: &[T]) -> Tensor {
    Tensor::from_shape(&[values.len()], values).unwrap()
}

/// What a node of one input makes of a vector of floats.
fn of_row(op: NodeProto, opset: i64, values: &[f32]) -> Vec<f32> {
    floats(&compute(op, opset, &[Some(row(values))]).unwrap()[0])
}

/// Equal but for rounding; NaN is NaN.
fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (a, b) in found.iter().zip(expected) {
        let near = (a - b).abs() <= 1e-6 + 2e-6 * b.abs();
        assert!(near || a == b || (a.is_nan() && b.is_nan()), "{found:?}\n{expected:?}");
    }
}
