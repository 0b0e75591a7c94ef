//! `Relu`, `Clip`, `Max` and `Min`.

use super::*;

const NAN: f32 = f32::NAN;

fn of(op: NodeProto, opset: i64, inputs: &[Option<Tensor>]) -> Vec<f32> {
    floats(&compute(op, opset, inputs).unwrap()[0])
}

#[test]
fn nan_is_seen_behind_limits() {
    let x = || Some(row(&[NAN, -3.0, 0.5, 3.0]));
    close(&of(op("Relu"), 14, &[x()]), &[NAN, 0.0, 0.5, 3.0]);
    let number = |x: f32| Some(tensor(&[], &[x]));
    close(&of(op("Clip"), 13, &[x(), number(-1.0), number(2.0)]), &[NAN, -1.0, 0.5, 2.0]);
    close(&of(op("Clip"), 13, &[x(), None, number(2.0)]), &[NAN, -3.0, 0.5, 2.0]);
    close(&of(op("Clip"), 13, &[x(), number(-1.0)]), &[NAN, -1.0, 0.5, 3.0]);
    close(&of(op("Clip"), 13, &[x()]), &[NAN, -3.0, 0.5, 3.0]);
    // The upper limit wins.
    close(&of(op("Clip"), 13, &[x(), number(2.0), number(1.0)]), &[NAN, 1.0, 1.0, 1.0]);
    close(&of(float(float(op("Clip"), "min", -1.0), "max", 2.0), 7, &[x()]), &[NAN, -1.0, 0.5, 2.0]);
    let y = || Some(row(&[1.0, NAN, -1.0, 4.0]));
    close(&of(op("Max"), 13, &[x(), y()]), &[NAN, NAN, 0.5, 4.0]);
    close(&of(op("Min"), 13, &[x(), y()]), &[NAN, NAN, -1.0, 3.0]);
}

#[test]
fn many_tensors_of_many_shapes() {
    let (a, b) = (tensor(&[2, 1], &[1.0, 4.0]), tensor(&[3], &[0.0, 2.0, 5.0]));
    let found = compute(op("Max"), 13, &[Some(a), Some(b), Some(tensor(&[], &[1.5]))]).unwrap();
    assert_eq!((found[0].shape(), floats(&found[0])), (&[2, 3][..], vec![1.5, 2.0, 5.0, 4.0, 4.0, 5.0]));
    let ints = compute(op("Min"), 13, &[Some(row(&[i64::MIN, 7])), Some(row(&[3_i64, 8]))]).unwrap();
    assert_eq!(ints[0], row(&[i64::MIN, 7]));
    let relu = compute(op("Relu"), 14, &[Some(row(&[-5_i32, 5]))]).unwrap();
    assert_eq!(relu[0], row(&[0, 5]));
}
