//! A network as it is deployed, and as it is written.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{onnx, qviz, tempdir, tensor};

/// A convolution of factors 2 and −3, a batch norm that makes them 4 and −1.5, another name of its result, and a Relu.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let norm = ["c", "scale", "shift", "mean", "variance"];
    let nodes = [
        onnx::node("Conv", &["x", "w"], "c", None),
        onnx::node("BatchNormalization", &norm, "n", None),
        onnx::node("Identity", &["n"], "i", None),
        onnx::node("Relu", &["i"], "y", None),
    ];
    let row = |name: &str, values: [f32; 2]| onnx::constant(name, &[2], &values);
    // The smallest number that ONNX adds is there already.
    let constants = [
        onnx::constant("w", &[2, 1, 1, 1], &[2.0, -3.0]),
        row("scale", [1.0, 1.0]),
        row("shift", [0.0, 1.0]),
        row("mean", [0.5, 0.0]),
        row("variance", [0.25 - 1e-5, 4.0 - 1e-5]),
    ];
    let model = onnx::model_with(("x", &[1, 1, 2, 2]), &nodes, &constants, ("y", &[1, 2, 2, 2]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    folder
}

const ON: [&str; 6] = ["net.onnx", "--random", "2", "--place", "all", "--method=max"];

fn exported(folder: &TempDir, more: &[&str]) -> Value {
    let ran = qviz(folder.path(), &[&["export"][..], &ON, more].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.json()
}

fn names(document: &Value) -> BTreeSet<&str> {
    document["tensors"].as_array().unwrap().iter().map(|tensor| tensor["name"].as_str().unwrap()).collect()
}

/// The largest magnitude of each channel.
fn amax(document: &Value) -> Vec<f32> {
    let channels = tensor(document, "w")["chosen"]["amax"].as_array().unwrap();
    channels.iter().map(|amax| amax.as_f64().unwrap() as f32).collect()
}

#[test]
fn exported_scales_fit_the_weights_that_are_deployed() {
    let folder = folder();
    let deployed = exported(&folder, &[]);
    assert_eq!(names(&deployed), ["n", "w", "x", "y"].into());
    let near = |found: Vec<f32>, wanted: [f32; 2]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-5 * b);
    assert!(near(amax(&deployed), [4.0, 1.5]), "{:?}", amax(&deployed));
    assert_eq!(tensor(&deployed, "w")["folded"], json!(["BatchNormalization BatchNormalization_n"]));
    assert_eq!(tensor(&deployed, "n")["absorbed"], json!(["i", "c"]));
    assert!(tensor(&deployed, "x").get("absorbed").is_none() && tensor(&deployed, "n").get("folded").is_none());

    let written = exported(&folder, &["--as-written"]);
    assert_eq!(names(&written), ["c", "i", "n", "w", "x", "y"].into());
    assert_eq!(amax(&written), [2.0, 3.0]);
    assert!(tensor(&written, "w").get("folded").is_none() && tensor(&written, "n").get("absorbed").is_none());
    // What is left holds what it holds in the file.
    for name in ["x", "n", "y"] {
        let largest = |document: &Value| tensor(document, name)["stats"]["max"].as_f64().unwrap();
        assert!((largest(&deployed) - largest(&written)).abs() < 1e-5, "{name}");
    }
}

#[test]
fn what_is_not_as_in_the_file_is_said() {
    let folder = folder();
    let told = |more: &[&str]| qviz(folder.path(), &[&["report"][..], &ON, more].concat());
    let said = "looked at as it is deployed: 1 node is folded into the weight before it, 1 tensor is another name";
    assert!(told(&[]).err.contains(said), "{}", told(&[]).err);
    assert!(!told(&["--as-written"]).err.contains("deployed"));
    for (name, said) in [("c", "c is folded into w, and n is what comes out"), ("i", "i is another name of n")] {
        for option in ["--skip", "--only"] {
            let ran = told(&[option, name]);
            let sentence = format!("{option} {name} fits no layer; {said} (--as-written has the file's own tensors).");
            assert!(ran.code == 2 && ran.err.contains(&sentence), "{}", ran.err);
            assert_eq!(told(&[option, name, "--as-written"]).code, 0);
        }
    }
    let ran = qviz(folder.path(), &["report", "x.npy", "--as-written"]);
    assert!(ran.code == 2 && ran.err.contains("does nothing here: only a model is run"), "{}", ran.err);
}

/// A document of the file as it is written is not lost on the network as it is deployed.
#[test]
fn documents_of_both_can_be_taken_up_by_either() {
    let folder = folder();
    let save = |more: &[&str]| qviz(folder.path(), &[&["export"][..], &ON, more].concat());
    assert_eq!(save(&["--as-written", "--set", "c=bits:4", "-o", "written.json"]).code, 0);
    let taken = exported(&folder, &["--scales", "written.json"]);
    assert_eq!(tensor(&taken, "c")["chosen"]["num_bits"], 4);
    assert!(names(&taken).is_superset(&["c", "n", "w", "x", "y"].into()));
    let folded = amax(&taken)[0];
    assert!((folded - 4.0).abs() < 1e-4, "max is asked anew on the weight at hand: {folded}");
}
