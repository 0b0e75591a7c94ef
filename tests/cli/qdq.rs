//! Models with QuantizeLinear and DequantizeLinear: `qviz export --to qdq`, `qviz convert` into a model and out of one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use qviz::model::{Graph, Network, SampleOptions, SampleSource, Samples};
use serde_json::Value;
use tempfile::TempDir;

use super::{Ran, normal, npy, onnx, qviz, tempdir, tensor};

/// What a model computes of each sample: the tensor of this name. Quantizers are run as they stand.
fn outputs(model: &Path, data: &Path, name: &str) -> Vec<f32> {
    let network = Network::open(model).unwrap();
    let source = SampleSource::Files(vec![data.to_owned()]);
    let samples = Samples::open(&network, &source, &SampleOptions::default()).unwrap();
    let graph = Graph::of(&network, &samples).unwrap();
    let at = graph.tensors().iter().position(|tensor| tensor.name == name).unwrap_or_else(|| panic!("no {name}"));
    let mut all = Vec::new();
    for i in 0..samples.len() {
        let mut see = |tensor: usize, _: &[usize], values: &[f32]| {
            if tensor == at {
                all.extend_from_slice(values);
            }
        };
        graph.run(&samples.get(i).unwrap(), &mut see, &|| false).unwrap();
    }
    all
}

/// In dB.
fn sqnr(float: &[f32], quantized: &[f32]) -> f64 {
    assert_eq!(float.len(), quantized.len());
    let energy: f64 = float.iter().map(|x| f64::from(*x).powi(2)).sum();
    let noise: f64 = float.iter().zip(quantized).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum();
    10.0 * (energy / noise).log10()
}

/// Of each quantized tensor of a document its scales and zero points.
fn scales(document: &Value) -> BTreeMap<String, (Value, Value)> {
    let tensors = document["tensors"].as_array().unwrap().iter();
    let quantized = tensors.filter(|tensor| tensor["chosen"]["quantized"] == true);
    let each = |value: &Value| if let Value::Array(all) = value { all.clone() } else { vec![value.clone()] };
    quantized
        .map(|tensor| {
            let chosen = &tensor["chosen"];
            let of = (each(&chosen["scale"]).into(), each(&chosen["zero_point"]).into());
            (tensor["name"].as_str().unwrap().to_owned(), of)
        })
        .collect()
}

#[track_caller]
fn fine(folder: &Path, args: &[&str]) -> Ran {
    let ran = qviz(folder, args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    ran
}

/// The figure of `report --outputs` for the model as it stands, and for the model that is written, on one engine.
#[track_caller]
fn computes_what_was_tried(folder: &Path, model: &str, data: &str, output: &str, options: &[&str]) -> f64 {
    let on = [&[model, "--data", data], options].concat();
    let report = fine(folder, &[&["report", "--outputs", "--json"], &on[..]].concat()).json();
    let of = &report["outputs"];
    let own = of["each"].as_array().and_then(|each| each.iter().find(|effect| effect["name"] == output));
    let tried = own.unwrap_or(&of["whole"])["sqnr_db"].as_f64().unwrap();
    let document = fine(folder, &[&["export"], &on[..]].concat()).json();
    for weights in [&[][..], &["--float-weights"]] {
        fine(folder, &[&["export", "--to", "qdq", "-o", "out.onnx", "--force"], weights, &on[..]].concat());
        let [float, quantized] =
            [model, "out.onnx"].map(|file| outputs(&folder.join(file), &folder.join(data), output));
        let written = sqnr(&float, &quantized);
        assert!((written - tried).abs() < 0.02, "{weights:?}: {written} dB, and {tried} dB were tried");
        let back = fine(folder, &["convert", "out.onnx", "--to", "json"]).json();
        assert_eq!(scales(&back), scales(&document), "{weights:?}");
    }
    tried
}

/// A convolution with a batch norm and a Relu, and a product behind, whose result is an output; and another output.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("Conv", &["x", "w"], "c", None),
        onnx::node("BatchNormalization", &["c", "scale", "shift", "mean", "variance"], "n", None),
        onnx::node("Relu", &["n"], "r", None),
        onnx::node("Identity", &["r"], "same", None),
        onnx::node("Flatten", &["same"], "f", Some(("axis", 1))),
        onnx::node("MatMul", &["f", "v"], "m", None),
        onnx::node("Tanh", &["m"], "t", None),
        onnx::node("MatMul", &["t", "u"], "y", None),
    ];
    let row = |name: &str, values: &[f32]| onnx::constant(name, &[4], values);
    let constants = [
        onnx::constant("w", &[4, 2, 3, 3], &normal(72, 1)),
        row("scale", &[1.0, 0.5, 2.0, -1.5]),
        row("shift", &[0.1, 0.0, -0.2, 0.4]),
        row("mean", &[0.5, 0.0, 0.2, -0.1]),
        row("variance", &[0.3, 4.0, 1.0, 0.7]),
        onnx::constant("v", &[64, 8], &normal(512, 2)),
        onnx::constant("u", &[8, 8], &normal(64, 3)),
    ];
    let outputs = [("y", onnx::FLOAT, &[1, 8][..]), ("r", onnx::FLOAT, &[1, 4, 4, 4])];
    let model = onnx::model_to(("x", &[1, 2, 6, 6]), &nodes, &constants, &outputs);
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let x: Vec<u8> = normal(20 * 72, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[20, 2, 6, 6], &x)).unwrap();
    folder
}

