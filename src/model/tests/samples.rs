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
    save_steps(folder, name, shape, 1.0)
}

/// Values that are so far apart.
fn save_steps(folder: &TempDir, name: &str, shape: &[usize], step: f32) -> PathBuf {
    let path = folder.path().join(name);
    let n = shape.iter().product::<usize>();
    let values = (0..n).map(|i| i as f32 * step).collect();
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
    assert!(none.ends_with("x.npy holds 5x2, and no whole sample of x 6x2."), "{none}");
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
    let says =
        "batch.npz holds no array c, only a and b; the model takes a nx2 and c nx1: name the arrays like its inputs.";
    assert!(missing.ends_with(says), "{missing}");
}

#[test]
fn a_bad_file_is_an_error_of_its_own_sample() {
    let folder = tempfile::tempdir().unwrap();
    save(&folder, "1.npy", &[2, 2]);
    save(&folder, "2.npy", &[2, 3]);
    std::fs::write(folder.path().join("3.npy"), b"nothing").unwrap();
    save(&folder, "10.npy", &[1, 2]);
    std::fs::write(folder.path().join("notes.txt"), b"left alone").unwrap();
    let samples = open(&relu(&[-1, 2]), &[folder.path().to_owned()]).unwrap();
    assert_eq!(samples.len(), 5);
    let left_out = format!("{}: 1 file that is no sample is left out", folder.path().display());
    assert_eq!(samples.assumptions(), [left_out]);
    let message = |i: usize| samples.get(i).unwrap_err().message;
    assert!(samples.get(0).is_ok() && samples.get(1).is_ok() && samples.get(4).is_ok());
    assert!(message(2).ends_with("2.npy holds 2x3 where the model takes x nx2."), "{}", message(2));
    assert!(message(3).contains("3.npy"), "{}", message(3));
    // Also where it is the first.
    let bad_first = open(&relu(&[-1, 2]), &["3.npy", "1.npy"].map(|file| folder.path().join(file))).unwrap();
    assert!(bad_first.len() == 3 && bad_first.get(0).is_err() && bad_first.get(2).is_ok());
    let none = open(&relu(&[-1, 2]), &["3.npy", "2.npy"].map(|file| folder.path().join(file))).unwrap_err().message;
    assert!(none.contains("3.npy"), "{none}");
    let pattern = folder.path().join("1*.npy");
    assert_eq!(open(&relu(&[-1, -1]), &[pattern]).unwrap().len(), 3);
    let none = open(&relu(&[-1, -1]), &[folder.path().join("z*.npy")]).unwrap_err().message;
    assert!(
        none.ends_with("z*.npy holds no samples: .npy, .npz, .safetensors, .pb, .png and .jpg are read."),
        "{none}"
    );
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
    // Token ids beyond what float32 holds.
    write_npy(&path[0], &ndarray::array![[(1_i64 << 24) + 1, i64::MIN], [0, 1 << 24], [-1, 300]]).unwrap();
    let wide = typed(tensor_proto::DataType::Int64);
    assert_eq!(wide.get(0).unwrap()[0], Tensor::from_shape(&[1, 2], &[(1_i64 << 24) + 1, i64::MIN]).unwrap());
    assert!(typed(tensor_proto::DataType::Float).get(1).is_ok());
    let narrow = message(&typed(tensor_proto::DataType::Uint8), 2);
    assert!(
        narrow.ends_with("x.npy holds -1, which is no uint8; feed what is. It is sample 2 of the file."),
        "{narrow}"
    );
    let narrow = message(&typed(tensor_proto::DataType::Int32), 0);
    assert!(narrow.contains("x.npy holds -9223372036854775808, which is no int32; feed what is."), "{narrow}");
    assert!(message(&typed(tensor_proto::DataType::Uint64), 2).contains("holds -1, which is no uint64"));
    assert!(message(&typed(tensor_proto::DataType::Bool), 2).contains("holds -1, which is no bool"));
    write_npy(&path[0], &ndarray::array![[u64::MAX, 0]]).unwrap();
    assert_eq!(
        typed(tensor_proto::DataType::Uint64).get(0).unwrap()[0],
        Tensor::from_shape(&[1, 2], &[u64::MAX, 0]).unwrap()
    );
    assert!(
        message(&typed(tensor_proto::DataType::Int64), 0).contains("holds 18446744073709551615, which is no int64")
    );
    write_npy(&path[0], &ndarray::array![[1.0, 1.5], [0.1, 1e300]]).unwrap();
    let single = typed(tensor_proto::DataType::Float);
    assert!(single.get(0).is_ok(), "another sample's value is none of its");
    let large = message(&single, 1);
    assert!(large.contains("x.npy holds 1e300, which float32 cannot hold; scale it down."), "{large}");
    assert!(message(&typed(tensor_proto::DataType::Float16), 1).contains("holds 1e300, which float16 cannot hold"));
    let double = typed(tensor_proto::DataType::Double);
    assert_eq!(double.get(1).unwrap()[0], Tensor::from_shape(&[1, 2], &[0.1, 1e300]).unwrap());
    assert!(double.assumptions().is_empty());
    write_npy(&path[0], &ndarray::array![[1.0, 1.5]]).unwrap();
    let whole = message(&typed(tensor_proto::DataType::Int32), 0);
    assert!(whole.ends_with("x.npy holds 1.5, which is no int32; feed what is."), "{whole}");
    write_npy(&path[0], &ndarray::array![[true, false]]).unwrap();
    let mask = Tensor::from_shape(&[1, 2], &[1_i64, 0]).unwrap();
    assert_eq!(typed(tensor_proto::DataType::Int64).get(0).unwrap()[0], mask);
}

