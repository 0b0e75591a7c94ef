//! Trials of small graphs: running only what follows a tensor is running all.

use super::*;
use crate::quant::{Format, QuantParams};

/// Coarse, so that every tensor that has an effect is heard.
const GRID: QuantParams = QuantParams::new(0.3, 0, Format::int(4, true, true).unwrap()).unwrap();

/// Values that are the same in every run, and no two alike.
fn wave(shape: &[usize], phase: f32) -> Tensor {
    let n: usize = shape.iter().product();
    tensor(shape, &(0..n).map(|i| (i as f32 * 0.7 + phase).sin() * 1.7).collect::<Vec<_>>())
}

fn constant_wave(name: &str, dims: &[i64], phase: f32) -> NodeProto {
    let shape: Vec<usize> = dims.iter().map(|&n| n as usize).collect();
    constant(name, dims, &floats(&wave(&shape, phase)))
}

/// Tries each tensor alone, then all others set and this one tried, then all together, and holds each against a run of
/// the whole. Returns how many of the tensors could be heard alone.
fn trials_are_runs(proto: ModelProto, samples: &[Vec<Tensor>]) -> usize {
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    let all: Vec<usize> = (0..graph.tensors().len()).collect();
    let float = Reference::new(&graph, 1 << 20);
    let whole = |graph: &Graph| {
        let load = |at: usize| Ok(samples[at].clone());
        let judged = Judged {
            samples: samples.len(),
            load: &load,
            threads: 2,
            cancelled: &|| false,
            stopped: &|| false,
            so_far: &|_| {},
        };
        float.whole(graph, &judged).unwrap().unwrap().all
    };
    let tried = |graph: &Graph, tensors: &[usize]| {
        let samples = samples.iter().cloned().map(Ok);
        let effect = Effect::new(graph, &float, tensors, samples, 1 << 20, &|| false).unwrap().unwrap();
        assert_eq!(effect.samples(), effect.output(&vec![None; tensors.len()], 1, &|| false).unwrap().unwrap().samples);
        effect.output(&vec![Some(GRID); tensors.len()], 2, &|| false).unwrap().unwrap()
    };
    let on = |some: &[usize]| {
        let mut graph = graph.clone();
        some.iter().for_each(|&tensor| graph.set(tensor, Some(GRID)));
        graph
    };
    let everything = whole(&on(&all));
    assert_eq!(tried(&graph, &all), everything);
    let mut heard = 0;
    for &tensor in &all {
        let name = &graph.tensors()[tensor].name;
        let alone = whole(&on(&[tensor]));
        assert_eq!(tried(&graph, &[tensor]), alone, "{name}");
        let others: Vec<usize> = all.iter().copied().filter(|other| *other != tensor).collect();
        assert_eq!(tried(&on(&others), &[tensor]), everything, "{name} among the others");
        heard += usize::from(alone.quality().finite().is_some());
    }
    heard
}

#[test]
fn products_of_two_activations() {
    // An attention head: each product has a side that does not depend on the other's tensors, packed for it.
    let nodes = vec![
        constant_wave("wq", &[8, 8], 0.1),
        constant_wave("wk", &[8, 8], 0.2),
        constant_wave("wv", &[8, 8], 0.3),
        node("MatMul", &["x", "wq"], &["q"]),
        node("MatMul", &["x", "wk"], &["k"]),
        node("MatMul", &["x", "wv"], &["v"]),
        ints(node("Transpose", &["k"], &["kt"]), "perm", &[0, 2, 1]),
        node("MatMul", &["q", "kt"], &["s"]),
        ints(node("Softmax", &["s"], &["p"]), "axis", &[-1]),
        node("MatMul", &["p", "v"], &["y"]),
    ];
    let samples: Vec<_> = (0..3).map(|i| vec![wave(&[2, 5, 8], i as f32)]).collect();
    assert_eq!(trials_are_runs(model(&[("x", &[2, 5, 8])], nodes, &["y"]), &samples), 8);

    // Both sides are inputs, by one name each; one of them by a way of its own.
    let nodes =
        vec![node("Relu", &["b"], &["r"]), node("Sigmoid", &["a"], &["c"]), node("MatMul", &["c", "r"], &["y"])];
    let two = model(&[("a", &[3, 4, 8]), ("b", &[3, 8, 4])], nodes, &["y"]);
    assert_eq!(trials_are_runs(two, &[vec![wave(&[3, 4, 8], 0.0), wave(&[3, 8, 4], 1.0)]]), 5);

    // A vector as one side; a tensor times itself; a kernel that is made by the network.
    let nodes = vec![node("Relu", &["b"], &["r"]), node("Tanh", &["a"], &["t"]), node("MatMul", &["t", "r"], &["y"])];
    let vector = model(&[("a", &[4, 8]), ("b", &[8])], nodes, &["y"]);
    assert_eq!(trials_are_runs(vector, &[vec![wave(&[4, 8], 0.0), wave(&[8], 1.0)]]), 5);
    let nodes = vec![ints(node("Transpose", &["x"], &["t"]), "perm", &[1, 0]), node("MatMul", &["x", "t"], &["y"])];
    assert_eq!(trials_are_runs(model(&[("x", &[4, 6])], nodes, &["y"]), &[vec![wave(&[4, 6], 0.0)]]), 3);
    let nodes = vec![node("Tanh", &["w"], &["k"]), node("Relu", &["x"], &["r"]), node("Conv", &["r", "k"], &["y"])];
    let conv = model(&[("x", &[1, 2, 6, 6]), ("w", &[3, 2, 3, 3])], nodes, &["y"]);
    assert_eq!(trials_are_runs(conv, &[vec![wave(&[1, 2, 6, 6], 0.0), wave(&[3, 2, 3, 3], 1.0)]]), 5);
}

