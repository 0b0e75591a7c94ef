//! Samples of different shapes, and samples that take different branches: each as if it were run alone.

use super::*;
use crate::quant::{Decibels, Format, OutputEffect, QuantParams};

const GRID: QuantParams = QuantParams::new(0.5, 0, Format::int(3, true, true).unwrap()).unwrap();

const DECIDED: &str = "which branch of an If a sample takes is decided in float, also where others are tried";

fn build(proto: ModelProto, sizes: &[(&str, &[usize])]) -> Graph {
    Graph::build(&network(proto), &shapes(sizes)).unwrap()
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect()
}

fn wave(shape: &[usize], phase: f32) -> Tensor {
    let values: Vec<f32> = (0..shape.iter().product()).map(|i| (i as f32 * 0.7 + phase).sin() * 2.0).collect();
    tensor(shape, &values)
}

/// A list of one, where `ints` would make it a number.
fn over_rows(node: NodeProto) -> NodeProto {
    let mut node = ints(node, "axes", &[0]);
    let axes = node.attribute.last_mut().unwrap();
    axes.r#type = attribute_proto::AttributeType::Ints as i32;
    axes.ints = vec![0];
    node
}

/// Rows of three, of which there may be any number, multiplied and added up.
fn rows() -> ModelProto {
    let weights: Vec<f32> = (0..6).map(|i| i as f32 * 0.4 - 1.1).collect();
    let mut nodes = vec![
        constant("w", &[3, 2], &weights),
        node("MatMul", &["x", "w"], &["h"]),
        node("Relu", &["h"], &["r"]),
        over_rows(node("ReduceMean", &["r"], &["y"])),
    ];
    nodes[3] = ints(nodes[3].clone(), "keepdims", &[0]);
    model(&[("x", &[-1, 3])], nodes, &["y"])
}

#[test]
fn samples_of_any_length_run_as_if_alone() {
    let graph = build(rows(), &[("x", &[3, 3])]);
    assert_eq!((names(&graph), graph.is_one()), (vec!["x", "h", "r", "y"], true));
    for n in [3, 5, 9, 1, 3] {
        let x = wave(&[n, 3], n as f32);
        let alone = build(rows(), &[("x", &[n, 3])]);
        let (mut outputs, seen) = run(&graph, std::slice::from_ref(&x));
        let (mut expected, alone) = run(&alone, std::slice::from_ref(&x));
        assert_eq!(floats(&outputs.remove(0)), floats(&expected.remove(0)), "{n}");
        assert_eq!(seen, alone, "{n}");
        assert_eq!(seen["h"].shape(), [n, 2]);
        let reach = graph.reach(&[x]).unwrap();
        assert_eq!(reach[1], [Some(vec![n, 2])]);
    }
    let error = graph.run(&[wave(&[3, 4], 0.0)], &mut |_, _, _| {}, &|| false).unwrap_err().message;
    assert_eq!(error, "made.onnx takes nx3 of F32 as x, and 3x4 of F32 was given.");
}

