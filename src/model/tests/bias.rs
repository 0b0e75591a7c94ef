//! Biases that take in the means of errors.

use super::*;
use crate::quant::{Format, Grids, QuantParams};

/// Coarse, so that most of a value is lost.
const ONES: QuantParams = QuantParams::new(1.0, 0, Format::INT8).unwrap();

fn biased(network: &Network) -> Vec<Biased> {
    network.biased(&network.weights())
}

/// A Conv in two groups and a Gemm, each with a bias or without. Where no window reaches beyond the border the mean of the
/// Conv's error is gone.
#[test]
fn the_mean_of_an_error_is_taken_in() {
    let constants = |with_bias: bool| {
        let mut all = vec![
            float_tensor("w", &[2, 1, 1, 1], &[1.4, 1.6]),
            float_tensor("v", &[2, 3], &[0.3, 0.7, 1.2, -0.4, 0.2, 2.0]),
        ];
        if with_bias {
            all.extend([float_tensor("b", &[2], &[0.5, -0.5]), float_tensor("c", &[1], &[0.25])]);
        }
        all
    };
    for with_bias in [false, true] {
        let bias = |name: &'static str| if with_bias { vec![name] } else { Vec::new() };
        let conv = ints(node("Conv", &[&["x", "w"][..], &bias("b")].concat(), &["m"]), "group", &[2]);
        let gemm = node("Gemm", &[&["g", "v"][..], &bias("c")].concat(), &["y"]);
        let pool = node("GlobalAveragePool", &["m"], &["p"]);
        let mut proto = model(
            &[("x", &[1, 2, 1, 4])],
            vec![conv, pool, ints(node("Flatten", &["p"], &["g"]), "axis", &[1]), gemm],
            &["y", "m"],
        );
        proto.graph.as_mut().unwrap().initializer = constants(with_bias);
        let float = network(proto);
        let found = biased(&float);
        let of = |b: &Biased| (b.node.clone(), b.input.clone(), b.channels, b.inputs);
        assert_eq!(
            found.iter().map(of).collect::<Vec<_>>(),
            [("Conv_m".into(), "x".into(), 2, 2), ("Gemm_y".into(), "g".into(), 3, 2)]
        );

        let x = tensor(&[1, 2, 1, 4], &[0.4, 1.4, -0.3, 0.8, 2.2, 0.1, 0.4, 0.4]);
        let weights = float.weights();
        let grids: Vec<_> = weights.iter().map(|w| (w.clone(), Grids::one(ONES))).collect();
        let quantized = float.with_weights(&grids).unwrap();
        let run_on = |network: &Network, on_grid: bool| {
            let mut graph = Graph::build(network, &Shapes::new()).unwrap();
            if on_grid {
                graph.set(0, Some(ONES));
            }
            floats(&run(&graph, std::slice::from_ref(&x)).0[1])
        };
        let mean = |row: &[f32]| f64::from(row.iter().sum::<f32>()) / row.len() as f64;
        let (wanted, got) = (run_on(&float, false), run_on(&quantized, true));
        let on_grid = floats(&x).iter().map(|v| ONES.fake_quant(*v)).collect::<Vec<_>>();
        let means = |values: &[f32]| -> Vec<f64> { values.chunks(4).map(mean).collect() };
        let (before, after) =
            (float.weight_values(&weights[0]).unwrap(), quantized.weight_values(&weights[0]).unwrap());
        let moved = found[0].moved((&means(&floats(&x)), &before), (&means(&on_grid), &after));
        let shift: Vec<f64> = moved.iter().map(|by| -by).collect();
        let corrected = quantized.with_biases(&[(found[0].clone(), shift.clone())]).unwrap();
        let with = run_on(&corrected, true);
        for channel in 0..2 {
            let [wanted, got, with] = [&wanted, &got, &with].map(|all| mean(&all[4 * channel..4 * channel + 4]));
            assert!((with - wanted).abs() < 1e-5 && (got - wanted).abs() > 0.05, "{channel}: {wanted} {got} {with}");
        }
        assert_eq!(run_on(&quantized, true), got, "the original stays");
    }
}

#[test]
fn sums_go_by_groups_taps_and_transposition() {
    let gemm = |trans: i64, dims: &[i64], values: &[f32]| {
        let gemm = ints(node("Gemm", &["x", "v"], &["y"]), "transB", &[trans]);
        let mut proto = model(&[("x", &[1, 2])], vec![gemm], &["y"]);
        proto.graph.as_mut().unwrap().initializer = vec![float_tensor("v", dims, values)];
        let network = network(proto);
        let of = biased(&network).remove(0);
        (of.moved((&[0.0, 0.0], values), (&[1.0, 10.0], values)), of.channels)
    };
    let near = |(moved, channels): (Vec<f64>, usize)| {
        channels == 3 && moved.iter().zip([41.0, 52.0, 63.0]).all(|(a, b)| (a - b).abs() < 1e-9)
    };
    let conv = ints(node("Conv", &["x", "w"], &["y"]), "group", &[2]);
    let mut proto = model(&[("x", &[1, 2, 1, 2])], vec![conv], &["y"]);
    let taps = [1.0, 2.0, 3.0, 4.0];
    proto.graph.as_mut().unwrap().initializer = vec![float_tensor("w", &[2, 1, 1, 2], &taps)];
    assert_eq!(biased(&network(proto))[0].moved((&[0.0, 0.0], &taps), (&[1.0, 10.0], &taps)), [3.0, 70.0]);
    assert!(near(gemm(0, &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])));
    assert!(near(gemm(1, &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0])));
}

#[test]
fn what_has_no_constant_bias_is_left_alone() {
    let product = |node_of: NodeProto, more: Vec<NodeProto>| {
        let mut proto = model(&[("x", &[2, 2])], [more, vec![node_of]].concat(), &["y"]);
        proto.graph.as_mut().unwrap().initializer =
            vec![float_tensor("v", &[2, 2], &[1.0; 4]), float_tensor("c", &[2, 2], &[0.0; 4])];
        biased(&network(proto)).len()
    };
    assert_eq!(product(node("Gemm", &["x", "v"], &["y"]), Vec::new()), 1);
    assert_eq!(product(node("MatMul", &["x", "v"], &["y"]), Vec::new()), 0);
    assert_eq!(product(node("Gemm", &["x", "v", "c"], &["y"]), Vec::new()), 0, "a bias for each row");
    assert_eq!(
        product(node("Gemm", &["x", "v", "n"], &["y"]), vec![node("Neg", &["x"], &["n"])]),
        0,
        "one that is computed"
    );
    assert_eq!(product(ints(node("Gemm", &["x", "v"], &["y"]), "transA", &[1]), Vec::new()), 0);
    assert_eq!(product(node("Gemm", &["v", "x"], &["y"]), Vec::new()), 0, "the weight is the other one");
}
