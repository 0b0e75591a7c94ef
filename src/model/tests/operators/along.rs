//! What is computed along axes.

use super::*;

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn of(op: NodeProto, opset: i64, input: &Tensor) -> Vec<f32> {
    floats(&compute(op, opset, &[Some(input.clone())]).unwrap()[0])
}

/// With axes as an initializer, as files have them.
fn over(op_type: &str, input: &Tensor, axes: &[i64], more: &[(&str, i64)]) -> Tensor {
    let op = more.iter().fold(op(op_type), |op, (name, value)| ints(op, name, &[*value]));
    let (mut proto, sample) = single(op, 18, &[Some(input.clone()), Some(row(axes))]);
    let graph = proto.graph.as_mut().unwrap();
    graph.input.pop();
    graph.initializer.push(TensorProto {
        name: "x1".into(),
        dims: vec![axes.len() as i64],
        data_type: tensor_proto::DataType::Int64 as i32,
        int64_data: axes.to_vec(),
        ..TensorProto::default()
    });
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    run(&graph, &sample[..1]).0.remove(0)
}

#[test]
fn log_softmax_of_far_values() {
    close(&of(op("LogSoftmax"), 13, &tensor(&[1, 4], &[0.0, 50.0, 110.0, 200.0])), &[-200.0, -150.0, -90.0, 0.0]);
}

/// Before opset 13 from an axis on, then along it.
#[test]
fn log_softmax_of_either_opset() {
    let x = tensor(&[2, 3, 2], &[0.0, 7.0, 3.0, 10.0, 6.0, 2.0, 9.0, 5.0, 1.0, 8.0, 4.0, 0.0]);
    let axis = |axis: i64| ints(op("LogSoftmax"), "axis", &[axis]);
    let flat = [
        -10.067093,
        -3.067093,
        -7.067093,
        -0.06709346,
        -4.067093,
        -8.067094,
        -0.331741,
        -4.331741,
        -8.331741,
        -1.331741,
        -5.331741,
        -9.331741,
    ];
    close(&of(axis(1), 11, &x), &flat);
    close(&of(op("LogSoftmax"), 11, &x), &flat);
    let along = [
        -6.0509457,
        -3.048907,
        -3.0509458,
        -0.04890682,
        -0.05094571,
        -8.048907,
        -0.007048503,
        -3.048907,
        -8.007049,
        -0.04890682,
        -5.007049,
        -8.048907,
    ];
    close(&of(axis(1), 13, &x), &along);
    close(&of(axis(-2), 13, &x), &along);
}

#[test]
fn sums_that_overflow_on_the_way() {
    let x = tensor(&[3, 2], &[100.0, 101.0, 1.0, 2.0, -200.0, -300.0]);
    let op_13 = ints(list(op("ReduceLogSumExp"), "axes", &[1]), "keepdims", &[0]);
    close(&of(op_13, 13, &x), &[101.31326, 2.3132617, -200.0]);
    close(&floats(&over("ReduceLogSumExp", &x, &[-1], &[("keepdims", 0)])), &[101.31326, 2.3132617, -200.0]);
    let infinite = tensor(&[3, 2], &[-INF, -INF, INF, 1.0, NAN, 1.0]);
    close(&floats(&over("ReduceLogSumExp", &infinite, &[1], &[])), &[-INF, INF, NAN]);
    close(&floats(&over("ReduceL2", &tensor(&[2, 2], &[3.0, 4.0, -5.0, 12.0]), &[1], &[])), &[5.0, 13.0]);
}

#[test]
fn extremes_see_nan_and_nothing() {
    let x = tensor(&[2, 3], &[1.0, NAN, -3.0, 4.5, -5.0, INF]);
    for (name, rows, columns) in
        [("ReduceMax", [NAN, INF], [4.5, NAN, INF]), ("ReduceMin", [NAN, -5.0], [1.0, NAN, -3.0])]
    {
        close(&floats(&over(name, &x, &[1], &[])), &rows);
        close(&floats(&over(name, &x, &[0], &[])), &columns);
    }
    let empty = tensor(&[2, 0, 2], &[]);
    close(&floats(&over("ReduceMax", &empty, &[1], &[])), &[-INF; 4]);
    close(&floats(&over("ReduceMin", &empty, &[1], &[])), &[INF; 4]);
    close(&floats(&over("ReduceLogSumExp", &empty, &[1], &[])), &[-INF; 4]);
}

#[test]
fn which_axes_are_reduced() {
    let x = tensor(&[2, 3, 2], &[0.0, 7.0, 3.0, 10.0, 6.0, 2.0, 9.0, 5.0, 1.0, 8.0, 4.0, 0.0]);
    let apart = over("ReduceMax", &x, &[0, 2], &[("keepdims", 0)]);
    assert_eq!((apart.shape(), floats(&apart)), (&[3][..], vec![9.0, 10.0, 6.0]));
    let all = over("ReduceMax", &x, &[], &[]);
    assert_eq!((all.shape(), floats(&all)), (&[1, 1, 1][..], vec![10.0]));
    let none = over("ReduceL2", &tensor(&[2], &[-3.0, 4.0]), &[], &[("noop_with_empty_axes", 1)]);
    assert_eq!(floats(&none), [3.0, 4.0]);
    assert_eq!(of(list(op("ReduceMin"), "axes", &[1, 2]), 11, &x), [0.0, 0.0]);
}

#[test]
fn where_the_largest_is() {
    let at = |op_type: &str, last: i64, values: &[f32]| {
        let op = ints(ints(ints(op(op_type), "axis", &[1]), "select_last_index", &[last]), "keepdims", &[0]);
        let found = compute(op, 13, &[Some(tensor(&[1, values.len()], values))]).unwrap();
        assert_eq!(found[0].shape(), [1]);
        found[0].to_plain_array_view::<i64>().unwrap()[[0]]
    };
    assert_eq!((at("ArgMax", 0, &[1.0, 3.0, 3.0]), at("ArgMax", 1, &[1.0, 3.0, 3.0])), (1, 2));
    assert_eq!((at("ArgMin", 0, &[2.0, 1.0, 1.0]), at("ArgMin", 1, &[2.0, 1.0, 1.0])), (1, 2));
    assert_eq!((at("ArgMax", 1, &[-INF, -INF]), at("ArgMin", 1, &[INF, INF])), (1, 1));
    assert_eq!((at("ArgMax", 0, &[1.0, NAN, 9.0]), at("ArgMin", 0, &[1.0, NAN, -9.0])), (1, 1));
}