/// A graph that hands its inputs on. A dimension is a number, `?`, or a name.
fn taking(inputs: &[(&str, &str)]) -> Network {
    let mut proto = model(&[], Vec::new(), &[]);
    let graph = proto.graph.as_mut().unwrap();
    for (name, dims) in inputs {
        let dim = |text: &str| match text.parse() {
            Ok(n) => dimension::Value::DimValue(n),
            Err(_) => dimension::Value::DimParam(text.into()),
        };
        let dims = dims.split(' ').filter(|text| !text.is_empty());
        let dims = dims.map(|text| Dimension { value: (text != "?").then(|| dim(text)), ..Dimension::default() });
        let mut input = port(name, Some(&[]));
        if let Some(type_proto::Value::TensorType(tensor)) = input.r#type.as_mut().and_then(|t| t.value.as_mut()) {
            tensor.shape = Some(TensorShapeProto { dim: dims.collect() });
        }
        graph.input.push(input);
        graph.node.push(node("Identity", &[name], &[&format!("{name}_out")]));
        graph.output.push(port(&format!("{name}_out"), None));
    }
    network(proto)
}

/// An input's dimensions and an array's; how many samples that is, of which shape, and whether something is said of it.
type Case<'a> = (&'a str, &'a [usize], usize, &'a [usize], bool);

/// How many samples of which shape come of an array, and whether something is said of it.
fn cut_of(dims: &str, shape: &[usize]) -> (usize, Vec<usize>, bool) {
    let folder = tempfile::tempdir().unwrap();
    // Whole numbers would be told to look like the bytes of pictures.
    let samples = open(&taking(&[("x", dims)]), &[save_steps(&folder, "x.npy", shape, 0.5)]).unwrap();
    let (first, last) = (samples.get(0).unwrap(), samples.get(samples.len() - 1).unwrap());
    assert_eq!(first[0].shape(), last[0].shape());
    assert_eq!(samples.shapes()["x"], first[0].shape());
    (samples.len(), first[0].shape().to_vec(), !samples.assumptions().is_empty())
}

#[test]
fn the_first_axis_is_a_batch_only_where_that_is_known() {
    let cases: [Case; 21] = [
        // Pictures, with and without a name for the batch.
        ("N 3 8 8", &[5, 3, 8, 8], 5, &[1, 3, 8, 8], false),
        ("? 3 ? ?", &[5, 3, 8, 8], 5, &[1, 3, 8, 8], true),
        ("1 3 8 8", &[5, 3, 8, 8], 5, &[1, 3, 8, 8], false),
        ("1 3 8 8", &[3, 8, 8], 1, &[1, 3, 8, 8], false),
        ("2 3 8 8", &[6, 3, 8, 8], 3, &[2, 3, 8, 8], false),
        ("1 3 8 8", &[4, 1, 3, 8, 8], 4, &[1, 3, 8, 8], false),
        // Video.
        ("frames 3 h w", &[7, 3, 4, 4], 1, &[7, 3, 4, 4], true),
        // Tokens.
        ("batch sequence", &[4, 9], 4, &[1, 9], false),
        ("unk__214 16", &[4, 16], 4, &[1, 16], false),
        ("batch sequence", &[9], 1, &[1, 9], false),
        ("? 3", &[10, 3], 1, &[10, 3], true),
        // Time first.
        ("seq 1 2", &[6, 1, 2], 1, &[6, 1, 2], true),
        ("sequence_length 576", &[6, 576], 1, &[6, 576], true),
        ("sequence_length 576", &[1, 576], 1, &[1, 576], false),
        // A wave.
        ("samples", &[400], 1, &[400], true),
        ("samples", &[3, 400], 3, &[400], false),
        ("100", &[400], 4, &[100], false),
        ("1 samples", &[400], 1, &[1, 400], false),
        // Numbers, one and many.
        ("", &[], 1, &[], false),
        ("", &[3], 3, &[], false),
        ("1 0 4", &[1, 0, 4], 1, &[1, 0, 4], false),
    ];
    for (dims, shape, samples, each, said) in cases {
        assert_eq!(cut_of(dims, shape), (samples, each.to_vec(), said), "{shape:?} for {dims:?}");
    }
}

