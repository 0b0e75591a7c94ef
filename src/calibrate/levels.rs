//! The distribution that fake quantization leaves.

use super::Tensor;
use crate::quant::{Format, Fp8, QuantParams};

/// What one value of the format holds after quantization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The real value that it stands for.
    pub value: f32,
    /// From where to where real values are nearest to it; the outermost ones, to which everything beyond goes as well,
    /// end as far out as they begin further in.
    pub cell: (f64, f64),
    /// How many values go to it, exact zeros left out; a bin that lies across two levels is divided by length.
    pub mass: f64,
    /// Whether it is the outermost one of its side, where saturating values land.
    pub outermost: bool,
}

impl Tensor {
    /// The values of the tensor on the levels of `params`, from the most negative to the largest; levels that hold
    /// nothing are left out. The masses sum to the finite values less the exact zeros.
    pub fn level_masses(&self, params: QuantParams) -> Vec<Level> {
        let magnitude = &self.histogram().magnitude;
        let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
        let step = f64::from(params.scale()) / width;
        let [below, above] = match params.format() {
            Format::Int(_) => [params.zero_point() - params.qmin(), params.qmax() - params.zero_point()]
                .map(|steps| Side::Even { step, steps: steps as usize }),
            Format::Fp8(fp8) => [(); 2].map(|()| Side::uneven(fp8, step)),
        };
        let zero = below.last();
        let mut masses = vec![0.0; zero + 1 + above.last()];
        if width > 0.0 {
            let mut pos = magnitude.pos.clone();
            pos[0] = pos[0].saturating_sub(self.histogram().stats.zeros);
            spread(&pos, &above, |k, m| masses[zero + k] += m);
            spread(&magnitude.neg, &below, |k, m| masses[zero - k] += m);
        }
        let last = masses.len() - 1;
        let places = Places::new(params, zero);
        let levels = masses.into_iter().enumerate().filter(|(_, mass)| *mass > 0.0);
        levels
            .map(|(i, mass)| {
                let (value, cell) = places.of(i);
                Level { value, cell, mass, outermost: i == last || i == 0 }
            })
            .collect()
    }
}

/// Levels on one side of zero, by their number from 0 up; lengths are in bins.
enum Side {
    /// `0, step, 2 step, ... steps * step`.
    Even { step: f64, steps: usize },
    /// Where each level but the last one ends.
    Uneven(Vec<f64>),
}

impl Side {
    /// The values of the format, of which 1.0 lies at `unit`.
    fn uneven(fp8: Fp8, unit: f64) -> Side {
        let between = |v: &[f32]| f64::midpoint(f64::from(v[0]), f64::from(v[1])) * unit;
        Side::Uneven(fp8.magnitudes().windows(2).map(between).collect())
    }

    /// The number of the last level.
    fn last(&self) -> usize {
        match self {
            Side::Even { steps, .. } => *steps,
            Side::Uneven(ends) => ends.len(),
        }
    }

    /// The level nearest to `t`.
    fn nearest(&self, t: f64) -> usize {
        match self {
            Side::Even { step, steps } => ((t / step + 0.5) as usize).min(*steps),
            Side::Uneven(ends) => ends.partition_point(|end| *end <= t),
        }
    }

    /// Where a level begins and ends; the last one has no end.
    fn cell(&self, k: usize) -> (f64, f64) {
        let end = |k: usize| match self {
            Side::Even { step, .. } => (k as f64 + 0.5) * step,
            Side::Uneven(ends) => ends[k],
        };
        let low = if k == 0 { 0.0 } else { end(k - 1) };
        (low, if k == self.last() { f64::INFINITY } else { end(k) })
    }
}

/// Shares the bins of one side out to its levels.
fn spread(counts: &[u64], side: &Side, mut add: impl FnMut(usize, f64)) {
    for (bin, &count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let (a, b) = (bin as f64, (bin + 1) as f64);
        for k in side.nearest(a)..=side.nearest(b) {
            let (low, high) = side.cell(k);
            let share = (b.min(high) - a.max(low)).max(0.0);
            if share > 0.0 {
                add(k, count as f64 * share);
            }
        }
    }
}

