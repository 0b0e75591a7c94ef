//! Files that are quantized already.

use super::*;
use crate::quant::{Format, QuantParams};

fn bytes(name: &str, data_type: i32, dims: &[i64], raw: &[u8]) -> TensorProto {
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type, raw_data: raw.to_vec(), ..TensorProto::default() }
}

/// `name` quantized and back, as `behind`: on the scale `s` and the zero point `zero`.
fn pair(name: &str, behind: &str, zero: &str) -> [NodeProto; 2] {
    let integers = format!("{name} in integers");
    [
        node("QuantizeLinear", &[name, "s", zero], &[&integers]),
        node("DequantizeLinear", &[&integers, "s", zero], &[behind]),
    ]
}

/// A graph from `x` of 2 by 2, with the scale 0.1 and zero points of uint8 and int8.
fn quantized(nodes: Vec<NodeProto>, outputs: &[&str]) -> Network {
    let mut proto = model(&[("x", &[2, 2])], nodes, outputs);
    proto.graph.as_mut().unwrap().initializer = vec![
        float_tensor("s", &[], &[0.1]),
        bytes("at 0", 2, &[], &[0]),
        bytes("at 100", 2, &[], &[100]),
        bytes("signed", 3, &[], &[0]),
        float_tensor("w", &[2, 2], &[1.0, -2.0, 3.0, 0.55]),
        bytes("w in integers", 3, &[2, 2], &[10, 0xf0, 127, 5]),
        float_tensor("scales", &[2], &[0.5, 0.25]),
        bytes("zeros", 3, &[2], &[0, 0]),
    ];
    network(proto)
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect()
}

fn ran(network: &Network) -> (Vec<f32>, BTreeMap<String, Tensor>) {
    let graph = Graph::build(network, &Shapes::new()).unwrap();
    let (outputs, seen) = run(&graph, &[tensor(&[2, 2], &[0.12, -0.37, 1.0, 99.0])]);
    (floats(&outputs[0]), seen)
}

#[test]
fn pairs_are_left_out_and_their_grids_known() {
    let mut nodes = pair("x", "x again", "at 100").to_vec();
    nodes.push(ints(node("DequantizeLinear", &["w in integers", "scales", "zeros"], &["wf"]), "axis", &[-1]));
    nodes.push(node("MatMul", &["x again", "wf"], &["m"]));
    nodes.extend(pair("m", "m again", "signed"));
    nodes.push(node("Neg", &["m again"], &["y"]));
    let (network, quantizers) = quantized(nodes, &["y"]).without_quantizers();
    let graph = Graph::build(&network, &Shapes::new()).unwrap();
    assert_eq!(names(&graph), ["x", "m", "y"]);
    // w is 5, -4; 63.5, 1.25.
    let (y, _) = ran(&network);
    let expected = [0.12 * 5.0 - 0.37 * 63.5, 0.12 * -4.0 - 0.37 * 1.25, 5.0 + 99.0 * 63.5, -4.0 + 99.0 * 1.25];
    assert!(y.iter().zip(expected).all(|(y, m): (&f32, f32)| (y + m).abs() < 1e-3), "{y:?}");
    let uint8 = Format::int(8, false, false).unwrap();
    assert_eq!(quantizers.of("x").unwrap().params, [QuantParams::new(0.1, 100, uint8).unwrap()]);
    let m = quantizers.of("m").unwrap();
    assert_eq!((m.params[0].scale(), m.params[0].zero_point(), m.axis), (0.1, 0, None));
    let w = quantizers.of("wf").unwrap();
    assert_eq!((w.params.iter().map(QuantParams::scale).collect::<Vec<_>>(), w.axis_of(2)), (vec![0.5, 0.25], Some(1)));
    assert_eq!(w.format(), Format::INT8);
    for grid in [quantizers.of("x"), Some(m), Some(w)].into_iter().flatten() {
        let back = grid.clips().into_iter().map(|clip| QuantParams::from_clip(clip, grid.format()));
        assert_eq!(back.collect::<Vec<_>>(), grid.params, "to the last bit");
    }
    assert!(quantizers.of("y").is_none());
    assert_eq!(quantizers.notes("m.onnx").len(), 1);
    assert_eq!(network.weights().iter().map(|weight| weight.name.as_str()).collect::<Vec<_>>(), ["wf"]);
}

