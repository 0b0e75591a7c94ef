//! Where a network is quantized, and by which method, unless something else is said.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{normal, npy, onnx, qviz, tempdir};

/// Two products with HardSwish written out between them, and a Softmax behind.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("MatMul", &["x", "w"], "c", None),
        onnx::node("Add", &["c", "three"], "a", None),
        onnx::node("Relu", &["a"], "k", None),
        onnx::node("Mul", &["c", "k"], "m", None),
        onnx::node("Div", &["m", "six"], "h", None),
        onnx::node("MatMul", &["h", "v"], "z", None),
        onnx::node("Softmax", &["z"], "y", Some(("axis", 1))),
    ];
    let constants = [
        onnx::constant("w", &[8, 8], &normal(64, 3)),
        onnx::constant("v", &[8, 8], &normal(64, 4)),
        onnx::constant("three", &[1], &[3.0]),
        onnx::constant("six", &[1], &[6.0]),
    ];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 8]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let x: Vec<u8> = normal(400 * 8, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[400, 8], &x)).unwrap();
    folder
}

/// What is chosen for each tensor, by name.
#[track_caller]
pub fn chosen(folder: &TempDir, args: &[&str]) -> BTreeMap<String, Value> {
    let ran = qviz(folder.path(), &[&["export", "net.onnx", "--data", "x.npy"], args].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let tensors = ran.json()["tensors"].as_array().unwrap().clone();
    tensors.into_iter().map(|t| (t["name"].as_str().unwrap().to_owned(), t["chosen"].clone())).collect()
}

fn quantized(chosen: &BTreeMap<String, Value>) -> String {
    let quantized = chosen.iter().filter(|(_, chosen)| chosen["quantized"] == true);
    quantized.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_network_is_quantized_where_a_runtime_would() {
    let folder = folder();
    let fused = chosen(&folder, &[]);
    assert_eq!(quantized(&fused), "h v w x");
    assert_eq!(fused["c"]["in_float"], "inside MatMul+Add");
    assert_eq!(fused["z"]["in_float"], "taken by Softmax, which computes in float");
    assert!(fused["h"].get("in_float").is_none());
    assert_eq!(quantized(&chosen(&folder, &["--place", "fused"])), "h v w x");
    assert_eq!(quantized(&chosen(&folder, &["--place", "inputs"])), "h v w x");
    assert_eq!(quantized(&chosen(&folder, &["--place", "all"])), "a c h k m v w x y z");
    let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy"]);
    let state = |name: &str| {
        let row = ran.out.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        row.split_whitespace().nth(15).unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!((state("c").as_str(), state("h") == "float"), ("float", false), "{}", ran.out);
}

#[test]
fn rules_prevail_over_the_placement() {
    let folder = folder();
    let put_back = chosen(&folder, &["--set", "c=quantized", "--skip", "h"]);
    assert_eq!(quantized(&put_back), "c v w x");
    assert!(put_back["h"].get("in_float").is_none(), "a rule of yours is no reason of the placement's");
    assert_eq!(quantized(&chosen(&folder, &["--only", "a,op:Softmax"])), "a y");
    // What a document holds goes before.
    let ran = qviz(folder.path(), &["export", "net.onnx", "--data", "x.npy", "--place", "all", "-o", "all.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(quantized(&chosen(&folder, &["--scales", "all.json"])), "a c h k m v w x y z");
}

#[test]
fn mse_chooses_for_activations_and_max_for_weights() {
    let folder = folder();
    let methods = |args: &[&str]| -> (String, String) {
        let chosen = chosen(&folder, args);
        let of = |name: &str| chosen[name]["method"].as_str().unwrap().to_owned();
        assert_eq!((of("x"), of("v")), (of("h"), of("w")));
        (of("x"), of("w"))
    };
    let both = |x: &str, w: &str| (x.to_owned(), w.to_owned());
    assert_eq!(methods(&[]), both("mse", "max"));
    assert_eq!(methods(&["--method", "percentile-99.9"]), both("percentile-99.9", "max"));
    assert_eq!(methods(&["--weights-method", "mse"]), both("mse", "mse"));
    assert_eq!(
        methods(&["--method", "entropy", "--weights-method", "percentile-99"]),
        both("entropy", "percentile-99")
    );
    assert_eq!(methods(&["--format", "e4m3"]), both("max", "max"));
    assert_eq!(methods(&["--set", "*=coverage"]), both("coverage", "coverage"));
}

#[test]
fn what_is_for_a_network_is_refused_elsewhere() {
    let folder = folder();
    for wrong in [["--place", "inputs"], ["--weights-method", "max"]] {
        let ran = qviz(folder.path(), &[&["report", "x.npy"][..], &wrong].concat());
        assert!(ran.code == 2 && ran.err.contains("does nothing here: only a model is run"), "{}", ran.err);
    }
    let ran = qviz(folder.path(), &["report", "net.onnx", "--data", "x.npy", "--place", "everywhere"]);
    assert!(ran.code == 2 && ran.err.contains("fused"), "{}", ran.err);
}