#[test]
fn what_was_assumed_is_told_with_the_shape_that_says_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = [save(&folder, "x.npy", &[10, 3])];
    let file = path[0].display();
    let network = taking(&[("x", "? 3")]);
    let one = open(&network, &path).unwrap();
    let told = format!(
        "{file}: 10x3 is one sample of x ?x3, whose first axis is not known to be a batch; if it is, give its shape, \
         such as x=1x3"
    );
    assert_eq!((one.len(), one.assumptions()), (1, &[told][..]));
    let with = |shape: &str| {
        let dims = shape.split('x').map(|dim| dim.parse().unwrap()).collect();
        let options = SampleOptions { shapes: [("x".to_owned(), dims)].into(), ..SampleOptions::default() };
        let samples = Samples::open(&network, &SampleSource::Files(path.to_vec()), &options).unwrap();
        assert!(samples.assumptions().is_empty(), "{:?}", samples.assumptions());
        samples.len()
    };
    assert_eq!((with("1x3"), with("nx3"), with("5x3"), with("10x3")), (10, 10, 2, 1));
    let path = [save(&folder, "y.npy", &[2, 3, 4, 5])];
    let many = open(&taking(&[("x", "? 3 ? ?")]), &path).unwrap();
    let told = format!(
        "{}: 2x3x4x5 is 2 samples of x ?x3x?x?; if all of it is one sample, give its shape, such as x=2x3xnxn",
        path[0].display()
    );
    assert_eq!((many.len(), many.assumptions()), (2, &[told][..]));
}

#[test]
fn files_of_different_length_are_samples_of_different_shape() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [3, 5, 3, 9].map(|n| save(&folder, &format!("{n}.npy"), &[1, n, 4]));
    let samples = open(&taking(&[("x", "b s 4")]), &paths).unwrap();
    let expected = [3, 5, 9].map(|n| shapes(&[("x", &[1, n, 4])]));
    assert_eq!((samples.len(), samples.all_shapes()), (4, &expected[..]));
    assert_eq!(samples.shapes(), &expected[0]);
    for (i, n) in [3, 5, 3, 9].into_iter().enumerate() {
        assert_eq!(samples.get(i).unwrap()[0].shape(), [1, n, 4]);
    }
    assert!(samples.assumptions().is_empty());
}

fn write_set(path: &Path, arrays: &[(&str, &[usize])]) {
    let mut npz = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, shape) in arrays {
        npz.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let n = shape.iter().product::<usize>();
        let values = (0..n).map(|i| i as f32).collect();
        Array::from_shape_vec(IxDyn(shape), values).unwrap().write_npy(&mut npz).unwrap();
    }
    npz.finish().unwrap();
}

/// The shapes of an archive's samples for these inputs, and how much is said.
fn archive(inputs: &[(&str, &str)], arrays: &[(&str, &[usize])]) -> Result<(usize, Vec<Vec<usize>>, usize), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.npz");
    write_set(&path, arrays);
    let samples = open(&taking(inputs), &[path]).map_err(|error| error.message)?;
    let last = samples.get(samples.len() - 1).unwrap();
    Ok((samples.len(), last.iter().map(|tensor| tensor.shape().to_vec()).collect(), samples.assumptions().len()))
}

