//! What is computed along axes.

use crate::model::engine::row::{Row, any, row};

pub(super) const ROWS: &[Row] = &[
    row("ArgMax", 1, 1).with(&[any("axis"), any("keepdims"), any("select_last_index").since(12)]),
    row("ArgMin", 1, 1).with(&[any("axis"), any("keepdims"), any("select_last_index").since(12)]),
    row("ReduceL1", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceL2", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceLogSum", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceLogSumExp", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceMax", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceMean", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceMin", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceProd", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("ReduceSum", 2, 1).with(&[any("axes").until(12), any("keepdims"), any("noop_with_empty_axes").since(13)]),
    row("ReduceSumSquare", 2, 1).with(&[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)]),
    row("Softmax", 1, 1).with(&[any("axis")]),
    row("LogSoftmax", 1, 1).with(&[any("axis")]),
    row("Hardmax", 1, 1).with(&[any("axis")]),
    row("CumSum", 2, 1).since(11).with(&[any("exclusive"), any("reverse")]),
    row("TopK", 2, 2).with(&[any("axis"), any("largest").since(11), any("sorted").since(11)]),
];
