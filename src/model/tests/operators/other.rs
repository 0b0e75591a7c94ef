//! Bits, truth values, constants.

use super::*;

#[test]
fn bits_that_are_shifted_out_are_lost() {
    let shift = |direction: &str, by: &[u8]| {
        let op = text(op("BitShift"), "direction", direction);
        compute(op, 11, &[Some(row(&[1_u8, 200, 255])), Some(row(by))]).unwrap().remove(0)
    };
    assert_eq!(shift("LEFT", &[1, 1, 4]), row(&[2_u8, 144, 240]));
    assert_eq!(shift("RIGHT", &[1, 3, 7]), row(&[0_u8, 25, 1]));
    assert_eq!(shift("LEFT", &[8, 9, 200]), row(&[0_u8; 3]));
    let signed = text(op("BitShift"), "direction", "RIGHT");
    let found = compute(signed, 28, &[Some(row(&[-8_i8, 4, -8])), Some(row(&[8_i8, 9, 1]))]).unwrap();
    assert_eq!(found[0], row(&[-1_i8, 0, -4]));
}

#[test]
fn what_is_true_of_elements() {
    let truths = |op: NodeProto, opset: i64, inputs: &[Option<Tensor>]| {
        compute(op, opset, inputs).unwrap()[0]
            .to_plain_array_view::<bool>()
            .unwrap()
            .iter()
            .copied()
            .collect::<Vec<_>>()
    };
    let bools = || Some(row(&[true, false, true]));
    assert_eq!(truths(op("Equal"), 13, &[bools(), Some(row(&[false]))]), [false, true, false]);
    let nan = row(&[f32::NAN, 1.0, -0.0]);
    assert_eq!(truths(op("Equal"), 13, &[Some(nan.clone()), Some(row(&[f32::NAN, 1.0, 0.0]))]), [false, true, true]);
    assert_eq!(truths(op("IsNaN"), 13, &[Some(nan)]), [true, false, false]);
    let infinite = || Some(row(&[f64::INFINITY, f64::NEG_INFINITY, 1e300]));
    assert_eq!(truths(op("IsInf"), 20, &[infinite()]), [true, true, false]);
    assert_eq!(truths(ints(op("IsInf"), "detect_negative", &[0]), 20, &[infinite()]), [true, false, false]);
}

/// A network of floats that multiplies with the default, as `Cast` and integers come out.
#[test]
fn constants_by_their_default() {
    let shape = ints(node("Shape", &["x"], &["s"]), "start", &[0]);
    let zeros = node("ConstantOfShape", &["s"], &["z"]);
    let mut proto = model(&[("x", &[2])], vec![shape, zeros, node("Add", &["x", "z"], &["y"])], &["y", "s"]);
    proto.opset_import[0].version = 15;
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    let (outputs, _) = run(&graph, &[tensor(&[2], &[1.0, -2.0])]);
    assert_eq!(floats(&outputs[0]), [1.0, -2.0]);
    // What tract holds as a dimension is a number to ONNX.
    assert_eq!(outputs[1], row(&[2_i64]));
}

#[test]
fn one_hot_beyond_the_ends_is_off() {
    let hot = node("OneHot", &["i", "depth", "values"], &["y"]);
    let cast = ints(node("Cast", &["x"], &["i"]), "to", &[tensor_proto::DataType::Int64 as i64]);
    let nodes = vec![cast, constant("depth", &[], &[3.0]), constant("values", &[2], &[2.0, 5.0]), hot];
    let graph = Graph::build(&network(model(&[("x", &[3])], nodes, &["y"])), &Shapes::new()).unwrap();
    let (outputs, _) = run(&graph, &[tensor(&[3], &[0.0, -1.0, 7.0])]);
    assert_eq!(outputs[0].shape(), [3, 3]);
    assert_eq!(floats(&outputs[0]), [5.0, 2.0, 2.0, 2.0, 2.0, 5.0, 2.0, 2.0, 2.0]);
}
