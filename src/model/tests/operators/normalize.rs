//! Numbers of ONNX Runtime and of ONNX's reference.

use super::*;

fn epsilon(op: NodeProto) -> NodeProto {
    float(op, "epsilon", 0.01)
}

fn some<const N: usize>(inputs: [Tensor; N]) -> [Option<Tensor>; N] {
    inputs.map(Some)
}

/// The only output.
fn single_output(op: NodeProto, opset: i64, inputs: &[Option<Tensor>]) -> Vec<f32> {
    floats(&compute(op, opset, inputs).unwrap()[0])
}

#[test]
fn layers_by_their_last_axes() {
    let layer = epsilon(ints(node("LayerNormalization", &[], &["y", "mean", "inverse"]), "axis", &[1]));
    let found = compute(layer, 17, &some([wave(&[2, 2, 3], 1), wave(&[2, 3], 2), wave(&[2, 3], 3)])).unwrap();
    let row = [0.7090338, 0.2987351, 0.7804595, 1.02458, -2.122262, 0.6044108];
    close(&floats(&found[0]), &row.repeat(2));
    assert_eq!(found[1].shape(), [2, 1, 1]);
    close(&floats(&found[1]), &[-0.2916667, 0.2083333]);
    close(&floats(&found[2]), &[1.573103; 2]);

    // A scale of its own for each of the first axis.
    let found = single_output(op("LayerNormalization"), 17, &some([wave(&[2, 2, 3], 1), wave(&[2, 1, 1], 2)]));
    let [first, second] = [[-0.01693191, 0.1608532, -0.1439213], [-0.1354553, 1.286825, -1.15137]];
    close(&found, &[first, first, second, second].concat());

    let found = single_output(epsilon(op("RMSNormalization")), 23, &some([wave(&[2, 2, 3], 1), wave(&[3], 2)]));
    let expected = [
        -0.08336422,
        0.5001853,
        0.750278,
        -0.04843652,
        0.9687304,
        0.6781113,
        0.0,
        1.391492,
        0.4969613,
        0.0442126,
        1.591654,
        0.2652756,
    ];
    close(&found, &expected);
}

#[test]
fn halves_are_normalized_in_singles() {
    let half = |input: Tensor| input.cast_to::<half::f16>().unwrap().into_owned();
    // Their squares are beyond the largest half.
    let inputs = some([half(tensor(&[1, 2], &[600.0, -600.0])), half(tensor(&[2], &[1.0, 0.5]))]);
    let found = compute(op("LayerNormalization"), 17, &inputs).unwrap();
    assert_eq!(found[0].datum_type(), DatumType::F16);
    assert_eq!(floats(&found[0].cast_to::<f32>().unwrap()), [1.0, -0.5]);
}

#[test]
fn batches_by_what_they_are_given() {
    let variances = || tensor(&[2], &[0.5, 2.0]);
    let inputs = some([wave(&[2, 2, 2], 1), wave(&[2], 2), wave(&[2], 3), wave(&[2], 4), variances()]);
    let found = single_output(epsilon(op("BatchNormalization")), 15, &inputs);
    let expected = [0.8375175, 0.9906731, -1.455346, -0.8381682, 1.034432, 0.7718794, -0.6618318, -0.04465437];
    close(&found, &expected);
    // A single axis is one channel.
    let inputs = some([wave(&[4], 1), wave(&[1], 2), wave(&[1], 3), wave(&[1], 4), tensor(&[1], &[0.5])]);
    let found = single_output(epsilon(op("BatchNormalization")), 9, &inputs);
    close(&found, &[0.8375175, 0.9906731, 0.7281206, 0.8812762]);

    let training = ints(op("BatchNormalization"), "training_mode", &[1]);
    assert!(compute(training, 15, &inputs).unwrap_err().contains("has training_mode = 1"));
}

#[test]
fn instances_and_groups_by_themselves() {
    let found = single_output(
        epsilon(op("InstanceNormalization")),
        6,
        &some([wave(&[2, 2, 3], 1), wave(&[2], 2), wave(&[2], 3)]),
    );
    let instance = [0.7332872, 0.9087715, 0.6079413, -0.8837023, 0.5201715, -1.886469];
    close(&found, &instance.repeat(2));

    let op = || epsilon(ints(op("GroupNormalization"), "num_groups", &[2]));
    let found = single_output(op(), 21, &some([wave(&[1, 4, 3], 1), wave(&[4], 2), wave(&[4], 3)]));
    let expected = [
        0.7090338, 0.8810919, 0.5861351, -0.6844541, 0.6920108, -1.667643, 0.2888649, -0.3993676, 0.7804595, 1.02458,
        1.540754, 0.6558838,
    ];
    close(&found, &expected);
    // Before, scale and bias were those of a group.
    let found = single_output(op(), 18, &some([wave(&[1, 4, 3], 1), wave(&[2], 2), wave(&[2], 3)]));
    let expected = [
        0.7090338, 0.8810919, 0.5861351, 0.7581933, 0.9302514, 0.6352946, -1.07773, 0.2987351, -2.060919, -0.684454,
        0.6920109, -1.667643,
    ];
    close(&found, &expected);
}

