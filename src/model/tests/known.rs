//! Ranges that are known before anything is run.

use super::*;
use proptest::prelude::*;

/// The ranges of a graph of `x` whose values are 0 to 1.
fn ranges(nodes: Vec<NodeProto>, output: &str) -> std::collections::HashMap<String, KnownRange> {
    network(model(&[("x", &[1, 4])], nodes, &[output])).known_ranges(&[("x".into(), 0.0, 1.0)])
}

fn float(mut node: NodeProto, name: &str, value: f32) -> NodeProto {
    node.attribute.push(AttributeProto {
        name: name.into(),
        r#type: attribute_proto::AttributeType::Float as i32,
        f: value,
        ..AttributeProto::default()
    });
    node
}

fn known(min: f32, max: f32, of_input: bool) -> Option<KnownRange> {
    Some(KnownRange { min, max, of_input })
}

#[test]
fn what_is_fed_is_followed_through_constants_and_moves() {
    let nodes = vec![
        constant("mean", &[2], &[0.5, 0.25]),
        constant("std", &[1], &[0.5]),
        node("Sub", &["x", "mean"], &["centred"]),
        node("Div", &["centred", "std"], &["normed"]),
        node("Transpose", &["normed"], &["turned"]),
        node("Conv", &["turned", "w"], &["c"]),
        node("Add", &["normed", "c"], &["open"]),
        node("Mul", &["normed", "normed"], &["square"]),
    ];
    let found = ranges(nodes, "open");
    let of = |name: &str| found.get(name).copied();
    assert_eq!(of("x"), known(0.0, 1.0, true));
    assert_eq!(of("normed"), known(-1.0, 1.5, true));
    assert_eq!(of("turned"), of("normed"));
    assert_eq!(of("square"), known(-1.5, 2.25, false), "the same value on both sides: not tight");
    assert_eq!([of("c"), of("open"), of("mean")], [None, None, None], "a product is not followed, a constant not told");
}

#[test]
fn what_operators_bound_is_known_whatever_they_take() {
    let nodes = vec![
        node("Conv", &["x", "w"], &["c"]),
        constant("zero", &[], &[0.0]),
        constant("six", &[], &[6.0]),
        constant("three", &[], &[3.0]),
        node("Sigmoid", &["c"], &["sigmoid"]),
        node("HardSigmoid", &["c"], &["hard"]),
        node("Softmax", &["c"], &["softmax"]),
        node("Tanh", &["c"], &["tanh"]),
        node("Clip", &["c", "zero", "six"], &["relu6"]),
        float(float(node("Clip", &["c"], &["old"]), "min", -1.0), "max", 2.0),
        node("Clip", &["c", "zero"], &["half open"]),
        node("Relu", &["c"], &["relu"]),
        node("Min", &["relu", "six"], &["least"]),
        node("Mul", &["sigmoid", "tanh"], &["gate"]),
        node("Add", &["relu6", "three"], &["shifted"]),
        node("Div", &["shifted", "six"], &["scaled"]),
        node("Concat", &["old", "softmax"], &["both"]),
        node("MaxPool", &["relu6"], &["pooled"]),
        node("GlobalAveragePool", &["tanh"], &["averaged"]),
        node("Mul", &["c", "hard"], &["swish"]),
        node("Conv", &["swish", "w"], &["y"]),
    ];
    let found = ranges(nodes, "y");
    let expected = [
        ("sigmoid", known(0.0, 1.0, false)),
        ("hard", known(0.0, 1.0, false)),
        ("softmax", known(0.0, 1.0, false)),
        ("tanh", known(-1.0, 1.0, false)),
        ("relu6", known(0.0, 6.0, false)),
        ("old", known(-1.0, 2.0, false)),
        ("half open", None),
        ("relu", None),
        ("least", known(0.0, 6.0, false)),
        ("gate", known(-1.0, 1.0, false)),
        ("shifted", known(3.0, 9.0, false)),
        ("scaled", known(0.5, 1.5, false)),
        ("both", known(-1.0, 2.0, false)),
        ("pooled", known(0.0, 6.0, false)),
        ("averaged", known(-1.0, 1.0, false)),
        ("swish", None),
        ("y", None),
    ];
    for (name, range) in expected {
        assert_eq!(found.get(name).copied(), range, "{name}");
    }
}

/// Of two values or one, of constants or computed ones.
const OPS: [&str; 20] = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Max",
    "Min",
    "Relu",
    "Sigmoid",
    "Tanh",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Elu",
    "Abs",
    "Neg",
    "Exp",
    "Sqrt",
    "Softplus",
    "Softmax",
    "Clip",
];

fn steps() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    proptest::collection::vec((0..OPS.len(), any::<usize>(), any::<usize>()), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_value_leaves_its_known_range(
        steps in steps(),
        constants in proptest::collection::vec(-3.0..3.0_f32, 4),
        fed in proptest::collection::vec(-1.0..=2.0_f32, 4),
    ) {
        let mut names: Vec<String> = vec!["x".into(), "k".into()];
        let mut nodes = vec![constant("k", &[1, 4], &constants)];
        for (at, (op, a, b)) in steps.into_iter().enumerate() {
            // Each on what was made before, so that chains come about.
            let (a, b) = (names[a % names.len()].clone(), names[b % names.len()].clone());
            let made = format!("t{at}");
            let made = match OPS[op] {
                "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" => node(OPS[op], &[&a, &b], &[&made]),
                "Clip" => {
                    let name = made.clone();
                    let (lo, hi) = (format!("{name}lo"), format!("{name}hi"));
                    nodes.push(constant(&lo, &[], &[constants[0].min(constants[1])]));
                    nodes.push(constant(&hi, &[], &[constants[0].max(constants[1])]));
                    node("Clip", &[&a, &lo, &hi], &[&made])
                }
                op => node(op, &[&a], &[&made]),
            };
            names.push(made.output[0].clone());
            nodes.push(made);
        }
        let last = names.last().unwrap().clone();
        // What is made of the constant alone is no activation; the output has to be one.
        nodes.push(node("Add", &["x", &last], &["y"]));
        let mut proto = model(&[("x", &[1, 4])], nodes, &["y"]);
        proto.opset_import[0].version = 14;
        let network = network(proto);
        let found = network.known_ranges(&[("x".into(), -1.0, 2.0)]);
        prop_assert!(found.contains_key("x"));
        let graph = Graph::build(&network, &shapes(&[])).unwrap();
        let (_, seen) = run(&graph, &[tensor(&[1, 4], &fed)]);
        for (name, values) in seen {
            let Some(range) = found.get(&name) else { continue };
            let room = 1e-4 * range.max.abs().max(range.min.abs()).max(1e-3);
            for value in floats(&values).into_iter().filter(|value| value.is_finite()) {
                prop_assert!(
                    range.min - room <= value && value <= range.max + room,
                    "{name}: {value} outside {range:?} in {:?}", network
                );
            }
        }
    }
}
