//! Products, convolutions, and those of integers.

use crate::model::engine::own;
use crate::model::engine::row::{MANY, Row, any, int, row};

pub(super) const ROWS: &[Row] = &[
    row("MatMul", 2, 1),
    row("Gemm", 3, 1).with(&[any("alpha"), any("beta"), any("transA"), any("transB")]),
    row("Einsum", MANY, 1).since(12).with(&[any("equation")]),
    row("Conv", 3, 1).with(&[
        any("auto_pad"),
        any("dilations"),
        any("group"),
        any("kernel_shape"),
        any("pads"),
        any("strides"),
    ]),
    row("ConvTranspose", 3, 1)
        .with(&[
            any("auto_pad"),
            any("dilations"),
            any("group"),
            any("kernel_shape"),
            any("output_padding"),
            any("output_shape"),
            any("pads"),
            any("strides"),
        ])
        .own(own::conv_transpose),
    row("MatMulInteger", 4, 1).since(10).own(own::matmul_integer),
    row("QLinearMatMul", 8, 1).since(10),
    row("ConvInteger", 4, 1).since(10).with(&[
        any("auto_pad"),
        any("dilations"),
        any("group"),
        any("kernel_shape"),
        any("pads"),
        any("strides"),
    ]),
    row("QLinearConv", 9, 1).since(10).with(&[
        any("auto_pad"),
        any("dilations"),
        any("group"),
        any("kernel_shape"),
        any("pads"),
        any("strides"),
    ]),
    row("QuantizeLinear", 3, 1)
        .since(10)
        .with(&[
            any("axis").since(13),
            any("block_size").since(21),
            // The reader gives it to nodes of older versions too, whose zero point is of a type that tract has not.
            any("output_dtype"),
            int("precision", 0).since(23),
            any("saturate").since(19),
        ])
        .own(own::quantize),
    row("DequantizeLinear", 3, 1)
        .since(10)
        .with(&[any("axis").since(13), any("block_size").since(21), any("output_dtype").since(23)])
        .own(own::dequantize),
    row("DynamicQuantizeLinear", 1, 3).since(11).own(own::dynamic),
];
