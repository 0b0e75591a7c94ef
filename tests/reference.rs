//! The numbers of the peers themselves, to the last digit.
//!
//! `tests/reference/` holds what pytorch-quantization 2.2.1, ModelOpt 0.47.0 (torch 2.15, scipy 1.17) and NumPy 2.4
//! said on ten fixtures: four of them as arrays, the larger ones as the counts that the peer made of them.
//! `tests/reference/make.py` runs the peers and writes these files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use qviz::calibrate::{self, Tensor, kl, mse_curve};
use qviz::histogram::{GridSpec, Histogram, Magnitude, NumpyHistogram, Stats};
use qviz::quant::{Format, QuantParams};
use serde::Deserialize;

const UNSIGNED: Format = Format::INT8.with_signed(false);
const GRIDS: [GridSpec; 1] = [GridSpec::Numpy { bins: 100 }];
const RAW: [&str; 4] = ["a_randn1000", "j_constant3", "k_zeros", "l_one_element"];

#[derive(Deserialize)]
struct Fixture {
    min: f32,
    max: f32,
    mean: f64,
    std: f64,
    zeros: u64,
    count: u64,
    amax: f32,
    torch: Vec<u64>,
    edges: BTreeMap<usize, f32>,
    edges_sum: f64,
    values: BTreeMap<String, f32>,
    article: Article,
}

#[derive(Deserialize)]
struct Article {
    left_val: f32,
    right_val: f32,
    dynamic_range: f32,
    hist_scale: f32,
    hist: Vec<u64>,
}

#[derive(Deserialize)]
struct Curves {
    /// Numbers, `inf` and `nan` between spaces: JSON has no infinity, and its parser may miss the last bit.
    kl: String,
    mse: Vec<f64>,
}

impl Curves {
    fn kl(&self) -> Vec<f64> {
        self.kl.split(' ').map(|x| x.parse().unwrap()).collect()
    }
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(file)
}

fn fixtures() -> BTreeMap<String, Fixture> {
    serde_json::from_slice(&std::fs::read(path("fixtures.json")).unwrap()).unwrap()
}

fn values(name: &str) -> Vec<f32> {
    let array: ndarray::Array1<f32> = ndarray_npy::read_npy(path(&format!("{name}.npy"))).unwrap();
    array.to_vec()
}

/// The fixture as the peer's counts show it.
fn histogram(f: &Fixture) -> Histogram {
    let mut stats = Stats::default();
    (stats.count, stats.zeros) = (f.count, f.zeros);
    (stats.min, stats.max) = (Some(f.min), Some(f.max));
    let (mut pos, neg) = (f.torch.clone(), vec![0; f.torch.len()]);
    if f.amax == 0.0 {
        // torch.histc widens an empty range to [-1, 1]; qviz counts zeros in bin 0.
        pos.rotate_left(1024);
    }
    let edges = NumpyHistogram::edges_over(f.min, f.max, 100).unwrap();
    let numpy = NumpyHistogram { edges, counts: f.article.hist.clone() };
    Histogram::from_parts(stats, Magnitude { amax: f.amax, pos, neg }, Some(numpy))
}

fn tensor(h: Histogram, format: Format) -> Tensor {
    Tensor::new(Arc::new(h), format)
}

fn amax_by(method: &str, tensor: &Tensor) -> f32 {
    calibrate::by_id(method).unwrap().calibrate(tensor).unwrap().clip.amax()
}

#[test]
fn counts_are_torch_s_and_numpy_s() {
    let fixtures = fixtures();
    for name in RAW {
        let (f, values) = (&fixtures[name], values(name));
        let made = Histogram::of(&values, 2048, &GRIDS);
        let told = histogram(f);
        assert_eq!(made.magnitude.counts(), told.magnitude.counts(), "{name}");
        assert_eq!(made.numpy(100), told.numpy(100), "{name}");
        assert_eq!((made.stats.count, made.stats.zeros), (f.count, f.zeros));
        assert_eq!((made.stats.min, made.stats.max), (Some(f.min), Some(f.max)));
        assert!((made.stats.mean().unwrap() - f.mean).abs() <= 1e-15 * f.mean.abs().max(1.0), "{name}");
        assert!((made.stats.std().unwrap() - f.std).abs() <= 1e-15 * f.std.max(1.0), "{name}");
    }
}

#[test]
fn edges_are_torch_linspace_s() {
    for (name, f) in fixtures() {
        let edges = histogram(&f).magnitude.edges();
        for (i, edge) in &f.edges {
            assert_eq!(edges[*i], *edge, "{name} edge {i}");
        }
        // A sum of 2049 floats in f64 is exact, or so close that one wrong edge would show.
        let sum: f64 = edges.iter().map(|&e| f64::from(e)).sum();
        assert!((sum - f.edges_sum).abs() <= 1e-12 * f.edges_sum, "{name}: {sum} for {}", f.edges_sum);
    }
}

