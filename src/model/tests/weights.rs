//! Weights: found wherever they stand, and quantized along the right axis.

use super::*;
use crate::quant::{Format, Grids, QuantParams};

const ONES: QuantParams = QuantParams::new(1.0, 0, Format::INT8).unwrap();
const TENS: QuantParams = QuantParams::new(10.0, 0, Format::INT8).unwrap();

fn summary(network: &Network) -> Vec<(String, Vec<usize>, Option<usize>)> {
    network.weights().into_iter().map(|weight| (weight.name, weight.shape, weight.axis)).collect()
}

#[test]
fn every_operator_has_its_axis() {
    let w = |name: &str, dims: &[i64]| float_tensor(name, dims, &vec![1.0; dims.iter().product::<i64>() as usize]);
    let mut proto = model(
        &[("x", &[1, 4, 6, 6])],
        vec![
            constant("depthwise", &[4, 1, 3, 3], &[1.0; 36]),
            ints(node("Conv", &["x", "depthwise"], &["a"]), "group", &[4]),
            node("ConvTranspose", &["a", "up", "bias"], &["b"]),
            node("MatMul", &["b", "right"], &["c"]),
            node("MatMul", &["left", "c"], &["d"]),
            node("MatMul", &["d", "vector"], &["e"]),
            node("Gemm", &["f", "gemm"], &["g"]),
            ints(node("Gemm", &["f", "gemm_t", "bias"], &["h"]), "transB", &[1]),
            node("Add", &["h", "not_a_weight"], &["i"]),
        ],
        &["i"],
    );
    proto.graph.as_mut().unwrap().initializer = vec![
        w("up", &[4, 2, 3, 3]),
        w("bias", &[2]),
        w("right", &[6, 5]),
        w("left", &[7, 8]),
        w("vector", &[5]),
        w("gemm", &[3, 2]),
        w("gemm_t", &[2, 3]),
        w("not_a_weight", &[1]),
    ];
    let expected: &[(&str, &[usize], Option<usize>)] = &[
        ("depthwise", &[4, 1, 3, 3], Some(0)),
        ("up", &[4, 2, 3, 3], Some(1)),
        ("right", &[6, 5], Some(1)),
        ("left", &[7, 8], Some(0)),
        ("vector", &[5], None),
        ("gemm", &[3, 2], Some(1)),
        ("gemm_t", &[2, 3], Some(0)),
    ];
    let expected: Vec<_> = expected.iter().map(|(n, s, a)| (n.to_string(), s.to_vec(), *a)).collect();
    assert_eq!(summary(&network(proto)), expected);
}

#[test]
fn a_weight_of_several_nodes_is_one() {
    let mut proto = model(
        &[("x", &[3, 3])],
        vec![
            node("Identity", &["w"], &["same"]),
            node("MatMul", &["x", "w"], &["a"]),
            node("MatMul", &["a", "same"], &["b"]),
            ints(node("Gemm", &["b", "v"], &["c"]), "transB", &[1]),
            node("Gemm", &["c", "v"], &["d"]),
        ],
        &["d"],
    );
    proto.graph.as_mut().unwrap().initializer =
        vec![float_tensor("w", &[3, 3], &[1.0; 9]), float_tensor("v", &[3, 3], &[1.0; 9])];
    let weights = network(proto).weights();
    assert_eq!(weights.len(), 2);
    assert_eq!((weights[0].axis, weights[0].uses.len()), (Some(1), 2));
    assert_eq!((weights[1].axis, weights[1].uses[1].node.as_str()), (None, "Gemm_d"));
}

