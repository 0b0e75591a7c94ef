//! Attention: its attributes, and which heads there are.

use super::bias::{Bias, Parts, additive};
use super::heads::{Precision, Scoring, Shown, attend, behind, side_by_side, split};
use crate::model::engine::own::formula::{Computed, Formula, Wide};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{ArrayView4, Axis, Ix4};
use tract_onnx::tract_core::internal::{IntoTensor, Tensor, TractResult, bail, ensure};
use tract_onnx::tract_hir::internal::InferenceOp;

#[derive(Debug)]
struct Attention {
    /// Of queries, and of keys and values; where the inputs have three axes.
    query_heads: Option<usize>,
    key_heads: Option<usize>,
    scale: Option<f32>,
    softcap: f32,
    shown: Shown,
    precision: Precision,
    left: Option<i64>,
    right: Option<i64>,
}

// The inputs, in the order of the node.
const Q: usize = 0;
const K: usize = 1;
const V: usize = 2;
const MASK: usize = 3;
const PAST_KEY: usize = 4;
const PAST_VALUE: usize = 5;
const VALID: usize = 6;

impl Attention {
    fn new(node: &NodeProto) -> TractResult<Attention> {
        let window = |name: &str| match node.get_attr_opt::<i64>(name)?.unwrap_or(-1) {
            -1 => Ok(None),
            size if size >= 0 => Ok(Some(size)),
            size => bail!("{name} is {size}"),
        };
        let causal = node.get_attr_opt::<i64>("is_causal")?.unwrap_or(0) != 0;
        let right = window("right_window_size")?;
        let shown = match node.get_attr_opt::<i64>("qk_matmul_output_mode")?.unwrap_or(0) {
            // Nobody looks.
            _ if node.output.get(3).is_none_or(String::is_empty) => Shown::Weights,
            0 => Shown::Scores,
            1 => Shown::Capped,
            2 => Shown::Biased,
            3 => Shown::Weights,
            mode => bail!("qk_matmul_output_mode is {mode}"),
        };
        // Numbers of ONNX's types; the computation is at least as precise as the others.
        let precision = match node.get_attr_opt::<i64>("softmax_precision")? {
            None | Some(1 | 11) => Precision::Full,
            Some(10) => Precision::Half,
            Some(16) => Precision::Brain,
            Some(other) => bail!("softmax_precision is {other}"),
        };
        Ok(Attention {
            query_heads: node.get_attr_opt("q_num_heads")?,
            key_heads: node.get_attr_opt("kv_num_heads")?,
            scale: node.get_attr_opt("scale")?,
            softcap: node.get_attr_opt("softcap")?.unwrap_or(0.0),
            shown,
            precision,
            left: window("left_window_size")?,
            right: if causal { Some(0) } else { right },
        })
    }

    /// How many heads an input has, and how long each is, by its shape.
    fn heads(&self, input: usize, shape: &[usize]) -> TractResult<[usize; 4]> {
        match *shape {
            [batch, heads, length, size] => Ok([batch, heads, length, size]),
            [batch, length, hidden] => {
                let heads = if input == Q { self.query_heads } else { self.key_heads };
                let Some(heads) = heads.filter(|heads| *heads > 0) else {
                    bail!("q_num_heads and kv_num_heads are wanted for inputs of three axes")
                };
                ensure!(hidden % heads == 0, "{hidden} numbers are not {heads} equal heads");
                Ok([batch, heads, length, hidden / heads])
            }
            _ => bail!("input {input} has {} axes, where there are three or four", shape.len()),
        }
    }

    /// An input as `[batch, heads, length, size]`.
    fn view<'a, T: Wide>(&self, inputs: &[Option<&'a Tensor>], input: usize) -> TractResult<ArrayView4<'a, T>> {
        let view = required(inputs, input)?.to_plain_array_view::<T>()?;
        let [_, heads, _, _] = self.heads(input, view.shape())?;
        match view.ndim() {
            4 => Ok(view.into_dimensionality()?),
            _ => split(view.into_dimensionality()?, heads),
        }
    }
}

impl Formula for Attention {
    fn outputs(&self, inputs: &[Option<Given>]) -> TractResult<Vec<Fact>> {
        let given = |input: usize| required(inputs, input);
        let heads = |input: usize| self.heads(input, &given(input)?.dims()?);
        let [batch, query_heads, queries, _] = heads(Q)?;
        let [_, key_heads, keys, key_size] = heads(K)?;
        let value_size = heads(V)?[3];
        let past = match inputs.get(PAST_KEY).and_then(Option::as_ref) {
            Some(past) => past.dims()?.get(2).copied().unwrap_or(0),
            None => 0,
        };
        let all = past + keys;
        let (of_key, of_value) = (given(K)?.dtype, given(V)?.dtype);
        let y = match given(Q)?.shape.len() {
            3 => vec![batch, queries, query_heads * value_size],
            _ => vec![batch, query_heads, queries, value_size],
        };
        Ok(vec![
            Fact::new(given(Q)?.dtype, y),
            Fact::new(of_key, [batch, key_heads, all, key_size]),
            Fact::new(of_value, [batch, key_heads, all, value_size]),
            Fact::new(given(Q)?.dtype, [batch, query_heads, queries, all]),
        ])
    }

    fn compute<T: Wide>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let given = |input: usize| inputs.get(input).copied().flatten();
        let flat = required(inputs, Q)?.rank() == 3;
        let query = self.view::<T>(inputs, Q)?;
        let past = |input: usize| match given(input) {
            Some(past) => TractResult::Ok(Some(past.to_plain_array_view::<T>()?.into_dimensionality::<Ix4>()?)),
            None => Ok(None),
        };
        let key = behind(past(PAST_KEY)?, self.view::<T>(inputs, K)?)?;
        let value = behind(past(PAST_VALUE)?, self.view::<T>(inputs, V)?)?;
        let (batch, query_heads, queries, size) = query.dim();
        let keys = key.len_of(Axis(2));
        ensure!(given(PAST_KEY).is_none() || given(VALID).is_none(), "there are both a past and nonpad_kv_seqlen");
        let bias = Bias::<T>::new(Parts {
            mask: given(MASK).map(additive).transpose()?,
            past: given(PAST_KEY).map_or(0, |past| past.shape()[2]),
            valid: given(VALID).map(valid).transpose()?,
            left: self.left,
            right: self.right,
            dims: [batch, query_heads, queries, keys],
        })?;
        let scoring = Scoring {
            scale: self.scale.map_or_else(|| 1.0 / (size as f64).sqrt(), f64::from),
            softcap: self.softcap.into(),
            shown: self.shown,
            precision: self.precision,
        };
        let (y, shown) = attend(&scoring, query, key.view(), value.view(), &bias)?;
        let y = if flat { side_by_side(y)?.into_tensor() } else { y.into_tensor() };
        Ok(vec![y, key.into_tensor(), value.into_tensor(), shown.into_tensor()])
    }
}

/// How many keys are no padding.
fn valid(given: &Tensor) -> TractResult<Vec<usize>> {
    let given = given.cast_to::<i64>()?;
    let given = given.try_as_plain_ram()?.as_slice::<i64>()?;
    match given.iter().map(|valid| usize::try_from(*valid).ok()).collect() {
        Some(valid) => Ok(valid),
        None => bail!("nonpad_kv_seqlen is {given:?}"),
    }
}

pub(in crate::model::engine) fn attention(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    own(node, Computed(Attention::new(node)?))
}
