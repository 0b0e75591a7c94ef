//! Golden vectors that need no files: values from a small generator, and what the peers' calibrators say on them:
//! pytorch-quantization 2.2 (2048 bins; for `torch_hist` NumPy stands in for torch), ONNX Runtime 1.32, ncnn2table.
#![allow(clippy::excessive_precision)] // the vectors as they were printed

use std::collections::BTreeMap;
use std::sync::Arc;

use qviz::calibrate::{self, NoThresholdKind, Tensor};
use qviz::histogram::{GrowingHistogram, Histogram};
use qviz::quant::{Clip, Format};

const UNSIGNED: Format = Format::INT8.with_signed(false);

/// 20,000 values, each the sum of four 16-bit uniform ones, centred: -16 to 16.
fn gauss(seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16)
    };
    (0..20_000).map(|_| ((uniform() + uniform() + uniform() + uniform() - 131_070.0) / 8192.0) as f32).collect()
}

fn amax(values: &[f32], format: Format, method: &str) -> f32 {
    let tensor = Tensor::new(Arc::new(Histogram::of(values, 2048, &[])), format);
    calibrate::by_id(method).unwrap().calibrate(&tensor).unwrap().clip.amax()
}

#[track_caller]
fn check(values: &[f32], format: Format, method: &str, expected: f32) {
    let found = amax(values, format, method);
    // The vectors were printed with 9 digits by NumPy doing what torch.histc's and torch.linspace's kernels do, whose
    // edges may differ from torch's by one unit in the last place. tests/reference.rs holds torch's own.
    assert!((found - expected).abs() <= expected * f32::EPSILON, "{method}: {found} for {expected}");
}

#[test]
fn the_generator_is_the_one() {
    let a = gauss(1);
    assert_eq!(a[..4], [-1.4810791, -1.9919434, -5.371582, 5.1483154]);
    assert_eq!(a.iter().map(|&x| f64::from(x)).sum::<f64>(), -313.00634765625);
}

#[test]
fn thresholds_on_the_golden_sets() {
    let a = gauss(1);
    let relu: Vec<f32> = a.iter().map(|x| x.max(0.0)).collect();
    let heavy: Vec<f32> = a.iter().map(|&x| x * x.abs()).collect();
    let negative: Vec<f32> = a.iter().map(|x| -x.abs() - 0.5).collect();
    let mut outlier = a.clone();
    outlier[0] = 1000.0;

    check(&a, Format::INT8, "percentile-99.99", 14.5539532);
    check(&a, Format::INT8, "percentile-99.9", 13.3113689);
    check(&a, Format::INT8, "mse", 14.1147633);
    check(&heavy, Format::INT8, "entropy", 173.063721);
    check(&heavy, UNSIGNED, "entropy", 213.901337);
    check(&relu, UNSIGNED, "entropy", 13.6880474);
    check(&outlier, Format::INT8, "percentile-99.99", 14.1601562);
    check(&outlier, Format::INT8, "entropy", 1000.0);
    check(&negative, Format::INT8, "entropy", 14.7117825);
    check(&[3.0; 1000], Format::INT8, "entropy", 2.9985352);
}

#[test]
fn unusual_answers_say_why() {
    let mut outlier = gauss(1);
    outlier[0] = 1000.0;
    let note = |values: &[f32], method: &str| {
        let method = calibrate::by_id(method).unwrap();
        let tensor = Tensor::new(Arc::new(Histogram::of(values, 2048, &method.grids())), Format::INT8);
        method.calibrate(&tensor).unwrap().note.unwrap_or_default()
    };
    assert!(note(&outlier, "entropy").contains("empty bin"));
    assert!(note(&[3.0; 10], "entropy").contains("undefined"));
    assert!(note(&[0.0; 10], "entropy").contains("undefined"));
    assert!(note(&[3.0; 10], "coverage").contains("more than 99 %"));
    assert_eq!(note(&gauss(1), "entropy"), "");
    let mut mostly_zero = vec![0.0; 1000];
    mostly_zero[3] = 5.0;
    assert!(note(&mostly_zero, "coverage").contains("maximum"));
    assert!(note(&mostly_zero, "percentile-50").contains("lower edge is 0"));
}

