//! The command line as scripts use it: what comes out, where, and with which exit code.
#![cfg(feature = "tui")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

#[path = "../support/npy.rs"]
mod npy;
#[cfg(feature = "onnx")]
#[path = "../support/onnx.rs"]
mod onnx;

#[cfg(feature = "onnx")]
mod by_method;
mod check;
#[cfg(feature = "onnx")]
mod deployed;
mod diff;
mod exchange;
#[cfg(feature = "onnx")]
mod known;
#[cfg(feature = "onnx")]
mod outputs;
mod overlay;
mod own;
mod panics;
#[cfg(feature = "onnx")]
mod placement;
#[cfg(feature = "onnx")]
mod qdq;
#[cfg(feature = "onnx")]
mod quantized;
#[cfg(feature = "statistics")]
#[path = "../support/rows.rs"]
mod rows;
mod scales;
mod sentinels;
mod showing;
#[cfg(feature = "statistics")]
mod statistics;
#[cfg(all(unix, feature = "statistics"))]
mod statistics_kept;
#[cfg(feature = "onnxruntime")]
mod verify;

use npy::{floats, normal, npy, write};

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn fine(self) -> Ran {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        let document: Value = serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{}", self.out));
        assert_eq!(document["schema"], "qviz.scales/1");
        document
    }
}