#[test]
fn several_inputs_are_cut_together() {
    // Sizes that agree are a batch, and names of another axis are none.
    let pair: [(&str, &[usize]); 2] = [("a", &[6, 9]), ("b", &[6, 9])];
    assert_eq!(archive(&[("a", "? ?"), ("b", "? ?")], &pair), Ok((6, vec![vec![1, 9]; 2], 2)));
    assert_eq!(archive(&[("a", "s0 ?"), ("b", "batch ?")], &pair), Ok((6, vec![vec![1, 9]; 2], 1)));
    assert_eq!(archive(&[("a", "time ?"), ("b", "time ?")], &pair), Ok((1, vec![vec![6, 9]; 2], 2)));
    // What is there once is the same for all.
    let inputs = [("input", "batch sequence"), ("state", "2 batch 64"), ("sr", "")];
    let one: [(&str, &[usize]); 3] = [("input", &[8, 512]), ("state", &[2, 1, 64]), ("sr", &[])];
    assert_eq!(archive(&inputs, &one), Ok((8, vec![vec![1, 512], vec![2, 1, 64], vec![]], 2)));
    // Where the batch is another axis of another input, nothing is cut.
    let eight: [(&str, &[usize]); 3] = [("input", &[8, 512]), ("state", &[2, 8, 64]), ("sr", &[])];
    assert_eq!(archive(&inputs, &eight), Ok((1, vec![vec![8, 512], vec![2, 8, 64], vec![]], 1)));
    let uneven: [(&str, &[usize]); 2] = [("a", &[6, 9]), ("b", &[5, 9])];
    let error = archive(&[("a", "batch ?"), ("b", "batch ?")], &uneven).unwrap_err();
    assert!(error.ends_with("set.npz holds 5 samples for b and 6 for a."), "{error}");
    // A batch of the model's size for one is that for the other.
    let pair: [(&str, &[usize]); 2] = [("a", &[8, 3]), ("b", &[8, 5])];
    assert_eq!(archive(&[("a", "4 3"), ("b", "batch 5")], &pair), Ok((2, vec![vec![4, 3], vec![4, 5]], 0)));
    // An input without an element needs no array.
    let alone: [(&str, &[usize]); 1] = [("x", &[1, 2])];
    assert_eq!(archive(&[("x", "1 2"), ("past", "1 0 4")], &alone), Ok((1, vec![vec![1, 2], vec![1, 0, 4]], 0)));
}

#[test]
fn arrays_without_the_inputs_names() {
    let numbered: [(&str, &[usize]); 2] = [("arr_1", &[1, 3]), ("arr_0", &[1, 2])];
    assert_eq!(archive(&[("a", "1 2"), ("b", "1 3")], &numbered), Ok((1, vec![vec![1, 2], vec![1, 3]], 1)));
    // A name that is not the input's is said, NumPy's own is not.
    assert_eq!(archive(&[("a", "1 2")], &[("whatever", &[1, 2])]), Ok((1, vec![vec![1, 2]], 1)));
    assert_eq!(archive(&[("a", "1 2")], &[("arr_0", &[1, 2])]), Ok((1, vec![vec![1, 2]], 0)));
    // What is there besides is said.
    assert_eq!(archive(&[("a", "1 2")], &[("a", &[1, 2]), ("c", &[7])]), Ok((1, vec![vec![1, 2]], 1)));
    let error = archive(&[("a", "1 2"), ("b", "1 3")], &[("p", &[1, 2]), ("q", &[1, 3])]).unwrap_err();
    let says =
        "holds no arrays a and b, only p and q; the model takes a 1x2 and b 1x3: name the arrays like its inputs.";
    assert!(error.ends_with(says), "{error}");
    // Names are taken whole.
    assert_eq!(archive(&[("m/in", "1 2"), ("m/b", "1")], &[("m/in", &[1, 2]), ("m/b", &[1])]).unwrap().0, 1);
}

#[test]
fn each_input_has_files_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for sub in ["f/ids", "f/mask", "s/one", "s/two"] {
        std::fs::create_dir_all(root.join(sub)).unwrap();
    }
    let network = taking(&[("ids", "batch s"), ("mask", "batch s")]);
    // Folders named like the inputs.
    for (file, n) in [("1", 2), ("2", 3), ("10", 4)] {
        save(&folder, &format!("f/ids/{file}.npy"), &[1, n]);
        save(&folder, &format!("f/mask/{file}.npy"), &[1, n]);
    }
    save(&folder, "f/mask/11.npy", &[1, 5]);
    let samples = open(&network, &[root.join("f")]).unwrap();
    assert_eq!((samples.len(), samples.all_shapes().len()), (4, 3));
    assert_eq!(samples.get(2).unwrap()[1].shape(), [1, 4]);
    let message = samples.get(3).unwrap_err().message;
    assert!(message.ends_with("11.npy has no counterpart for ids; each input needs its own."), "{message}");
    let folders = [root.join("f/ids"), root.join("f/mask")];
    assert_eq!(open(&network, &folders).unwrap().len(), 4);
    // Files named like the inputs, in a folder for each sample.
    for (sub, n) in [("one", 2), ("two", 3)] {
        save(&folder, &format!("s/{sub}/ids.npy"), &[1, n]);
        save(&folder, &format!("s/{sub}/mask.npy"), &[1, n]);
    }
    let samples = open(&network, &[root.join("s")]).unwrap();
    assert_eq!((samples.len(), samples.get(1).unwrap()[0].shape()), (2, &[1, 3][..]));
    // By what is said.
    let say = |name: &str, path: &str| PathBuf::from(format!("{name}={}", root.join(path).display()));
    let samples = open(&network, &[say("mask", "f/mask/2.npy"), say("ids", "s/two/ids.npy")]).unwrap();
    assert_eq!((samples.len(), samples.assumptions().len()), (1, 0));
    // One file is for all.
    let samples = open(&network, &[say("ids", "f/ids"), say("mask", "f/mask/1.npy")]).unwrap();
    assert_eq!((samples.len(), samples.assumptions().len()), (3, 1), "{:?}", samples.assumptions());
    let error = open(&network, &[root.join("f/ids")]).unwrap_err().message;
    assert_eq!(error, "made.onnx was given no file for mask, only for ids; each input needs its own.");
    let stranger = save(&folder, "what.npy", &[1, 2]);
    let error = open(&network, &[stranger]).unwrap_err().message;
    assert!(error.contains("what.npy is not named like one of the model's inputs ids and mask,"), "{error}");
}

