//! LRN: over the channels around.

use super::position;
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{Axis, Slice};
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct LocalResponse {
    alpha: f64,
    beta: f64,
    bias: f64,
    size: usize,
}

impl Formula for LocalResponse {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let x = required(inputs, 0)?;
        position(1, x.shape.len())?;
        Ok(vec![x.fact()])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let mut y = required(inputs, 0)?.to_plain_array_view::<T>()?.to_owned();
        let squares = y.mapv(|x| x * x);
        let channels = y.len_of(Axis(1));
        // Of an even number the larger half comes after.
        let (before, after) = ((self.size - 1) / 2, self.size / 2);
        for (i, mut channel) in y.axis_iter_mut(Axis(1)).enumerate() {
            let around = i.saturating_sub(before)..(i + after + 1).min(channels);
            let sums = squares.slice_axis(Axis(1), Slice::from(around)).sum_axis(Axis(1));
            channel.zip_mut_with(&sums, |x, sum| {
                let divisor = (self.bias + self.alpha / self.size as f64 * sum.wide()).powf(self.beta);
                *x = T::nearest(x.wide() / divisor);
            });
        }
        Ok(vec![y.into_tensor()])
    }
}

pub(in crate::model::engine) fn local_response(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let number = |name: &str, default: f32| TractResult::Ok(node.get_attr_opt::<f32>(name)?.unwrap_or(default).into());
    let size: usize = node.get_attr("size")?;
    ensure!(size > 0, "a size of zero holds no channel");
    let (alpha, beta, bias) = (number("alpha", 1e-4)?, number("beta", 0.75)?, number("bias", 1.0)?);
    own(node, Computed(LocalResponse { alpha, beta, bias, size }))
}
