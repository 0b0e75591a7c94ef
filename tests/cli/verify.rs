//! `qviz verify` and `--engine onnxruntime`. What needs an ONNX Runtime is ignored unless one is named:
//! `ORT_DYLIB_PATH=... cargo test --test cli -- --ignored verify`.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{Ran, onnx, qviz, tempdir};

/// A product, a curve of it, and an operator that tract lacks on demand.
fn net(own: bool) -> TempDir {
    let folder = tempdir().unwrap();
    let curve = if own { "MaxRoiPool" } else { "Tanh" };
    let nodes = [onnx::node("MatMul", &["x", "w"], "product", None), onnx::node(curve, &["product"], "curve", None)];
    let w: Vec<f32> = (0..32).map(|i| (i as f32 * 0.7).sin()).collect();
    let model = onnx::model_with(("x", &[4, 8]), &nodes, &[onnx::constant("w", &[8, 4], &w)], ("curve", &[4, 4]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    folder
}

fn ran(folder: &TempDir, args: &[&str]) -> Ran {
    qviz(folder.path(), args)
}

#[test]
fn what_is_missing_is_said_before_anything_is_run() {
    let folder = net(false);
    let none = ran(&folder, &["verify", "net.onnx"]);
    assert_eq!((none.code, none.out.as_str()), (2, ""));
    assert!(none.err.contains("net.onnx needs something to run on: --data PATH"), "{}", none.err);
    let gone = ran(&folder, &["verify", "net.onnx", "--random", "2", "--onnxruntime", "gone"]);
    assert_eq!((gone.code, gone.out.as_str()), (2, ""));
    assert!(gone.err.starts_with("qviz: gone does not exist; give the ONNX Runtime library"), "{}", gone.err);
    let other = ran(&folder, &["verify", "net.onnx", "--random", "2", "--onnxruntime", "net.onnx"]);
    assert_eq!(other.code, 2);
    assert!(other.err.starts_with("qviz: net.onnx is no library;"), "{}", other.err);
    let wrong = ran(&folder, &["verify", "net.onnx", "--random", "2", "--tolerance", "-1"]);
    assert_eq!(wrong.code, 2);
}

#[test]
fn a_library_that_is_none_is_told_for_the_engine_too() {
    let folder = net(false);
    let on = ["net.onnx", "--random", "2", "--engine", "onnxruntime", "--onnxruntime", "."];
    let report = ran(&folder, &[&["report"], &on[..]].concat());
    assert_eq!(report.code, 1);
    assert!(report.err.contains("qviz: . holds no ONNX Runtime: a file libonnxruntime.so"), "{}", report.err);
    for trial in [&["sensitivity"][..], &["tune"], &["report", "--outputs"], &["report", "--skip-worst", "1"]] {
        let refused = ran(&folder, &[trial, &on[..]].concat());
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{trial:?}");
        assert!(refused.err.contains("which needs tract; leave out --engine onnxruntime"), "{}", refused.err);
    }
}

#[test]
fn where_tract_lacks_an_operator_the_other_engine_is_named() {
    let folder = net(true);
    let refused = ran(&folder, &["report", "net.onnx", "--random", "2"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("tract has no operator MaxRoiPool"), "{}", refused.err);
    assert!(refused.err.trim_end().ends_with("take --engine onnxruntime."), "{}", refused.err);
}

#[test]
#[ignore = "needs an ONNX Runtime, named by ORT_DYLIB_PATH"]
fn both_engines_are_run_and_agree() {
    let library = std::env::var("ORT_DYLIB_PATH").unwrap();
    let folder = net(false);
    let on = ["net.onnx", "--random", "3", "--onnxruntime", &library];
    let short = ran(&folder, &[&["verify"], &on[..]].concat());
    assert_eq!(short.code, 0, "{}", short.err);
    let begin = short.out.lines().next().unwrap();
    assert!(begin.starts_with("tract and ONNX Runtime 1.") && begin.contains(" agree on 3 samples: none of 3 tensors"));
    assert!(short.out.contains("\nworst  ") && !short.out.contains("\nfirst"), "{}", short.out);
    let all = ran(&folder, &[&["verify", "--all"], &on[..]].concat());
    let rows: Vec<&str> = all.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(all.out.starts_with(&short.out) && rows.ends_with(&["tensor", "x", "product", "curve"]), "{}", all.out);
    let json = ran(&folder, &[&["verify", "--json"], &on[..]].concat());
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&document["schema"], &document["agrees"]), (&"qviz.verify/1".into(), &true.into()));
    // Nothing is exactly equal to the last bit for ever: with no tolerance at all they may differ, and say so.
    let strict = ran(&folder, &[&["verify", "--tolerance", "0"], &on[..]].concat());
    assert_eq!(strict.code == 1, strict.out.contains(" disagree on 3 samples"), "{}", strict.out);
}

#[test]
#[ignore = "needs an ONNX Runtime, named by ORT_DYLIB_PATH"]
fn both_engines_count_the_same() {
    let library = std::env::var("ORT_DYLIB_PATH").unwrap();
    let folder = net(false);
    let scales = |more: &[&str]| {
        let ran = ran(&folder, &[&["report", "--json", "net.onnx", "--random", "3", "--method", "max"], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let tensors = ran.json()["tensors"].as_array().unwrap().clone();
        let of = |t: &Value| (t["name"].to_string(), t["shape"].to_string(), t["chosen"]["scale"].as_f64());
        tensors.iter().map(of).collect::<Vec<_>>()
    };
    let (own, other) = (scales(&[]), scales(&["--engine", "onnxruntime", "--onnxruntime", &library]));
    assert_eq!(own.len(), other.len());
    for (own, other) in own.iter().zip(&other) {
        assert_eq!((&own.0, &own.1), (&other.0, &other.1));
        let (Some(a), Some(b)) = (own.2, other.2) else { continue };
        assert!((a - b).abs() <= a * 1e-5, "{own:?} {other:?}");
    }
}
