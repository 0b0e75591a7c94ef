//! What is computed along axes.

use crate::model::engine::own;
use crate::model::engine::row::{Attribute, Row, any, row};

const REDUCED: &[Attribute] = &[any("axes").until(17), any("keepdims"), any("noop_with_empty_axes").since(18)];
const SUMMED: &[Attribute] = &[any("axes").until(12), any("keepdims"), any("noop_with_empty_axes").since(13)];
const FOUND: &[Attribute] = &[any("axis"), any("keepdims"), any("select_last_index").since(12)];

pub(super) const ROWS: &[Row] = &[
    row("ArgMax", 1, 1).with(FOUND).own(own::arg_max),
    row("ArgMin", 1, 1).with(FOUND).own(own::arg_min),
    row("ReduceL1", 2, 1).before(18, 1).with(REDUCED),
    row("ReduceL2", 2, 1).before(18, 1).with(REDUCED).own(own::reduce_l2),
    row("ReduceLogSum", 2, 1).before(18, 1).with(REDUCED),
    row("ReduceLogSumExp", 2, 1).before(18, 1).with(REDUCED).own(own::reduce_log_sum_exp),
    row("ReduceMax", 2, 1).before(18, 1).with(REDUCED).own(own::reduce_max),
    row("ReduceMean", 2, 1).before(18, 1).with(REDUCED),
    row("ReduceMin", 2, 1).before(18, 1).with(REDUCED).own(own::reduce_min),
    row("ReduceProd", 2, 1).before(18, 1).with(REDUCED),
    row("ReduceSum", 2, 1).before(13, 1).with(SUMMED),
    row("ReduceSumSquare", 2, 1).before(18, 1).with(REDUCED),
    row("Softmax", 1, 1).with(&[any("axis")]),
    row("LogSoftmax", 1, 1).with(&[any("axis")]).own(own::log_softmax),
    row("Hardmax", 1, 1).with(&[any("axis")]),
    row("CumSum", 2, 1).since(11).with(&[any("exclusive"), any("reverse")]),
    row("TopK", 2, 2).since(10).with(&[any("axis"), any("largest").since(11), any("sorted").since(11)]),
];
