//! What heads compute, each by itself.

use super::bias::Bias;
use crate::model::engine::own::formula::Wide;
use half::{bf16, f16};
use tract_onnx::tract_core::internal::tract_ndarray::{
    Array2, Array3, Array4, ArrayView1, ArrayView2, ArrayView3, ArrayView4, ArrayViewMut1, Axis, concatenate, s,
};
use tract_onnx::tract_core::internal::{TractResult, ensure};

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
    fn round<T: Wide>(self, x: T) -> T {
        match self {
            Precision::Full => x,
            Precision::Half => T::nearest(f16::from_f64(x.wide()).to_f64()),
            Precision::Brain => T::nearest(bf16::from_f64(x.wide()).to_f64()),
        }
    }
}

/// The output of all heads, and the step that is shown. Everything is `[batch, heads, length, size]`; some heads of queries
/// may share one of keys and values.
///
/// # Errors
///
/// They do not fit.
pub(super) fn attend<T: Wide>(
    scoring: &Scoring,
    query: ArrayView4<T>,
    key: ArrayView4<T>,
    value: ArrayView4<T>,
    bias: &Bias<T>,
) -> TractResult<(Array4<T>, Array4<T>)> {
    let ((batch, query_heads, queries, size), (_, key_heads, keys, _)) = (query.dim(), key.dim());
    let value_size = value.len_of(Axis(3));
    let fits = key.dim() == (batch, key_heads, keys, size) && value.dim() == (batch, key_heads, keys, value_size);
    ensure!(fits, "queries {:?}, keys {:?} and values {:?} do not fit", query.dim(), key.dim(), value.dim());
    ensure!(key_heads > 0 && query_heads % key_heads == 0, "{query_heads} heads do not share {key_heads} keys");
    let group = query_heads / key_heads;
    let mut y = Array4::zeros([batch, query_heads, queries, value_size]);
    let mut shown = Array4::zeros([batch, query_heads, queries, keys]);
    for (b, h) in (0..batch).flat_map(|b| (0..query_heads).map(move |h| (b, h))) {
        let own =
            [query.slice(s![b, h, .., ..]), key.slice(s![b, h / group, .., ..]), value.slice(s![b, h / group, .., ..])];
        let (output, step) = head(scoring, own, bias.of(b, h));
        y.slice_mut(s![b, h, .., ..]).assign(&output);
        shown.slice_mut(s![b, h, .., ..]).assign(&step);
    }
    Ok((y, shown))
}

/// Heads side by side: `[batch, length, heads · size]`.
///
/// # Errors
///
/// There are too many numbers.
pub(super) fn side_by_side<T: Wide>(heads: Array4<T>) -> TractResult<Array3<T>> {
    let (batch, count, length, size) = heads.dim();
    let heads = heads.permuted_axes([0, 2, 1, 3]).as_standard_layout().into_owned();
    Ok(heads.into_shape_with_order([batch, length, count * size])?)
}

/// What is side by side as heads of their own: `[batch, heads, length, size]`.
///
/// # Errors
///
/// They are not so many equal ones.
pub(super) fn split<T>(whole: ArrayView3<T>, heads: usize) -> TractResult<ArrayView4<T>> {
    let (batch, length, hidden) = whole.dim();
    ensure!(heads > 0 && hidden % heads == 0, "{hidden} numbers are not {heads} equal heads");
    Ok(whole.into_shape_with_order([batch, length, heads, hidden / heads])?.permuted_axes([0, 2, 1, 3]))
}

/// What is new behind what is kept from an earlier run.
///
/// # Errors
///
/// They do not fit.
pub(super) fn behind<T: Wide>(past: Option<ArrayView4<T>>, new: ArrayView4<T>) -> TractResult<Array4<T>> {
    match past {
        Some(past) => Ok(concatenate(Axis(2), &[past, new])?),
        None => Ok(new.as_standard_layout().into_owned()),
    }
}

/// The output of one head, and the step that is shown.
fn head<T: Wide>(
    scoring: &Scoring,
    [query, key, value]: [ArrayView2<T>; 3],
    bias: Option<Array2<T>>,
) -> (Array2<T>, Array2<T>) {
    let mut scores = query.dot(&key.t());
    let scale = T::nearest(scoring.scale);
    scores.mapv_inplace(|x| x * scale);
    let mut shown = (scoring.shown == Shown::Scores).then(|| scores.clone());
    if scoring.softcap > 0.0 {
        let cap = T::nearest(scoring.softcap);
        scores.mapv_inplace(|x| (x / cap).tangent() * cap);
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

fn softmax<T: Wide>(row: &mut ArrayViewMut1<T>, precision: Precision) {
    row.mapv_inplace(|x| precision.round(x));
    let largest = row.iter().copied().fold(T::neg_infinity(), T::max);
    row.mapv_inplace(|x| (x - largest).e());
    let total = T::nearest(row.iter().map(|x| x.wide()).sum());
    row.mapv_inplace(|x| precision.round(x / total));
}
