//! Statistics in place of activations: written, merged, looked at, compared.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Ran, normal, npy, qviz, qviz_with, tempdir};

/// Batches of two layers, of shape (10, 4).
fn batches(folder: &Path, names: &[&str]) {
    for (b, batch) in names.iter().enumerate() {
        fs::create_dir_all(folder.join(batch)).unwrap();
        for (l, layer) in ["conv1", "relu1"].iter().enumerate() {
            let mut values = normal(40, (7 * b + l) as u32);
            match l {
                0 => values.iter_mut().for_each(|x| *x *= 1.0 + b as f32),
                _ => values.iter_mut().for_each(|x| *x = x.max(0.0)),
            }
            let data: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
            fs::write(folder.join(batch).join(format!("{layer}.npy")), npy::npy("<f4", &[10, 4], &data)).unwrap();
        }
    }
}

fn said(ran: &Ran, code: i32, what: &str) {
    assert!(ran.code == code && ran.err.contains(what), "{} {}\n{}", ran.code, ran.err, ran.out);
}

#[test]
fn parts_in_any_order_give_the_file_and_the_document_of_one_pass() {
    let folder = tempdir().unwrap();
    let names = ["a", "b", "c"];
    batches(folder.path(), &names);
    let run = |args: &[&str]| qviz(folder.path(), args);
    for name in names {
        let out = run(&["stats", name, "-o", &format!("{name}.parquet"), "--per-channel", "conv1=-1"]).fine().out;
        assert_eq!(out, format!("{name}.parquet: 2 tensors, shard {name} of run run\n"));
    }
    let all = "{batch}/{layer}.npy";
    run(&["stats", ".", "--group", all, "-o", "whole.parquet", "--per-channel", "conv1=-1"]).fine();
    run(&["merge", "a.parquet", "b.parquet", "c.parquet", "-o", "abc.parquet"]).fine();
    run(&["merge", "c.parquet", "a.parquet", "b.parquet", "a.parquet", "-o", "cab.parquet"]).fine();
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("abc.parquet"), bytes("cab.parquet"));
    // By way of a part that was merged.
    run(&["merge", "b.parquet", "c.parquet", "-o", "bc.parquet"]).fine();
    let out = run(&["merge", "bc.parquet", "a.parquet", "-o", "a-bc.parquet"]).fine().out;
    assert!(out.starts_with("a-bc.parquet: 2 tensors of 3 pieces of the data, "), "{out}");
    assert_eq!(bytes("abc.parquet"), bytes("a-bc.parquet"));

    // The same document, the names of files aside, whichever way it comes; methods by batches say why they have no answer.
    let options = ["--method", "entropy,percentile-99.9,mse,ort-minmax,nvidia-entropy", "--per-channel", "conv1=1"];
    let document = |paths: &[&str]| -> Value {
        let ran = run(&[&["report", "--json"], &options[..], paths].concat()).fine();
        let mut document = ran.json();
        document.as_object_mut().unwrap().remove("provenance");
        for tensor in document["tensors"].as_array_mut().unwrap() {
            tensor.as_object_mut().unwrap().remove("files");
        }
        document
    };
    let one = document(&["whole.parquet"]);
    assert_eq!(document(&["abc.parquet"]), one);
    assert_eq!(document(&["b.parquet", "c.parquet", "a.parquet"]), one);
    assert_eq!(document(&["a*bc.parquet"]), one, "a pattern, of one table twice");
    // Whether b and c are the same in both cannot be told any more, so that neither counts.
    for (paths, first) in [(&["*bc.parquet"][..], "a-bc.parquet"), (&["abc.parquet", "bc.parquet"], "abc.parquet")] {
        let ran = run(&[&["report", "--json"], &options[..], paths].concat());
        said(&ran, 1, &format!("bc.parquet holds the shard b of the run run, and so does {first}; what was added up"));
        assert_eq!(ran.json()["tensors"], serde_json::json!([]));
    }
}

