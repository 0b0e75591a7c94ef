//! A network on trial: what quantization does to its outputs, and the search for clips that do less.
//!
//! ```text
//! kept         what trials have in common: the float network's answers, the network with its weights
//! bench        a network with its params, compared with itself in float
//! hand         one tensor alone, while its clip is in somebody's hand
//! sensitivity  each tensor alone, and everything but it
//! by_method    each method for all activations
//! tune         the search: clips (what to try), uniform, alone and among (its rounds), standing (what is chosen by now)
//! serve        trials that were asked for, one after the other
//! ```

mod alone;
mod among;
mod bench;
mod by_method;
mod clips;
mod hand;
mod kept;
mod sensitivity;
mod serve;
mod standing;
mod tune;
mod uniform;

pub(super) use hand::InHand;
pub(super) use kept::Kept;
pub(super) use serve::Served;
