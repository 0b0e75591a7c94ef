//! Pooling and convolutions that go over a picture, against ONNX Runtime's numbers.

use super::*;

const X: [f32; 7] = [1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 4.0];

fn pooled(op: NodeProto, opset: i64) -> Vec<f32> {
    floats(&compute(op, opset, &[Some(tensor(&[1, 1, 7], &X))]).unwrap()[0])
}

fn whole(tensor: &Tensor) -> Vec<i64> {
    tensor.to_plain_array_view::<i64>().unwrap().iter().copied().collect()
}

#[test]
fn the_largest_of_windows_and_where_it_is() {
    let mut max = node("MaxPool", &[], &["y", "at"]);
    max = list(list(list(max, "kernel_shape", &[3]), "strides", &[2]), "pads", &[1, 1]);
    let found = compute(ints(max, "ceil_mode", &[1]), 12, &[Some(tensor(&[1, 1, 7], &X))]).unwrap();
    assert_eq!((floats(&found[0]), whole(&found[1])), (vec![5.0, 8.0, 9.0, 9.0], vec![1, 3, 5, 5]));
    let picture: Vec<f32> = (0..12).map(|x| x as f32).collect();
    let mut max = list(node("MaxPool", &[], &["y", "at"]), "kernel_shape", &[2, 2]);
    max = ints(max, "storage_order", &[1]);
    let found = compute(max, 12, &[Some(tensor(&[1, 1, 3, 4], &picture))]).unwrap();
    assert_eq!(whole(&found[1]), [4, 7, 10, 5, 8, 11]);
    // Neither NaN nor an infinity is lost.
    let odd = [f32::NAN, 1.0, f32::NEG_INFINITY, f32::NEG_INFINITY];
    let max = list(op("MaxPool"), "kernel_shape", &[2]);
    let found = floats(&compute(max, 12, &[Some(tensor(&[1, 1, 4], &odd))]).unwrap()[0]);
    close(&found, &[f32::NAN, 1.0, f32::NEG_INFINITY]);
}

#[test]
fn means_and_norms_of_windows() {
    let mean = |kernel| list(op("AveragePool"), "kernel_shape", kernel);
    let counted = list(list(ints(mean(&[3]), "count_include_pad", &[1]), "strides", &[2]), "pads", &[1, 0]);
    close(&pooled(ints(counted, "ceil_mode", &[1]), 19), &[2.0, 5.0, 20.0 / 3.0, 6.5]);
    let wide = list(list(mean(&[2]), "dilations", &[3]), "pads", &[1, 1]);
    close(&pooled(wide, 19), &[2.0, 4.5, 4.0, 5.5, 6.0, 3.0]);
    let same = text(list(mean(&[2]), "strides", &[2]), "auto_pad", "SAME_UPPER");
    close(&pooled(same, 19), &[3.0, 5.0, 6.0, 4.0]);
    let cubes = ints(list(op("LpPool"), "kernel_shape", &[2]), "p", &[3]);
    close(&pooled(cubes, 18)[..3], &[5.013298, 5.104469, 8.041452]);
    let norm = compute(op("GlobalLpPool"), 13, &[Some(tensor(&[1, 1, 2], &[3.0, -4.0]))]).unwrap();
    assert_eq!(floats(&norm[0]), [5.0]);
}

#[test]
fn what_runtimes_pool_differently_is_refused() {
    let refused = |op: NodeProto| compute(op, 19, &[Some(tensor(&[1, 1, 7], &X))]).unwrap_err();
    let max = || text(list(op("MaxPool"), "kernel_shape", &[2]), "auto_pad", "SAME_UPPER");
    let error = refused(list(max(), "dilations", &[2]));
    assert!(error.contains("dilations is not computed; export it with explicit pads"), "{error}");
    let error = refused(list(max(), "strides", &[4]));
    assert!(error.contains("strides beyond the kernel"), "{error}");
    let valid = text(list(list(op("MaxPool"), "kernel_shape", &[2]), "strides", &[2]), "auto_pad", "VALID");
    assert!(refused(ints(valid, "ceil_mode", &[1])).contains("VALID with ceil_mode"));
    let large = refused(list(op("MaxPool"), "kernel_shape", &[9]));
    assert!(large.contains("a window of 9 is larger than the 7 that it goes over"), "{large}");
}

#[test]
fn transposed_convolutions_of_a_given_size() {
    let x = || [Some(tensor(&[1, 1, 3], &[1.0, 2.0, 3.0])), Some(tensor(&[1, 1, 3], &[1.0, 2.0, 3.0]))];
    let transposed = |pad: &str, size: Option<i64>| {
        let op = text(list(op("ConvTranspose"), "strides", &[2]), "auto_pad", pad);
        let op = if let Some(size) = size { list(op, "output_shape", &[size]) } else { op };
        floats(&compute(op, 13, &x()).unwrap()[0])
    };
    for size in [None, Some(6)] {
        assert_eq!(transposed("SAME_UPPER", size), [1.0, 2.0, 5.0, 4.0, 9.0, 6.0]);
        assert_eq!(transposed("SAME_LOWER", size), [2.0, 5.0, 4.0, 9.0, 6.0, 9.0]);
    }
    assert_eq!(transposed("NOTSET", Some(8)), [1.0, 2.0, 5.0, 4.0, 9.0, 6.0, 9.0, 0.0]);
}
