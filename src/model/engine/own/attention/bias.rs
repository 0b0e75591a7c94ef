//! What is added to the scores of queries and keys: minus infinity where a query may not look.

use crate::model::engine::own::formula::Wide;
use tract_onnx::tract_core::internal::tract_ndarray::{Array2, ArrayD, Axis, IxDyn};
use tract_onnx::tract_core::internal::{DatumType, Tensor, TractResult, ensure};

/// The bias of all heads, made one head at a time.
pub(super) struct Bias<T> {
    /// Of `[batch, heads, queries, keys]`, as far as it is not broadcast; fewer keys than there are if it is `short`.
    mask: Option<ArrayD<T>>,
    /// For each batch, the position of the first query among the keys.
    offsets: Vec<i64>,
    /// For each batch, how many keys there are that are no padding.
    valid: Vec<usize>,
    /// How far a query looks to the left and to the right, where that is bounded.
    left: Option<i64>,
    right: Option<i64>,
    /// Queries and keys.
    dims: (usize, usize),
}

/// What a bias is made of.
pub(super) struct Parts<T> {
    /// Numbers to add, broadcast to `dims`; of the keys it may name the first only, and others are not looked at then.
    pub mask: Option<ArrayD<T>>,
    /// How many keys come from an earlier run.
    pub past: usize,
    /// For each batch, how many keys are no padding.
    pub valid: Option<Vec<usize>>,
    pub left: Option<i64>,
    pub right: Option<i64>,
    /// Batch, heads, queries, keys.
    pub dims: [usize; 4],
}

impl<T: Wide> Bias<T> {
    /// # Errors
    ///
    /// The mask or the lengths do not fit.
    pub(super) fn new(parts: Parts<T>) -> TractResult<Bias<T>> {
        let [batch, _, queries, keys] = parts.dims;
        let mask = parts.mask.map(|mask| expanded(mask, parts.dims)).transpose()?;
        let offsets = match &parts.valid {
            Some(valid) => valid.iter().map(|valid| *valid as i64 - queries as i64).collect(),
            None => vec![parts.past as i64; batch],
        };
        let valid = parts.valid.unwrap_or_else(|| vec![keys; batch]);
        ensure!(valid.len() == batch, "there are {} lengths for a batch of {batch}", valid.len());
        Ok(Bias { mask, offsets, valid, left: parts.left, right: parts.right, dims: (queries, keys) })
    }

    /// That of one head; nothing where nothing is added.
    pub(super) fn of(&self, batch: usize, head: usize) -> Option<Array2<T>> {
        let bounded = self.left.is_some() || self.right.is_some() || self.valid[batch] < self.dims.1;
        if self.mask.is_none() && !bounded {
            return None;
        }
        let never = T::neg_infinity();
        let mut bias = Array2::zeros(self.dims);
        if let Some(mask) = &self.mask {
            let pick = |axis: usize, i: usize| if mask.shape()[axis] == 1 { 0 } else { i };
            let own = mask.index_axis(Axis(0), pick(0, batch));
            let own = own.index_axis(Axis(0), pick(1, head));
            bias.assign(&own.broadcast(IxDyn(&[self.dims.0, self.dims.1])).expect("it was expanded so far"));
        }
        for ((i, j), bias) in bias.indexed_iter_mut() {
            let (query, key) = (i as i64 + self.offsets[batch], j as i64);
            let too_far = self.left.is_some_and(|left| query - key > left);
            if too_far || self.right.is_some_and(|right| key - query > right) || j >= self.valid[batch] {
                *bias = never;
            }
        }
        Some(bias)
    }
}

/// A mask as numbers to add.
///
/// # Errors
///
/// It is neither of floats nor of truth values.
pub(super) fn additive<T: Wide>(mask: &Tensor) -> TractResult<ArrayD<T>> {
    if mask.datum_type() != DatumType::Bool {
        return Ok(mask.to_plain_array_view::<T>()?.to_owned());
    }
    let allowed = mask.to_plain_array_view::<bool>()?;
    Ok(allowed.mapv(|allowed| if allowed { T::zero() } else { T::neg_infinity() }))
}

/// The mask with four axes, and with all keys: those that it does not name are not looked at.
fn expanded<T: Wide>(mut mask: ArrayD<T>, dims: [usize; 4]) -> TractResult<ArrayD<T>> {
    let given = mask.shape().to_vec();
    ensure!((1..=4).contains(&given.len()), "the mask has {} axes", given.len());
    while mask.ndim() < 4 {
        mask.insert_axis_inplace(Axis(0));
    }
    let mut shape = mask.shape().to_vec();
    if shape[3] < dims[3] {
        shape[3] = dims[3];
        let mut all = ArrayD::from_elem(IxDyn(&shape), T::neg_infinity());
        all.slice_axis_mut(Axis(3), (..mask.len_of(Axis(3))).into()).assign(&mask);
        mask = all;
    }
    ensure!(mask.broadcast(IxDyn(&dims)).is_some(), "the mask is {given:?}, where it is {dims:?}");
    Ok(mask)
}
