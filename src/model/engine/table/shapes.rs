//! Where elements go: shapes, places, constants.

use crate::model::engine::own;
use crate::model::engine::row::{MANY, Row, any, row, text};

pub(super) const ROWS: &[Row] = &[
    row("Constant", 0, 1).with(&[
        any("value"),
        any("value_float").since(12),
        any("value_floats").since(12),
        any("value_int").since(12),
        any("value_ints").since(12),
        any("value_string").since(12),
        any("value_strings").since(12),
    ]),
    row("ConstantOfShape", 1, 1).since(9).with(&[any("value")]).own(own::constant_of_shape),
    row("Identity", 1, 1),
    row("Concat", MANY, 1).with(&[any("axis")]),
    row("Expand", 2, 1).since(8),
    row("EyeLike", 1, 1).since(9).with(&[any("dtype"), any("k")]),
    row("Flatten", 1, 1).with(&[any("axis")]),
    row("NonZero", 1, 1).since(9),
    row("OneHot", 3, 1).since(9).with(&[any("axis")]).own(own::one_hot),
    row("CenterCropPad", 2, 1).since(18).with(&[any("axes")]).own(own::center_crop_pad),
    row("ReverseSequence", 2, 1).since(10).with(&[any("batch_axis"), any("time_axis")]).own(own::reverse_sequence),
    row("Range", 3, 1).since(11),
    row("Reshape", 2, 1).since(5).with(&[any("allowzero").since(14)]),
    row("Shape", 1, 1).with(&[any("end").since(15), any("start").since(15)]),
    row("Size", 1, 1),
    row("Slice", 5, 1).before(10, 1).with(&[any("axes").until(9), any("ends").until(9), any("starts").until(9)]),
    row("Split", 2, MANY).since(2).before(13, 1).with(&[
        any("axis"),
        any("num_outputs").since(18),
        any("split").until(12),
    ]),
    row("Squeeze", 2, 1).before(13, 1).with(&[any("axes").until(12)]),
    row("Tile", 3, 1).since(6),
    row("Transpose", 1, 1).with(&[any("perm")]),
    row("Trilu", 2, 1).since(14).with(&[any("upper")]),
    row("Unsqueeze", 2, 1).before(13, 1).with(&[any("axes").until(12)]),
    row("Compress", 2, 1).since(9).with(&[any("axis")]),
    row("Pad", 4, 1)
        .since(2)
        .before(11, 1)
        .with(&[any("mode"), any("pads").until(10), any("value").until(10)])
        .own(own::pad),
    row("DepthToSpace", 1, 1).with(&[any("blocksize"), any("mode").since(11)]),
    row("SpaceToDepth", 1, 1).with(&[any("blocksize"), text("mode", "DCR").since(28)]),
    row("Gather", 2, 1).with(&[any("axis")]),
    row("GatherElements", 2, 1).since(11).with(&[any("axis")]),
    row("GatherND", 2, 1).since(11).with(&[any("batch_dims").since(12)]).own(own::gather_nd),
    row("Scatter", 3, 1).since(9).with(&[any("axis")]),
    row("ScatterElements", 3, 1).since(11).with(&[any("axis"), any("reduction").since(16)]),
    row("ScatterND", 3, 1).since(11).with(&[any("reduction").since(16)]).own(own::scatter_nd),
    row("NonMaxSuppression", 5, 1).since(10).with(&[any("center_point_box")]),
];
