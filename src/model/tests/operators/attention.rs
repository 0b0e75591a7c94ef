//! Numbers of ONNX Runtime, and of ONNX's reference where that lacks something.

use super::*;

fn attention(outputs: &[&str]) -> NodeProto {
    node("Attention", &[], outputs)
}

/// Queries, keys and values.
fn inputs(queries: &[usize], keys: &[usize], values: &[usize]) -> Vec<Option<Tensor>> {
    vec![Some(wave(queries, 1)), Some(wave(keys, 2)), Some(wave(values, 3))]
}

#[test]
fn heads_share_keys_and_see_the_past() {
    let op = ints(float(float(attention(&["y", "key", "value"]), "scale", 1.25), "softcap", 2.0), "is_causal", &[1]);
    let mut given = inputs(&[1, 2, 2, 2], &[1, 1, 2, 2], &[1, 1, 2, 2]);
    given.extend([None, Some(wave(&[1, 1, 1, 2], 4)), Some(wave(&[1, 1, 1, 2], 5))]);
    let found = compute(op, 23, &given).unwrap();
    let expected = [0.140919, -0.07324333, -0.1039772, 0.5187712, 0.1042881, -0.03254239, 0.3723817, -0.01900363];
    close(&floats(&found[0]), &expected);
    assert_eq!(found[1].shape(), [1, 1, 3, 2]);
    close(&floats(&found[1]), &[-1.0, -0.125, 0.125, 1.0, -0.5, 0.375]);
    close(&floats(&found[2]), &[-0.375, 0.5, 0.75, -0.75, 0.125, 1.0]);
}

#[test]
fn who_may_look_nowhere_sees_nothing() {
    let op = ints(ints(attention(&["y"]), "q_num_heads", &[2]), "kv_num_heads", &[2]);
    let mut given = inputs(&[1, 3, 4], &[1, 2, 4], &[1, 2, 6]);
    given.push(Some(Tensor::from_shape(&[3, 2], &[true, false, false, false, true, true]).unwrap()));
    let found = compute(op, 23, &given).unwrap();
    assert_eq!(found[0].shape(), [1, 3, 6]);
    let expected = [
        0.75, -0.75, 0.125, 1.0, -0.5, 0.375, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.3414632, -0.4589432, 0.4160569,
        -0.4497234, -0.1134071, 0.7615929,
    ];
    close(&floats(&found[0]), &expected);
}

#[test]
fn padding_is_not_looked_at() {
    let op = || ints(attention(&["y"]), "is_causal", &[1]);
    let mut given = inputs(&[2, 1, 2, 2], &[2, 1, 4, 2], &[2, 1, 4, 2]);
    // A mask of fewer keys than there are; and of the second batch, two queries where there is one key.
    given.extend([Some(wave(&[2, 3], 4)), None, None, Some(row(&[3_i64, 1]))]);
    let found = compute(op(), 24, &given).unwrap();
    close(&floats(&found[0]), &[0.3017972, 0.5049679, -0.3386304, 0.4406266, 0.0, 0.0, 0.625, -0.875]);

    given[6] = Some(row(&[-1_i64, 1]));
    assert!(compute(op(), 24, &given).unwrap_err().contains("nonpad_kv_seqlen is [-1, 1]"));
    given.truncate(3);
    given.push(Some(wave(&[3, 4], 4)));
    assert!(compute(op(), 24, &given).unwrap_err().contains("the mask is [3, 4], where it is [2, 1, 2, 4]"));
}

#[test]
fn a_window_bounds_both_sides() {
    let op = || ints(ints(attention(&["y"]), "left_window_size", &[1]), "right_window_size", &[1]);
    let given = inputs(&[1, 1, 4, 2], &[1, 1, 4, 2], &[1, 1, 4, 2]);
    let found = compute(op(), 25, &given).unwrap();
    let expected = [0.4288705, 0.1491626, -0.1137642, 0.3786395, -0.7820248, 0.09297521, -0.7528201, 0.1221799];
    close(&floats(&found[0]), &expected);
    assert!(compute(op(), 24, &given).unwrap_err().contains("left_window_size"));
}

#[test]
fn each_step_can_be_shown() {
    let steps = [
        [0.2209709, 0.2762136, -0.2762136, 0.3314563],
        [0.2174432, 0.2693971, -0.2693971, 0.3198287],
        [-0.7825568, 0.1443971, 0.4806029, -0.4301713],
        [0.2835431, 0.7164569, 0.7131585, 0.2868414],
    ];
    for (mode, step) in steps.iter().enumerate() {
        let op = ints(attention(&["y", "", "", "step"]), "qk_matmul_output_mode", &[mode as i64]);
        let mut given = inputs(&[1, 1, 2, 2], &[1, 1, 2, 2], &[1, 1, 2, 2]);
        given.push(Some(wave(&[2, 2], 4)));
        let found = compute(float(op, "softcap", 1.0), 23, &given).unwrap();
        close(&floats(&found[0]), &[0.3022145, 0.5037996, 0.5707241, -0.2480275]);
        close(&floats(&found[1]), step);
    }
}

