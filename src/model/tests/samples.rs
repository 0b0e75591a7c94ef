//! Calibration data of every kind.

use super::*;
use crate::ErrorKind;
use image::{Rgb, RgbImage};
use ndarray::{Array, IxDyn};
use ndarray_npy::{WriteNpyExt, write_npy};
use tempfile::TempDir;

fn relu(dims: &[i64]) -> Network {
    network(model(&[("x", dims)], vec![node("Relu", &["x"], &["y"])], &["y"]))
}

fn save(folder: &TempDir, name: &str, shape: &[usize]) -> PathBuf {
    let path = folder.path().join(name);
    let n = shape.iter().product::<usize>();
    let values = (0..n).map(|i| i as f32).collect();
    write_npy(&path, &Array::from_shape_vec(IxDyn(shape), values).unwrap()).unwrap();
    path
}

fn open(network: &Network, paths: &[PathBuf]) -> Result<Samples, ModelError> {
    Samples::open(network, &SampleSource::Files(paths.to_vec()), &SampleOptions::default())
}

fn all(samples: &Samples) -> Vec<Vec<f32>> {
    (0..samples.len()).map(|i| floats(&samples.get(i).unwrap()[0])).collect()
}

#[test]
fn the_first_axis_is_cut_into_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = [save(&folder, "x.npy", &[5, 2])];
    let one = open(&relu(&[-1, 2]), &path).unwrap();
    assert_eq!((one.len(), one.shapes()), (5, &shapes(&[("x", &[1, 2])])));
    assert_eq!(all(&one)[3], [6.0, 7.0]);
    assert_eq!(all(&one)[0], [0.0, 1.0], "backwards too");
    assert!(one.assumptions().is_empty() && !one.is_random());
    let two = open(&relu(&[2, 2]), &path).unwrap();
    assert_eq!(all(&two), [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    let left_out = format!("{}: the last 1 do not fill a batch of 2 and are left out", path[0].display());
    assert_eq!(two.assumptions(), [left_out]);
    let none = open(&relu(&[6, 2]), &path).unwrap_err().message;
    assert!(none.ends_with("x.npy holds no whole sample."), "{none}");
    let wrong = open(&relu(&[-1, 3]), &path).unwrap_err().message;
    assert!(wrong.ends_with("x.npy holds 5x2 where the model takes x nx3."), "{wrong}");
    // Without the batch's axis it is one sample.
    let flat = open(&relu(&[1, 5, 2]), &path).unwrap();
    assert_eq!((flat.len(), flat.shapes()), (1, &shapes(&[("x", &[1, 5, 2])])));
    let graph = Graph::build(&relu(&[-1, 2]), one.shapes()).unwrap();
    assert!(graph.run(&one.get(4).unwrap(), &mut |_, _, _| {}, &|| false).is_ok());
}

#[test]
fn archives_hold_an_array_for_each_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batch.npz");
    let mut npz = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    npz.start_file("b.npy", zip::write::SimpleFileOptions::default()).unwrap();
    ndarray::array![[1_i64], [2], [3]].write_npy(&mut npz).unwrap();
    npz.start_file("a.npy", zip::write::SimpleFileOptions::default()).unwrap();
    ndarray::array![[1.5_f32, 2.5], [3.5, 4.5], [5.5, 6.5]].write_npy(&mut npz).unwrap();
    npz.finish().unwrap();
    let inputs: [(&str, &[i64]); 2] = [("a", &[-1, 2]), ("b", &[-1, 1])];
    let add = |inputs: &[(&str, &[i64])]| {
        network(model(inputs, vec![node("Add", &[inputs[0].0, inputs[1].0], &["y"])], &["y"]))
    };
    let samples = open(&add(&inputs), std::slice::from_ref(&path)).unwrap();
    assert_eq!(samples.len(), 3);
    let second = samples.get(1).unwrap();
    assert_eq!((floats(&second[0]), floats(&second[1])), (vec![3.5, 4.5], vec![2.0]));
    let missing = open(&add(&[("a", &[-1, 2]), ("c", &[-1, 1])]), &[path]).unwrap_err().message;
    assert!(missing.ends_with("batch.npz holds no array c; the model takes c nx1."), "{missing}");
}

