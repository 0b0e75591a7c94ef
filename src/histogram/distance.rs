//! How far the values of two histograms lie apart.

use super::Histogram;

/// How far two distributions lie apart; both are 0 for equal counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// How far a value has to be moved on average to make one of the other, in the values' own units: the Wasserstein
    /// distance of order 1, which is the area between the two cumulative distributions.
    pub moved: f64,
    /// The largest difference, at any x, between the shares of values up to x: 0 to 1 (Kolmogorov and Smirnov).
    pub ks: f64,
}

/// The shares of values up to each edge. Values are spread evenly in their bin, but for exact zeros, which lie at 0.
///
/// On bins of which one is as wide as several of the other this is the distance on the common grid, and on others as near
/// to it as bins tell. Thousands of bins do no harm: what chance puts into the one or the other of two neighbours moves a
/// value by a bin and no further, where a sum over the bins' differences (total variation) would be mostly chance.
struct Shares {
    /// Rising, with 0 among them.
    edges: Vec<f64>,
    /// Shares of the values that are not 0, up to each edge.
    up_to: Vec<f64>,
    zeros: f64,
    min: f64,
    max: f64,
}

impl Shares {
    /// Of the finite values; `None` where there are none.
    fn of(histogram: &Histogram) -> Option<Shares> {
        let (stats, magnitude) = (&histogram.stats, &histogram.magnitude);
        let all = stats.finite() as f64;
        let (min, max) = (f64::from(stats.min?), f64::from(stats.max?));
        let sides: Vec<f64> = magnitude.edges().iter().map(|edge| f64::from(*edge)).collect();
        let edges = sides.iter().skip(1).rev().map(|edge| -edge).chain(sides.iter().copied()).collect();
        let (mut up_to, mut below) = (vec![0.0], 0u64);
        let first = magnitude.pos.first().map_or(0, |n| n.saturating_sub(stats.zeros));
        let counts = magnitude.neg.iter().rev().copied();
        for n in counts.chain(std::iter::once(first)).chain(magnitude.pos.iter().skip(1).copied()) {
            below += n;
            up_to.push(below as f64 / all);
        }
        Some(Shares { edges, up_to, zeros: stats.zeros as f64 / all, min, max })
    }

    /// The share of values below x, and up to it. `from` is the place of the last edge that is known to lie below, and is
    /// moved on.
    fn at(&self, x: f64, from: &mut usize) -> (f64, f64) {
        while *from + 1 < self.edges.len() && self.edges[*from + 1] <= x {
            *from += 1;
        }
        let share = match (self.edges.get(*from), self.edges.get(*from + 1)) {
            (Some(low), _) if x <= *low => self.up_to[*from],
            (Some(low), Some(high)) => {
                let part = (x - low) / (high - low);
                self.up_to[*from] + part * (self.up_to[*from + 1] - self.up_to[*from])
            }
            _ => *self.up_to.last().unwrap_or(&0.0),
        };
        let share = if self.edges.first().is_some_and(|first| x < *first) { 0.0 } else { share };
        let zeros = |there: bool| if there { self.zeros } else { 0.0 };
        (share + zeros(x > 0.0), share + zeros(x >= 0.0))
    }
}

impl Histogram {
    /// How far the finite values of another one lie apart from these, whatever the numbers of values. `None` where one
    /// of the two has none.
    ///
    /// ```
    /// use qviz::histogram::Histogram;
    ///
    /// let of = |values: &[f32]| Histogram::of(values, 1024, &[]);
    /// let apart = of(&[0.0, 1.0, 2.0]).distance(&of(&[0.5, 1.5, 2.5])).unwrap();
    /// assert!((apart.moved - 0.5).abs() < 0.01);
    /// ```
    pub fn distance(&self, other: &Histogram) -> Option<Distance> {
        let (a, b) = (Shares::of(self)?, Shares::of(other)?);
        let mut edges: Vec<f64> = a.edges.iter().chain(&b.edges).copied().collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let (mut at_a, mut at_b, mut ks, mut moved) = (0, 0, 0.0f64, 0.0);
        let mut before: Option<(f64, f64)> = None;
        for x in edges {
            let ((below_a, up_to_a), (below_b, up_to_b)) = (a.at(x, &mut at_a), b.at(x, &mut at_b));
            let (left, right) = (below_a - below_b, up_to_a - up_to_b);
            ks = ks.max(left.abs()).max(right.abs());
            if let Some((x_before, difference)) = before {
                moved += (x - x_before) * area(difference, left);
            }
            before = Some((x, right));
        }
        Some(Distance { moved, ks: ks.min(1.0) })
    }

