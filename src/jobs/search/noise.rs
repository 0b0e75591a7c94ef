//! How sure a figure is: what the last digits of the scales do to it.

use crate::model::Chance;
use crate::quant::{Decibels, Loss, QuantParams};

/// Figures beside the one of the scales as they are, of outputs of so many numbers a sample: many numbers hardly move, and
/// four may move by half a decibel, so that only the mean of several figures tells a gain from luck.
pub(super) fn jitters(numbers_a_sample: usize, numbers: usize) -> u64 {
    match (numbers_a_sample, numbers) {
        (_, NUMBERS..) => 1,
        (FEW.., _) => 3,
        _ => 7,
    }
}

/// Numbers at the outputs that are enough to judge by.
pub(super) const NUMBERS: usize = 1 << 17;

/// Fewer numbers a sample than these are few.
const FEW: usize = 1 << 10;

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

/// The mean of several figures, and twice its standard error: the figures that a whole number of jitters gives would lie
/// about it so. NaN and infinite where only some are numbers; 0 where all are the same.
pub(super) fn mean_and_error(figures: &[Decibels]) -> (Decibels, f64) {
    let n = figures.len() as f64;
    let finite: Vec<f64> = figures.iter().filter_map(|db| db.finite()).collect();
    match (figures.iter().min(), figures.iter().max()) {
        (Some(least), Some(largest)) if least == largest => (*least, 0.0),
        (Some(least), _) if finite.len() < figures.len() => (*least, f64::INFINITY),
        _ if finite.is_empty() => (Decibels::new(f64::NAN), 0.0),
        _ => {
            let mean = finite.iter().sum::<f64>() / n;
            let variance = finite.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
            (Decibels::new(mean), 2.0 * (variance / n).sqrt())
        }
    }
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
    fn a_mean_is_surer_than_one_figure_and_nan_is_the_worst() {
        let of = |all: &[f64]| {
            let (mean, error) = mean_and_error(&db(all));
            (mean.get(), (error * 1e3).round() / 1e3)
        };
        assert_eq!(of(&[40.0, 41.0, 40.0, 41.0]), (40.5, 0.577));
        assert_eq!(of(&[40.0, 41.0]), (40.5, 1.0));
        assert_eq!(
            [of(&[40.0]), of(&[40.0, 40.0]), of(&[f64::INFINITY; 2])],
            [(40.0, 0.0), (40.0, 0.0), (f64::INFINITY, 0.0)]
        );
        assert!(of(&[f64::NAN, 40.0]).0.is_nan() && of(&[f64::NAN, 40.0]).1.is_infinite());
        assert!(of(&[f64::NAN; 2]).0.is_nan() && of(&[]).0.is_nan());
    }

    #[test]
    fn few_numbers_are_looked_at_more_often() {
        assert_eq!([jitters(4, 64), jitters(1000, 4000), jitters(2048, 8192), jitters(1 << 16, 1 << 18)], [7, 7, 3, 1]);
    }

    #[test]
    fn the_spread_is_half_the_range() {
        let of = |all: &[f64]| spread(&db(all));
        assert_eq!([of(&[40.0, 40.5, 40.2]), of(&[]), of(&[f64::NAN, f64::NAN])], [0.25, 0.0, 0.0]);
        assert_eq!([of(&[f64::INFINITY; 2]), of(&[f64::NAN, 40.0])], [0.0, f64::INFINITY]);
    }
}