#[test]
fn what_is_done_is_not_done_again_and_what_changes_is() {
    let folder = tempdir().unwrap();
    batches(folder.path(), &["a"]);
    let run = |args: &[&str]| qviz(folder.path(), args);
    let stats = ["stats", "a", "-o", "a.parquet"];
    run(&stats).fine();
    let first = fs::read(folder.path().join("a.parquet")).unwrap();
    assert_eq!(run(&stats).fine().out, "a.parquet: 2 tensors, 2 of them counted before, shard a of run run\n");
    assert_eq!(fs::read(folder.path().join("a.parquet")).unwrap(), first);
    npy::write(folder.path().join("a/relu1.npy"), &[1.0; 50]);
    npy::write(folder.path().join("a/new.npy"), &[2.0, 1.0]);
    assert_eq!(run(&stats).fine().out, "a.parquet: 3 tensors, 1 of them counted before, shard a of run run\n");
    let document = run(&["report", "--json", "a.parquet"]).fine().json();
    assert_eq!(document["tensors"][2]["stats"]["count"], 50);
    // Counted otherwise is not the same.
    let by_channel = run(&["stats", "a", "-o", "a.parquet", "--per-channel", "conv1=1"]).fine().out;
    assert!(by_channel.contains("2 of them counted before"), "{by_channel}");

    said(
        &run(&["stats", "a", "-o", "a.parquet", "--run", "other"]),
        1,
        "holds the shard a of the run run, and not a of other",
    );
    said(&run(&["stats", "a", "-o", "a.parquet", "--bins", "64"]), 1, "was counted for 2048 bins, and not 64");
    fs::write(folder.path().join("note.parquet"), "not mine").unwrap();
    said(&run(&["stats", "a", "-o", "note.parquet"]), 1, "note.parquet is no Parquet file");
    assert_eq!(fs::read(folder.path().join("note.parquet")).unwrap(), b"not mine");
    run(&["stats", "a", "-o", "note.parquet", "--force"]).fine();
    run(&["merge", "a.parquet", "-o", "merged.parquet"]).fine();
    said(&run(&["stats", "a", "-o", "merged.parquet"]), 1, "holds parts that were merged");
    said(&run(&["merge", "a.parquet", "-o", "merged.parquet"]), 1, "exists");
    // A pipe is counted each time.
    let values = npy::floats(&[1.0, -2.0]);
    for _ in 0..2 {
        let ran = qviz_with(folder.path(), &["stats", "-", "-o", "pipe.parquet"], &values).fine();
        assert_eq!(ran.out, "pipe.parquet: 1 tensor, shard pipe of run run\n");
    }
}

#[test]
fn what_does_not_go_together_is_a_sentence_and_no_file() {
    let folder = tempdir().unwrap();
    batches(folder.path(), &["a", "b"]);
    let run = |args: &[&str]| qviz(folder.path(), args);
    run(&["stats", "a", "-o", "a.parquet"]).fine();
    run(&["stats", "b", "-o", "b.parquet", "--shard", "a"]).fine();
    run(&["stats", "b", "-o", "other.parquet", "--run", "monday"]).fine();
    let bytes = fs::read(folder.path().join("a.parquet")).unwrap();
    fs::write(folder.path().join("cut.parquet"), &bytes[..bytes.len() / 2]).unwrap();
    let merge = |file: &str| run(&["merge", "a.parquet", file, "-o", "all.parquet"]);
    for (file, what) in [
        ("b.parquet", "b.parquet holds the shard a of the run run, and so does a.parquet; they differ"),
        ("other.parquet", "other.parquet is of the run monday, and a.parquet of run; leave one of them out"),
        ("cut.parquet", "cut.parquet is cut short"),
        ("none.parquet", "none.parquet does not exist"),
    ] {
        said(&merge(file), 1, what);
        assert!(!folder.path().join("all.parquet").exists());
        // Nothing is merged in part on the way to a report either.
        let ran = run(&["report", "a.parquet", file]);
        said(&ran, 1, what);
        assert!(!ran.out.contains("conv1"), "{}", ran.out);
    }
    run(&["merge", "--runs", "a.parquet", "other.parquet", "-o", "both.parquet"]).fine();
    said(&run(&["merge", "a", "-o", "x.parquet"]), 2, "a holds no statistics");
    said(&run(&["stats", "a.parquet", "-o", "x.parquet"]), 2, "holds statistics already");
    said(&run(&["stats", "a", "-o", "x.json"]), 2, "name it .parquet");
    said(&run(&["stats", "a", "-o", "weights.parquet"]), 2, "a shard cannot be called weights");
    said(&run(&["stats", "a", "-o", "x.parquet", "--per-channel", "conv9=1"]), 2, "--per-channel conv9 fits no layer");
    said(&run(&["stats", "a", "-o", "x.parquet", "--random", "3"]), 2, "--random does nothing here");
    said(&run(&["stats", "a", "-o", "x.parquet", "--per-channel", "5"]), 1, "no axis 5");
    said(&run(&["report", "a.parquet", "a"]), 2, "they are looked at apart");
    said(&run(&["report", "a.parquet", "--exact"]), 2, "statistics hold none");
    said(&run(&["report", "a.parquet", "--group", "{layer}"]), 2, "--group is for activations");
    said(
        &run(&["report", "a.parquet", "--bins", "4096"]),
        1,
        "was counted for 2048 bins, and --bins 4096 asks for more",
    );
    said(&run(&["report", "a.parquet", "--per-channel", "1"]), 1, "count again with qviz stats --per-channel 1");
    said(&run(&["sensitivity", "a.parquet"]), 2, "a network is put on trial");
}

