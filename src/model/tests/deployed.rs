//! The network as it is deployed: what is folded, what is not, and that it computes the same.

use super::*;
use std::collections::BTreeSet;

/// Numbers without a pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / 8_388_608.0) - 1.0
    }

    fn of(&mut self, name: &str, dims: &[i64]) -> TensorProto {
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| self.next()).collect();
        float_tensor(name, dims, &values)
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() + 1.0) / 2.0 * n as f32) as usize % n
    }
}

/// Scale, bias, mean and variance of a batch norm, called by its name and these letters.
fn norm(noise: &mut Noise, name: &str, channels: i64) -> Vec<TensorProto> {
    let mut made: Vec<TensorProto> =
        ["s", "b", "m", "v"].map(|letter| noise.of(&format!("{name}.{letter}"), &[channels])).into();
    made[3].float_data.iter_mut().for_each(|v| *v = v.abs() + 0.01);
    made
}

fn batch_norm(name: &str, from: &str, to: &str) -> NodeProto {
    let parts = ["s", "b", "m", "v"].map(|letter| format!("{name}.{letter}"));
    let inputs: Vec<&str> = [from].into_iter().chain(parts.iter().map(String::as_str)).collect();
    NodeProto { name: name.into(), ..node("BatchNormalization", &inputs, &[to]) }
}

fn with(mut proto: ModelProto, constants: impl IntoIterator<Item = TensorProto>) -> ModelProto {
    proto.graph.as_mut().unwrap().initializer.extend(constants);
    proto
}

/// Runs a network as it is written and as it is deployed, and holds one against the other: all tensors of the latter are
/// the former's, with their values. Answers the deployed one with the names of its activations, and those that went.
fn deployed(proto: ModelProto) -> (Network, Vec<String>, Vec<String>) {
    let written = network(proto);
    let deployed = written.clone().deployed();
    assert_eq!((written.inputs(), written.outputs()), (deployed.inputs(), deployed.outputs()));
    let graphs = [&written, &deployed].map(|network| Graph::build(network, &Shapes::new()).unwrap());
    let mut noise = Noise(7);
    let fed: Vec<Tensor> = graphs[0].inputs().iter().map(|input| feed(&mut noise, input)).collect();
    let [(outputs, seen), (new_outputs, new_seen)] = graphs.each_ref().map(|graph| run(graph, &fed));
    for (old, new) in outputs.iter().zip(&new_outputs) {
        same(old, new, "an output");
    }
    for (name, new) in &new_seen {
        same(&seen[name], new, name);
    }
    let names: Vec<String> = graphs[1].tensors().iter().map(|tensor| tensor.name.clone()).collect();
    let went: Vec<String> =
        graphs[0].tensors().iter().map(|tensor| tensor.name.clone()).filter(|name| !names.contains(name)).collect();
    // Whoever looks for a name that went finds it.
    let told: BTreeSet<String> =
        names.iter().flat_map(|name| deployed.absorbed_by(name)).map(|absorbed| absorbed.name.clone()).collect();
    assert_eq!(told, went.iter().cloned().collect());
    (deployed, names, went)
}

fn feed(noise: &mut Noise, input: &Input) -> Tensor {
    let shape = input.shape.as_ref().unwrap();
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| noise.next()).collect();
    tensor(shape, &values)
}

fn same(old: &Tensor, new: &Tensor, name: &str) {
    let (old, new) = (floats(old), floats(new));
    let most = old.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let apart = old.iter().zip(&new).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs()));
    assert!(old.len() == new.len() && apart <= 1e-5 * most.max(1e-2), "{name}: {apart} of {most}");
}

fn values(network: &Network, name: &str) -> Vec<f32> {
    let weight = network.weights().into_iter().find(|weight| weight.name == name).unwrap();
    network.weight_values(&weight).unwrap()
}

fn folded(network: &Network) -> Vec<String> {
    network.weights().iter().flat_map(|weight| network.folded_into(&weight.name)).cloned().collect()
}

fn convolution(nodes: Vec<NodeProto>, outputs: &[&str], constants: Vec<TensorProto>) -> ModelProto {
    with(model(&[("x", &[1, 4, 6, 5])], nodes, outputs), constants)
}

