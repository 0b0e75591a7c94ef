//! What a learner can turn.

use thiserror::Error;

use crate::calibrate::UnknownMethod;

/// A way from the float network to a quantized one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// Post-training quantization: clips from calibration, and nothing else. A run of it is its epoch 0, which is the start
    /// of all others too.
    PostTraining,
    /// The float network is trained for as many epochs more, and quantized after each: is it the time that helps?
    Longer,
    /// The quantized network is trained, and rounding has its true gradient, 0. Ten numbers still learn, the biases of the
    /// answers: every weight stands before a rounding of its own, and the hidden biases before that of the hidden units.
    NoGradient,
    /// The quantized network is trained with the straight-through estimator: rounding counts as 1 on the way back, inside
    /// the clip. All 2,410 numbers learn.
    StraightThrough,
}

impl Way {
    /// All of them, in the order in which they are told.
    pub const ALL: [Way; 4] = [Way::PostTraining, Way::Longer, Way::NoGradient, Way::StraightThrough];

    /// How many of the network's 2,410 weights and biases a gradient reaches.
    pub fn learns(self) -> usize {
        match self {
            Way::PostTraining => 0,
            Way::Longer | Way::StraightThrough => 64 * 32 + 32 + 32 * 10 + 10,
            Way::NoGradient => 10,
        }
    }
}

/// How the network is quantized and trained on.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    /// Width of weights, pixels and hidden units: 2 to 8.
    pub bits: u8,
    /// The method that chooses every clip: `max`, `mse`, or any other that needs 2,048 bins.
    pub method: String,
    /// The learning rate of the first step, above 0 and finite; it falls evenly to 0.
    pub rate: f64,
    /// Epochs of training on: 1 to 1,000.
    pub epochs: u32,
    /// What pictures are shuffled by. The float network has a seed of its own.
    pub seed: u64,
}

impl Default for Controls {
    /// Two bits, the largest magnitude, 30 epochs at 0.1.
    fn default() -> Controls {
        Controls { bits: 2, method: "max".into(), rate: 0.1, epochs: 30, seed: 0 }
    }
}

impl Controls {
    /// Refuses what no run can be made of.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the control and what it may be. That a method is known is seen by [`Run::of`](super::Run::of).
    pub fn check(&self) -> Result<(), Refused> {
        if !(2..=8).contains(&self.bits) {
            return Err(Refused::Bits(self.bits));
        }
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return Err(Refused::Rate(self.rate));
        }
        if !(1..=1000).contains(&self.epochs) {
            return Err(Refused::Epochs(self.epochs));
        }
        Ok(())
    }
}

/// Why there is no such run.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Refused {
    /// A width that is not trained with.
    #[error("{0} bits are not trained with; the width is 2 to 8")]
    Bits(u8),
    /// A learning rate that is none.
    #[error("a learning rate of {0} leads nowhere; it is a number above 0, such as 0.1")]
    Rate(f64),
    /// Too few or too many epochs.
    #[error("{0} epochs are not trained for; there are 1 to 1,000")]
    Epochs(u32),
    /// No method of this name.
    #[error(transparent)]
    Method(#[from] UnknownMethod),
    /// The method has no answer here.
    #[error("{method} has no clip for the {tensor}: {why}; max has one for all numbers that are finite")]
    NoThreshold {
        /// The method.
        method: String,
        /// What was to be clipped.
        tensor: &'static str,
        /// Why it has none.
        why: String,
    },
}
