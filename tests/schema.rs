//! What the program prints as JSON is what `docs/schema` says, key for key.
#![cfg(feature = "tui")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

#[path = "support/npy.rs"]
mod npy;
#[cfg(feature = "onnx")]
#[path = "support/onnx.rs"]
mod onnx;
#[path = "support/schema.rs"]
mod schema;

use npy::{normal, npy, write};
use schema::Schemas;

/// What it prints; the exit code may say that some input could not be read.
#[track_caller]
fn printed(folder: &Path, args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_qviz")).args(args).current_dir(folder).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{err}"))
}

#[track_caller]
fn fits(schemas: &Schemas, file: &str, document: &Value) {
    let faults = schemas.faults(file, document);
    assert!(faults.is_empty(), "{file}:\n{}", faults.iter().take(9).cloned().collect::<Vec<_>>().join("\n"));
}

/// Tensors of every sort, and a file that is none.
fn files() -> TempDir {
    let folder = tempdir().unwrap();
    let rows: Vec<u8> = normal(400, 1).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("rows.npy"), npy("<f4", &[100, 4], &rows)).unwrap();
    write(folder.path().join("a.npy"), &normal(2000, 2));
    write(folder.path().join("b.npy"), &normal(2000, 3).iter().map(|x| x.abs()).collect::<Vec<f32>>());
    write(folder.path().join("nan.npy"), &[1.0, f32::NAN, f32::INFINITY]);
    write(folder.path().join("nothing.npy"), &[]);
    fs::write(folder.path().join("bad.npy"), "no array").unwrap();
    folder
}

#[test]
fn documents_of_files_are_what_the_schema_says() {
    let (folder, schemas) = (files(), Schemas::read());
    let of = |args: &[&str]| printed(folder.path(), args);
    for options in [
        &[][..],
        &["--affine", "--exact"],
        &["--format", "e4m3", "--method", "max,mse"],
        &["--per-channel", "rows=1", "--tie", "a,b", "--skip", "nan", "--set", "rows=entropy"],
        &["--range", "a=-1..1", "--bits", "4", "--method", "nvidia-entropy,ort-percentile-sym-99.9,aciq-laplace"],
    ] {
        let document = of(&[&["report", "--json", "."], options].concat());
        fits(&schemas, "scales-1.json", &document);
        let lean = of(&[&["report", "--json", "--lean", "."], options].concat());
        fits(&schemas, "scales-1.json", &lean);
        assert_eq!(lean["provenance"], document["provenance"]);
        assert!(lean.to_string().len() * 3 < document.to_string().len(), "{options:?}");
        if !options.contains(&"--exact") {
            fits(&schemas, "compare-1.json", &of(&[&["compare", "--json", "."], options].concat()));
        }
    }
    let document = of(&["report", "--json", ".", "--affine", "--set", "a=bits:4", "--set", "b=max"]);
    let provenance = json!({
        "title": ".",
        "data": ["."],
        "options": { "affine": [], "set": ["a=bits:4", "b=max"] },
    });
    assert_eq!(document["provenance"], provenance);
    fits(&schemas, "methods-1.json", &of(&["methods", "--json"]));
}

#[test]
fn what_is_said_of_files_of_scales_is_what_the_schemas_say() {
    let (folder, schemas) = (files(), Schemas::read());
    let of = |args: &[&str]| printed(folder.path(), args);
    for (name, options) in [("a.json", &["--method", "max"][..]), ("b.json", &["--method", "mse", "--skip", "b"])] {
        let document =
            of(&[&["report", "--json", "--per-channel", "rows=1", "a.npy", "b.npy", "rows.npy"], options].concat());
        fs::write(folder.path().join(name), document.to_string()).unwrap();
    }
    fs::write(folder.path().join("zero.cache"), "TRT-100300-EntropyCalibration2\na: 00000000\nc: 3f800000\n").unwrap();
    fs::write(folder.path().join("other.cache"), "TRT-100300-EntropyCalibration2\na: 3c000000\nc: 3f800000\n").unwrap();
    for (a, b) in [("a.json", "a.json"), ("a.json", "b.json"), ("a.json", "other.cache")] {
        fits(&schemas, "diff-1.json", &of(&["diff", a, b, "--json"]));
        fits(&schemas, "diff-1.json", &of(&["diff", a, b, "--json", "--all", "--tolerance", "1%"]));
    }
    for file in ["a.json", "zero.cache", "bad.npy"] {
        fits(&schemas, "check-1.json", &of(&["check", file, "--json"]));
    }
    fits(&schemas, "check-1.json", &of(&["check", "--rules", "--json"]));
}

#[cfg(feature = "statistics")]
#[test]
fn what_has_moved_is_what_the_schema_says() {
    let (folder, schemas) = (files(), Schemas::read());
    for options in [&[][..], &["--affine", "--method", "max"]] {
        let args = [&["compare", "--data", "a.npy", "b.npy", "nan.npy", "--against", ".", "--json"], options].concat();
        let document = printed(folder.path(), &args);
        fits(&schemas, "shift-1.json", &document);
        assert_eq!(document["only_b"], json!(["nothing", "rows"]));
    }
    let document = printed(folder.path(), &["compare", "nothing.npy", "--against", "nothing.npy", "--json"]);
    fits(&schemas, "shift-1.json", &document);
    assert_eq!(document["layers"][0]["moved"], Value::Null);
}