#[test]
fn a_copy_has_quantized_weights() {
    let values = [14.4, 16.0, -3.3, 4.4];
    for in_a_node in [false, true] {
        let matmul = node("MatMul", &["x", "w"], &["y"]);
        let mut proto = model(&[("x", &[2, 2])], vec![matmul], &["y"]);
        let graph = proto.graph.as_mut().unwrap();
        match in_a_node {
            true => graph.node.insert(0, constant("w", &[2, 2], &values)),
            false => graph.initializer.push(float_tensor("w", &[2, 2], &values)),
        }
        let float = network(proto);
        let weight = float.weights().remove(0);
        assert_eq!(float.weight_values(&weight).unwrap(), values);
        let product = |network: &Network| {
            let graph = Graph::build(network, &Shapes::new()).unwrap();
            floats(&run(&graph, &[tensor(&[2, 2], &[1.0, 0.0, 0.0, 1.0])]).0[0])
        };
        let with = |grids: Grids| float.with_weights(&[(weight.clone(), grids)]);
        assert_eq!(product(&with(ONES.into()).unwrap()), [14.0, 16.0, -3.0, 4.0]);
        // The output channels of a second operand are its columns.
        assert_eq!(
            (weight.axis, product(&with(Grids::along(1, vec![ONES, TENS])).unwrap())),
            (Some(1), vec![14.0, 20.0, -3.0, 0.0])
        );
        // Of a square one the number of grids would not tell along which axis they lie.
        assert_eq!(product(&with(Grids::along(0, vec![ONES, TENS])).unwrap()), [14.0, 16.0, 0.0, 0.0]);
        assert_eq!(product(&float), values, "the original stays");
        let refused = |grids: Grids| with(grids).unwrap_err().message;
        assert_eq!(
            refused(Grids::along(0, vec![ONES; 3])),
            "made.onnx has a weight w that takes 2 grids along axis 0, and 3 were given."
        );
        assert_eq!(
            refused(Grids::along(2, vec![ONES])),
            "made.onnx has a weight w of 2 axes, and grids along axis 2 were given."
        );
    }
}

#[test]
fn the_classifier_has_its_weights() {
    let network = cls();
    let weights = network.weights();
    let count = |op: &str| weights.iter().filter(|weight| weight.uses[0].op_type == op).count();
    assert_eq!((count("Conv"), count("MatMul") + count("Gemm")), (53, 1));
    for weight in &weights {
        let values = network.weight_values(weight).unwrap();
        assert_eq!(values.len(), weight.shape.iter().product::<usize>());
        assert!(values.iter().all(|x| x.is_finite()));
    }
}

/// The network of these nodes with these constants beside them.
fn with_constants(inputs: &[(&str, &[i64])], nodes: Vec<NodeProto>, constants: Vec<TensorProto>) -> Network {
    let mut proto = model(inputs, nodes, &["y"]);
    proto.graph.as_mut().unwrap().initializer = constants;
    network(proto)
}

fn whole_numbers(name: &str, values: &[i64]) -> TensorProto {
    let (dims, data_type) = (vec![values.len() as i64], tensor_proto::DataType::Int64 as i32);
    TensorProto { name: name.into(), dims, data_type, int64_data: values.to_vec(), ..TensorProto::default() }
}

/// The name, the constant behind it, shape, axis and type of the one weight, and its values.
fn only(network: &Network) -> (String, Option<String>, Vec<usize>, Option<usize>, String, Vec<f32>) {
    let weights = network.weights();
    let [weight] = weights.as_slice() else { panic!("{weights:?}") };
    let values = network.weight_values(weight).unwrap();
    let Weight { name, initializer, shape, axis, dtype, .. } = weight.clone();
    (name, initializer, shape, axis, dtype, values)
}

#[test]
fn a_weight_that_is_only_moved_is_the_constant_itself() {
    let product = || node("MatMul", &["x", "W"], &["y"]);
    let values: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let moved = |by: NodeProto, dims: &[i64], further: Vec<TensorProto>| {
        let constants = [vec![float_tensor("w", dims, &values)], further].concat();
        only(&with_constants(&[("x", &[2, 4])], vec![by, product()], constants))
    };
    let constant =
        |shape: &[usize], axis| ("w".into(), None, shape.to_vec(), Some(axis), "float32".into(), values.clone());
    let transposed = || node("Transpose", &["w"], &["W"]);
    assert_eq!(moved(transposed(), &[3, 4], vec![]), constant(&[3, 4], 0));
    let reshape = || node("Reshape", &["w", "s"], &["W"]);
    assert_eq!(moved(reshape(), &[1, 4, 3], vec![whole_numbers("s", &[-1, 3])]), constant(&[1, 4, 3], 2));
    let cast = ints(node("Cast", &["w"], &["W"]), "to", &[1]);
    assert_eq!(moved(cast, &[4, 3], vec![]), constant(&[4, 3], 1));
    // No axis of the constant is that of the channels: what the product takes is listed, with the constant's name.
    let (name, initializer, shape, axis, ..) = moved(reshape(), &[12], vec![whole_numbers("s", &[4, 3])]);
    assert_eq!((&*name, initializer.as_deref(), &*shape, axis), ("W", Some("w"), &[4_usize, 3][..], Some(1)));
}

