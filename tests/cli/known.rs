//! Ranges that are known beforehand, and patterns on what takes a tensor.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{f32_of, normal, npy, onnx, qviz, tempdir, tensor, warnings};

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn rows(values: &[f32]) -> Vec<u8> {
    npy("<f4", &[400, 8], &bytes(values))
}

/// Two products with a Sigmoid between them, on values from -1 to 1. Nodes are called otherwise than what they make.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("MatMul", &["x", "w"], "c", None),
        onnx::node("Sigmoid", &["c"], "s", None),
        onnx::node("MatMul", &["s", "v"], "y", None),
    ];
    let constants = [onnx::constant("w", &[8, 8], &normal(64, 3)), onnx::constant("v", &[8, 8], &normal(64, 4))];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 8]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let values: Vec<f32> = normal(400 * 8, 7).into_iter().map(|x| (x / 3.0).clamp(-1.0, 1.0)).collect();
    fs::write(folder.path().join("x.npy"), rows(&values)).unwrap();
    folder
}

/// What is exported of the network.
#[track_caller]
fn exported(folder: &TempDir, args: &[&str]) -> Value {
    let ran = qviz(folder.path(), &[&["export", "net.onnx", "--data", "x.npy"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()
}

fn chosen(document: &Value, name: &str) -> (String, f32, f32) {
    let chosen = &tensor(document, name)["chosen"];
    (chosen["method"].as_str().unwrap().to_owned(), f32_of(&chosen["clip_min"]), f32_of(&chosen["clip_max"]))
}

#[track_caller]
fn check(document: &Value, name: &str, (method, min, max): (&str, f32, f32)) {
    assert_eq!(chosen(document, name), (method.to_owned(), min, max), "{name}");
}

#[test]
fn what_the_preprocessing_says_stands_unless_a_method_is_named() {
    let folder = folder();
    let plain = exported(&folder, &[]);
    assert_eq!(chosen(&plain, "x").0, "mse");
    assert!(tensor(&plain, "x")["candidates"].get("known").is_none());
    // What the graph says is on offer.
    assert_eq!(chosen(&plain, "s").0, "mse");
    assert_eq!(f32_of(&tensor(&plain, "s")["candidates"]["known"]["clip_max"]), 1.0);
    assert!(tensor(&plain, "c")["candidates"].get("known").is_none());

    let scaled = ["--mean", "0.4,0.5", "--std", "0.5,0.25"];
    check(&exported(&folder, &scaled), "x", ("known", -2.0, 2.0));
    let affine = exported(&folder, &[&scaled[..], &["--affine"]].concat());
    check(&affine, "x", ("known", -2.0, 2.0));
    let note = tensor(&affine, "x")["candidates"]["known"]["note"].as_str().unwrap().to_owned();
    assert!(note.contains("inputs"), "{note}");
    assert_eq!(warnings(tensor(&affine, "x")), "", "what is known is nothing to warn of");
    let named = exported(&folder, &[&scaled[..], &["--method", "max"]].concat());
    assert_eq!(chosen(&named, "x").0, "max");
    assert_eq!(f32_of(&tensor(&named, "x")["candidates"]["known"]["amax"]), 2.0, "on offer all the same");
    let set = exported(&folder, &[&scaled[..], &["--set", "x=percentile-99"]].concat());
    assert_eq!(chosen(&set, "x").0, "percentile-99");
}

#[test]
fn a_range_is_given_by_name() {
    let folder = folder();
    let given = exported(&folder, &["--affine", "--range", "x=-2.12..2.64", "--range", "op:Sigmoid=0..1"]);
    check(&given, "x", ("known", -2.12, 2.64));
    check(&given, "s", ("known", 0.0, 1.0));
    check(&exported(&folder, &["--symmetric", "--range", "x=-2.12..2.64"]), "x", ("known", -2.64, 2.64));
    // Beside a method for all it stands, against one for the tensor it does not.
    check(&exported(&folder, &["--range", "x=-2..2", "--method", "max"]), "x", ("known", -2.0, 2.0));
    assert_eq!(chosen(&exported(&folder, &["--range", "x=-2..2", "--set", "x=max"]), "x").0, "max");
    // It is meant, and what it cuts is said.
    let narrow = exported(&folder, &["--range", "x=-0.5..0.5"]);
    check(&narrow, "x", ("known", -0.5, 0.5));
    assert!(warnings(tensor(&narrow, "x")).contains("-0.5 to 0.5"), "{}", warnings(tensor(&narrow, "x")));
    for (wrong, word) in [("x=2..1", "-2.12..2.64"), ("z=0..1", "--range z fits no layer"), ("x", "-2.12..2.64")] {
        let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy", "--range", wrong]);
        assert!(ran.code == 2 && ran.err.contains(word), "{wrong}: {}", ran.err);
    }
}

#[test]
fn known_is_asked_for_as_a_method_is_and_says_where_there_is_nothing() {
    let folder = folder();
    let known = exported(&folder, &["--method", "known", "--symmetric"]);
    check(&known, "s", ("known", -1.0, 1.0));
    assert_eq!(chosen(&known, "x").0, "mse");
    assert_eq!(tensor(&known, "x")["chosen"]["instead_of"], "known");
    assert!(warnings(tensor(&known, "x")).contains("nothing says what its values can be"));
    assert_eq!(tensor(&known, "w")["chosen"]["method"], "max", "it speaks of activations");
    let set = exported(&folder, &["--set", "op:Sigmoid=known,unsigned"]);
    check(&set, "s", ("known", 0.0, 1.0));
    let first = exported(&folder, &["--method", "known,entropy"]);
    assert_eq!((chosen(&first, "s").0.as_str(), chosen(&first, "x").0.as_str()), ("known", "entropy"));
    let compared = qviz(folder.path(), &["compare", "net.onnx", "--data", "x.npy"]);
    assert!(compared.code == 0 && compared.out.lines().next().unwrap().contains(" known:amax "), "{}", compared.out);
}

#[test]
fn what_the_values_contradict_does_not_choose() {
    let folder = folder();
    let wide: Vec<f32> = normal(400 * 8, 7).into_iter().map(|x| x * 60.0).collect();
    fs::write(folder.path().join("x.npy"), rows(&wide)).unwrap();
    let document = exported(&folder, &["--mean", "0.5", "--std", "0.5"]);
    assert_eq!(chosen(&document, "x").0, "mse");
    let said = warnings(tensor(&document, "x"));
    assert!(said.contains("known has no answer here") && said.contains("-1 to 1"), "{said}");
    let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy", "--mean", "1,2,3", "--std", "1,2"]);
    let said = ran.out + &ran.err;
    assert!(ran.code == 1 && said.contains("3 numbers for the mean and 2"), "{said}");
}

/// A convolution of one pixel over pictures of ten levels, and such pictures, of which none is white.
fn pictures(off: f32) -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("Conv", &["x", "w"], "y", None)];
    let constants = [onnx::constant("w", &[2, 3, 1, 1], &normal(6, 3))];
    let model = onnx::model_with(("x", &[1, 3, 10, 10]), &nodes, &constants, ("y", &[1, 2, 10, 10]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let (mean, std) = ([0.485f32, 0.456, 0.406], [0.229f32, 0.224, 0.225]);
    let level = |i: usize| (i * 7 % 180) as f32 + off;
    let values: Vec<f32> = (0..8 * 300).map(|i| (level(i) / 255.0 - mean[i / 100 % 3]) / std[i / 100 % 3]).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[8, 3, 10, 10], &bytes(&values))).unwrap();
    folder
}

#[test]
fn arrays_that_were_pictures_show_it() {
    let folder = pictures(0.0);
    let ran = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--check", "x.npy"]);
    assert_eq!(ran.err.matches("looks like pictures after ImageNet's mean and std").count(), 1, "{}", ran.err);
    let (method, min, max) = chosen(&ran.json(), "x");
    assert_eq!(method, "known");
    assert!((min + 2.1179).abs() < 2e-2 && (max - 2.64).abs() < 2e-2, "{min} {max}");
    // Whoever says more is believed.
    check(&exported(&folder, &["--range", "x=-3..3"]), "x", ("known", -3.0, 3.0));
    assert_eq!(chosen(&exported(&folder, &["--method", "max"]), "x").0, "max");
    let other = exported(&folder, &["--mean", "0.6", "--std", "0.25"]);
    assert_eq!(chosen(&other, "x").0, "known");
    assert!(chosen(&other, "x").1 < -2.35, "{:?}", chosen(&other, "x"));
    assert_eq!(chosen(&exported(&pictures(0.4), &[]), "x").0, "mse", "between the levels");
}

#[test]
fn a_document_keeps_it_and_takes_it_up() {
    let folder = folder();
    let given = ["--range", "x=-2..3", "--affine"];
    let written =
        qviz(folder.path(), &[&["export", "net.onnx", "--data", "x.npy", "-o", "a.json"][..], &given].concat());
    assert_eq!(written.code, 0, "{}", written.err);
    check(&exported(&folder, &[&["--scales", "a.json"][..], &given].concat()), "x", ("known", -2.0, 3.0));
    // Where nothing is known any more the clip stays as it was, and one is told.
    let ran = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--scales", "a.json"]);
    check(&ran.json(), "x", ("known", -2.0, 3.0));
    assert!(ran.err.contains("x: known has no answer here"), "{}", ran.err);
}

#[test]
fn dumps_have_ranges_too() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("acts.npy"), npy("<f4", &[500, 3], &bytes(&normal(1500, 1)))).unwrap();
    let ran = qviz(folder.path(), &["export", "acts.npy", "--range", "acts=-8..8", "--per-channel", "acts=1"]).fine();
    let each = tensor(&ran.json(), "acts")["chosen"]["amax"].clone();
    assert_eq!(each, serde_json::json!([8.0, 8.0, 8.0]), "of each channel too");
    let ran = qviz(folder.path(), &["export", "acts.npy", "--range", "acts=-8..8"]).fine();
    check(&ran.json(), "acts", ("known", -8.0, 8.0));
}