#[test]
fn what_is_no_document_has_faults() {
    let (folder, schemas) = (files(), Schemas::read());
    let document = printed(folder.path(), &["report", "--json", "a.npy"]);
    let faults = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(&mut document);
        schemas.faults("scales-1.json", &document)
    };
    assert!(faults(&|_| {}).is_empty());
    assert_eq!(faults(&|d| d["schema"] = "qviz.scales/2".into()).len(), 1);
    assert_eq!(faults(&|d| d["tensors"][0]["grown"] = 1.into()), ["/tensors/0/grown stands in no schema"]);
    assert_eq!(faults(&|d| d["tensors"][0]["chosen"]["scale"] = "x".into()).len(), 1);
    assert_eq!(faults(&|d| d["tensors"][0]["chosen"]["num_bits"] = 99.into()).len(), 1);
    assert_eq!(faults(&|d| drop(d["tensors"][0].as_object_mut().unwrap().remove("name"))).len(), 1);
    // Every schema is one, and is printed by a command above or below.
    assert_eq!(
        schemas.names().collect::<Vec<_>>(),
        [
            "check-1.json",
            "compare-1.json",
            "diff-1.json",
            "methods-1.json",
            "scales-1.json",
            "sensitivity-1.json",
            "shift-1.json",
            "verify-1.json"
        ]
    );
}

#[cfg(feature = "onnx")]
#[test]
fn documents_of_a_network_are_what_the_schemas_say() {
    let (folder, schemas) = (tempdir().unwrap(), Schemas::read());
    let nodes = [onnx::node("MatMul", &["x", "w"], "a", None), onnx::node("MatMul", &["a", "v"], "y", None)];
    let constants = [onnx::constant("w", &[8, 8], &normal(64, 3)), onnx::constant("v", &[8, 8], &normal(64, 4))];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 8]));
    fs::write(folder.path().join("net.onnx"), &model).unwrap();
    for (name, rows, seed) in [("x.npy", 32, 7), ("check.npy", 8, 9)] {
        let values: Vec<u8> = normal(rows * 8, seed).into_iter().flat_map(f32::to_le_bytes).collect();
        fs::write(folder.path().join(name), npy("<f4", &[rows, 8], &values)).unwrap();
    }
    let on = ["net.onnx", "--data", "x.npy", "--check", "check.npy"];
    let of = |args: &[&str]| printed(folder.path(), &[args, &on[..]].concat());
    let outputs = of(&["report", "--json", "--outputs"]);
    fits(&schemas, "scales-1.json", &outputs);
    let provenance = &outputs["provenance"];
    assert_eq!((&provenance["samples"], &provenance["data"]), (&32.into(), &json!(["x.npy"])));
    let file = &provenance["model"];
    assert_eq!((&file["file"], &file["bytes"]), (&"net.onnx".into(), &(model.len() as u64).into()));
    let by_method = of(&["report", "--json", "--by-method"]);
    fits(&schemas, "scales-1.json", &by_method);
    assert!(by_method["outputs"]["by_method"].as_array().is_some_and(|rows| rows.len() >= 5));
    fits(&schemas, "sensitivity-1.json", &of(&["sensitivity", "--json"]));
    let tuned =
        of(&["tune", "--json", "--allow", "16bit,float", "--max-16bit", "1", "--max-float", "1", "--correct-bias"]);
    fits(&schemas, "scales-1.json", &tuned);
    assert!(tuned["tuning"]["sets"].is_array() && tuned["provenance"]["options"]["max-16bit"] == json!(["1"]));
    let lean = of(&["tune", "--json", "--lean"]);
    fits(&schemas, "scales-1.json", &lean);
    assert!(lean.get("tuning").is_none());
}

#[test]
fn a_verification_is_what_the_schema_says() {
    use qviz::quant::Difference;
    use qviz::report::{Verification, VerifiedTensor};

    let difference = |one: &[f32], other: &[f32]| {
        let mut difference = Difference::default();
        difference.push(0, (&[one.len()], one), (&[other.len()], other));
        difference
    };
    let all = [
        difference(&[1.0], &[1.0]),
        difference(&[1.0], &[2.0]),
        difference(&[1.0], &[f32::NAN]),
        difference(&[1.0, 2.0], &[1.0]),
        Difference::default(),
    ];
    let tensor = |difference| VerifiedTensor { name: "x", op: "Conv", dtype: "float32", difference };
    let found = Verification {
        tensors: all.iter().map(tensor).collect(),
        only_tract: &["t".to_owned()],
        only_runtime: &[],
        samples: 1,
        runtime: "ONNX Runtime 1.20.1",
        tolerance: None,
    };
    fits(&Schemas::read(), "verify-1.json", &serde_json::from_str(&found.json()).unwrap());
}