#[test]
fn the_bundled_network_computes_what_was_tried() {
    let folder = tempdir().unwrap();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let model = assets.join("models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
    fs::copy(model, folder.path().join("cls.onnx")).unwrap();
    fs::copy(assets.join("activations/00.input.npy"), folder.path().join("x.npy")).unwrap();
    computes_what_was_tried(folder.path(), "cls.onnx", "x.npy", "save_infer_model/scale_0.tmp_1", &[]);
}

#[test]
fn a_small_network_does_so_however_it_is_quantized() {
    let folder = folder();
    let on = |options: &[&str]| computes_what_was_tried(folder.path(), "net.onnx", "x.npy", "y", options);
    let plain = on(&[]);
    assert!((20.0..60.0).contains(&plain), "{plain}");
    on(&["--as-written"]);
    on(&["--place", "all"]);
    on(&["--unsigned", "--affine", "--place", "ort"]);
    on(&["--format", "e4m3"]);
    on(&["--set", "kind:activation=bits:16"]);
    on(&["--set", "kind:activation=bits:4"]);
    on(&["--only", "x,v"]);
}

#[test]
fn widths_that_onnx_has_not_are_an_error_and_weights_have_room() {
    let folder = folder();
    let on = ["export", "net.onnx", "--data", "x.npy", "--to", "qdq", "-o", "out.onnx"];
    let ran = qviz(folder.path(), &[&on[..], &["--set", "x=bits:6"]].concat());
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("qdq cannot hold these scales: x: ") && ran.err.contains("--set 'x=bits:8'"),
        "{}",
        ran.err
    );
    assert!(!folder.path().join("out.onnx").exists());
    // Narrow weights are held by wider integers; four bits have a type of their own.
    for bits in ["2", "3", "5", "4"] {
        let set = format!("kind:weight=bits:{bits}");
        if bits == "4" {
            computes_what_was_tried(folder.path(), "net.onnx", "x.npy", "y", &["--set", &set]);
            continue;
        }
        // As floats behind a quantizer they would have more steps than they should.
        let ran = qviz(folder.path(), &[&on[..], &["--set", &set, "--float-weights", "--force"]].concat());
        assert!(ran.code == 1 && ran.err.contains("ONNX has integers of 4, 8 and 16 bits"), "{}", ran.err);
        fine(folder.path(), &[&on[..], &["--set", &set, "--force"]].concat());
        let back = fine(folder.path(), &["convert", "out.onnx"]).json();
        let document = fine(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--set", &set]).json();
        assert_eq!(scales(&back), scales(&document), "{bits} bits");
    }
}

#[test]
fn the_statement_says_what_became_of_the_model() {
    let folder = folder();
    let ran = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--to", "qdq", "-o", "out.onnx"]);
    for says in [
        "6 tensors got a scale in qdq.",
        "3 activations and 3 weights, stored as integers with DequantizeLinear alone; biases stay in float.",
        "1 node folded into the weights before them, 1 node that only gave another name taken out.",
        "an output of the network; no integer operator takes it): y.",
    ] {
        assert!(ran.err.contains(says), "{says}\n{}", ran.err);
    }
    // Kept unless --force is given.
    let again = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--to", "qdq", "-o", "out.onnx"]);
    assert!(again.code == 1 && again.err.contains("out.onnx exists"), "{}", again.err);
}

/// Zero points, which TensorRT has no place for, and a later opset are said; where there is none nothing is.
#[test]
fn zero_points_and_a_later_opset_are_said() {
    let folder = folder();
    let path = folder.path();
    let said = |options: &[&str]| {
        let on = ["export", "net.onnx", "--data", "x.npy", "--to", "qdq", "-o", "out.onnx", "--force"];
        fine(path, &[&on[..], options].concat()).err
    };
    // 3 activations with negative values, on int8 with a zero point; weights are symmetric.
    let (affine, tensorrt) = (said(&["--affine"]), "a zero point other than 0, which TensorRT refuses");
    assert!(affine.contains(tensorrt) && affine.contains("calibrate with --symmetric"), "{affine}");
    assert_eq!(affine.matches("TensorRT").count(), 2, "once, and the remedy: {affine}");
    // Uint8 from 0 on has zero point 0, as symmetric integers and 8-bit floats have.
    for options in [&["--symmetric"][..], &["--format", "e4m3"], &["--affine", "--unsigned", "--only", "r,v"]] {
        let said = said(options);
        assert!(!said.contains(tensorrt), "{options:?}\n{said}");
    }
    // A document says it where it is converted.
    fine(path, &["export", "net.onnx", "--data", "x.npy", "--affine", "-o", "doc.json"]);
    let on = ["convert", "doc.json", "--to", "qdq", "--model", "net.onnx", "-o", "out.onnx", "--force"];
    assert!(fine(path, &on).err.contains(tensorrt));
    let said = said(&["--set", "kind:activation=bits:16"]);
    assert!(said.contains("6 tensors got a scale in qdq; opset 13 → 21."), "{said}");
    assert!(said.contains("Opset 21 is for integers of 16 bits"), "{said}");
}

#[test]
fn a_cache_becomes_a_model_in_one_command() {
    let folder = folder();
    let path = folder.path();
    fine(path, &["export", "net.onnx", "--data", "x.npy", "--symmetric", "--place", "all", "-o", "calib.cache"]);
    let ran = fine(path, &["convert", "calib.cache", "--to", "qdq", "--model", "net.onnx", "-o", "out.onnx"]);
    assert!(ran.err.contains("3 weights that are multiplied with them went to int8"), "{}", ran.err);
    let back = fine(path, &["convert", "out.onnx", "--to", "json"]).json();
    assert_eq!(scales(&back).into_keys().collect::<Vec<_>>(), ["r", "t", "u", "v", "w", "x"]);
    let chosen = fine(path, &["export", "net.onnx", "--data", "x.npy", "--symmetric"]).json();
    assert_eq!(scales(&back), scales(&chosen));
    // Every tensor of the cache, if that is asked for.
    let all = ["convert", "calib.cache", "--place", "all", "--model", "net.onnx", "-o", "all.onnx"];
    fine(path, &all);
    let back = fine(path, &["convert", "all.onnx", "--to", "tensorrt-cache"]);
    let cache = fs::read_to_string(path.join("calib.cache")).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&back.out), sorted(&cache));
}

