//! Weights: found wherever they stand, and quantized along the right axis.

use super::*;
use crate::quant::{Format, QuantParams};

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
        let with = |grids: &[QuantParams]| float.with_weights(&[(weight.clone(), grids.to_vec())]);
        assert_eq!(product(&with(&[ONES]).unwrap()), [14.0, 16.0, -3.0, 4.0]);
        // The output channels of a second operand are its columns.
        assert_eq!(product(&with(&[ONES, TENS]).unwrap()), [14.0, 20.0, -3.0, 0.0]);
        assert_eq!(product(&float), values, "the original stays");
        let refused = with(&[ONES; 3]).unwrap_err().message;
        assert_eq!(refused, "made.onnx has a weight w that takes 1 grid or 2, and 3 were given.");
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
