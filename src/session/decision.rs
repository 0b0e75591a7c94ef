use serde::{Deserialize, Serialize};

use super::Key;
use crate::quant::{Clip, Format};

/// What is to happen to one range: that of a tensor, of a channel, or of tensors that share one.
///
/// A decision is plain and can be written down; what follows from it (scale, zero point, cost) is worked out from the
/// counts and never kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Id of the method that the clip came from, or last came from.
    pub method: String,
    /// The range that is kept. This one number is what the line on the screen, the report and the export show.
    pub clip: Clip,
    /// Whether a hand moved the clip away from the method's own value.
    pub edited: bool,
    /// Whether it is quantized at all; `false` leaves it in float.
    pub quantized: bool,
    /// The format of numbers that it goes to.
    pub format: Format,
    /// The axis along which each channel has a range of its own; `None` for one range per tensor. `clip` is then the
    /// one that the tensor as a whole would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub axis: Option<usize>,
    /// All tensors that share this range, itself among them, where it does not decide for itself alone: this decision is
    /// then the image of theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie: Option<Vec<Key>>,
}

impl Decision {
    /// A method's own value, untouched.
    pub fn of_method(method: &str, clip: Clip, format: Format) -> Decision {
        Decision { method: method.to_owned(), clip, edited: false, quantized: true, format, axis: None, tie: None }
    }

    /// The same decision with the clip moved by hand.
    pub fn with_clip(&self, clip: Clip) -> Decision {
        let edited = self.edited || clip != self.clip;
        Decision { clip, edited, ..self.clone() }
    }

    /// The same decision with the clip of another method, untouched.
    pub fn with_method(&self, method: &str, clip: Clip) -> Decision {
        Decision { method: method.to_owned(), clip, edited: false, ..self.clone() }
    }

    /// The same decision, quantized or left in float.
    pub fn with_quantized(&self, quantized: bool) -> Decision {
        Decision { quantized, ..self.clone() }
    }
}
