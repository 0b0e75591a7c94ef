//! Small graphs with the traps in them.

use super::*;
use crate::quant::{Decibels, Format, QuantParams};

const GRID: QuantParams = QuantParams::new(0.5, 0, Format::int(3, true, true).unwrap()).unwrap();

fn build(proto: ModelProto) -> Graph {
    Graph::build(&network(proto), &Shapes::new()).unwrap()
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect()
}

#[test]
fn constants_and_integers_are_no_activations_and_the_rest_is_described() {
    let graph = build(model(
        &[("x", &[1, 2])],
        vec![
            constant("c", &[2], &[1.0, 2.0]),
            node("Neg", &["c"], &["minus_c"]),
            node("Add", &["x", "minus_c"], &["sum"]),
            node("Shape", &["sum"], &["shape"]),
            node("Relu", &["sum"], &["y"]),
            node("Reshape", &["y", "shape"], &["z"]),
            ints(node("Concat", &["z", "minus_c2", "sum"], &["joined"]), "axis", &[1]),
        ]
        .into_iter()
        .chain([])
        .collect::<Vec<_>>()
        .tap_constant(),
        &["joined"],
    ));
    assert_eq!(names(&graph), ["x", "sum", "y", "z", "joined"]);
    let sum = &graph.tensors()[1];
    assert_eq!((sum.op_type.as_str(), sum.node.as_str(), sum.is_output), ("Add", "Add_sum", false));
    assert_eq!(sum.shape.as_deref(), Some(&[1, 2][..]));
    let takers: Vec<_> = sum.consumers.iter().map(|c| c.op_type.as_str()).collect();
    assert_eq!(takers, ["Shape", "Relu", "Concat"]);
    assert_eq!(graph.tensors()[0].op_type, "input");
    assert!(graph.tensors()[4].is_output);
    assert_eq!(graph.concats(), [Concat { node: "Concat_joined".into(), inputs: vec![3, 1], output: 4 }]);
    assert_eq!((graph.outputs(), graph.inputs()[0].shape.as_deref()), (&["joined".to_owned()][..], Some(&[1, 2][..])));
    let (outputs, seen) = run(&graph, &[tensor(&[1, 2], &[2.0, -5.0])]);
    assert_eq!(floats(&outputs[0]), [1.0, 0.0, 9.0, 1.0, -7.0]);
    assert_eq!(seen.len(), 5);
}

/// Puts the constant that the `Concat` above takes before it.
trait WithConstant {
    fn tap_constant(self) -> Self;
}

impl WithConstant for Vec<NodeProto> {
    fn tap_constant(mut self) -> Self {
        self.insert(0, constant("minus_c2", &[1, 1], &[9.0]));
        self
    }
}

#[test]
fn dead_ends_are_seen() {
    // Nothing depends on a, b and c in the end: b is there for its shape only, c for nothing.
    let graph = build(model(
        &[("x", &[2, 2])],
        vec![
            node("Neg", &["x"], &["a"]),
            node("Exp", &["a"], &["b"]),
            node("Shape", &["b"], &["shape"]),
            node("Sigmoid", &["a"], &["c"]),
            node("Relu", &["x"], &["y"]),
            node("Reshape", &["y", "shape"], &["z"]),
        ],
        &["z"],
    ));
    assert_eq!(names(&graph), ["x", "a", "b", "c", "y", "z"]);
    let (outputs, seen) = run(&graph, &[tensor(&[2, 2], &[1.0, -1.0, 0.0, 2.0])]);
    assert_eq!(floats(&outputs[0]), [1.0, 0.0, 0.0, 2.0]);
    assert_eq!(floats(&seen["a"]), [-1.0, 1.0, 0.0, -2.0]);
    assert_eq!(floats(&seen["b"])[2], 1.0);
    assert_eq!(floats(&seen["c"])[2], 0.5);
    // Trying a grid there is without effect, and no failure.
    let effect = effect(&graph, &[1], vec![tensor(&[2, 2], &[1.0, -1.0, 0.0, 2.0])]);
    assert_eq!(effect.output(&[Some(GRID)], 1, &|| false).unwrap().unwrap().quality(), Decibels::PERFECT);
}