/// The sums that an effect is made of, from whole runs.
fn by_hand(graph: &Graph, grids: &[(usize, QuantParams)], samples: &[Tensor]) -> f64 {
    let mut set = graph.clone();
    grids.iter().for_each(|(tensor, grid)| set.set(*tensor, Some(*grid)));
    let (mut signal, mut noise) = (0.0, 0.0);
    for x in samples {
        let (float, grid) = (run(graph, std::slice::from_ref(x)).0, run(&set, std::slice::from_ref(x)).0);
        for (a, b) in float.iter().zip(&grid).flat_map(|(a, b)| floats(a).into_iter().zip(floats(b))) {
            signal += f64::from(a).powi(2);
            noise += (f64::from(a) - f64::from(b)).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

/// What the outputs lose where these tensors are on a grid: by what follows them, and by whole runs on the side.
fn effects(graph: &Graph, tensors: &[usize], samples: &[Tensor]) -> OutputEffect {
    let reference = Reference::new(graph, 1 << 20);
    let all = samples.iter().map(|x| Ok(vec![x.clone()]));
    let effect = Effect::new(graph, &reference, tensors, all, 1 << 20, &|| false).unwrap().unwrap();
    let grids = vec![Some(GRID); tensors.len()];
    let one = effect.output(&grids, 1, &|| false).unwrap().unwrap();
    for threads in 2..5 {
        assert_eq!(effect.output(&grids, threads, &|| false).unwrap().unwrap(), one);
    }
    let mut set = graph.clone();
    tensors.iter().for_each(|&tensor| set.set(tensor, Some(GRID)));
    let load = |at: usize| Ok(vec![samples[at].clone()]);
    let judged = Judged {
        samples: samples.len(),
        load: &load,
        threads: 2,
        cancelled: &|| false,
        stopped: &|| false,
        so_far: &|_| {},
    };
    assert_eq!(reference.whole(&set, &judged).unwrap().unwrap().all, one);
    one
}

#[test]
fn effects_are_over_samples_of_all_lengths() {
    let graph = build(rows(), &[("x", &[3, 3])]);
    let samples: Vec<Tensor> = [3, 5, 9, 5, 3].iter().map(|&n| wave(&[n, 3], n as f32 * 0.3)).collect();
    for tensors in [&[0][..], &[1], &[2, 0], &[3]] {
        let found = effects(&graph, tensors, &samples);
        let grids: Vec<_> = tensors.iter().map(|&tensor| (tensor, GRID)).collect();
        let expected = by_hand(&graph, &grids, &samples);
        assert!((found.sqnr_db.unwrap().get() - expected).abs() < 1e-6, "{tensors:?} {found:?} {expected}");
        assert_eq!(found.samples, 5);
    }
}

#[test]
fn more_lengths_than_plans_are_kept() {
    let graph = build(rows(), &[("x", &[1, 3])]);
    let mean = |n: usize| run(&graph, &[wave(&[n, 3], 0.0)]).0.remove(0);
    let first: Vec<Tensor> = (1..80).map(mean).collect();
    let again: Vec<Tensor> = (1..80).map(mean).collect();
    assert_eq!(first, again);
}

/// Whether the sum of `x` is more than nothing, and then one branch or the other.
fn sum_decides() -> Vec<NodeProto> {
    let yes = [node("Relu", &["x"], &["t"]), node("Add", &["t", "t"], &["twice"])];
    let no = [node("Neg", &["x"], &["t"]), node("Exp", &["t"], &["e"])];
    vec![
        ints(node("ReduceSum", &["x"], &["sum"]), "keepdims", &[0]),
        constant("zero", &[], &[0.0]),
        node("Greater", &["sum", "zero"], &["condition"]),
        branches(node("If", &["condition"], &["y"]), (&yes, &["twice"]), (&no, &["e"])),
        node("Neg", &["y"], &["z"]),
    ]
}

#[test]
fn each_sample_takes_its_branch_and_what_is_inside_is_seen() {
    let graph = build(model(&[("x", &[2])], sum_decides(), &["z"]), &[]);
    let all = ["x", "sum", "t", "twice", "If_y/else_branch/t", "e", "y", "z"];
    assert_eq!(names(&graph), all);
    assert!(!graph.is_one());
    let ops: Vec<&str> = graph.tensors().iter().map(|tensor| tensor.op_type.as_str()).collect();
    assert_eq!(ops, ["input", "ReduceSum", "Relu", "Add", "Neg", "Exp", "If", "Neg"]);
    assert_eq!(graph.tensors()[6].node, "If_y");
    let (outputs, seen) = run(&graph, &[tensor(&[2], &[3.0, -1.0])]);
    assert_eq!(floats(&outputs[0]), [-6.0, 0.0]);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["sum", "t", "twice", "x", "y", "z"]);
    assert_eq!(floats(&seen["t"]), [3.0, 0.0]);
    let (outputs, seen) = run(&graph, &[tensor(&[2], &[0.0, -1.0])]);
    assert_eq!(floats(&outputs[0]), [-1.0, -1.0_f32.exp()]);
    assert_eq!(floats(&seen["If_y/else_branch/t"]), [0.0, 1.0]);
    assert!(!seen.contains_key("t"));
    let reach = graph.reach(&[tensor(&[2], &[0.0, -1.0])]).unwrap();
    assert_eq!((&reach[2], &reach[4]), (&Reach::new(), &vec![Some(vec![2])]));
    assert_eq!(graph.assumptions(), [DECIDED]);
}

#[test]
fn effects_inside_branches() {
    let graph = build(model(&[("x", &[2])], sum_decides(), &["z"]), &[]);
    let samples = [[0.3, 0.9], [-0.7, -0.9], [1.8, -0.3], [-2.0, 0.1]].map(|x| tensor(&[2], &x));
    for tensors in [&[0][..], &[2], &[4, 3], &[5], &[6]] {
        let found = effects(&graph, tensors, &samples);
        let grids: Vec<_> = tensors.iter().map(|&tensor| (tensor, GRID)).collect();
        // A grid on the input would turn no condition here.
        let expected = by_hand(&graph, &grids, &samples);
        assert!((found.sqnr_db.unwrap().get() - expected).abs() < 1e-6, "{tensors:?} {found:?} {expected}");
    }
    // Of a tensor that this sample does not reach there is nothing to lose.
    assert_eq!(effects(&graph, &[4], &samples[..1]).sqnr_db, Some(Decibels::PERFECT));
}

#[test]
fn another_network_s_samples_take_the_branches_of_the_float_one() {
    let nodes = |zero: f32| {
        let mut nodes = sum_decides();
        nodes[1] = constant("zero", &[], &[zero]);
        network(model(&[("x", &[2])], nodes, &["z"]))
    };
    let graph = Graph::build(&nodes(0.0), &Shapes::new()).unwrap();
    let other = graph.with_network(&nodes(100.0));
    let x = [tensor(&[2], &[3.0, -1.0])];
    assert_eq!(names(&other), names(&graph));
    assert_eq!(floats(&run(&other, &x).0[0]), [-6.0, 0.0]);
}

/// A truth value as a constant.
fn truth(name: &str, value: bool) -> NodeProto {
    let mut node = constant(name, &[], &[]);
    let tensor = node.attribute[0].t.as_mut().unwrap();
    tensor.data_type = tensor_proto::DataType::Bool as i32;
    tensor.int32_data = vec![value.into()];
    node
}

#[test]
fn constant_conditions_are_settled_and_the_other_branch_is_said() {
    let yes = [node("Relu", &["x"], &["a"])];
    let no = [node("Neg", &["x"], &["b"]), node("Frobnicate", &["b"], &["c"])];
    let chosen = branches(node("If", &["always"], &["y"]), (&yes, &["a"]), (&no, &["c"]));
    let graph = build(model(&[("x", &[2])], vec![truth("always", true), chosen], &["y"]), &[]);
    assert_eq!((names(&graph), graph.is_one()), (vec!["x", "a", "y"], true));
    assert_eq!(floats(&run(&graph, &[tensor(&[2], &[3.0, -1.0])]).0[0]), [3.0, 0.0]);
    let said = "2 nodes inside the else branch of If_y are not looked at: no sample takes that branch";
    assert_eq!(graph.assumptions(), [said]);
}

#[test]
fn a_condition_may_be_an_initializer_or_an_input() {
    let yes = [node("Relu", &["x"], &["a"])];
    let no = [node("Neg", &["x"], &["b"])];
    let chosen = branches(node("If", &["which"], &["y"]), (&yes, &["a"]), (&no, &["b"]));
    let mut proto = model(&[("x", &[2])], vec![chosen], &["y"]);
    let fixed = TensorProto {
        name: "which".into(),
        data_type: tensor_proto::DataType::Bool as i32,
        int32_data: vec![0],
        ..TensorProto::default()
    };
    proto.graph.as_mut().unwrap().initializer.push(fixed);
    assert_eq!(floats(&run(&build(proto.clone(), &[]), &[tensor(&[2], &[3.0, -1.0])]).0[0]), [-3.0, 1.0]);
    // The same as an input that has a value of its own.
    let mut which = port("which", Some(&[]));
    if let Some(type_proto::Value::TensorType(tensor)) = which.r#type.as_mut().and_then(|t| t.value.as_mut()) {
        tensor.elem_type = tensor_proto::DataType::Bool as i32;
    }
    proto.graph.as_mut().unwrap().input.push(which);
    assert_eq!(floats(&run(&build(proto.clone(), &[]), &[tensor(&[2], &[3.0, -1.0])]).0[0]), [-3.0, 1.0]);
    proto.graph.as_mut().unwrap().initializer.clear();
    let graph = build(proto, &[]);
    assert_eq!(names(&graph), ["x", "a", "b", "y"]);
    for (which, expected) in [(true, [3.0, 0.0]), (false, [-3.0, 1.0])] {
        let sample = [tensor(&[2], &[3.0, -1.0]), Tensor::from_shape(&[], &[which]).unwrap()];
        assert_eq!(floats(&run(&graph, &sample).0[0]), expected);
    }
}

/// Rows of which one alone is handed on as it is, and more are added up; what is inside is decided again by `sum`.
fn nested() -> ModelProto {
    let inner_yes = [node("Abs", &["first"], &["t"])];
    let inner_no = [node("Neg", &["first"], &["t"])];
    let one = [
        node("Relu", &["x"], &["first"]),
        branches(node("If", &["condition"], &["chosen"]), (&inner_yes, &["t"]), (&inner_no, &["t"])),
    ];
    let more = [ints(over_rows(node("ReduceSum", &["x"], &["t"])), "keepdims", &[1])];
    let nodes = vec![
        node("Shape", &["x"], &["shape"]),
        integer("zero_at", 0),
        node("Gather", &["shape", "zero_at"], &["n"]),
        integer("one", 1),
        node("Equal", &["n", "one"], &["single"]),
        ints(node("ReduceMax", &["x"], &["largest"]), "keepdims", &[0]),
        constant("limit", &[], &[1.0]),
        node("Greater", &["largest", "limit"], &["condition"]),
        branches(node("If", &["single"], &["y"]), (&one, &["chosen"]), (&more, &["t"])),
    ];
    let mut proto = model(&[("x", &[-1, 2])], nodes, &["y"]);
    // `axes` is an attribute of ReduceSum before 13.
    proto.opset_import[0].version = 12;
    proto
}

fn integer(name: &str, value: i64) -> NodeProto {
    let mut node = constant(name, &[], &[]);
    let tensor = node.attribute[0].t.as_mut().unwrap();
    tensor.data_type = tensor_proto::DataType::Int64 as i32;
    tensor.int64_data = vec![value];
    node
}

#[test]
fn nested_branches_by_shapes_and_by_values() {
    let network = network(nested());
    let single = Graph::build(&network, &shapes(&[("x", &[1, 2])])).unwrap();
    let inner = "If_chosen/else_branch/t";
    assert_eq!(names(&single), ["x", "largest", "first", "t", inner, "chosen", "y"]);
    assert_eq!(floats(&run(&single, &[tensor(&[1, 2], &[2.0, -1.0])]).0[0]), [2.0, 0.0]);
    assert_eq!(floats(&run(&single, &[tensor(&[1, 2], &[0.5, -1.0])]).0[0]), [-0.5, 0.0]);
    let more = Graph::build(&network, &shapes(&[("x", &[2, 2])])).unwrap();
    assert_eq!(names(&more), ["x", "largest", "If_y/else_branch/t", "y"]);
    assert_eq!(floats(&run(&more, &[tensor(&[2, 2], &[2.0, -1.0, 0.5, 1.0])]).0[0]), [2.5, 0.0]);
    assert_eq!(
        more.assumptions(),
        ["3 nodes inside the then branch of If_y are not looked at: no sample takes that branch"]
    );
    // What no plan knew when the tensors were listed is run, and not seen.
    assert_eq!(floats(&run(&more, &[tensor(&[1, 2], &[2.0, -1.0])]).0[0]), [2.0, 0.0]);
}

#[test]
fn what_branches_hand_on_of_the_outside() {
    // A branch may hand on what it did not make: a tensor outside, or a constant of its own.
    let yes = [];
    let no = [constant("c", &[2], &[7.0, 8.0])];
    let mut nodes = sum_decides();
    nodes[3] = branches(node("If", &["condition"], &["y"]), (&yes, &["x"]), (&no, &["c"]));
    let graph = build(model(&[("x", &[2])], nodes, &["z"]), &[]);
    assert_eq!(names(&graph), ["x", "sum", "y", "z"]);
    assert_eq!(floats(&run(&graph, &[tensor(&[2], &[3.0, -1.0])]).0[0]), [-3.0, 1.0]);
    let (outputs, seen) = run(&graph, &[tensor(&[2], &[-3.0, -1.0])]);
    assert_eq!(floats(&outputs[0]), [-7.0, -8.0]);
    assert!(!seen.contains_key("y"), "a constant there");
}

#[test]
fn a_name_inside_may_hide_one_outside() {
    // Against the rules, and written all the same: `x` inside is another one from there on.
    let yes = [node("Neg", &["x"], &["h"]), node("Relu", &["h"], &["x"])];
    let no = [node("Abs", &["x"], &["h"])];
    let mut nodes = sum_decides();
    nodes[3] = branches(node("If", &["condition"], &["y"]), (&yes, &["x"]), (&no, &["h"]));
    let mut proto = model(&[("x", &[2])], nodes, &["z"]);
    let graph = proto.graph.as_mut().unwrap();
    crate::model::branches::name_apart(graph);
    let then = graph.node[3].attribute[0].g.as_ref().unwrap();
    assert_eq!(
        (then.output[0].name.as_str(), then.node[1].output[0].as_str()),
        ("If_y/then_branch/x", "If_y/then_branch/x")
    );
}

/// Adds rows up one after the other: the sums so far, with another sign.
fn sums() -> ModelProto {
    let body = GraphProto {
        input: vec![port("s", Some(&[2])), port("row", Some(&[2]))],
        node: vec![node("Add", &["s", "row"], &["next"]), node("Neg", &["next"], &["out"])],
        output: vec![port("next", Some(&[2])), port("out", Some(&[2]))],
        ..GraphProto::default()
    };
    let scan = ints(inner(node("Scan", &["start", "x"], &["end", "y"]), "body", body), "num_scan_inputs", &[1]);
    model(&[("x", &[-1, 2])], vec![constant("start", &[2], &[0.0; 2]), scan], &["y", "end"])
}

/// All values of each tensor that a run shows, in the order in which they come.
fn all_seen(graph: &Graph, sample: &[Tensor]) -> BTreeMap<String, Vec<f32>> {
    let mut seen: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    let mut see = |tensor: usize, _: &[usize], values: &[f32]| {
        seen.entry(graph.tensors()[tensor].name.clone()).or_default().extend(values);
    };
    graph.run(sample, &mut see, &|| false).unwrap().unwrap();
    seen
}

#[test]
fn a_short_scan_is_written_out_and_a_long_one_is_said_not_to_be_looked_at() {
    let graph = build(sums(), &[("x", &[3, 2])]);
    assert_eq!(names(&graph), ["x", "row", "next", "out", "end", "y"]);
    assert_eq!((graph.tensors()[5].op_type.as_str(), graph.tensors()[5].node.as_str()), ("Scan", "Scan_end"));
    let x = [tensor(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])];
    let seen = all_seen(&graph, &x);
    assert_eq!(seen["row"], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(seen["next"], [1.0, 2.0, 4.0, 6.0, 9.0, 12.0]);
    assert_eq!(seen["y"], [-1.0, -2.0, -4.0, -6.0, -9.0, -12.0]);
    assert_eq!(seen["out"], seen["y"]);
    assert_eq!(seen["end"], [9.0, 12.0]);
    assert_eq!(graph.assumptions(), [""; 0]);
    assert_eq!(graph.reach(&x).unwrap()[2], vec![Some(vec![2]); 3]);
    // One clip for all turns.
    let samples = [wave(&[3, 2], 0.0), wave(&[2, 2], 0.3), wave(&[3, 2], 1.0)];
    for tensor in 0..5 {
        let found = effects(&graph, &[tensor], &samples);
        let expected = by_hand_of_all(&graph, tensor, &samples);
        assert!((found.sqnr_db.unwrap().get() - expected).abs() < 1e-6, "{tensor} {found:?} {expected}");
    }
    let long = build(sums(), &[("x", &[40, 2])]);
    assert_eq!(names(&long), ["x", "end", "y"]);
    assert_eq!(all_seen(&long, &[tensor(&[40, 2], &[1.0; 80])])["end"], [40.0, 40.0]);
    let said = "2 nodes inside Scan_end (Scan) are not looked at: tensors there hold other values in each turn";
    assert_eq!(long.assumptions(), [said]);
}

/// As `by_hand` where a tensor is seen more than once.
fn by_hand_of_all(graph: &Graph, tensor: usize, samples: &[Tensor]) -> f64 {
    let mut set = graph.clone();
    set.set(tensor, Some(GRID));
    let outputs = |graph: &Graph, x: &Tensor| {
        let outputs = graph.run(std::slice::from_ref(x), &mut |_, _, _| {}, &|| false).unwrap().unwrap();
        outputs.iter().flat_map(floats).collect::<Vec<_>>()
    };
    let (mut signal, mut noise) = (0.0, 0.0);
    for x in samples {
        for (a, b) in outputs(graph, x).into_iter().zip(outputs(&set, x)) {
            signal += f64::from(a).powi(2);
            noise += (f64::from(a) - f64::from(b)).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn a_scan_may_go_backwards() {
    let mut proto = sums();
    let node = &mut proto.graph.as_mut().unwrap().node[1];
    for list in ["scan_input_directions", "scan_output_directions"] {
        *node = over_rows(node.clone());
        let attribute = node.attribute.last_mut().unwrap();
        (attribute.name, attribute.ints) = (list.into(), vec![1]);
    }
    let graph = build(proto, &[("x", &[3, 2])]);
    let seen = all_seen(&graph, &[tensor(&[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])]);
    assert_eq!(seen["row"], [5.0, 6.0, 3.0, 4.0, 1.0, 2.0]);
    assert_eq!(seen["y"], [-9.0, -12.0, -8.0, -10.0, -5.0, -6.0]);
}

fn typed_port(name: &str, of: tensor_proto::DataType) -> ValueInfoProto {
    let mut port = port(name, Some(&[]));
    if let Some(type_proto::Value::TensorType(tensor)) = port.r#type.as_mut().and_then(|t| t.value.as_mut()) {
        tensor.elem_type = of as i32;
    }
    port
}

/// Doubles `s`, which begins as `x`, in every turn, and goes on while `going`, a tensor of the body, is true.
fn doubled(before: &[NodeProto], most: &str, going_on: &str, going: &str, extra: &[NodeProto]) -> ModelProto {
    let mut nodes = vec![node("Add", &["s", "s"], &["twice"])];
    nodes.extend(extra.iter().cloned());
    let body = GraphProto {
        input: vec![
            typed_port("i", tensor_proto::DataType::Int64),
            typed_port("c", tensor_proto::DataType::Bool),
            port("s", Some(&[2])),
        ],
        node: nodes,
        output: vec![typed_port(going, tensor_proto::DataType::Bool), port("twice", None), port("twice", None)],
        ..GraphProto::default()
    };
    let all = before.iter().cloned();
    let turns = inner(node("Loop", &[most, going_on, "x"], &["last", "each"]), "body", body);
    model(&[("x", &[2])], all.chain([turns, node("Neg", &["last"], &["y"])]).collect(), &["y", "each"])
}

#[test]
fn a_loop_is_written_out_by_number_and_by_condition() {
    let x = |a: f32, b: f32| [tensor(&[2], &[a, b])];
    // Three turns, said by a constant.
    let graph = build(doubled(&[integer("three", 3)], "three", "", "c", &[]), &[]);
    assert_eq!((names(&graph), graph.is_one()), (vec!["x", "twice", "last", "each", "y"], true));
    let seen = all_seen(&graph, &x(1.0, -2.0));
    assert_eq!(seen["twice"], [2.0, -4.0, 4.0, -8.0, 8.0, -16.0]);
    assert_eq!((&seen["each"], &seen["y"]), (&seen["twice"], &vec![-8.0, 16.0]));
    // As long as the sum of what was doubled is less than ten: a matter of the sample.
    let extra = [
        constant("ten", &[], &[10.0]),
        ints(node("ReduceSum", &["twice"], &["total"]), "keepdims", &[0]),
        node("Less", &["total", "ten"], &["small"]),
    ];
    let graph = build(doubled(&[integer("many", 20)], "many", "", "small", &extra), &[]);
    for (a, turns) in [(1.0, 3), (3.0, 1), (0.1, 6)] {
        let seen = all_seen(&graph, &x(a, a));
        assert_eq!(seen["twice"].len(), 2 * turns, "{a}");
        assert_eq!(seen["y"][0], -a * 2.0_f32.powi(turns as i32));
        assert_eq!(seen["total"].len(), turns);
    }
    // A branch inside, taken by the turn's own values.
    let yes = [node("Neg", &["twice"], &["t"])];
    let no = [node("Abs", &["twice"], &["e"])];
    let extra = [
        ints(node("ReduceSum", &["twice"], &["total"]), "keepdims", &[0]),
        constant("five", &[], &[5.0]),
        node("Less", &["total", "five"], &["small"]),
        branches(node("If", &["small"], &["chosen"]), (&yes, &["t"]), (&no, &["e"])),
    ];
    let graph = build(doubled(&[integer("three", 3)], "three", "", "c", &extra), &[]);
    let seen = all_seen(&graph, &x(1.0, 1.0));
    assert_eq!(seen["chosen"], [-2.0, -2.0, 4.0, 4.0, 8.0, 8.0]);
    assert_eq!((&seen["t"], &seen["e"]), (&vec![-2.0, -2.0], &vec![4.0, 4.0, 8.0, 8.0]));
}

#[test]
fn a_loop_that_is_too_long_is_refused_by_name() {
    let proto = doubled(&[integer("many", 33)], "many", "", "c", &[]);
    let error = Graph::build(&network(proto), &Shapes::new()).unwrap_err().message;
    assert!(error.starts_with("made.onnx cannot be run: the Loop Loop_last takes more than 32 turns"), "{error}");
    let proto = doubled(&[integer("none", 0)], "none", "", "c", &[]);
    let error = Graph::build(&network(proto), &Shapes::new()).unwrap_err().message;
    assert!(error.starts_with("made.onnx cannot be run: the Loop Loop_last takes no turn"), "{error}");
}

#[test]
fn sizes_of_nothing() {
    let join = ints(node("Concat", &["past", "x"], &["kv"]), "axis", &[0]);
    let mean = ints(over_rows(node("ReduceMean", &["kv"], &["y"])), "keepdims", &[0]);
    let proto = model(&[("past", &[-1, 2]), ("x", &[1, 2])], vec![node("Neg", &["past"], &["p"]), join, mean], &["y"]);
    let graph = build(proto, &[("past", &[0, 2])]);
    assert_eq!(graph.tensors()[0].shape.as_deref(), Some(&[0, 2][..]));
    let samples = [0, 2, 0].map(|n| vec![wave(&[n, 2], 0.4), wave(&[1, 2], 1.0)]);
    let (outputs, seen) = run(&graph, &samples[0]);
    assert_eq!(floats(&outputs[0]), floats(&samples[0][1]));
    assert_eq!(seen["p"].shape(), [0, 2]);
    let reference = Reference::new(&graph, 1 << 20);
    for tensor in 0..graph.tensors().len() {
        let all = samples.iter().map(|sample| Ok(sample.clone()));
        let effect = Effect::new(&graph, &reference, &[tensor], all, 1 << 20, &|| false).unwrap().unwrap();
        let found = effect.output(&[Some(GRID)], 2, &|| false).unwrap().unwrap();
        assert_eq!(found.samples, 3);
    }
}
