//! The distribution that fake quantization leaves.

use super::Tensor;
use crate::quant::QuantParams;

/// What one integer of the grid holds after quantization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The real value that the integer stands for.
    pub value: f32,
    /// How many values go to it, exact zeros left out; a bin that lies across two levels is divided by length.
    pub mass: f64,
    /// Whether it is the outermost integer of its side, where saturating values land.
    pub outermost: bool,
}

impl Tensor {
    /// The values of the tensor on the levels of `params`, from the most negative integer to the largest; levels that
    /// hold nothing are left out. The masses sum to the finite values less the exact zeros.
    pub fn level_masses(&self, params: QuantParams) -> Vec<Level> {
        let magnitude = &self.histogram().magnitude;
        let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
        let mut masses = vec![0.0; (params.qmax() - params.qmin() + 1) as usize];
        let zero = (params.zero_point() - params.qmin()) as usize;
        let step = f64::from(params.scale()) / width;
        if width > 0.0 {
            let mut pos = magnitude.pos.clone();
            pos[0] = pos[0].saturating_sub(self.histogram().stats.zeros);
            spread(&pos, step, masses.len() - 1 - zero, |k, m| masses[zero + k] += m);
            spread(&magnitude.neg, step, zero, |k, m| masses[zero - k] += m);
        }
        let last = masses.len() - 1;
        let levels = masses.into_iter().enumerate().filter(|(_, mass)| *mass > 0.0);
        levels
            .map(|(i, mass)| {
                let value = params.dequantize(params.qmin() + i as i32);
                Level { value, mass, outermost: i == last || i == 0 }
            })
            .collect()
    }
}

/// Shares the bins of one side out to its levels `0..=steps`, which lie `step` bins apart.
fn spread(counts: &[u64], step: f64, steps: usize, mut add: impl FnMut(usize, f64)) {
    for (bin, &count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let (a, b) = (bin as f64, (bin + 1) as f64);
        let level = |t: f64| ((t / step + 0.5) as usize).min(steps);
        let (first, last) = (level(a), level(b));
        for k in first..=last {
            // The cell of the last level has no end.
            let low = if k == 0 { 0.0 } else { (k as f64 - 0.5) * step };
            let high = if k == steps { f64::INFINITY } else { (k as f64 + 0.5) * step };
            let share = (b.min(high) - a.max(low)).max(0.0);
            if share > 0.0 {
                add(k, count as f64 * share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::{Clip, Format};

    #[test]
    fn mass_is_kept_and_piles_up_at_the_clip() {
        let values: Vec<f32> = (-2000..=2000).map(|i| i as f32 / 1000.0).collect();
        let tensor = Tensor::new(Arc::new(Histogram::of(&values, 2048, &[])), Format::INT8);
        for (num_bits, signed, symmetric) in
            [(8, true, true), (8, false, true), (8, true, false), (4, true, true), (16, true, true)]
        {
            let params =
                QuantParams::from_clip(Clip::new(-1.0, 1.0), Format::int(num_bits, signed, symmetric).unwrap());
            let levels = tensor.level_masses(params);
            let sum: f64 = levels.iter().map(|l| l.mass).sum();
            assert!((sum - 4000.0).abs() < 1e-6, "{num_bits} {sum}");
            let top = levels.last().unwrap();
            assert!(top.outermost && top.mass > 990.0, "{top:?}");
        }
    }
}
