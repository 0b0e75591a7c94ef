//! The expected numbers are those of ONNX Runtime 1.32, its optimizations off.

use super::*;

/// A constant whose type tract may not have: its elements as bytes.
fn bytes(name: &str, data_type: i32, dims: &[i64], raw: &[u8]) -> TensorProto {
    TensorProto { name: name.into(), dims: dims.to_vec(), data_type, raw_data: raw.to_vec(), ..TensorProto::default() }
}

/// `x` quantized and back.
fn there_and_back(x: &[f32], scale: f32, zero: TensorProto, saturate: bool) -> Vec<f32> {
    let quantize = ints(node("QuantizeLinear", &["x", "s", "z"], &["q"]), "saturate", &[i64::from(saturate)]);
    let back = node("DequantizeLinear", &["q", "s", "z"], &["y"]);
    let mut proto = model(&[("x", &[x.len() as i64])], vec![quantize, back], &["y"]);
    proto.opset_import[0].version = 19;
    proto.graph.as_mut().unwrap().initializer = vec![float_tensor("s", &[], &[scale]), zero];
    let graph = Graph::build(&network(proto), &Shapes::new()).unwrap();
    let names: Vec<&str> = graph.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["x", "y"], "what is quantized is no activation");
    floats(&run(&graph, &[row(x)]).0[0])
}

#[test]
fn each_type_has_its_limits() {
    let x = [-3.0, -1.25, -0.75, 0.25, 0.75, 1.25, 2.5, 1e9, f32::NEG_INFINITY];
    let back = |zero| there_and_back(&x, 0.5, zero, true);
    let middle = [0.0, 1.0, 1.0, 2.5];
    let expected = |low: [f32; 3], high: f32, least: f32| [&low[..], &middle, &[high, least]].concat();
    assert_eq!(back(bytes("z", 2, &[], &[3])), expected([-1.5, -1.0, -1.0], 126.0, -1.5));
    assert_eq!(back(bytes("z", 3, &[], &[(-3_i8) as u8])), expected([-3.0, -1.0, -1.0], 65.0, -62.5));
    assert_eq!(back(bytes("z", 4, &[], &[7, 0])), expected([-3.0, -1.0, -1.0], 32764.0, -3.5));
    assert_eq!(back(bytes("z", 5, &[], &[100, 0])), expected([-3.0, -1.0, -1.0], 16333.5, -16434.0));
    assert_eq!(back(bytes("z", 21, &[], &[2])), expected([-1.0, -1.0, -1.0], 6.5, -1.0));
    assert_eq!(back(bytes("z", 22, &[], &[0x0f])), expected([-3.0, -1.0, -1.0], 4.0, -3.5));
}

#[test]
fn small_floats_are_rounded_to_and_saturate_or_not() {
    let x = [-3.0, -1.25, 0.25, 2.5, 1e9, f32::NEG_INFINITY];
    let same = [-3.0, -1.25, 0.25, 2.5];
    for (element, largest) in [(17, 224.0), (18, 120.0), (19, 28672.0), (20, 28672.0)] {
        let found = there_and_back(&x, 0.5, bytes("z", element, &[], &[0]), true);
        assert_eq!(found, [&same[..], &[largest, -largest]].concat(), "type {element}");
    }
    let beyond = |element| there_and_back(&x, 0.5, bytes("z", element, &[], &[0]), false)[4..].to_vec();
    assert!(beyond(17).iter().all(|x| x.is_nan()));
    assert_eq!(beyond(19), [f32::INFINITY, f32::NEG_INFINITY]);
    let found = there_and_back(&[0.1, -0.77, 5.3, 100.7, 0.001], 0.3, bytes("z", 17, &[], &[0]), true);
    assert_eq!(found, [0.103125006, -0.75, 5.4, 96.0, 0.001_171_875]);
}

/// Of one node: its numbers as floats.
fn made(op: NodeProto, opset: i64, inputs: &[Option<Tensor>]) -> Vec<f32> {
    let outputs = compute(op, opset, inputs).unwrap();
    floats(&outputs[0].cast_to::<f32>().unwrap())
}

fn of_shape<T: tract_onnx::prelude::Datum + Copy>(shape: &[usize], values: &[T]) -> Option<Tensor> {
    Some(Tensor::from_shape(shape, values).unwrap())
}

