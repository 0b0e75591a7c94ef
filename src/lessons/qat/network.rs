//! The network: 64 pixels, 32 hidden units with ReLU, 10 answers.

use super::chance::Chance;
use super::digits::PIXELS;

/// Hidden units.
pub const HIDDEN: usize = 32;

/// Answers, one a digit.
pub const CLASSES: usize = 10;

/// One product with its biases: `y = x W + b`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer<const IN: usize, const OUT: usize> {
    /// A row for each input.
    pub(super) weights: Vec<[f64; OUT]>,
    /// What is added to each output.
    pub(super) biases: [f64; OUT],
}

impl<const IN: usize, const OUT: usize> Layer<IN, OUT> {
    pub(super) fn zero() -> Layer<IN, OUT> {
        Layer { weights: vec![[0.0; OUT]; IN], biases: [0.0; OUT] }
    }

    /// Weights spread evenly over `±sqrt(6 / IN)`, which keeps the size of values behind a ReLU (He et al. 2015, "Delving
    /// deep into rectifiers"); biases 0.
    fn drawn(chance: &mut Chance) -> Layer<IN, OUT> {
        let reach = (6.0 / IN as f64).sqrt();
        let mut layer = Layer::zero();
        layer.weights.iter_mut().flatten().for_each(|w| *w = reach * chance.even());
        layer
    }

    /// `x W + b`, summed in the order of the inputs.
    pub(super) fn product(&self, x: &[f64; IN]) -> [f64; OUT] {
        let mut y = self.biases;
        for (&x, row) in x.iter().zip(&self.weights) {
            // Half of all pixels are paper, and half of all units rest.
            if x != 0.0 {
                y.iter_mut().zip(row).for_each(|(y, w)| *y += x * w);
            }
        }
        y
    }

    /// `W d`: what `d` at the outputs comes to at the inputs.
    pub(super) fn back(&self, d: &[f64; OUT]) -> [f64; IN] {
        std::array::from_fn(|at| self.weights[at].iter().zip(d).map(|(w, d)| w * d).sum())
    }

    /// Adds what one sample says of the weights and biases: `x` outer `d`, and `d`.
    pub(super) fn gather(&mut self, x: &[f64; IN], d: &[f64; OUT]) {
        for (&x, row) in x.iter().zip(&mut self.weights) {
            if x != 0.0 {
                row.iter_mut().zip(d).for_each(|(w, d)| *w += x * d);
            }
        }
        self.biases.iter_mut().zip(d).for_each(|(b, d)| *b += d);
    }

    /// A step of descent: every number less `rate` times the one in the same place.
    pub(super) fn descend(&mut self, rate: f64, gradient: &Layer<IN, OUT>) {
        let weights = self.weights.iter_mut().flatten().zip(gradient.weights.iter().flatten());
        weights.for_each(|(w, g)| *w -= rate * g);
        self.biases.iter_mut().zip(&gradient.biases).for_each(|(b, g)| *b -= rate * g);
    }

    /// All weights as a calibrator takes them, row by row.
    pub(super) fn values(&self) -> Vec<f32> {
        self.weights.iter().flatten().map(|&w| w as f32).collect()
    }
}

/// A network's weights and biases, in float whatever it is trained for: 2,410 numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(super) hidden: Layer<PIXELS, HIDDEN>,
    pub(super) output: Layer<HIDDEN, CLASSES>,
}

impl Network {
    pub(super) fn zero() -> Network {
        Network { hidden: Layer::zero(), output: Layer::zero() }
    }

    pub(super) fn drawn(chance: &mut Chance) -> Network {
        Network { hidden: Layer::drawn(chance), output: Layer::drawn(chance) }
    }

    pub(super) fn descend(&mut self, rate: f64, gradient: &Network) {
        self.hidden.descend(rate, &gradient.hidden);
        self.output.descend(rate, &gradient.output);
    }
}
