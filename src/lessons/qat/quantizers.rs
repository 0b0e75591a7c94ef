//! Where the network is quantized, and on which grid.

use super::network::Layer;
use crate::quant::{Clip, QuantParams};

/// A tensor's clip and grid, which stay as they were calibrated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantizer {
    pub(super) clip: Clip,
    pub(super) params: QuantParams,
}

impl Quantizer {
    /// The number that the grid has in place of `x`.
    pub(super) fn rounded(&self, x: f64) -> f64 {
        f64::from(self.params.fake_quant(x as f32))
    }

    /// Whether the straight-through estimator lets a gradient pass: inside the clip, ends included, and not beyond it,
    /// where the value is the same whatever `x` is.
    pub(super) fn passes(&self, x: f64) -> bool {
        !self.clip.saturates(x as f32)
    }

    /// A layer with each weight on the grid; its biases stay in float, as runtimes keep them in 32 bits.
    pub(super) fn layer<const IN: usize, const OUT: usize>(&self, layer: &Layer<IN, OUT>) -> Layer<IN, OUT> {
        let weights = layer.weights.iter().map(|row| row.map(|w| self.rounded(w))).collect();
        Layer { weights, biases: layer.biases }
    }
}

/// What is quantized: what each product takes, as where inputs and weights of convolutions are. The answers stay in float.
///
/// Weights are signed and symmetric (2 bits: -1, 0, 1); pixels and hidden units, which are never negative, unsigned (2
/// bits: 0 to 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantizers {
    pub(super) pixels: Quantizer,
    pub(super) hidden_weights: Quantizer,
    pub(super) units: Quantizer,
    pub(super) output_weights: Quantizer,
}
