//! Figures of outputs are of what was compared: floats by distance, the rest by agreement, and nothing where nothing is.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{normal, npy, onnx, qviz, tempdir};

/// Scores of fifty classes for each of forty rows, the best class, whether a score is positive, and no score at all;
/// with `outputs` of these.
fn classes(outputs: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("MatMul", &["x", "w"], "scores", None),
        onnx::node("ArgMax", &["scores"], "best", Some(("axis", 1))),
        onnx::node("Greater", &["scores", "zero"], "positive", None),
        onnx::node("Slice", &["x", "at0", "at0", "axis"], "none", None),
        onnx::node("Log", &["scores"], "nan", None),
    ];
    let w = normal(8 * 50, 3);
    let constants = [
        onnx::constant("w", &[8, 50], &w),
        onnx::constant("zero", &[1], &[0.0]),
        onnx::integers("at0", &[0]),
        onnx::integers("axis", &[1]),
    ];
    let port = |name: &&'static str| -> (&str, u64, &[u64]) {
        match *name {
            "best" => ("best", onnx::INT64, &[1, 1]),
            "positive" => ("positive", onnx::BOOL, &[1, 50]),
            "none" => ("none", onnx::FLOAT, &[1, 0]),
            name => (name, onnx::FLOAT, &[1, 50]),
        }
    };
    let known = ["scores", "best", "positive", "none", "nan"];
    let wanted: Vec<_> = known.iter().filter(|name| outputs.contains(name)).map(port).collect();
    fs::write(folder.path().join("net.onnx"), onnx::model_to(("x", &[1, 8]), &nodes, &constants, &wanted)).unwrap();
    let x: Vec<u8> = normal(40 * 8, 7).into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[40, 8], &x)).unwrap();
    folder
}

const ON: [&str; 7] = ["net.onnx", "--data", "x.npy", "--bits", "3", "--place", "all"];

/// What a command prints, and its last lines that begin with `#`.
#[track_caller]
fn told(folder: &TempDir, command: &[&str]) -> (String, Vec<String>) {
    let ran = qviz(folder.path(), &[command, &ON].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines = ran.out.lines().filter(|line| line.starts_with('#')).map(String::from).collect();
    (ran.out, lines)
}

#[track_caller]
fn json(folder: &TempDir) -> Value {
    let (out, _) = told(folder, &["report", "--outputs", "--json"]);
    serde_json::from_str::<Value>(&out).unwrap()["outputs"].clone()
}

/// The share in `agreement 97.5 %`.
fn agreement(line: &str) -> f64 {
    let at = line.split("agreement ").nth(1).unwrap_or_else(|| panic!("{line}"));
    at.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn integers_and_booleans_are_compared_by_agreement() {
    for output in ["best", "positive"] {
        let here = classes(&[output]);
        let (_, lines) = told(&here, &["report", "--outputs"]);
        assert!((1.0..100.0).contains(&agreement(&lines[0])), "{lines:?}");
        assert!(!lines[0].contains("dB") && lines[0].ends_with("40 samples"), "{lines:?}");
        let whole = &json(&here)["whole"];
        assert!((0.01..1.0).contains(&whole["agreement"].as_f64().unwrap()), "{whole}");
        assert_eq!(
            (&whole["compared"], &whole["sqnr_db"], &whole["cosine"]),
            (&"nothing".into(), &Value::Null, &Value::Null)
        );
        // What changes the answers is worse than what does not.
        let (table, _) = told(&here, &["sensitivity"]);
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0][8..], ["alone_agreement", "without_agreement"]);
        let alone: Vec<f64> =
            rows[1..].iter().filter(|row| row.len() == 10).map(|row| row[8].parse().unwrap()).collect();
        assert!(alone.len() >= 3 && alone.is_sorted() && alone[0] < 1.0, "{table}");
        assert_eq!(rows[1][4..8], ["-"; 4]);
        let (tuned, _) = told(&here, &["tune"]);
        // Over all samples, those kept aside too, nothing is lost.
        let (mut before, mut after) = (0.0, 0.0);
        for row in tuned.lines().skip(1).filter(|line| !line.starts_with('#')) {
            let row: Vec<&str> = row.split_whitespace().collect();
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            assert_eq!((row[2], row[5]), ("-", "-"), "{tuned}");
            before += number(1) * number(6);
            after += number(1) * number(7);
        }
        assert!(after + 1e-3 >= before, "{tuned}");
    }
}

