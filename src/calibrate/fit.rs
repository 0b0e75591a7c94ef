//! A textbook distribution fitted to a tensor, to be held against its histogram.

use statrs::distribution::{Continuous, ContinuousCDF, Laplace, Normal};
use statrs::statistics::Distribution;

use crate::histogram::Histogram;

/// The shape that is fitted to the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `exp(-|x - mean| / b) / 2b`, with `b` the mean distance from the mean.
    Laplace,
    /// The normal distribution, with the standard deviation of the values.
    Gauss,
}

/// The distribution of a [`Shape`] with the mean and the spread of a tensor's finite values, exact zeros among them.
///
/// ACIQ's clips follow from the spread alone ([`Aciq`](super::Aciq)); how far they can be trusted is how well the shape
/// fits, which [`ks_distance`](Fit::ks_distance) tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    fitted: Fitted,
    values: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fitted {
    Laplace(Laplace),
    Gauss(Normal),
}

impl Fit {
    /// The fit to the finite values of `histogram`; `None` without any, and where all of them are equal.
    pub fn of(histogram: &Histogram, shape: Shape) -> Option<Fit> {
        let mean = histogram.stats.mean().filter(|_| histogram.stats.min < histogram.stats.max)?;
        let fitted = match shape {
            Shape::Laplace => Fitted::Laplace(Laplace::new(mean, mean_deviation(histogram, mean)).ok()?),
            Shape::Gauss => Fitted::Gauss(Normal::new(mean, histogram.stats.std()?).ok()?),
        };
        Some(Fit { fitted, values: histogram.stats.finite() })
    }

    /// What was fitted.
    pub fn shape(&self) -> Shape {
        match self.fitted {
            Fitted::Laplace(_) => Shape::Laplace,
            Fitted::Gauss(_) => Shape::Gauss,
        }
    }

    /// The Laplace distribution's `b` (`mean |x - mean|`, worked out from the histogram with each bin's values at its
    /// middle), or the normal distribution's standard deviation.
    pub fn spread(&self) -> f64 {
        match self.fitted {
            Fitted::Laplace(d) => d.scale(),
            Fitted::Gauss(d) => d.std_dev().unwrap_or(f64::NAN),
        }
    }

    /// Probability density at `x`, per unit of the values.
    pub fn density(&self, x: f64) -> f64 {
        match self.fitted {
            Fitted::Laplace(d) => d.pdf(x),
            Fitted::Gauss(d) => d.pdf(x),
        }
    }

    /// How many of the values the fit expects between `lo` and `hi`, `lo <= hi`.
    pub fn mass(&self, lo: f64, hi: f64) -> f64 {
        let share = match self.fitted {
            Fitted::Laplace(d) => between(&d, d.location(), lo, hi),
            Fitted::Gauss(d) => between(&d, d.mean().unwrap_or(0.0), lo, hi),
        };
        self.values as f64 * share
    }

    /// The Kolmogorov-Smirnov distance between the values and the fit, 0 to 1: the largest difference between the share
    /// of the values up to some `x` and the share that the fit expects there.
    ///
    /// Taken at the edges of the histogram's bins, where shares are known exactly, and on both sides of the exact zeros;
    /// between two edges it may be larger by what one bin holds.
    pub fn ks_distance(&self, histogram: &Histogram) -> f64 {
        let (m, n) = (&histogram.magnitude, self.values as f64);
        let width = f64::from(m.amax) / m.bins() as f64;
        let expected = |x: f64| match self.fitted {
            Fitted::Laplace(d) => d.cdf(x),
            Fitted::Gauss(d) => d.cdf(x),
        };
        let mut below = 0;
        let mut distance = 0.0f64;
        let mut look = |below: u64, x: f64| distance = distance.max((below as f64 / n - expected(x)).abs());
        look(0, -f64::from(m.amax));
        for (j, &count) in m.neg.iter().enumerate().rev() {
            below += count;
            look(below, -(j as f64) * width);
        }
        look(below + histogram.stats.zeros, 0.0);
        for (j, &count) in m.pos.iter().enumerate() {
            below += count;
            look(below, (j + 1) as f64 * width);
        }
        distance
    }
}

/// The probability of `lo..hi`, on the upper side from the upper tail, where the other one has no digits left.
fn between(distribution: &impl ContinuousCDF<f64, f64>, middle: f64, lo: f64, hi: f64) -> f64 {
    if lo > middle { distribution.sf(lo) - distribution.sf(hi) } else { distribution.cdf(hi) - distribution.cdf(lo) }
}

