//! Tensors along axes: an axis between what stands outside and inside of it.

use super::Given;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;

/// An axis that may count from behind, as an index.
pub(super) fn axis(axis: i64, rank: usize) -> TractResult<usize> {
    let index = if axis < 0 { axis + rank as i64 } else { axis };
    ensure!((0..rank as i64).contains(&index), "axis {axis} is beyond the {rank} axes of a tensor");
    Ok(index as usize)
}

/// How many elements stand outside, along and inside of some neighbouring axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub outer: usize,
    pub along: usize,
    pub inner: usize,
}

impl Run {
    pub fn of(shape: &[usize], axes: std::ops::Range<usize>) -> Run {
        let count = |dims: &[usize]| dims.iter().product();
        Run { outer: count(&shape[..axes.start]), along: count(&shape[axes.clone()]), inner: count(&shape[axes.end..]) }
    }
}

/// Over which axes a node reduces.
#[derive(Clone, Debug)]
pub(super) struct Over {
    /// `None` where they are an input.
    fixed: Option<Vec<i64>>,
    keep: bool,
    /// Whether no axes mean none, where they mean all otherwise.
    none_is_none: bool,
}

impl Over {
    /// Axes are an attribute before opset `input_since`.
    pub fn of(node: &NodeProto, opset: i64, input_since: i64) -> TractResult<Over> {
        let fixed = (opset < input_since).then(|| node.get_attr_opt_vec("axes")).transpose()?;
        let none_is_none = node.get_attr_opt("noop_with_empty_axes")?.unwrap_or(false);
        let keep = node.get_attr_opt("keepdims")?.unwrap_or(true);
        Ok(Over { fixed: fixed.map(Option::unwrap_or_default), keep, none_is_none })
    }

    /// Of a tensor of this rank, in order.
    fn axes(&self, rank: usize, input: Option<&Tensor>) -> TractResult<Vec<usize>> {
        let given = match (&self.fixed, input) {
            (Some(fixed), _) => fixed.clone(),
            (None, Some(input)) => input.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec(),
            (None, None) => Vec::new(),
        };
        if given.is_empty() && !self.none_is_none {
            return Ok((0..rank).collect());
        }
        let mut axes = given.into_iter().map(|i| axis(i, rank)).collect::<TractResult<Vec<_>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }

    pub fn shape(&self, inputs: &[Option<Given>]) -> TractResult<TVec<TDim>> {
        let input = super::required(inputs, 0)?;
        let axes = inputs.get(1).and_then(Option::as_ref).map(Given::value).transpose()?;
        let axes = self.axes(input.shape.len(), axes.map(|axes| &**axes))?;
        Ok(self.reduced(&input.shape, &axes, 1.to_dim()))
    }

    fn reduced<T: Clone>(&self, shape: &[T], axes: &[usize], one: T) -> TVec<T> {
        let dims = shape.iter().enumerate().filter(|(i, _)| self.keep || !axes.contains(i));
        dims.map(|(i, dim)| if axes.contains(&i) { one.clone() } else { dim.clone() }).collect()
    }

    /// Reduces by `step`, which reduces one run of neighbouring axes; the last axes first.
    pub fn reduce<T: Datum + Copy>(
        &self,
        input: &Tensor,
        axes: Option<&Tensor>,
        step: impl Fn(&[T], Run) -> Vec<T>,
    ) -> TractResult<Tensor> {
        let axes = self.axes(input.rank(), axes)?;
        let mut shape: Vec<usize> = input.shape().to_vec();
        let mut values: Vec<T> = input.try_as_plain_ram()?.as_slice::<T>()?.to_vec();
        if axes.is_empty() {
            // Of each element by itself.
            values = step(&values, Run { outer: values.len(), along: 1, inner: 1 });
        }
        let mut end = axes.len();
        while end > 0 {
            let mut start = end - 1;
            while start > 0 && axes[start - 1] + 1 == axes[start] {
                start -= 1;
            }
            let neighbours = axes[start]..axes[end - 1] + 1;
            values = step(&values, Run::of(&shape, neighbours.clone()));
            shape[neighbours].fill(1);
            end = start;
        }
        Tensor::from_shape(&self.reduced(input.shape(), &axes, 1), &values)
    }
}
