//! Spectra and random numbers.

use crate::model::engine::own;
use crate::model::engine::row::{Row, any, row};

pub(super) const ROWS: &[Row] = &[
    row("DFT", 3, 1)
        .since(17)
        .before(20, 2)
        .with(&[any("axis").until(19), any("inverse"), any("onesided")])
        .own(own::dft),
    row("STFT", 4, 1).since(17).with(&[any("onesided")]),
    row("MelWeightMatrix", 5, 1).since(17).with(&[any("output_datatype")]).own(own::mel_weight_matrix),
    row("BlackmanWindow", 1, 1).since(17).with(&[any("output_datatype"), any("periodic")]),
    row("HammingWindow", 1, 1).since(17).with(&[any("output_datatype"), any("periodic")]),
    row("HannWindow", 1, 1).since(17).with(&[any("output_datatype"), any("periodic")]),
    row("RandomUniform", 0, 1).with(&[any("dtype"), any("high"), any("low"), any("seed"), any("shape")]),
    row("RandomUniformLike", 1, 1).with(&[any("dtype"), any("high"), any("low"), any("seed")]),
    row("RandomNormal", 0, 1).with(&[any("dtype"), any("mean"), any("scale"), any("seed"), any("shape")]),
    row("RandomNormalLike", 1, 1).with(&[any("dtype"), any("mean"), any("scale"), any("seed")]),
    row("Multinomial", 1, 1).since(7).with(&[any("dtype"), any("sample_size"), any("seed")]),
];
