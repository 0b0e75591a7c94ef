//! Products of whole numbers.

use super::{Fact, Function, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_hir::internal::InferenceOp;

/// `MatMulInteger`: the products of what is left of the zero points.
#[derive(Debug)]
struct Product;

/// The shapes of two sides as those of rows of matrices, and what comes out.
struct Shapes {
    batch: TVec<TDim>,
    out: TVec<TDim>,
}

fn shapes(a: &[TDim], b: &[TDim]) -> TractResult<Shapes> {
    ensure!(!a.is_empty() && !b.is_empty(), "a single number is no matrix");
    let of = |shape: &[TDim]| shape[..shape.len().saturating_sub(2)].to_vec();
    let batch = tract_onnx::tract_core::broadcast::multi_broadcast(&[of(a), of(b)])?;
    let rows = (a.len() > 1).then(|| a[a.len() - 2].clone());
    let columns = (b.len() > 1).then(|| b[b.len() - 1].clone());
    let out = batch.iter().cloned().chain(rows).chain(columns).collect();
    Ok(Shapes { batch, out })
}

impl Function for Product {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let out = shapes(&required(inputs, 0)?.shape, &required(inputs, 1)?.shape)?.out;
        Ok(vec![Fact { dtype: DatumType::I32, shape: out }])
    }

    fn eval(&self, inputs: Vec<Option<TValue>>) -> TractResult<Vec<Tensor>> {
        let (a, b) = (required(&inputs, 0)?, required(&inputs, 1)?);
        let dims = |tensor: &Tensor| tensor.shape().iter().map(|dim| dim.to_dim()).collect::<Vec<TDim>>();
        let Shapes { batch, out } = shapes(&dims(a), &dims(b))?;
        let (m, k) = if a.rank() > 1 { (a.shape()[a.rank() - 2], a.shape()[a.rank() - 1]) } else { (1, a.len()) };
        let (kb, n) = if b.rank() > 1 { (b.shape()[b.rank() - 2], b.shape()[b.rank() - 1]) } else { (b.len(), 1) };
        ensure!(k == kb, "the sides have {k} and {kb} numbers in common");
        let zero = |i: usize| -> TractResult<Vec<i32>> {
            let Some(zero) = inputs.get(i).and_then(Option::as_deref) else { return Ok(vec![0]) };
            Ok(zero.cast_to::<i32>()?.try_as_plain_ram()?.as_slice::<i32>()?.to_vec())
        };
        let (zero_a, zero_b) = (zero(2)?, zero(3)?);
        ensure!([1, m].contains(&zero_a.len()) && [1, n].contains(&zero_b.len()), "the zero points do not fit");
        let batch: Vec<usize> = batch.iter().map(|dim| Ok(dim.to_usize()?)).collect::<TractResult<_>>()?;
        let out: Vec<usize> = out.iter().map(|dim| Ok(dim.to_usize()?)).collect::<TractResult<_>>()?;
        let side =
            |tensor: &Tensor, rows: usize, columns: usize, zero: &[i32], by_row: bool| -> TractResult<Vec<i32>> {
                let values = tensor.cast_to::<i32>()?;
                let values = values.try_as_plain_ram()?.as_slice::<i32>()?;
                let of = |i: usize| {
                    zero[if zero.len() == 1 {
                        0
                    } else if by_row {
                        i / columns % rows
                    } else {
                        i % columns
                    }]
                };
                Ok(values.iter().enumerate().map(|(i, x)| x - of(i)).collect())
            };
        let (left, right) = (side(a, m, k, &zero_a, true)?, side(b, k, n, &zero_b, false)?);
        let mut result = vec![0_i32; out.iter().product()];
        for (i, result) in result.chunks_mut((m * n).max(1)).enumerate() {
            let left = &left[matrix(i, &batch, a.shape()) * m * k..][..m * k];
            let right = &right[matrix(i, &batch, b.shape()) * k * n..][..k * n];
            for (row, result) in left.chunks(k.max(1)).zip(result.chunks_mut(n.max(1))) {
                for (&x, right) in row.iter().zip(right.chunks(n.max(1))) {
                    result.iter_mut().zip(right).for_each(|(sum, &y)| *sum = sum.wrapping_add(x.wrapping_mul(y)));
                }
            }
        }
        Ok(vec![Tensor::from_shape(&out, &result)?])
    }
}

/// Which matrix of a side the `i`-th of the batch is.
fn matrix(mut i: usize, batch: &[usize], shape: &[usize]) -> usize {
    let own = &shape[..shape.len().saturating_sub(2)];
    let (mut place, mut step) = (0, 1);
    for (axis, &size) in batch.iter().rev().enumerate() {
        let at = i % size;
        i /= size;
        let Some(&len) = own.len().checked_sub(axis + 1).and_then(|axis| own.get(axis)) else { break };
        place += if len == 1 { 0 } else { at * step };
        step *= len;
    }
    place
}

pub(in crate::model::engine) fn matmul_integer(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    own(node, Product)
}
