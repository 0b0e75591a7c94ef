//! Training with quantization, small enough to watch: 8x8 digits, a network of 64, 32 and 10 units, and four ways to two
//! bits.
//!
//! A [`Run`] is an iterator of [`Epoch`]s, some milliseconds of work each, so that a screen can draw it live and stop it
//! anywhere. [`Run::float`] trains the network; [`Run::of`] goes on from there in one of the four [`Way`]s. All of it is
//! plain arithmetic in a fixed order on numbers drawn by a seed: the same bits on any machine.
//!
//! ```
//! use qviz::lessons::qat::{Controls, Run, Way};
//!
//! let mut float = Run::float(0);
//! float.by_ref().take(3).for_each(drop);
//! let controls = Controls { epochs: 2, ..Controls::default() };
//! let mut run = Run::of(Way::StraightThrough, float.network(), &controls)?;
//! let post_training = run.next().unwrap().accuracy;
//! let tuned = run.last().unwrap().accuracy;
//! println!("{post_training:.3} before, {tuned:.3} after");
//! # Ok::<(), qviz::lessons::qat::Refused>(())
//! ```

mod answers;
mod calibration;
mod chance;
mod controls;
mod digits;
mod gradient;
mod loss;
mod network;
mod quantizers;
mod run;
#[cfg(test)]
mod tests;
mod weights;

pub use controls::{Controls, Refused, Way};
pub use digits::{Digits, PIXELS, Pictures};
pub use network::{CLASSES, HIDDEN, Network};
pub use run::{Epoch, FLOAT_EPOCHS, FLOAT_RATE, Run};
pub use weights::{BINS, Weights};