fn in_float(document: &Value) -> String {
    let tensors = document["tensors"].as_array().unwrap().iter();
    let float = tensors.filter(|tensor| tensor["chosen"]["quantized"] == false);
    float.map(|tensor| tensor["name"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn patterns_say_who_takes_a_tensor() {
    let folder = folder();
    for (pattern, float) in [
        ("in:MatMul", "x s w v"),
        ("op:MatMul", "c y w v"),
        ("in:Sigmoid", "c"),
        ("MatMul_c", "x w"),
        ("MatMul_?", "x s w v"),
        ("Sigmoid_s,y", "y"),
        ("node:Sigmoid_s", "c"),
        ("kind:weight", "w v"),
        ("kind:activation", "x c s y"),
    ] {
        if pattern.starts_with("Sigmoid_s") {
            // Only what multiplies is a layer by its name alone.
            let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy", "--skip", pattern]);
            assert!(ran.code == 2 && ran.err.contains("--skip Sigmoid_s fits no layer"), "{}", ran.err);
            continue;
        }
        assert_eq!(in_float(&exported(&folder, &["--place", "all", "--skip", pattern])), float, "{pattern}");
    }
    let set = exported(&folder, &["--set", "MatMul_y=bits:4"]);
    let bits = |name: &str| tensor(&set, name)["chosen"]["num_bits"].as_u64().unwrap();
    assert_eq!(["x", "w", "s", "v"].map(bits), [8, 8, 4, 4]);
}
