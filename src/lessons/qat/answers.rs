//! What the network answers, in float or quantized.

use super::digits::{PIXELS, Pictures};
use super::loss::cross_entropy;
use super::network::{CLASSES, HIDDEN, Layer, Network};
use super::quantizers::Quantizers;

/// A network as it computes: with its weights on their grids where it is quantized.
pub(super) struct Answers {
    pub(super) hidden: Layer<PIXELS, HIDDEN>,
    pub(super) output: Layer<HIDDEN, CLASSES>,
    pub(super) quantizers: Option<Quantizers>,
}

/// What one picture comes to on the way.
pub(super) struct Answer {
    /// The pixels as the first product takes them.
    pub(super) pixels: [f64; PIXELS],
    /// The hidden units behind their ReLU.
    pub(super) units: [f64; HIDDEN],
    /// The same as the second product takes them.
    pub(super) rounded: [f64; HIDDEN],
    /// The answers before a softmax.
    pub(super) answers: [f64; CLASSES],
}

impl Answers {
    pub(super) fn of(network: &Network, quantizers: Option<Quantizers>) -> Answers {
        let Network { hidden, output } = network;
        match &quantizers {
            None => Answers { hidden: hidden.clone(), output: output.clone(), quantizers },
            Some(q) => {
                Answers { hidden: q.hidden_weights.layer(hidden), output: q.output_weights.layer(output), quantizers }
            }
        }
    }

    pub(super) fn of_picture(&self, pixels: &[f64; PIXELS]) -> Answer {
        let pixels = match &self.quantizers {
            Some(q) => pixels.map(|v| q.pixels.rounded(v)),
            None => *pixels,
        };
        // NaN is kept: a network that has lost its way must not look at rest.
        let units = self.hidden.product(&pixels).map(|v| if v < 0.0 { 0.0 } else { v });
        let rounded = match &self.quantizers {
            Some(q) => units.map(|v| q.units.rounded(v)),
            None => units,
        };
        let answers = self.output.product(&rounded);
        Answer { pixels, units, rounded, answers }
    }

    /// The share of pictures that are answered right; mean cross-entropy in nats.
    pub(super) fn judged(&self, pictures: &Pictures) -> Judged {
        let (mut right, mut loss) = (0_u64, 0.0);
        for (pixels, &shown) in pictures.pixels.iter().zip(&pictures.shown) {
            let answers = self.of_picture(pixels).answers;
            right += u64::from(largest(&answers) == Some(shown));
            loss += cross_entropy(&answers, shown).0;
        }
        let n = pictures.len().max(1) as f64;
        Judged { accuracy: right as f64 / n, loss: loss / n }
    }
}

pub(super) struct Judged {
    pub(super) accuracy: f64,
    pub(super) loss: f64,
}

/// The place of the largest, the first of equal ones; none where one is not a number.
fn largest(answers: &[f64; CLASSES]) -> Option<usize> {
    if answers.iter().any(|z| z.is_nan()) {
        return None;
    }
    (0..CLASSES).reduce(|best, at| if answers[at] > answers[best] { at } else { best })
}