fn effect(graph: &Graph, tensors: &[usize], samples: Vec<Tensor>) -> Effect {
    let samples = samples.into_iter().map(|sample| Ok(vec![sample]));
    Effect::new(graph, &Reference::new(graph, 0), tensors, samples, 1 << 20, &|| false).unwrap().unwrap()
}

#[test]
fn equal_branches_are_not_merged_and_outputs_can_be_inputs_of_others() {
    // a and b are the same expression, and tract would make one of them; a is an output too.
    let graph = build(model(
        &[("x", &[1, 3])],
        vec![node("Relu", &["x"], &["a"]), node("Relu", &["x"], &["b"]), node("Sub", &["a", "b"], &["d"])],
        &["d", "a"],
    ));
    assert_eq!(names(&graph), ["x", "a", "b", "d"]);
    let x = tensor(&[1, 3], &[0.2, 0.7, -1.0]);
    assert_eq!(floats(&run(&graph, std::slice::from_ref(&x)).0[0]), [0.0; 3]);
    let mut set = graph.clone();
    set.set(1, Some(GRID));
    let (outputs, seen) = run(&set, std::slice::from_ref(&x));
    assert_eq!(floats(&outputs[1]), [0.0, 0.5, 0.0]);
    assert_eq!(floats(&outputs[0]), [-0.2, 0.5 - 0.7, 0.0]);
    // Seen is what was made, before the grid.
    assert_eq!(floats(&seen["a"]), [0.2, 0.7, 0.0]);
    set.clear();
    assert_eq!(set.grid(1), None);
    assert_eq!(floats(&run(&set, &[x]).0[0]), [0.0; 3]);
}

#[test]
fn the_tap_s_grid_is_quant_s() {
    let graph = build(model(&[("x", &[7])], vec![node("Neg", &["x"], &["y"]), node("Neg", &["y"], &["z"])], &["z"]));
    let values = [0.25, 0.75, -0.75, 99.0, f32::NEG_INFINITY, f32::NAN, -0.1];
    let grid = QuantParams::new(0.5, 1, Format::int(3, true, false).unwrap()).unwrap();
    let mut set = graph.clone();
    set.set(0, Some(grid));
    let (outputs, seen) = run(&set, &[tensor(&[7], &values)]);
    let expected: Vec<u32> = values.iter().map(|&x| grid.fake_quant(x).to_bits()).collect();
    assert_eq!(floats(&outputs[0]).iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>(), expected);
    assert!(floats(&seen["x"])[5].is_nan());
    // An output's own grid acts on the output.
    set.clear();
    set.set(2, Some(grid));
    let (outputs, _) = run(&set, &[tensor(&[7], &values)]);
    assert_eq!(floats(&outputs[0])[3], grid.fake_quant(99.0));
}

#[test]
fn others_act_only_if_asked() {
    let mut graph = build(model(
        &[("x", &[1, 2])],
        vec![node("Relu", &["x"], &["a"]), node("Neg", &["a"], &["b"]), node("Neg", &["b"], &["c"])],
        &["c"],
    ));
    graph.set(1, Some(GRID));
    let mut float = graph.clone();
    float.clear();
    let try_b = |graph: &Graph| {
        let effect = effect(graph, &[2], vec![tensor(&[1, 2], &[0.2, 0.9])]);
        effect.output(&[None], 1, &|| false).unwrap().unwrap()
    };
    assert_eq!(try_b(&float).quality(), Decibels::PERFECT);
    let noise = 0.2_f64.powi(2) + 0.1_f64.powi(2);
    let expected = 10.0 * ((0.2_f64.powi(2) + 0.9_f64.powi(2)) / noise).log10();
    assert!((try_b(&graph).quality().get() - expected).abs() < 1e-4);
    assert_eq!(try_b(&graph).top1_agreement, Some(1.0));
}

