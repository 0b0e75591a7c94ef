//! `qviz diff`: exit codes, text and JSON.

use std::fs;

use serde_json::Value;

use super::{qviz, tempdir};

/// Two caches: `x` on 0.01 in both, `y` on 0.5 and 0.25.
fn caches(folder: &std::path::Path) {
    let cache =
        |y: f32| format!("TRT-8205-EntropyCalibration2\nx: {:08x}\ny: {:08x}\n", 0.01_f32.to_bits(), y.to_bits());
    fs::write(folder.join("a.cache"), cache(0.5)).unwrap();
    fs::write(folder.join("b.cache"), cache(0.25)).unwrap();
}

#[test]
fn files_that_differ_say_by_how_much_and_end_with_1() {
    let folder = tempdir().unwrap();
    caches(folder.path());
    let ran = qviz(folder.path(), &["diff", "a.cache", "b.cache"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..3], ["y", "scale,clip", "-50.0"]);
    assert_eq!(ran.out.lines().last(), Some("1 of 2 tensors differs, the worst by -50.0 % (y)."));
    let ran = qviz(folder.path(), &["diff", "a.cache", "b.cache", "--json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &json["equal"], &json["differing"]), (1, &false.into(), &1.into()));
    assert_eq!((&json["tensors"][0]["name"], &json["tensors"][0]["by"]), (&"y".into(), &(-0.5).into()));
    // Both ways, and the tolerance is of the first one's scale.
    assert_eq!(qviz(folder.path(), &["diff", "a.cache", "b.cache", "--tolerance", "50%"]).code, 0);
    assert_eq!(qviz(folder.path(), &["diff", "a.cache", "b.cache", "--tolerance", "0.49"]).code, 1);
    assert_eq!(qviz(folder.path(), &["diff", "b.cache", "a.cache", "--tolerance", "50%"]).code, 1);
}

#[test]
fn files_that_agree_end_with_0_whatever_their_formats() {
    let folder = tempdir().unwrap();
    caches(folder.path());
    qviz(folder.path(), &["diff", "a.cache", "a.cache"]).fine();
    for to in ["json", "csv", "ncnn-table", "aimet-1.0.0", "tpu-mlir-table", "ort-overrides", "torch-amax"] {
        qviz(folder.path(), &["convert", "a.cache", "--to", to, "-o", to]);
        let ran = qviz(folder.path(), &["diff", "a.cache", to, "--from-b", to]);
        assert_eq!((ran.code, ran.out), (0, format!("a.cache and {to} agree on 2 tensors.\n")), "{}", ran.err);
    }
    let ran = qviz(folder.path(), &["diff", "a.cache", "a.cache", "--all"]).fine();
    assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
}

#[test]
fn what_cannot_be_read_ends_with_1_and_wrong_usage_with_2() {
    let folder = tempdir().unwrap();
    caches(folder.path());
    let ran = qviz(folder.path(), &["diff", "a.cache", "none.cache"]);
    assert!(ran.code == 1 && ran.err.starts_with("qviz: none.cache could not be read: "), "{}", ran.err);
    fs::write(folder.path().join("x"), "hello").unwrap();
    let ran = qviz(folder.path(), &["diff", "x", "a.cache"]);
    assert!(ran.code == 1 && ran.err.starts_with("qviz: x is of no format that is known here"), "{}", ran.err);
    for wrong in [&["diff", "a.cache"][..], &["diff", "a.cache", "b.cache", "--tolerance", "much"]] {
        assert_eq!(qviz(folder.path(), wrong).code, 2);
    }
    for wrong in [["--from", "json", "--from-a", "json"], ["--from", "onnx", "--json", "--all"]] {
        assert_eq!(qviz(folder.path(), &[&["diff", "a.cache", "b.cache"], &wrong[..]].concat()).code, 2);
    }
}

/// A model whose input is on uint8 around 100, at a scale of 0.1.
#[cfg(feature = "onnx")]
#[test]
fn a_model_s_own_scales_are_compared() {
    use super::onnx::{constant, model_with, node, small_integers};
    let folder = tempdir().unwrap();
    let model = |scale: f32| {
        let nodes = [
            node("QuantizeLinear", &["x", "s", "z"], "q", None),
            node("DequantizeLinear", &["q", "s", "z"], "d", None),
            node("Relu", &["d"], "y", None),
        ];
        let constants = [constant("s", &[], &[scale]), small_integers("z", 2, &[], &[100])];
        model_with(("x", &[2]), &nodes, &constants, ("y", &[2]))
    };
    fs::write(folder.path().join("a.onnx"), model(0.1)).unwrap();
    fs::write(folder.path().join("b.onnx"), model(0.2)).unwrap();
    let ran = qviz(folder.path(), &["diff", "a.onnx", "b.onnx"]);
    assert_eq!(ran.out.lines().last(), Some("1 of 1 tensor differs, the worst by +100 % (x)."), "{}", ran.err);
    qviz(folder.path(), &["diff", "a.onnx", "a.onnx"]).fine();
    fs::write(folder.path().join("x.json"), r#"{"x": [{"quant_type": "QUInt8", "scale": 0.1, "zero_point": 100}]}"#)
        .unwrap();
    qviz(folder.path(), &["diff", "a.onnx", "x.json"]).fine();
    fs::write(
        folder.path().join("f.onnx"),
        super::onnx::model(("x", &[2]), &[node("Relu", &["x"], "y", None)], ("y", &[2])),
    )
    .unwrap();
    let ran = qviz(folder.path(), &["diff", "f.onnx", "x.json"]);
    assert!(ran.code == 1 && ran.err.contains("f.onnx holds no QuantizeLinear"), "{}", ran.err);
}
