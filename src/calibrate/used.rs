use super::Tensor;
use crate::quant::{Format, QuantParams};

/// How much of a format the values make use of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepsUsed {
    /// The least number of steps that hold 99 % of the values.
    pub hold_most: usize,
    /// How many steps there are.
    pub of: usize,
    /// How many of all codes hold any value.
    pub codes_used: usize,
    /// How many codes there are.
    pub codes: usize,
    /// Whether steps are counted from zero outwards, one for both signs; else they are single codes.
    pub from_zero: bool,
}

/// The share of the values that is called most of them.
const MOST: f64 = 0.99;

impl Tensor {
    /// How many steps of `params` the values use. Where the format is symmetric and signed steps are counted from zero
    /// outwards, one for both signs, zero itself not counted; else each code is one, those that hold most first. `None`
    /// where there is no value.
    pub fn steps_used(&self, params: QuantParams) -> Option<StepsUsed> {
        let levels = self.level_masses(params);
        let zeros = self.histogram().stats.zeros as f64;
        let total = zeros + levels.iter().map(|level| level.mass).sum::<f64>();
        if total <= 0.0 {
            return None;
        }
        let format = params.format();
        let codes = match format {
            Format::Int(_) => (params.qmax() - params.qmin()) as usize + 1,
            Format::Fp8(fp8) => 2 * fp8.magnitudes().len() - 1,
        };
        // What is less than half a value is the end of a bin that was divided.
        let holds_zero = levels.iter().any(|level| level.value == 0.0 && level.mass >= 0.5);
        let codes_used =
            levels.iter().filter(|level| level.mass >= 0.5).count() + usize::from(zeros > 0.0 && !holds_zero);
        let from_zero = format.symmetric() && format.signed();
        let enough = MOST * total * (1.0 - 1e-12);
        if from_zero {
            let mut outwards: Vec<(f32, f64)> = levels.iter().map(|level| (level.value.abs(), level.mass)).collect();
            outwards.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut held = zeros;
            let end = outwards.iter().find(|(_, mass)| {
                held += mass;
                held >= enough
            });
            let end = if zeros >= enough { 0.0 } else { end.map_or(0.0, |(value, _)| *value) };
            let hold_most = match format {
                Format::Int(_) => (end / params.scale()).round() as usize,
                Format::Fp8(fp8) => {
                    fp8.magnitudes().iter().filter(|m| **m > 0.0 && **m * params.scale() <= end).count()
                }
            };
            return Some(StepsUsed { hold_most, of: (codes - 1) / 2, codes_used, codes, from_zero });
        }
        let at_zero = |value: f32| if value == 0.0 { zeros } else { 0.0 };
        let mut masses: Vec<f64> = levels.iter().map(|level| level.mass + at_zero(level.value)).collect();
        if levels.iter().all(|level| level.value != 0.0) {
            masses.push(zeros);
        }
        masses.sort_by(|a, b| b.total_cmp(a));
        let mut held = 0.0;
        let short = |mass: &&f64| {
            let before = held;
            held += **mass;
            before < enough
        };
        let hold_most = masses.iter().take_while(short).count();
        Some(StepsUsed { hold_most, of: codes, codes_used, codes, from_zero })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::Clip;

    fn used(values: &[f32], clip: Clip, words: &str) -> StepsUsed {
        let format = Format::named(words).unwrap();
        let tensor = Tensor::new(Arc::new(Histogram::of(values, 32_768, &[])), format);
        tensor.steps_used(QuantParams::from_clip(clip, format)).unwrap()
    }

    #[test]
    fn an_outlier_leaves_the_bulk_few_steps() {
        // Even values to 1, and one at 10: on int8 by max a step is 10 / 127.
        let mut values: Vec<f32> = (-50_000..=50_000).map(|i| i as f32 / 50_000.0).collect();
        values.push(10.0);
        let found = used(&values, Clip::symmetric(10.0), "int8");
        assert_eq!((found.hold_most, found.of, found.from_zero), (13, 127, true));
        assert_eq!((found.codes_used, found.codes), (28, 255));
        // On four bits nearly all are on -1, 0 and 1.
        assert_eq!(used(&values, Clip::symmetric(10.0), "int4").hold_most, 1);
        assert_eq!(used(&values, Clip::symmetric(1.0), "int4").hold_most, 7);
    }

    #[test]
    fn zeros_count_and_nothing_is_nothing() {
        let mut relu = vec![0.0; 99_000];
        relu.extend((0..1000).map(|i| i as f32 / 1000.0));
        assert_eq!(used(&relu, Clip::symmetric(1.0), "int8").hold_most, 0);
        assert_eq!(used(&relu, Clip::new(0.0, 1.0), "int8 affine").hold_most, 1);
        let empty = Tensor::new(Arc::new(Histogram::of(&[], 8, &[])), Format::INT8);
        assert!(empty.steps_used(QuantParams::from_clip(Clip::symmetric(1.0), Format::INT8)).is_none());
    }

    /// Against values quantized one by one.
    #[test]
    fn steps_are_those_that_values_go_to() {
        let values: Vec<f32> = (0..200_000).map(|i| ((i as f32 * 0.618_034).fract() * 3.0 - 1.0).powi(3)).collect();
        for (words, clip) in [
            ("int8", Clip::symmetric(8.0)),
            ("int3", Clip::symmetric(4.0)),
            ("uint8", Clip::unsigned(8.0)),
            ("int8 affine", Clip::new(-1.0, 8.0)),
            ("uint4 affine", Clip::new(-0.5, 5.0)),
            ("e4m3", Clip::symmetric(8.0)),
        ] {
            let format = Format::named(words).unwrap();
            let params = QuantParams::from_clip(clip, format);
            let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
            // Codes of FP8 are in the order of magnitudes once the sign is apart.
            let step = |x: f32| {
                let code = i64::from(params.quantize(x));
                match format {
                    Format::Int(_) => code - i64::from(params.zero_point()),
                    Format::Fp8(_) => code & 0x7f,
                }
            };
            let folds = format.symmetric() && format.signed();
            values.iter().for_each(|x| *counts.entry(if folds { step(*x).abs() } else { step(*x) }).or_default() += 1);
            let enough = (0.99 * values.len() as f64) as usize;
            let counted = if folds {
                let mut held = 0;
                *counts
                    .iter()
                    .find(|(_, n)| {
                        held += **n;
                        held >= enough
                    })
                    .unwrap()
                    .0 as usize
            } else {
                let mut sorted: Vec<usize> = counts.values().copied().collect();
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                (0..sorted.len()).take_while(|i| sorted[..*i].iter().sum::<usize>() < enough).count()
            };
            let found = used(&values, clip, words);
            assert!(found.hold_most.abs_diff(counted) <= 1, "{words}: {found:?} for {counted}");
        }
    }
}