#[test]
fn several_outputs_have_a_row_each() {
    let here = classes(&["scores", "best", "positive", "none"]);
    let (_, lines) = told(&here, &["report", "--outputs"]);
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert!(lines[0].contains(" dB, cosine 0.") && agreement(&lines[0]) < 100.0, "{lines:?}");
    assert!(lines[1].starts_with("#   scores: ") && lines[1].contains(" dB") && !lines[1].contains("agreement"));
    assert!(lines[2].starts_with("#   best: agreement "), "{lines:?}");
    assert!(lines[3].starts_with("#   positive: agreement "), "{lines:?}");
    assert_eq!(lines[4], "#   none: - dB, cosine -");
    // Only what is a float and not empty has a shape to print: five quantiles of each side.
    let (float, quantized) = lines[5].split_once("; quantized ").unwrap();
    let float = float.strip_prefix("# scores at 0 10 50 90 100 %: float ").unwrap();
    for side in [float, quantized] {
        let side: Vec<f64> = side.split(' ').map(|x| x.parse().unwrap()).collect();
        assert!(side.len() == 5 && side.is_sorted() && side[0] < 0.0 && side[4] > 0.0, "{lines:?}");
    }
    let outputs = json(&here);
    let each = outputs["each"].as_array().unwrap();
    let names: Vec<&str> = each.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["scores", "best", "positive", "none"]);
    assert!(each[0]["sqnr_db"].is_f64() && each[0].get("compared").is_none() && each[0].get("agreement").is_none());
    assert_eq!((&each[3]["compared"], &each[3]["sqnr_db"]), (&"nothing".into(), &Value::Null));
}

#[test]
fn nan_and_nothing_are_no_perfection() {
    let (_, lines) = told(&classes(&["nan"]), &["report", "--outputs"]);
    assert!(lines[0].starts_with("# everything as chosen: nan dB, cosine nan"), "{lines:?}");
    let here = classes(&["none"]);
    let (_, lines) = told(&here, &["report", "--outputs"]);
    assert_eq!(lines[0], "# everything as chosen: - dB, cosine -, 40 samples");
    assert_eq!(json(&here)["whole"]["compared"], "nothing");
    let ran = qviz(here.path(), &[&["tune"], &ON[..]].concat());
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("net.onnx has no output with an element"), "{}", ran.err);
}

/// One value sets the range, and all others are swallowed by the step at zero: an offset, which a bias can take in.
#[test]
fn the_mean_of_an_error_goes_into_the_bias_where_that_is_asked_for() {
    let folder = tempdir().unwrap();
    let nodes = [onnx::node("Gemm", &["x", "w"], "y", None)];
    let constants = [onnx::constant("w", &[8, 5], &normal(8 * 5, 3))];
    let model = onnx::model_with(("x", &[1, 8]), &nodes, &constants, ("y", &[1, 5]));
    fs::write(folder.path().join("net.onnx"), model).unwrap();
    let value = |i: usize| if i.is_multiple_of(8) { 100.0 } else { 0.3 + 0.05 * (i as f32 * 0.618_034).fract() };
    let x: Vec<u8> = (0..40 * 8).map(value).flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[40, 8], &x)).unwrap();
    let tune = |more: &[&str]| {
        let args = ["tune", "net.onnx", "--data", "x.npy", "--symmetric", "--method", "max", "-o", "t.json", "--force"];
        let ran = qviz(folder.path(), &[&args[..], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let document: Value = serde_json::from_slice(&fs::read(folder.path().join("t.json")).unwrap()).unwrap();
        (ran.out, document["tuning"].clone())
    };
    let (said, tuning) = tune(&[]);
    assert!(!said.contains("bias") && tuning["bias"].is_null(), "{said}");
    let (said, tuning) = tune(&["--correct-bias"]);
    assert!(said.contains("# 1 bias takes in the mean of its errors: ") && said.contains("  taken; "), "{said}");
    let bias = &tuning["bias"];
    let without = &tuning["sets"][tuning["taken"].as_u64().unwrap() as usize];
    assert!(bias["mean_db"].as_f64().unwrap() > without["mean_db"].as_f64().unwrap() + 10.0, "{tuning}");
    assert_eq!((&bias["taken"], bias["nodes"][0]["add"].as_array().map(Vec::len)), (&true.into(), Some(5)));
}
