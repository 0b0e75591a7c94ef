//! Where networks are quantized: a case each.

use super::*;
use crate::model::activations::candidates;

/// What stays in float, with the reason; the others are quantized.
fn float(placement: Placement, nodes: Vec<NodeProto>, outputs: &[&str]) -> BTreeMap<String, String> {
    let mut proto = model(&[("x", &[1, 4, 8, 8])], nodes, outputs);
    let weights = ["w", "w2", "w3", "b", "one", "six", "half", "shape"];
    let graph = proto.graph.as_mut().unwrap();
    graph.initializer = weights.map(|name| float_tensor(name, &[1], &[1.0])).into();
    let activations = candidates(graph);
    let names = activations.iter().map(|activation| activation.name.clone());
    let places = placement.of(&network(proto.clone()), &activations);
    names.zip(places).filter_map(|(name, why)| Some((name, why?))).collect()
}

/// Holds that exactly these are quantized.
#[track_caller]
fn check(placement: Placement, nodes: &[NodeProto], outputs: &[&str], quantized: &[&str]) -> BTreeMap<String, String> {
    let float = float(placement, nodes.to_vec(), outputs);
    let made = nodes.iter().flat_map(|node| &node.output).map(String::as_str);
    let found: Vec<&str> = std::iter::once("x").chain(made).filter(|name| !float.contains_key(*name)).collect();
    assert_eq!(found, quantized, "{float:#?}");
    float
}

#[track_caller]
fn fused(nodes: &[NodeProto], outputs: &[&str], quantized: &[&str]) -> BTreeMap<String, String> {
    check(Placement::Fused, nodes, outputs, quantized)
}

/// `name = Conv(input)`, a depthwise one or not: the weight says which.
fn conv(input: &str, name: &str) -> NodeProto {
    node("Conv", &[input, "w"], &[name])
}

#[test]
fn a_convolution_with_what_is_fused_behind_it_is_quantized_once() {
    let why = fused(
        &[
            conv("x", "c"),
            node("BatchNormalization", &["c", "w", "b", "w2", "w3"], &["n"]),
            node("Relu", &["n"], &["r"]),
            conv("r", "d"),
            node("Clip", &["d", "half", "six"], &["k"]),
            conv("k", "y"),
        ],
        &["y"],
        &["x", "r", "k"],
    );
    assert_eq!(why["c"], "inside Conv+BatchNormalization");
    assert_eq!(why["n"], "inside Conv+Relu");
    assert_eq!(why["d"], "inside Conv+Clip");
    assert_eq!(why["y"], "an output of the network; no integer operator takes it");
}

/// As PaddleOCR's det has it: each of its convolutions would be rounded eight times.
#[test]
fn hardswish_written_out_is_one_block() {
    let nodes = [
        conv("x", "c"),
        node("Add", &["c", "half"], &["a"]),
        node("Clip", &["a", "half", "six"], &["k"]),
        node("Mul", &["c", "k"], &["m"]),
        node("Div", &["m", "six"], &["h"]),
        conv("h", "y"),
    ];
    let why = fused(&nodes, &["y"], &["x", "h"]);
    assert_eq!([&why["c"], &why["a"], &why["m"]], ["inside Conv+Add", "inside Conv+Clip", "inside Conv+Div"]);
    check(Placement::All, &nodes, &["y"], &["x", "c", "a", "k", "m", "h", "y"]);
}

#[test]
fn hardswish_as_one_operator_is_one_block_too() {
    let nodes = [conv("x", "c"), node("HardSwish", &["c"], &["h"]), conv("h", "y")];
    let why = fused(&nodes, &["y"], &["x", "h"]);
    assert_eq!(why["c"], "inside Conv+HardSwish");
}

