//! `qviz check`: exit codes, text and JSON.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{qviz, tempdir, write};

fn cache(folder: &Path, name: &str, entries: &[(&str, f32)]) {
    let line = |(name, scale): &(&str, f32)| format!("{name}: {:08x}\n", scale.to_bits());
    let text = format!("TRT-8205-EntropyCalibration2\n{}", entries.iter().map(line).collect::<String>());
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn the_exit_code_is_for_ci() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    cache(path, "fine.cache", &[("x", 0.01), ("y", 0.02)]);
    cache(path, "warned.cache", &[("x_scale", 0.01), ("y", 0.02)]);
    cache(path, "wrong.cache", &[("x", 0.0), ("y", 0.02)]);
    let ran = qviz(path, &["check", "fine.cache"]).fine();
    assert_eq!(ran.out, "Nothing was found in fine.cache (tensorrt-cache, 2 scales).\n");
    let ran = qviz(path, &["check", "warned.cache"]).fine();
    assert_eq!(
        ran.out,
        "warned.cache: x_scale: warning[name-mangled]: ModelOpt reads it as \"x\": it takes every \"_scale\" out of a name, \
         so that the scale finds no tensor and the import fails; rename the tensor in the model and in the cache.\n\
         1 warning in warned.cache (tensorrt-cache, 2 scales).\n"
    );
    assert_eq!(qviz(path, &["check", "warned.cache", "--strict"]).code, 1);
    let ran = qviz(path, &["check", "fine.cache", "warned.cache", "wrong.cache", "none.cache"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("wrong.cache: x: error[scale-zero]: its scale is 0.0: "), "{}", ran.out);
    assert!(lines[1].starts_with("none.cache: error[file-unread]: it could not be read: "), "{}", ran.out);
    assert_eq!(lines.last(), Some(&"2 errors, 1 warning in 4 files (6 scales)."));
}

#[test]
fn json_and_rules() {
    let folder = tempdir().unwrap();
    cache(folder.path(), "wrong.cache", &[("x\u{1b}[31m", f32::NAN)]);
    let ran = qviz(folder.path(), &["check", "wrong.cache", "--json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &json["schema"], &json["errors"]), (1, &"qviz.check/1".into(), &1.into()));
    assert_eq!((&json["findings"][0]["rule"], &json["files"][0]["scales"]), (&"scale-nan".into(), &1.into()));
    // Names from files move no cursor.
    assert!(
        qviz(folder.path(), &["check", "wrong.cache"]).out.starts_with("wrong.cache: x\\x1b[31m: error[scale-nan]")
    );
    let rules = qviz(folder.path(), &["check", "--rules"]).fine();
    assert!(rules.out.lines().count() > 40 && rules.out.contains("scale-zero"));
    let json: Value = serde_json::from_str(&qviz(folder.path(), &["check", "--rules", "--json"]).fine().out).unwrap();
    assert_eq!(json["rules"].as_array().unwrap().len() + 1, rules.out.lines().count());
    for wrong in [&["check"][..], &["check", "--rules", "x.cache"], &["check", "x", "--from", "magic"]] {
        assert_eq!(qviz(folder.path(), wrong).code, 2);
    }
}

#[test]
fn activations_say_how_much_saturates() {
    let folder = tempdir().unwrap();
    let path = folder.path();
    let values: Vec<f32> = (0..2000).map(|at| (at as f32 / 1000.0) - 1.0).collect();
    write(path.join("x.npy"), &values);
    cache(path, "fits.cache", &[("x", 1.0 / 127.0)]);
    cache(path, "cuts.cache", &[("x", 0.5 / 127.0)]);
    qviz(path, &["check", "fits.cache", "--data", "x.npy"]).fine();
    let ran = qviz(path, &["check", "cuts.cache", "--data", "x.npy"]);
    assert!(ran.code == 0 && ran.out.contains("cuts.cache: x: warning[saturates]: 50.0 % lie beyond"), "{}", ran.out);
    let ran = qviz(path, &["check", "fits.cache", "--data", "none.npy"]);
    assert!(ran.code == 1 && ran.err.contains("none.npy"), "{}", ran.err);
}

#[cfg(feature = "onnx")]
mod models {
    use super::super::onnx::{constant, model_with, node, small_integers};
    use super::*;

    const BUNDLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");

    /// `y = x w`, with the weight's largest magnitudes 1 and 4 by output channels.
    fn float(folder: &Path) {
        let weight = constant("w", &[2, 2], &[1.0, -4.0, 0.5, 2.0]);
        let bytes = model_with(("x", &[1, 2]), &[node("MatMul", &["x", "w"], "y", None)], &[weight], ("y", &[1, 2]));
        fs::write(folder.join("m.onnx"), bytes).unwrap();
    }

    #[test]
    fn a_model_is_held_against_the_scales() {
        let folder = tempdir().unwrap();
        let path = folder.path();
        float(path);
        cache(path, "other.cache", &[("z", 0.01)]);
        let ran = qviz(path, &["check", "other.cache", "--model", "m.onnx"]);
        assert!(ran.code == 0 && ran.out.contains("z: warning[name-unknown]: m.onnx has no tensor"), "{}", ran.out);
        cache(path, "own.cache", &[("y", 0.01)]);
        let ran = qviz(path, &["check", "own.cache", "--model", "m.onnx"]);
        assert!(ran.out.contains("x: warning[tensor-without-scale]: MatMul MatMul_y takes it"), "{}", ran.out);
        let entry = |scale: f32| format!(r#"{{"quant_type": "QInt8", "scale": {scale}, "zero_point": 0, "axis": 1}}"#);
        let overrides = |a: f32, b: f32| format!(r#"{{"w": [{}, {}]}}"#, entry(a), entry(b));
        fs::write(path.join("fits.json"), overrides(1.0 / 127.0, 4.0 / 127.0)).unwrap();
        fs::write(path.join("swapped.json"), overrides(4.0 / 127.0, 1.0 / 127.0)).unwrap();
        let ran = qviz(path, &["check", "fits.json", "--model", "m.onnx"]);
        assert!(ran.code == 0 && !ran.out.contains("[weight-"), "{}", ran.out);
        let ran = qviz(path, &["check", "swapped.json", "--model", "m.onnx"]);
        assert!(ran.out.contains("w: warning[weight-clipped]: channel 1 is clipped at 1.000"), "{}", ran.out);
        let ran = qviz(path, &["check", "own.cache", "--model", "none.onnx"]);
        assert!(ran.code == 1 && ran.err.contains("none.onnx"), "{}", ran.err);
        // Samples to run it on.
        write(path.join("x.npy"), &[0.5, 1.0]);
        cache(path, "x.cache", &[("x", 0.1 / 127.0), ("y", 1.0)]);
        let data = ["--data", "x.npy", "--model", "m.onnx"];
        let ran = qviz(path, &[&["check", "x.cache"], &data[..]].concat());
        assert!(ran.out.contains("x: warning[saturates]: 100 % lie beyond"), "{} {}", ran.out, ran.err);
    }

    /// What is exported of a real network is found sound beside it, by every method of writing it.
    #[test]
    fn our_own_exports_are_sound() {
        let folder = tempdir().unwrap();
        let path = folder.path();
        let run = [BUNDLED, "--random", "1", "--shape", "x=1x3x32x64", "--method", "max"];
        qviz(path, &[&["export", "-o", "a.json"], &run[..]].concat());
        qviz(path, &[&["export", "-o", "s.json", "--symmetric"], &run[..]].concat());
        for (from, to) in [("a.json", "ort-overrides"), ("a.json", "aimet-1.0.0"), ("s.json", "tensorrt-cache")] {
            qviz(path, &["convert", from, "--to", to, "-o", to]);
            for file in [from, to] {
                let ran = qviz(path, &["check", file, "--model", BUNDLED, "--strict"]);
                assert!(ran.code == 0, "{file}: {}", ran.out);
            }
        }
    }

    #[test]
    fn quantizers_of_a_model_are_checked() {
        let folder = tempdir().unwrap();
        let path = folder.path();
        let model = |scale: f32, back: &str, codes: &[u8]| {
            let nodes = [
                node("QuantizeLinear", &["x", "s", "z"], "q", None),
                node("DequantizeLinear", &["q", back, "z"], "d", None),
                node("DequantizeLinear", &["wq", "t", "zw"], "wd", None),
                node("MatMul", &["d", "wd"], "y", None),
            ];
            let constants = [
                constant("s", &[], &[scale]),
                constant("t", &[], &[0.02]),
                small_integers("z", 2, &[], &[100]),
                small_integers("zw", 3, &[], &[0]),
                small_integers("wq", 3, &[2, 2], codes),
            ];
            model_with(("x", &[1, 2]), &nodes, &constants, ("y", &[1, 2]))
        };
        for (name, bytes, found) in [
            ("fine.onnx", model(0.1, "s", &[127, 129, 3, 5]), None),
            ("zero.onnx", model(0.0, "s", &[127, 129, 3, 5]), Some("x: error[scale-zero]: its scale is 0.0")),
            ("pair.onnx", model(0.1, "t", &[127, 129, 3, 5]), Some("x: error[pair-differs]: it is quantized with 0.1")),
            ("few.onnx", model(0.1, "s", &[1, 2, 3, 5]), Some("wd: warning[few-codes]: its integers span 5 of 256")),
        ] {
            fs::write(path.join(name), bytes).unwrap();
            let ran = qviz(path, &["check", name]);
            match found {
                None => assert_eq!(ran.out, format!("Nothing was found in {name} (model, 2 scales).\n")),
                Some(found) => assert!(ran.out.contains(found), "{name}: {}", ran.out),
            }
        }
        float(path);
        let ran = qviz(path, &["check", "m.onnx"]);
        assert!(ran.code == 1 && ran.out.contains("m.onnx: error[file-empty]: it has no scale"), "{}", ran.out);
    }
}
