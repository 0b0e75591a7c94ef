//! A network on trial: what quantization does to its outputs, and the search for clips that do less.
//!
//! ```text
//! kept         what trials have in common: the float network's answers, the network with its weights
//! bench        a network with its params, compared with itself in float; noise: how sure its figures are
//! hand         one tensor alone, while its clip is in somebody's hand
//! sensitivity  each tensor alone, and everything but it
//! by_method    each method for all activations
//! tune         the search: kept_aside (who judges), candidates (what to try), nearest, alone and among (its passes),
//!              wider (a budget of other formats), correct (means of errors into biases), judge (whether it gains),
//!              standing and progress (how far it is)
//! serve        trials that were asked for, one after the other
//! ```

mod alone;
mod among;
mod bench;
mod by_method;
mod candidates;
mod correct;
mod hand;
mod judge;
mod kept;
mod kept_aside;
mod nearest;
mod noise;
mod progress;
mod sensitivity;
mod serve;
mod standing;
mod tune;
mod wider;

pub(super) use hand::InHand;
pub(super) use kept::Kept;
pub(super) use serve::Served;