#[test]
fn a_weight_that_is_quantized_in_the_graph_is_the_float_before() {
    let [quantize, back] = pair("w", "w again", "signed");
    let (network, quantizers) =
        quantized(vec![quantize, back, node("MatMul", &["x", "w again"], &["y"])], &["y"]).without_quantizers();
    let weights = network.weights();
    assert_eq!((weights[0].name.as_str(), network.weight_values(&weights[0]).unwrap()[3]), ("w", 0.55));
    assert!(quantizers.of("w").is_some());
}

/// As `quantize_static` writes a weight: `k_quantized`, of which `k_DequantizeLinear_Output` is made.
#[test]
fn a_weight_has_the_name_of_the_float_file_again() {
    let of = |nodes: Vec<NodeProto>, initializers: &[TensorProto], version: i64| {
        let mut proto = model(&[("x", &[2, 2])], nodes, &["y"]);
        proto.opset_import[0].version = version;
        proto.graph.as_mut().unwrap().initializer = initializers.to_vec();
        network(proto).without_quantizers()
    };
    let constants = [
        bytes("k_quantized", 3, &[2, 2], &[10, 0xf0, 127, 5]),
        float_tensor("k_scale", &[2], &[0.5, 0.25]),
        bytes("k_zero_point", 3, &[2], &[0, 0]),
        float_tensor("s", &[], &[0.5]),
        bytes("z", 3, &[], &[0]),
    ];
    let input = ["k_quantized", "k_scale", "k_zero_point"];
    let per_channel = |output: &str| ints(node("DequantizeLinear", &input, &[output]), "axis", &[1]);
    // Each product has a pair of its own, as with DedicatedQDQPair.
    let nodes = vec![
        per_channel("k_DequantizeLinear_Output"),
        per_channel("k_DequantizeLinear_Output_2"),
        node("MatMul", &["x", "k_DequantizeLinear_Output"], &["m"]),
        node("MatMul", &["m", "k_DequantizeLinear_Output_2"], &["y"]),
    ];
    let (once, quantizers) = of(nodes.clone(), &constants, 13);
    let weights = once.weights();
    assert_eq!(
        weights.iter().map(|w| (w.name.as_str(), w.uses.len(), w.axis)).collect::<Vec<_>>(),
        [("k", 2, Some(1))]
    );
    assert_eq!(
        (weights[0].initializer.as_deref(), weights[0].initializer_dtype.as_deref()),
        (Some("k_quantized"), Some("int8"))
    );
    assert_eq!(once.weight_values(&weights[0]).unwrap(), [5.0, -4.0, 63.5, 1.25]);
    assert_eq!(
        (quantizers.of("k").map(|grid| grid.axis), quantizers.of("k_DequantizeLinear_Output")),
        (Some(Some(1)), None)
    );
    let (y, _) = ran(&once);
    assert!((y[0] - ((0.12 * 5.0 - 0.37 * 63.5) * 5.0 + (0.12 * -4.0 - 0.37 * 1.25) * 63.5)).abs() < 1e-2, "{y:?}");

    // A name that another tensor has is not taken, nor that of an output; without the pattern nothing is known.
    let mut taken = nodes.clone();
    taken.push(node("Neg", &["x"], &["k"]));
    let names = |of: &Network| of.weights().into_iter().map(|w| w.name).collect::<Vec<_>>();
    assert_eq!(names(&of(taken, &constants, 13).0), ["k_DequantizeLinear_Output", "k_DequantizeLinear_Output_2"]);
    let mut other = nodes.clone();
    other.iter_mut().take(2).for_each(|node| node.input[0] = "k in integers".into());
    let mut renamed = constants.clone();
    renamed[0].name = "k in integers".into();
    assert_eq!(names(&of(other, &renamed, 13).0), ["k_DequantizeLinear_Output", "k_DequantizeLinear_Output_2"]);

    // Before opset 13 there is one scale for all: another is no offer, and one says so.
    let mut old = nodes;
    old.iter_mut().take(2).for_each(|node| node.attribute.clear());
    let (_, quantizers) = of(old.clone(), &constants, 12);
    let notes = quantizers.notes("m.onnx");
    assert!(quantizers.is_empty() && notes.len() == 1, "{notes:?}");
    assert!(notes[0].contains("2 quantizers of m.onnx have a scale for each channel") && notes[0].contains("says 12"));
    old.iter_mut().take(2).for_each(|node| node.input[1..].clone_from_slice(&["s".into(), "z".into()]));
    let (network, quantizers) = of(old, &constants, 12);
    assert_eq!((names(&network), quantizers.of("k").map(|grid| grid.axis)), (vec!["k".to_owned()], Some(None)));
}

