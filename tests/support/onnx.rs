//! ONNX files by hand: the few fields of the format that a small graph needs.
#![allow(dead_code)] // every test program uses its part

/// A field of bytes: its number, then what it holds.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    out.extend(varint(content.len() as u64));
    out.extend(content);
    out
}

fn number(field: u8, value: u64) -> Vec<u8> {
    // A field above 15 takes two bytes.
    let mut out = varint(u64::from(field) << 3);
    out.extend(varint(value));
    out
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 128 {
        out.push(value as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// A node called `OP_output`, with one whole number as an attribute.
pub fn node(op: &str, inputs: &[&str], output: &str, attribute: Option<(&str, u64)>) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| bytes(1, input.as_bytes())).collect();
    node.extend(bytes(2, output.as_bytes()));
    node.extend(bytes(3, format!("{op}_{output}").as_bytes()));
    node.extend(bytes(4, op.as_bytes()));
    if let Some((name, value)) = attribute {
        // Type 2 is INT.
        node.extend(bytes(5, &[bytes(1, name.as_bytes()), number(3, value), number(20, 2)].concat()));
    }
    node
}

/// An `If` called `If_output`: of either branch its nodes, and which of their tensors it hands on.
pub fn if_node(condition: &str, output: &str, yes: (&[Vec<u8>], &str), no: (&[Vec<u8>], &str)) -> Vec<u8> {
    let branch = |name: &str, (nodes, handed_on): (&[Vec<u8>], &str)| {
        let mut graph: Vec<u8> = nodes.iter().flat_map(|node| bytes(1, node)).collect();
        graph.extend(bytes(2, name.as_bytes()));
        graph.extend(bytes(12, &bytes(1, handed_on.as_bytes())));
        // Type 5 is GRAPH.
        bytes(5, &[bytes(1, name.as_bytes()), bytes(6, &graph), number(20, 5)].concat())
    };
    let node = node("If", &[condition], output, None);
    [node, branch("then_branch", yes), branch("else_branch", no)].concat()
}

/// Types of elements.
pub const FLOAT: u64 = 1;
pub const INT64: u64 = 7;
pub const BOOL: u64 = 9;

/// A tensor with its type and shape.
fn port(name: &str, dtype: u64, shape: &[u64]) -> Vec<u8> {
    let dims: Vec<u8> = shape.iter().flat_map(|&dim| bytes(1, &number(1, dim))).collect();
    let tensor = [number(1, dtype), bytes(2, &dims)].concat();
    [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
}

/// A constant of float32 with its values.
pub fn constant(name: &str, shape: &[u64], values: &[f32]) -> Vec<u8> {
    let mut tensor: Vec<u8> = shape.iter().flat_map(|&dim| number(1, dim)).collect();
    tensor.extend(number(2, 1));
    tensor.extend(bytes(8, name.as_bytes()));
    tensor.extend(bytes(9, &values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()));
    tensor
}

/// A constant of float32 whose values lie in another file.
pub fn external(name: &str, shape: &[u64], location: &str, offset: u64) -> Vec<u8> {
    let mut tensor: Vec<u8> = shape.iter().flat_map(|&dim| number(1, dim)).collect();
    tensor.extend(number(2, 1));
    tensor.extend(bytes(8, name.as_bytes()));
    let length = (4 * shape.iter().product::<u64>()).to_string();
    for (key, value) in [("location", location), ("offset", &offset.to_string()), ("length", &length)] {
        tensor.extend(bytes(13, &[bytes(1, key.as_bytes()), bytes(2, value.as_bytes())].concat()));
    }
    tensor.extend(number(14, 1));
    tensor
}

/// A constant of int64: a row.
pub fn integers(name: &str, values: &[i64]) -> Vec<u8> {
    let raw = values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    [number(1, values.len() as u64), number(2, INT64), bytes(8, name.as_bytes()), bytes(9, &raw)].concat()
}

/// A constant of int8 or uint8 (types 3 and 2), by its bytes.
pub fn small_integers(name: &str, dtype: u64, shape: &[u64], raw: &[u8]) -> Vec<u8> {
    let mut tensor: Vec<u8> = shape.iter().flat_map(|&dim| number(1, dim)).collect();
    tensor.extend(number(2, dtype));
    tensor.extend(bytes(8, name.as_bytes()));
    tensor.extend(bytes(9, raw));
    tensor
}

/// A model of one input and one output.
pub fn model(input: (&str, &[u64]), nodes: &[Vec<u8>], output: (&str, &[u64])) -> Vec<u8> {
    model_with(input, nodes, &[], output)
}

/// The same with constants.
pub fn model_with(input: (&str, &[u64]), nodes: &[Vec<u8>], constants: &[Vec<u8>], output: (&str, &[u64])) -> Vec<u8> {
    model_to(input, nodes, constants, &[(output.0, FLOAT, output.1)])
}

/// The same with several outputs, each of a type.
pub fn model_to(
    input: (&str, &[u64]),
    nodes: &[Vec<u8>],
    constants: &[Vec<u8>],
    outputs: &[(&str, u64, &[u64])],
) -> Vec<u8> {
    let mut graph: Vec<u8> = nodes.iter().flat_map(|node| bytes(1, node)).collect();
    graph.extend(bytes(2, b"made"));
    graph.extend(constants.iter().flat_map(|constant| bytes(5, constant)));
    graph.extend(bytes(11, &port(input.0, FLOAT, input.1)));
    graph.extend(outputs.iter().flat_map(|&(name, dtype, shape)| bytes(12, &port(name, dtype, shape))));
    [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 13))].concat()
}
