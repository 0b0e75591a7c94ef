//! The peers' profiles against the peers' own output: histograms, thresholds and curves, in one batch and in two.
//!
//! `tests/reference/peers.json` holds what pytorch-quantization 2.2.1 (torch 2.15, NumPy 2.4) and ONNX Runtime 1.32 made
//! of ten fixtures. The small fixtures are counted from their values here, the large ones taken as the peer counted
//! them. `python tests/reference/fixtures.py` writes the large ones, and `cargo test --test peers -- --ignored` counts
//! them too.
//!
//! `tests/reference/ort_entropy.json` holds what ONNX Runtime's search makes of some histograms in which the last bit
//! may decide, to the last bit; `benches/ort_entropy.py --fixture` writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qviz::calibrate::{self, Tensor, kl, ort_entropy};
use qviz::histogram::{GridSpec, Histogram, Magnitude, NumpyHistogram, Stats};
use qviz::quant::{Format, QuantParams};
use serde::Deserialize;
use serde_json::Value;

const UNSIGNED: Format = Format::INT8.with_signed(false);
/// Numbers held against the peer's in one run.
const PER_RUN: usize = 110;
const RAW: [&str; 4] = ["a_randn1000", "j_constant3", "k_zeros", "l_one_element"];

#[derive(Deserialize)]
struct Peers {
    tables: Vec<Table>,
    fixtures: BTreeMap<String, BTreeMap<String, Run>>,
    curves: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Table {
    counts: String,
    /// f32 bits as ordered integers, twice differenced.
    edges: String,
}

#[derive(Deserialize)]
struct Run {
    grids: BTreeMap<String, usize>,
    values: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Extremes {
    min: f32,
    max: f32,
    count: u64,
}

fn reference(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(file)
}

fn peers() -> Peers {
    serde_json::from_slice(&std::fs::read(reference("peers.json")).unwrap()).unwrap()
}

fn extremes() -> BTreeMap<String, Extremes> {
    serde_json::from_slice(&std::fs::read(reference("fixtures.json")).unwrap()).unwrap()
}

fn spec(grid: &str) -> GridSpec {
    match grid {
        "nvidia" => GridSpec::NvidiaTorch { bins: 2048 },
        "nvidia-np" => GridSpec::NvidiaNumpy { bins: 2048 },
        "ort-128" => GridSpec::Ort { bins: 128 },
        "ort-2048" => GridSpec::Ort { bins: 2048 },
        "ort-abs-128" => GridSpec::OrtMagnitude { bins: 128 },
        "ort-abs-2048" => GridSpec::OrtMagnitude { bins: 2048 },
        other => panic!("{other}"),
    }
}

impl Table {
    fn histogram(&self) -> NumpyHistogram {
        let counts = self.counts.split(' ').map(|c| c.parse().unwrap()).collect();
        let (mut bits, mut step) = (0i32, 0i32);
        let edges = self.edges.split(' ').map(|d| {
            step += d.parse::<i32>().unwrap();
            bits += step;
            f32::from_bits(bits.unsigned_abs()) * if bits < 0 { -1.0 } else { 1.0 }
        });
        NumpyHistogram { edges: edges.collect(), counts }
    }
}

/// The fixture as the peer has counted it.
fn told(peers: &Peers, run: &Run, e: &Extremes) -> Histogram {
    let mut stats = Stats::default();
    (stats.count, stats.min, stats.max) = (e.count, Some(e.min), Some(e.max));
    let magnitude = Magnitude { amax: e.min.abs().max(e.max.abs()), pos: vec![0; 2048], neg: vec![0; 2048] };
    let bare = Histogram::from_parts(stats, magnitude, None);
    run.grids.iter().fold(bare, |h, (grid, table)| h.with_peer(spec(grid), peers.tables[*table].histogram()))
}

/// The fixture as qviz counts it.
fn made(dir: &Path, name: &str, batches: &str, run: &Run) -> Histogram {
    let array: ndarray::Array1<f32> = ndarray_npy::read_npy(dir.join(format!("{name}.npy"))).unwrap();
    let values = array.to_vec();
    let grids: Vec<GridSpec> = run.grids.keys().map(|grid| spec(grid)).collect();
    match batches {
        "b1" => Histogram::of(&values, 2048, &grids),
        _ => {
            let (first, second) = values.split_at(values.len() / 2);
            Histogram::of_batches(&[first, second], 2048, &grids)
        }
    }
}

/// Holds every threshold of one run against the peer's; how many numbers were compared.
fn compare(what: &str, histogram: &Histogram, values: &BTreeMap<String, Value>) -> usize {
    let histogram = Arc::new(histogram.clone());
    let clip = |id: &str, format: Format| {
        let tensor = Tensor::new(histogram.clone(), format);
        let method = calibrate::by_id(id).unwrap_or_else(|e| panic!("{e}"));
        method.calibrate(&tensor).unwrap_or_else(|e| panic!("{what} {id}: {e}")).clip
    };
    let mut compared = 0;
    for (id, value) in values {
        if let Some(theirs) = value.as_f64() {
            let format = if id.ends_with(".unsigned") { UNSIGNED } else { Format::INT8 };
            let ours = clip(id.trim_end_matches(".unsigned"), format).amax();
            assert_eq!(ours, theirs as f32, "{what} {id}");
            compared += 1;
            continue;
        }
        let numbers: Vec<f64> = value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let [low, high, int8, uint8, zero_point] = numbers[..] else { panic!("{value}") };
        let id = id.trim_end_matches(".symmetric");
        let affine = UNSIGNED.with_symmetric(false);
        let ours = clip(id, affine);
        assert_eq!((ours.min(), ours.max()), ((low as f32).min(0.0), (high as f32).max(0.0)), "{what} {id}");
        let params = QuantParams::from_clip(ours, affine);
        assert_eq!((params.scale(), params.zero_point()), (uint8 as f32, zero_point as i32), "{what} {id}");
        let symmetric = QuantParams::from_clip(clip(id, Format::INT8), Format::INT8);
        assert_eq!(symmetric.scale(), int8 as f32, "{what} {id} int8");
        compared += 5;
    }
    compared
}

/// Counts the fixtures in `dir` and holds counts, edges and thresholds against the peer's.
fn from_values(dir: &Path, names: &[String]) -> usize {
    let peers = peers();
    let mut compared = 0;
    for name in names {
        for (batches, run) in &peers.fixtures[name] {
            let histogram = made(dir, name, batches, run);
            for (grid, table) in &run.grids {
                let (ours, theirs) = (histogram.peer(spec(grid)).unwrap().unwrap(), peers.tables[*table].histogram());
                let what = format!("{name} {batches} {grid}");
                assert_eq!(ours.edges.len(), theirs.edges.len(), "{what}");
                for (i, (a, b)) in ours.edges.iter().zip(&theirs.edges).enumerate() {
                    assert_eq!(a, b, "{what} edge {i}");
                }
                if grid == "nvidia" && histogram.stats.amax() == 0.0 {
                    // torch.histc widens an empty range to [-1, 1]; qviz counts zeros in bin 0.
                    assert_eq!(ours.counts.iter().sum::<u64>(), theirs.counts.iter().sum::<u64>());
                    continue;
                }
                assert_eq!(ours.counts, theirs.counts, "{what}");
            }
            compared += compare(&format!("{name} {batches}"), &histogram, &run.values);
        }
    }
    compared
}

#[test]
fn the_small_fixtures_come_out_from_their_values() {
    let names = RAW.map(String::from);
    let compared = from_values(&reference(""), &names);
    println!("{compared} numbers");
    assert_eq!(compared, 4 * 2 * PER_RUN);
}

#[test]
fn every_fixture_comes_out_from_the_peer_s_own_histogram() {
    let (peers, extremes) = (peers(), extremes());
    let mut compared = 0;
    for (name, runs) in &peers.fixtures {
        for (batches, run) in runs {
            let histogram = told(&peers, run, &extremes[name]);
            compared += compare(&format!("{name} {batches} told"), &histogram, &run.values);
        }
    }
    println!("{compared} numbers");
    assert_eq!(compared, 10 * 2 * PER_RUN);
}

#[test]
#[ignore = "needs the large fixtures, which tests/reference/fixtures.py writes"]
fn the_large_fixtures_come_out_from_their_values() {
    let dir = reference("large");
    assert!(dir.is_dir(), "python tests/reference/fixtures.py writes the large fixtures");
    let names: Vec<String> = peers().fixtures.keys().cloned().collect();
    assert_eq!(from_values(&dir, &names), 10 * 2 * PER_RUN);
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(|x| x.parse().unwrap()).collect()
}

#[test]
fn the_divergences_on_the_numpy_histogram_are_the_peer_s() {
    let peers = peers();
    let mut compared = 0;
    for (name, theirs) in &peers.curves {
        let Some((fixture, sign)) = name.split_once(".np.") else { continue };
        let grid = peers.tables[peers.fixtures[fixture]["b1"].grids["nvidia-np"]].histogram();
        let counts = kl::without_zero_bin(grid.counts);
        let ours = &kl::curve(&counts, if sign == "signed" { 128 } else { 256 })[128..];
        let theirs = numbers(theirs);
        assert_eq!(ours.len(), theirs.len());
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let close = (a - b).abs() <= f64::max(1e-12, 1e-9 * b.abs());
            assert!(close || *a == b, "{name} at {}: {a} for {b}", i + 128);
            compared += 1;
        }
    }
    assert_eq!(compared, 4 * 1921);
}

#[test]
fn the_divergences_of_onnx_runtime_s_windows_are_the_peer_s() {
    let peers = peers();
    let mut compared = 0;
    for (name, theirs) in &peers.curves {
        let Some(fixture) = name.strip_suffix(".ort-2048-128") else { continue };
        let grid = peers.tables[peers.fixtures[fixture]["b1"].grids["ort-2048"]].histogram();
        let ours = ort_entropy::curve(&grid.counts, 128).unwrap();
        let theirs = numbers(theirs);
        assert_eq!(ours.len(), theirs.len());
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            assert_eq!(*a as f32, b as f32, "{name} at {}", i + 64);
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * 961);
}

#[derive(Deserialize)]
struct Search {
    what: String,
    levels: usize,
    /// The edges that it ends at, counted from the middle.
    window: [f32; 2],
    counts: String,
    /// The bits of each window's f32.
    divergences: String,
}

impl Search {
    /// The histogram on edges that count bins from the middle.
    fn histogram(&self) -> NumpyHistogram {
        let counts: Vec<u64> = self.counts.split(' ').map(|c| c.parse().unwrap()).collect();
        let bins = counts.len();
        NumpyHistogram { edges: (0..=bins).map(|i| i as f32 - (bins / 2) as f32).collect(), counts }
    }
}

/// The peer works in f32, and its logarithm is not the nearest float: where windows are close, that decides.
#[test]
fn onnx_runtime_s_windows_are_the_peer_s_where_the_last_bit_decides() {
    let searches = std::fs::read(reference("ort_entropy.json")).unwrap();
    let searches: Vec<Search> = serde_json::from_slice(&searches).unwrap();
    let mut by_rounding = Vec::new();
    for search in &searches {
        let (grid, what) = (search.histogram(), &search.what);
        let ours = ort_entropy::curve(&grid.counts, search.levels).unwrap();
        let theirs: Vec<u32> = search.divergences.split(' ').map(|b| u32::from_str_radix(b, 16).unwrap()).collect();
        assert_eq!(ours.len(), theirs.len());
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let (a, b) = (*a as f32, f32::from_bits(b));
            assert_eq!(a.to_bits(), b.to_bits(), "{what} at {}: {a} for {b}", i + search.levels / 2);
        }

        let (bins, end) = (grid.counts.len(), grid.edges[grid.counts.len()]);
        let mut stats = Stats::default();
        (stats.count, stats.min, stats.max) = (1, Some(-end), Some(end));
        let magnitude = Magnitude { amax: end, pos: vec![0; 2048], neg: vec![0; 2048] };
        let histogram = Histogram::from_parts(stats, magnitude, None).with_peer(GridSpec::Ort { bins }, grid);
        let tensor = Tensor::new(Arc::new(histogram), Format::INT8.with_symmetric(false));
        let method = calibrate::by_id(&format!("ort-entropy-{bins}-{}", search.levels)).unwrap();
        let answer = method.calibrate(&tensor).unwrap();
        assert_eq!([answer.clip.min(), answer.clip.max()], search.window, "{what}");
        if answer.note.is_some_and(|note| note.starts_with("decided by rounding: ")) {
            by_rounding.push(what.as_str());
        }
    }
    assert_eq!(searches.len(), 10);
    // The nearest float for each logarithm ends elsewhere on these two.
    assert_eq!(by_rounding, ["normal-far-outliers 1000000 37", "normal-far-outliers 1000000 59"]);
}