/// Runs it in `folder` with nothing but a search path in its environment; stdin is `input`, stdout no terminal.
fn qviz_with(folder: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    command.args(args).current_dir(folder).env_clear();
    for name in ["PATH", "TMPDIR", "SYSTEMROOT", "LLVM_PROFILE_FILE"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    // Not the tester's own.
    command.env("QVIZ_CONFIG", "");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Whoever does not read it closes it early.
    let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn qviz(folder: &Path, args: &[&str]) -> Ran {
    qviz_with(folder, args, b"")
}

fn document(folder: &Path, args: &[&str]) -> Value {
    qviz(folder, &[&["report", "--json"], args].concat()).fine().json()
}

#[track_caller]
fn tensor<'a>(document: &'a Value, name: &str) -> &'a Value {
    let tensors = document["tensors"].as_array().unwrap();
    tensors.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

fn warnings(tensor: &Value) -> String {
    tensor["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

fn f32_of(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

/// One file of roughly normal values.
fn one() -> TempDir {
    let folder = tempdir().unwrap();
    write(folder.path().join("acts.npy"), &normal(5000, 1));
    folder
}

const COLUMNS: [&str; 16] = [
    "layer",
    "shape",
    "dtype",
    "count",
    "min",
    "max",
    "method",
    "clip_min",
    "clip_max",
    "scale",
    "zero_point",
    "saturated_%",
    "mse",
    "sqnr_db",
    "kl_nats",
    "state",
];

/// The rows of a report as words, without the header, which is checked.
#[track_caller]
fn rows(report: &str) -> Vec<Vec<String>> {
    let mut rows = report.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), COLUMNS);
    let rows: Vec<_> = rows.collect();
    assert!(rows.iter().all(|r| r.len() == COLUMNS.len()), "{report}");
    rows
}

#[test]
fn the_report_is_a_word_a_column() {
    let folder = tempdir().unwrap();
    let report = qviz(folder.path(), &["report"]).fine();
    let rows = rows(&report.out);
    let names: Vec<&str> = rows.iter().map(|r| r[0].as_str()).collect();
    assert_eq!(names.len(), 12);
    assert_eq!((names[0], names[6], names[11]), ("00.input", "06.conv11.hswish", "11.softmax"));
    for row in &rows {
        assert_eq!((row[2].as_str(), row[6].as_str()), ("float32", "mse"));
        let number = |i: usize| row[i].parse::<f64>().unwrap();
        assert!(number(7) == -number(8) && (0.0..=100.0).contains(&number(11)) && number(13).is_finite(), "{row:?}");
        assert!((number(8) / 127.0 / number(9) - 1.0).abs() < 1e-6, "scale is amax / 127: {row:?}");
    }
    assert!(!report.out.contains('\x1b'));
    // Without a terminal the bare program says the same, and so does a second run.
    assert_eq!(qviz(folder.path(), &[]).fine().out, report.out);
    assert_eq!(qviz(folder.path(), &["report"]).fine().out, report.out);
    assert!(fs::read_dir(&folder).unwrap().next().is_none(), "nothing is written unasked");
}

#[test]
fn report_and_export_are_one_document() {
    let folder = tempdir().unwrap();
    let json = qviz(folder.path(), &["report", "--json"]).fine();
    assert_eq!(json.json()["tensors"].as_array().unwrap().len(), 12);
    assert_eq!(qviz(folder.path(), &["export"]).fine().out, json.out);
    assert_eq!(qviz(folder.path(), &["report", "--json"]).fine().out, json.out);
    assert_eq!(qviz(folder.path(), &["export", "-o", "scales.json"]).fine().out, "");
    assert_eq!(fs::read_to_string(folder.path().join("scales.json")).unwrap(), json.out);
    // The table shows the document's numbers.
    let (document, report) = (json.json(), qviz(folder.path(), &["report"]).fine().out);
    for row in rows(&report) {
        let chosen = &tensor(&document, &row[0])["chosen"];
        assert_eq!(f32_of(&chosen["clip_max"]), row[8].parse::<f32>().unwrap(), "{row:?}");
        assert_eq!(f32_of(&chosen["scale"]), row[9].parse::<f32>().unwrap(), "{row:?}");
    }
}

#[test]
fn an_existing_file_is_replaced_only_with_force() {
    let folder = one();
    let path = folder.path().join("scales.json");
    fs::write(&path, "mine").unwrap();
    let refused = qviz(folder.path(), &["export", "-o", "scales.json", "acts.npy"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("scales.json exists") && refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    qviz(folder.path(), &["export", "-o", "scales.json", "--force", "acts.npy"]).fine();
    assert!(fs::read_to_string(&path).unwrap().starts_with("{\n"));
    let refused = qviz(folder.path(), &["export", "-o", "no/such/folder/x.json", "acts.npy"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("could not be written"), "{}", refused.err);
}

#[test]
fn what_can_be_read_is_written_and_the_rest_is_told() {
    let folder = one();
    fs::write(folder.path().join("broken.npy"), "no array").unwrap();
    let ran = qviz(folder.path(), &["export", ".", "nowhere.npy", "-o", "scales.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let complaints: Vec<&str> = ran.err.lines().collect();
    assert_eq!(complaints.len(), 2, "{}", ran.err);
    assert!(ran.err.contains("broken.npy") && ran.err.contains("nowhere.npy"), "{}", ran.err);
    let document: Value = serde_json::from_slice(&fs::read(folder.path().join("scales.json")).unwrap()).unwrap();
    assert_eq!(document["tensors"].as_array().unwrap().len(), 1);
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|e| e["file"].is_string() && e["message"].as_str().unwrap().ends_with('.')));

    let ran = qviz(folder.path(), &["report", "."]);
    assert_eq!(ran.code, 1);
    assert_eq!(rows(&ran.out).iter().map(|r| r[15].as_str()).collect::<Vec<_>>(), ["ok", "unreadable"]);
    // Nothing at all could be read: still a document.
    let ran = qviz(folder.path(), &["report", "--json", "nowhere.npy"]);
    assert_eq!(ran.code, 1);
    assert!(ran.json()["tensors"].as_array().unwrap().is_empty());
}

#[test]
fn wrong_usage_is_2() {
    let folder = one();
    for wrong in [
        &["report", "--bits", "9"][..],
        &["report", "--bins", "0"],
        &["report", "--method", "magic"],
        &["report", "--group", "nothing-to-join.npy"],
        &["report", "--no-such-option"],
        &["--bits"],
        &["export", "--force=x"],
    ] {
        let ran = qviz(folder.path(), wrong);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?} {}", ran.err);
        assert!(!ran.err.is_empty(), "{wrong:?}");
    }
    for right in ["--help", "--version"] {
        let ran = qviz(folder.path(), &[right]).fine();
        assert!(ran.out.contains("qviz"));
    }
}

#[test]
fn the_numbers_are_the_peers() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/a_randn1000.npy");
    let folder = tempdir().unwrap();
    let document = document(folder.path(), &[reference]);
    let candidates = &tensor(&document, "a_randn1000")["candidates"];
    for (method, scale) in [("max", 0.031_170_099_973_678_59), ("coverage", 0.022_388_923_913_240_433)] {
        assert_eq!(f32_of(&candidates[method]["scale"]), scale as f32, "{method}");
        assert_eq!(candidates[method]["zero_point"], 0);
    }
}

#[test]
fn the_grid_can_be_chosen() {
    let folder = tempdir().unwrap();
    write(folder.path().join("relu.npy"), &normal(5000, 1).iter().map(|x| x.max(0.0)).collect::<Vec<_>>());
    let chosen = |args: &[&str]| {
        let document = document(folder.path(), &[&["relu.npy", "--method", "max"], args].concat());
        let tensor = tensor(&document, "relu");
        assert_eq!(tensor["candidates"].as_object().unwrap().len(), 1);
        (tensor["chosen"].clone(), f32_of(&tensor["stats"]["max"]))
    };
    let grid = |c: &Value| ["qmin", "qmax", "zero_point", "num_bits"].map(|k| c[k].as_i64().unwrap());
    let step = |c: &Value| f64::from(f32_of(&c["scale"]));

    let (int8, max) = chosen(&[]);
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
    assert_eq!(grid(&int8), [-127, 127, 0, 8]);
    assert!(near(step(&int8), f64::from(max) / 127.0));
    let (uint8, _) = chosen(&["--unsigned"]);
    assert_eq!(grid(&uint8), [0, 255, 0, 8]);
    assert!(near(step(&uint8), f64::from(max) / 255.0));
    let (affine, _) = chosen(&["--affine"]);
    assert_eq!(grid(&affine), [-128, 127, -128, 8]);
    assert!(near(step(&affine), f64::from(max) / 255.0));
    assert_eq!((&affine["symmetric"], &affine["signed"]), (&Value::from(false), &Value::from(true)));
    let (int4, _) = chosen(&["--bits", "4"]);
    assert_eq!(grid(&int4), [-7, 7, 0, 4]);
    assert!(near(step(&int4), f64::from(max) / 7.0));
    let (both, _) = chosen(&["--affine", "--unsigned", "--bits", "16"]);
    assert_eq!(grid(&both), [0, 65535, 0, 16]);
}

#[test]
fn more_bins_give_finer_clips() {
    let folder = one();
    let clip = |args: &[&str]| {
        let document = document(folder.path(), &[&["acts.npy"], args].concat());
        let tensor = tensor(&document, "acts");
        let share = f32_of(&tensor["candidates"]["entropy"]["amax"]) / f32_of(&tensor["candidates"]["max"]["amax"]);
        f64::from(share)
    };
    assert_eq!(clip(&[]), clip(&["--bins", "2048"]));
    // An entropy clip stands on an edge of a bin.
    for bins in [2048.0, 4096.0] {
        let edge = clip(&["--bins", &format!("{bins}")]) * bins;
        assert!((edge - edge.round()).abs() < 1e-3, "{edge} of {bins}");
    }
}

#[test]
fn batches_of_a_layer_are_joined() {
    let folder = tempdir().unwrap();
    let whole = normal(3000, 1);
    for (batch, values) in whole.chunks(1000).enumerate() {
        for layer in ["conv", "fc"] {
            let path = folder.path().join(format!("acts/b{}", [2, 10, 1][batch]));
            fs::create_dir_all(&path).unwrap();
            write(path.join(format!("{layer}.npy")), values);
        }
    }
    write(folder.path().join("whole.npy"), &whole);
    let joined = document(folder.path(), &["acts", "--group", "{batch}/{layer}.npy"]);
    assert_eq!(joined["tensors"].as_array().unwrap().len(), 2);
    let conv = tensor(&joined, "conv");
    assert_eq!(conv["shape"], serde_json::json!([3000]));
    // In natural order of the batches, written as they were found.
    let files: Vec<&str> = conv["files"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    let batch = |f: &str| f.replace('\\', "/").split('/').nth_back(1).map(str::to_owned);
    assert_eq!(files.iter().filter_map(|f| batch(f)).collect::<Vec<_>>(), ["b1", "b2", "b10"]);
    // How the values are split changes nothing that is worked out from their counts.
    let together = document(folder.path(), &["whole.npy"]);
    let whole = tensor(&together, "whole");
    for method in ["max", "coverage", "entropy", "mse", "percentile-99.99"] {
        for key in ["amax", "scale", "kl", "mse", "saturated"] {
            assert_eq!(conv["candidates"][method][key], whole["candidates"][method][key], "{method} {key}");
        }
    }
    assert_eq!(conv["stats"]["count"], 3000);
}

#[test]
fn stdin_is_one_array() {
    let folder = one();
    let bytes = floats(&normal(5000, 1));
    let ran = qviz_with(folder.path(), &["report", "--json", "-"], &bytes).fine();
    let (piped, file) = (ran.json(), document(folder.path(), &["acts.npy"]));
    let (piped, file) = (&piped["tensors"][0], tensor(&file, "acts"));
    assert_eq!(piped["stats"], file["stats"]);
    assert!(warnings(piped).contains("seen only once"), "{}", warnings(piped));
    assert_eq!(piped["candidates"]["max"]["amax"], file["candidates"]["max"]["amax"]);
    // Several, one behind the other, are batches of it.
    let (first, second) = (floats(&normal(3000, 2)), floats(&normal(2000, 3)));
    let ran = qviz_with(folder.path(), &["report", "--json", "-"], &[&first[..], &second].concat()).fine();
    assert_eq!(ran.json()["tensors"][0]["stats"]["count"], 5000);
    // Cut short, and nothing at all.
    for bytes in [&bytes[..1000], b"", &[&first[..], &second[..200]].concat()] {
        let ran = qviz_with(folder.path(), &["report", "-"], bytes);
        assert_eq!(ran.code, 1);
        assert!(ran.err.starts_with("qviz: ") && ran.err.lines().count() == 1, "{}", ran.err);
    }
}

#[test]
#[cfg(unix)]
fn stdin_that_is_a_file_is_read_twice() {
    let folder = one();
    let file = document(folder.path(), &["acts.npy"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    let stdin = std::fs::File::open(folder.path().join("acts.npy")).unwrap();
    let output = command.args(["report", "--json", "-"]).stdin(stdin).output().unwrap();
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (read, file) = (&read["tensors"][0], tensor(&file, "acts"));
    for key in ["stats", "candidates", "chosen"] {
        assert_eq!(read[key], file[key], "{key}");
    }
    assert!(!warnings(read).contains("seen only once"), "{}", warnings(read));
}

#[test]
fn arrays_appended_in_one_file_are_batches() {
    let folder = tempdir().unwrap();
    let (first, second) = (floats(&normal(3000, 2)), npy("<f4", &[20, 100], &floats(&normal(2000, 3))[128..]));
    std::fs::write(folder.path().join("x.npy"), [&first[..], &second].concat()).unwrap();
    let document = document(folder.path(), &["x.npy"]);
    assert_eq!(tensor(&document, "x")["stats"]["count"], 5000);
    std::fs::write(folder.path().join("x.npy"), [&first[..], &second[..1000]].concat()).unwrap();
    let ran = qviz(folder.path(), &["report", "x.npy"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("x.npy (array 2 in it) is cut short: its header promises 8,000 bytes"), "{}", ran.err);
}

/// Every number of a document, to see that none of them is out of range. (NaN is no JSON; reading would have failed.)
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(n) => vec![n.as_f64().unwrap()],
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Object(map) => map.values().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn odd_arrays_are_stated() {
    let folder = tempdir().unwrap();
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let mut mixed = normal(4000, 1);
    mixed[7] = nan;
    mixed[8] = inf;
    mixed[9] = -inf;
    let cases: [(&str, Vec<f32>, &[&str], bool); 9] = [
        ("mixed", mixed, &["1 NaN and 2 infinities left out"], true),
        ("nan", vec![nan; 5], &["5 NaNs left out", "No value is finite"], false),
        ("inf", vec![inf, -inf], &["2 infinities left out", "No value is finite"], false),
        ("empty", vec![], &["no elements"], false),
        ("constant", vec![3.5; 100], &["Every value is 3.5"], true),
        ("zeros", vec![0.0; 100], &["Every value is 0", "1.0 is written"], false),
        ("single", vec![-2.0], &["Every value is -2"], true),
        ("tiny", vec![1e-45, -1e-45, 0.0], &[], true),
        ("large", vec![f32::MAX, f32::MIN, 1.0], &[], true),
    ];
    for (name, values, ..) in &cases {
        write(folder.path().join(format!("{name}.npy")), values);
    }
    for options in
        [&[][..], &["--affine"], &["--unsigned"], &["--bits", "16"], &["--bits", "2", "--affine", "--unsigned"]]
    {
        let document = document(folder.path(), &[&["."], options].concat());
        assert_eq!(document["tensors"].as_array().unwrap().len(), cases.len());
        assert!(numbers(&document).iter().all(|n| n.is_finite()), "{options:?}\n{document:#}");
        for (name, values, sentences, has_range) in &cases {
            let tensor = tensor(&document, name);
            assert_eq!(tensor["stats"]["count"], values.len());
            let warnings = warnings(tensor);
            for sentence in *sentences {
                assert!(warnings.contains(sentence), "{name} {options:?}: {warnings}");
            }
            let chosen = &tensor["chosen"];
            assert!(f32_of(&chosen["scale"]) > 0.0, "{name} {options:?}: {chosen:#}");
            if !has_range {
                assert_eq!(f32_of(&chosen["scale"]), 1.0, "{name} {options:?}");
            }
            let bounds = ["qmin", "zero_point", "qmax"].map(|k| chosen[k].as_i64().unwrap());
            assert!(bounds.is_sorted(), "{name} {options:?}: {bounds:?}");
        }
        let report = qviz(folder.path(), &[&["report", "."], options].concat()).fine();
        assert_eq!(rows(&report.out).len(), cases.len());
    }
}

#[test]
fn every_common_type_is_read() {
    let folder = tempdir().unwrap();
    let values = [-2.0f64, 0.5, 1.0, 3.0];
    let bytes = |f: &dyn Fn(f64) -> Vec<u8>| values.iter().flat_map(|&v| f(v)).collect::<Vec<u8>>();
    for (name, descr, data) in [
        ("single", "<f4", bytes(&|v| (v as f32).to_le_bytes().to_vec())),
        ("swapped", ">f4", bytes(&|v| (v as f32).to_be_bytes().to_vec())),
        ("double", "<f8", bytes(&|v| v.to_le_bytes().to_vec())),
    ] {
        fs::write(folder.path().join(format!("{name}.npy")), npy(descr, &[2, 2], &data)).unwrap();
    }
    let document = document(folder.path(), &["."]);
    let stats = &tensor(&document, "single")["stats"];
    assert_eq!((f32_of(&stats["min"]), f32_of(&stats["max"])), (-2.0, 3.0));
    for name in ["swapped", "double"] {
        assert_eq!(&tensor(&document, name)["stats"], stats, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn crafted_names_do_nothing_to_a_terminal() {
    let folder = tempdir().unwrap();
    let name = "a \x1b[31mred\n\u{9b}2J\u{202e}gpj\x07";
    write(folder.path().join(format!("{name}.npy")), &normal(1000, 1));
    fs::write(folder.path().join(format!("b{name}.npy")), "no array").unwrap();
    let acts = |text: &str| text.contains(['\x1b', '\u{9b}', '\u{202e}', '\x07']);
    for args in [
        &["report", ".", "no\x1b[5msuch"][..],
        &["report", "--json", "."],
        &["export", "."],
        &["export", ".", "-o", "x\x1b[1m/y"],
    ] {
        let ran = qviz(folder.path(), args);
        assert_eq!(ran.code, 1);
        assert!(!acts(&ran.out) && !acts(&ran.err), "{args:?}\n{:?}\n{:?}", ran.out, ran.err);
    }
    let report = qviz(folder.path(), &["report", "."]);
    assert_eq!(rows(&report.out)[0][0], "a\\x20\\x1b[31mred\\n\\x9b2J\\u{202e}gpj\\x07");
    assert_eq!(report.err.lines().count(), 1, "{}", report.err);
    // In the document it is the name itself, once read.
    let document = qviz(folder.path(), &["report", "--json", "."]).json();
    assert_eq!(document["tensors"][0]["name"], name);
    // Wrong usage quotes what was typed.
    let ran = qviz(folder.path(), &["report", "--method", "\x1b[31mmagic"]);
    assert_eq!(ran.code, 2);
    assert!(!acts(&ran.err), "{:?}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = tempdir().unwrap();
    let script = format!("'{}' report --json | head -n 1; exit", env!("CARGO_BIN_EXE_qviz"));
    let output = Command::new("sh").args(["-c", &script]).current_dir(&folder).output().unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"{\n"[..], &b""[..]));
}

#[test]
fn compare_puts_every_method_in_a_row() {
    let folder = tempdir().unwrap();
    let compared = qviz(folder.path(), &["compare"]).fine();
    let rows: Vec<Vec<&str>> = compared.out.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 13);
    assert_eq!(rows[0][..4], ["layer", "max:amax", "max:scale", "max:sqnr_db"]);
    assert_eq!(rows[0][16..], ["best", "why"]);
    let document: serde_json::Value = serde_json::from_str(&qviz(folder.path(), &["export"]).fine().out).unwrap();
    for (row, tensor) in rows[1..].iter().zip(document["tensors"].as_array().unwrap()) {
        assert_eq!(row[0], tensor["name"]);
        let methods = ["max", "coverage", "entropy", "mse", "percentile-99.99"];
        for (i, method) in methods.iter().enumerate() {
            let candidate = &tensor["candidates"][method];
            assert_eq!(row[1 + 3 * i].parse::<f32>().unwrap(), f32_of(&candidate["amax"]), "{row:?}");
            assert_eq!(row[2 + 3 * i].parse::<f32>().unwrap(), f32_of(&candidate["scale"]), "{row:?}");
        }
        let sqnr = |method: &str| tensor["candidates"][method]["sqnr_db"].as_f64().unwrap();
        assert!(methods.iter().all(|m| sqnr(m) <= sqnr(row[16])), "{row:?}");
        assert!(row.len() > 20, "the reason is a phrase: {row:?}");
    }
}

#[test]
fn exact_measures_on_the_values() {
    let folder = tempdir().unwrap();
    let values: Vec<f32> = (0..5000).map(|i| ((i * 7919 % 5000) as f32 / 2500.0 - 1.0).powi(3) * 3.0).collect();
    write(folder.path().join("x.npy"), &values);
    let ran = qviz(folder.path(), &["export", "--exact", "--method", "percentile-99", "x.npy"]).fine();
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let chosen = &document["tensors"][0]["chosen"];
    let (scale, amax) = (f32_of(&chosen["scale"]), f32_of(&chosen["amax"]));
    let error = |x: &f32| {
        let q = (x / scale).round_ties_even().clamp(-127.0, 127.0);
        (f64::from(q * scale) - f64::from(*x)).powi(2)
    };
    let mse = values.iter().map(error).sum::<f64>() / 5000.0;
    let measured = &chosen["measured"];
    assert!((measured["mse"].as_f64().unwrap() / mse - 1.0).abs() < 1e-12, "{measured}");
    let beyond = values.iter().filter(|x| x.abs() > amax).count() as u64;
    assert_eq!(measured["saturated_count"].as_u64().unwrap(), beyond);
    let report = qviz(folder.path(), &["report", "--exact", "x.npy"]).fine();
    assert!(report.out.lines().next().unwrap().ends_with("measured_saturated_%  measured_mse  measured_sqnr_db"));
    // Without it the document has no such key.
    assert!(!qviz(folder.path(), &["export", "x.npy"]).fine().out.contains("measured"));
}

/// One file of a group is one batch: the number is the peer's for two batches, which depends on their order.
#[test]
fn the_peers_profiles_follow_the_batches_of_a_group() {
    let folder = tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/a_randn1000.npy");
    let array: ndarray::Array1<f32> = ndarray_npy::read_npy(fixture).unwrap();
    for (batch, values) in array.to_vec().chunks(500).enumerate() {
        fs::create_dir(folder.path().join(batch.to_string())).unwrap();
        let half = ndarray::Array1::from(values.to_vec());
        ndarray_npy::write_npy(folder.path().join(format!("{batch}/conv.npy")), &half).unwrap();
    }
    let args =
        [".", "--group", "{batch}/{layer}.npy", "--method", "nvidia-entropy,entropy,ort-entropy-2048-128,entropy"];
    let document = document(folder.path(), &args);
    let conv = tensor(&document, "conv");
    assert_eq!(conv["chosen"]["method"], "nvidia-entropy");
    assert_eq!(conv["candidates"].as_object().unwrap().len(), 3);
    let amax = |method: &str| f32_of(&conv["candidates"][method]["amax"]);
    let expected = [("nvidia-entropy", 3.0545356273651123f64), ("entropy", 3.05400013923645)];
    for (method, expected) in expected {
        assert_eq!(amax(method), expected as f32, "{method}");
    }
    assert_eq!(amax("ort-entropy-2048-128"), 2.6697590351104736f64 as f32);
    // A pipe has no batches' ranges: a sentence, and the method that has an answer.
    let bytes = fs::read(folder.path().join("0/conv.npy")).unwrap();
    let ran = qviz_with(folder.path(), &["report", "--json", "-", "--method", "ort-percentile-sym-99.9,max"], &bytes);
    let document = ran.fine().json();
    assert_eq!(document["tensors"][0]["chosen"]["method"], "max");
    assert!(warnings(&document["tensors"][0]).contains("only once"));
}

#[test]
fn methods_are_listed_with_what_goes_wrong() {
    let folder = tempdir().unwrap();
    let text = qviz(folder.path(), &["methods"]).fine().out;
    let json: Value = serde_json::from_str(&qviz(folder.path(), &["methods", "--json"]).fine().out).unwrap();
    for id in qviz::calibrate::NAMES {
        assert!(text.lines().any(|line| line.starts_with(id)), "{id}");
    }
    let listed: Vec<&str> = json.as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    assert_eq!(listed, qviz::calibrate::NAMES);
    assert!(json[0]["known_to_go_wrong"].as_str().unwrap().contains("outlier"));
}

#[test]
fn batches_of_several_types_are_mixed() {
    let folder = tempdir().unwrap();
    for (batch, descr) in ["<f4", "<i4", "<i4"].iter().enumerate() {
        fs::create_dir(folder.path().join(batch.to_string())).unwrap();
        fs::write(folder.path().join(format!("{batch}/x.npy")), npy(descr, &[2], &[0, 0, 0, 0, 1, 0, 0, 0])).unwrap();
    }
    let document = document(folder.path(), &[".", "--group", "{batch}/{layer}.npy"]);
    assert_eq!(tensor(&document, "x")["dtype"], "mixed");
}

#[test]
fn layers_have_settings_of_their_own() {
    let here = tempdir().unwrap();
    let rules = ["--set", "*conv*=bits:16", "--set", "10.logits=percentile-99.9,affine", "--skip", "11.*"];
    let json = document(here.path(), &rules);
    let chosen = |name: &str| tensor(&json, name)["chosen"].clone();
    assert_eq!((&chosen("01.conv1")["num_bits"], &chosen("00.input")["num_bits"]), (&16.into(), &8.into()));
    let logits = chosen("10.logits");
    assert_eq!((&logits["method"], &logits["symmetric"]), (&"percentile-99.9".into(), &false.into()));
    assert_eq!(chosen("11.softmax")["quantized"], false);
    let json = document(here.path(), &["--only", "01*"]);
    let kept = json["tensors"].as_array().unwrap().iter().filter(|t| t["chosen"]["quantized"] == true).count();
    assert_eq!(kept, 1);
    assert_eq!(qviz(here.path(), &["report", "--set", "conv1"]).code, 2);
}

/// Two channels along the last axis: small and large.
fn two_channels(folder: &TempDir) {
    let values: Vec<f32> =
        normal(2000, 5).iter().enumerate().map(|(i, x)| x * if i % 2 == 0 { 1.0 } else { 9.0 }).collect();
    let data: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(folder.path().join("fc.npy"), npy("<f4", &[1000, 2], &data)).unwrap();
    write(folder.path().join("bias.npy"), &normal(100, 6));
}

#[test]
fn channels_have_scales_of_their_own() {
    let folder = tempdir().unwrap();
    two_channels(&folder);
    let ran = qviz(folder.path(), &["export", "--per-channel", "fc=-1", "--method", "max", "."]).fine();
    let document = ran.json();
    let (bias, fc) = (&document["tensors"][0], &document["tensors"][1]);
    assert!(bias.get("axis").is_none() && bias["chosen"]["scale"].is_number());
    assert_eq!((fc["axis"].as_u64(), fc["chosen"]["scale"].as_array().unwrap().len()), (Some(1), 2));
    let scale = |n: usize| fc["chosen"]["scale"][n].as_f64().unwrap();
    assert!(scale(1) > 5.0 * scale(0));
    // One row a tensor, one word a column.
    let report = qviz(folder.path(), &["report", "--set", "fc=axis:1,max", "."]).fine();
    let rows: Vec<Vec<&str>> = report.out.lines().map(|l| l.split_whitespace().collect()).collect();
    assert!(rows.len() == 3 && rows.iter().all(|r| r.len() == 16), "{}", report.out);
    let (lo, hi) = rows[2][9].split_once("..").unwrap();
    assert_eq!((lo.parse::<f32>().unwrap(), hi.parse::<f32>().unwrap()), (scale(0) as f32, scale(1) as f32));
    assert!(rows[2][15].contains("axis-1"));
    let compared = qviz(folder.path(), &["compare", "--per-channel", "fc=1", "."]).fine();
    assert!(compared.out.contains("all channels along axis 1 together"), "{}", compared.out);
}

#[test]
fn an_axis_that_a_layer_has_not_leaves_it_one_range_and_is_said() {
    let folder = tempdir().unwrap();
    two_channels(&folder);
    let ran = qviz(folder.path(), &["report", "--json", "--per-channel", "1", "."]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("bias.npy has the shape [100] and no axis 1; choose 0."), "{}", ran.err);
    let document = ran.json();
    assert!(document["tensors"][0]["chosen"]["scale"].is_number());
    assert!(document["tensors"][0]["warnings"][0].as_str().unwrap().contains("no axis 1"));
    assert_eq!(document["tensors"][1]["axis"], 1);
    let piped = qviz_with(folder.path(), &["report", "--per-channel", "0", "-"], &floats(&normal(300, 1)));
    assert!(piped.code == 1 && piped.err.contains("can be read only once"), "{}", piped.err);
    for wrong in ["x", "fc=", "=1"] {
        assert_eq!(qviz(folder.path(), &["report", "--per-channel", wrong, "."]).code, 2, "{wrong}");
    }
}

/// The values of a layer.
fn spread(by: u32) -> Vec<f32> {
    normal(2000, by).into_iter().map(|x| x * by as f32).collect()
}

/// Three layers of different spread.
fn three() -> TempDir {
    let folder = tempdir().unwrap();
    for (name, by) in [("a", 1), ("b", 3), ("c", 9)] {
        write(folder.path().join(format!("{name}.npy")), &spread(by));
    }
    folder
}

#[test]
fn tied_tensors_have_one_scale_chosen_on_all_their_values() {
    let folder = three();
    let both = folder.path().join("both");
    fs::create_dir(&both).unwrap();
    write(both.join("x.npy"), &[spread(1), spread(9)].concat());
    let whole = document(&both, &["."]);
    let tied = document(folder.path(), &["--exact", "a.npy", "b.npy", "c.npy", "--tie", "a,c*"]);
    for (name, other) in [("a", "c"), ("c", "a")] {
        let (chosen, of_all) = (&tensor(&tied, name)["chosen"], &tensor(&whole, "x")["chosen"]);
        for field in ["method", "amax", "scale", "zero_point", "clip_min"] {
            assert_eq!(chosen[field], of_all[field], "{name} {field}");
        }
        assert_eq!((&chosen["tied_with"], &chosen["edited"]), (&serde_json::json!([other]), &Value::Bool(false)));
        assert!(warnings(tensor(&tied, name)).contains(&format!("Shares its range with {other}.")));
        // Measured at the clip that stands.
        let (estimate, exact) = (chosen["sqnr_db"].as_f64().unwrap(), chosen["measured"]["sqnr_db"].as_f64().unwrap());
        assert!((estimate - exact).abs() < 0.5, "{estimate} {exact}");
    }
    assert!(tensor(&tied, "b")["chosen"].get("tied_with").is_none());
    let text = qviz(folder.path(), &["report", "a.npy", "b.npy", "c.npy", "--tie", "a,c"]).fine().out;
    let states: Vec<String> = rows(&text).iter().map(|row| row.last().unwrap().clone()).collect();
    assert_eq!(states.iter().filter(|s| s.split(',').any(|w| w == "tied")).count(), 2, "{text}");
}

#[test]
fn a_tie_that_cannot_be_is_said_and_the_rest_is_written() {
    let folder = three();
    let args = ["report", "--json", "a.npy", "b.npy", "c.npy"];
    for (more, sentence) in [
        (&["--tie", "a"][..], "Only one activation is called a, a; a --tie needs two or more."),
        (&["--tie", "a,b", "--per-channel", "b=0"], "The tie of a,b holds b, which is to have a range --per-channel"),
    ] {
        let ran = qviz(folder.path(), &[&args[..], more].concat());
        assert!(ran.code == 1 && ran.err.contains(sentence), "{} {}", ran.code, ran.err);
        assert_eq!(ran.json()["tensors"].as_array().unwrap().len(), 3);
        assert!(!ran.out.contains("tied_with"));
    }
    let pipe = qviz_with(
        folder.path(),
        &["report", "--json", "-", "a.npy", "--tie", "*"],
        &npy("<f4", &[1], &[0, 0, 128, 63]),
    );
    assert!(pipe.code == 1 && pipe.err.contains("can be read only once"), "{}", pipe.err);
    assert_eq!(qviz(folder.path(), &["report", "a.npy", "--tie", "["]).code, 2);
}

#[test]
fn a_pattern_that_fits_nothing_is_wrong_usage() {
    let folder = three();
    for (option, value, pattern) in [
        ("--skip", "z*", "--skip z*"),
        ("--skip", "a,bb", "--skip bb"),
        ("--only", "aa", "--only aa"),
        ("--set", "op:Conv=float", "--set op:Conv"),
        ("--tie", "a,z", "--tie z"),
        ("--per-channel", "cc=0", "--per-channel cc"),
    ] {
        for command in ["report", "compare", "export"] {
            let ran = qviz(folder.path(), &[command, "a.npy", "b.npy", "c.npy", option, value]);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{option} {value}: {}", ran.err);
            assert!(ran.err.contains(&format!("{pattern} fits no layer")), "{}", ran.err);
        }
    }
    let near = qviz(folder.path(), &["report", "a.npy", "b.npy", "c.npy", "--skip", "bb"]);
    assert_eq!(near.err, "qviz: --skip bb fits no layer; nearly so are called b.\n");
    // What cannot be read at all is said as before.
    assert_eq!(qviz(folder.path(), &["report", "gone.npy", "--skip", "x"]).code, 1);
}

/// Runs it, sends one SIGINT as soon as stderr holds `when` (or after a while), and waits for the end.
#[cfg(all(unix, feature = "onnx"))]
fn interrupted(folder: &Path, args: &[&str], after: std::time::Duration) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qviz"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(after);
    let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let started = std::time::Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed().as_secs() < 60, "it ends");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    // -1: a signal has ended it.
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[cfg(all(unix, feature = "onnx"))]
#[test]
fn ctrl_c_ends_a_run_and_writes_what_was_found() {
    let here = tempdir().unwrap();
    let of = |command: &[&'static str]| -> Vec<&'static str> {
        let (name, options) = command.split_first().unwrap();
        let network = [*name, CLASSIFIER, "--random", "5000", "--shape", "x=1x3x32x64", "--method", "max"];
        [&network[..], options].concat()
    };
    let wait = std::time::Duration::from_secs(4);
    let ran = interrupted(here.path(), &of(&["export", "-o", "x.json"]), wait);
    assert_eq!(ran.code, 130, "{}", ran.err);
    let last = ran.err.lines().last().unwrap();
    assert!(last.starts_with("interrupted: scales from ") && last.ends_with(" of 5000 samples were written to x.json"));
    let written: Value = serde_json::from_slice(&fs::read(here.path().join("x.json")).unwrap()).unwrap();
    assert!(warnings(tensor(&written, "x")).contains("Stopped early: "));
}

#[cfg(all(unix, feature = "onnx"))]
#[test]
fn ctrl_c_ends_a_search_and_a_sensitivity_and_writes_what_was_found() {
    let here = tempdir().unwrap();
    // So many that neither is through by then.
    let network = [CLASSIFIER, "--random", "64", "--shape", "x=1x3x48x192", "--method", "max", "--bins", "128"];
    for (command, output) in [("tune", "tuned.json"), ("sensitivity", "each.json")] {
        let words = [&[command][..], &network, &["-o", output]].concat();
        let ran = interrupted(here.path(), &words, std::time::Duration::from_secs(8));
        assert_eq!(ran.code, 130, "{command}: {}", ran.err);
        let last = ran.err.lines().last().unwrap();
        assert!(last.starts_with("interrupted: "), "{last}");
        let written = here.path().join(output);
        assert_eq!(written.exists(), last.contains(output), "{last}");
    }
}

/// Nobody who has interrupted the counting waits for a search that follows it.
#[cfg(all(unix, feature = "onnx"))]
#[test]
fn ctrl_c_in_the_counting_begins_no_trial() {
    let here = tempdir().unwrap();
    let network = [CLASSIFIER, "--random", "5000", "--shape", "x=1x3x48x192", "--method", "max", "--bins", "128"];
    for (command, last) in [
        (&["tune", "-o", "x.json"][..], "interrupted: nothing was decided yet, and nothing written"),
        (&["sensitivity", "-o", "x.json"], "interrupted: nothing was measured yet, and nothing written"),
        (&["report", "--by-method", "-o", "x.json"], "interrupted: no method was tried yet, and nothing written"),
        (&["report", "--outputs"], "interrupted: the report from "),
    ] {
        let words = [command, &network].concat();
        let ran = interrupted(here.path(), &words, std::time::Duration::from_secs(3));
        assert_eq!(ran.code, 130, "{command:?}: {}", ran.err);
        assert!(ran.err.lines().last().unwrap().starts_with(last), "{command:?}: {}", ran.err);
        assert!(!here.path().join("x.json").exists());
    }
}

/// Three activations that two Concats share, and their samples.
#[cfg(feature = "onnx")]
fn concats() -> TempDir {
    let folder = tempdir().unwrap();
    let nodes = [
        onnx::node("Relu", &["x"], "a", None),
        onnx::node("Neg", &["x"], "b", None),
        onnx::node("Mul", &["x", "x"], "c", None),
        onnx::node("Concat", &["a", "b"], "ab", Some(("axis", 1))),
        onnx::node("Concat", &["b", "c"], "bc", Some(("axis", 1))),
        onnx::node("Add", &["ab", "bc"], "y", None),
    ];
    fs::write(folder.path().join("net.onnx"), onnx::model(("x", &[1, 8]), &nodes, ("y", &[1, 16]))).unwrap();
    let data: Vec<u8> = normal(40 * 8, 5).iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(folder.path().join("x.npy"), npy("<f4", &[40, 8], &data)).unwrap();
    folder
}

#[cfg(feature = "onnx")]
#[test]
fn the_inputs_of_a_concat_share_a_range() {
    let folder = concats();
    let args = ["report", "--json", "net.onnx", "--data", "x.npy", "--exact", "--place", "all"];
    let run = |more: &[&str]| {
        let ran = qviz(folder.path(), &[&args[..], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.json()
    };
    let x = normal(40 * 8, 5);
    let squares: Vec<f32> = x.iter().map(|x| x * x).collect();
    let all: f32 = squares.iter().chain(&x).fold(0.0, |amax: f32, x| amax.max(x.abs()));
    for (more, ties) in [
        (&["--method", "max"][..], true),
        (&["--method", "max", "--no-tie"], false),
        (&["--method", "max", "--one-pass"], true),
    ] {
        let document = run(more);
        let amax = ["a", "b", "c"].map(|name| f32_of(&tensor(&document, name)["chosen"]["amax"]));
        if ties {
            assert_eq!(amax, [all; 3], "{more:?}");
            let said = warnings(tensor(&document, "b"));
            assert!(
                said.contains("Shares its range with a and c: inputs of the Concats Concat_ab, Concat_bc."),
                "{said}"
            );
            assert!(tensor(&document, "a")["chosen"]["measured"].is_object());
        } else {
            assert!(amax[0] < amax[2] && !document.to_string().contains("tied_with"));
        }
        // The outputs of the Concats are nobody's inputs here.
        assert!(tensor(&document, "ab")["chosen"].get("tied_with").is_none());
    }
    // What was asked for joins what ties itself; what stays in float is left out.
    let document = run(&["--tie", "x,a", "--skip", "c"]);
    assert_eq!(tensor(&document, "x")["chosen"]["tied_with"], serde_json::json!(["a", "b"]));
    assert!(tensor(&document, "c")["chosen"].get("tied_with").is_none());
}

#[cfg(feature = "onnx")]
#[test]
fn a_search_decides_once_for_what_is_tied() {
    let folder = concats();
    let network = ["net.onnx", "--data", "x.npy", "--method", "percentile-80", "--place", "all"];
    let ran = qviz(folder.path(), &[&["tune"], &network[..], &["-o", "tuned.json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let document: Value = serde_json::from_slice(&fs::read(folder.path().join("tuned.json")).unwrap()).unwrap();
    let chosen = ["a", "b", "c"].map(|name| tensor(&document, name)["chosen"].clone());
    for field in ["amax", "scale", "zero_point", "num_bits", "signed", "symmetric", "edited"] {
        assert!(chosen.iter().all(|c| c[field] == chosen[0][field]), "{field}: {chosen:?}");
    }
    let before = qviz(folder.path(), &[&["report", "--json"], &network[..]].concat()).json();
    assert_ne!(
        chosen[0]["amax"],
        tensor(&before, "a")["chosen"]["amax"],
        "80 % of the values is not enough for any network"
    );
}

#[cfg(feature = "onnx")]
const CLASSIFIER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");

#[test]
fn layers_go_to_fp8() {
    let here = tempdir().unwrap();
    let chosen = |args: &[&str], name: &str| tensor(&document(here.path(), args), name)["chosen"].clone();
    let fp8 = chosen(&["--format", "e4m3"], "04.conv3.dw");
    assert_eq!((&fp8["format"], &fp8["method"]), (&"float8_e4m3fn".into(), &"max".into()));
    assert_eq!((&fp8["qmin"], &fp8["qmax"], &fp8["num_bits"]), (&(-448).into(), &448.into(), &8.into()));
    assert_eq!((&fp8["zero_point"], &fp8["kl"]), (&0.into(), &Value::Null));
    let scale = fp8["amax"].as_f64().unwrap() as f32 / 448.0;
    assert_eq!(fp8["scale"].as_f64().unwrap() as f32, scale);
    // A method that was named is not passed over in silence.
    let named = document(here.path(), &["--format", "e4m3", "--method", "entropy,mse"]);
    let named = tensor(&named, "04.conv3.dw");
    assert_eq!(named["chosen"]["method"], "mse");
    assert!(named["warnings"].to_string().contains("entropy has no answer here"), "{}", named["warnings"]);
    assert!(named["candidates"]["entropy"]["note"].as_str().unwrap().contains("evenly"));
    // One layer only, and integers again for one of all.
    let some = document(here.path(), &["--set", "04*=e5m2"]);
    assert_eq!(tensor(&some, "04.conv3.dw")["chosen"]["format"], "float8_e5m2");
    assert_eq!(tensor(&some, "05.conv9.add")["chosen"]["format"], Value::Null);
    assert_eq!(tensor(&some, "05.conv9.add")["chosen"]["method"], "mse");
    let some = document(here.path(), &["--format", "fp8", "--set", "04*=bits:16", "--set", "05*=asymmetric"]);
    assert_eq!(tensor(&some, "04.conv3.dw")["chosen"]["qmax"], 32_767);
    assert_eq!(tensor(&some, "05.conv9.add")["chosen"]["symmetric"], false);
    assert_eq!(tensor(&some, "06.conv11.hswish")["chosen"]["qmax"], 448);
    // Words that do not go together.
    for wrong in [&["--format", "e4m3", "--bits", "8"][..], &["--format", "e4m3", "--asymmetric"], &["--format", "fp9"]]
    {
        assert_eq!(qviz(here.path(), &[&["report"], wrong].concat()).code, 2, "{wrong:?}");
    }
    let affine = qviz(here.path(), &["report", "--asymmetric"]).fine().out;
    assert_eq!(affine, qviz(here.path(), &["report", "--format", "int8 affine"]).fine().out);
    assert_eq!(affine, qviz(here.path(), &["report", "--affine"]).fine().out);
}

/// The bundled classifier on a few made-up samples, small enough for a test.
#[cfg(feature = "onnx")]
#[track_caller]
fn of_classifier(folder: &Path, command: &[&str]) -> Ran {
    let (name, options) = command.split_first().unwrap();
    let words = [&[*name, CLASSIFIER, "--random", "3", "--shape", "x=1x3x32x64", "--method", "max"], options].concat();
    let ran = qviz(folder, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran
}

#[cfg(feature = "onnx")]
#[test]
fn a_network_s_activations_and_weights_are_layers() {
    let here = tempdir().unwrap();
    let ran = of_classifier(here.path(), &["report", "--json", "--outputs"]);
    assert!(ran.err.contains("3 random samples"), "{}", ran.err);
    let json = ran.json();
    let x = tensor(&json, "x");
    // The shape is the tensor's own; how many samples there were stands beside it.
    assert_eq!((&x["kind"], &x["shape"]), (&"activation".into(), &serde_json::json!([1, 3, 32, 64])));
    assert_eq!((&x["samples"], &x["dtype"]), (&3.into(), &"float32".into()));
    for tensor in json["tensors"].as_array().unwrap().iter().filter(|tensor| tensor["axis"].is_u64()) {
        let axis = tensor["axis"].as_u64().unwrap() as usize;
        let scales = tensor["chosen"]["scale"].as_array().unwrap().len();
        assert_eq!(tensor["shape"][axis], scales, "{}", tensor["name"]);
        assert!(tensor.get("samples").is_none(), "{}", tensor["name"]);
    }
    assert_eq!(x["stats"]["count"], 3 * 3 * 32 * 64);
    assert!(warnings(x).contains("random numbers"));
    // A weight has a range for each output channel, by its largest magnitude, on a signed symmetric grid.
    let weight = tensor(&json, "fc_0.w_0");
    assert_eq!(
        (&weight["kind"], &weight["axis"], &weight["chosen"]["method"]),
        (&"weight".into(), &1.into(), &"max".into())
    );
    assert_eq!(weight["chosen"]["scale"].as_array().unwrap().len(), 2);
    let sqnr = json["outputs"]["whole"]["sqnr_db"].as_f64().unwrap();
    assert!((1.0..80.0).contains(&sqnr), "{sqnr}");
    // Everything in float changes nothing.
    let float = of_classifier(here.path(), &["report", "--outputs", "--skip", "*"]);
    assert!(float.out.contains("# everything as chosen: inf dB, cosine 1.000000"), "{}", float.out);
    // Sixteen bits lose less than eight.
    let fp8 = of_classifier(here.path(), &["report", "--json", "--outputs", "--format", "e4m3"]).json();
    let sqnr = fp8["outputs"]["whole"]["sqnr_db"].as_f64().unwrap();
    assert!(sqnr > 5.0 && sqnr < 60.0, "{sqnr}");
    assert_eq!(tensor(&fp8, fp8["tensors"][0]["name"].as_str().unwrap())["chosen"]["format"], "float8_e4m3fn");
    let wide = of_classifier(here.path(), &["report", "--json", "--outputs", "--bits", "16"]).json();
    assert!(wide["outputs"]["whole"]["sqnr_db"].as_f64().unwrap() > sqnr + 20.0);
}

#[cfg(feature = "onnx")]
#[test]
fn sensitivities_are_listed_worst_first_and_the_worst_can_be_left_out() {
    let here = tempdir().unwrap();
    let only = ["--only", "x,relu_0.tmp_0,hardswish_0.tmp_0,fc_0.w_0"];
    let listed = of_classifier(here.path(), &[&["sensitivity", "--json"][..], &only].concat());
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(listed["schema"], "qviz.sensitivity/1");
    let tensors = listed["tensors"].as_array().unwrap();
    assert_eq!(tensors.len(), 4);
    let alone = |t: &Value| t["alone"]["sqnr_db"].as_f64().unwrap();
    assert!(tensors.windows(2).all(|two| alone(&two[0]) <= alone(&two[1])));
    assert!(tensors.iter().any(|t| t["kind"] == "weight"));
    // What costs least alone leaves most of the error where it is.
    let whole = listed["whole"]["sqnr_db"].as_f64().unwrap();
    let without = |t: &Value| t["without"]["sqnr_db"].as_f64().unwrap();
    assert!(without(&tensors[0]) > whole && without(&tensors[0]) > without(&tensors[3]));
    let rest = of_classifier(here.path(), &[&["report", "--json", "--skip-worst", "1"][..], &only].concat()).json();
    let worst = tensors[0]["name"].as_str().unwrap();
    assert_eq!(tensor(&rest, worst)["chosen"]["quantized"], false);
    let kept = rest["tensors"].as_array().unwrap().iter().filter(|t| t["chosen"]["quantized"] == true).count();
    assert_eq!(kept, 3);
}

#[cfg(feature = "onnx")]
#[test]
fn what_cannot_be_run_is_one_sentence() {
    let here = tempdir().unwrap();
    let says = |args: &[&str], code: i32, words: &[&str]| {
        let ran = qviz(here.path(), args);
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(words.iter().all(|word| ran.err.contains(word)), "{}", ran.err);
        assert!(!ran.err.contains("panicked"));
    };
    says(&["report", CLASSIFIER], 2, &["needs something to run on", "--data", "--random"]);
    says(&["report", "a.npy", "--random", "2"], 2, &["MODEL.onnx"]);
    says(&["report", CLASSIFIER, "b.npy", "--random", "2"], 2, &["alone"]);
    says(&["sensitivity", "a.npy"], 1, &["a.npy"]);
    for command in ["report", "sensitivity", "tune"] {
        says(&[command, "none.onnx", "--random", "2"], 1, &["none.onnx does not exist"]);
    }
    says(&["report", CLASSIFIER, "--random", "2"], 1, &["--shape x=1x3x224x224"]);
    says(&["report", CLASSIFIER, "--random", "2", "--shape", "y=1x3x32x64"], 1, &["no input y"]);
    fs::write(here.path().join("text.onnx"), b"not a model at all").unwrap();
    says(&["report", "text.onnx", "--random", "2"], 1, &["is not an ONNX model"]);
    write(here.path().join("x.npy"), &[1.0, 2.0, 3.0]);
    says(&["report", CLASSIFIER, "--data", "x.npy"], 1, &["x.npy"]);
    fs::write(here.path().join("torn.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    says(&["report", CLASSIFIER, "--data", "torn.png", "--resize", "64x32"], 1, &["torn.png"]);
}

#[cfg(feature = "onnx")]
#[test]
fn what_is_assumed_of_samples_is_told_with_the_option_that_says_otherwise() {
    let here = tempdir().unwrap();
    let n = 2 * 3 * 16 * 32;
    let data: Vec<u8> = normal(n, 3).iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(here.path().join("two.npy"), npy("<f4", &[2, 3, 16, 32], &data)).unwrap();
    let run = |options: &[&str]| {
        let ran = qviz(
            here.path(),
            &[&["report", CLASSIFIER, "--method", "max", "--only", "x", "--data"][..], options].concat(),
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err
    };
    let told = run(&["two.npy"]);
    let says = "two.npy: 2x3x16x32 is 2 samples of x ?x3x?x?; if all of it is one sample, give its shape, such as --shape x=2x3xnxn";
    assert!(told.contains("on 2 samples") && told.contains(says), "{told}");
    let told = run(&["two.npy", "--shape", "x=2x3xnxn"]);
    assert!(told.contains("on 1 sample\n") && !told.contains("--shape"), "{told}");
    assert!(run(&["x=two.npy", "--shape", "x=nx3x16x32"]).contains("on 2 samples\n"));
}

/// On eight bins the rule of NVIDIA's talk has no answer, and what stands in for it is named as what it is.
#[test]
fn a_stand_in_is_named() {
    let folder = one();
    let args = ["acts.npy", "--method", "trt-gtc2017", "--bins", "8"];
    for command in ["export", "report"] {
        let ran =
            qviz(folder.path(), &[&[command][..], &args, if command == "report" { &["--json"] } else { &[] }].concat());
        let json = ran.fine().json();
        let acts = tensor(&json, "acts");
        assert_eq!((&acts["chosen"]["method"], &acts["chosen"]["instead_of"]), (&"max".into(), &"trt-gtc2017".into()));
        let largest = f32_of(&acts["stats"]["max"]).max(-f32_of(&acts["stats"]["min"]));
        assert_eq!(f32_of(&acts["chosen"]["amax"]), largest);
        assert!(warnings(acts).contains("trt-gtc2017 has no answer here"), "{}", warnings(acts));
    }
    let text = qviz(folder.path(), &[&["report"], &args[..]].concat()).fine().out.clone();
    assert!(text.contains("stand-in"), "{text}");
    // Entropy has one on any number of bins, and says where it began.
    let json = document(folder.path(), &["acts.npy", "--method", "entropy", "--bins", "8"]);
    let acts = tensor(&json, "acts");
    assert_eq!((&acts["chosen"]["method"], acts["chosen"].get("instead_of")), (&"entropy".into(), None));
    assert!(acts.to_string().contains("with 8 bins the search begins at bin 8"), "{acts}");
    let json = document(folder.path(), &["acts.npy"]);
    assert!(tensor(&json, "acts")["chosen"].get("instead_of").is_none());
}

/// What is exported of all bundled layers is read again, each clip to the last bit, and is the same when written again.
#[test]
fn an_export_is_read_again() {
    use qviz::report::Scales;
    let folder = tempdir().unwrap();
    for args in [&["export"][..], &["export", "--unsigned"], &["export", "--affine"]] {
        let written = qviz(folder.path(), args).fine().out;
        let scales = Scales::read(written.as_bytes(), "scales.json").unwrap();
        assert!(scales.json() == written, "another document was written");
        let wanted = scales.wanted().unwrap();
        assert_eq!(wanted.len(), scales.tensors.len());
        assert!(wanted.len() > 5);
    }
}
