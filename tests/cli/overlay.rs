//! `--overlay FILE`: another tool's scales beside the methods.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{f32_of, normal, qviz, tempdir, tensor, warnings, write};

/// Three dumps, and a cache that knows two of them, one under another tool's name, and one that is not here.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    for (name, seed) in [("net.conv1", 1), ("net.conv2", 2), ("other", 3)] {
        write(folder.path().join(format!("{name}.npy")), &normal(4000, seed));
    }
    let cache = format!(
        "TRT-8601-EntropyCalibration2\nnet.conv1: {:08x}\n/net/conv2:0: {:08x}\ngone: 3c010a14\n",
        (1.5_f32 / 127.0).to_bits(),
        (2.5_f32 / 127.0).to_bits()
    );
    fs::write(folder.path().join("calib.cache"), cache).unwrap();
    folder
}

const DUMPS: [&str; 3] = ["net.conv1.npy", "net.conv2.npy", "other.npy"];

fn run(folder: &Path, args: &[&str]) -> super::Ran {
    qviz(folder, &[args, &DUMPS].concat())
}

const SAID: &str = "qviz: calib.cache (as calib): 2 of 3 ranges are of tensors here.\n\
    qviz: calib.cache: Matched by names that are alike: /net/conv2:0 for net.conv2.\n\
    qviz: calib.cache: Ranges of tensors that are not here: gone.\n\
    qviz: calib.cache: Tensors that it says nothing of: other.\n";

#[test]
fn it_is_a_column_a_row_and_an_offer_that_is_taken() {
    let folder = folder();
    let ran = run(folder.path(), &["report", "--overlay", "calib.cache"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, SAID));
    let words =
        |line: usize| ran.out.lines().nth(line).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let at = words(0).iter().position(|heading| heading == "calib:clip").unwrap();
    assert_eq!(words(0)[at + 1], "calib:sqnr_db");
    assert_eq!([1, 2, 3].map(|line| words(line)[at].clone()), ["-1.5..1.5", "-2.5..2.5", "-"]);

    let compared = run(folder.path(), &["compare", "--overlay", "calib.cache"]);
    assert!(compared.out.contains("calib:amax") && compared.out.contains("calib:scale"), "{}", compared.out);

    let taken = run(folder.path(), &["export", "--overlay", "trt=calib.cache", "--method", "trt"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let document = taken.json();
    let chosen = |name: &str| tensor(&document, name)["chosen"].clone();
    for (name, amax) in [("net.conv1", 1.5_f32), ("net.conv2", 2.5)] {
        assert_eq!(chosen(name)["method"], "trt");
        assert_eq!(f32_of(&chosen(name)["scale"]), amax / 127.0, "{name}");
    }
    // What it says nothing of goes by what chooses otherwise, which is said.
    assert_eq!((&chosen("other")["method"], &chosen("other")["instead_of"]), (&"mse".into(), &"trt".into()));
    let notes = warnings(tensor(&document, "other"));
    assert!(notes.contains("trt has no answer here: calib.cache holds nothing of it"), "{notes}");
}

#[test]
fn it_is_chosen_for_some_and_measured_on_the_values() {
    let folder = folder();
    let set = ["report", "--json", "--exact", "--overlay", "calib.cache", "--set", "net.conv1=calib,affine"];
    let document = run(folder.path(), &set).json();
    let conv1 = &tensor(&document, "net.conv1");
    assert_eq!(conv1["chosen"]["method"], "calib");
    assert!(conv1.to_string().contains("has it on int8 symmetric, and it is on int8 affine here"), "{conv1}");
    assert!(!conv1["chosen"]["measured"].is_null() || conv1.to_string().contains("measured"), "{conv1}");
    assert_eq!(tensor(&document, "net.conv2")["chosen"]["method"], "mse");
    // Tied tensors share the range that holds both.
    let tied = ["export", "--overlay", "calib.cache", "--method", "calib", "--tie", "net.*"];
    let document = run(folder.path(), &tied).json();
    for name in ["net.conv1", "net.conv2"] {
        assert_eq!(f32_of(&tensor(&document, name)["chosen"]["clip_max"]), 2.5, "{name}");
    }
}

#[test]
fn what_is_no_label_and_no_file_is_wrong_usage() {
    let folder = folder();
    for (args, why) in [
        (&["report", "--method", "calib"][..], "calib"),
        (&["report", "--overlay", "calib.cache", "--method", "trt"], "trt"),
        (&["report", "--overlay", "calib.cache", "--set", "other=fast"], "neither a method"),
        (&["report", "--overlay", "gone.cache"], "gone.cache does not exist"),
        (&["report", "--overlay", "other.npy"], "is of no format"),
        (&["report", "--overlay", "max=calib.cache"], "another label"),
    ] {
        let ran = run(folder.path(), args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(why) && ran.err.contains("--help"), "{args:?}: {}", ran.err);
    }
}

/// Counts of ONNX Runtime are layers like others, but that there are no values.
#[test]
fn counts_of_another_tool_are_layers() {
    let folder = tempdir().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/onnxruntime/entropy-256-128.json");
    fs::copy(file, folder.path().join("calibration.json")).unwrap();
    let args = ["report", "calibration.json", "--exact", "--method", "max,ort-entropy-256-128"];
    let ran = qviz(folder.path(), &args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
    let channels = qviz(folder.path(), &["report", "calibration.json", "--per-channel", "1"]);
    assert!(channels.err.contains("holds counts, not values"), "{}", channels.err);
    // Its own thresholds beside what the counts say here.
    let ran = qviz(folder.path(), &["report", "calibration.json", "--overlay", "ort=calibration.json"]);
    assert!(ran.err.contains("4 of 4 ranges are of tensors here"), "{}", ran.err);
}
