//! Files of other tools: `qviz export --to`, `qviz convert`.

use std::fs;

use super::{normal, qviz, tempdir, write};

/// What is chosen for `a` and `b`, as each format has it; and from each back to a document.
#[test]
fn exports_and_converts() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    write(path.join("a.npy"), &normal(4000, 1));
    write(path.join("b.npy"), &normal(4000, 2));
    let document = qviz(path, &["export", "a.npy", "b.npy"]).fine().json();
    let scale = document["tensors"][0]["chosen"]["scale"].as_f64().unwrap() as f32;

    let ran = qviz(path, &["export", "a.npy", "b.npy", "-o", "x.cache"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "qviz: 2 tensors got a scale in tensorrt-cache.\n"));
    let cache = fs::read_to_string(path.join("x.cache")).unwrap();
    assert_eq!(cache.lines().nth(1), Some(format!("a: {:08x}", scale.to_bits()).as_str()));

    for to in [
        "csv",
        "tensorrt-ranges",
        "hailo-alls",
        "qnn-overrides",
        "aimet-0.6.1",
        "aimet-1.0.0",
        "aimet-2.0.0",
        "ort-overrides",
        "ort-cache",
        "ncnn-table",
        "tpu-mlir-table",
        "torch-amax",
        "modelopt-amax",
    ] {
        let file = format!("{to}.file");
        let ran = qviz(path, &["convert", "x.cache", "--to", to, "-o", &file]);
        assert_eq!(ran.code, 0, "{to}: {}", ran.err);
        let back = qviz(path, &["convert", &file, "--from", to, "--to", "json"]);
        assert_eq!(back.code, 0, "{to}: {}", back.err);
        assert_eq!(back.json()["tensors"][0]["name"], "a", "{to}");
    }

    // What a cache says is a document that can be taken up.
    let ran = qviz(path, &["convert", "x.cache", "-o", "x.json"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "qviz: x.cache is a cache of TensorRT 10.3.0 (EntropyCalibration2).\n")
    );
    // The version stays, unless another is asked for.
    for (version, head) in
        [(&[][..], "TRT-100300-"), (&["--trt-version", "8.6.1"][..], "TRT-8601-EntropyCalibration2\n")]
    {
        let ran = qviz(path, &[&["convert", "x.cache", "--to", "tensorrt-cache"], version].concat());
        assert!(ran.code == 0 && ran.out.starts_with(head), "{}", ran.out);
    }
    assert_eq!(qviz(path, &["convert", "x.cache", "--to", "csv", "--trt-version", "8601"]).code, 2);
    let taken = qviz(path, &["report", "--json", "--frozen", "--scales", "x.json", "a.npy", "b.npy"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert_eq!(taken.json()["tensors"][0]["chosen"]["scale"].as_f64().unwrap() as f32, scale);
}

#[test]
fn what_cannot_be_is_said_and_writes_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    write(path.join("a.npy"), &normal(4000, 1));
    let ran = qviz(path, &["export", "a.npy", "--affine", "-o", "x.cache"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("tensorrt-cache cannot hold these scales: a: ") && ran.err.contains("--symmetric"),
        "{}",
        ran.err
    );
    assert!(!path.join("x.cache").exists());

    assert_eq!(qviz(path, &["export", "a.npy", "--to", "pdf"]).code, 2);
    let ran = qviz(path, &["export", "a.npy", "-o", "x.encodings"]);
    assert!(ran.code == 2 && ran.err.contains("aimet-0.6.1, aimet-1.0.0, aimet-2.0.0"), "{}", ran.err);

    fs::write(path.join("bad.cache"), "TRT-1-E\na: 00000000\n").unwrap();
    let ran = qviz(path, &["convert", "bad.cache", "--to", "csv"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(
        ran.err.starts_with("qviz: bad.cache could not be read as tensorrt-cache: the scale of a is 0"),
        "{}",
        ran.err
    );
    assert_eq!(qviz(path, &["convert", "none", "--to", "csv"]).code, 1);
    // Kept unless --force is given.
    fs::write(path.join("good.txt"), "a:1\n").unwrap();
    assert_eq!(qviz(path, &["convert", "good.txt", "--to", "csv", "-o", "bad.cache"]).code, 1);
    assert_eq!(qviz(path, &["convert", "good.txt", "--to", "csv", "-o", "bad.cache", "--force"]).code, 0);
}

#[test]
fn names_of_another_tool() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("r.txt"), "conv0:127\nfc:63.5\n").unwrap();
    fs::write(path.join("names.csv"), "conv0,net/conv1\nold,x\n").unwrap();
    let ran = qviz(path, &["convert", "r.txt", "--to", "tensorrt-cache", "--names", "names.csv"]);
    assert_eq!(ran.out, "TRT-100300-EntropyCalibration2\nnet/conv1: 3f800000\nfc: 3f000000\n");
    assert!(ran.err.contains("Names that no tensor has: old."), "{}", ran.err);
    let listed = qviz(path, &["convert", "--help"]).fine().out;
    assert!(listed.contains("tpu-mlir-table") && listed.contains("--names"), "{listed}");
}
