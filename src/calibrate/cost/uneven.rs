//! Levels of a floating-point format: fine near zero, coarse at the ends.

use crate::quant::Fp8;

/// Levels on one side of zero, in bins, from 0 up.
pub struct Uneven {
    values: Vec<f64>,
    /// Where the level after each begins: halfway. Nothing comes after the last one.
    ends: Vec<f64>,
}

impl Uneven {
    /// The values of the format, of which 1.0 lies at `unit` bins.
    pub fn new(fp8: Fp8, unit: f64) -> Uneven {
        let values: Vec<f64> = fp8.magnitudes().into_iter().map(|x| f64::from(x) * unit).collect();
        let mut ends: Vec<f64> = values.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
        ends.push(f64::INFINITY);
        Uneven { values, ends }
    }

    /// Rounding error up to `cut`, and clipping error beyond.
    ///
    /// Bins and levels are gone through side by side, and each piece between two borders is integrated on its own: no
    /// sums are taken from each other, so that no digits are lost.
    pub fn errors(&self, mass: &[f64], cut: f64) -> (f64, f64) {
        let bin = (cut as usize).min(mass.len());
        let mut level = 0;
        let mut inside = self.over(mass, 0, bin, &mut level);
        let mut outside = 0.0;
        if bin < mass.len() {
            let [low, high] = [bin as f64, (bin + 1) as f64];
            inside += mass[bin] * self.between(low, cut, &mut level);
            outside += mass[bin] * self.between(cut, high, &mut level);
            outside += self.over(mass, bin + 1, mass.len(), &mut level);
        }
        (inside, outside)
    }

    /// The error of `mass` (a share of it per unit of length) over whole bins `from..to`.
    fn over(&self, mass: &[f64], from: usize, to: usize, level: &mut usize) -> f64 {
        let bins = (from..).zip(&mass[from..to]).filter(|(_, mass)| **mass > 0.0);
        bins.map(|(bin, mass)| mass * self.between(bin as f64, (bin + 1) as f64, level)).sum()
    }

    /// The squared distance to the nearest level, integrated from `low` to `high`. `level` is one not beyond `low`, and
    /// becomes the one at `high`.
    fn between(&self, mut low: f64, high: f64, level: &mut usize) -> f64 {
        let mut sum = 0.0;
        loop {
            let (value, end) = (self.values[*level], self.ends[*level]);
            if end >= high {
                return sum + piece(low - value, high - value);
            }
            if end > low {
                sum += piece(low - value, end - value);
                low = end;
            }
            *level += 1;
        }
    }
}

/// The integral of `d^2` from `a` to `b`.
fn piece(a: f64, b: f64) -> f64 {
    (b - a) * (a * a + a * b + b * b) / 3.0
}
