//! Pooling, normalizations, attention, recurrence, and nodes with graphs inside.

use crate::model::engine::own;
use crate::model::engine::row::{MANY, Row, any, int, row};
use tract_onnx::pb::NodeProto;

pub(super) const ROWS: &[Row] = &[
    row("AveragePool", 1, 1)
        .with(&[
            any("auto_pad"),
            any("ceil_mode").since(10),
            any("count_include_pad").since(7),
            any("dilations").since(19),
            any("kernel_shape"),
            any("pads"),
            any("strides"),
        ])
        .own(own::average_pool),
    row("MaxPool", 1, 2)
        .with(&[
            any("auto_pad"),
            any("ceil_mode").since(10),
            any("dilations").since(10),
            any("kernel_shape"),
            any("pads"),
            any("storage_order").since(8),
            any("strides"),
        ])
        .own(own::max_pool),
    row("LpPool", 1, 1)
        .since(2)
        .with(&[
            any("auto_pad"),
            any("ceil_mode").since(18),
            any("dilations").since(18),
            any("kernel_shape"),
            any("p"),
            any("pads"),
            any("strides"),
        ])
        .own(own::lp_pool),
    row("GlobalAveragePool", 1, 1),
    row("GlobalLpPool", 1, 1).since(2).with(&[any("p")]).own(own::global_lp_pool),
    row("GlobalMaxPool", 1, 1),
    row("Resize", 4, 1)
        .since(10)
        .before(11, 2)
        .with(&[
            any("antialias").since(18),
            any("axes").since(18),
            any("coordinate_transformation_mode").since(11),
            any("cubic_coeff_a").since(11),
            any("exclude_outside").since(11),
            any("extrapolation_value").since(11),
            any("keep_aspect_ratio_policy").since(18),
            any("mode"),
            any("nearest_mode").since(11),
        ])
        .unless(kept_ratio_of_some)
        .own(own::resize),
    // From opset 10 on it is Resize.
    row("Upsample", 2, 1).since(9).with(&[any("mode")]).own(own::resize),
    row("GridSample", 2, 1)
        .since(16)
        .with(&[any("align_corners"), any("mode"), any("padding_mode")])
        .unless(cubic_at_the_border),
    row("BatchNormalization", 5, 1)
        .since(7)
        .with(&[any("epsilon"), any("momentum"), int("spatial", 1).until(8), int("training_mode", 0).since(14)])
        .own(own::normalize::batch),
    row("GroupNormalization", 3, 1)
        .since(18)
        .with(&[any("epsilon"), any("num_groups"), int("stash_type", 1).since(21)])
        .own(own::normalize::group),
    row("InstanceNormalization", 3, 1).with(&[any("epsilon")]).own(own::normalize::instance),
    row("LayerNormalization", 3, 3).with(&[any("axis"), any("epsilon"), any("stash_type")]).own(own::normalize::layer),
    row("RMSNormalization", 2, 1)
        .since(23)
        .with(&[any("axis"), any("epsilon"), int("stash_type", 1)])
        .own(own::normalize::root_mean_square),
    row("LpNormalization", 1, 1).with(&[any("axis"), any("p")]).own(own::normalize::lp),
    row("LRN", 1, 1).with(&[any("alpha"), any("beta"), any("bias"), any("size")]).own(own::normalize::local_response),
    row("MeanVarianceNormalization", 1, 1).since(9).with(&[any("axes")]).own(own::normalize::mean_variance),
    row("Attention", 7, 4)
        .since(23)
        .before(24, 6)
        .with(&[
            any("is_causal"),
            any("kv_num_heads"),
            any("left_window_size").since(25),
            any("q_num_heads"),
            any("qk_matmul_output_mode"),
            any("right_window_size").since(25),
            any("scale"),
            any("softcap"),
            any("softmax_precision"),
        ])
        .own(own::attention::attention),
    row("RotaryEmbedding", 4, 1)
        .since(23)
        .with(&[any("interleaved"), any("num_heads"), any("rotary_embedding_dim")])
        .own(own::attention::rotary_embedding),
    row("LSTM", 8, 3)
        .since(7)
        .with(&[
            any("activation_alpha"),
            any("activation_beta"),
            any("activations"),
            any("clip"),
            any("direction"),
            any("hidden_size"),
            any("input_forget"),
            any("layout").since(14),
        ])
        .own(own::recurrent::lstm),
    row("GRU", 6, 2)
        .since(7)
        .with(&[
            any("activation_alpha"),
            any("activation_beta"),
            any("activations"),
            any("clip"),
            any("direction"),
            any("hidden_size"),
            any("layout").since(14),
            any("linear_before_reset"),
        ])
        .own(own::recurrent::gru),
    row("RNN", 6, 2)
        .since(7)
        .with(&[
            any("activation_alpha"),
            any("activation_beta"),
            any("activations"),
            any("clip"),
            any("direction"),
            any("hidden_size"),
            any("layout").since(14),
        ])
        .own(own::recurrent::rnn),
    row("If", 1, MANY).with(&[any("else_branch"), any("then_branch")]),
    row("Scan", MANY, MANY).since(9).with(&[
        any("body"),
        any("num_scan_inputs"),
        any("scan_input_axes"),
        any("scan_input_directions"),
        any("scan_output_axes"),
        any("scan_output_directions"),
    ]),
    // What ONNX Runtime writes into ONNX's own domain.
    row("SimplifiedLayerNormalization", 2, 1).with(&[any("axis"), any("epsilon"), int("stash_type", 1)]),
];

fn text_of<'a>(node: &'a NodeProto, name: &str) -> &'a [u8] {
    node.attribute.iter().find(|attribute| attribute.name == name).map_or(&[], |attribute| &attribute.s)
}

/// tract takes other neighbours there than ONNX Runtime and PyTorch.
fn cubic_at_the_border(node: &NodeProto, _: i64) -> Option<String> {
    let is_cubic = matches!(text_of(node, "mode"), b"cubic" | b"bicubic");
    (is_cubic && text_of(node, "padding_mode") == b"border").then(|| "padding_mode = border with a cubic mode".into())
}

/// ONNX and ONNX Runtime say different things of it.
fn kept_ratio_of_some(node: &NodeProto, _: i64) -> Option<String> {
    let keeps = matches!(text_of(node, "keep_aspect_ratio_policy"), b"not_larger" | b"not_smaller");
    let some = node.attribute.iter().any(|attribute| attribute.name == "axes");
    let corners = text_of(node, "coordinate_transformation_mode") == b"align_corners";
    (keeps && (some || corners)).then(|| "keep_aspect_ratio_policy with axes or align_corners".into())
}