/// Where levels lie, by their number from the most negative one up.
struct Places {
    params: QuantParams,
    zero: usize,
    magnitudes: Vec<f32>,
}

impl Places {
    fn new(params: QuantParams, zero: usize) -> Places {
        let magnitudes = match params.format() {
            Format::Int(_) => Vec::new(),
            Format::Fp8(fp8) => fp8.magnitudes(),
        };
        Places { params, zero, magnitudes }
    }

    /// A level's value and its cell.
    fn of(&self, i: usize) -> (f32, (f64, f64)) {
        let scale = f64::from(self.params.scale());
        let (k, negative) = (i.abs_diff(self.zero), i < self.zero);
        let (value, down, up) = match self.params.format() {
            Format::Int(_) => (self.params.dequantize(self.params.qmin() + i as i32), scale / 2.0, scale / 2.0),
            Format::Fp8(_) => {
                let at = |k: usize| f64::from(self.magnitudes[k]) * scale / 2.0;
                let up = self.magnitudes.get(k + 1).map(|_| at(k + 1) - at(k));
                let down = k.checked_sub(1).map(|below| at(k) - at(below));
                let (Some(up), Some(down)) = (up.or(down), down.or(up)) else { return (0.0, (0.0, 0.0)) };
                let value = self.magnitudes[k] * self.params.scale();
                if negative { (-value, up, down) } else { (value, down, up) }
            }
        };
        let middle = f64::from(value);
        (value, (middle - down, middle + up))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::Clip;

    #[test]
    fn mass_is_kept_and_piles_up_at_the_clip() {
        let values: Vec<f32> = (-2000..=2000).map(|i| i as f32 / 1000.0).collect();
        let tensor = Tensor::new(Arc::new(Histogram::of(&values, 2048, &[])), Format::INT8);
        for words in ["int8", "uint8", "affine", "int4", "int16", "e4m3", "e5m2"] {
            let params = QuantParams::from_clip(Clip::new(-1.0, 1.0), Format::INT8.changed_by(words).unwrap());
            let levels = tensor.level_masses(params);
            let sum: f64 = levels.iter().map(|l| l.mass).sum();
            assert!((sum - 4000.0).abs() < 1e-6, "{words} {sum}");
            let top = levels.last().unwrap();
            assert!(top.outermost && top.mass > 990.0, "{top:?}");
        }
    }

    /// Counted one by one: where bins are narrow the masses are those of the quantized values.
    #[test]
    fn the_levels_are_those_that_values_go_to() {
        let values: Vec<f32> = (0..200_000).map(|i| (i as f32 * 0.618_034).fract() * 3.0 - 1.0).collect();
        let tensor = Tensor::new(Arc::new(Histogram::of(&values, 16_384, &[])), Format::INT8);
        for words in ["int4", "e4m3", "e5m2"] {
            let params = QuantParams::from_clip(Clip::symmetric(1.5), Format::INT8.changed_by(words).unwrap());
            let levels = tensor.level_masses(params);
            assert!(levels.is_sorted_by(|a, b| a.value < b.value));
            for level in levels.iter().filter(|l| l.mass > 300.0) {
                let went = values.iter().filter(|x| params.fake_quant(**x) == level.value).count() as f64;
                assert!((went - level.mass).abs() < 0.05 * went + 20.0, "{words}: {went} at {level:?}");
                let (low, high) = level.cell;
                let inner = |share: f64| params.fake_quant((low + (high - low) * share) as f32);
                assert_eq!((inner(0.01), inner(0.99)), (level.value, level.value), "{words}: {level:?}");
            }
            let end = levels.last().unwrap();
            assert!(end.outermost && (end.value - 1.5).abs() < 1e-6);
        }
    }
}
