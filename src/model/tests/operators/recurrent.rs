//! Numbers of ONNX Runtime.

use super::*;

fn recurrent(op_type: &str, outputs: &[&str], direction: &str) -> NodeProto {
    text(ints(node(op_type, &[], outputs), "hidden_size", &[2]), "direction", direction)
}

/// Inputs of so many gates, directions and sequences, of three steps: the data, the weights, and the biases.
fn inputs(gates: usize, directions: usize, batch: usize) -> Vec<Option<Tensor>> {
    let rows = gates * 2;
    let weights = [wave(&[directions, rows, 2], 2), wave(&[directions, rows, 2], 3), wave(&[directions, 2 * rows], 4)];
    [wave(&[3, batch, 2], 1)].into_iter().chain(weights).map(Some).collect()
}

#[test]
fn an_lstm_honours_all_that_onnx_has() {
    let mut op = recurrent("LSTM", &["y", "h", "c"], "bidirectional");
    op = float(op, "clip", 1.5);
    op = texts(op, "activations", &["HardSigmoid", "TANH", "softsign", "Sigmoid", "LeakyRelu", "Tanh"]);
    op = floats_of(floats_of(op, "activation_alpha", &[0.25, 0.1]), "activation_beta", &[0.4]);
    let mut given = inputs(4, 2, 2);
    given.push(Some(row(&[3_i32, 2])));
    given.extend([wave(&[2, 2, 2], 5), wave(&[2, 2, 2], 6), wave(&[2, 6], 7)].map(Some));
    let found = compute(op, 14, &given).unwrap();
    assert_eq!(found[0].shape(), [3, 2, 2, 2]);
    let all = [
        0.04247563,
        0.04103168,
        -0.08835926,
        0.03737314,
        -0.1169317,
        0.04510708,
        -0.02994826,
        -0.04286262,
        0.006593621,
        0.1576859,
        -0.06928855,
        0.0007926913,
        -0.1708163,
        0.04221314,
        0.07478063,
        -0.04855554,
        -0.01354662,
        0.007775569,
        0.0,
        0.0,
        -0.1635648,
        0.04823808,
        0.0,
        0.0,
    ];
    let hidden =
        [-0.01354662, 0.007775569, -0.06928855, 0.0007926913, -0.1169317, 0.04510708, -0.02994826, -0.04286262];
    let memory = [-0.01779048, 0.4514267, -0.110434, 0.03274594, -0.2205317, 0.2524954, -0.06805626, -0.2394324];
    close(&floats(&found[0]), &all);
    close(&floats(&found[1]), &hidden);
    close(&floats(&found[2]), &memory);
}

#[test]
fn outputs_may_be_left_out() {
    let op = ints(recurrent("LSTM", &["", "", "c"], "reverse"), "input_forget", &[1]);
    let found = compute(op, 7, &inputs(4, 1, 1)[..3]).unwrap();
    close(&floats(&found[0]), &[-0.3850988, -0.4137277]);
}

#[test]
fn a_gru_resets_before_or_behind_the_product() {
    let found = compute(recurrent("GRU", &["y", "h"], "forward"), 14, &inputs(3, 1, 2)).unwrap();
    let all = [
        0.6072899, 0.1678371, 0.4225418, 0.2111423, 0.09737127, -0.1403274, 0.7278523, 0.2516912, 0.6083986,
        0.09986528, 0.463312, -0.1666648,
    ];
    close(&floats(&found[0]), &all);
    close(&floats(&found[1]), &all[8..]);

    let op = ints(recurrent("GRU", &["y", "h"], "reverse"), "linear_before_reset", &[1]);
    let mut given = inputs(3, 1, 2);
    given.extend([None, Some(wave(&[1, 2, 2], 5))]);
    let found = compute(op, 14, &given).unwrap();
    let all = [
        0.2875622, 0.5461782, 0.4132178, 0.3617571, -0.4579232, 0.4324602, 0.4279846, 0.1399816, 0.2212469, 0.5933605,
        -0.2431982, -0.376777,
    ];
    close(&floats(&found[0]), &all);
    close(&floats(&found[1]), &all[..4]);
}

#[test]
fn each_direction_of_an_rnn_has_its_activation() {
    let op = texts(recurrent("RNN", &["y", "h"], "bidirectional"), "activations", &["Elu", "Tanh"]);
    let found = compute(floats_of(op, "activation_alpha", &[0.5]), 14, &inputs(1, 2, 1)).unwrap();
    let all = [
        0.0625,
        -0.1919589,
        -0.03797805,
        -0.4903887,
        -0.181116,
        -0.2229462,
        0.9317334,
        0.8909878,
        -0.3188898,
        -0.4140816,
        -0.6959355,
        0.9874201,
    ];
    close(&floats(&found[0]), &all);
    close(&floats(&found[1]), &[-0.3188898, -0.4140816, -0.03797805, -0.4903887]);
}

#[test]
fn the_batch_may_come_first() {
    let mut given = inputs(4, 2, 2);
    given.extend([None, Some(wave(&[2, 2, 2], 5)), Some(wave(&[2, 2, 2], 6))]);
    let op = || recurrent("LSTM", &["y", "h", "c"], "bidirectional");
    let found = compute(op(), 14, &given).unwrap();
    for i in [0, 5, 6] {
        given[i] = given[i].take().map(|given| given.permute_axes(&[1, 0, 2]).unwrap());
    }
    let batch_first = compute(ints(op(), "layout", &[1]), 14, &given).unwrap();
    assert_eq!(found[0], batch_first[0].clone().permute_axes(&[1, 2, 0, 3]).unwrap());
    for i in [1, 2] {
        assert_eq!(found[i], batch_first[i].clone().permute_axes(&[1, 0, 2]).unwrap());
    }
}

#[test]
fn halves_stay_halves() {
    let op = || recurrent("GRU", &["y", "h"], "forward");
    let singles = compute(op(), 14, &inputs(3, 1, 2)).unwrap();
    let half = |input: Option<Tensor>| input.map(|input| input.cast_to::<half::f16>().unwrap().into_owned());
    let halves = compute(op(), 14, &inputs(3, 1, 2).into_iter().map(half).collect::<Vec<_>>()).unwrap();
    assert_eq!(halves[0], half(Some(singles[0].clone())).unwrap());
}

#[test]
fn a_sequence_without_steps_leaves_nothing() {
    let mut given = inputs(1, 1, 2);
    given.extend([Some(row(&[0_i32, 1])), Some(wave(&[1, 2, 2], 5))]);
    let found = compute(recurrent("RNN", &["", "h"], "forward"), 14, &given).unwrap();
    assert_eq!(floats(&found[0])[..2], [0.0, 0.0]);
    assert!(floats(&found[0])[2] != 0.0);
}

#[test]
fn what_does_not_fit_is_said() {
    let failed = |op: NodeProto, given: &[Option<Tensor>]| compute(op, 14, given).unwrap_err();
    let op = || recurrent("RNN", &["y"], "forward");
    let mut given = inputs(1, 1, 2);
    given.push(Some(row(&[4_i32, 1])));
    assert!(failed(op(), &given).contains("3 steps, and their lengths are said to be [4, 1]"));
    given.truncate(3);
    given[1] = Some(wave(&[2, 2], 2));
    assert!(failed(op(), &given).contains("a tensor of weights has 2 axes, where there are 3"));
    let op = texts(op(), "activations", &["Affine"]);
    assert!(failed(op, &inputs(1, 1, 2)).contains("the activation Affine needs a number in activation_alpha"));
}
