//! Attention: its attributes, and which heads there are.

use super::bias::{Bias, Parts};
use super::heads::{Precision, Scoring, Shown, head};
use crate::model::engine::own::real::{Computed, Formula, Real};
use crate::model::engine::own::{Fact, Given, own, required};
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::tract_ndarray::{Array4, ArrayView4, Axis, Ix4, concatenate, s};
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
    fn view<'a, T: Real>(&self, inputs: &[Option<&'a Tensor>], input: usize) -> TractResult<ArrayView4<'a, T>> {
        let view = required(inputs, input)?.to_plain_array_view::<T>()?;
        let [batch, heads, length, size] = self.heads(input, view.shape())?;
        if view.ndim() == 4 {
            return Ok(view.into_dimensionality::<Ix4>()?);
        }
        Ok(view.into_shape_with_order([batch, length, heads, size])?.permuted_axes([0, 2, 1, 3]))
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

    fn compute<T: Real>(&self, inputs: &[Option<&Tensor>]) -> TractResult<Vec<Tensor>> {
        let given = |input: usize| inputs.get(input).copied().flatten();
        let flat = required(inputs, Q)?.rank() == 3;
        let query = self.view::<T>(inputs, Q)?;
        let key = behind(given(PAST_KEY), self.view::<T>(inputs, K)?)?;
        let value = behind(given(PAST_VALUE), self.view::<T>(inputs, V)?)?;
        let ([batch, query_heads, queries, size], [_, key_heads, keys, _]) = (dims(query), dims(key.view()));
        let value_size = value.len_of(Axis(3));
        let fits = dims(key.view()) == [batch, key_heads, keys, size];
        let fits = fits && dims(value.view()) == [batch, key_heads, keys, value_size];
        ensure!(fits, "queries {:?}, keys {:?} and values {:?} do not fit", query.dim(), key.dim(), value.dim());
        ensure!(key_heads > 0 && query_heads % key_heads == 0, "{query_heads} heads do not share {key_heads} keys");
        ensure!(given(PAST_KEY).is_none() || given(VALID).is_none(), "there are both a past and nonpad_kv_seqlen");
        let bias = Bias::<T>::new(Parts {
            mask: given(MASK),
            past: keys - required(inputs, K)?.shape()[if flat { 1 } else { 2 }],
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
        let mut y = Array4::zeros([batch, query_heads, queries, value_size]);
        let mut shown = Array4::zeros([batch, query_heads, queries, keys]);
        let group = query_heads / key_heads;
        for (b, h) in (0..batch).flat_map(|b| (0..query_heads).map(move |h| (b, h))) {
            let own = [
                query.slice(s![b, h, .., ..]),
                key.slice(s![b, h / group, .., ..]),
                value.slice(s![b, h / group, .., ..]),
            ];
            let (output, step) = head(&scoring, own, bias.of(b, h));
            y.slice_mut(s![b, h, .., ..]).assign(&output);
            shown.slice_mut(s![b, h, .., ..]).assign(&step);
        }
        let y = if flat {
            let y = y.permuted_axes([0, 2, 1, 3]).as_standard_layout().into_owned();
            y.into_shape_with_order([batch, queries, query_heads * value_size])?.into_tensor()
        } else {
            y.into_tensor()
        };
        Ok(vec![y, key.into_tensor(), value.into_tensor(), shown.into_tensor()])
    }
}

fn dims<T>(view: ArrayView4<T>) -> [usize; 4] {
    view.dim().into()
}

/// What is new behind what is kept from an earlier run.
fn behind<T: Real>(past: Option<&Tensor>, new: ArrayView4<T>) -> TractResult<Array4<T>> {
    match past {
        Some(past) => {
            let past = past.to_plain_array_view::<T>()?.into_dimensionality::<Ix4>()?;
            Ok(concatenate(Axis(2), &[past, new])?)
        }
        None => Ok(new.as_standard_layout().into_owned()),
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