#[test]
fn inputs_that_are_no_floats_are_kept_for_what_follows() {
    let mut gather = model(
        &[("ids", &[2, 3]), ("table", &[4, 5]), ("keep", &[2, 3, 5])],
        vec![
            node("Tanh", &["table"], &["t"]),
            ints(node("Gather", &["t", "ids"], &["rows"]), "axis", &[0]),
            node("Neg", &["rows"], &["other"]),
            node("Where", &["keep", "rows", "other"], &["y"]),
            ints(node("ArgMax", &["y"], &["class"]), "axis", &[2]),
        ],
        &["y", "class", "ids"],
    );
    let graph = gather.graph.as_mut().unwrap();
    for (port, dtype) in [(0, tensor_proto::DataType::Int64), (2, tensor_proto::DataType::Bool)] {
        let Some(type_proto::Value::TensorType(tensor)) = graph.input[port].r#type.as_mut().unwrap().value.as_mut()
        else {
            panic!("a tensor")
        };
        tensor.elem_type = dtype as i32;
    }
    graph.output[1] = integer_port("class");
    graph.output[2] = integer_port("ids");
    let ids = Tensor::from_shape(&[2, 3], &[0_i64, 3, 1, 2, 2, 0]).unwrap();
    let keep = Tensor::from_shape(&[2, 3, 5], &(0..30).map(|i| i % 3 == 0).collect::<Vec<_>>()).unwrap();
    assert_eq!(trials_are_runs(gather, &[vec![ids, wave(&[4, 5], 0.0), keep]]), 5);
}

/// An output of int64 whose shape is not said.
fn integer_port(name: &str) -> ValueInfoProto {
    let tensor = type_proto::Tensor { elem_type: tensor_proto::DataType::Int64 as i32, shape: None };
    let r#type = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.into(), r#type: Some(r#type), ..ValueInfoProto::default() }
}

#[test]
fn tensors_without_an_element_are_tried_like_others() {
    let nodes = vec![
        node("Relu", &["a"], &["r"]),
        node("Tanh", &["b"], &["t"]),
        ints(node("Concat", &["r", "t"], &["c"]), "axis", &[0]),
        constant_wave("w", &[3, 4], 0.4),
        node("MatMul", &["c", "w"], &["y"]),
        node("MatMul", &["r", "w"], &["z"]),
    ];
    let empty = model(&[("a", &[0, 3]), ("b", &[2, 3])], nodes, &["y", "z"]);
    assert_eq!(trials_are_runs(empty, &[vec![tensor(&[0, 3], &[]), wave(&[2, 3], 0.0)]]), 4);
}

#[test]
fn sizes_that_were_settled_elsewhere() {
    // How many rows there are is known from the signs of x, and what follows t has to be told.
    let mut flat = constant("flat", &[1], &[]);
    let shape = flat.attribute[0].t.as_mut().unwrap();
    (shape.data_type, shape.int64_data) = (tensor_proto::DataType::Int64 as i32, vec![-1]);
    let nodes = vec![
        flat,
        node("Relu", &["x"], &["r"]),
        node("NonZero", &["r"], &["places"]),
        node("Reshape", &["places", "flat"], &["row"]),
        node("Tanh", &["z"], &["t"]),
        ints(node("Gather", &["t", "row"], &["some"]), "axis", &[0]),
        constant_wave("w", &[5, 3], 0.6),
        node("MatMul", &["some", "w"], &["m"]),
        ints(node("Softmax", &["m"], &["y"]), "axis", &[-1]),
    ];
    let proto = model(&[("x", &[4]), ("z", &[4, 5])], nodes, &["y"]);
    // The grid leaves as many above 0 as there were.
    let samples = [[1.0, -1.0, 2.0, 1.5], [-1.0, -1.0, 2.0, -1.5]].map(|x| vec![tensor(&[4], &x), wave(&[4, 5], x[0])]);
    assert_eq!(trials_are_runs(proto, &samples), 5);
}