#[test]
fn a_score_that_is_no_number_stays_so() {
    let mut given = inputs(&[1, 1, 2, 2], &[1, 1, 2, 2], &[1, 1, 2, 2]);
    given[0] = Some(tensor(&[1, 1, 2, 2], &[f32::NAN, 0.0, 1.0, 0.0]));
    let found = floats(&compute(attention(&["y"]), 23, &given).unwrap()[0]);
    assert!(found[..2].iter().all(|x| x.is_nan()) && found[2..].iter().all(|x| x.is_finite()));
}

#[test]
fn positions_turn_pairs() {
    let op = ints(ints(op_of(2), "interleaved", &[1]), "rotary_embedding_dim", &[2]);
    let positions = Tensor::from_shape(&[1, 2], &[4_i64, 1]).unwrap();
    let caches = [wave(&[5, 1], 2), wave(&[5, 1], 3)];
    let given = [vec![wave(&[1, 2, 2, 4], 1)], caches.to_vec(), vec![positions]].concat().into_iter().map(Some);
    let found = compute(op, 23, &given.collect::<Vec<_>>()).unwrap();
    let expected = [
        0.75, -0.171875, -1.125, -0.25, -0.03125, -1.34375, 0.0, 0.875, 0.828125, 0.03125, 1.125, -0.375, -0.25,
        -1.375, -0.125, 0.75,
    ];
    close(&floats(&found[0]), &expected);

    let given = [wave(&[1, 2, 8], 1), wave(&[1, 2, 2], 2), wave(&[1, 2, 2], 3)].map(Some);
    let found = compute(op_of(2), 23, &given).unwrap();
    let expected = [
        0.78125, 0.1875, -0.515625, -0.53125, 0.078125, -0.21875, 0.46875, 1.53125, 0.171875, 0.46875, -0.640625,
        0.109375, -0.234375, -1.125, 0.125, -0.71875,
    ];
    close(&floats(&found[0]), &expected);
}

/// A rotation of so many heads.
fn op_of(heads: i64) -> NodeProto {
    ints(op("RotaryEmbedding"), "num_heads", &[heads])
}

fn of_microsoft(mut op: NodeProto) -> NodeProto {
    op.domain = "com.microsoft".into();
    op
}

#[test]
fn multi_head_attention_has_masks_biases_and_a_past() {
    let op = ints(node("MultiHeadAttention", &[], &["y", "key", "value"]), "num_heads", &[2]);
    let mut given = inputs(&[1, 2, 4], &[1, 2, 4], &[1, 2, 4]);
    let mask = Tensor::from_shape(&[1, 3], &[1_i32, 1, 0]).unwrap();
    given.extend(
        [wave(&[12], 4), mask, wave(&[1, 2, 2, 3], 5), wave(&[1, 2, 1, 2], 6), wave(&[1, 2, 1, 2], 7)].map(Some),
    );
    let found = compute(of_microsoft(op), 17, &given).unwrap();
    let expected = [-0.0460672, -0.9013202, 0.6017427, 0.4215145, 0.1703475, -0.8363957, 0.3203578, 0.9842845];
    close(&floats(&found[0]), &expected);
    close(&floats(&found[1]), &[0.25, 1.125, 0.25, 2.0, -1.0, 0.75, -0.375, 0.5, -1.0, 0.75, 0.125, -0.5]);
    let values = [0.875, -0.625, -0.375, -1.0, -1.625, 0.125, 0.25, 1.125, 0.75, 0.125, -0.5, -1.125];
    close(&floats(&found[2]), &values);
}

#[test]
fn attention_of_one_product_is_not_that_of_onnx() {
    let op = ints(ints(node("Attention", &[], &["y", "present"]), "num_heads", &[1]), "unidirectional", &[1]);
    let inputs = [wave(&[2, 2, 3], 1), wave(&[3, 6], 2), wave(&[6], 3), row(&[3_i32, 2]), wave(&[2, 2, 1, 1, 2], 4)];
    let found = compute(of_microsoft(float(op, "mask_filter_value", -5.0)), 17, &inputs.map(Some)).unwrap();
    let expected = [0.1087281, 0.8698251, 0.04409535, 0.7560586, -0.517684, 0.3655685, -0.5115808, 0.3688913];
    close(&floats(&found[0]), &expected);
    let present = [
        -1.0, -0.125, -0.1875, 2.265625, -0.1875, 2.328125, 0.75, -0.75, -0.1875, 2.390625, -0.1875, 2.453125, 0.125,
        1.0, -0.03125, -0.25, -0.5, -0.0625, -0.5, 0.375, -0.96875, 0.125, -1.4375, 0.3125,
    ];
    assert_eq!(found[1].shape(), [2, 2, 1, 3, 2]);
    close(&floats(&found[1]), &present);
}