/// As `quantize_static` writes an output: `y_QuantizeLinear_Input` is made, and `y` stands behind the pair.
#[test]
fn an_output_keeps_its_name() {
    let mut nodes = vec![node("Neg", &["x"], &["y before"])];
    nodes.extend(pair("y before", "y", "at 100"));
    nodes.push(node("Neg", &["y"], &["z"]));
    let (network, quantizers) = quantized(nodes, &["y", "z"]).without_quantizers();
    assert_eq!(names(&Graph::build(&network, &Shapes::new()).unwrap()), ["x", "y", "z"]);
    assert!(quantizers.of("y").is_some() && quantizers.of("y before").is_none());
    assert_eq!(ran(&network).0, [-0.12, 0.37, -1.0, -99.0]);
    // What goes in comes out.
    let (network, quantizers) = quantized(pair("x", "y", "at 100").to_vec(), &["y"]).without_quantizers();
    assert_eq!((ran(&network).0, quantizers.of("x").is_some()), (vec![0.12, -0.37, 1.0, 99.0], true));
}

#[test]
fn a_relu_that_a_quantizer_stood_for_is_put_back() {
    let nodes = |op: &str| {
        let mut nodes = vec![node(op, &["x"], &["n"])];
        nodes.extend(pair("n", "n again", "at 0"));
        nodes.push(node("Neg", &["n again"], &["y"]));
        nodes
    };
    let (network, quantizers) = quantized(nodes("Neg"), &["y"]).without_quantizers();
    let (y, seen) = ran(&network);
    assert_eq!((y, floats(&seen["n"])), (vec![0.0, -0.37, 0.0, 0.0], vec![0.0, 0.37, 0.0, 0.0]));
    let notes = quantizers.notes("m.onnx");
    assert!(notes.len() == 2 && notes[1].contains("as where a Relu was taken out"), "{notes:?}");
    // What is never negative needs none.
    let (network, quantizers) = quantized(nodes("Abs"), &["y"]).without_quantizers();
    assert_eq!(
        (names(&Graph::build(&network, &Shapes::new()).unwrap()), quantizers.notes("m.onnx").len()),
        (vec!["x", "n", "y"], 1)
    );
    // What another takes, too, was not cut there.
    let mut taken = nodes("Neg");
    taken.push(node("Exp", &["n"], &["e"]));
    let (network, _) = quantized(taken, &["y", "e"]).without_quantizers();
    assert_eq!(ran(&network).0, [0.12, -0.37, 1.0, 99.0]);
}

#[test]
fn what_is_no_pair_is_run_as_it_is() {
    let plain = quantized(vec![node("Neg", &["x"], &["y"])], &["y"]);
    assert!(plain.without_quantizers().1.is_empty() && plain.without_quantizers().1.notes("m.onnx").is_empty());
    // Another scale behind than before is a product.
    let nodes = vec![
        node("QuantizeLinear", &["x", "s", "at 100"], &["q"]),
        node("DequantizeLinear", &["q", "other", "at 100"], &["d"]),
        node("Neg", &["d"], &["y"]),
    ];
    let mut proto = model(&[("x", &[2, 2])], nodes, &["y"]);
    proto.graph.as_mut().unwrap().initializer =
        vec![float_tensor("s", &[], &[0.1]), float_tensor("other", &[], &[0.2]), bytes("at 100", 2, &[], &[100])];
    let (network, quantizers) = network(proto).without_quantizers();
    assert!(quantizers.is_empty());
    let y = ran(&network).0;
    assert!((y[2] + 2.0).abs() < 1e-6, "{y:?}");
}