/// Another schema, counts that cannot be, and those that overflow only together: a sentence, and the file that stands where
/// the merged one would go is what it was.
#[test]
fn nothing_is_merged_in_part() {
    use super::rows;

    let folder = tempdir().unwrap();
    let run = |args: &[&str]| qviz(folder.path(), args);
    fs::write(folder.path().join("good.parquet"), rows::zeros("good", 1 << 62).bytes()).unwrap();
    run(&["merge", "good.parquet", "-o", "all.parquet"]).fine();
    let before = fs::read(folder.path().join("all.parquet")).unwrap();
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let overflow = (rows::zeros("more", 1 << 62).bytes(), "(x) has more values than a table counts, 2^63.");
    let cut = rows::good().bytes();
    let cut = (cut[..cut.len() - 9].to_vec(), "is cut short: it does not end as Parquet files do; write it anew.");
    for (bytes, sentence) in rows::wrong().chain([overflow, cut]) {
        fs::write(folder.path().join("bad.parquet"), bytes).unwrap();
        for parts in [["good.parquet", "bad.parquet"], ["bad.parquet", "good.parquet"]] {
            let ran = run(&["merge", parts[0], parts[1], "-o", "all.parquet", "--force"]);
            // Which of the two is too many is for the order to say.
            let name = if sentence.contains("2^63") { parts[1] } else { "bad.parquet" };
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{sentence}");
            assert_eq!(ran.err, format!("qviz: {name} {sentence}\n"));
            assert_eq!(fs::read(folder.path().join("all.parquet")).unwrap(), before);
            assert_eq!(names(), ["all.parquet", "bad.parquet", "good.parquet"]);
        }
    }
}