/// MobileNet's block: a pointwise convolution, a depthwise one, a pointwise one, and the sum.
#[test]
fn a_depthwise_convolution_is_a_convolution() {
    let depthwise = ints(node("Conv", &["e", "w2"], &["d"]), "group", &[4]);
    let why = fused(
        &[
            conv("x", "s"),
            conv("s", "c"),
            node("Clip", &["c", "half", "six"], &["e"]),
            depthwise,
            node("Clip", &["d", "half", "six"], &["k"]),
            conv("k", "p"),
            node("Add", &["s", "p"], &["r"]),
            conv("r", "y"),
        ],
        &["y"],
        &["x", "s", "e", "k", "r"],
    );
    assert_eq!([&why["c"], &why["d"], &why["p"]], ["inside Conv+Clip", "inside Conv+Clip", "inside Conv+Add"]);
}

#[test]
fn what_a_pooling_averages_is_quantized_and_what_it_only_picks_was() {
    for average in ["AveragePool", "GlobalAveragePool"] {
        fused(&[conv("x", "c"), node("Relu", &["c"], &["r"]), node(average, &["r"], &["y"])], &["y"], &["x", "r"]);
    }
    for picks in ["MaxPool", "GlobalMaxPool"] {
        let why = fused(&[conv("x", "c"), node(picks, &["c"], &["p"]), conv("p", "y")], &["y"], &["x", "c"]);
        assert_eq!(why["p"], "holds the values of c, which are quantized there");
        // Where no integer operator takes it, nothing is quantized for its sake.
        let why = fused(&[conv("x", "c"), node(picks, &["c"], &["y"])], &["y"], &["x"]);
        assert_eq!(why["c"], format!("handed on by {picks}, and no integer operator takes it"));
    }
}

#[test]
fn a_squeeze_and_excitation_block_keeps_its_gate_in_float() {
    let why = fused(
        &[
            conv("x", "c"),
            node("GlobalAveragePool", &["c"], &["p"]),
            conv("p", "s"),
            node("Relu", &["s"], &["r"]),
            conv("r", "e"),
            node("HardSigmoid", &["e"], &["g"]),
            node("Mul", &["c", "g"], &["m"]),
            conv("m", "y"),
        ],
        &["y"],
        &["x", "c", "p", "r", "m"],
    );
    assert_eq!(why["g"], "inside Conv+Mul");
}

#[test]
fn of_a_residual_sum_the_older_branch_is_quantized() {
    // The stem's result is taken by nothing but the two sums and a Relu.
    let nodes = [
        conv("x", "stem"),
        node("Relu", &["stem"], &["r"]),
        conv("r", "c"),
        node("Add", &["stem", "c"], &["s"]),
        node("Relu", &["s"], &["y"]),
        conv("y", "z"),
    ];
    let why = fused(&nodes, &["z"], &["x", "stem", "r", "y"]);
    assert_eq!((why["c"].as_str(), why["s"].as_str()), ("inside Conv+Add", "inside Conv+Relu"));
    let why = check(Placement::Inputs, &nodes, &["z"], &["x", "r", "y"]);
    assert!(why["stem"].starts_with("taken by no Conv"), "{}", why["stem"]);
}

#[test]
fn concat_resize_and_pooling_hand_on_what_was_quantized() {
    let why = fused(
        &[
            conv("x", "a"),
            node("MaxPool", &["a"], &["p"]),
            conv("p", "e"),
            node("Resize", &["e", "", "w"], &["u"]),
            node("Concat", &["a", "u"], &["j"]),
            conv("j", "c"),
            node("AveragePool", &["c"], &["v"]),
            conv("v", "y"),
        ],
        &["y"],
        &["x", "a", "e", "c", "v"],
    );
    assert_eq!(why["p"], "holds the values of a, which are quantized there");
    assert_eq!(why["u"], "holds the values of e, which are quantized there");
    assert_eq!(why["j"], "puts together what is quantized already");
}