#[test]
fn any_axes_by_their_deviation_or_norm() {
    let found = single_output(op("MeanVarianceNormalization"), 13, &some([wave(&[2, 2, 2, 2], 1)]));
    let expected = [
        -0.5496482, 0.7886256, -1.505558, -0.1672842, 0.7833187, -1.428405, -0.1382327, 1.151939, -0.7408301,
        0.5974436, 1.935717, -0.3584662, 0.5990084, -1.612715, -0.322543, 0.967629,
    ];
    close(&found, &expected);

    let x = || tensor(&[3, 4], &[-0.5, 0.375, 0.0, -0.25, 0.625, -0.875, 0.0, 0.875, -0.625, 0.25, 0.0, -0.375]);
    let found = single_output(ints(ints(op("LpNormalization"), "axis", &[0]), "p", &[1]), 22, &some([x()]));
    let expected =
        [-0.2857143, 0.25, 0.0, -0.1666667, 0.3571429, -0.5833333, 0.0, 0.5833333, -0.3571429, 0.1666667, 0.0, -0.25];
    close(&found, &expected);
    let found = single_output(op("LpNormalization"), 22, &some([x()]));
    let expected = [
        -0.7427813, 0.5570861, 0.0, -0.3713907, 0.4508348, -0.6311688, 0.0, 0.6311688, -0.8111071, 0.3244428, 0.0,
        -0.4866643,
    ];
    close(&found, &expected);
}

#[test]
fn channels_by_those_around() {
    let op = |size: i64, alpha: f32, beta: f32, bias: f32| {
        float(float(float(ints(op("LRN"), "size", &[size]), "alpha", alpha), "beta", beta), "bias", bias)
    };
    let found = single_output(op(3, 0.9, 0.75, 2.0), 13, &some([wave(&[1, 4, 1, 3], 1)]));
    let expected = [
        -0.2872608, 0.2105161, -0.5479616, -0.1436304, 0.3252441, -0.4123789, 0.0, 0.4123789, -0.3252441, 0.1476142,
        0.5479616, -0.2105161,
    ];
    close(&found, &expected);
    // Of an even number the channel itself and what comes after, by ONNX's formula: ONNX Runtime takes odd numbers only.
    let found = single_output(op(2, 0.5, 0.5, 1.0), 13, &some([wave(&[1, 4, 1, 3], 1)]));
    let expected = [
        -0.4815434, 0.3523321, -0.9161759, -0.2480695, 0.5504819, -0.7706746, 0.0, 0.7125812, -0.5872202, 0.2480695,
        0.9805225, -0.3685771,
    ];
    close(&found, &expected);
}

#[test]
fn windows_by_their_norm() {
    let found = single_output(ints(op("GlobalLpPool"), "p", &[3]), 2, &some([wave(&[1, 2, 2, 3], 1)]));
    close(&found, &[1.36284, 1.340027]);

    let mut pool = ints(ints(list(op("LpPool"), "kernel_shape", &[2, 2]), "p", &[3]), "ceil_mode", &[1]);
    pool = list(list(list(pool, "strides", &[2, 2]), "pads", &[1, 0, 0, 1]), "dilations", &[2, 1]);
    let found = compute(pool, 18, &some([wave(&[1, 1, 4, 5], 1)])).unwrap();
    assert_eq!(found[0].shape(), [1, 1, 2, 3]);
    close(&floats(&found[0]), &[0.875, 0.970492, 0.25, 1.148182, 1.242033, 0.520021]);

    let pool = || list(list(op("LpPool"), "kernel_shape", &[2]), "strides", &[2]);
    let found = single_output(text(pool(), "auto_pad", "SAME_LOWER"), 11, &some([wave(&[1, 1, 5], 1)]));
    close(&found, &[0.5, 1.185854, 0.6731456]);
    let wide = list(text(pool(), "auto_pad", "SAME_UPPER"), "dilations", &[2]);
    assert!(compute(wide, 18, &some([wave(&[1, 1, 5], 1)])).unwrap_err().contains("auto_pad with dilations"));
}
