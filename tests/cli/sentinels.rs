//! A mask's value among scores: told where it spoils a range, and left out on request.

use std::fs;

use serde_json::Value;

use super::{normal, npy, qviz, qviz_with, tempdir, write};

/// Scores of which every tenth is masked.
fn masked(mask: f32) -> Vec<f32> {
    let mut values = normal(20_000, 5);
    values.iter_mut().step_by(10).for_each(|x| *x = mask);
    values
}

fn tensor(document: &Value, name: &str) -> Value {
    let tensors = document["tensors"].as_array().unwrap();
    tensors.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}")).clone()
}

fn warns(tensor: &Value, of: &str) -> bool {
    tensor["warnings"].as_array().unwrap().iter().any(|warning| warning.as_str().unwrap().contains(of))
}

#[test]
fn a_mask_is_told_and_left_out_on_request() {
    let folder = tempdir().unwrap();
    for (name, mask) in [("least", f32::MIN), ("e9", -1e9), ("half", -65504.0), ("e4", -1e4)] {
        write(folder.path().join(format!("{name}.npy")), &masked(mask));
    }
    // Two values: nobody knows which stands for nothing.
    let mut two = masked(-1e9);
    two[1] = -2e9;
    write(folder.path().join("two.npy"), &two);
    let run = |more: &[&str]| qviz(folder.path(), &[&["export", ".", "--method", "max"], more].concat()).fine().json();
    let (plain, without) = (run(&[]), run(&["--ignore-sentinels"]));
    for (name, _) in [("least", f32::MIN), ("e9", -1e9), ("half", -65504.0), ("e4", -1e4)] {
        assert!(warns(&tensor(&plain, name), "fall on one step") && warns(&tensor(&plain, name), "--ignore-sentinels"));
        let tensor = tensor(&without, name);
        assert!(warns(&tensor, "2000 sentinels of -"), "{tensor:#}");
        assert!(!warns(&tensor, "one step"));
        let amax = tensor["chosen"]["amax"].as_f64().unwrap();
        assert!(amax > 2.0 && amax < 6.0, "{name} {amax}");
        assert!(tensor["chosen"]["sqnr_db"].as_f64().unwrap() > 35.0);
    }
    assert_eq!(tensor(&without, "two"), tensor(&plain, "two"));
    let report = qviz(folder.path(), &["report", ".", "--method", "max"]).fine().out;
    assert!(report.lines().any(|line| line.contains("e9") && line.contains("one-step")), "{report}");
    // A pipe comes only once.
    let ran = qviz_with(folder.path(), &["report", "-", "--ignore-sentinels"], &npy::floats(&masked(-1e9)));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("can be read only once"), "{}", ran.err);
}

#[test]
fn channels_ties_and_measuring_leave_it_out_too() {
    let folder = tempdir().unwrap();
    let data: Vec<u8> = masked(-1e9).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("a.npy"), npy::npy("<f4", &[100, 4, 50], &data)).unwrap();
    write(folder.path().join("b.npy"), &normal(1000, 9));
    let run = |more: &[&str]| {
        let args = [&["export", "a.npy", "b.npy", "--method", "max", "--ignore-sentinels"], more].concat();
        qviz(folder.path(), &args).fine().json()
    };
    let channels = tensor(&run(&["--per-channel", "a=1", "--exact"]), "a");
    let scales = channels["chosen"]["scale"].as_array().unwrap();
    assert_eq!(scales.len(), 4);
    assert!(scales.iter().all(|scale| scale.as_f64().unwrap() < 0.05), "{scales:?}");
    assert!(warns(&channels, "Not measured on the values: each channel"), "{channels:#}");
    let tied = run(&["--tie", "a,b"]);
    assert_eq!(tensor(&tied, "a")["chosen"]["scale"], tensor(&tied, "b")["chosen"]["scale"]);
    assert!(tensor(&tied, "b")["chosen"]["amax"].as_f64().unwrap() < 6.0);
    let measured = tensor(&run(&["--exact"]), "a")["chosen"]["measured"].clone();
    assert!(measured["sqnr_db"].as_f64().unwrap() > 35.0, "{measured}");
}

#[cfg(feature = "onnx")]
#[test]
fn a_network_s_masked_scores_are_seen_without_it() {
    use super::onnx;
    let folder = tempdir().unwrap();
    let mut mask = vec![0.0; 40];
    mask[30..].fill(f32::MIN);
    let nodes =
        [onnx::node("Add", &["x", "mask"], "masked", None), onnx::node("Softmax", &["masked"], "y", Some(("axis", 1)))];
    let model = onnx::model_with(("x", &[1, 40]), &nodes, &[onnx::constant("mask", &[40], &mask)], ("y", &[1, 40]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let x: Vec<u8> = normal(50 * 40, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy::npy("<f4", &[50, 40], &x)).unwrap();
    let run = |more: &[&str]| {
        let network = ["export", "net.onnx", "--data", "x.npy", "--place", "all", "--method", "max", "--exact"];
        let args = [&network[..], more].concat();
        qviz(folder.path(), &args).json()
    };
    let plain = tensor(&run(&[]), "masked");
    assert!(warns(&plain, "fall on one step"), "{plain:#}");
    for more in [&["--ignore-sentinels"][..], &["--ignore-sentinels", "--one-pass"]] {
        let without = tensor(&run(more), "masked");
        assert!(warns(&without, "500 sentinels of -3.4028235e38 left out"), "{without:#}");
        assert!(without["chosen"]["amax"].as_f64().unwrap() < 8.0);
        assert!(without["chosen"]["measured"]["sqnr_db"].as_f64().unwrap() > 30.0);
    }
}