#[test]
fn its_scales_lie_beside_the_methods() {
    let folder = folder();
    let path = folder.path();
    fine(path, &["export", "net.onnx", "--data", "x.npy", "--method", "max", "-o", "out.onnx"]);
    let with = ["export", "net.onnx", "--data", "x.npy", "--overlay", "trt=out.onnx", "--method", "trt"];
    let taken = fine(path, &with).json();
    let max = fine(path, &["export", "net.onnx", "--data", "x.npy", "--method", "max"]).json();
    assert_eq!(tensor(&taken, "x")["chosen"]["method"], "trt");
    for name in ["x", "r"] {
        let scale = |document: &Value| tensor(document, name)["chosen"]["scale"].as_f64().unwrap();
        assert!((scale(&taken) / scale(&max) - 1.0).abs() < 1e-6, "{name}");
    }
    let ran = qviz(path, &["report", "net.onnx", "--data", "x.npy", "--overlay", "net.onnx"]);
    assert!(ran.code == 2 && ran.err.contains("holds no QuantizeLinear"), "{}", ran.err);
}

#[test]
fn usage_is_a_sentence() {
    let folder = folder();
    let path = folder.path();
    fs::write(path.join("x.cache"), "TRT-1-E\nx: 3c000000\n").unwrap();
    let usage = |args: &[&str], says: &str| {
        let ran = qviz(path, args);
        assert!(ran.code == 2 && ran.err.contains(says), "{args:?}: {}", ran.err);
    };
    usage(&["export", "net.onnx", "--data", "x.npy", "--to", "qdq"], "name the one to run and the file");
    usage(&["export", "x.npy", "--to", "qdq", "-o", "out.onnx"], "name the one to run and the file");
    usage(&["convert", "x.cache", "--to", "qdq", "-o", "out.onnx"], "name both files");
    usage(&["convert", "x.cache", "--to", "qdq", "--model", "net.onnx"], "name both files");
    usage(&["convert", "x.cache", "--to", "csv", "--model", "net.onnx"], "are for --to qdq");
    usage(&["export", "x.npy", "--float-weights"], "--float-weights is for --to qdq");
    let says = |args: &[&str], says: &str| {
        let ran = qviz(path, args);
        assert!(ran.code == 1 && ran.err.contains(says), "{args:?}: {}", ran.err);
    };
    says(&["convert", "net.onnx", "--to", "json"], "net.onnx holds no QuantizeLinear");
    fs::write(path.join("other.cache"), "TRT-1-E\nz: 3c000000\n").unwrap();
    let other = ["convert", "other.cache", "--model", "net.onnx", "-o", "out.onnx"];
    says(&other, "no range is of a tensor that is quantized in it; 1 did not (not in the graph of the model): z");
    fs::write(path.join("torn.onnx"), b"\x08\x08\x3a\x05ab").unwrap();
    says(&["convert", "x.cache", "--model", "torn.onnx", "-o", "out.onnx"], "torn.onnx is not an ONNX model");
    assert!(!path.join("out.onnx").exists());
}

