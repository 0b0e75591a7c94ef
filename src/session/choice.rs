use crate::quant::{Clip, Format};

/// What is to happen to one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Id of the method that the clip came from, or last came from.
    pub method: String,
    /// The range that is kept. This one number is what the line on the screen, the report and the export show.
    pub clip: Clip,
    /// Whether a hand moved the clip away from the method's own value.
    pub edited: bool,
    /// Whether the layer is quantized at all; `false` leaves it in float.
    pub quantized: bool,
    /// The grid of integers that it goes to.
    pub format: Format,
    /// The axis along which each channel has a range of its own; `None` for one range per tensor. `clip` is then the
    /// one that the tensor as a whole would have.
    pub axis: Option<usize>,
    /// Index of the layer whose choice this is the image of, where the tensor shares its range with others.
    pub tie: Option<usize>,
}

impl Choice {
    /// A method's own value, untouched.
    pub fn of_method(method: &str, clip: Clip, format: Format) -> Choice {
        Choice { method: method.to_owned(), clip, edited: false, quantized: true, format, axis: None, tie: None }
    }

    /// The same choice with the clip moved by hand.
    pub fn with_clip(&self, clip: Clip) -> Choice {
        let edited = self.edited || clip != self.clip;
        Choice { clip, edited, ..self.clone() }
    }

    /// The same choice with the clip of another method, untouched.
    pub fn with_method(&self, method: &str, clip: Clip) -> Choice {
        Choice { method: method.to_owned(), clip, edited: false, ..self.clone() }
    }
}
