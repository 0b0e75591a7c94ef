use super::*;

fn refusal(op: NodeProto, opset: i64) -> String {
    compute(op, opset, &[Some(row(&[1.0_f32, 2.0]))]).unwrap_err()
}

#[test]
fn a_stranger_of_the_same_name_does_not_run() {
    let mut stranger = op("Relu");
    stranger.domain = "my.domain".into();
    assert_eq!(
        refusal(stranger.clone(), 13),
        "made.onnx cannot be run: the operator Relu of the domain my.domain (node Relu_y) is not known to qviz; export \
         the network with ONNX's own operators, or with Relu as a function in the file."
    );
    stranger.domain = "ai.onnx".into();
    assert_eq!(of_row(stranger, 13, &[-1.0, 1.0]), [0.0, 1.0]);
}

#[test]
fn what_a_row_does_not_honour_is_refused_by_name() {
    let attribute = float(op("Relu"), "slope", 0.5);
    assert_eq!(
        refusal(attribute, 13),
        "made.onnx cannot be run: Relu (node Relu_y) has the attribute slope, which is not computed."
    );
    // It is an input by now.
    let axes = list(op("ReduceMean"), "axes", &[0]);
    assert!(compute(axes.clone(), 13, &[Some(row(&[1.0_f32, 2.0]))]).is_ok());
    assert!(refusal(axes, 18).contains("has the attribute axes"));
    let value = text(float(op("Cast"), "to", 0.0), "round_mode", "down");
    assert!(refusal(value, 24).contains("has round_mode = down, where only up is computed"));
    assert!(refusal(op("Celu"), 9).contains("is of opset 9, and is computed as of opset 12 only"));
    assert!(refusal(op("Relu"), 99).contains("is of opset 99"));
    let axes = compute(op("ReduceMean"), 13, &[Some(row(&[1.0_f32, 2.0])), Some(row(&[0_i64]))]).unwrap_err();
    assert!(axes.contains("has 2 inputs, where only 1 are computed with"), "{axes}");
    let outputs = node("Relu", &[], &["y", "z"]);
    assert!(refusal(outputs, 13).contains("has 2 outputs, where only 1 are computed"));
}