#[test]
fn inputs_of_a_concat_are_tied_where_they_are_quantized() {
    let nodes = vec![
        conv("x", "a"),
        node("Resize", &["a", "", "w"], &["u"]),
        conv("x", "e"),
        node("Concat", &["u", "e"], &["j"]),
        conv("j", "y"),
    ];
    let mut proto = model(&[("x", &[1])], nodes, &["y"]);
    proto.graph.as_mut().unwrap().initializer = vec![float_tensor("w", &[1], &[1.0])];
    let activations = candidates(proto.graph.as_ref().unwrap());
    let names: Vec<&str> = activations.iter().map(|activation| activation.name.as_str()).collect();
    let sources = |placement: Placement| -> Vec<&str> {
        placement.sources(&activations).into_iter().map(|at| names[at]).collect()
    };
    assert_eq!(sources(Placement::Fused), ["x", "a", "a", "e", "j", "y"]);
    assert_eq!(sources(Placement::All), names);
}

#[test]
fn a_split_is_quantized_before_it() {
    let why = fused(
        &[
            conv("x", "c"),
            node("Split", &["c"], &["l", "r"]),
            conv("l", "m"),
            node("Sigmoid", &["r"], &["g"]),
            node("Mul", &["m", "g"], &["y"]),
            node("Softmax", &["y"], &["z"]),
        ],
        &["z"],
        // The gate is the older branch of the join.
        &["x", "c", "g"],
    );
    assert_eq!(why["l"], "holds the values of c, which are quantized there");
    assert_eq!(why["y"], "taken by Softmax, which computes in float");
}

/// A mask of −3.4e38 beside the scores would leave nothing of them, and it is no product that a runtime keeps as
/// integers.
#[test]
fn attention_is_quantized_at_its_products_and_its_mask_never() {
    let mut nodes = vec![
        node("Sub", &["one", "x"], &["inverse"]),
        node("Mul", &["inverse", "w"], &["mask"]),
        node("MatMul", &["x", "w"], &["q0"]),
        node("Add", &["q0", "b"], &["q1"]),
        node("Reshape", &["q1", "shape"], &["q2"]),
        node("Transpose", &["q2"], &["q"]),
        node("MatMul", &["x", "w2"], &["k0"]),
        node("Transpose", &["k0"], &["k"]),
        node("MatMul", &["x", "w3"], &["v"]),
        node("MatMul", &["q", "k"], &["s"]),
        node("Div", &["s", "six"], &["scaled"]),
        node("Add", &["scaled", "mask"], &["masked"]),
        node("Softmax", &["masked"], &["p"]),
        node("MatMul", &["p", "v"], &["o"]),
        node("MatMul", &["o", "w"], &["y"]),
    ];
    let why = fused(&nodes, &["y"], &["x", "q1", "k0", "v", "p", "o"]);
    assert_eq!(why["mask"], "made by no integer operator, and taken by Add");
    assert_eq!(why["masked"], "taken by Softmax, which computes in float");
    assert_eq!(why["q"], "holds the values of q1, which are quantized there");
    // Made behind a product or fed as it is, no other.
    nodes[1] = node("MatMul", &["inverse", "w"], &["late"]);
    nodes.insert(2, node("Softmax", &["late"], &["mask"]));
    let why = fused(&nodes, &["y"], &["x", "inverse", "q1", "k0", "v", "p", "o"]);
    assert!(why.contains_key("mask"), "{why:?}");
    let fed = [node("Softmax", &["x"], &["e"]), conv("e", "c"), node("Add", &["x", "c"], &["y"])];
    assert_eq!(fused(&fed, &["y"], &["e"])["x"], "made by no integer operator, and taken by Add");
}

#[test]
fn a_layer_norm_is_float_between_products_written_out_or_not() {
    let out = [
        node("MatMul", &["x", "w"], &["h"]),
        node("ReduceMean", &["h"], &["mean"]),
        node("Sub", &["h", "mean"], &["d"]),
        node("Pow", &["d", "one"], &["d2"]),
        node("ReduceMean", &["d2"], &["var"]),
        node("Add", &["var", "b"], &["eps"]),
        node("Sqrt", &["eps"], &["std"]),
        node("Div", &["d", "std"], &["n"]),
        node("Mul", &["n", "w"], &["g"]),
        node("Add", &["g", "b"], &["l"]),
        node("MatMul", &["l", "w2"], &["y"]),
    ];
    fused(&out, &["y"], &["x", "l"]);
    let whole = [
        node("MatMul", &["x", "w"], &["h"]),
        node("LayerNormalization", &["h", "w", "b"], &["l"]),
        node("MatMul", &["l", "w2"], &["y"]),
    ];
    let why = fused(&whole, &["y"], &["x", "l"]);
    assert_eq!(why["h"], "taken by LayerNormalization, which computes in float");
}