#[test]
fn onnx_s_own_test_data_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("test_data_set_0");
    std::fs::create_dir(&sets).unwrap();
    // A `TensorProto`: dims 1 and 2, type float, two values as raw bytes.
    let proto = |values: [f32; 2]| {
        let mut bytes = vec![8, 1, 8, 2, 16, 1, 74, 8];
        values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        bytes
    };
    std::fs::write(sets.join("input_0.pb"), proto([1.0, 2.0])).unwrap();
    std::fs::write(sets.join("input_1.pb"), proto([3.0, 4.0])).unwrap();
    std::fs::write(sets.join("output_0.pb"), proto([4.0, 6.0])).unwrap();
    let network = taking(&[("a", "1 2"), ("b", "1 2")]);
    let samples = open(&network, &[folder.path().to_owned()]).unwrap();
    let sample = samples.get(0).unwrap();
    assert_eq!((samples.len(), floats(&sample[0]), floats(&sample[1])), (1, vec![1.0, 2.0], vec![3.0, 4.0]));
    std::fs::write(sets.join("input_1.pb"), [8, 200, 1, 8, 2, 16, 1]).unwrap();
    let error = open(&network, &[sets]).unwrap_err();
    assert!(error.message.contains("input_1.pb holds no tensor that can be read ("), "{error}");
    assert_eq!(error.kind, ErrorKind::Damaged);
}

#[test]
fn noise_has_no_batch_where_the_first_axis_is_time() {
    let source = SampleSource::Random { n: 1, seed: 0 };
    let open = |dims: &str| Samples::open(&taking(&[("x", dims)]), &source, &SampleOptions::default());
    let asked = open("samples").unwrap_err().message;
    assert!(asked.contains("give its shape, such as x="), "{asked}");
    assert_eq!(open("batch 3").unwrap().shapes()["x"], [1, 3]);
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

#[test]
fn drawn_samples_keep_their_order_and_say_of_how_many() {
    let network = relu(&[-1, 4]);
    let options = |n, seed| SampleOptions { draw: Some(Draw { n, seed }), ..SampleOptions::default() };
    let open =
        |options: &SampleOptions| Samples::open(&network, &SampleSource::Random { n: 32, seed: 5 }, options).unwrap();
    let (every, some) = (open(&SampleOptions::default()), open(&options(8, 1)));
    assert_eq!((some.len(), some.all(), every.all()), (8, 32, 32));
    assert_eq!((some.in_words().as_str(), every.in_words().as_str()), ("8 of 32 random samples", "32 random samples"));
    assert!(some.assumptions().contains(&"8 of 32 samples, drawn with seed 1".to_owned()), "{:?}", some.assumptions());
    let (every, drawn) = (all(&every), all(&some));
    let places: Vec<usize> = drawn.iter().map(|one| every.iter().position(|other| one == other).unwrap()).collect();
    assert!(places.is_sorted_by(|a, b| a < b) && places != (0..8).collect::<Vec<_>>(), "{places:?}");
    assert_eq!(drawn, all(&open(&options(8, 1))));
    assert_ne!(drawn, all(&open(&options(8, 2))));
    let more = open(&options(40, 1));
    assert_eq!(more.len(), 32);
    assert!(more.assumptions().iter().any(|said| said.contains("there are no more than the 40")));
}