#[test]
fn states_of_a_recurrence() {
    let mut gru = node("GRU", &["x", "w", "r", "", "", "h"], &["all", "last"]);
    gru = ints(gru, "hidden_size", &[3]);
    let nodes = vec![
        constant_wave("w", &[1, 9, 2], 0.2),
        constant_wave("r", &[1, 9, 3], 0.5),
        node("Tanh", &["start"], &["h"]),
        gru,
        node("Neg", &["all"], &["y"]),
    ];
    let proto = model(&[("x", &[4, 1, 2]), ("start", &[1, 1, 3])], nodes, &["y", "last"]);
    assert_eq!(trials_are_runs(proto, &[vec![wave(&[4, 1, 2], 0.0), wave(&[1, 1, 3], 1.0)]]), 6);
}

#[test]
fn what_is_next_is_where_the_first_quantized_tensors_are() {
    let nodes = vec![
        node("Neg", &["x"], &["a"]),
        node("Tanh", &["a"], &["b"]),
        node("Sigmoid", &["a"], &["c"]),
        node("Add", &["b", "c"], &["d"]),
        node("Relu", &["d"], &["e"]),
        node("Mul", &["e", "b"], &["y"]),
        node("Abs", &["x"], &["lost"]),
    ];
    let graph = Graph::build(&network(model(&[("x", &[2, 8])], nodes, &["y"])), &Shapes::new()).unwrap();
    let place = |name: &str| graph.tensors().iter().position(|t| t.name == name).unwrap();
    let quantized: Vec<usize> = ["x", "a", "d", "e"].map(place).into();
    // Each with where it comes to next; two that share a grid are no ends of each other.
    let cases: [(&[&str], &[&str]); 6] = [
        (&["x"], &["a"]),
        (&["a"], &["d", "y"]),
        (&["b"], &["d", "y"]),
        (&["e"], &["y"]),
        (&["a", "d"], &["e", "y"]),
        (&["lost"], &[]),
    ];
    let groups: Vec<Vec<usize>> =
        cases.iter().map(|(group, _)| group.iter().map(|name| place(name)).collect()).collect();
    let fine = QuantParams::new(0.01, 0, Format::INT8).unwrap();
    let sample = vec![wave(&[2, 8], 0.0)];
    let nearby = Nearby::new(&graph, &groups, &quantized);
    let grids = vec![vec![GRID, fine]; groups.len()];
    let tried = nearby.tried(&sample, &grids, &|| false).unwrap().unwrap();
    let seen = |graph: &Graph, wanted: &str| {
        let mut found = Vec::new();
        let mut see = |tensor: usize, _: &[usize], values: &[f32]| {
            if tensor == place(wanted) {
                found = values.to_vec();
            }
        };
        graph.run(&sample, &mut see, &|| false).unwrap().unwrap();
        found
    };
    for ((group, ends), at_ends) in cases.iter().zip(&tried) {
        if ends.is_empty() {
            assert!(at_ends.iter().all(Vec::is_empty), "{group:?}");
            continue;
        }
        for (grid, found) in [GRID, fine].into_iter().zip(at_ends) {
            let mut on = graph.clone();
            group.iter().for_each(|name| on.set(place(name), Some(grid)));
            let expected = ends.iter().map(|end| {
                let (float, quantized) = (seen(&graph, end), seen(&on, end));
                let square = |x: f32| f64::from(x) * f64::from(x);
                let signal: f64 = float.iter().map(|x| square(*x)).sum();
                let noise: f64 = float.iter().zip(&quantized).map(|(a, b)| square(a - b)).sum();
                10.0 * (signal / noise).log10()
            });
            let mut expected: Vec<f64> = expected.collect();
            let mut found: Vec<f64> = found.iter().map(|l| 10.0 * (l.signal / l.noise).log10()).collect();
            expected.sort_by(f64::total_cmp);
            found.sort_by(f64::total_cmp);
            assert_eq!(found.len(), expected.len(), "{group:?}");
            let near = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3);
            assert!(near && expected[0].is_finite(), "{group:?}: {found:?} and {expected:?}");
        }
    }
    assert!(nearby.tried(&sample, &grids, &|| true).unwrap().is_none());
}
