//! What one head computes.

use crate::model::engine::own::real::Real;
use half::{bf16, f16};
use tract_onnx::tract_core::internal::tract_ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};

/// How scores are made into weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scoring {
    pub scale: f64,
    /// Scores are bent to stay within; zero bends nothing.
    pub softcap: f64,
    /// Which of its steps is shown besides.
    pub shown: Shown,
    /// What scores are rounded to before the softmax, and weights behind it.
    pub precision: Precision,
}

/// A step on the way from scores to weights.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Shown {
    Scores,
    Capped,
    Biased,
    Weights,
}

/// A precision that is asked for and is less than that of the computation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Precision {
    Full,
    Half,
    Brain,
}

impl Precision {
    fn round<T: Real>(self, x: T) -> T {
        match self {
            Precision::Full => x,
            Precision::Half => T::of(f16::from_f64(x.wide()).to_f64()),
            Precision::Brain => T::of(bf16::from_f64(x.wide()).to_f64()),
        }
    }
}

/// The output of one head, and the step that is shown.
pub(super) fn head<T: Real>(
    scoring: &Scoring,
    [query, key, value]: [ArrayView2<T>; 3],
    bias: Option<Array2<T>>,
) -> (Array2<T>, Array2<T>) {
    let mut scores = query.dot(&key.t());
    let scale = T::of(scoring.scale);
    scores.mapv_inplace(|x| x * scale);
    let mut shown = (scoring.shown == Shown::Scores).then(|| scores.clone());
    if scoring.softcap > 0.0 {
        let cap = T::of(scoring.softcap);
        scores.mapv_inplace(|x| (x / cap).tanh() * cap);
    }
    shown = shown.or_else(|| (scoring.shown == Shown::Capped).then(|| scores.clone()));
    if let Some(bias) = &bias {
        scores += bias;
    }
    shown = shown.or_else(|| (scoring.shown == Shown::Biased).then(|| scores.clone()));
    for (i, mut row) in scores.outer_iter_mut().enumerate() {
        let none = |row: ArrayView1<T>| row.iter().all(|x| *x == T::neg_infinity());
        // Who may look nowhere sees nothing, even where a score is no number.
        if none(row.view()) || bias.as_ref().is_some_and(|bias| none(bias.row(i))) {
            row.fill(T::zero());
        } else {
            softmax(&mut row, scoring.precision);
        }
    }
    let output = scores.dot(&value);
    (output, shown.unwrap_or(scores))
}

fn softmax<T: Real>(row: &mut ArrayViewMut1<T>, precision: Precision) {
    row.mapv_inplace(|x| precision.round(x));
    let largest = row.iter().copied().fold(T::neg_infinity(), T::max);
    row.mapv_inplace(|x| (x - largest).exp());
    let total = T::of(row.iter().map(|x| x.wide()).sum());
    row.mapv_inplace(|x| precision.round(x / total));
}