#[test]
fn a_batch_norm_goes_into_weight_and_bias_and_the_rest_keeps_its_name() {
    let proto = with(
        model(
            &[("x", &[1, 1, 1, 2])],
            vec![node("Conv", &["x", "w", "b"], &["c"]), batch_norm("bn", "c", "n"), node("Relu", &["n"], &["y"])],
            &["y"],
        ),
        [
            float_tensor("w", &[2, 1, 1, 1], &[2.0, -3.0]),
            float_tensor("b", &[2], &[1.0, 0.5]),
            float_tensor("bn.s", &[2], &[3.0, 1.0]),
            float_tensor("bn.b", &[2], &[10.0, 20.0]),
            float_tensor("bn.m", &[2], &[4.0, -1.0]),
            float_tensor("bn.v", &[2], &[0.25, 4.0]),
        ],
    );
    let (network, names, went) = deployed(proto);
    assert_eq!((names, went), (["x", "n", "y"].map(String::from).into(), vec!["c".to_owned()]));
    // scale / sqrt(variance + 1e-5), times the weight.
    let factors = [3.0 / 0.25001_f64.sqrt(), 1.0 / 4.00001_f64.sqrt()];
    let expected = [2.0 * factors[0], -3.0 * factors[1]].map(|x| x as f32);
    assert_eq!(values(&network, "w"), expected);
    assert_eq!(network.folded_into("w"), ["BatchNormalization bn"]);
    assert_eq!(network.weights()[0].shape, [2, 1, 1, 1]);
    let of_n = network.absorbed_by("n");
    assert_eq!(of_n, [Absorbed { name: "c".into(), how: "is folded into w, and n is what comes out".into() }]);
    let conv = &Graph::build(&network, &Shapes::new()).unwrap().tensors()[1].clone();
    assert_eq!((conv.op_type.as_str(), conv.node.as_str(), conv.consumers.len()), ("Conv", "Conv_c", 1));
    assert_eq!(network.changes().unwrap(), "looked at as it is deployed: 1 node is folded into the weight before it");
}

#[test]
fn every_product_takes_its_batch_norm() {
    let noise = &mut Noise(1);
    let group = |node: NodeProto, group: i64| ints(node, "group", &[group]);
    type Case = (NodeProto, &'static [i64], i64, &'static [i64]);
    let cases: Vec<Case> = vec![
        (node("Conv", &["x", "w"], &["c"]), &[6, 4, 3, 3], 6, &[1, 4, 6, 5]),
        (group(node("Conv", &["x", "w"], &["c"]), 4), &[4, 1, 3, 3], 4, &[1, 4, 6, 5]),
        (node("Conv", &["x", "w", "bias"], &["c"]), &[3, 4, 3], 3, &[2, 4, 6]),
        (node("ConvTranspose", &["x", "w", "bias"], &["c"]), &[4, 3, 2, 2], 3, &[1, 4, 6, 5]),
        (group(node("ConvTranspose", &["x", "w"], &["c"]), 2), &[4, 3, 2, 2], 6, &[1, 4, 6, 5]),
        (group(node("ConvTranspose", &["x", "w"], &["c"]), 4), &[4, 1, 2, 2], 4, &[1, 4, 6, 5]),
        (node("Gemm", &["x", "w", "bias"], &["c"]), &[4, 3], 3, &[2, 4]),
        (
            float(float(ints(node("Gemm", &["x", "w", "bias"], &["c"]), "transB", &[1]), "alpha", 0.3), "beta", -2.5),
            &[3, 4],
            3,
            &[2, 4],
        ),
        (node("Gemm", &["x", "w"], &["c"]), &[4, 3], 3, &[2, 4]),
        (node("MatMul", &["x", "w"], &["c"]), &[4, 3], 3, &[2, 4]),
    ];
    for (product, dims, channels, input) in cases {
        let what = format!("{} {dims:?}", product.op_type);
        let proto = model(&[("x", input)], vec![product, batch_norm("bn", "c", "y")], &["y"]);
        let mut constants = norm(noise, "bn", channels);
        constants.extend([noise.of("w", dims), noise.of("bias", &[channels])]);
        let (network, names, _) = deployed(with(proto, constants));
        assert_eq!(names, ["x", "y"], "{what}");
        assert_eq!(folded(&network), ["BatchNormalization bn"], "{what}");
        let shape: Vec<i64> = network.weights()[0].shape.iter().map(|&n| n as i64).collect();
        assert_eq!((network.weights()[0].name.as_str(), shape.as_slice()), ("w", dims), "{what}");
    }
}