    /// The shares of the finite values that lie below `low` and above `high`, as bins tell. `None` where there are none.
    pub fn beyond(&self, low: f32, high: f32) -> Option<(f64, f64)> {
        let shares = Shares::of(self)?;
        let (low, high) = (f64::from(low), f64::from(high));
        // The outermost values are known, and the outermost bins reach beyond them.
        let below = if shares.min >= low { 0.0 } else { shares.at(low, &mut 0).0 };
        let above = if shares.max <= high { 0.0 } else { 1.0 - shares.at(high, &mut 0).1 };
        Some((below.clamp(0.0, 1.0), above.clamp(0.0, 1.0)))
    }
}

/// The mean magnitude of what goes evenly from one number to another.
fn area(from: f64, to: f64) -> f64 {
    let (a, b) = (from.abs(), to.abs());
    if from * to >= 0.0 { (a + b) / 2.0 } else { (a * a + b * b) / (2.0 * (a + b)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GrowingHistogram;
    use proptest::prelude::*;

    fn grown(values: &[f32]) -> Histogram {
        let mut growing = GrowingHistogram::new(2048);
        growing.push(values);
        growing.finish()
    }

    /// Of as many values on either side: those in order belong together.
    fn by_hand(a: &[f32], b: &[f32]) -> f64 {
        let sorted = |values: &[f32]| {
            let mut values = values.to_vec();
            values.sort_by(f32::total_cmp);
            values
        };
        let pairs = sorted(a).into_iter().zip(sorted(b));
        pairs.map(|(a, b)| (f64::from(a) - f64::from(b)).abs()).sum::<f64>() / a.len() as f64
    }

    proptest! {
        #[test]
        fn it_is_how_far_values_are_moved(
            pairs in prop::collection::vec((-4.0f32..4.0, prop_oneof![-64.0f32..64.0, -4.0f32..4.0, Just(0.0)]), 1..200)
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let apart = grown(&a).distance(&grown(&b)).unwrap();
            // To within a bin of either.
            prop_assert!((apart.moved - by_hand(&a, &b)).abs() < 8.0 / 4096.0 + 128.0 / 4096.0, "{:?}", apart);
            let back = grown(&b).distance(&grown(&a)).unwrap();
            prop_assert!((apart.moved - back.moved).abs() < 1e-9 && (apart.ks - back.ks).abs() < 1e-12);
            prop_assert_eq!(grown(&a).distance(&grown(&[&a[..], &a].concat())).map(|d| (d.moved < 1e-12, d.ks < 1e-12)), Some((true, true)));
        }

        #[test]
        fn what_lies_beyond_is_counted(values in prop::collection::vec(-4.0f32..4.0, 1..300), low in -5.0f32..0.0, high in 0.0f32..5.0) {
            let (below, above) = grown(&values).beyond(low, high).unwrap();
            let share = |beyond: &dyn Fn(f32) -> bool| values.iter().filter(|x| beyond(**x)).count() as f64 / values.len() as f64;
            // Values of the bin that the end lies in may be on either side.
            let width = 8.0 / 4096.0;
            prop_assert!(below <= share(&|x| x < low + width) + 1e-9 && below >= share(&|x| x < low - width) - 1e-9);
            prop_assert!(above <= share(&|x| x > high - width) + 1e-9 && above >= share(&|x| x > high + width) - 1e-9);
        }
    }

    #[test]
    fn ends_that_are_values_cut_nothing_off_and_nothing_is_apart_from_nothing() {
        let h = grown(&[-1.0, 0.5, 3.0]);
        assert_eq!(h.beyond(-1.0, 3.0), Some((0.0, 0.0)));
        assert_eq!(grown(&[0.0; 5]).distance(&grown(&[0.0; 9])), Some(Distance { moved: 0.0, ks: 0.0 }));
        let apart = grown(&[0.0; 4]).distance(&grown(&[0.0, 0.0, 0.0, 8.0])).unwrap();
        assert!((apart.moved - 2.0).abs() < 0.01 && (apart.ks - 0.25).abs() < 1e-9, "{apart:?}");
        assert_eq!((h.distance(&grown(&[f32::NAN])), grown(&[]).beyond(0.0, 1.0)), (None, None));
    }
}
