//! A network on trial: what quantization does to its outputs, and the search for clips that do less.
//!
//! ```text
//! bench        a network with its params, compared with itself in float
//! hand         one tensor alone, while its clip is in somebody's hand
//! sensitivity  each tensor alone, and everything but it
//! tune         the search: clips (what to try), uniform, alone and among (its rounds), standing (what is chosen by now)
//! serve        trials that were asked for, one after the other
//! ```

mod alone;
mod among;
mod bench;
mod clips;
mod hand;
mod sensitivity;
mod serve;
mod standing;
mod tune;
mod uniform;

pub(super) use hand::InHand;
pub(super) use serve::Served;