#[test]
fn runs_and_effects_can_be_cancelled_and_memory_bounds_the_samples() {
    let graph = build(model(&[("x", &[1, 2])], vec![node("Relu", &["x"], &["a"])], &["a"]));
    let x = tensor(&[1, 2], &[1.0, 2.0]);
    assert!(graph.run(std::slice::from_ref(&x), &mut |_, _, _| {}, &|| true).unwrap().is_none());
    let samples = || (0..5).map(|_| Ok(vec![x.clone()]));
    let reference = Reference::new(&graph, 999);
    assert!(Effect::new(&graph, &reference, &[0], samples(), 0, &|| true).unwrap().is_none());
    let some = |memory| Effect::new(&graph, &reference, &[0], samples(), memory, &|| false).unwrap().unwrap();
    // 8 bytes of output and 8 of input each.
    assert_eq!([0, 16, 47, 48, 999].map(|budget| some(budget).samples()), [1, 1, 2, 3, 5]);
    let cut = |memory| some(memory).output(&[None], 2, &|| false).unwrap().unwrap().cut_from();
    assert_eq!([cut(79), cut(80)], [Some(5), None], "it is said");
    assert!(some(999).output(&[None], 2, &|| true).unwrap().is_none());
}

#[test]
fn several_tensors_can_be_tried_together_on_any_number_of_threads() {
    let graph = build(model(
        &[("x", &[1, 2])],
        vec![node("Exp", &["x"], &["a"]), node("Neg", &["x"], &["b"]), node("Mul", &["a", "b"], &["c"])],
        &["c"],
    ));
    let samples: Vec<_> = (0..5).map(|i| tensor(&[1, 2], &[0.3 * i as f32, -0.2 * i as f32])).collect();
    let both = effect(&graph, &[1, 2], samples.clone());
    let one = both.output(&[Some(GRID), Some(GRID)], 1, &|| false).unwrap().unwrap();
    for threads in 2..7 {
        assert_eq!(both.output(&[Some(GRID), Some(GRID)], threads, &|| false).unwrap().unwrap(), one);
    }
    let mut set = graph.clone();
    set.set(1, Some(GRID));
    set.set(2, Some(GRID));
    let (mut signal, mut noise) = (0.0, 0.0);
    for sample in samples {
        let (y, z) = (run(&graph, std::slice::from_ref(&sample)).0, run(&set, &[sample]).0);
        for (y, z) in floats(&y[0]).into_iter().zip(floats(&z[0])) {
            signal += f64::from(y).powi(2);
            noise += (f64::from(y) - f64::from(z)).powi(2);
        }
    }
    assert!((one.quality().get() - 10.0 * (signal / noise).log10()).abs() < 1e-9);
    assert_eq!(one.samples, 5);
}

/// Integers as a constant.
fn integers(name: &str, values: &[i64]) -> NodeProto {
    let mut node = constant(name, &[values.len() as i64], &[]);
    let tensor = node.attribute[0].t.as_mut().unwrap();
    tensor.data_type = tensor_proto::DataType::Int64 as i32;
    tensor.int64_data = values.to_vec();
    node
}