#[test]
fn a_bad_file_is_an_error_of_its_own_sample() {
    let folder = tempfile::tempdir().unwrap();
    save(&folder, "1.npy", &[2, 2]);
    save(&folder, "2.npy", &[2, 3]);
    std::fs::write(folder.path().join("3.npy"), b"nothing").unwrap();
    save(&folder, "10.npy", &[1, 2]);
    std::fs::write(folder.path().join("notes.txt"), b"left alone").unwrap();
    let samples = open(&relu(&[-1, -1]), &[folder.path().to_owned()]).unwrap();
    assert_eq!(samples.len(), 5);
    let left_out = format!("{}: 1 file that is no sample is left out", folder.path().display());
    assert_eq!(samples.assumptions(), [left_out]);
    let message = |i: usize| samples.get(i).unwrap_err().message;
    assert!(samples.get(0).is_ok() && samples.get(1).is_ok() && samples.get(4).is_ok());
    assert!(
        message(2).ends_with("2.npy holds 2x3 where the model takes 1x2 as the first sample did."),
        "{}",
        message(2)
    );
    assert!(message(3).contains("3.npy"), "{}", message(3));
    let pattern = folder.path().join("1*.npy");
    assert_eq!(open(&relu(&[-1, -1]), &[pattern]).unwrap().len(), 3);
    let none = open(&relu(&[-1, -1]), &[folder.path().join("z*.npy")]).unwrap_err().message;
    assert!(none.ends_with("z*.npy holds no samples: .npy, .npz, .png and .jpg are read."), "{none}");
}

#[test]
fn fortran_order_is_transposed() {
    use ndarray::ShapeBuilder;
    let folder = tempfile::tempdir().unwrap();
    let path = [folder.path().join("x.npy")];
    let plain = Array::from_shape_vec(IxDyn(&[5, 2, 3]), (0..30).map(|i| i as f32).collect()).unwrap();
    let mut fortran = Array::zeros(IxDyn(&[5, 2, 3]).f());
    fortran.assign(&plain);
    write_npy(&path[0], &fortran).unwrap();
    let samples = open(&relu(&[2, 2, 3]), &path).unwrap();
    let expected = [0, 12].map(|first| (first..first + 12).map(|i| i as f32).collect::<Vec<_>>());
    assert_eq!(all(&samples), expected);
    assert_eq!(floats(&samples.get(0).unwrap()[0]), expected[0], "backwards too");
    // As one sample.
    let whole = open(&relu(&[1, 5, 2, 3]), &path).unwrap();
    assert_eq!(all(&whole)[0], (0..30).map(|i| i as f32).collect::<Vec<_>>());
}

#[test]
fn what_the_model_s_type_cannot_hold_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = [folder.path().join("x.npy")];
    let typed = |dtype: tensor_proto::DataType| {
        let mut proto = model(&[("x", &[-1, 2])], vec![node("Identity", &["x"], &["y"])], &["y"]);
        let input = &mut proto.graph.as_mut().unwrap().input[0];
        if let Some(type_proto::Value::TensorType(tensor)) = input.r#type.as_mut().and_then(|t| t.value.as_mut()) {
            tensor.elem_type = dtype as i32;
        }
        open(&network(proto), &path).unwrap()
    };
    let message = |samples: &Samples, i| samples.get(i).unwrap_err().message;
    write_npy(&path[0], &ndarray::array![[1_i64, -(1 << 24) + 1], [0, 1 << 24], [-1, 300]]).unwrap();
    let wide = typed(tensor_proto::DataType::Int64);
    assert_eq!(wide.get(0).unwrap()[0], Tensor::from_shape(&[1, 2], &[1_i64, -(1 << 24) + 1]).unwrap());
    let rounded = message(&wide, 1);
    assert!(rounded.contains("x.npy holds whole numbers of 16777216 or more in sample 1, "), "{rounded}");
    assert!(typed(tensor_proto::DataType::Float).get(1).is_ok());
    let narrow = message(&typed(tensor_proto::DataType::Uint8), 2);
    assert!(narrow.ends_with("x.npy holds -1 in sample 2, which is no U8; feed what is."), "{narrow}");
    write_npy(&path[0], &ndarray::array![[1.0, 1.5], [0.1, 1e300]]).unwrap();
    let large = message(&typed(tensor_proto::DataType::Float), 0);
    assert!(large.ends_with("x.npy holds 1 values that float32 cannot hold; scale it down."), "{large}");
    let double = typed(tensor_proto::DataType::Double);
    assert_eq!(double.assumptions(), [format!("{}: x is rounded to float32", path[0].display())]);
    write_npy(&path[0], &ndarray::array![[1.0, 1.5]]).unwrap();
    let whole = message(&typed(tensor_proto::DataType::Int32), 0);
    assert!(whole.ends_with("x.npy holds 1.5 in sample 0, which is no I32; feed what is."), "{whole}");
}

#[cfg(unix)]
#[test]
fn entries_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    save(&folder, "1.npy", &[1, 2]);
    std::os::unix::fs::symlink("nowhere.npy", folder.path().join("2.npy")).unwrap();
    let samples = open(&relu(&[-1, 2]), &[folder.path().to_owned()]).unwrap();
    let said = &samples.assumptions()[0];
    assert!(samples.len() == 1 && said.contains(": an entry is left out (") && said.contains("2.npy"), "{said}");
}

#[test]
fn what_an_archive_holds_besides_arrays_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batch.npz");
    let mut npz = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    npz.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    ndarray::array![[1.0_f32, 2.0]].write_npy(&mut npz).unwrap();
    npz.start_file("notes.txt", zip::write::SimpleFileOptions::default()).unwrap();
    npz.finish().unwrap();
    let samples = open(&relu(&[-1, 2]), &[path]).unwrap();
    let said = &samples.assumptions()[0];
    assert!(samples.len() == 1 && said.contains("notes.txt"), "{said}");
}

