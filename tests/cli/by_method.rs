//! Every method by what a network's outputs say, and a first pass on some samples.

use std::fs;

use tempfile::TempDir;

use super::{normal, npy, onnx, qviz, tempdir};

/// Two products of values with a long tail.
fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("MatMul", &["x", "w"], "a", None), onnx::node("MatMul", &["a", "v"], "y", None)];
    let constants = [onnx::constant("w", &[8, 8], &normal(64, 3)), onnx::constant("v", &[8, 8], &normal(64, 4))];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 8]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    for (name, rows, seed) in [("x.npy", 64, 7), ("check.npy", 16, 9)] {
        let cubed = normal(rows * 8, seed).into_iter().map(|x: f32| x.powi(3));
        let x: Vec<u8> = cubed.flat_map(f32::to_le_bytes).collect();
        fs::write(folder.path().join(name), npy("<f4", &[rows, 8], &x)).unwrap();
    }
    folder
}

fn rows(out: &str) -> Vec<Vec<&str>> {
    out.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn each_row_is_what_choosing_by_that_method_gives_and_the_best_is_first() {
    let here = folder();
    let on = ["net.onnx", "--data", "x.npy", "--check", "check.npy"];
    let ran = qviz(here.path(), &[&["report", "--by-method"], &on[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let table = rows(&ran.out);
    assert_eq!(table[0][..2], ["method", "sqnr_db"]);
    assert_eq!(table.len(), 1 + 6, "{}", ran.out);
    // In the order of what nothing was chosen by.
    assert_eq!(table[0][5], "check_sqnr_db");
    let db: Vec<f64> = table[1..].iter().map(|row| row[5].parse().unwrap()).collect();
    assert!(db.is_sorted_by(|a, b| a >= b) && db[0] > db[5], "{}", ran.out);
    assert_eq!(table[1].last(), Some(&"best"), "{}", ran.out);
    assert_eq!(table[6].last(), Some(&"-"), "{}", ran.out);
    assert!(ran.out.contains("# each row: all 2 quantized activations by this method"), "{}", ran.out);
    let of = |name: &str| table.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}\n{}", ran.out));
    // What is chosen is what mse chooses, unless something else is said.
    assert_eq!(of("as-chosen")[1..3], of("mse")[1..3]);
    for method in ["max", "entropy"] {
        let alone = qviz(here.path(), &[&["report", "--outputs", "--method", method], &on[..]].concat());
        let cell = |heading: &str| of(method)[table[0].iter().position(|head| *head == heading).unwrap()];
        let (db, cosine, samples) = (cell("sqnr_db"), cell("cosine"), cell("samples"));
        let said = format!("# everything as chosen: {db} dB, cosine {cosine}, top-1 ");
        assert!(alone.out.contains(&said) && samples == "64", "{said}\n{}", alone.out);
        let (db, cosine, samples) = (cell("check_sqnr_db"), cell("check_cosine"), cell("check_samples"));
        let check = format!("# on the check samples: {db} dB, cosine {cosine}, top-1 ");
        assert!(alone.out.contains(&check) && samples == "16", "{check}\n{}", alone.out);
    }
}

#[test]
fn the_document_has_the_same_and_is_read_again() {
    let here = folder();
    let on = ["net.onnx", "--data", "x.npy", "--method", "mse,max,percentile-99.9"];
    let ran = qviz(here.path(), &[&["report", "--by-method", "--json"], &on[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let outputs = ran.json()["outputs"].clone();
    let methods = outputs["by_method"].as_array().unwrap();
    assert_eq!(methods.len(), 3, "{outputs}");
    let db: Vec<f64> = methods.iter().map(|method| method["sqnr_db"].as_f64().unwrap()).collect();
    assert!(db.is_sorted_by(|a, b| a >= b), "{outputs}");
    assert_eq!((&methods[0]["best"], &methods[2]["best"]), (&true.into(), &false.into()));
    let mse = methods.iter().find(|method| method["method"] == "mse").unwrap();
    assert_eq!((&mse["sqnr_db"], &mse["samples"]), (&outputs["whole"]["sqnr_db"], &64.into()));
    assert!(mse["stand_ins"] == 0 && mse.get("check").is_none(), "{mse}");
    fs::write(here.path().join("scales.json"), &ran.out).unwrap();
    let again = qviz(here.path(), &["report", "net.onnx", "--data", "x.npy", "--scales", "scales.json"]);
    assert_eq!(again.code, 0, "{}", again.err);
}

#[test]
fn dumps_have_no_outputs() {
    let here = folder();
    let ran = qviz(here.path(), &["report", "--by-method", "x.npy"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("a network is put on trial"), "{}", ran.err);
}

#[test]
fn a_first_pass_draws_its_samples_and_says_so() {
    let here = folder();
    let on = |args: &[&str]| qviz(here.path(), &[&["report", "--json", "net.onnx", "--data", "x.npy"], args].concat());
    let ran = on(&["--samples", "8", "--seed", "1"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("net.onnx on 8 of 64 samples"), "{}", ran.err);
    assert!(ran.err.contains("8 of 64 samples, drawn with seed 1"), "{}", ran.err);
    let x = |ran: &super::Ran| {
        let tensors = ran.json()["tensors"].as_array().unwrap().clone();
        tensors.into_iter().find(|tensor| tensor["name"] == "x").unwrap()
    };
    let drawn = x(&ran);
    assert_eq!((&drawn["samples"], &drawn["stats"]["count"]), (&8.into(), &64.into()));
    let warnings = drawn["warnings"].to_string();
    assert!(warnings.contains("Counted on 8 of 64 samples, drawn at random."), "{warnings}");
    assert_eq!(x(&on(&["--samples", "8", "--seed", "1"])), drawn);
    assert_ne!(x(&on(&["--samples", "8", "--seed", "2"]))["stats"], drawn["stats"]);
    // Not the first ones.
    let first: Vec<u8> = normal(64 * 8, 7)[..64].iter().flat_map(|x: &f32| x.powi(3).to_le_bytes()).collect();
    fs::write(here.path().join("first.npy"), npy("<f4", &[8, 8], &first)).unwrap();
    let first = qviz(here.path(), &["report", "--json", "net.onnx", "--data", "first.npy"]);
    assert_ne!(x(&first)["stats"], drawn["stats"]);
    let all = on(&["--samples", "100"]);
    assert!(all.err.contains("all 64 samples: there are no more than the 100"), "{}", all.err);
    assert_eq!(x(&all)["samples"], 64);
    let check = on(&["--samples", "8", "--check", "check.npy"]);
    assert!(check.err.contains("8 of 16 check samples, drawn with the same seed"), "{}", check.err);
}

#[test]
fn what_comes_to_nothing_is_refused() {
    let here = folder();
    for (args, said) in [
        (
            &["net.onnx", "--data", "x.npy", "--seed", "3"][..],
            "--seed does nothing here: it draws what --samples N or --random N asks for",
        ),
        (&["x.npy", "--samples", "3"], "--samples does nothing here: only a model is run"),
        (&["net.onnx", "--data", "x.npy", "--samples", "0"], "1 or more"),
    ] {
        let ran = qviz(here.path(), &[&["report"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn another_tool_s_scales_are_a_row_like_a_method_s() {
    let here = folder();
    let cache = format!("TRT-8601-EntropyCalibration2\nx: {:08x}\n/a:0: {0:08x}\n", (3.0_f32 / 127.0).to_bits());
    fs::write(here.path().join("calib.cache"), cache).unwrap();
    let on = ["net.onnx", "--data", "x.npy", "--overlay", "calib.cache"];
    let ran = qviz(here.path(), &[&["report", "--by-method"], &on[..]].concat());
    assert!(ran.code == 0 && ran.err.contains("2 of 2 ranges are of tensors here"), "{}", ran.err);
    let moved = "calib.cache: On int8 symmetric there and on int8 affine here, where its clips are put: 2 tensors.";
    assert!(ran.err.contains(moved), "{}", ran.err);
    let table = rows(&ran.out);
    let row = table.iter().find(|row| row[0] == "calib").unwrap_or_else(|| panic!("{}", ran.out));
    let alone = qviz(here.path(), &[&["report", "--outputs", "--method", "calib"], &on[..]].concat());
    assert!(alone.out.contains(&format!("# everything as chosen: {} dB", row[1])), "{}\n{}", alone.out, ran.out);
    assert!(alone.out.contains(" calib "), "{}", alone.out);
}