#[test]
fn shapes_that_depend_on_values() {
    // The positive values' places, then the values there: as many as there are.
    let graph = build(model(
        &[("x", &[4])],
        vec![
            node("Relu", &["x"], &["r"]),
            node("NonZero", &["r"], &["places"]),
            integers("flat", &[-1]),
            node("Reshape", &["places", "flat"], &["row"]),
            ints(node("Gather", &["r", "row"], &["found"]), "axis", &[0]),
            node("Neg", &["found"], &["y"]),
        ],
        &["y"],
    ));
    assert_eq!(names(&graph), ["x", "r", "found", "y"]);
    assert_eq!(graph.tensors()[2].shape, None);
    let x = tensor(&[4], &[0.2, -1.0, 0.9, 3.0]);
    let (outputs, seen) = run(&graph, std::slice::from_ref(&x));
    assert_eq!((floats(&outputs[0]), floats(&seen["found"])), (vec![-0.2, -0.9, -3.0], vec![0.2, 0.9, 3.0]));
    // Behind the place where the shape is settled, and before it with nothing lost.
    let behind = effect(&graph, &[2], vec![x.clone()]).output(&[Some(GRID)], 1, &|| false).unwrap().unwrap();
    let noise = 0.2_f64.powi(2) + 0.1_f64.powi(2) + 1.5_f64.powi(2);
    let signal = 0.2_f64.powi(2) + 0.9_f64.powi(2) + 9.0;
    assert!((behind.quality().get() - 10.0 * (signal / noise).log10()).abs() < 1e-4);
    let before = effect(&graph, &[1], vec![x.clone()]);
    let fine = QuantParams::new(0.1, 0, Format::INT8).unwrap();
    assert!(before.output(&[Some(fine)], 1, &|| false).unwrap().unwrap().quality().get() > 60.0);
    // On a grid that makes 0 of 0.2 the output is another shape: there is nothing to compare.
    let error = before.output(&[Some(GRID)], 1, &|| false).unwrap_err().message;
    let expected = "made.onnx has an output y whose shape depends on values: it is 3 in float and 2 on this grid, so that the two cannot be compared.";
    assert_eq!(error, expected);
}

#[test]
fn a_size_that_is_computed_is_followed() {
    // Twice as large as x, by way of its shape.
    let mut resize = node("Resize", &["r", "", "", "sizes"], &["y"]);
    resize.attribute.push(AttributeProto {
        name: "mode".into(),
        r#type: attribute_proto::AttributeType::String as i32,
        s: b"nearest".to_vec(),
        ..AttributeProto::default()
    });
    let graph = build(model(
        &[("x", &[1, 1, 2, 2])],
        vec![
            node("Relu", &["x"], &["r"]),
            node("Shape", &["r"], &["shape"]),
            integers("twice", &[1, 1, 2, 2]),
            node("Mul", &["shape", "twice"], &["sizes"]),
            resize,
        ],
        &["y"],
    ));
    assert_eq!(names(&graph), ["x", "r", "y"]);
    assert_eq!(graph.tensors()[2].shape.as_deref(), Some(&[1, 1, 4, 4][..]));
    let x = tensor(&[1, 1, 2, 2], &[0.2, 0.9, 1.0, 0.0]);
    assert_eq!(floats(&run(&graph, std::slice::from_ref(&x)).0[0])[..5], [0.2, 0.2, 0.9, 0.9, 0.2]);
    let effect = effect(&graph, &[1], vec![x]).output(&[Some(GRID)], 1, &|| false).unwrap().unwrap();
    let noise = 0.2_f64.powi(2) + 0.1_f64.powi(2);
    let signal = 0.2_f64.powi(2) + 0.9_f64.powi(2) + 1.0;
    assert!((effect.quality().get() - 10.0 * (signal / noise).log10()).abs() < 1e-4);
}

#[test]
fn nodes_of_one_name_are_told_apart_by_their_outputs() {
    let called = |mut node: NodeProto| {
        node.name = "F0::anon".into();
        node
    };
    let nodes = vec![
        called(node("Neg", &["x"], &["a"])),
        called(node("Abs", &["a"], &["b"])),
        called(node("Relu", &["b"], &["y"])),
    ];
    let graph = build(model(&[("x", &[1, 2])], nodes, &["y"]));
    let made: Vec<&str> = graph.tensors().iter().map(|tensor| tensor.node.as_str()).collect();
    assert_eq!(made, ["", "F0::anon", "b", "y"]);
    assert_eq!(graph.tensors()[1].consumers[0].node, "b");
    let (outputs, _) = run(&graph, &[tensor(&[1, 2], &[2.0, -5.0])]);
    assert_eq!(floats(&outputs[0]), [2.0, 5.0]);
}
