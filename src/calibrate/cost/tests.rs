use std::sync::Arc;

use super::*;
use crate::calibrate::Tensor;
use crate::histogram::{GrowingHistogram, Histogram};
use crate::quant::{Format, Fp8};
use proptest::prelude::*;

fn tensor(values: &[f32], bins: usize, format: Format) -> Tensor {
    Tensor::new(Arc::new(Histogram::of(values, bins, &[])), format)
}

/// Where the nearest of the levels `0..=steps` of one side changes, between `low` and `high`.
fn borders(p: &QuantParams, low: f64, high: f64) -> Vec<f64> {
    let scale = f64::from(p.scale());
    let all: Vec<f64> = match p.format() {
        Format::Int(_) => {
            let codes = (low / scale).floor() as i32..=(high / scale).ceil() as i32;
            codes.take(70_000).map(|k| (f64::from(k) + 0.5) * scale).collect()
        }
        Format::Fp8(fp8) => {
            fp8.magnitudes().windows(2).map(|v| (f64::from(v[0]) + f64::from(v[1])) / 2.0 * scale).collect()
        }
    };
    all.into_iter().filter(|t| (low..=high).contains(t)).collect()
}

/// The level nearest to a magnitude.
fn level(p: &QuantParams, steps: i32, x: f64) -> f64 {
    let scale = f64::from(p.scale());
    match p.format() {
        Format::Int(_) => (x / scale).round_ties_even().min(f64::from(steps)) * scale,
        Format::Fp8(fp8) => {
            let levels = fp8.magnitudes().into_iter().map(|v| f64::from(v) * scale);
            levels.min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs())).unwrap()
        }
    }
}

/// The same integrals by another road: each bin cut wherever the nearest level changes, and each piece on its own.
fn oracle(tensor: &Tensor, clip: Clip) -> (f64, f64) {
    let (h, p) = (tensor.histogram(), QuantParams::from_clip(clip, tensor.format()));
    let width = f64::from(h.magnitude.amax) / h.magnitude.bins() as f64;
    let (mut inside, mut outside) = (0.0, 0.0);
    let sides = [
        (&h.magnitude.pos, h.stats.zeros, p.qmax() - p.zero_point(), clip.max()),
        (&h.magnitude.neg, 0, p.zero_point() - p.qmin(), -clip.min()),
    ];
    for (counts, zeros, steps, clip) in sides {
        // A clip at or beyond the largest value cuts nothing off, wherever in the bin it lies.
        let side_amax = if std::ptr::eq(counts, &h.magnitude.pos) { h.stats.max } else { h.stats.min.map(|x| -x) };
        let clip = if clip >= side_amax.unwrap_or(0.0) { f32::MAX } else { clip };
        for (j, &count) in counts.iter().enumerate() {
            let mass = count - if j == 0 { zeros } else { 0 };
            if mass == 0 {
                continue;
            }
            let (low, high) = (j as f64 * width, (j + 1) as f64 * width);
            let mut places = borders(&p, low, high);
            places.extend([low, high, f64::from(clip)]);
            places.retain(|t| (low..=high).contains(t));
            places.sort_by(f64::total_cmp);
            for piece in places.windows(2) {
                let middle = f64::midpoint(piece[0], piece[1]);
                let q = level(&p, steps, middle);
                let [a, b] = [piece[0] - q, piece[1] - q];
                let error = mass as f64 / width * (b - a) * (a * a + a * b + b * b) / 3.0;
                if middle < f64::from(clip) { inside += error } else { outside += error }
            }
        }
    }
    let finite = h.stats.finite() as f64;
    (inside / finite, outside / finite)
}

fn formats() -> impl Strategy<Value = Format> {
    let bits = prop_oneof![Just(8u8), Just(2), Just(4), Just(16)];
    let integers = (bits, any::<bool>(), any::<bool>())
        .prop_map(|(num_bits, signed, symmetric)| Format::int(num_bits, signed, symmetric).unwrap());
    prop_oneof![2 => integers, 1 => prop_oneof![Just(Fp8::E4m3), Just(Fp8::E5m2)].prop_map(Format::Fp8)]
}