#[test]
fn scales_lie_along_an_axis_or_in_blocks() {
    let x = of_shape(&[3, 2], &[-1.5_f32, 0.35, 2.5, -7.0, 0.1, 100.0]);
    let quantize = |axis: i64| ints(op("QuantizeLinear"), "axis", &[axis]);
    let columns = [x.clone(), of_shape(&[2], &[0.5_f32, 0.1]), of_shape(&[2], &[0_i8, 5])];
    assert_eq!(made(quantize(1), 13, &columns), [-3.0, 9.0, 5.0, -65.0, 0.0, 127.0]);
    let rows = [x, of_shape(&[3], &[0.5_f32, 1.0, 0.01]), of_shape(&[3], &[1_i16, 2, 3])];
    assert_eq!(made(quantize(-2), 21, &rows), [-2.0, 2.0, 4.0, -5.0, 13.0, 10003.0]);

    let x: Vec<f32> = (0..10).map(|i| i as f32 - 3.3).collect();
    let blocks = ints(ints(quantize(1), "block_size", &[2]), "output_dtype", &[3]);
    let inputs = [of_shape(&[2, 5], &x), of_shape(&[2, 3], &[0.5_f32, 1.0, 0.25, 2.0, 0.1, 0.3])];
    assert_eq!(made(blocks, 21, &inputs), [-7.0, -5.0, -1.0, 0.0, 3.0, 1.0, 1.0, 37.0, 47.0, 19.0]);
    let wrong = [of_shape(&[2, 5], &x), of_shape(&[3], &[0.5_f32, 1.0, 0.25])];
    let refused = compute(quantize(1), 13, &wrong).unwrap_err();
    assert!(refused.contains("3 scales, and 5 along axis 1"), "{refused}");
}

#[test]
fn a_quantizer_does_without_a_zero_point_and_with_halves() {
    let x = [0.25_f32, -0.35, 1.05, 100.0];
    let scale = of_shape(&[], &[0.1_f32]);
    assert_eq!(made(op("QuantizeLinear"), 21, &[Some(row(&x)), scale.clone()]), [2.0, 0.0, 10.0, 255.0]);
    let halves = |values: &[f32]| row(&values.iter().map(|&x| half::f16::from_f32(x)).collect::<Vec<_>>());
    let scale16 = of_shape(&[], &[half::f16::from_f32(0.1)]);
    let zero = of_shape(&[], &[10_u8]);
    let found = made(op("QuantizeLinear"), 19, &[Some(halves(&x)), scale16.clone(), zero.clone()]);
    assert_eq!(found, [13.0, 6.0, 21.0, 255.0]);
    let back = compute(op("DequantizeLinear"), 19, &[Some(row(&[13_u8, 6, 21, 255])), scale16, zero]).unwrap();
    assert_eq!(back[0].datum_type(), DatumType::F16);
    close(&floats(&back[0].cast_to::<f32>().unwrap()), &[0.2998047, -0.39990234, 1.0996094, 24.5]);
    let mut microsoft = op("QuantizeLinear");
    microsoft.domain = "com.microsoft".into();
    let found = made(microsoft, 21, &[Some(row(&[0.25_f32, -0.35, 1.05, 1e4])), scale, of_shape(&[], &[-7_i16])]);
    assert_eq!(found, [-5.0, -11.0, 3.0, 32767.0]);
}

#[test]
fn a_range_is_found_while_it_runs() {
    for (x, quantized, scale, zero) in [
        (vec![0.0, 0.0], vec![0_u8, 0], 1.0, 0_u8),
        (vec![-253.0, 257.0, 0.5], vec![0, 254, 126], 2.0, 126),
        (vec![1.0, 2.1, 1.3], vec![121, 255, 158], 2.1 / 255.0, 0),
        (vec![-4.0, -1.0], vec![0, 191], 0.015686275, 255),
    ] {
        let found = compute(node("DynamicQuantizeLinear", &[], &["y", "s", "z"]), 13, &[Some(row::<f32>(&x))]).unwrap();
        assert_eq!(found[0].try_as_plain_ram().unwrap().as_slice::<u8>().unwrap(), quantized);
        assert_eq!((floats(&found[1]), found[2].cast_to_scalar::<u8>().unwrap()), (vec![scale], zero));
    }
}