#[test]
fn every_grid_has_an_answer_from_every_method_or_a_sentence() {
    let (mut answers, mut refusals) = (BTreeMap::new(), BTreeMap::new());
    let sets: [Vec<f32>; 9] = [
        gauss(3),
        vec![],
        vec![f32::NAN, f32::INFINITY],
        vec![0.0; 7],
        vec![-0.75],
        vec![f32::MAX, f32::MIN, 1.0],
        vec![f32::from_bits(1), f32::from_bits(9)],
        vec![1.0, 1.0 + f32::EPSILON],
        gauss(4).into_iter().map(|x| -x.abs()).collect(),
    ];
    for values in &sets {
        for bins in [1, 127, 128, 129, 2048, 3000] {
            for num_bits in [2, 4, 8, 16] {
                for (signed, symmetric) in [(true, true), (true, false), (false, true), (false, false)] {
                    let format = Format::int(num_bits, signed, symmetric).unwrap();
                    let methods = calibrate::defaults();
                    let grids: Vec<_> = methods.iter().flat_map(|m| m.grids()).collect();
                    let tensor = Tensor::new(Arc::new(Histogram::of(values, bins, &grids)), format);
                    for method in methods {
                        match tensor.candidate(&*method).outcome {
                            Ok(t) => {
                                *answers.entry(method.id().to_owned()).or_insert(0) += 1;
                                assert!(t.metrics.mse >= 0.0 && (0.0..=1.0).contains(&t.metrics.saturated));
                                assert!(t.clip.min() <= 0.0 && t.clip.max() >= 0.0 && t.params.scale() > 0.0);
                                let beyond = t.clip.amax() > *tensor.edges().last().unwrap();
                                assert_eq!(t.metrics.kl.is_some(), symmetric && !beyond);
                            }
                            Err(why) => {
                                assert!(why.to_string().len() > 20);
                                *refusals.entry(method.id().to_owned()).or_insert(0) += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    // Of 864 tries each. Two sets have no finite value, where all refuse; coverage wants bins enough.
    let refused = [("coverage", 480), ("entropy", 192), ("max", 192), ("mse", 192), ("percentile-99.99", 192)];
    assert_eq!(refusals.into_iter().collect::<Vec<_>>(), refused.map(|(id, n)| (id.to_owned(), n)));
    let answered = refused.map(|(id, n)| (id.to_owned(), 9 * 6 * 4 * 4 - n));
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), answered);
}

/// The clip of a peer's profile on values that come in batches.
fn clip(batches: &[&[f32]], format: Format, method: &str) -> Clip {
    let method = calibrate::by_id(method).unwrap_or_else(|e| panic!("{e}"));
    let histogram = Histogram::of_batches(batches, 2048, &method.grids());
    method.calibrate(&Tensor::new(Arc::new(histogram), format)).unwrap().clip
}

/// The golden sets of the field's survey: A, its ReLU B, its heavy-tailed C, D with one outlier, N all negative.
fn sets() -> [(&'static str, Vec<f32>); 5] {
    let a = gauss(1);
    let relu: Vec<f32> = a.iter().map(|x| x.max(0.0)).collect();
    let heavy: Vec<f32> = a.iter().map(|&x| x * x.abs()).collect();
    let negative: Vec<f32> = a.iter().map(|x| -x.abs() - 0.5).collect();
    let mut outlier = a.clone();
    outlier[0] = 1000.0;
    [("A", a), ("B", relu), ("C", heavy), ("D", outlier), ("N", negative)]
}

/// Equal to the nine digits that were printed.
#[track_caller]
fn printed(found: f32, expected: f32, what: &str) {
    assert!((found - expected).abs() <= expected.abs() * 6e-8, "{what}: {found} for {expected}");
}

#[test]
fn peers_on_the_golden_sets() {
    let affine = Format::INT8.with_signed(false).with_symmetric(false);
    // nvidia-np-entropy; ort-entropy-2048-128, ort-percentile-asym-99.9: low and high; ort-percentile-sym-99.9: high
    let expected = [
        [14.6253662, -13.7684116, 13.7826939, -13.2542381, 13.4684772, 13.3113899],
        [14.2083740, 0.0, 11.5581799, 0.0, 13.4729805, 12.8832769],
        [173.063721, -180.688141, 180.897034, -175.674835, 181.732574, 177.241486],
        [1000.0, -14.6253662, 78.125, -13.6718750, 12.6953125, 13.1838350],
        [15.1253662, -13.7221336, 0.0, -14.5345316, 0.0, 0.0],
    ];
    for ((set, values), expected) in sets().iter().zip(expected) {
        let batch: &[&[f32]] = &[values];
        printed(clip(batch, Format::INT8, "nvidia-np-entropy").amax(), expected[0], set);
        let entropy = clip(batch, affine, "ort-entropy-2048-128");
        printed(entropy.min(), expected[1], set);
        printed(entropy.max(), expected[2], set);
        let asymmetric = clip(batch, affine, "ort-percentile-asym-99.9");
        printed(asymmetric.min(), expected[3], set);
        printed(asymmetric.max(), expected[4], set);
        printed(clip(batch, affine, "ort-percentile-sym-99.9").max(), expected[5], set);
        // With the library's defaults one window is left, and both are the range.
        let whole = clip(batch, affine, "ort-minmax");
        assert_eq!(clip(batch, affine, "ort-entropy-128-128"), whole, "{set}");
        assert_eq!(whole, clip(batch, affine, "max"), "{set}");
    }
    let [(_, a), _, (_, c), ..] = sets();
    let wide = clip(&[&a], affine, "ort-entropy-8001-255");
    assert_eq!((wide.min(), wide.max()), (-10.7208815, 10.7208824));
    printed(clip(&[&c], affine, "ort-entropy-8001-255").max(), 102.258789, "C");
    printed(clip(&[&a], affine, "ort-minmax").min(), -14.6253662, "A");
}

#[test]
fn peers_on_two_batches() {
    let (a, wider) = (gauss(1), gauss(2).iter().map(|x| x * 1.5).collect::<Vec<f32>>());
    let affine = Format::INT8.with_signed(false).with_symmetric(false);
    let amax = |method: &str| clip(&[&a, &wider], Format::INT8, method).amax();
    printed(amax("nvidia-np-entropy"), 21.3737183, "np");
    // The torch numbers come from NumPy doing what torch's kernels do: see `check`.
    for (method, expected) in [("nvidia-entropy", 21.373888), ("nvidia-percentile-99.99", 21.3524628)] {
        assert!((amax(method) - expected).abs() <= expected * f32::EPSILON, "{method}: {}", amax(method));
    }
    printed(amax("ort-percentile-sym-99.9"), 19.3242188, "sym");
    for (method, low, high) in [
        ("ort-entropy-128-128", -14.6253662, 14.8538857),
        ("ort-entropy-2048-128", -20.1098785, 20.1241608),
        ("ort-percentile-asym-99.9", -19.4671612, 19.1386642),
    ] {
        let found = clip(&[&a, &wider], affine, method);
        printed(found.min(), low, method);
        printed(found.max(), high, method);
    }
}

#[test]
fn where_a_peer_fails_there_is_a_sentence() {
    let says = |batches: &[&[f32]], id: &str| {
        let method = calibrate::by_id(id).unwrap_or_else(|e| panic!("{e}"));
        let histogram = Histogram::of_batches(batches, 2048, &method.grids());
        method.calibrate(&Tensor::new(Arc::new(histogram), Format::INT8))
    };
    let zeros_first: &[&[f32]] = &[&[0.0; 9], &[1.0, 2.0]];
    let raises = |batches: &[&[f32]], id: &str| {
        let why = says(batches, id).unwrap_err();
        assert_eq!(why.kind(), NoThresholdKind::PeerRaises, "{id}: {why}");
        why.to_string()
    };
    assert!(raises(zeros_first, "nvidia-entropy").contains("first batch is all zero"));
    assert_eq!(says(zeros_first, "ort-entropy-128-128").unwrap().clip.amax(), 2.0);
    let tiny_first: &[&[f32]] = &[&[1e-30, -2e-30], &[1.0, 2.0]];
    for id in ["nvidia-mse", "nvidia-np-entropy", "ort-entropy-2048-128", "ort-percentile-sym-99"] {
        assert!(raises(tiny_first, id).contains("stops at"), "{id}");
    }
    for id in ["nvidia-entropy", "ort-percentile-asym-99"] {
        assert_eq!(says(&[&[f32::NAN], &[]], id).unwrap_err().kind(), NoThresholdKind::NoValues);
        let infinite = says(&[&[1.0, f32::INFINITY, 2.0]], id).unwrap();
        assert!(infinite.note.unwrap().contains("not finite") && infinite.clip.amax() <= 2.0);
    }
    // NumPy has no 2,048 bins between neighbouring floats.
    let close: &[&[f32]] = &[&[1e10, 1e10 + 1024.0]];
    assert!(raises(close, "nvidia-np-entropy").contains("NumPy"));
    assert!(says(&[&[1.0; 50]], "ort-percentile-asym-99").unwrap().note.unwrap().contains("upside down"));
    assert!(says(&[&[1.0, 2.0]], "ort-entropy-128-128").unwrap().note.unwrap().contains("min-max"));
    // Values that came only once have no batches' ranges.
    let mut once = GrowingHistogram::new(2048);
    once.push(&[1.0, 2.0]);
    let tensor = Tensor::new(Arc::new(once.finish()), Format::INT8);
    for id in ["nvidia-entropy", "nvidia-np-entropy", "ort-entropy-2048-128", "ort-percentile-sym-99"] {
        let why = calibrate::by_id(id).unwrap_or_else(|e| panic!("{e}")).calibrate(&tensor).unwrap_err();
        assert_eq!(why.kind(), NoThresholdKind::OnePass, "{id}: {why}");
    }
}

#[test]
fn ncnn_on_the_golden_sets() {
    let wider: Vec<f32> = gauss(2).iter().map(|x| x * 1.5).collect();
    let expected = [14.6146545, 14.0939026, 175.100388, 62.7441406, 15.0256624];
    for ((set, values), expected) in sets().iter().zip(expected) {
        printed(clip(&[values], Format::INT8, "ncnn-kl").amax(), expected, set);
    }
    printed(clip(&[&wider], Format::INT8, "ncnn-kl").amax(), 22.0258999, "E");
    printed(clip(&[&[3.0; 1000]], Format::INT8, "ncnn-kl").amax(), 0.188232422, "K");
    let (head, tail) = wider.split_at(777); // both passes see everything: batches do not matter
    assert_eq!(clip(&[head, tail], Format::INT8, "ncnn-kl"), clip(&[&wider], Format::INT8, "ncnn-kl"));
    // As `%f` prints the scale that the table holds.
    let [(_, a), (_, b), (_, c), (_, d), _] = sets();
    for (values, scale) in [(a, "8.689908"), (b, "9.010989"), (c, "0.725298"), (d, "2.024093")] {
        assert_eq!(format!("{:.6}", 127.0 / clip(&[&values], Format::INT8, "ncnn-kl").amax()), scale);
    }
}

#[test]
fn aciq_is_the_constant_times_the_spread() {
    let [(_, a), (_, relu), ..] = sets();
    let spread = |values: &[f32]| {
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (variance.sqrt(), values.iter().map(|&x| (f64::from(x) - mean).abs()).sum::<f64>() / values.len() as f64)
    };
    let four = |signed| Format::int(4, signed, true).unwrap();
    for (values, format, gauss, laplace) in [
        (&a, four(true), 2.55913646, 5.02864014),
        (&relu, four(true), 2.55913646, 5.02864014),
        (&relu, four(false), 2.93620062, 6.20476633),
    ] {
        let (std, b) = spread(values);
        let close = |found: f32, expected: f64| (f64::from(found) - expected).abs() <= 1e-3 * expected;
        assert!(close(clip(&[values], format, "aciq-gauss").amax(), gauss * std));
        let amax = values.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!(close(clip(&[values], format, "aciq-laplace").amax(), f64::min(laplace * b, f64::from(amax))));
    }
}