/// The clip at `high`, or between both where the format has two ends.
fn clip_of(format: Format, low: f32, high: f32) -> Clip {
    if format.symmetric() { format.clip_for(-high, high) } else { Clip::new(low, high) }
}

/// The largest distance between two neighbouring levels.
fn largest_step(p: &QuantParams) -> f64 {
    let steps = match p.format() {
        Format::Int(_) => 1.0,
        Format::Fp8(fp8) => fp8.magnitudes().windows(2).map(|v| v[1] - v[0]).fold(0.0, f32::max),
    };
    f64::from(p.scale()) * f64::from(steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn errors_are_the_integrals(
        values in prop::collection::vec(prop_oneof![3 => -1.0f32..1.0, 1 => -9.0f32..30.0, 1 => Just(0.0f32)], 1..400),
        bins in 1usize..300, format in formats(), low in -10.0f32..0.0, high in 0.01f32..35.0,
    ) {
        let tensor = tensor(&values, bins, format);
        let clip = clip_of(format, low, high);
        let (m, (inside, outside)) = (tensor.metrics(clip), oracle(&tensor, clip));
        prop_assert!((m.mse - (inside + outside)).abs() <= 1e-9 * m.mse + 1e-24, "{m:?} for {inside} + {outside}");
        prop_assert!(m.rounding_error >= 0.0 && m.clipping_error >= 0.0);
        prop_assert!((m.rounding_error - inside).abs() <= 1e-6 * m.mse, "{m:?} for {inside} + {outside}");
        prop_assert!((0.0..=1.0).contains(&m.saturated));
    }

    #[test]
    fn samples_spread_in_the_bins_agree(
        counts in prop::collection::vec(0u32..9, 2..30), format in formats(), low in -1.0f32..0.0, high in 0.05f32..1.3,
    ) {
        let bins = counts.len();
        let spread = 512;
        let mut values = vec![1.0, -1.0];
        for (j, &count) in counts.iter().enumerate() {
            for k in 0..count * spread {
                let x = (j as f32 + (k as f32 + 0.5) / (count * spread) as f32) / bins as f32;
                values.push(if j % 3 == 0 { -x } else { x });
            }
        }
        let clip = clip_of(format, low, high);
        let (m, p) = (tensor(&values, bins, format).metrics(clip), QuantParams::from_clip(clip, format));
        let error: f64 = values.iter().map(|&x| f64::from(p.fake_quant(x) - x).powi(2)).sum();
        let mse = error / values.len() as f64;
        let step = largest_step(&p);
        // The two extra values sit at the end of their bins, not spread over them.
        let slack = 2.0 * 1.2 / values.len() as f64;
        prop_assert!((m.mse - mse).abs() <= 0.02 * mse + slack + 1e-3 * step * step, "{m:?} for {mse}");
        let saturated = values.iter().filter(|&&x| clip.saturates(x)).count() as f64;
        prop_assert!((m.saturated_count - saturated).abs() <= 4.0 + 1e-4 * saturated, "{m:?} for {saturated}");
    }

    #[test]
    fn a_wider_clip_clips_less(a in 0.01f32..2.0, b in 0.01f32..2.0) {
        let values: Vec<f32> = (0..5000).map(|i| (i as f32 * 0.61).sin().powi(3) * 1.9).collect();
        let t = tensor(&values, 512, Format::INT8);
        let (narrow, wide) = (t.metrics(Clip::symmetric(a.min(b))), t.metrics(Clip::symmetric(a.max(b))));
        prop_assert!(wide.clipping_error <= narrow.clipping_error * (1.0 + 1e-9));
        prop_assert!(wide.saturated <= narrow.saturated);
        if a.max(b) > 2.0 * a.min(b) {
            prop_assert!(wide.rounding_error > narrow.rounding_error);
        }
    }
}

#[test]
fn saturation_is_exact_at_an_edge_and_an_estimate_inside_a_bin() {
    let values: Vec<f32> = (0..=1024).map(|i| i as f32 / 256.0 - 1.0).collect(); // -1 to 3
    let t = tensor(&values, 12, Format::INT8); // a bin is 0.25 wide
    let at = |clip: f32| t.metrics(Clip::symmetric(clip));
    let m = at(2.0);
    assert_eq!((m.saturated_count, m.prorated), (257.0, false)); // [2, 3]
    let m = at(2.125);
    assert_eq!((m.saturated_count, m.prorated), (225.0, true)); // half of [2, 2.25), and [2.25, 3]
    assert_eq!((at(3.0).saturated, at(3.0).prorated, at(3.0).clipping_error), (0.0, false, 0.0));
    assert_eq!(at(9.0).saturated, 0.0);
    assert_eq!(at(0.0).saturated_count, 1024.0); // all but the zero
    let unsigned = Tensor::new(t.histogram().clone().into(), Format::INT8.with_signed(false));
    assert_eq!(unsigned.metrics(Clip::unsigned(3.0)).saturated_count, 256.0); // every negative value
}

#[test]
fn nothing_to_measure_is_no_error_and_no_signal() {
    for values in [&[][..], &[0.0; 5], &[f32::NAN]] {
        let m = tensor(values, 256, Format::INT8).metrics(Clip::symmetric(1.0));
        assert_eq!((m.mse, m.saturated), (0.0, 0.0));
        assert!(m.sqnr_db.is_nan());
    }
    let m = tensor(&[1.0, -1.0], 256, Format::INT8).metrics(Clip::symmetric(0.0));
    assert_eq!((m.saturated, m.kl.is_some()), (1.0, true));
}

#[test]
fn a_one_pass_histogram_saturates_nothing_at_its_maximum() {
    let mut h = GrowingHistogram::new(256);
    h.push(&[0.3, -5.3, 1.0]);
    let t = Tensor::new(Arc::new(h.finish()), Format::INT8);
    let m = t.metrics(Clip::symmetric(5.3));
    assert_eq!((m.saturated, m.prorated, m.clipping_error), (0.0, false, 0.0));
}

#[test]
fn the_ends_of_f32_have_finite_costs() {
    for scale in [f32::MAX, 1e-38, 1e-44] {
        let values: Vec<f32> = (0..100).map(|i| scale * (i as f32 / 99.0)).collect();
        let integers = [2, 8, 16].map(|num_bits| Format::INT8.with_bits(num_bits));
        for format in integers.into_iter().chain([Fp8::E4m3, Fp8::E5m2].map(Format::Fp8)) {
            let t = tensor(&values, 2048, format);
            for clip in [f32::MAX, 1.0, scale, scale / 3.0, 0.0] {
                let m = t.metrics(Clip::symmetric(clip));
                assert!(m.mse.is_finite() && m.mse >= 0.0 && !m.sqnr_db.is_nan(), "{m:?}");
            }
        }
    }
}

/// What makes floating point another kind of number: its error goes with the value, so that a scale twice as wide costs
/// nothing as long as no value falls below the normal ones.
#[test]
fn the_error_of_floating_point_goes_with_the_value() {
    let values: Vec<f32> = (0..20_000).map(|i| 1.0 + (i as f32 * 0.618_034).fract()).collect();
    let sqnr = |format: Format, amax: f32| tensor(&values, 2048, format).metrics(Clip::symmetric(amax)).sqnr_db;
    let (e4m3, int8) = (Format::Fp8(Fp8::E4m3), Format::INT8);
    assert!((sqnr(e4m3, 448.0) - sqnr(e4m3, 2.0 * 448.0)).abs() < 1e-9);
    assert!((sqnr(int8, 2.0) - sqnr(int8, 4.0) - 6.02).abs() < 0.1);
    // A mantissa bit less is 6 dB less.
    assert!((sqnr(e4m3, 448.0) - sqnr(Format::Fp8(Fp8::E5m2), 57_344.0) - 6.02).abs() < 0.1);
    // Uniform in [1, 2) with steps of 1/8: an error of 1/768 against a signal of 7/3.
    assert!((sqnr(e4m3, 448.0) - 10.0 * (7.0f64 / 3.0 * 768.0).log10()).abs() < 0.01);
}

/// The share of the root mean square that is a mean.
fn offset(values: &[f32], clip: Clip, format: Format) -> Option<f64> {
    let t = tensor(values, 2048, format);
    let mean = mean_error(t.histogram(), &QuantParams::from_clip(clip, format))?;
    Some(mean / t.metrics(clip).mse.sqrt())
}

#[test]
fn an_error_with_a_mean_says_so() {
    let of = |values: &[f32], clip: f32| offset(values, Clip::symmetric(clip), Format::INT8);
    // Nearly all values are swallowed by the step at zero.
    let swallowed: Vec<f32> = (0..1000).map(|i| 0.3 + 1e-4 * i as f32).chain([127.0]).collect();
    assert!(of(&swallowed, 127.0).unwrap() < -0.95);
    let negative: Vec<f32> = swallowed.iter().map(|x| -x).collect();
    assert!(of(&negative, 127.0).unwrap() > 0.95);
    let wave: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.37).sin() * (1 + i % 7) as f32).collect();
    assert!(of(&wave, 7.0).unwrap().abs() < 0.05);
    // What is cut off is cut off on one side.
    let cut: Vec<f32> = wave.iter().map(|x| x.abs()).collect();
    assert!(of(&cut, 3.0).unwrap() < -0.2);
    assert!(offset(&wave, Clip::new(0.0, 7.0), Format::INT8.with_symmetric(false)).unwrap() > 0.2, "raised to 0");
    // Zeros are kept exactly, and of what bins cannot tell nothing is said.
    assert_eq!(
        [of(&[0.0; 9], 1.0), of(&[], 1.0), offset(&wave, Clip::symmetric(7.0), Format::INT8.with_bits(16))],
        [None; 3]
    );
    assert_eq!(offset(&wave, Clip::symmetric(7.0), Fp8::E4m3.into()), None);
}