fn float(mut node: NodeProto, name: &str, f: f32) -> NodeProto {
    use attribute_proto::AttributeType;
    let r#type = AttributeType::Float as i32;
    node.attribute.push(AttributeProto { name: name.into(), r#type, f, ..AttributeProto::default() });
    node
}

#[test]
fn any_convolution_with_any_batch_norm_computes_what_it_did() {
    let noise = &mut Noise(3);
    for _ in 0..60 {
        let groups = 1 + noise.below(3) as i64;
        let (ins, outs) = (groups * (1 + noise.below(3) as i64), groups * (1 + noise.below(4) as i64));
        let kernel = [1 + noise.below(3) as i64, 1 + noise.below(2) as i64];
        let transposed = noise.below(2) == 1;
        let (op, dims) = match transposed {
            true => ("ConvTranspose", [ins, outs / groups, kernel[0], kernel[1]]),
            false => ("Conv", [outs, ins / groups, kernel[0], kernel[1]]),
        };
        let mut inputs = vec!["x", "w"];
        if noise.below(2) == 1 {
            inputs.push("bias");
        }
        let first = ints(node(op, &inputs, &["c"]), "group", &[groups]);
        let mut nodes = vec![first, float(batch_norm("bn", "c", "n"), "epsilon", 1e-3)];
        // A second one behind the first, and what makes a constant out of the file's.
        if noise.below(2) == 1 {
            nodes.push(batch_norm("second", "n", "n2"));
        }
        let last = if nodes.len() == 3 { "n2" } else { "n" };
        nodes.push(node("Sigmoid", &[last], &["y"]));
        let mut constants = norm(noise, "bn", outs);
        constants.extend(norm(noise, "second", outs));
        constants.extend([noise.of("w", &dims), noise.of("bias", &[outs])]);
        let what = format!("{op} {dims:?} {groups} {inputs:?}");
        let proto = with(model(&[("x", &[2, ins, 4, 5])], nodes, &["y"]), constants);
        let (_, names, _) = deployed(proto);
        assert_eq!(names, ["x", last, "y"], "{what}");
    }
}

#[test]
fn constants_of_each_channel_are_folded_as_onnx_runtime_does() {
    let noise = &mut Noise(5);
    let chain = |op: &str, dims: &[i64], first: bool, noise: &mut Noise| {
        let inputs = if first { ["k", "c"] } else { ["c", "k"] };
        let nodes = vec![node("Conv", &["x", "w"], &["c"]), node(op, &inputs, &["y"])];
        let (_, names, _) =
            deployed(convolution(nodes, &["y"], vec![noise.of("w", &[3, 4, 2, 2]), noise.of("k", dims)]));
        names.len() == 2
    };
    // ONNX Runtime 1.32, basic optimizations.
    for (op, dims, first, is_folded) in [
        ("Mul", &[][..], false, true),
        ("Mul", &[1], false, false),
        ("Mul", &[3, 1, 1], false, true),
        ("Mul", &[1, 3, 1, 1], false, true),
        ("Mul", &[1, 1, 1, 1], false, false),
        ("Mul", &[3, 1, 1], true, false),
        ("Mul", &[3, 5, 4], false, false),
        ("Add", &[], false, false),
        ("Add", &[3, 1, 1], false, true),
        ("Add", &[1, 3, 1, 1], false, true),
        ("Add", &[1, 1, 1], false, false),
        ("Add", &[3, 1, 1], true, false),
        ("Sub", &[3, 1, 1], false, false),
        ("Div", &[3, 1, 1], false, false),
    ] {
        assert_eq!(chain(op, dims, first, noise), is_folded, "{op} {dims:?} {first}");
    }
    // A batch norm as Paddle writes some: the factor, what is added behind a Reshape, and another batch norm.
    let nodes = vec![
        node("Conv", &["x", "w", "bias"], &["c"]),
        node("Mul", &["c", "k"], &["d"]),
        node("Reshape", &["row", "shape"], &["column"]),
        node("Add", &["d", "column"], &["e"]),
        batch_norm("bn", "e", "y"),
    ];
    let mut constants = norm(noise, "bn", 3);
    constants.extend([noise.of("w", &[3, 4, 2, 2]), noise.of("bias", &[3]), noise.of("k", &[3, 1, 1])]);
    constants.extend([noise.of("row", &[3]), whole("shape", &[1, 3, 1, 1])]);
    let (network, names, went) = deployed(convolution(nodes, &["y"], constants));
    assert_eq!((names.join(" "), went.join(" ")), ("x y".into(), "c d e".into()));
    assert_eq!(folded(&network), ["Mul Mul_d", "Add Add_e", "BatchNormalization bn"]);
}

fn whole(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: tensor_proto::DataType::Int64 as i32,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

#[test]
fn what_others_see_is_not_folded() {
    let noise = &mut Noise(11);
    let conv = || node("Conv", &["x", "w"], &["c"]);
    let cases: Vec<(&str, Vec<NodeProto>, &[&str])> = vec![
        ("the result is an output", vec![conv(), batch_norm("bn", "c", "y")], &["y", "c"]),
        ("another takes it", vec![conv(), batch_norm("bn", "c", "n"), node("Add", &["n", "c"], &["y"])], &["y"]),
        (
            "another takes the weight",
            vec![conv(), batch_norm("bn", "c", "y"), node("Conv", &["x", "w"], &["z"])],
            &["y", "z"],
        ),
        (
            "another takes the weight behind an Identity",
            vec![
                node("Identity", &["w"], &["same"]),
                conv(),
                batch_norm("bn", "c", "y"),
                node("Conv", &["x", "same"], &["z"]),
            ],
            &["y", "z"],
        ),
        ("it stands before the product", vec![batch_norm("bn", "x", "n"), node("Conv", &["n", "w"], &["y"])], &["y"]),
        (
            "the weight is computed",
            vec![node("Neg", &["w"], &["minus"]), node("Conv", &["x", "minus"], &["c"]), batch_norm("bn", "c", "y")],
            &["y"],
        ),
    ];
    for (why, nodes, outputs) in cases {
        let mut constants = norm(noise, "bn", 4);
        constants.push(noise.of("w", &[4, 4, 1, 1]));
        let (network, _, went) = deployed(convolution(nodes, outputs, constants));
        assert_eq!((went.len(), network.changes()), (0, None), "{why}");
    }
    // A batch norm over the second axis of a product with three.
    let nodes = vec![node("MatMul", &["x", "w"], &["c"]), batch_norm("bn", "c", "y")];
    let mut constants = norm(noise, "bn", 3);
    constants.push(noise.of("w", &[4, 3]));
    let (_, _, went) = deployed(with(model(&[("x", &[2, 3, 4])], nodes, &["y"]), constants));
    assert_eq!(went.len(), 0);
}

#[test]
fn what_is_no_number_is_left_as_it_is() {
    let noise = &mut Noise(13);
    for (variance, scale) in [(-1.0, 1.0), (f32::NAN, 1.0), (1.0, f32::INFINITY), (1e-30, f32::MAX)] {
        let nodes = vec![node("Conv", &["x", "w"], &["c"]), batch_norm("bn", "c", "y")];
        let mut constants = norm(noise, "bn", 4);
        (constants[3].float_data[2], constants[0].float_data[2]) = (variance, scale);
        constants.push(noise.of("w", &[4, 4, 1, 1]));
        constants[4].float_data[9] = 5.0;
        let network = network(convolution(nodes, &["y"], constants)).deployed();
        assert_eq!(network.changes(), None, "{variance} {scale}");
    }
}

#[test]
fn what_is_damaged_is_left_to_whoever_runs_it() {
    let noise = &mut Noise(29);
    let broken: Vec<Vec<NodeProto>> = vec![
        // More groups than channels, a batch norm without variance or without an output, a product without a weight.
        vec![ints(node("ConvTranspose", &["x", "w"], &["c"]), "group", &[9]), batch_norm("bn", "c", "y")],
        vec![node("Conv", &["x", "w"], &["c"]), node("BatchNormalization", &["c", "bn.s", "bn.b", "bn.m"], &["y"])],
        vec![node("Conv", &["x", "w"], &["c"]), NodeProto { output: Vec::new(), ..batch_norm("bn", "c", "y") }],
        vec![node("Conv", &["x"], &["c"]), batch_norm("bn", "c", "y")],
        vec![node("Gemm", &["x", "w"], &["c"]), batch_norm("bn", "c", "y")],
        vec![node("MatMul", &[], &["c"]), batch_norm("bn", "c", "y")],
        vec![NodeProto { input: Vec::new(), ..node("Identity", &["x"], &["c"]) }, batch_norm("bn", "c", "y")],
    ];
    for nodes in broken {
        let mut constants = norm(noise, "bn", 4);
        constants.push(noise.of("w", &[4, 4, 1, 1]));
        let network = network(convolution(nodes, &["y"], constants)).deployed();
        assert_eq!(network.changes(), None);
    }
}

#[test]
fn a_weight_behind_a_transpose_is_folded_where_it_stands() {
    let noise = &mut Noise(17);
    let nodes = vec![
        ints(node("Transpose", &["w"], &["turned"]), "perm", &[3, 2, 0, 1]),
        node("Identity", &["turned"], &["same"]),
        node("Conv", &["x", "same"], &["c"]),
        batch_norm("bn", "c", "y"),
    ];
    let mut constants = norm(noise, "bn", 3);
    constants.push(noise.of("w", &[2, 1, 4, 3]));
    let (network, _, went) = deployed(convolution(nodes, &["y"], constants));
    assert_eq!((went.join(" "), folded(&network).len()), ("c".into(), 1));
    assert_eq!((network.weights()[0].name.as_str(), network.weights()[0].axis), ("w", Some(3)));
}

#[test]
fn a_tensor_of_several_names_is_one() {
    let dropout = |inputs: &[&str], output: &str| node("Dropout", inputs, &[output, "mask"]);
    let nodes = vec![
        node("Relu", &["x"], &["a"]),
        node("Identity", &["a"], &["b"]),
        dropout(&["b"], "c"),
        ints(node("Cast", &["c"], &["d"]), "to", &[1]),
        ints(node("Cast", &["d"], &["e"]), "to", &[1]),
        node("Neg", &["e"], &["f"]),
        node("Add", &["f", "b"], &["y"]),
    ];
    let (network, names, went) = deployed(model(&[("x", &[2, 3])], nodes, &["y"]));
    // What the first Cast takes is of no type that the file gives; the second takes what a Cast has made.
    assert_eq!((names.join(" "), went.join(" ")), ("x a d f y".into(), "b c e".into()));
    let of = |name: &str| network.absorbed_by(name).iter().map(|a| format!("{} {}", a.name, a.how)).collect::<Vec<_>>();
    assert_eq!(of("a"), ["b is another name of a", "c is another name of a"]);
    assert_eq!(of("d"), ["e is another name of d"]);
    let said = "looked at as it is deployed: 3 tensors are other names of such as are listed";
    assert_eq!(network.changes().as_deref(), Some(said));
    let takers: Vec<String> = Graph::build(&network, &Shapes::new()).unwrap().tensors()[1]
        .consumers
        .iter()
        .map(|consumer| consumer.node.clone())
        .collect();
    assert_eq!(takers, ["Cast_d", "Add_y"]);
}

#[test]
fn an_output_keeps_its_name_and_two_outputs_both_theirs() {
    let nodes = || {
        vec![
            node("Relu", &["x"], &["a"]),
            node("Identity", &["a"], &["b"]),
            node("Identity", &["b"], &["y"]),
            node("Identity", &["a"], &["z"]),
            node("Neg", &["a"], &["v"]),
        ]
    };
    let made = |outputs: &[&str]| {
        let (_, names, went) = deployed(model(&[("x", &[2, 3])], nodes(), outputs));
        (names.join(" "), went.join(" "))
    };
    assert_eq!(made(&["y", "v"]), ("x y v".into(), "a b z".into()));
    assert_eq!(made(&["v", "y", "z"]), ("x y z v".into(), "a b".into()));
    assert_eq!(made(&["a", "y", "v"]), ("x a y v".into(), "b z".into()));
    // What is fed is not called as what comes out.
    let (_, names, _) = deployed(model(&[("x", &[2])], vec![node("Identity", &["x"], &["y"])], &["y"]));
    assert_eq!(names, ["x", "y"]);
}

#[test]
fn a_dropout_that_trains_or_whose_mask_is_taken_stays() {
    let truth = |value: i32| TensorProto {
        name: "train".into(),
        data_type: tensor_proto::DataType::Bool as i32,
        int32_data: vec![value],
        ..TensorProto::default()
    };
    let network_of = |training: i32| {
        let nodes = vec![
            node("Relu", &["x"], &["a"]),
            node("Dropout", &["a", "", "train"], &["b"]),
            node("Neg", &["b"], &["y"]),
        ];
        network(with(model(&[("x", &[2])], nodes, &["y"]), [truth(training)])).deployed()
    };
    assert!(network_of(0).changes().is_some());
    assert_eq!(network_of(1).changes(), None);
    let mask = vec![node("Dropout", &["x"], &["a", "mask"]), node("Where", &["mask", "a", "x"], &["y"])];
    assert_eq!(network(model(&[("x", &[2])], mask, &["y"])).deployed().changes(), None);
}

#[test]
fn branches_are_deployed_too() {
    let noise = &mut Noise(19);
    let yes =
        vec![node("Identity", &["x"], &["same"]), node("Conv", &["same", "w"], &["c"]), batch_norm("bn", "c", "r")];
    let no = vec![node("Relu", &["x"], &["q"]), node("Identity", &["q"], &["r2"])];
    let decided = branches(node("If", &["yes"], &["r"]), (&yes, &["r"]), (&no, &["r2"]));
    let mut truth = constant("yes", &[], &[1.0]);
    truth.attribute[0].t = Some(TensorProto {
        data_type: tensor_proto::DataType::Bool as i32,
        int32_data: vec![1],
        ..TensorProto::default()
    });
    let nodes = vec![truth, decided, node("Identity", &["r"], &["again"]), node("Neg", &["again"], &["y"])];
    let mut constants = norm(noise, "bn", 4);
    constants.push(noise.of("w", &[4, 4, 1, 1]));
    let (network, names, went) = deployed(convolution(nodes, &["y"], constants));
    assert_eq!((names.join(" "), went.join(" ")), ("x r y".into(), "same c again".into()));
    assert_eq!(folded(&network), ["BatchNormalization bn"]);
}

/// A pointwise chain and products of every kind that the bundled classifier has: all that is left is seen with the values
/// that it has in the file.
#[test]
fn the_classifier_computes_what_it_did() {
    let written = cls();
    let deployed = written.clone().deployed();
    let fixed = shapes(&[("x", &[1, 3, 48, 192])]);
    let graphs = [&written, &deployed].map(|network| Graph::build(network, &fixed).unwrap());
    let mut noise = Noise(23);
    let fed = vec![feed(&mut noise, &graphs[0].inputs()[0])];
    let [(outputs, seen), (new_outputs, new_seen)] = graphs.each_ref().map(|graph| run(graph, &fed));
    same(&outputs[0], &new_outputs[0], "an output");
    for (name, new) in &new_seen {
        let (old, new) = (floats(&seen[name]), floats(new));
        let most = old.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let apart = old.iter().zip(&new).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs()));
        assert!(apart <= 1e-4 * most, "{name}: {apart} of {most}");
    }
    // The batch norms, the biases that Paddle adds behind a Reshape, and an Identity.
    let of = |op: &str| folded(&deployed).iter().filter(|node| node.starts_with(op)).count();
    assert_eq!((of("BatchNormalization "), of("Add "), folded(&deployed).len()), (35, 18, 53));
    assert_eq!(seen.len() - new_seen.len(), 54);
    assert!(deployed.weights().iter().map(|w| &w.name).eq(written.weights().iter().map(|w| &w.name)));
}
