//! Operators that are not ONNX's own.

use crate::model::engine::own;
use crate::model::engine::row::{MANY, Row, any, int, row, text};

const MICROSOFT: &str = "com.microsoft";
const ML: &str = "ai.onnx.ml";

pub(super) const ROWS: &[Row] = &[
    row("Gelu", 1, 1).of(MICROSOFT).own(own::element::gelu),
    row("BiasGelu", 2, 1).of(MICROSOFT),
    row("FastGelu", 2, 1).of(MICROSOFT),
    row("QuickGelu", 1, 1).of(MICROSOFT).with(&[any("alpha")]).own(own::element::quick_gelu),
    row("SkipLayerNormalization", 5, 1).of(MICROSOFT).with(&[any("epsilon")]),
    row("SkipSimplifiedLayerNormalization", 4, 1).of(MICROSOFT).with(&[any("epsilon")]),
    row("MatMulNBits", 5, 1).of(MICROSOFT).with(&[
        any("K"),
        any("N"),
        any("bits"),
        any("block_size"),
        // How precisely it may be computed, at least.
        any("accuracy_level"),
    ]),
    row("GatherBlockQuantized", 4, 1).of(MICROSOFT).with(&[
        any("bits"),
        any("block_size"),
        any("gather_axis"),
        any("quantize_axis"),
    ]),
    row("QuantizeLinear", 3, 1)
        .of(MICROSOFT)
        .with(&[any("axis"), any("block_size"), any("output_dtype")])
        .own(own::quantize),
    row("DequantizeLinear", 3, 1).of(MICROSOFT).with(&[any("axis"), any("block_size")]).own(own::dequantize),
    row("MultiHeadAttention", 8, 3)
        .of(MICROSOFT)
        .with(&[any("mask_filter_value"), any("num_heads"), any("scale"), any("unidirectional")])
        .own(own::attention::multi_head),
    row("Attention", 6, 2)
        .of(MICROSOFT)
        .with(&[
            int("do_rotary", 0),
            any("mask_filter_value"),
            any("num_heads"),
            int("past_present_share_buffer", 0),
            any("qkv_hidden_sizes"),
            any("scale"),
            any("unidirectional"),
        ])
        .own(own::attention::packed),
    row("GroupQueryAttention", 9, 3).of(MICROSOFT).with(&[
        any("num_heads"),
        any("kv_num_heads"),
        any("scale"),
        any("causal"),
        any("do_rotary"),
        any("rotary_interleaved"),
        any("local_window_size"),
        any("softcap"),
        any("smooth_softmax"),
        any("qk_output"),
        text("k_quant_type", "NONE"),
        text("v_quant_type", "NONE"),
    ]),
    row("LinearClassifier", 1, 2).of(ML).with(&[
        any("classlabels_ints"),
        any("classlabels_strings"),
        any("coefficients"),
        any("intercepts"),
        int("multi_class", 0),
        any("post_transform"),
    ]),
    row("LinearRegressor", 1, 1).of(ML).with(&[
        any("coefficients"),
        any("intercepts"),
        any("post_transform"),
        any("targets"),
    ]),
    row("Normalizer", 1, 1).of(ML).with(&[any("norm")]),
    row("CategoryMapper", 1, 1).of(ML).with(&[
        any("cats_int64s"),
        any("cats_strings"),
        any("default_int64"),
        any("default_string"),
    ]),
    row("ArrayFeatureExtractor", 2, 1).of(ML),
    row("TreeEnsembleClassifier", MANY, 2).of(ML).with(&[
        any("class_ids"),
        any("class_nodeids"),
        any("class_treeids"),
        any("class_weights"),
        any("classlabels_int64s"),
        any("classlabels_strings"),
        any("nodes_falsenodeids"),
        any("nodes_featureids"),
        any("nodes_hitrates"),
        any("nodes_missing_value_tracks_true"),
        any("nodes_modes"),
        any("nodes_nodeids"),
        any("nodes_treeids"),
        any("nodes_truenodeids"),
        any("nodes_values"),
        any("post_transform"),
    ]),
];
