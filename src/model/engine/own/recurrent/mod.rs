//! RNN, GRU and LSTM: cells that are stepped along sequences, in one direction or both.

mod activation;
mod cells;
mod operator;

use super::formula::{Computed, Wide};
use super::own;
use cells::Kind;
use operator::Recurrent;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::TractResult;
use tract_onnx::tract_core::internal::tract_ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use tract_onnx::tract_hir::internal::InferenceOp;

/// What a cell hands to the next step: a row for each sequence. Only an LSTM has a `memory`; elsewhere it is empty.
#[derive(Clone, Debug)]
struct State<T> {
    hidden: Array2<T>,
    memory: Array2<T>,
}

/// The weights of one direction. Gates lie one behind the other in rows.
struct Weights<'a, T> {
    input: ArrayView2<'a, T>,
    recurrence: ArrayView2<'a, T>,
    input_bias: Array1<T>,
    recurrence_bias: Array1<T>,
    peepholes: Option<ArrayView1<'a, T>>,
}

/// `rows · weightsᵀ`. Of a single row it is a product with a vector, which saves packing the weights at each step.
fn product<T: Wide>(rows: ArrayView2<T>, weights: ArrayView2<T>) -> Array2<T> {
    match rows.nrows() {
        1 => weights.dot(&rows.row(0)).insert_axis(Axis(0)),
        _ => rows.dot(&weights.t()),
    }
}

pub(in crate::model::engine) fn rnn(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    own(node, Computed(Recurrent::new(Kind::Rnn, node)?))
}

pub(in crate::model::engine) fn gru(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let linear_before_reset = node.get_attr_opt::<i64>("linear_before_reset")?.unwrap_or(0) != 0;
    own(node, Computed(Recurrent::new(Kind::Gru { linear_before_reset }, node)?))
}

pub(in crate::model::engine) fn lstm(
    _: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let input_forget = node.get_attr_opt::<i64>("input_forget")?.unwrap_or(0) != 0;
    own(node, Computed(Recurrent::new(Kind::Lstm { input_forget }, node)?))
}
