//! Why methods differ on a tensor.

use super::{Candidate, Threshold};
use crate::histogram::Histogram;

/// How far the methods' answers on one tensor lie apart, and what lies between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Disagreement {
    /// Index of the candidate with the smallest amax.
    pub lowest: usize,
    /// Index of the candidate with the largest amax.
    pub highest: usize,
    /// The largest amax over the smallest, at least 1.
    pub ratio: f64,
    /// Share of the finite values beyond the smallest amax, 0 to 1.
    pub values: f64,
    /// Their share of the sum of squares, which is what an SQNR is measured against, 0 to 1; bins count at their
    /// centres.
    pub energy: f64,
}

/// Compares the answers of all candidates that have one; `None` where fewer than two have, or the smallest is zero.
pub fn disagreement(histogram: &Histogram, candidates: &[Candidate]) -> Option<Disagreement> {
    let answers = || candidates.iter().enumerate().filter_map(|(i, c)| Some((i, c.outcome.as_ref().ok()?)));
    let amax = |t: &Threshold| t.clip.amax();
    // The first of equals, so that the answer does not depend on anything but the methods' order.
    let (lowest, low) = answers().min_by(|a, b| amax(a.1).total_cmp(&amax(b.1)))?;
    let (highest, high) = answers().rev().max_by(|a, b| amax(a.1).total_cmp(&amax(b.1)))?;
    if answers().count() < 2 || amax(low) <= 0.0 {
        return None;
    }
    let magnitude = &histogram.magnitude;
    let width = f64::from(magnitude.amax) / magnitude.bins() as f64;
    let (mut beyond, mut all) = (0.0, 0.0);
    for (bin, (p, n)) in magnitude.pos.iter().zip(&magnitude.neg).enumerate() {
        // In units of the bin width, so that no square overflows.
        let centre = bin as f64 + 0.5;
        let squares = (p + n) as f64 * centre * centre;
        all += squares;
        if centre * width > f64::from(amax(low)) {
            beyond += squares;
        }
    }
    Some(Disagreement {
        lowest,
        highest,
        ratio: f64::from(amax(high)) / f64::from(amax(low)),
        values: low.metrics.saturated,
        energy: if all > 0.0 { beyond / all } else { 0.0 },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Tensor, by_id};
    use super::*;
    use crate::quant::Format;

    #[test]
    fn a_lone_outlier_sets_max_apart() {
        let mut values: Vec<f32> = (0..100_000).map(|i| (i % 1000) as f32 / 1000.0).collect();
        values[7] = 50.0;
        let histogram = Histogram::of(&values, 2048, &[]);
        let tensor = Tensor::new(Arc::new(histogram.clone()), Format::INT8);
        let methods = ["percentile-99.9", "max"].map(|id| by_id(id).unwrap());
        let candidates: Vec<_> = methods.iter().map(|m| tensor.candidate(m.as_ref())).collect();
        let d = disagreement(&histogram, &candidates).unwrap();
        assert_eq!(candidates[d.highest].id, "max");
        assert!(d.ratio > 40.0 && d.values < 0.05 && d.energy > 0.07 && d.energy < 0.2, "{d:?}");
        assert!(disagreement(&histogram, &candidates[..1]).is_none());
    }
}
