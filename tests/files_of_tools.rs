//! Files that other tools have written: `tests/data`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use qviz::calibrate::{Tensor, by_id};
use qviz::exchange;
use qviz::input::discover;
use qviz::jobs::{Recipe, read_layer};
use qviz::quant::Format;
use qviz::session::Kind;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

/// A number as ONNX Runtime writes it: plain, or in an array of any shape.
fn number(value: &Value) -> f32 {
    let value = value.get("data").unwrap_or(value);
    value.as_array().map_or(value, |list| &list[0]).as_f64().unwrap() as f32
}

/// What stands in a file of ONNX Runtime, by tensor.
fn thresholds(name: &str) -> BTreeMap<String, (f32, f32)> {
    let document = json(name);
    let entries = document["data"].as_object().unwrap().iter();
    entries.map(|(name, entry)| (name.clone(), (number(&entry["lowest"]), number(&entry["highest"])))).collect()
}

/// What a method here says of each tensor whose counts a file holds, in the counts' own range.
fn calibrated(counts: &str, method: &str) -> BTreeMap<String, (f32, f32)> {
    let found = discover(&[file(counts)], None);
    assert!(found.errors.is_empty(), "{:?}", found.errors);
    let method = by_id(method).unwrap();
    let clip = |source: &qviz::input::Source| {
        let recipe = Recipe::new(2048, [method.as_ref()]);
        let (_, histogram) = read_layer(source, &recipe, 1, &|_| {}, &|| false).unwrap().unwrap();
        let tensor = Tensor::new(Arc::new(histogram), Format::INT8.with_symmetric(false));
        let clip = method.calibrate(&tensor).unwrap_or_else(|why| panic!("{}: {why}", source.name)).clip;
        (source.name.clone(), (clip.min(), clip.max()))
    };
    found.sources.iter().map(clip).collect()
}

/// ONNX Runtime's ranges need not hold 0, and ours do.
fn holding_zero(ranges: BTreeMap<String, (f32, f32)>) -> BTreeMap<String, (f32, f32)> {
    ranges.into_iter().map(|(name, (low, high))| (name, (low.min(0.0), high.max(0.0)))).collect()
}

#[test]
fn entropy_on_its_own_counts_is_what_onnx_runtime_has_chosen() {
    for (counts, method) in [("entropy", "ort-entropy-128-128"), ("entropy-256-128", "ort-entropy-256-128")] {
        let counts = format!("onnxruntime/{counts}.json");
        assert_eq!(calibrated(&counts, method), holding_zero(thresholds(&counts)), "{counts}");
    }
}

/// Its Percentile keeps no counts; Entropy counts the same values on the same bins.
#[test]
fn a_percentile_on_its_counts_is_what_onnx_runtime_has_chosen() {
    let ours = calibrated("onnxruntime/entropy-256-128.json", "ort-percentile-asym-99-256");
    assert_eq!(ours, holding_zero(thresholds("onnxruntime/percentile.json")));
}

#[test]
fn counts_are_kept_as_they_are() {
    for name in ["onnxruntime/entropy.json", "onnxruntime/entropy-256-128.json", "onnxruntime/distribution.json"] {
        let document = json(name);
        let found = discover(&[file(name)], None);
        assert_eq!(found.sources.len(), document["data"].as_object().unwrap().len());
        for source in &found.sources {
            let read = read_layer(source, &Recipe::magnitudes(64), 1, &|_| {}, &|| false).unwrap().unwrap();
            let (origin, histogram) = read;
            let hist = document["data"][&source.name]["hist"]["data"].as_array().unwrap().clone();
            let hist: Vec<u64> = hist.iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!(histogram.stats.count, hist.iter().sum::<u64>(), "{}", source.name);
            // Both sides from zero outwards; only empty bins are left out, and zeros are not negative.
            let half = hist.len() / 2;
            let outwards = |i: usize| hist[half + i] + hist[half - 1 - i];
            let counts = histogram.magnitude.counts();
            assert_eq!(counts, (0..counts.len()).map(outwards).collect::<Vec<_>>(), "{}", source.name);
            assert!((counts.len()..half).all(|i| outwards(i) == 0));
            assert!(origin.notes[0].contains("Counted by ONNX Runtime") && origin.dtype == "float32");
        }
    }
}

#[test]
fn what_holds_no_counts_says_so() {
    for (name, why) in [("percentile", "keeps no histogram with its Percentile"), ("minmax", "without a histogram")] {
        let found = discover(&[file(&format!("onnxruntime/{name}.json"))], None);
        assert!(found.sources.is_empty() && found.errors[0].message.contains(why), "{:?}", found.errors);
    }
}

#[test]
fn every_file_is_recognized_and_read() {
    for (name, format, ranges, kind) in [
        ("onnxruntime/minmax.json", "ort-cache", 4, Kind::Activation),
        ("onnxruntime/entropy.json", "ort-cache", 4, Kind::Activation),
        ("onnxruntime/percentile.json", "ort-cache", 4, Kind::Activation),
        ("onnxruntime/distribution.json", "ort-cache", 4, Kind::Activation),
        ("published/tensorrt.cache", "tensorrt-cache", 3, Kind::Activation),
        ("published/ncnn.table", "ncnn-table", 3, Kind::Weight),
        ("published/tpu_mlir_cali_table", "tpu-mlir-table", 2, Kind::Activation),
        ("published/aimet-1.0.0.encodings", "aimet-1.0.0", 1, Kind::Activation),
    ] {
        let (known, read) = exchange::read(name, &std::fs::read(file(name)).unwrap(), None).unwrap();
        assert_eq!((known.id(), read.ranges.len()), (format, ranges), "{name}");
        assert_eq!(read.ranges[0].kind, kind, "{name}");
    }
    let (_, read) = exchange::read("x.json", &std::fs::read(file("onnxruntime/minmax.json")).unwrap(), None).unwrap();
    let ours: BTreeMap<String, (f32, f32)> =
        read.ranges.iter().map(|r| (r.name.clone(), (r.clips[0].min(), r.clips[0].max()))).collect();
    assert_eq!(ours, holding_zero(thresholds("onnxruntime/minmax.json")));
}
