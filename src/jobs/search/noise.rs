//! How sure a figure is: what the last digits of the scales do to it.

use crate::model::Chance;
use crate::quant::{Decibels, Loss, QuantParams};

/// Figures beside the one of the scales as they are.
pub(super) const JITTERS: u64 = 3;

/// The least gain that counts where nothing moves, in dB.
pub(super) const LEAST_GAIN: f64 = 0.02;

/// What several samples lose, in dB: the mean size of their errors, `sum(sqrt(noise))`, beside that of their outputs. So
/// a sample counts by the size of its error and not by its square, and none decides alone; and one whose outputs are
/// nearly zero, as of a picture without text, does not count as much as the others. NaN where outputs were no numbers, or
/// where there is no sample.
pub(super) fn mean(each: &[Loss]) -> Decibels {
    if each.is_empty() {
        return Decibels::new(f64::NAN);
    }
    let signal: f64 = each.iter().map(|loss| loss.signal.sqrt()).sum();
    let noise: f64 = each.iter().map(|loss| loss.noise.sqrt()).sum();
    if noise == 0.0 { Decibels::PERFECT } else { Decibels::of(signal * signal, noise * noise) }
}

/// The same params with each scale one f32 up, down, or as it is: about 1e-7 of it.
pub(super) fn jittered(params: &[Option<QuantParams>], seed: u64) -> Vec<Option<QuantParams>> {
    let mut random = Chance::new(seed);
    let mut moved = |params: QuantParams| {
        let scale = match random.draw() % 3 {
            0 => params.scale().next_up(),
            1 => params.scale().next_down(),
            _ => params.scale(),
        };
        QuantParams::new(scale, params.zero_point(), params.format()).unwrap_or(params)
    };
    params.iter().map(|params| params.map(&mut moved)).collect()
}

/// Half the way from the least to the largest: 0 where all are the same, infinite where only some are numbers.
pub(super) fn spread(figures: &[Decibels]) -> f64 {
    let (Some(least), Some(largest)) = (figures.iter().min(), figures.iter().max()) else { return 0.0 };
    if least == largest {
        return 0.0;
    }
    match (least.finite(), largest.finite()) {
        (Some(least), Some(largest)) => (largest - least) / 2.0,
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::{Clip, Format};

    fn db(all: &[f64]) -> Vec<Decibels> {
        all.iter().copied().map(Decibels::new).collect()
    }

    #[test]
    fn one_sample_does_not_decide_unless_it_is_no_number() {
        let of = |each: &[(f64, f64)]| {
            mean(&each.iter().map(|&(signal, noise)| Loss { signal, noise }).collect::<Vec<_>>()).get()
        };
        assert_eq!(of(&[(1.0, 0.01)]), 20.0);
        // A hundred times the noise counts ten times, and a sample without signal hardly at all.
        assert!((of(&[(1.0, 0.01), (1.0, 1e-4)]) - 20.0 * (2.0_f64 / 0.11).log10()).abs() < 1e-9);
        assert!((of(&[(1.0, 0.01), (1e-9, 1e-8)]) - 20.0).abs() < 0.02);
        assert_eq!(of(&[(1.0, 0.0)]), f64::INFINITY);
        assert!(of(&[(1.0, f64::NAN), (1.0, 0.0)]).is_nan() && of(&[]).is_nan());
    }

    #[test]
    fn a_jitter_moves_scales_by_their_last_digit_only() {
        let params = vec![Some(QuantParams::from_clip(Clip::symmetric(3.0), Format::INT8)); 64];
        let moved = jittered(&params, 1);
        assert_eq!(moved, jittered(&params, 1));
        assert_ne!(moved, params);
        let by = |(a, b): (&Option<QuantParams>, &Option<QuantParams>)| {
            f64::from(a.unwrap().scale()) / f64::from(b.unwrap().scale()) - 1.0
        };
        assert!(moved.iter().zip(&params).map(by).all(|by| by.abs() < 1.3e-7));
        assert_eq!(jittered(&[None], 1), [None]);
    }

    #[test]
    fn the_spread_is_half_the_range() {
        let of = |all: &[f64]| spread(&db(all));
        assert_eq!([of(&[40.0, 40.5, 40.2]), of(&[]), of(&[f64::NAN, f64::NAN])], [0.25, 0.0, 0.0]);
        assert_eq!([of(&[f64::INFINITY; 2]), of(&[f64::NAN, 40.0])], [0.0, f64::INFINITY]);
    }
}
