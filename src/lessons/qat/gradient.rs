//! The gradient of the loss, through rounding or not.

use super::answers::Answers;
use super::digits::Pictures;
use super::loss::cross_entropy;
use super::network::Network;

/// What rounding is on the way back. Rounding is a staircase: its derivative is 0 wherever it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// 1 inside the clip and 0 beyond it: the straight-through estimator (Bengio, Léonard and Courville 2013, "Estimating or
    /// propagating gradients through stochastic neurons"), as fake quantizers have it (Krishnamoorthi 2018, "Quantizing deep
    /// convolutional networks", 2.4; pytorch-quantization's `tensor_quant`).
    StraightThrough,
    /// 0, which is true. Weights stand before a rounding of their own, and the first biases before that of the hidden
    /// units: none of them learns. The last biases do, behind which nothing is rounded.
    Zero,
}

/// What a batch says.
pub(super) struct Learned {
    /// The sum of the pictures' cross-entropies, in nats.
    pub(super) loss: f64,
    /// The gradient of their mean.
    pub(super) gradient: Network,
}

/// The gradient of the mean cross-entropy of some pictures by the float weights and biases of `network`.
///
/// With `d = softmax(z) - onehot`, `U` the hidden units, hats for what is on its grid, and `pass` the estimator:
///
/// ```text
/// dL/db2 = d                  dL/dW2 = pass(W2) (Û^T d)        dL/dU = pass(U) (d Ŵ2^T)
/// dL/db1 = [U > 0] dL/dU      dL/dW1 = pass(W1) (X̂^T dL/db1)
/// ```
///
/// Without quantizers the hats and passes are nothing, and it is the true gradient.
pub(super) fn learn(
    network: &Network,
    answers: &Answers,
    rounding: Rounding,
    from: &Pictures,
    batch: &[usize],
) -> Learned {
    let mut gradient = Network::zero();
    let mut loss = 0.0;
    let stops = answers.quantizers.is_some() && rounding == Rounding::Zero;
    for &at in batch {
        let answer = answers.of_picture(&from.pixels[at]);
        let (lost, mut d) = cross_entropy(&answer.answers, from.shown[at]);
        loss += lost;
        d.iter_mut().for_each(|d| *d /= batch.len() as f64);
        if stops {
            gradient.output.biases.iter_mut().zip(&d).for_each(|(b, d)| *b += d);
            continue;
        }
        gradient.output.gather(&answer.rounded, &d);
        let mut back = answers.output.back(&d);
        for (back, &unit) in back.iter_mut().zip(&answer.units) {
            if unit <= 0.0 || answers.quantizers.is_some_and(|q| !q.units.passes(unit)) {
                *back = 0.0;
            }
        }
        gradient.hidden.gather(&answer.pixels, &back);
    }
    if let Some(q) = answers.quantizers {
        let hidden = network.hidden.weights.iter().flatten().zip(gradient.hidden.weights.iter_mut().flatten());
        hidden.filter(|(w, _)| !q.hidden_weights.passes(**w)).for_each(|(_, g)| *g = 0.0);
        let output = network.output.weights.iter().flatten().zip(gradient.output.weights.iter_mut().flatten());
        output.filter(|(w, _)| !q.output_weights.passes(**w)).for_each(|(_, g)| *g = 0.0);
    }
    Learned { loss, gradient }
}