#[test]
fn parts_for_different_bins_come_to_the_fewest() {
    let folder = tempdir().unwrap();
    batches(folder.path(), &["a", "b", "c"]);
    let run = |args: &[&str]| qviz(folder.path(), args);
    for (name, bins) in [("a", "2048"), ("b", "64"), ("c", "500")] {
        run(&["stats", name, "-o", &format!("{name}.parquet"), "--bins", bins, "--per-channel", "conv1=-1"]).fine();
        run(&[
            "stats",
            name,
            "-o",
            &format!("{name}64.parquet"),
            "--shard",
            name,
            "--bins",
            "64",
            "--per-channel",
            "conv1=-1",
        ])
        .fine();
    }
    run(&["merge", "a64.parquet", "b64.parquet", "c64.parquet", "-o", "all64.parquet"]).fine();
    let merge = |parts: &[&str], out: &str, note: &str| {
        let ran = run(&[&["merge"], parts, &["-o", out]].concat());
        assert_eq!((ran.code, ran.err), (0, format!("note: {note}\n")));
        fs::read(folder.path().join(out)).unwrap()
    };
    let all = fs::read(folder.path().join("all64.parquet")).unwrap();
    let note = "b.parquet was counted for 64 bins and others for up to 2048: all are brought to 64.";
    assert!(merge(&["a.parquet", "b.parquet", "c.parquet"], "abc.parquet", note) == all);
    assert!(merge(&["c.parquet", "b.parquet", "a.parquet", "b.parquet"], "cba.parquet", note) == all);
    let ca = "c.parquet was counted for 512 bins and others for up to 2048: all are brought to 512.";
    merge(&["c.parquet", "a.parquet"], "ca.parquet", ca);
    let by = "b.parquet was counted for 64 bins and others for up to 512: all are brought to 64.";
    assert!(merge(&["ca.parquet", "b.parquet"], "ca-b.parquet", by) == all);
    // A report says so of each tensor, and its numbers are those of the coarse grid.
    let report = |paths: &[&str]| run(&[&["report", "--json"], paths].concat()).fine().json();
    let (mixed, coarse) = (report(&["a.parquet", "b.parquet", "c.parquet"]), report(&["all64.parquet"]));
    assert_eq!(mixed["tensors"][0]["candidates"], coarse["tensors"][0]["candidates"]);
    assert!(
        mixed["tensors"][0].to_string().contains(note) && !coarse["tensors"][0].to_string().contains("are brought")
    );
    // Fewer bins are there in every table.
    let fewer = report(&["a.parquet", "c.parquet", "--bins", "64", "--method", "max,entropy"]);
    let counted = report(&["a64.parquet", "c64.parquet", "--method", "max,entropy"]);
    assert_eq!(fewer["tensors"][0]["candidates"], counted["tensors"][0]["candidates"]);
    // The two sides of a comparison need not be alike either.
    let compared = run(&["compare", "--data", "a.parquet", "--against", "b.parquet", "--method", "max"]);
    assert_eq!(compared.err, "note: one set was counted for 2048 bins and the other for 64: both are brought to 64.\n");
    let alike = run(&["compare", "--data", "a64.parquet", "--against", "b.parquet", "--method", "max"]).fine();
    assert_eq!((compared.code, compared.out), (0, alike.out));
}

#[test]
fn a_folder_of_statistics_is_what_its_files_come_to() {
    let folder = tempdir().unwrap();
    batches(folder.path(), &["acts/a", "acts/b"]);
    fs::create_dir(folder.path().join("stats")).unwrap();
    let run = |args: &[&str]| qviz(folder.path(), args);
    run(&["stats", "acts/a", "-o", "stats/a.parquet"]).fine();
    run(&["stats", "acts/b", "-o", "stats/b.parquet"]).fine();
    let report = run(&["report", "stats", "--tie", "conv1,relu1"]).fine().out;
    assert!(report.contains("conv1  20x4") && report.contains("tied"), "{report}");
    let exported = run(&["export", "stats", "-o", "calib.cache"]);
    assert_eq!((exported.code, exported.err.as_str()), (0, "qviz: 2 tensors got a scale in tensorrt-cache.\n"));
    let cache = fs::read_to_string(folder.path().join("calib.cache")).unwrap();
    assert!(cache.contains("\nconv1: ") && cache.contains("\nrelu1: "), "{cache}");
    let compared = run(&["compare", "stats", "--method", "max,entropy,ort-entropy-128-128"]).fine().out;
    assert!(compared.contains("conv1"), "{compared}");
}

#[test]
fn what_has_moved_between_two_sets_comes_first() {
    let folder = tempdir().unwrap();
    batches(folder.path(), &["a", "b"]);
    let run = |args: &[&str]| qviz(folder.path(), args);
    run(&["stats", "b", "-o", "b.parquet"]).fine();
    let by_dumps = run(&["compare", "--data", "a", "--against", "b", "--method", "max"]).fine().out;
    let rows: Vec<&str> = by_dumps.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(rows, ["layer", "conv1", "relu1"]);
    assert!(by_dumps.lines().nth(1).unwrap().contains("saturates"), "{by_dumps}");
    assert_eq!(run(&["compare", "a", "--against", "b.parquet", "--method", "max"]).fine().out, by_dumps);
    let same = run(&["compare", "b.parquet", "--against", "b.parquet", "--method", "max", "--json"]).fine().out;
    let same: Value = serde_json::from_str(&same).unwrap();
    assert_eq!((same["schema"].as_str(), same["layers"][0]["moved"].as_f64()), (Some("qviz.shift/1"), Some(0.0)));
    assert_eq!(same["against"][0], "b.parquet");
    said(&run(&["compare", "--data", "a"]), 2, "--data does nothing here: only a model is run");
    said(&run(&["compare", "a", "--data", "a", "--against", "b"]), 2, "not both");
    said(&run(&["compare", "a", "--against", "none.parquet"]), 1, "none.parquet does not exist");
}