#[test]
fn every_threshold_is_the_peer_s() {
    for (name, f) in fixtures() {
        let signed = tensor(histogram(&f), Format::INT8);
        let unsigned = tensor(histogram(&f), UNSIGNED);
        assert_eq!(amax_by("max", &signed), f.amax, "{name}");
        for method in ["entropy", "mse"] {
            assert_eq!(amax_by(method, &signed), f.values[method], "{name} {method}");
            assert_eq!(amax_by(method, &unsigned), f.values[&format!("{method}.unsigned")], "{name} {method} unsigned");
        }
        for p in ["99", "99.9", "99.99", "99.999"] {
            let key = if p == "99" { "percentile_99.0".into() } else { format!("percentile_{p}") };
            assert_eq!(amax_by(&format!("percentile-{p}"), &signed), f.values[&key], "{name} {p}");
        }
    }
}

/// What the article counts, bin by bin: `np.random.seed(1); np.random.randn(1000)`.
#[test]
fn the_article_s_loop_drops_27_bins() {
    let f = fixtures().remove("a_randn1000").unwrap();
    let tensor = tensor(histogram(&f), Format::INT8);
    let (_, trace) = calibrate::Coverage::trace(&tensor).unwrap();
    assert_eq!((trace.drops.len(), trace.total), (27, 1000));
    let end = trace.end();
    assert_eq!((end.left, end.right, end.values), (3, 75, 990));
    assert_eq!((trace.share(26) > 0.99, trace.share(27)), (true, 0.99));
    let clip = calibrate::Coverage::clip(&tensor, end);
    assert_eq!(QuantParams::from_clip(clip, Format::INT8).scale(), 0.022388924);
    assert_eq!(clip, calibrate::by_id("coverage").unwrap().calibrate(&tensor).unwrap().clip);
}

#[test]
fn coverage_is_the_article_s() {
    let coverage = calibrate::by_id("coverage").unwrap();
    let affine = Format::INT8.with_symmetric(false);
    for (name, f) in fixtures() {
        let calibration = coverage.calibrate(&tensor(histogram(&f), Format::INT8)).unwrap();
        assert_eq!(calibration.clip.max(), f.article.dynamic_range, "{name}");
        assert_eq!(QuantParams::from_clip(calibration.clip, Format::INT8).scale(), f.article.hist_scale, "{name}");
        let clip = coverage.calibrate(&tensor(histogram(&f), affine)).unwrap().clip;
        assert_eq!((clip.min(), clip.max()), (f.article.left_val.min(0.0), f.article.right_val.max(0.0)), "{name}");
    }
}

#[test]
fn curves_are_the_peer_s() {
    let curves: BTreeMap<String, Curves> =
        serde_json::from_slice(&std::fs::read(path("curves.json")).unwrap()).unwrap();
    let fixtures = fixtures();
    assert_eq!(curves.len(), 4);
    for (name, peer) in curves {
        let (fixture, sign) = name.split_once('.').unwrap();
        let format = if sign == "signed" { Format::INT8 } else { UNSIGNED };
        let f = &fixtures[fixture];
        let tensor = tensor(histogram(f), format);
        let kl = &tensor.kl_curve()[128..];
        assert_eq!(kl.len(), peer.kl().len());
        for (i, (ours, theirs)) in kl.iter().zip(peer.kl()).enumerate() {
            let close = (ours - theirs).abs() <= f64::max(1e-12, 1e-9 * theirs.abs());
            assert!(close || *ours == theirs, "{name} KL at {}: {ours} for {theirs}", i + 128);
        }
        // The peer's mean is over the bins, and summed in f32.
        let mse = mse_curve(&tensor);
        let per_bin = f.count as f64 / 2048.0;
        for (k, theirs) in peer.mse.iter().enumerate() {
            let ours = mse.total(128 + 8 * k) * per_bin;
            assert!((ours - theirs).abs() <= 3e-6 * theirs, "{name} MSE at {}: {ours} for {theirs}", 128 + 8 * k);
        }
    }
}

/// Where the curve cannot tell two candidates apart, this decides: it must be scipy's sum itself.
#[test]
fn the_tie_breaker_is_the_peer_s_to_the_last_bit() {
    let curves: BTreeMap<String, Curves> =
        serde_json::from_slice(&std::fs::read(path("curves.json")).unwrap()).unwrap();
    let fixtures = fixtures();
    for (name, peer) in curves {
        let (fixture, sign) = name.split_once('.').unwrap();
        let levels = if sign == "signed" { 128 } else { 256 };
        let counts = kl::without_zero_bin(fixtures[fixture].torch.clone());
        let ours: Vec<f64> = (128..=2048).map(|i| kl::peer_divergence(&counts, levels, i)).collect();
        let same = ours.iter().zip(peer.kl()).filter(|(a, b)| a.to_bits() == b.to_bits()).count();
        assert_eq!(same, ours.len(), "{name}");
    }
}