proptest! {
    /// Value by value, spread evenly over each bin.
    #[test]
    fn the_mean_of_the_error_is_that_of_the_values(
        bins in proptest::collection::vec(-63_i32..64, 1..200),
        low in -2.0_f32..0.0,
        high in 0.1_f32..2.0,
        symmetric in any::<bool>(),
    ) {
        // Each bin holds a row of values at even distances, the last one at its end sets the range.
        let inside = |bin: i32| {
            let sign = if bin < 0 { -1.0 } else { 1.0 };
            (0..50).map(move |k| sign * (bin.abs() as f32 + (k as f32 + 0.5) / 50.0) / 64.0)
        };
        let mut values: Vec<f32> = bins.iter().copied().flat_map(inside).collect();
        values.extend([1.0, 1.0 / 128.0]);
        let format = Format::int(4, true, symmetric).unwrap();
        let clip = if symmetric { Clip::symmetric(high) } else { Clip::new(low, high) };
        let params = QuantParams::from_clip(clip, format);
        let histogram = Histogram::of(&values, 64, &[]);
        if let Some(mean) = mean_error(&histogram, &params) {
            let of = |x: &f32| f64::from(params.fake_quant(*x)) - f64::from(*x);
            let counted = values.iter().map(of).sum::<f64>() / values.len() as f64;
            // A row of fifty may end on the other side of a border, and the two at the end lie anywhere in their bins.
            let far = 2.0 * f64::from(params.scale()) / 50.0 + (2.0 * f64::from(params.scale()) + 0.04) / values.len() as f64 + 1e-3;
            prop_assert!((mean - counted).abs() < far, "{mean} {counted} {far}");
        }
    }
}