#[cfg(feature = "onnx")]
#[test]
fn a_network_is_counted_once_and_gone_on_with() {
    use super::onnx::{constant, model_with, node};

    let folder = tempdir().unwrap();
    let nodes = [node("MatMul", &["x", "w"], "h", None), node("Relu", &["h"], "y", None)];
    let constants = [constant("w", &[4, 3], &normal(12, 5))];
    fs::write(folder.path().join("net.onnx"), model_with(("x", &[1, 4]), &nodes, &constants, ("y", &[1, 3]))).unwrap();
    let samples = |name: &str, rows: usize, from: u32| {
        let data: Vec<u8> = normal(rows * 4, from).into_iter().flat_map(f32::to_le_bytes).collect();
        fs::write(folder.path().join(name), npy::npy("<f4", &[rows, 4], &data)).unwrap();
    };
    samples("a.npy", 8, 1);
    samples("b.npy", 5, 2);
    let run = |args: &[&str]| qviz(folder.path(), args);
    let channels = ["--per-channel", "kind:weight=1"];
    for name in ["a", "b"] {
        let (data, out) = (format!("{name}.npy"), format!("{name}.parquet"));
        let ran = run(&[&["stats", "net.onnx", "--data", &data, "-o", &out], &channels[..]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (0, format!("{out}: 4 tensors, shard {name} of run run\n").as_str()));
    }
    let again = run(&[&["stats", "net.onnx", "--data", "a.npy", "-o", "a.parquet"], &channels[..]].concat());
    assert!(again.out.contains("4 of them counted before") && again.err.contains("8 of 8 samples were counted before"));
    said(
        &run(&["stats", "net.onnx", "--data", "a.npy", "-o", "a.parquet"]),
        1,
        "was counted on other data, or in another way",
    );
    said(&run(&["stats", "net.onnx", "--data", "a.npy", "-o", "x.parquet", "--group", "{layer}"]), 2, "--group");

    let report = |args: &[&str]| run(&[&["report", "--json", "--method", "max"], args].concat());
    let merged = report(&["a.parquet", "b.parquet", "--symmetric"]).fine().json();
    let weight = merged["tensors"].as_array().unwrap().iter().find(|t| t["name"] == "w").unwrap();
    assert_eq!((weight["kind"].as_str(), weight["stats"]["count"].as_u64()), (Some("weight"), Some(12)));
    // In one pass over all samples: the same clips.
    let mut all: Vec<f32> = normal(32, 1);
    all.extend(normal(20, 2));
    let data: Vec<u8> = all.into_iter().flat_map(f32::to_le_bytes).collect();
    fs::write(folder.path().join("all.npy"), npy::npy("<f4", &[13, 4], &data)).unwrap();
    let whole = report(&["net.onnx", "--data", "all.npy", "--one-pass", "--place", "all", "--symmetric"]);
    let whole: Value = serde_json::from_str(&whole.out).unwrap();
    for tensor in whole["tensors"].as_array().unwrap().iter().filter(|t| t["kind"] == "activation") {
        let found = merged["tensors"].as_array().unwrap().iter().find(|t| t["name"] == tensor["name"]).unwrap();
        assert_eq!(found["chosen"]["amax"], tensor["chosen"]["amax"]);
        assert_eq!((&found["stats"]["count"], &found["samples"]), (&tensor["stats"]["count"], &13.into()));
    }
    said(&run(&["report", "net.onnx", "--data", "a.parquet"]), 2, "a model runs on samples");
    let moved = run(&["compare", "net.onnx", "--data", "a.npy", "--against", "b.npy"]);
    assert!(moved.code == 0 && moved.out.lines().count() == 4, "{}{}", moved.out, moved.err);
}
