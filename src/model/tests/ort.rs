//! Where `quantize_static` quantizes: a rule each. `benches/placement.py` holds the same against the program itself.

use super::*;
use crate::model::activations::candidates;

const CONSTANTS: [&str; 4] = ["w", "w2", "b", "six"];

fn made(nodes: &[NodeProto], outputs: &[&str]) -> ModelProto {
    let mut proto = model(&[("x", &[1, 4, 8, 8]), ("z", &[1, 4, 8, 8])], nodes.to_vec(), outputs);
    proto.graph.as_mut().unwrap().initializer = CONSTANTS.map(|name| float_tensor(name, &[1], &[1.0])).into();
    proto
}

/// What is quantized, in the order of the file, and why the others are not.
fn places(proto: &ModelProto) -> (String, BTreeMap<String, String>) {
    let activations = candidates(proto.graph.as_ref().unwrap());
    let places = Placement::Ort.of(&network(proto.clone()), &activations);
    let (mut quantized, mut why) = (Vec::new(), BTreeMap::new());
    for (activation, reason) in activations.into_iter().zip(places) {
        match reason {
            None => quantized.push(activation.name),
            Some(reason) => drop(why.insert(activation.name, reason)),
        }
    }
    (quantized.join(" "), why)
}

/// Holds that exactly these are quantized.
#[track_caller]
fn check(nodes: &[NodeProto], outputs: &[&str], quantized: &str) -> BTreeMap<String, String> {
    let (found, why) = places(&made(nodes, outputs));
    assert_eq!(found, quantized, "{why:#?}");
    why
}

fn conv(input: &str, name: &str) -> NodeProto {
    node("Conv", &[input, "w"], &[name])
}

#[test]
fn every_step_of_a_listed_operator_is_quantized_and_no_other() {
    let why = check(
        &[
            conv("x", "c"),
            node("Add", &["c", "six"], &["a"]),
            node("HardSigmoid", &["a"], &["s"]),
            node("Tanh", &["s"], &["t"]),
            node("Div", &["t", "six"], &["d"]),
            node("Mul", &["c", "d"], &["y"]),
        ],
        &["y"],
        "x c a d y",
    );
    assert_eq!(why["s"], "made by HardSigmoid and taken by Tanh, which quantize_static does not quantize");
    assert!(why.contains_key("z"), "nothing takes it");
}

#[test]
fn a_relu_is_taken_out_where_nothing_else_takes_what_it_takes() {
    let why = check(
        &[conv("x", "c"), node("Relu", &["c"], &["r"]), node("Clip", &["r", "b", "six"], &["k"]), conv("k", "y")],
        &["y"],
        "x k y",
    );
    assert_eq!(why["c"], "inside Conv+Relu: quantize_static takes the Relu out and quantizes r");
    assert_eq!(why["r"], "inside Relu+Clip: quantize_static takes the Clip out and quantizes k");
    // Another takes it, by whatever operator; the same one twice; or it goes out.
    let twice = [conv("x", "c"), node("Relu", &["c"], &["y"]), node("Exp", &["c"], &["e"])];
    check(&twice, &["y", "e"], "x c y");
    let both = [conv("x", "c"), node("Clip", &["c", "c"], &["y"])];
    check(&both, &["y"], "x c y");
    check(&[conv("x", "c"), node("Relu", &["c"], &["y"])], &["c", "y"], "x c y");
}

#[test]
fn a_relu_follows_what_is_quantized() {
    let why = check(&[node("Exp", &["x"], &["e"]), node("Relu", &["e"], &["y"])], &["y"], "");
    assert_eq!(why["y"], "made by Relu, which quantize_static quantizes only behind what is quantized");
    assert_eq!(why["x"], "taken by Exp, which quantize_static does not quantize");
    // Another operator quantizes its input, which is an input of the network and stays.
    check(&[conv("x", "c"), node("Relu", &["x"], &["y"])], &["c", "y"], "x c y");
    // What quantizes it later comes too late.
    check(&[node("Relu", &["x"], &["y"]), conv("x", "c")], &["c", "y"], "x c");
}

#[test]
fn what_moves_values_is_quantized_behind_what_is_quantized() {
    for op in ["AveragePool", "Flatten", "MaxPool", "Reshape", "Resize", "Slice", "Squeeze", "Transpose", "Unsqueeze"] {
        check(&[conv("x", "c"), node(op, &["c"], &["y"])], &["y"], "x c y");
        let why = check(&[node("Tanh", &["x"], &["t"]), node(op, &["t"], &["y"])], &["y"], "");
        assert!(why["y"].starts_with(&format!("made by {op}, which")), "{}", why["y"]);
        assert!(why["t"].starts_with(&format!("taken by {op}, which")), "{}", why["t"]);
    }
    // Older versions of two of them are let alone.
    let mut proto =
        made(&[conv("x", "c"), node("MaxPool", &["c"], &["m"]), node("Resize", &["c"], &["y"])], &["m", "y"]);
    proto.opset_import[0].version = 11;
    assert_eq!(places(&proto).0, "x c y");
}

#[test]
fn a_split_and_a_pad_quantize_what_they_take_a_where_only_follows() {
    check(&[node("Split", &["x"], &["a", "y"])], &["a", "y"], "x a y");
    check(&[node("Pad", &["x"], &["y"])], &["y"], "x y");
    let chosen = node("Where", &["yes", "x", "z"], &["y"]);
    let yes = node("Greater", &["x", "z"], &["yes"]);
    check(&[yes.clone(), chosen.clone()], &["y"], "");
    check(&[yes.clone(), conv("x", "c"), chosen.clone()], &["c", "y"], "x c");
    check(&[yes, conv("x", "c"), conv("z", "d"), chosen], &["c", "d", "y"], "x z c d y");
}

