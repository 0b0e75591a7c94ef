use serde::{Deserialize, Serialize};

use super::Key;
use crate::quant::{Clip, Format};

/// What somebody wants for a tensor: a decision by name, as a document keeps it, to be taken up on other data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// The tensor.
    pub key: Key,
    /// Id of the method that gave the clip, or that a hand began from.
    pub method: String,
    /// The method that was asked for, where it had no answer and `method` stands in for it.
    pub instead_of: Option<String>,
    /// Whether a hand has moved the clip, or that of a channel.
    pub edited: bool,
    /// The channels whose clips a hand has moved, where that is known; empty where it is of all or of none.
    pub edited_channels: Vec<usize>,
    /// Whether it is quantized at all; `false` leaves it in float.
    pub quantized: bool,
    /// The format of numbers.
    pub format: Format,
    /// The axis along which each channel has a range of its own; `None` for one range per tensor.
    pub axis: Option<usize>,
    /// The range that is kept: one, or along `axis` one of each channel in order. Never empty.
    pub clips: Vec<Clip>,
    /// Each channel's method, where they differ; as long as `clips`.
    pub methods: Option<Vec<String>>,
    /// What a search judged the clip by, and how many dB better it was, where a search has found it.
    #[serde(default)]
    pub tuned: Option<(String, Option<f64>)>,
    /// The names of the other tensors, of the same kind, that share the range.
    pub tied_with: Vec<String>,
}
