//! MultiHeadAttention and Attention of the domain `com.microsoft`, as ONNX Runtime computes them.

use super::bias::{Bias, Parts, additive};
use super::heads::{Precision, Scoring, Shown, attend, behind, side_by_side, split};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{
    Array3, Array4, ArrayD, ArrayView3, ArrayView4, Axis, Ix1, Ix2, Ix3, Ix5, s, stack,
};
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, bail, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

/// What both have.
#[derive(Debug)]
struct Common {
    heads: usize,
    scale: Option<f32>,
    /// What is added where a mask forbids.
    filter: f32,
    causal: bool,
}

/// Queries, keys and values come by themselves.
#[derive(Debug)]
struct MultiHead(Common);

/// Queries, keys and values are made of one input, by one product.
#[derive(Debug)]
struct Packed {
    common: Common,
    /// How many numbers of the product are queries, keys and values; a third each if there is no word.
    sizes: Option<Vec<usize>>,
}

impl Common {
    fn new(node: &NodeProto) -> TractResult<Common> {
        let heads = node.get_attr("num_heads")?;
        ensure!(heads > 0, "num_heads is {heads}");
        Ok(Common {
            heads,
            // Zero is none to ONNX Runtime.
            scale: node.get_attr_opt::<f32>("scale")?.filter(|scale| *scale != 0.0),
            filter: node.get_attr_opt("mask_filter_value")?.unwrap_or(-10000.0),
            causal: node.get_attr_opt::<i64>("unidirectional")?.unwrap_or(0) != 0,
        })
    }

    /// The output, from heads with what is kept of an earlier run before them.
    fn attend<T: Wide>(
        &self,
        query: ArrayView4<T>,
        [key, value]: [ArrayView4<T>; 2],
        past: usize,
        [mask, bias]: [Option<&Tensor>; 2],
    ) -> TractResult<Array3<T>> {
        let ((batch, heads, queries, size), keys) = (query.dim(), key.len_of(Axis(2)));
        let dims = [batch, heads, queries, keys];
        let mask = mask.map(|mask| self.filtered::<T>(mask, dims)).transpose()?;
        let mask = match (mask, bias.map(additive::<T>).transpose()?) {
            (Some(mask), Some(bias)) => Some(mask + bias),
            (mask, bias) => mask.or(bias),
        };
        let right = self.causal.then_some(0);
        let bias = Bias::new(Parts { mask, past, valid: None, left: None, right, dims })?;
        let scale = self.scale.map_or_else(|| 1.0 / (size as f64).sqrt(), f64::from);
        let scoring = Scoring { scale, softcap: 0.0, shown: Shown::Weights, precision: Precision::Full };
        side_by_side(attend(&scoring, query, key, value, &bias)?.0)
    }

    /// A mask of whole numbers as what is added: of each key, of each query and key, or how many keys there are.
    fn filtered<T: Wide>(&self, mask: &Tensor, [batch, _, queries, keys]: [usize; 4]) -> TractResult<ArrayD<T>> {
        let mask = mask.cast_to::<i64>()?;
        let mask = mask.to_plain_array_view::<i64>()?;
        let add = |allowed: bool| if allowed { T::zero() } else { T::nearest(self.filter.into()) };
        match *mask.shape() {
            [lengths] if lengths == batch => {
                let lengths = mask.into_dimensionality::<Ix1>()?;
                let of = |(b, _, _, key): (usize, usize, usize, usize)| add((key as i64) < lengths[b]);
                Ok(Array4::from_shape_fn([batch, 1, 1, keys], of).into_dyn())
            }
            [b, k] if [b, k] == [batch, keys] => {
                Ok(mask.mapv(|x| add(x != 0)).into_shape_with_order(vec![b, 1, 1, k])?)
            }
            [b, q, k] if [b, q, k] == [batch, queries, keys] => {
                Ok(mask.mapv(|x| add(x != 0)).into_shape_with_order(vec![b, 1, q, k])?)
            }
            _ => bail!("a mask of {:?} is not known for a batch of {batch} with {keys} keys", mask.shape()),
        }
    }
}

fn given<'a>(inputs: &[Option<&'a Tensor>], input: usize) -> Option<&'a Tensor> {
    inputs.get(input).copied().flatten()
}

/// The length of the third axis, or zero.
fn length(inputs: &[Option<Given>], input: usize, axis: usize) -> TractResult<usize> {
    match inputs.get(input).and_then(Option::as_ref) {
        Some(past) => Ok(past.dims()?.get(axis).copied().unwrap_or(0)),
        None => Ok(0),
    }
}

impl MultiHead {
    /// An input with its share of the bias: `[batch, heads, length, size]`.
    fn heads<T: Wide>(&self, inputs: &[Option<&Tensor>], input: usize) -> TractResult<Array4<T>> {
        let view = required(inputs, input)?.to_plain_array_view::<T>()?;
        if view.ndim() == 4 {
            return Ok(view.into_dimensionality()?.to_owned());
        }
        let mut whole = view.into_dimensionality::<Ix3>()?.to_owned();
        if let Some(bias) = given(inputs, 3) {
            let before: usize = (0..input).filter_map(|i| Some(*given(inputs, i)?.shape().last()?)).sum();
            let own = before..before + whole.len_of(Axis(2));
            let bias = bias.to_plain_array_view::<T>()?.into_dimensionality::<Ix1>()?;
            ensure!(own.end <= bias.len(), "the bias has {} numbers", bias.len());
            whole += &bias.slice(s![own]);
        }
        Ok(split(whole.view(), self.0.heads)?.to_owned())
    }
}

