//! A run: training by epochs, one after the other, as they are asked for.

use super::answers::{Answers, Judged};
use super::calibration::calibrated;
use super::chance::Chance;
use super::controls::{Controls, Refused, Way};
use super::digits::Digits;
use super::gradient::{Rounding, learn};
use super::network::Network;
use super::quantizers::Quantizers;
use super::weights::{Weights, codes_of};

/// Epochs of training in float.
pub const FLOAT_EPOCHS: u32 = 40;

/// The learning rate of the first of them; it falls evenly to 0.
pub const FLOAT_RATE: f64 = 0.2;

/// How far the drawn histogram of a network reaches that nobody has trained.
const FLOAT_REACH: f32 = 1.5;

/// Pictures that share a step of descent.
const BATCH: usize = 16;

/// Streams of a seed.
const DRAWN: u64 = 1;
const SHUFFLED: u64 = 2;

/// What an epoch has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Its number. 0 is before any training: of a run from a trained network, post-training quantization.
    pub number: u32,
    /// The mean cross-entropy in nats of what is trained, over the pictures as they were learned from; before training, over
    /// all of them. NaN once the numbers have left all bounds. Of [`Way::Longer`] it is the float network's.
    pub loss: f64,
    /// The share of the pictures kept aside that the network answers right, quantized wherever the run quantizes. An answer
    /// that is not a number is wrong.
    pub accuracy: f64,
    /// The weights of the hidden units, and of the answers.
    pub weights: [Weights; 2],
}

/// Training by stochastic gradient descent, 16 pictures a step, at a rate that falls evenly to 0. Each turn of the iterator
/// is an epoch; it begins with epoch 0 and ends with the last.
///
/// Runs from one network that differ only in their way see the same pictures in the same order. Where a run quantizes,
/// clips are what calibration chose at its start, and stay: of [`Way::Longer`] they are chosen anew after each epoch, until
/// its numbers leave all bounds.
#[derive(Clone, Debug)]
pub struct Run {
    network: Network,
    quantizing: Option<(Way, Controls)>,
    quantizers: Option<Quantizers>,
    chance: Chance,
    rate: f64,
    epochs: u32,
    /// The epoch that comes next, and how many steps are behind.
    next: u32,
    steps: u64,
    reach: [f32; 2],
    start: [Vec<i32>; 2],
}

impl Run {
    /// A network drawn by `seed` and trained in float. Its [`accuracy`](Epoch::accuracy) is the float network's.
    pub fn float(seed: u64) -> Run {
        Run {
            network: Network::drawn(&mut Chance::new(seed, DRAWN)),
            quantizing: None,
            quantizers: None,
            chance: Chance::new(seed, SHUFFLED),
            rate: FLOAT_RATE,
            epochs: FLOAT_EPOCHS,
            next: 0,
            steps: 0,
            reach: [FLOAT_REACH; 2],
            start: Default::default(),
        }
    }

    /// One of the four ways from a trained network.
    ///
    /// # Errors
    ///
    /// [`Refused`] where a control is out of its range, the method is not known or has no clip.
    pub fn of(way: Way, network: &Network, controls: &Controls) -> Result<Run, Refused> {
        controls.check()?;
        let quantizers = calibrated(network, &Digits::bundled().train, controls)?;
        let [hidden, output] = [network.hidden.values(), network.output.values()];
        let reach = |values: &[f32]| 1.25 * values.iter().fold(f32::MIN_POSITIVE, |top, v| top.max(v.abs()));
        Ok(Run {
            reach: [reach(&hidden), reach(&output)],
            start: [codes_of(&hidden, &quantizers.hidden_weights), codes_of(&output, &quantizers.output_weights)],
            network: network.clone(),
            quantizing: Some((way, controls.clone())),
            quantizers: Some(quantizers),
            chance: Chance::new(controls.seed, SHUFFLED),
            rate: controls.rate,
            epochs: if way == Way::PostTraining { 0 } else { controls.epochs },
            next: 0,
            steps: 0,
        })
    }

    /// The network as it is now, in float.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The epoch that ends the run.
    pub fn epochs(&self) -> u32 {
        self.epochs
    }

    /// What is trained: the float network, or the quantized one by one of two gradients.
    fn trained(&self) -> (Option<Quantizers>, Rounding) {
        match self.quantizing {
            None | Some((Way::Longer, _)) => (None, Rounding::StraightThrough),
            Some((Way::NoGradient, _)) => (self.quantizers, Rounding::Zero),
            Some((Way::StraightThrough | Way::PostTraining, _)) => (self.quantizers, Rounding::StraightThrough),
        }
    }

    /// Learns from every picture once; the mean loss over them.
    fn learn(&mut self) -> f64 {
        let train = &Digits::bundled().train;
        let (quantizers, rounding) = self.trained();
        let order = self.chance.shuffled(train.len());
        let last = u64::from(self.epochs) * train.len().div_ceil(BATCH) as u64;
        let mut loss = 0.0;
        for batch in order.chunks(BATCH) {
            let answers = Answers::of(&self.network, quantizers);
            let learned = learn(&self.network, &answers, rounding, train, batch);
            let rate = self.rate * (1.0 - self.steps as f64 / last as f64);
            self.network.descend(rate, &learned.gradient);
            loss += learned.loss;
            self.steps += 1;
        }
        if let Some((Way::Longer, controls)) = &self.quantizing
            && let Ok(quantizers) = calibrated(&self.network, train, controls)
        {
            self.quantizers = Some(quantizers);
        }
        loss / train.len() as f64
    }

    fn weights(&self) -> [Weights; 2] {
        let q = self.quantizers.as_ref();
        let [hidden, output] = [self.network.hidden.values(), self.network.output.values()];
        [
            Weights::of(&hidden, self.reach[0], q.map(|q| &q.hidden_weights), &self.start[0]),
            Weights::of(&output, self.reach[1], q.map(|q| &q.output_weights), &self.start[1]),
        ]
    }
}

impl Iterator for Run {
    type Item = Epoch;

    fn next(&mut self) -> Option<Epoch> {
        if self.next > self.epochs {
            return None;
        }
        let Digits { train, aside } = Digits::bundled();
        let loss = match self.next {
            0 => Answers::of(&self.network, self.trained().0).judged(train).loss,
            _ => self.learn(),
        };
        let Judged { accuracy, .. } = Answers::of(&self.network, self.quantizers).judged(aside);
        let epoch = Epoch { number: self.next, loss, accuracy, weights: self.weights() };
        self.next += 1;
        Some(epoch)
    }
}