fn picture(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    RgbImage::from_pixel(8, 4, Rgb([255, 0, 51])).save(&path).unwrap();
    path
}

#[test]
fn pictures_are_resized_and_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [picture(&folder, "a.png"), picture(&folder, "b.jpg"), picture(&folder, "c.png")];
    let nchw = open(&relu(&[-1, 3, 2, 6]), &paths).unwrap();
    assert_eq!((nchw.len(), nchw.shapes()), (3, &shapes(&[("x", &[1, 3, 2, 6])])));
    let values = floats(&nchw.get(0).unwrap()[0]);
    assert_eq!([values[0], values[11], values[12], values[24], values[35]], [1.0, 1.0, 0.0, 0.2, 0.2]);
    assert_eq!(nchw.assumptions(), ["pictures scaled x/255, no mean/std, RGB, NCHW, resized to 2x6 bilinear"]);

    let options = SampleOptions {
        mean: Some(vec![0.5]),
        std: Some(vec![0.5, 0.25, 1.0]),
        resize: Some((6, 2)),
        ..SampleOptions::default()
    };
    let nhwc = relu(&[2, -1, -1, 3]);
    let nhwc = Samples::open(&nhwc, &SampleSource::Files(paths.to_vec()), &options).unwrap();
    assert_eq!((nhwc.len(), nhwc.shapes()), (1, &shapes(&[("x", &[2, 2, 6, 3])])));
    let values = floats(&nhwc.get(0).unwrap()[0]);
    assert_eq!(values[..3], [1.0, -2.0, 0.2 - 0.5]);
    assert_eq!(nhwc.assumptions()[1], "the last 1 pictures do not fill a batch of 2 and are left out");

    let unknown = open(&relu(&[-1, 3, -1, -1]), &paths).unwrap_err().message;
    assert_eq!(unknown, "made.onnx takes x nx3xnxn: give the width and height to resize pictures to.");
    std::fs::write(&paths[1], b"no picture").unwrap();
    let broken = open(&relu(&[-1, 3, 2, 6]), &paths).unwrap();
    let message = broken.get(1).unwrap_err().message;
    assert!(message.contains("b.jpg is no picture that can be read ("), "{message}");
    assert!(broken.get(2).is_ok());
    let mixed = open(&relu(&[-1, 3, 2, 6]), &[paths[0].clone(), save(&folder, "x.npy", &[1])]).unwrap_err().message;
    assert!(
        mixed.ends_with("x.npy is of another kind than the samples before it; give arrays or pictures."),
        "{mixed}"
    );
}

#[test]
fn noise_is_normal_and_repeats() {
    let source = |seed| SampleSource::Random { n: 3, seed };
    let network = relu(&[-1, 10_000]);
    let samples = |seed| all(&Samples::open(&network, &source(seed), &SampleOptions::default()).unwrap());
    assert_eq!(samples(7), samples(7));
    assert!(samples(7) != samples(8) && samples(7)[0] != samples(7)[1]);
    let values = &samples(7)[0];
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / 1e4;
    let variance = values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / 1e4;
    assert!(mean.abs() < 0.04 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    let opened = Samples::open(&network, &source(7), &SampleOptions::default()).unwrap();
    assert!(opened.is_random());
    assert_eq!(opened.assumptions()[1], "a batch of 1 for x");
    let unknown = Samples::open(&relu(&[-1, -1]), &source(7), &SampleOptions::default()).unwrap_err().message;
    assert_eq!(unknown, "made.onnx takes x nxn: give its shape, such as x=1x224.");
}

#[test]
fn each_error_is_of_a_kind() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |network: &Network, paths: &[PathBuf]| open(network, paths).unwrap_err().kind;
    let plain = relu(&[-1, 2]);
    assert_eq!(kind(&plain, &[]), ErrorKind::Incomplete);
    assert_eq!(kind(&plain, &[folder.path().join("x.npy")]), ErrorKind::Missing);
    assert_eq!(kind(&plain, &[folder.path().to_owned()]), ErrorKind::Missing);
    let path = save(&folder, "x.npy", &[1, 2]);
    assert_eq!(kind(&relu(&[-1, 3]), std::slice::from_ref(&path)), ErrorKind::Unfit);
    assert_eq!(kind(&relu(&[-1, 3, -1, -1]), &[picture(&folder, "a.png")]), ErrorKind::Incomplete);
    // What is said of a dump is of the kind that the dump's error is.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(kind(&plain, std::slice::from_ref(&path)), ErrorKind::Damaged);
    let none = SampleSource::Random { n: 0, seed: 0 };
    let none = Samples::open(&plain, &none, &SampleOptions::default()).unwrap_err();
    assert_eq!(none.kind, ErrorKind::Incomplete);
}