/// `mean |x - mean|`, each bin's values at its middle and zeros at zero.
fn mean_deviation(histogram: &Histogram, mean: f64) -> f64 {
    let (stats, m) = (&histogram.stats, &histogram.magnitude);
    let width = f64::from(m.amax) / m.bins() as f64;
    let mut sum = stats.zeros as f64 * mean.abs();
    for (j, (&pos, &neg)) in m.pos.iter().zip(&m.neg).enumerate() {
        let middle = (j as f64 + 0.5) * width;
        let pos = if j == 0 { pos - stats.zeros.min(pos) } else { pos };
        sum += pos as f64 * (middle - mean).abs() + neg as f64 * (middle + mean).abs();
    }
    sum / stats.finite() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a Laplace (b = 0.5) or, from the sum of twelve, of nearly a normal distribution about 1.
    fn values(shape: Shape) -> Vec<f32> {
        let n = 40_000;
        let mut state = 7u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        (0..n)
            .map(|i| match shape {
                Shape::Laplace => {
                    let u = (f64::from(i) + 0.5) / f64::from(n) - 0.5;
                    (1.0 - 0.5 * u.signum() * (1.0 - 2.0 * u.abs()).ln()) as f32
                }
                Shape::Gauss => (1.0 + (0..12).map(|_| uniform()).sum::<f64>() - 6.0) as f32,
            })
            .collect()
    }

    #[test]
    fn the_mean_deviation_is_that_of_the_values() {
        let values: Vec<f32> = (0..50_000).map(|i| ((i as f32 * 0.37).sin() * 3.0).max(-1.0)).collect();
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / 5e4;
        let exact = values.iter().map(|&x| (f64::from(x) - mean).abs()).sum::<f64>() / 5e4;
        let found = Fit::of(&Histogram::of(&values, 2048, &[]), Shape::Laplace).unwrap().spread();
        assert!((found - exact).abs() < 1e-3 * exact, "{found} for {exact}");
    }

    #[test]
    fn each_shape_fits_its_own_values_best() {
        let shapes = [Shape::Laplace, Shape::Gauss];
        for (own, other) in [(0, 1), (1, 0)] {
            let h = Histogram::of(&values(shapes[own]), 2048, &[]);
            let distance = |i: usize| Fit::of(&h, shapes[i]).unwrap().ks_distance(&h);
            assert!(distance(own) < 0.01 && distance(other) > 4.0 * distance(own), "{own}: {}", distance(own));
        }
    }

    #[test]
    fn mass_is_shared_out_and_follows_the_density() {
        for shape in [Shape::Laplace, Shape::Gauss] {
            let fit = Fit::of(&Histogram::of(&values(shape), 512, &[]), shape).unwrap();
            let cuts: Vec<f64> = (-200..=200).map(|i| f64::from(i) * 0.1).collect();
            let sum: f64 = cuts.windows(2).map(|w| fit.mass(w[0], w[1])).sum();
            assert!((sum - 40_000.0).abs() < 1e-3, "{shape:?} {sum}");
            for x in [-3.0, 0.0, 1.5, 4.0] {
                let share = fit.mass(x - 1e-4, x + 1e-4) / 40_000.0 / 2e-4;
                assert!((share / fit.density(x) - 1.0).abs() < 1e-3, "{shape:?} at {x}");
            }
            // Far out something is left.
            assert!(fit.mass(9.0, 9.1) > 0.0 && fit.mass(9.0, 9.1) < 1.0);
        }
    }

    #[test]
    fn without_a_spread_there_is_no_fit() {
        for values in [&[][..], &[f32::NAN], &[0.0; 9], &[3.0; 9]] {
            let h = Histogram::of(values, 128, &[]);
            for shape in [Shape::Laplace, Shape::Gauss] {
                assert_eq!(Fit::of(&h, shape), None, "{values:?}");
            }
        }
    }

    /// A ReLU's zeros are a step that no smooth distribution has.
    #[test]
    fn a_spike_at_zero_is_seen() {
        let relu: Vec<f32> = values(Shape::Gauss).iter().map(|x| (x - 1.0).max(0.0)).collect();
        let h = Histogram::of(&relu, 2048, &[]);
        assert!(Fit::of(&h, Shape::Gauss).unwrap().ks_distance(&h) > 0.2);
    }
}