/// A weight that lies in another file, and one that does not.
#[test]
fn values_beside_the_model_stay_beside_it() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let nodes = [
        onnx::node("MatMul", &["x", "w"], "a", None),
        onnx::node("Add", &["a", "b"], "s", None),
        onnx::node("MatMul", &["s", "v"], "y", None),
    ];
    let (w, b) = (normal(64, 1), normal(8, 2));
    let constants = [
        onnx::external("w", &[8, 8], "net.data", 32),
        onnx::external("b", &[8], "net.data", 0),
        onnx::constant("v", &[8, 4], &normal(32, 3)),
    ];
    let data: Vec<u8> = b.iter().chain(&w).flat_map(|x| x.to_le_bytes()).collect();
    fs::write(path.join("net.data"), data).unwrap();
    fs::write(path.join("net.onnx"), onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 4]))).unwrap();
    let x: Vec<u8> = normal(50 * 8, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(path.join("x.npy"), npy("<f4", &[50, 8], &x)).unwrap();
    // In the same folder what stays in float stays where it is.
    let on = ["export", "net.onnx", "--data", "x.npy", "--to", "qdq"];
    fine(path, &[&on[..], &["-o", "out.onnx"]].concat());
    assert_eq!(fs::metadata(path.join("out.onnx.data")).unwrap().len(), 64, "the codes of w");
    computes_what_was_tried(path, "net.onnx", "x.npy", "y", &[]);
    // Elsewhere it goes along.
    let elsewhere = tempdir().unwrap();
    let out = elsewhere.path().join("moved.onnx");
    let ran = fine(path, &[&on[..], &["-o", out.to_str().unwrap()]].concat());
    assert!(ran.err.contains("Values that are kept beside the model went to moved.onnx.data."), "{}", ran.err);
    assert_eq!(fs::metadata(elsewhere.path().join("moved.onnx.data")).unwrap().len(), 64 + 32);
    let data = path.join("x.npy");
    assert_eq!(outputs(&out, &data, "y"), outputs(&path.join("out.onnx"), &data, "y"));
    let ran = qviz(path, &[&on[..], &["--float-weights", "-o", out.to_str().unwrap(), "--force"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(outputs(&out, &data, "y"), outputs(&path.join("out.onnx"), &data, "y"));
    // A file of that name is kept, and then there is no model either.
    fs::remove_file(&out).unwrap();
    let ran = qviz(path, &[&on[..], &["-o", out.to_str().unwrap()]].concat());
    assert!(ran.code == 1 && ran.err.contains("moved.onnx.data exists") && !out.exists(), "{}", ran.err);
}

#[test]
fn a_model_that_is_quantized_already_is_quantized_anew() {
    let folder = folder();
    let path = folder.path();
    fine(path, &["export", "net.onnx", "--data", "x.npy", "--to", "qdq", "-o", "first.onnx"]);
    let on = ["first.onnx", "--data", "x.npy", "--to", "qdq"];
    let ran = fine(path, &[&["export"], &on[..], &["--method", "percentile-99", "-o", "second.onnx"]].concat());
    assert!(
        ran.err.contains("3 pairs of QuantizeLinear and DequantizeLinear that the model held went before."),
        "{}",
        ran.err
    );
    let nodes = |file: &str| {
        let bytes = fs::read(path.join(file)).unwrap();
        bytes.windows(14).filter(|w| *w == b"QuantizeLinear").count()
    };
    assert_eq!(nodes("second.onnx"), nodes("first.onnx"));
    // Its own scales come out as they were.
    fine(path, &[&["export"], &on[..], &["-o", "same.onnx"]].concat());
    let [first, same, second] =
        ["first.onnx", "same.onnx", "second.onnx"].map(|file| scales(&fine(path, &["convert", file]).json()));
    assert_eq!((first == same, first == second), (true, false), "{first:?}\n{same:?}");
    let data = path.join("x.npy");
    assert_eq!(outputs(&path.join("first.onnx"), &data, "y"), outputs(&path.join("same.onnx"), &data, "y"));
    // So do the ranges of the float model, under the names that its weights have there.
    fine(path, &["export", "net.onnx", "--data", "x.npy", "-o", "doc.json"]);
    fine(path, &["convert", "doc.json", "--to", "qdq", "--model", "second.onnx", "-o", "third.onnx"]);
    assert_eq!(scales(&fine(path, &["convert", "third.onnx"]).json()).len(), first.len());
}

#[test]
fn what_stands_in_branches_takes_what_is_quantized_outside() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let yes = [onnx::node("MatMul", &["r", "w"], "p", None), onnx::node("Relu", &["p"], "q", None)];
    let no = [onnx::node("Neg", &["r"], "n", None)];
    let nodes = [
        onnx::node("Relu", &["x"], "r", None),
        onnx::node("ReduceMax", &["x"], "top", Some(("keepdims", 0))),
        onnx::node("Greater", &["top", "zero"], "c", None),
        onnx::if_node("c", "y", (&yes, "q"), (&no, "n")),
        onnx::node("MatMul", &["r", "w"], "z", None),
    ];
    let constants = [onnx::constant("w", &[8, 8], &normal(64, 1)), onnx::constant("zero", &[], &[0.0])];
    let ports = [("y", onnx::FLOAT, &[1, 8][..]), ("z", onnx::FLOAT, &[1, 8])];
    fs::write(path.join("net.onnx"), onnx::model_to(("x", &[1, 8]), &nodes, &constants, &ports)).unwrap();
    let x: Vec<u8> = normal(50 * 8, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(path.join("x.npy"), npy("<f4", &[50, 8], &x)).unwrap();
    let on = ["export", "net.onnx", "--data", "x.npy", "--place", "all", "--to", "qdq", "-o", "out.onnx"];
    let ran = fine(path, &on);
    assert!(ran.err.contains("inside a branch or a loop, where nothing is written): "), "{}", ran.err);
    let y = |file: &str| outputs(&path.join(file), &path.join("x.npy"), "y");
    let (float, quantized) = (y("net.onnx"), y("out.onnx"));
    assert!((20.0..60.0).contains(&sqnr(&float, &quantized)), "{}", sqnr(&float, &quantized));
    let document = fine(path, &["convert", "out.onnx"]).json();
    assert_eq!(tensor(&document, "r")["kind"], "activation");
    assert_eq!(tensor(&document, "w")["kind"], "weight");
}

/// One value sets the range, and all others are swallowed by the step at zero: an offset, which a bias takes in. The Gemm has
/// none before.
#[test]
fn moved_biases_are_written_into_the_model() {
    let folder = tempdir().unwrap();
    let here = folder.path();
    let nodes = [onnx::node("Gemm", &["x", "w"], "y", None)];
    let constants = [onnx::constant("w", &[8, 5], &normal(8 * 5, 3))];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 5]));
    fs::write(here.join("net.onnx"), model).unwrap();
    let value = |i: usize| if i.is_multiple_of(8) { 100.0 } else { 0.3 + 0.05 * (i as f32 * 0.618_034).fract() };
    let x: Vec<u8> = (0..40 * 8).map(value).flat_map(f32::to_le_bytes).collect();
    fs::write(here.join("x.npy"), npy("<f4", &[40, 8], &x)).unwrap();
    let on = ["net.onnx", "--data", "x.npy", "--symmetric", "--method", "max"];
    fine(here, &[&["tune"], &on[..], &["--correct-bias", "-o", "t.json"]].concat());
    let document: Value = serde_json::from_slice(&fs::read(here.join("t.json")).unwrap()).unwrap();
    let mut plain = document.clone();
    plain.as_object_mut().unwrap().remove("tuning");
    fs::write(here.join("plain.json"), plain.to_string()).unwrap();

    let into = |from: &str, out: &str| fine(here, &["convert", from, "--to", "qdq", "--model", "net.onnx", "-o", out]);
    let with = into("t.json", "with.onnx");
    assert!(with.err.contains("1 bias takes in the mean of what quantization adds there"), "{}", with.err);
    assert!(!into("plain.json", "without.onnx").err.contains("takes in the mean"));
    let all = ["net.onnx", "with.onnx", "without.onnx"].map(|file| outputs(&here.join(file), &here.join("x.npy"), "y"));
    let (with, without) = (sqnr(&all[0], &all[1]), sqnr(&all[0], &all[2]));
    assert!(with > without + 10.0, "{with} and {without} dB");

    // Taken up again they fit as long as the ranges do.
    let export = |more: &[&str]| {
        let args = [&["export"], &on[..3], &["--scales", "t.json", "--to", "qdq", "-o", "again.onnx", "--force"]];
        fine(here, &[&args.concat(), more].concat())
    };
    let again = export(&["--symmetric", "--frozen"]);
    assert!(again.err.contains("1 bias takes in"), "{}", again.err);
    assert_eq!(outputs(&here.join("again.onnx"), &here.join("x.npy"), "y"), all[1]);
    let other = export(&["--frozen", "--skip", "x"]);
    assert!(other.err.contains("every bias stays") && !other.err.contains("takes in"), "{}", other.err);

    // Ranges alone do not hold them, and another model has no such node.
    let cache = fine(here, &["convert", "t.json", "--to", "tensorrt-cache", "-o", "t.cache"]);
    assert!(cache.err.contains("1 moved bias of the document left out"), "{}", cache.err);
    let mut elsewhere = document;
    elsewhere["tuning"]["bias"]["nodes"][0]["node"] = "conv9".into();
    fs::write(here.join("elsewhere.json"), elsewhere.to_string()).unwrap();
    let ran = qviz(here, &["convert", "elsewhere.json", "--to", "qdq", "--model", "net.onnx", "-o", "no.onnx"]);
    assert!(
        ran.code == 1 && ran.err.contains("no Conv or Gemm called conv9 whose bias takes 5 numbers"),
        "{}",
        ran.err
    );
    assert!(!here.join("no.onnx").exists());
}
