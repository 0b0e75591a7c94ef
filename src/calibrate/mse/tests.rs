use std::sync::Arc;

use super::*;
use crate::histogram::{Histogram, Magnitude, Stats};
use crate::quant::Fp8;
use proptest::prelude::*;

fn tensor(counts: Vec<u64>, amax: f32, num_bits: u8, signed: bool) -> Tensor {
    bound_for(Format::int(num_bits, signed, true).unwrap(), counts, amax)
}

fn bound_for(format: Format, counts: Vec<u64>, amax: f32) -> Tensor {
    let neg = vec![0; counts.len()];
    let h = Histogram::from_parts(Stats::default(), Magnitude { amax, pos: counts, neg }, None);
    Tensor::new(Arc::new(h), format)
}

/// The peer's own fake quantization of each centre, summed in f64.
fn oracle(o: &Objective, i: usize) -> (f64, f64) {
    let (amax, bound) = (o.centres[i], o.levels.bound());
    let scale = bound / amax;
    let error = |j: usize| {
        let c = o.centres[j];
        let rounded = match o.levels {
            Levels::Even { .. } => (c * scale).round_ties_even().min(bound),
            Levels::Fp8 { fp8, .. } => fp8.round(c * scale),
        };
        let q = if amax <= SMALLEST_AMAX { 0.0 } else { rounded / scale };
        o.counts[j] as f64 * (f64::from(q) - f64::from(c)).powi(2)
    };
    ((i + 1..o.counts.len()).map(error).sum(), (0..=i).map(error).sum())
}

proptest! {
    #[test]
    fn the_curve_is_the_oracle_s(
        counts in prop::collection::vec(prop_oneof![Just(0u64), 1u64..9, 0u64..1_000_000], 2..600),
        amax in prop_oneof![Just(f32::MAX), Just(1e-6f32), 1e-3f32..1e3],
        words in prop_oneof![
            Just("int8"), Just("uint8"), Just("int2"), Just("int4"), Just("int16"), Just("e4m3"), Just("e5m2"),
        ],
    ) {
        let objective = Objective::of(&bound_for(Format::INT8.changed_by(words).unwrap(), counts, amax));
        let within = 1e-12 * objective.prefix[objective.counts.len()][2];
        for i in 0..objective.counts.len() {
            let ((c, r), (oc, or)) = (objective.at(i), oracle(&objective, i));
            prop_assert!((c - oc).abs() <= within && (r - or).abs() <= within, "{:?} for {:?} at {}", (c, r), (oc, or), i);
        }
    }
}

/// As many bins as make it worth while to go from level to level.
#[test]
fn fp8_level_by_level_is_fp8_bin_by_bin() {
    let counts: Vec<u64> = (0..8192u64).map(|j| (j * 2_654_435_761) % 1000).collect();
    for fp8 in [Fp8::E4m3, Fp8::E5m2] {
        let objective = Objective::of(&bound_for(fp8.into(), counts.clone(), 3.0));
        let within = 1e-12 * objective.prefix[counts.len()][2];
        for i in (0..counts.len()).step_by(97).chain([counts.len() - 1]) {
            let scale = objective.levels.bound() / objective.centres[i];
            let (directly, by_levels) = (objective.directly(scale, i + 1), objective.by_levels(scale, i));
            assert!((directly - by_levels).abs() <= within, "{fp8} {i}: {directly} {by_levels}");
        }
    }
}

#[test]
fn a_wider_clip_clips_less_and_rounds_more() {
    let counts = (0..2048).map(|j| (1e6 * (-f64::from(j) / 150.0).exp()) as u64).collect();
    let curve = mse_curve(&tensor(counts, 3.0, 8, true));
    assert!(curve.clipping.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-9) + 1e-18));
    assert_eq!(curve.clipping[2047], 0.0);
    // Where the levels fall among the centres makes the rounding error waver: compare from afar.
    let coarse: Vec<f64> = curve.rounding.iter().skip(256).step_by(128).copied().collect();
    assert!(coarse.windows(2).all(|w| w[1] > w[0]), "{coarse:?}");
}

#[test]
fn the_first_of_equal_minima_wins() {
    // All mass at one centre far below: nothing to tell the candidates apart but the grid's own rounding.
    let zeros = tensor(vec![7; 300], 0.0, 8, true);
    assert_eq!(Objective::of(&zeros).search(START_BIN), Some(START_BIN));
    assert_eq!(Objective::of(&tensor(vec![1; 128], 1.0, 8, true)).search(START_BIN), None);
}
