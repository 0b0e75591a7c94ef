//! Golden vectors that need no files: values from a small generator, and what pytorch-quantization 2.2 (`torch_hist`,
//! 2048 bins) says on them.
#![allow(clippy::excessive_precision)] // the vectors as they were printed

use std::sync::Arc;

use qviz::calibrate::{self, Tensor};
use qviz::histogram::Histogram;
use qviz::quant::Scheme;

const UNSIGNED: Scheme = Scheme { signed: false, ..Scheme::INT8 };

/// 20,000 values, each the sum of four 16-bit uniform ones, centred: -16 to 16.
fn gauss(seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16)
    };
    (0..20_000).map(|_| ((uniform() + uniform() + uniform() + uniform() - 131_070.0) / 8192.0) as f32).collect()
}

fn amax(values: &[f32], scheme: Scheme, method: &str) -> f32 {
    let tensor = Tensor::new(Arc::new(Histogram::of(values, 2048, &[])), scheme);
    calibrate::by_id(method).unwrap().calibrate(&tensor).unwrap().clip.amax()
}

#[track_caller]
fn check(values: &[f32], scheme: Scheme, method: &str, expected: f32) {
    let found = amax(values, scheme, method);
    // The vectors were printed with 9 digits by an emulation whose edges may differ by one unit in the last place.
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

    check(&a, Scheme::INT8, "percentile-99.99", 14.5539532);
    check(&a, Scheme::INT8, "percentile-99.9", 13.3113689);
    check(&a, Scheme::INT8, "mse", 14.1147633);
    check(&heavy, Scheme::INT8, "entropy", 173.063721);
    check(&heavy, UNSIGNED, "entropy", 213.901337);
    check(&relu, UNSIGNED, "entropy", 13.6880474);
    check(&outlier, Scheme::INT8, "percentile-99.99", 14.1601562);
    check(&outlier, Scheme::INT8, "entropy", 1000.0);
    check(&negative, Scheme::INT8, "entropy", 14.7117825);
    check(&[3.0; 1000], Scheme::INT8, "entropy", 2.9985352);
}

#[test]
fn unusual_answers_say_why() {
    let mut outlier = gauss(1);
    outlier[0] = 1000.0;
    let note = |values: &[f32], method: &str| {
        let method = calibrate::by_id(method).unwrap();
        let tensor = Tensor::new(Arc::new(Histogram::of(values, 2048, &method.grids())), Scheme::INT8);
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
                    let scheme = Scheme { num_bits, signed, symmetric };
                    let methods = calibrate::defaults();
                    let grids: Vec<_> = methods.iter().flat_map(|m| m.grids()).collect();
                    let tensor = Tensor::new(Arc::new(Histogram::of(values, bins, &grids)), scheme);
                    for method in methods {
                        match tensor.candidate(&*method).outcome {
                            Ok(t) => {
                                assert!(t.metrics.mse >= 0.0 && (0.0..=1.0).contains(&t.metrics.saturated));
                                assert!(t.clip.min <= 0.0 && t.clip.max >= 0.0 && t.params.scale > 0.0);
                                let beyond = t.clip.amax() > *tensor.edges().last().unwrap();
                                assert_eq!(t.metrics.kl.is_some(), symmetric && !beyond);
                            }
                            Err(why) => assert!(why.to_string().len() > 20),
                        }
                    }
                }
            }
        }
    }
}
