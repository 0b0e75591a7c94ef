//! How far the outputs of two runs are apart.

pub use crate::quant::OutputEffect;

use super::tap::is_float;
use crate::quant::Decibels;
use std::sync::Arc;
use tract_onnx::prelude::{TValue, Tensor, TractResult};

/// The sums over one sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Score {
    signal: f64,
    noise: f64,
    other: f64,
    product: f64,
    /// Rows with the same top class, and all rows.
    top1: Option<(u64, u64)>,
}

impl Score {
    pub fn of(reference: &[Arc<Tensor>], outputs: &[TValue]) -> TractResult<Score> {
        let mut score = Score::default();
        for (reference, output) in reference.iter().zip(outputs).filter(|(r, _)| is_float(r.datum_type())) {
            let (a, b) = (reference.cast_to::<f32>()?, output.cast_to::<f32>()?);
            let (a, b) = (a.try_as_plain_ram()?, b.try_as_plain_ram()?);
            let (a, b) = (a.as_slice::<f32>()?, b.as_slice::<f32>()?);
            for (&a, &b) in a.iter().zip(b) {
                let (a, b) = (f64::from(a), f64::from(b));
                score.signal += a * a;
                score.other += b * b;
                score.product += a * b;
                // Equal infinities are no difference.
                score.noise += if a == b { 0.0 } else { (a - b) * (a - b) };
            }
            if let (1, &[_, classes] | &[_, classes, 1, 1]) = (outputs.len(), reference.shape())
                && classes > 1
            {
                let rows = a.chunks_exact(classes).zip(b.chunks_exact(classes));
                let same = rows.clone().filter(|(a, b)| top1(a) == top1(b)).count();
                score.top1 = Some((same as u64, rows.len() as u64));
            }
        }
        Ok(score)
    }

    /// The effect over all samples of `scores`, where it was to be over `of`.
    pub fn sum(scores: impl Iterator<Item = Score>, of: usize) -> OutputEffect {
        let (mut all, mut samples) = (Score::default(), 0);
        for score in scores {
            samples += 1;
            all.signal += score.signal;
            all.noise += score.noise;
            all.other += score.other;
            all.product += score.product;
            if let Some((same, rows)) = score.top1 {
                let (a, b) = all.top1.unwrap_or_default();
                all.top1 = Some((a + same, b + rows));
            }
        }
        let cosine = match (all.signal == 0.0, all.other == 0.0) {
            (true, true) => 1.0,
            (false, false) => all.product / (all.signal.sqrt() * all.other.sqrt()),
            _ => 0.0,
        };
        let sqnr_db = if all.noise == 0.0 { Decibels::PERFECT } else { Decibels::of(all.signal, all.noise) };
        let top1_agreement = all.top1.map(|(same, rows)| same as f64 / rows as f64);
        OutputEffect { sqnr_db, cosine, top1_agreement, samples, of }
    }
}

/// The index of the largest score, the first of equal ones. NaN is never larger.
fn top1(row: &[f32]) -> usize {
    let mut best = 0;
    for (i, x) in row.iter().enumerate() {
        if *x > row[best] || (row[best].is_nan() && !x.is_nan()) {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::prelude::IntoTValue;

    fn effect(pairs: &[(&[f32], &[f32], &[usize])]) -> OutputEffect {
        let tensor = |x: &[f32], shape: &[usize]| Tensor::from_shape(shape, x).unwrap();
        Score::sum(
            pairs
                .iter()
                .map(|(a, b, shape)| Score::of(&[tensor(a, shape).into()], &[tensor(b, shape).into_tvalue()]).unwrap()),
            pairs.len(),
        )
    }

    #[test]
    fn the_formulas() {
        let e = effect(&[(&[3.0, 4.0], &[3.0, 3.5], &[1, 2]), (&[0.0, -1.0], &[0.5, -1.0], &[1, 2])]);
        assert_eq!((e.samples, e.top1_agreement), (2, Some(1.0)));
        assert!((e.sqnr_db.get() - 10.0 * (26.0_f64 / 0.5).log10()).abs() < 1e-12);
        assert!((e.cosine - 24.0 / (26.0 * 22.5_f64).sqrt()).abs() < 1e-12);
        let equal = effect(&[(&[1.0, f32::INFINITY], &[1.0, f32::INFINITY], &[2])]);
        assert_eq!((equal.sqnr_db, equal.top1_agreement), (Decibels::PERFECT, None));
        let dead = effect(&[(&[1.0, 2.0], &[0.0, 0.0], &[1, 2, 1, 1])]);
        assert_eq!((dead.cosine, dead.top1_agreement), (0.0, Some(0.0)));
        assert_eq!(effect(&[(&[0.0], &[0.0], &[1])]).cosine, 1.0);
    }

    #[test]
    fn the_first_of_equal_scores_wins_and_nan_never() {
        assert_eq!([top1(&[1.0, 2.0, 2.0]), top1(&[f32::NAN, -1.0]), top1(&[0.0, f32::NAN])], [1, 1, 0]);
    }
}
