//! What a model's own quantizers say of a tensor: the first offer.

use super::{Decision, Imported};
use crate::quant::{Clip, Format};

/// The id of the offer, of the method in decisions that it chose for, and of the placement that is the file's own.
pub const IN_FILE: &str = "file";

/// The grid that a tensor is on in the file that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct InFile {
    /// The format of its numbers.
    pub format: Format,
    /// The axis along which each channel has a range of its own; `None` for one range per tensor.
    pub axis: Option<usize>,
    /// The range: one, or along `axis` one of each channel in order. Never empty.
    pub clips: Vec<Clip>,
}

impl InFile {
    /// The offer for a channel; for the tensor as a whole where none is said.
    pub(super) fn offer(&self, channel: Option<usize>) -> Option<Imported> {
        let clip = match channel {
            Some(channel) => *self.clips.get(channel)?,
            None => self.clips.iter().copied().reduce(Clip::around)?,
        };
        Some(Imported { id: IN_FILE.to_owned(), label: IN_FILE.to_owned(), clip })
    }

    /// What a range begins with where this chooses.
    pub(super) fn decision(&self, clip: Clip, quantized: bool) -> Decision {
        Decision::of_method(IN_FILE, clip, self.format).with_quantized(quantized)
    }
}
