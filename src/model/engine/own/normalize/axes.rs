//! MeanVarianceNormalization and LpNormalization: over any axes.

use super::{each, moments, position, sum};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, bail};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Axes {
    axes: Vec<i64>,
    by: By,
}

/// What values are divided by.
#[derive(Debug)]
enum By {
    /// The deviation, with the mean taken away.
    Deviation,
    /// The sum of the absolute values.
    L1,
    /// The root of the sum of squares.
    L2,
}

impl By {
    fn normalize<T: Wide>(&self, values: &mut [T]) {
        let (mean, divisor) = match self {
            By::Deviation => {
                let (mean, variance) = moments(values);
                // A number of ONNX's own, behind the root.
                (mean, variance.sqrt() + 1e-9)
            }
            By::L1 => (0.0, sum(values, f64::abs)),
            By::L2 => (0.0, sum(values, |x| x * x).sqrt()),
        };
        // Nothing but zeros stays so.
        if divisor != 0.0 {
            each(values, |x| (x - mean) / divisor);
        }
    }
}

impl Formula for Axes {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        Ok(vec![required(inputs, 0)?.fact()])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let x = required(inputs, 0)?.to_plain_array_view::<T>()?;
        let rank = x.ndim();
        let over = self.axes.iter().map(|axis| position(*axis, rank)).collect::<TractResult<Vec<usize>>>()?;
        // These axes last, so that what belongs together lies together.
        let mut order: Vec<usize> = (0..rank).collect();
        order.sort_by_key(|axis| over.contains(axis));
        let size: usize = (0..rank).filter(|axis| over.contains(axis)).map(|axis| x.shape()[axis]).product();
        let mut y = x.permuted_axes(order.clone()).as_standard_layout().into_owned();
        for values in y.as_slice_mut().expect("it is in standard layout").chunks_exact_mut(size.max(1)) {
            self.by.normalize(values);
        }
        let mut back = vec![0; rank];
        order.into_iter().enumerate().for_each(|(to, from)| back[from] = to);
        Ok(vec![y.permuted_axes(back).as_standard_layout().into_owned().into_tensor()])
    }
}

pub(in crate::model::engine) fn mean_variance(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let axes = node.get_attr_opt_vec("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
    own(node, Computed(Axes { axes, by: By::Deviation }))
}

pub(in crate::model::engine) fn lp(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let by = match node.get_attr_opt::<i64>("p")?.unwrap_or(2) {
        1 => By::L1,
        2 => By::L2,
        p => bail!("p is {p}, and ONNX has 1 and 2"),
    };
    own(node, Computed(Axes { axes: vec![node.get_attr_opt("axis")?.unwrap_or(-1)], by }))
}
