use super::*;

#[test]
fn celu_divides_by_alpha() {
    let celu = float(op("Celu"), "alpha", 0.5);
    let found = of_row(celu, 13, &[-3.0, -0.25, 0.0, 2.0, f32::NAN]);
    close(&found, &[-0.49876064, -0.19673468, 0.0, 2.0, f32::NAN]);
}