#[test]
fn sums_softmax_and_norms_are_quantized_on_both_sides() {
    for op in ["Add", "Concat", "GlobalAveragePool", "LeakyRelu", "MatMul", "Mul", "Sigmoid", "Softmax"] {
        check(&[node(op, &["x", "z"], &["y"])], &["y"], "x z y");
    }
    for op in ["BatchNormalization", "InstanceNormalization", "LayerNormalization"] {
        check(&[node(op, &["x", "w", "b"], &["y"])], &["y"], "x y");
    }
    check(&[node("Gemm", &["x", "w", "b"], &["y"])], &["y"], "x y");
    let why = check(&[node("Conv", &["x", "w", "z"], &["y"])], &["y"], "x y");
    assert_eq!(why["z"], "taken by Conv in a place that quantize_static does not quantize");
}

#[test]
fn a_table_is_quantized_with_what_is_looked_up() {
    let ids = node("ArgMax", &["z"], &["ids"]);
    let proto = made(&[ids.clone(), node("Gather", &["w", "ids"], &["y"])], &["y"]);
    assert_eq!(places(&proto).0, "z y");
    // ids themselves are no floats; what is no constant is looked up in only if it is quantized.
    let why = check(&[ids.clone(), node("Gather", &["x", "ids"], &["y"])], &["y"], "z");
    assert_eq!(why["ids"], "of a type that quantize_static does not quantize");
    check(&[ids, conv("x", "c"), node("Gather", &["x", "ids"], &["y"])], &["c", "y"], "x z c y");
}

#[test]
fn only_floats_of_16_and_32_bits_are_quantized() {
    let cast = |input: &str, output: &str, to: i64| ints(node("Cast", &[input], &[output]), "to", &[to]);
    let why = check(
        &[
            cast("x", "double", 11),
            node("Add", &["double", "double"], &["sum"]),
            cast("sum", "single", 1),
            cast("z", "half", 10),
            node("Add", &["half", "half"], &["y"]),
        ],
        &["single", "y"],
        "half y",
    );
    assert_eq!(why["sum"], "of a type that quantize_static does not quantize");
    // What ONNX has no rule for has no type, and neither has what follows.
    let mut foreign = node("Gelu", &["x"], &["g"]);
    foreign.domain = "com.microsoft".into();
    let nodes = [foreign, conv("g", "c"), node("Exp", &["c"], &["e"]), node("Add", &["z", "z"], &["y"])];
    let why = check(&nodes, &["e", "y"], "z y");
    assert_eq!(why["c"], "of a type that ONNX's shape inference does not know");
}

#[test]
fn what_is_inside_a_branch_stays_in_float() {
    let made_inside = [node("MatMul", &["x", "w"], &["inner"])];
    let taken = branches(
        node("If", &["yes"], &["picked"]),
        (&made_inside, &["inner"]),
        (&[node("Neg", &["x"], &["minus"])], &["minus"]),
    );
    let mut proto = model(&[("x", &[2, 2])], vec![taken, node("MatMul", &["picked", "w"], &["y"])], &["y"]);
    let yes = TensorProto {
        name: "yes".into(),
        data_type: tensor_proto::DataType::Bool as i32,
        int32_data: vec![1],
        ..TensorProto::default()
    };
    proto.graph.as_mut().unwrap().initializer = vec![float_tensor("w", &[2, 2], &[1.0; 4]), yes];
    let network = network(proto);
    let graph = Graph::build(&network, &Shapes::new()).unwrap();
    let places = Placement::Ort.of(&network, graph.tensors());
    let found: Vec<(&str, Option<&str>)> =
        graph.tensors().iter().map(|t| t.name.as_str()).zip(places.iter().map(Option::as_deref)).collect();
    assert_eq!(
        found,
        [
            ("x", Some("taken by MatMul in a place that quantize_static does not quantize")),
            ("inner", Some("inside a branch or a loop, where quantize_static does not look")),
            ("picked", None),
            ("y", None)
        ]
    );
}

#[test]
fn weights_are_quantized_that_a_listed_operator_takes_behind_a_transpose_too() {
    let mut proto = model(
        &[("x", &[2, 2]), ("ids", &[2])],
        vec![
            node("Transpose", &["w"], &["turned"]),
            node("MatMul", &["x", "turned"], &["y"]),
            node("Einsum", &["x", "other"], &["e"]),
            node("LSTM", &["x", "lstm", "lstm"], &["l"]),
        ],
        &["y", "e", "l"],
    );
    let graph = proto.graph.as_mut().unwrap();
    graph.initializer = ["w", "other", "lstm"].map(|name| float_tensor(name, &[2, 2], &[1.0; 4])).into();
    let network = network(proto);
    let weights = network.weights();
    let why = Placement::Ort.of_weights(&network, &weights);
    let quantized: Vec<(&str, bool)> =
        weights.iter().map(|weight| weight.name.as_str()).zip(why.iter().map(Option::is_none)).collect();
    assert_eq!(quantized.iter().filter(|(_, quantized)| *quantized).map(|(name, _)| *name).collect::<Vec<_>>(), ["w"]);
    assert!(quantized.len() > 1, "{quantized:?}");
}
