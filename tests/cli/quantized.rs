//! A model that is quantized already.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::placement::chosen;
use super::{normal, npy, onnx, qviz, tempdir};

const SCALES: [f32; 4] = [0.011, 0.012_345, 0.003_7, 0.02];

/// A product of `x`, affine, with a weight that has a scale for each output channel; its result on a grid, and a Softmax.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("QuantizeLinear", &["x", "x_scale", "x_zero"], "x_q", None),
        onnx::node("DequantizeLinear", &["x_q", "x_scale", "x_zero"], "x_dq", None),
        onnx::node("DequantizeLinear", &["w_q", "w_scale", "w_zero"], "w", Some(("axis", 1))),
        onnx::node("MatMul", &["x_dq", "w"], "m", None),
        onnx::node("QuantizeLinear", &["m", "m_scale", "m_zero"], "m_q", None),
        onnx::node("DequantizeLinear", &["m_q", "m_scale", "m_zero"], "m_dq", None),
        onnx::node("Softmax", &["m_dq"], "y", Some(("axis", 1))),
    ];
    let codes: Vec<u8> = normal(32, 5).into_iter().map(|x| (x * 40.0).clamp(-127.0, 127.0) as i8 as u8).collect();
    let constants = [
        onnx::constant("x_scale", &[], &[0.017_3]),
        onnx::small_integers("x_zero", 2, &[], &[131]),
        onnx::constant("m_scale", &[], &[0.029]),
        onnx::small_integers("m_zero", 3, &[], &[(-7_i8) as u8]),
        onnx::small_integers("w_q", 3, &[8, 4], &codes),
        onnx::constant("w_scale", &[4], &SCALES),
        onnx::small_integers("w_zero", 3, &[4], &[0; 4]),
    ];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 4]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let x: Vec<u8> = normal(100 * 8, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[100, 8], &x)).unwrap();
    folder
}

#[test]
fn its_document_holds_the_scales_of_the_file() {
    let folder = folder();
    let file = chosen(&folder, &[]);
    assert_eq!(file.keys().map(String::as_str).collect::<Vec<_>>(), ["m", "w", "x", "y"], "nothing is quantized twice");
    let of = |name: &str, what: &str| file[name][what].clone();
    let single = |value: &Value| value.as_f64().unwrap() as f32;
    for (name, scale, zero) in [("x", 0.017_3, 131), ("m", 0.029, -7)] {
        assert_eq!((single(&of(name, "scale")), of(name, "zero_point").as_i64()), (scale, Some(zero)), "{name}");
        assert_eq!((of(name, "method"), of(name, "quantized")), ("file".into(), true.into()));
    }
    let scales: Vec<f32> = of("w", "scale").as_array().unwrap().iter().map(single).collect();
    assert_eq!(scales, SCALES);
    assert_eq!((of("w", "method"), of("w", "edited")), ("file".into(), false.into()));
    assert_eq!(of("y", "in_float"), "not quantized in the file");
}

#[test]
fn it_says_so_and_a_method_that_is_named_prevails() {
    let folder = folder();
    let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy"]);
    let said = ran.out + &ran.err;
    assert!(said.contains("shown is its float network; the scales of the file are the first offer"), "{said}");
    let named = chosen(&folder, &["--method", "max"]);
    assert_eq!((&named["x"]["method"], &named["w"]["method"]), (&"max".into(), &"file".into()), "it is of activations");
    assert_eq!(
        (&named["m"]["quantized"], &named["y"]["quantized"]),
        (&true.into(), &false.into()),
        "where it is stays"
    );
    let placed = chosen(&folder, &["--place", "all"]);
    assert_eq!((&placed["x"]["method"], &placed["y"]["quantized"]), (&"file".into(), &true.into()));
    // Words prevail for what they are of, and only there.
    let methods = |args: &[&str]| {
        let all = chosen(&folder, args);
        ["x", "m", "w"].map(|name| all[name]["method"].as_str().unwrap().to_owned())
    };
    assert_eq!(methods(&["--set", "x=percentile-99.99"]), ["percentile-99.99", "file", "file"]);
    assert_eq!(methods(&["--weights-method", "mse"]), ["file", "file", "mse"]);
    assert_eq!(methods(&["--set", "w=bits:4"]), ["file", "file", "max"]);
    assert_eq!(methods(&["--symmetric"]), ["mse", "mse", "file"]);
    assert_eq!(methods(&["--bits", "4"]), ["mse", "mse", "max"]);
    assert_eq!(methods(&["--skip", "m"]), ["file"; 3], "where is not how");
    let m = chosen(&folder, &["--set", "m=bits:16"]).remove("m").unwrap();
    assert_eq!((&m["method"], &m["num_bits"]), (&"mse".into(), &16.into()));
    // The document is taken up as it stands.
    let ran = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "-o", "file.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(chosen(&folder, &["--scales", "file.json"])["x"], chosen(&folder, &[])["x"]);
}