#[test]
fn a_weight_that_is_computed_is_listed_as_it_is_taken() {
    let nodes = vec![
        node("Mul", &["w", "k"], &["scaled"]),
        ints(node("Split", &["scaled", "parts"], &["W", "rest"]), "axis", &[1]),
        node("MatMul", &["x", "W"], &["y"]),
    ];
    let constants = vec![
        float_tensor("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        float_tensor("k", &[1, 3], &[10.0, 100.0, 1000.0]),
        whole_numbers("parts", &[2, 1]),
    ];
    let float = with_constants(&[("x", &[2, 2])], nodes, constants);
    let expected =
        ("W".into(), Some("w".into()), vec![2, 2], Some(1), "float32".into(), vec![10.0, 200.0, 40.0, 500.0]);
    assert_eq!(only(&float), expected);
    // And quantized as it is taken.
    let weight = float.weights().remove(0);
    let hundreds = QuantParams::new(100.0, 0, Format::INT8).unwrap();
    let quantized = float.with_weights(&[(weight, hundreds.into())]).unwrap();
    let graph = Graph::build(&quantized, &Shapes::new()).unwrap();
    let product = floats(&run(&graph, &[tensor(&[2, 2], &[1.0, 0.0, 0.0, 1.0])]).0[0]);
    assert_eq!(product, [0.0, 200.0, 0.0, 500.0]);
}

#[test]
fn integers_that_become_floats_are_weights() {
    let nodes = vec![
        ints(node("DequantizeLinear", &["w", "scale"], &["W"]), "axis", &[1]),
        node("MatMul", &["x", "W"], &["y"]),
    ];
    let mut w = float_tensor("w", &[2, 2], &[]);
    (w.data_type, w.int32_data) = (tensor_proto::DataType::Int8 as i32, vec![1, -2, 3, 4]);
    // A node may call its tensor otherwise than what it makes of it.
    let mut scale = constant("scale", &[2], &[0.5, 0.25]);
    scale.attribute[0].t.as_mut().unwrap().name = "another".into();
    let nodes = [vec![scale], nodes].concat();
    let float = with_constants(&[("x", &[2, 2])], nodes, vec![w]);
    let said = "Computed from w, which is int8 in the file.";
    assert_eq!(float.weights()[0].computed_from().as_deref(), Some(said));
    let expected = ("W".into(), Some("w".into()), vec![2, 2], Some(1), "float32".into(), vec![0.5, -0.5, 1.5, 1.0]);
    assert_eq!(only(&float), expected);
}

#[test]
fn lists_of_floats_in_a_node_are_constants() {
    let mut list = node("Constant", &[], &["c"]);
    let floats = vec![1.0, 2.0, 3.0, 4.0];
    let r#type = attribute_proto::AttributeType::Floats as i32;
    list.attribute.push(AttributeProto { name: "value_floats".into(), r#type, floats, ..AttributeProto::default() });
    let nodes = vec![list, node("Reshape", &["c", "s"], &["W"]), node("MatMul", &["x", "W"], &["y"])];
    let float = with_constants(&[("x", &[2, 2])], nodes, vec![whole_numbers("s", &[2, 2])]);
    let (name, initializer, _, axis, _, values) = only(&float);
    assert_eq!((&*name, initializer.as_deref(), axis, &*values), ("W", Some("c"), Some(1), &[1.0, 2.0, 3.0, 4.0][..]));
}

#[test]
fn other_operators_have_weights_too() {
    let w = |name: &str, dims: &[i64]| float_tensor(name, dims, &vec![1.0; dims.iter().product::<i64>() as usize]);
    let text = |mut node: NodeProto, value: &str| {
        let r#type = attribute_proto::AttributeType::String as i32;
        let (name, s) = ("equation".into(), value.into());
        node.attribute.push(AttributeProto { name, r#type, s, ..AttributeProto::default() });
        node
    };
    let mut fused = ints(node("FusedMatMul", &["x", "fused"], &["f"]), "transB", &[1]);
    fused.domain = "com.microsoft".into();
    let nodes = vec![
        node("LSTM", &["x", "lstm", "lstm_r"], &["a"]),
        node("GRU", &["x", "gru", "gru_r"], &["b"]),
        node("Gather", &["table", "ids"], &["c"]),
        node("Gather", &["row", "ids"], &["d"]),
        text(node("Einsum", &["x", "einsum"], &["e"]), "bij,jk->bik"),
        text(node("Einsum", &["x", "heads"], &["g"]), "bim,mhd->bihd"),
        fused,
        node("Frobnicate", &["x", "unknown"], &["y"]),
    ];
    let constants = vec![
        w("lstm", &[1, 12, 2]),
        w("lstm_r", &[1, 12, 3]),
        w("gru", &[1, 9, 2]),
        w("gru_r", &[1, 9, 3]),
        w("table", &[10, 8]),
        w("row", &[10]),
        w("einsum", &[4, 3]),
        w("heads", &[4, 2, 2]),
        w("fused", &[5, 4]),
        w("unknown", &[2, 2]),
    ];
    let found = summary(&with_constants(&[("x", &[2, 3, 4])], nodes, constants));
    let found: Vec<(&str, Option<usize>)> = found.iter().map(|(name, _, axis)| (name.as_str(), *axis)).collect();
    let expected = [
        ("lstm", Some(1)),
        ("lstm_r", Some(1)),
        ("gru", Some(1)),
        ("gru_r", Some(1)),
        ("table", None),
        ("einsum", Some(1)),
        ("heads", None),
        ("fused", Some(0)),
    ];
    assert_eq!(found, expected);
}

#[test]
fn weights_inside_branches_are_seen_and_quantized() {
    let yes = [constant("w", &[2, 2], &[1.4, 0.0, 0.0, 1.4]), node("MatMul", &["x", "w"], &["t"])];
    let no = [constant("w", &[2, 2], &[2.6, 0.0, 0.0, 2.6]), node("MatMul", &["x", "w"], &["e"])];
    let taken = branches(node("If", &["c"], &["y"]), (&yes, &["t"]), (&no, &["e"]));
    let mut condition = float_tensor("c", &[], &[]);
    (condition.data_type, condition.int32_data) = (tensor_proto::DataType::Bool as i32, vec![0]);
    let float = with_constants(&[("x", &[2, 2])], vec![taken], vec![condition]);
    let weights = float.weights();
    let names: Vec<&str> = weights.iter().map(|weight| weight.name.as_str()).collect();
    assert_eq!(names, ["w", "If_y/else_branch/w"]);
    assert_eq!(float.weight_values(&weights[1]).unwrap(), [2.6, 0.0, 0.0, 2.6]);
    let grids: Vec<_> = weights.into_iter().map(|weight| (weight, ONES.into())).collect();
    let graph = Graph::build(&float.with_weights(&grids).unwrap(), &Shapes::new()).unwrap();
    assert_eq!(floats(&run(&graph, &[tensor(&[2, 2], &[1.0, 0.0, 0.0, 1.0])]).0[0]), [3.0, 0.0, 0.0, 3.0]);
}

#[test]
fn a_weight_that_cannot_be_computed_says_so() {
    let nodes = vec![node("Mul", &["w", "k"], &["W"]), node("MatMul", &["x", "W"], &["y"])];
    let constants = vec![float_tensor("w", &[2, 2], &[1.0; 4]), float_tensor("k", &[3], &[1.0; 3])];
    let network = with_constants(&[("x", &[2, 2])], nodes, constants);
    let weights = network.weights();
    assert_eq!((weights.len(), &*weights[0].name), (1, "W"));
    let refused = network.weight_values(&weights[0]).unwrap_err().message;
    assert!(refused.starts_with("made.onnx has a weight W that cannot be computed ("), "{refused}");
}

#[test]
fn weights_that_are_integers_are_told() {
    let nodes = vec![node("MatMulInteger", &["x", "w"], &["y"])];
    let mut w = float_tensor("w", &[2, 2], &[]);
    (w.data_type, w.int32_data) = (tensor_proto::DataType::Int8 as i32, vec![1, -2, 3, 4]);
    let network = with_constants(&[("x", &[2, 2])], nodes, vec![w]);
    assert_eq!(network.weights(), []);
    let said = "the weights of 1 node (MatMulInteger) are integers already and are not listed";
    assert_eq!(network.integer_weights().as_deref(), Some(said));
}
