//! Levels of integers: every one as far from the next.

/// Levels on one side of zero: `0, step, 2 step, ... steps * step`, in bins.
#[derive(Clone, Copy)]
pub struct Even {
    steps: f64,
    step: f64,
    per_step: f64,
    full: f64,
}

impl Even {
    pub fn new(steps: i32, step: f64) -> Even {
        Even { steps: f64::from(steps), step, per_step: 1.0 / step, full: step.powi(3) / 12.0 }
    }

    /// The level nearest to `t`, and the distance from it.
    #[inline(always)]
    fn nearest(&self, t: f64) -> (f64, f64) {
        /// Adding it rounds a small f64 to an integer.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let level = (t * self.per_step).min(self.steps) + ROUND - ROUND;
        (level, t - level * self.step)
    }

    /// The squared distance to the nearest level, integrated between the two places.
    ///
    /// Its integral from 0 to the place at distance `d` from level `m` is `m step^3 / 12 + d^3 / 3`: a whole cell of
    /// each level passed, and the rest of a parabola. Taking the difference term by term loses no digits.
    #[inline(always)]
    fn between(&self, (m0, d0): (f64, f64), (m1, d1): (f64, f64)) -> f64 {
        (m1 - m0) * self.full + (d1 * d1 * d1 - d0 * d0 * d0) / 3.0
    }

    /// What the nearest level lies beyond each value, summed over the counts of whole bins; `zeros` of the first bin are
    /// exact zeros, which lie on a level.
    ///
    /// Its integral over a whole cell is 0, and from 0 to the place at distance `d` from the nearest level `-d^2 / 2`.
    pub fn offset(&self, counts: &[u64], zeros: u64) -> f64 {
        let to = |t: f64| self.nearest(t).1.powi(2) / 2.0;
        let mut sum = 0.0;
        for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = if bin == 0 { count.saturating_sub(zeros) } else { count };
            sum += count as f64 * (to(bin as f64) - to((bin + 1) as f64));
        }
        sum
    }

    /// The error of `mass` (a share of it per unit of length) over whole bins `from..to`.
    fn over(&self, mass: &[f64], from: usize, to: usize) -> f64 {
        let mut sums = [0.0; 4];
        let (fours, rest) = mass[from..to].as_chunks::<4>();
        for (k, four) in fours.iter().enumerate() {
            let t = (from + 4 * k) as f64;
            for l in 0..4 {
                let t = t + l as f64;
                sums[l] += four[l] * self.between(self.nearest(t), self.nearest(t + 1.0));
            }
        }
        let start = to - rest.len();
        for (l, mass) in rest.iter().enumerate() {
            let t = (start + l) as f64;
            sums[l] += mass * self.between(self.nearest(t), self.nearest(t + 1.0));
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }

    /// Rounding error up to `cut`, and clipping error beyond.
    pub fn errors(&self, mass: &[f64], cut: f64) -> (f64, f64) {
        let bin = (cut as usize).min(mass.len());
        let (mut inside, mut outside) = (self.over(mass, 0, bin), 0.0);
        if bin < mass.len() {
            let [low, middle, high] = [bin as f64, cut, (bin + 1) as f64].map(|t| self.nearest(t));
            inside += mass[bin] * self.between(low, middle).max(0.0);
            outside += mass[bin] * self.between(middle, high).max(0.0);
            outside += self.over(mass, bin + 1, mass.len());
        }
        (inside, outside)
    }
}
