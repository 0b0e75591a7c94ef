//! Functions of each element, against ONNX Runtime (`Sigmoid` and what is made of it: against the formula).

use super::*;

const X: [f32; 9] = [-100.0, -20.0, -2.5, -0.01, 0.0, 0.3, 4.0, 100.0, f32::NAN];

fn holds(op: NodeProto, opset: i64, expected: [f32; 8]) {
    let all: Vec<f32> = expected.into_iter().chain([f32::NAN]).collect();
    close(&of_row(op, opset, &X), &all);
}

#[test]
fn functions_bent_at_zero() {
    let low = [-0.5, -0.5, -0.496_631_03, -0.009_900_66];
    holds(float(op("Celu"), "alpha", 0.5), 13, [low[0], low[1], low[2], low[3], 0.0, 0.3, 4.0, 100.0]);
    let low = [-2.0, -2.0, -1.835_83, -0.019_900_322];
    holds(float(op("Elu"), "alpha", 2.0), 13, [low[0], low[1], low[2], low[3], 0.0, 0.3, 4.0, 100.0]);
    let low = [-1.758_099_3, -1.758_099_3, -1.613_785_7, -0.017_493_37];
    holds(op("Selu"), 13, [low[0], low[1], low[2], low[3], 0.0, 0.315_210_3, 4.202_804, 105.070_1]);
    holds(op("LeakyRelu"), 13, [-1.0, -0.2, -0.025, -0.0001, 0.0, 0.3, 4.0, 100.0]);
    holds(op("HardSigmoid"), 13, [0.0, 0.0, 0.0, 0.498, 0.5, 0.56, 1.0, 1.0]);
    holds(op("HardSwish"), 14, [0.0, 0.0, -0.208_333_28, -0.004_983_333_4, 0.0, 0.165, 4.0, 100.0]);
}

#[test]
fn functions_of_the_exponential() {
    let tanh = [-1.0, -1.0, -0.986_614_35, -0.009_999_666, 0.0, 0.291_312_6, 0.999_329_2, 1.0];
    holds(op("Tanh"), 13, tanh);
    let sigmoid = [0.0, 2.061_153_6e-9, 0.075_858_18, 0.497_500_03, 0.5, 0.574_442_5, 0.982_013_76, 1.0];
    holds(op("Sigmoid"), 13, sigmoid);
    let swish = [0.0, 0.0, -0.035_159_07, -0.004_957_501, 0.0, 0.187_441_95, 3.995_549_7, 100.0];
    holds(float(op("Swish"), "alpha", 1.7), 24, swish);
    let softplus =
        [0.0, 2.061_153_7e-9, 0.078_889_74, 0.688_159_7, std::f32::consts::LN_2, 0.854_355_2, 4.018_15, 100.0];
    holds(op("Softplus"), 13, softplus);
    let mish = [0.0, -4.122_306_8e-8, -0.196_816_2, -0.005_967_984_4, 0.0, 0.208_001_39, 3.997_412_7, 100.0];
    holds(op("Mish"), 18, mish);
    let by_tanh = [0.0, 0.0, -0.015_084_297, -0.004_960_106, 0.0, 0.185_370_92, 3.999_93, 100.0];
    holds(text(op("Gelu"), "approximate", "tanh"), 20, by_tanh);
    let exact = [0.0, 0.0, -0.015_524_104, -0.004_960_106, 0.0, 0.185_373_44, 3.999_873_2, 100.0];
    holds(op("Gelu"), 20, exact);
}

/// tract holds Sigmoid off 0 and 1: what is small is not lost.
#[test]
fn small_values_of_sigmoid_are_its_own() {
    let found = of_row(op("Sigmoid"), 13, &[-50.0, -80.0]);
    assert!(
        (found[0] / 1.928_75e-22 - 1.0).abs() < 1e-5 && (found[1] / 1.804_851_4e-35 - 1.0).abs() < 1e-5,
        "{found:?}"
    );
}

#[test]
fn other_widths() {
    let wide = Tensor::from_shape(&[2], &[-1.0_f64, 30.0]).unwrap();
    let found = compute(op("Softplus"), 13, &[Some(wide)]).unwrap();
    let found: Vec<f64> = found[0].to_plain_array_view::<f64>().unwrap().iter().copied().collect();
    assert!((found[0] - 0.313_261_687_518_222_8).abs() < 1e-15 && (found[1] - 30.000_000_000_000_094).abs() < 1e-13);
    let half = row(&[-1.0_f32, 2.0]).cast_to::<half::f16>().unwrap().into_owned();
    let found = compute(op("Sigmoid"), 13, &[Some(half)]).unwrap();
    assert_eq!(found[0].datum_type(), DatumType::F16);
    let found = found[0].cast_to::<f32>().unwrap().into_owned();
    assert_eq!(floats(&found), [0.269_042_97, 0.880_859_4]);
}

#[test]
fn large_values_of_inverse_hyperbolic_functions() {
    close(&of_row(op("Asinh"), 13, &[3e38, -3e38, 0.5, -0.0]), &[89.289_99, -89.289_99, 0.481_211_84, 0.0]);
    close(&of_row(op("Acosh"), 13, &[3e38, 1.5]), &[89.289_99, 0.962_423_6]);
}