impl Formula for MultiHead {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let given = |input: usize| required(inputs, input);
        let (query, key, value) = (given(0)?.dims()?, given(1)?.dims()?, given(2)?.dims()?);
        let [batch, queries, hidden] = *query else { bail!("queries that are packed with keys are not computed") };
        let head = |shape: &[usize]| match *shape {
            [_, length, hidden] => Ok([length, hidden / self.0.heads]),
            [_, _, length, size] => Ok([length, size]),
            _ => bail!("keys that are packed with values are not computed"),
        };
        let ([keys, size], [_, value_size]) = (head(&key)?, head(&value)?);
        ensure!(hidden % self.0.heads == 0, "{hidden} numbers are not {} equal heads", self.0.heads);
        let (dtype, all) = (given(0)?.dtype, length(inputs, 6, 2)? + keys);
        Ok(vec![
            Fact::new(dtype, [batch, queries, self.0.heads * value_size]),
            Fact::new(dtype, [batch, self.0.heads, all, size]),
            Fact::new(dtype, [batch, self.0.heads, all, value_size]),
        ])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let all = |input: usize, past: usize| {
            let past = given(inputs, past).map(|past| past.to_plain_array_view::<T>()).transpose()?;
            let past = past.map(|past| past.into_dimensionality()).transpose()?;
            behind(past, self.heads(inputs, input)?.view())
        };
        let (query, key, value) = (self.heads::<T>(inputs, 0)?, all(1, 6)?, all(2, 7)?);
        let past = given(inputs, 6).map_or(0, |past| past.shape()[2]);
        let besides = [given(inputs, 4), given(inputs, 5)];
        let y = self.0.attend(query.view(), [key.view(), value.view()], past, besides)?;
        Ok(vec![y.into_tensor(), key.into_tensor(), value.into_tensor()])
    }
}

impl Packed {
    fn sizes(&self, columns: usize) -> TractResult<[usize; 3]> {
        let sizes = match &self.sizes {
            Some(sizes) => <[usize; 3]>::try_from(&sizes[..]).ok(),
            None => columns.is_multiple_of(3).then_some([columns / 3; 3]),
        };
        let heads = self.common.heads;
        match sizes.filter(|sizes| sizes.iter().sum::<usize>() == columns && sizes.iter().all(|size| size % heads == 0))
        {
            Some(sizes) => Ok(sizes),
            None => bail!("{columns} columns are not queries, keys and values of {heads} heads"),
        }
    }
}

impl Formula for Packed {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let (x, weights) = (required(inputs, 0)?, required(inputs, 1)?.dims()?);
        let ([batch, queries, _], [_, columns]) = (x.dims()?[..].try_into()?, weights[..].try_into()?);
        let [_, keys, values] = self.sizes(columns)?;
        let all = length(inputs, 4, 3)? + queries;
        let heads = self.common.heads;
        let present = Fact::new(x.dtype, [2, batch, heads, all, keys / heads]);
        Ok(vec![Fact::new(x.dtype, [batch, queries, values]), present])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let x = required(inputs, 0)?.to_plain_array_view::<T>()?.into_dimensionality::<Ix3>()?;
        let weights = required(inputs, 1)?.to_plain_array_view::<T>()?.into_dimensionality::<Ix2>()?;
        let ((batch, queries, columns), out) = (x.dim(), weights.ncols());
        ensure!(columns == weights.nrows(), "{columns} numbers meet weights of {:?}", weights.dim());
        let mut product = x.into_shape_with_order([batch * queries, columns])?.dot(&weights);
        if let Some(bias) = given(inputs, 2) {
            let bias = bias.to_plain_array_view::<T>()?.into_dimensionality::<Ix1>()?;
            ensure!(bias.len() == out, "the bias has {} numbers, where it has {out}", bias.len());
            product += &bias;
        }
        let product = product.into_shape_with_order([batch, queries, out])?;
        let [query, key, _] = self.sizes(out)?;
        let part = |columns: std::ops::Range<usize>| {
            let own: ArrayView3<T> = product.slice(s![.., .., columns]);
            Ok::<_, tract_onnx::prelude::TractError>(
                split(own.as_standard_layout().view(), self.common.heads)?.to_owned(),
            )
        };
        let past = given(inputs, 4).map(|past| past.to_plain_array_view::<T>()).transpose()?;
        let past = past.map(|past| past.into_dimensionality::<Ix5>()).transpose()?;
        let all = |i: usize, columns: std::ops::Range<usize>| {
            behind(past.as_ref().map(|past| past.index_axis(Axis(0), i)), part(columns)?.view())
        };
        let (key, value) = (all(0, query..query + key)?, all(1, query + key..out)?);
        let before = past.as_ref().map_or(0, |past| past.len_of(Axis(3)));
        let besides = [given(inputs, 3), given(inputs, 5)];
        let y = self.common.attend(part(0..query)?.view(), [key.view(), value.view()], before, besides)?;
        let mut outputs = vec![y.into_tensor()];
        // Keys and values of different sizes have no common array.
        outputs.extend(stack(Axis(0), &[key.view(), value.view()]).ok().map(IntoTensor::into_tensor));
        Ok(outputs)
    }
}

pub(in crate::model::engine) fn multi_head(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    own(node, Computed(MultiHead(Common::new(node)?)))
}

pub(in crate::model::engine) fn packed(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let sizes = node.get_attr_opt_vec::<usize>("qkv_hidden_sizes")?.filter(|sizes| !sizes.is_empty());
    own(node, Computed(Packed { common: Common::new(node)?, sizes }))
}