#[test]
fn a_gemm_behind_a_reshape_takes_what_was_quantized_before_it() {
    let why = fused(
        &[
            conv("x", "c"),
            node("Relu", &["c"], &["r"]),
            node("Flatten", &["r"], &["f"]),
            node("Gemm", &["f", "w", "b"], &["g"]),
            node("Softmax", &["g"], &["y"]),
        ],
        &["y"],
        &["x", "r"],
    );
    assert_eq!(why["f"], "holds the values of r, which are quantized there");
    assert_eq!(why["g"], "taken by Softmax, which computes in float");
}

#[test]
fn an_output_is_quantized_only_where_an_integer_operator_takes_it_too() {
    let why = fused(&[conv("x", "y"), conv("y", "z"), node("Relu", &["z"], &["u"])], &["y", "z", "u"], &["x", "y"]);
    assert_eq!(why["z"], "inside Conv+Relu");
    assert_eq!(why["u"], "an output of the network; no integer operator takes it");
}

#[test]
fn what_a_branch_hands_on_is_quantized_where_it_was_made() {
    let mut taken = node("If", &["yes"], &["picked"]);
    let made = [node("MatMul", &["x", "w"], &["inner"])];
    let other = [node("Neg", &["x"], &["minus"])];
    taken = branches(taken, (&made, &["inner"]), (&other, &["minus"]));
    let mut proto = model(&[("x", &[2, 2])], vec![taken, node("MatMul", &["picked", "w"], &["y"])], &["y"]);
    let graph = proto.graph.as_mut().unwrap();
    let yes = TensorProto {
        name: "yes".into(),
        data_type: tensor_proto::DataType::Bool as i32,
        int32_data: vec![1],
        ..TensorProto::default()
    };
    graph.initializer = vec![float_tensor("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), yes];
    let network = network(proto);
    let graph = Graph::build(&network, &Shapes::new()).unwrap();
    let why: BTreeMap<&str, Option<String>> =
        graph.tensors().iter().map(|t| t.name.as_str()).zip(Placement::Fused.of(&network, graph.tensors())).collect();
    assert_eq!((&why["x"], &why["inner"]), (&None, &None), "{why:?}");
    assert_eq!(why["picked"].as_deref(), Some("holds the values of inner, which are quantized there"), "{why:?}");
    // A product inside is a product.
    assert_eq!(Placement::Inputs.of(&network, graph.tensors()).iter().filter(|why| why.is_none()).count(), 2);
}

#[test]
fn the_weights_of_products_are_quantized_whatever_takes_them_besides() {
    let mut proto = model(
        &[("x", &[2, 2]), ("ids", &[2])],
        vec![
            node("Gather", &["both", "ids"], &["rows"]),
            node("MatMul", &["x", "both"], &["y"]),
            node("Gather", &["table", "ids"], &["z"]),
        ],
        &["rows", "y", "z"],
    );
    proto.graph.as_mut().unwrap().initializer =
        ["both", "table"].map(|name| float_tensor(name, &[2, 2], &[1.0; 4])).into();
    let network = network(proto);
    let weights = network.weights();
    let why = |placement: Placement| placement.of_weights(&network, &weights);
    for placement in [Placement::Fused, Placement::Inputs] {
        assert_eq!(why(placement), [None, Some("no integer operator takes it".to_owned())]);
    }
    assert_eq!(why(Placement::All), [None, None]);
}

#[test]
fn placements_have_names() {
    for placement in Placement::ALL {
        assert_eq!(placement.to_string().parse(), Ok(placement));
    }
    assert!("everywhere".parse::<Placement>().unwrap_err().contains("fused, inputs, ort or all"));
}
