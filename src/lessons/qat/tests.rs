//! Gradients against finite differences, the four ways on five seeds, and that all of it is the same again.

use super::answers::Answers;
use super::calibration::calibrated;
use super::chance::Chance;
use super::digits::Digits;
use super::gradient::{Rounding, learn};
use super::loss::cross_entropy;
use super::network::{HIDDEN, Network};
use super::quantizers::{Quantizer, Quantizers};
use super::*;

const BATCH: [usize; 6] = [0, 1, 2, 40, 500, 1296];

/// The numbers of a network that a test looks at: of each kind some, spread over the layer.
fn numbers(network: &mut Network) -> Vec<(&'static str, &mut f64)> {
    let Network { hidden, output } = network;
    let mut all: Vec<(&'static str, &mut f64)> = Vec::new();
    all.extend(hidden.weights.iter_mut().flatten().step_by(37).map(|w| ("hidden weight", w)));
    all.extend(hidden.biases.iter_mut().map(|b| ("hidden bias", b)));
    all.extend(output.weights.iter_mut().flatten().step_by(7).map(|w| ("output weight", w)));
    all.extend(output.biases.iter_mut().map(|b| ("output bias", b)));
    all
}

/// The slope of `loss` by each number, from the two sides.
fn slopes(network: &Network, step: f64, loss: impl Fn(&Network) -> f64) -> Vec<(&'static str, f64)> {
    let mut network = network.clone();
    let count = numbers(&mut network).len();
    let at = |network: &mut Network, n: usize, by: f64| {
        let (kind, number) = numbers(network).swap_remove(n);
        let was = *number;
        *number += by;
        let loss = loss(network);
        *numbers(network).swap_remove(n).1 = was;
        (kind, loss)
    };
    let slope = |n| {
        let ((kind, up), (_, down)) = (at(&mut network, n, step), at(&mut network, n, -step));
        (kind, (up - down) / (2.0 * step))
    };
    (0..count).map(slope).collect()
}

fn compare(mut gradient: Network, slopes: &[(&str, f64)], tolerance: f64) {
    let found = numbers(&mut gradient);
    assert_eq!(found.len(), slopes.len());
    for ((kind, found), (_, slope)) in found.into_iter().zip(slopes) {
        assert!((*found - slope).abs() <= tolerance * (1.0 + slope.abs()), "{kind}: {found} and {slope}");
    }
}

/// A network that has learned a little, with its quantizers.
fn trained(bits: u8, method: &str) -> (Network, Quantizers) {
    let mut run = Run::float(7);
    run.by_ref().take(4).for_each(drop);
    let network = run.network().clone();
    let controls = Controls { bits, method: method.into(), ..Controls::default() };
    let quantizers = calibrated(&network, &Digits::bundled().train, &controls).unwrap();
    (network, quantizers)
}

fn mean_loss(network: &Network, quantizers: Option<Quantizers>) -> f64 {
    let (train, answers) = (&Digits::bundled().train, Answers::of(network, quantizers));
    let loss = |at: usize| cross_entropy(&answers.of_picture(&train.pixels[at]).answers, train.shown[at]).0;
    BATCH.into_iter().map(loss).sum::<f64>() / BATCH.len() as f64
}

#[test]
fn the_float_gradient_is_the_slope_of_the_loss() {
    for network in [Network::drawn(&mut Chance::new(5, 0)), trained(2, "max").0] {
        let learned = learn(&network, &Answers::of(&network, None), Rounding::Zero, &Digits::bundled().train, &BATCH);
        assert!((learned.loss / BATCH.len() as f64 - mean_loss(&network, None)).abs() < 1e-12);
        compare(learned.gradient, &slopes(&network, 1e-6, |n| mean_loss(n, None)), 1e-7);
    }
}

/// Of the staircase as it is: no weight moves the loss by moving a little, and no hidden bias does.
#[test]
fn the_gradient_of_rounding_is_zero_but_for_the_last_biases() {
    let (network, quantizers) = trained(2, "max");
    let answers = Answers::of(&network, Some(quantizers));
    let learned = learn(&network, &answers, Rounding::Zero, &Digits::bundled().train, &BATCH);
    let slopes = slopes(&network, 1e-7, |n| mean_loss(n, Some(quantizers)));
    for (kind, slope) in &slopes {
        assert!(*kind == "output bias" || *slope == 0.0, "{kind}: {slope}");
    }
    assert!(slopes.iter().filter(|(_, slope)| *slope != 0.0).count() == Way::NoGradient.learns());
    compare(learned.gradient, &slopes, 1e-6);
}

/// The function whose true gradient the estimator takes, written out plainly: each rounding adds the number that it has added
/// at `base`, whatever comes in, and what was beyond its clip there stays where it was put.
fn straight_through(network: &Network, base: &Network, quantizers: &Quantizers) -> f64 {
    let through = |q: &Quantizer, x: f64, base: f64| {
        let rounded = f64::from(q.params.fake_quant(base as f32));
        if base as f32 <= q.clip.max() && base as f32 >= q.clip.min() { x + (rounded - base) } else { rounded }
    };
    let units = |network: &Network, pixels: &[f64; PIXELS], weight: &dyn Fn(usize, usize) -> f64| -> [f64; HIDDEN] {
        std::array::from_fn(|unit| {
            let pixel = |at: usize| f64::from(quantizers.pixels.params.fake_quant(pixels[at] as f32));
            let sum: f64 = (0..PIXELS).map(|at| pixel(at) * weight(at, unit)).sum();
            (sum + network.hidden.biases[unit]).max(0.0)
        })
    };
    let train = &Digits::bundled().train;
    let mut loss = 0.0;
    for at in BATCH {
        let weight = |n: &Network, i: usize, o: usize| {
            through(&quantizers.hidden_weights, n.hidden.weights[i][o], base.hidden.weights[i][o])
        };
        let now = units(network, &train.pixels[at], &|i, o| weight(network, i, o));
        let then = units(base, &train.pixels[at], &|i, o| weight(base, i, o));
        let answers = std::array::from_fn(|answer| {
            let term = |unit: usize| {
                let (w, was) = (network.output.weights[unit][answer], base.output.weights[unit][answer]);
                through(&quantizers.units, now[unit], then[unit]) * through(&quantizers.output_weights, w, was)
            };
            (0..HIDDEN).map(term).sum::<f64>() + network.output.biases[answer]
        });
        loss += cross_entropy(&answers, train.shown[at]).0;
    }
    loss / BATCH.len() as f64
}

#[test]
fn the_straight_through_gradient_is_that_of_its_own_function() {
    // By max nothing lies beyond a clip, by mse something does.
    for (bits, method) in [(2, "max"), (2, "mse"), (3, "mse")] {
        let (network, quantizers) = trained(bits, method);
        let quantized = mean_loss(&network, Some(quantizers));
        assert!((straight_through(&network, &network, &quantizers) - quantized).abs() < 1e-9, "{quantized}");
        let answers = Answers::of(&network, Some(quantizers));
        let learned = learn(&network, &answers, Rounding::StraightThrough, &Digits::bundled().train, &BATCH);
        let slopes = slopes(&network, 1e-6, |n| straight_through(n, &network, &quantizers));
        let flat = slopes.iter().filter(|(kind, slope)| kind.ends_with("weight") && *slope == 0.0).count();
        assert!(flat < slopes.len() / 2, "{flat} of {}", slopes.len());
        compare(learned.gradient, &slopes, 1e-6);
    }
}

/// Accuracies at the end: float, then of each way.
fn ended(seed: u64, controls: &Controls) -> (f64, [f64; 4]) {
    let mut float = Run::float(seed);
    let accuracy = float.by_ref().last().unwrap().accuracy;
    let end = |way| Run::of(way, float.network(), controls).unwrap().last().unwrap().accuracy;
    (accuracy, Way::ALL.map(end))
}

#[test]
fn straight_through_gains_where_time_and_no_gradient_do_not() {
    let mut good = 0;
    let mut longer = 0.0;
    for seed in 0..5 {
        let (float, [post, more, none, straight]) = ended(seed, &Controls { seed, ..Controls::default() });
        println!("seed {seed}: float {float:.3}, post {post:.3}, longer {more:.3}, none {none:.3}, ste {straight:.3}");
        assert!(float > 0.95, "{float}");
        good += u32::from(straight >= post + 0.25 && straight >= none + 0.15);
        longer += (more - post) / 5.0;
    }
    assert!(good >= 4, "{good} of 5");
    assert!(longer < 0.05, "{longer}");
}

#[test]
fn other_widths_and_methods_need_it_less() {
    for (bits, method) in [(3, "max"), (2, "mse"), (8, "max")] {
        let (float, ways) = ended(1, &Controls { bits, method: method.into(), ..Controls::default() });
        println!("{bits} bits, {method}: float {float:.3}, {ways:.3?}");
        let [post, _, none, straight] = ways;
        assert!(post > 0.5 && none >= post - 0.01 && straight >= none - 0.01 && straight > 0.9, "{ways:?}");
        assert!(bits < 8 || float - post < 0.01);
    }
}

#[test]
fn a_run_tells_what_it_is() {
    let mut float = Run::float(2);
    let network_before = float.network().clone();
    let first = float.next().unwrap();
    assert!(first.number == 0 && first.loss > 1.5 && first.accuracy < 0.4, "{first:?}");
    assert_eq!(*float.network(), network_before);
    let later = float.by_ref().nth(4).unwrap();
    assert!(later.number == 5 && later.loss < 0.5 && later.weights.iter().all(|w| w.codes.is_empty()));
    let controls = Controls { epochs: 3, ..Controls::default() };
    let mut starts = Vec::new();
    for way in Way::ALL {
        let epochs: Vec<Epoch> = Run::of(way, float.network(), &controls).unwrap().collect();
        assert_eq!(epochs.len(), if way == Way::PostTraining { 1 } else { 4 });
        assert!(epochs.iter().enumerate().all(|(at, e)| e.number as usize == at));
        let last = epochs.last().unwrap();
        for ((weights, start), count) in last.weights.iter().zip(&epochs[0].weights).zip([2048, 320]) {
            assert_eq!((weights.bins.iter().sum::<u64>(), weights.codes.iter().sum::<u64>()), (count, count));
            assert_eq!(weights.codes.len(), 3);
            assert!(way != Way::NoGradient || weights == start);
            assert!(way != Way::StraightThrough || weights.moved > 0 && weights.scale == start.scale);
        }
        starts.push((epochs[0].accuracy, epochs[0].weights.clone()));
    }
    assert!(starts.iter().all(|start| *start == starts[0]));
}

/// A rate that is far too large ends in numbers that are none, and in no panic.
#[test]
fn too_large_a_rate_ruins_it_and_nothing_else() {
    let mut float = Run::float(3);
    float.by_ref().take(6).for_each(drop);
    for rate in [20.0, 1e12, 1e300] {
        for way in Way::ALL {
            let controls = Controls { rate, epochs: 3, ..Controls::default() };
            for epoch in Run::of(way, float.network(), &controls).unwrap() {
                assert!((0.0..=1.0).contains(&epoch.accuracy), "{epoch:?}");
            }
        }
    }
    let controls = Controls { rate: 1e12, epochs: 3, ..Controls::default() };
    let last = Run::of(Way::StraightThrough, float.network(), &controls).unwrap().last().unwrap();
    assert!(last.accuracy < 0.3 || last.loss.is_nan(), "{last:?}");
}

#[test]
fn what_no_run_can_be_made_of_is_refused_in_words() {
    let network = Network::drawn(&mut Chance::new(1, 1));
    let told = |controls: Controls| Run::of(Way::PostTraining, &network, &controls).unwrap_err().to_string();
    let fine = Controls::default;
    assert_eq!(told(Controls { bits: 16, ..fine() }), "16 bits are not trained with; the width is 2 to 8");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(told(Controls { rate, ..fine() }).contains("a number above 0"));
    }
    assert!(told(Controls { epochs: 0, ..fine() }).contains("1 to 1,000"));
    assert!(told(Controls { epochs: 1001, ..fine() }).contains("1 to 1,000"));
    assert!(told(Controls { method: "maxx".into(), ..fine() }).contains("maxx"));
    let mut lost = network.clone();
    lost.hidden.weights[3][4] = f64::NAN;
    let lost = Run::of(Way::PostTraining, &lost, &fine()).unwrap_err().to_string();
    assert!(lost.contains("hidden") && lost.contains("no finite numbers"), "{lost}");
}

#[test]
fn it_is_the_same_again_to_the_last_bit() {
    let run = || {
        let mut float = Run::float(11);
        let loss = float.by_ref().nth(2).unwrap().loss;
        let controls = Controls { epochs: 2, seed: 4, ..Controls::default() };
        let last = Run::of(Way::StraightThrough, float.network(), &controls).unwrap().last().unwrap();
        (loss.to_bits(), last.loss.to_bits(), last)
    };
    let (first, second) = (run(), run());
    assert_eq!(first, second);
    // On any machine.
    assert_eq!((first.0, first.1), (4_600_255_310_656_718_711, 4_604_061_079_899_881_924));
    let mut other = Run::float(12);
    assert_ne!(other.nth(2).unwrap().loss.to_bits(), first.0);
}
