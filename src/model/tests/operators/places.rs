//! Elements that go elsewhere, spectra and products of whole numbers, against ONNX Runtime's numbers.

use super::*;

fn p() -> Option<Tensor> {
    Some(tensor(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
}

/// A node whose inputs behind the first are constants of the network.
fn with_constants(op: NodeProto, opset: i64, x: Tensor, constants: &[Option<TensorProto>]) -> Result<Tensor, String> {
    let (mut proto, sample) = single(op, opset, &[Some(x)]);
    let graph = proto.graph.as_mut().unwrap();
    for (i, constant) in constants.iter().enumerate() {
        let name = constant.as_ref().map_or(String::new(), |_| format!("c{i}"));
        graph.node[0].input.push(name.clone());
        graph.initializer.extend(constant.clone().map(|constant| TensorProto { name, ..constant }));
    }
    let network = Network::from_proto("made.onnx".into(), PathBuf::new(), proto).map_err(|error| error.message)?;
    let graph = Graph::build(&network, &Shapes::new()).map_err(|error| error.message)?;
    Ok(graph.run(&sample, &mut |_, _, _| {}, &|| false).map_err(|error| error.message)?.unwrap().remove(0))
}

fn whole(values: &[i64]) -> Option<TensorProto> {
    let data_type = tensor_proto::DataType::Int64 as i32;
    let dims = vec![values.len() as i64];
    Some(TensorProto { dims, data_type, int64_data: values.to_vec(), ..TensorProto::default() })
}

fn single_whole(value: i64) -> Option<TensorProto> {
    whole(&[value]).map(|tensor| TensorProto { dims: Vec::new(), ..tensor })
}

fn padded(op: NodeProto, opset: i64, pads: &[i64]) -> Vec<f32> {
    floats(&with_constants(op, opset, p().unwrap(), &[whole(pads)]).unwrap())
}

#[test]
fn pads_of_any_sign_and_mode() {
    assert_eq!(padded(op("Pad"), 13, &[-1, 2, 1, -1]), [0.0, 0.0, 4.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
    let reflected = padded(text(op("Pad"), "mode", "reflect"), 13, &[0, 1, 0, 2]);
    assert_eq!(reflected, [2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 5.0, 4.0, 5.0, 6.0, 5.0, 4.0]);
    let wrapped = padded(text(op("Pad"), "mode", "wrap"), 19, &[1, -1, 1, 2]);
    assert_eq!(wrapped[..8], [5.0, 6.0, 5.0, 6.0, 2.0, 3.0, 2.0, 3.0]);
    let old = float(list(op("Pad"), "pads", &[0, 1, 0, 0]), "value", 7.0);
    assert_eq!(floats(&compute(old, 9, &[p()]).unwrap()[0]), [7.0, 1.0, 2.0, 3.0, 7.0, 4.0, 5.0, 6.0]);
    let some = with_constants(op("Pad"), 18, p().unwrap(), &[whole(&[1, 0]), None, whole(&[-1])]).unwrap();
    assert_eq!(floats(&some), [0.0, 1.0, 2.0, 3.0, 0.0, 4.0, 5.0, 6.0]);
}

#[test]
fn coordinates_count_from_the_end_as_well() {
    let places = |shape: &[usize], values: &[i64]| Some(Tensor::from_shape(shape, values).unwrap());
    let found = compute(op("GatherND"), 13, &[p(), places(&[2, 2], &[-1, 0, 1, -1])]).unwrap();
    assert_eq!(floats(&found[0]), [4.0, 6.0]);
    let batches = ints(op("GatherND"), "batch_dims", &[1]);
    assert_eq!(floats(&compute(batches, 12, &[p(), places(&[2, 1], &[-1, 0])]).unwrap()[0]), [3.0, 4.0]);
    let error = compute(op("GatherND"), 13, &[p(), places(&[1, 2], &[0, 3])]).unwrap_err();
    assert!(error.contains("the index 3 is outside of the 3"), "{error}");
    let add = text(op("ScatterND"), "reduction", "add");
    let sums = compute(add, 18, &[p(), places(&[2, 2], &[-1, 0, -1, 0]), Some(row(&[10.0_f32, 20.0]))]).unwrap();
    assert_eq!(floats(&sums[0]), [1.0, 2.0, 3.0, 34.0, 5.0, 6.0]);
    let max = text(op("ScatterND"), "reduction", "max");
    let update = Some(tensor(&[1, 3], &[0.0, 9.0, 0.0]));
    assert_eq!(floats(&compute(max, 18, &[p(), places(&[1, 1], &[-1]), update]).unwrap()[0])[3..], [4.0, 9.0, 6.0]);
}

#[test]
fn sequences_turned_round_and_pictures_cut() {
    let eight: Vec<f32> = (0..8).map(|x| x as f32).collect();
    let lengths = Some(row(&[3_i64, 2]));
    let turned = compute(op("ReverseSequence"), 10, &[Some(tensor(&[4, 2], &eight)), lengths]).unwrap();
    assert_eq!(floats(&turned[0]), [4.0, 3.0, 2.0, 1.0, 0.0, 5.0, 6.0, 7.0]);
    let cut = with_constants(op("CenterCropPad"), 18, p().unwrap(), &[whole(&[3, 2])]).unwrap();
    assert_eq!((cut.shape(), floats(&cut)), (&[3, 2][..], vec![1.0, 2.0, 4.0, 5.0, 0.0, 0.0]));
}

#[test]
fn spectra_along_the_axis_of_their_version() {
    let x = || Some(tensor(&[1, 3, 2, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let near = |found: &Tensor, expected: &[f32]| {
        let found = floats(found);
        let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(found.len() >= expected.len() && error < 1e-5, "{found:?}");
    };
    let found = compute(op("DFT"), 20, &[x()]).unwrap();
    near(&found[0], &[3.0, 0.0, -1.0, 0.0, 7.0, 0.0, -1.0, 0.0, 11.0, 0.0, -1.0, 0.0]);
    let found = compute(ints(op("DFT"), "onesided", &[1]), 17, &[x()]).unwrap();
    assert_eq!(found[0].shape(), [1, 2, 2, 2]);
    near(&found[0], &[9.0, 0.0, 12.0, 0.0, -3.0, 1.732051, -3.0, 1.732051]);
    let found = with_constants(op("DFT"), 20, x().unwrap(), &[single_whole(4), single_whole(1)]).unwrap();
    near(&found, &[9.0, 0.0, 12.0, 0.0, -4.0, -3.0, -4.0, -4.0, 3.0, 0.0, 4.0, 0.0, -4.0, 3.0, -4.0, 4.0]);
}

#[test]
fn products_of_whole_numbers_also_of_vectors() {
    let bytes = |values: &[u8]| Some(row(values));
    let b = Some(Tensor::from_shape(&[3, 2], &[4_i8, 5, 6, 7, 8, 9]).unwrap());
    let zero = Some(Tensor::from_shape(&[], &[1_u8]).unwrap());
    let found = compute(op("MatMulInteger"), 10, &[bytes(&[1, 2, 3]), b, zero, Some(row(&[1_i8, 2]))]).unwrap();
    assert_eq!(found[0].to_plain_array_view::<i32>().unwrap().as_slice().unwrap(), [19, 19]);
    let found = compute(op("MatMulInteger"), 10, &[bytes(&[1, 2, 3]), bytes(&[4, 5, 6])]).unwrap();
    assert_eq!((found[0].shape(), found[0].cast_to_scalar::<i32>().unwrap()), (&[][..], 32));
}

#[test]
fn pictures_brought_to_another_size() {
    let scales = |values: &[f32]| Some(float_tensor("", &[values.len() as i64], values));
    let q = tensor(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let r = tensor(&[1, 1, 5], &[1.0, 2.0, 4.0, 8.0, 16.0]);
    let mode = |op_type: &str, mode: &str| text(op(op_type), "mode", mode);
    let found = with_constants(mode("Resize", "nearest"), 10, q.clone(), &[scales(&[1.0, 1.0, 1.5, 1.5])]).unwrap();
    assert_eq!(floats(&found), [1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]);
    let found = with_constants(mode("Upsample", "linear"), 9, q, &[scales(&[1.0, 1.0, 1.0, 2.0])]).unwrap();
    assert_eq!(floats(&found), [1.0, 1.5, 2.0, 2.0, 3.0, 3.5, 4.0, 4.0]);
    // The corners are those of the result's true length.
    let corners = text(mode("Resize", "linear"), "coordinate_transformation_mode", "align_corners");
    let found = with_constants(corners, 13, r.clone(), &[None, scales(&[1.0, 1.0, 1.3])]).unwrap();
    close(&floats(&found), &[1.0, 1.8, 3.2, 5.6, 9.6, 16.0]);
    let smooth = ints(mode("Resize", "linear"), "antialias", &[1]);
    let found = with_constants(smooth, 18, r.clone(), &[None, scales(&[1.0, 1.0, 0.5])]).unwrap();
    close(&floats(&found), &[1.75, 6.75]);
    let first = text(mode("Resize", "nearest"), "coordinate_transformation_mode", "asymmetric");
    let found = with_constants(text(first, "nearest_mode", "ceil"), 13, r, &[None, None, whole(&[1, 1, 3])]).unwrap();
    assert_eq!(floats(&found), [1.0, 4.0, 16.0]);
    let s = tensor(&[1, 1, 4, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0, 0.0, 2.0]);
    let cubic = ints(float(mode("Resize", "cubic"), "cubic_coeff_a", -0.5), "exclude_outside", &[1]);
    let found = with_constants(cubic, 13, s, &[None, None, whole(&[1, 1, 2, 4])]).unwrap();
    close(&floats(&found)[..4], &[2.183055, 2.791889, 3.678699, 4.287533]);
    let bytes = Tensor::from_shape(&[1, 1, 2], &[1_u8, 2]).unwrap();
    let error = with_constants(mode("Resize", "linear"), 13, bytes, &[None, None, whole(&[1, 1, 3])]).unwrap_err();
    assert!(error.contains("sums of whole numbers are not computed"), "{error}");
}
