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
    /// What a search has found, where it decided here last: see [`Decision::tuned`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

/// What a search for better outputs has found for a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What it judged by.
    pub by: String,
    /// How many dB better that is than before; `None` where that is no finite number.
    pub gain_db: Option<f64>,
    /// The clip that it has found.
    pub clip: Clip,
    /// On this format.
    pub format: Format,
    /// Whether it is quantized at all.
    pub quantized: bool,
}

impl Decision {
    /// A method's own value, untouched.
    pub fn of_method(method: &str, clip: Clip, format: Format) -> Decision {
        Decision {
            method: method.to_owned(),
            clip,
            edited: false,
            quantized: true,
            format,
            axis: None,
            tie: None,
            search: None,
        }
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

    /// The same decision as a search has found it.
    pub fn with_search(&self, found: Search) -> Decision {
        let decision = self.with_clip(found.clip).with_quantized(found.quantized);
        Decision { format: found.format, search: Some(found), ..decision }
    }

    /// What a search has found, where that is what is decided still.
    pub fn tuned(&self) -> Option<&Search> {
        let stands = |s: &&Search| (s.clip, s.format, s.quantized) == (self.clip, self.format, self.quantized);
        self.search.as_ref().filter(stands)
    }

    /// The same decision, quantized or left in float.
    pub fn with_quantized(&self, quantized: bool) -> Decision {
        Decision { quantized, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_search_has_found_is_tuned_until_something_else_is_decided() {
        let before = Decision::of_method("mse", Clip::symmetric(3.0), Format::INT8);
        let affine = Format::INT8.with_symmetric(false);
        let clip = Clip::new(-1.0, 2.0);
        let found = Search { by: "out".into(), gain_db: Some(1.5), clip, format: affine, quantized: true };
        let tuned = before.with_search(found.clone());
        assert_eq!((tuned.clip, tuned.format, tuned.edited, tuned.tuned()), (clip, affine, true, Some(&found)));
        assert!(before.tuned().is_none());
        for other in [
            tuned.with_clip(Clip::new(-1.0, 2.5)),
            tuned.with_method("max", Clip::new(-3.0, 3.0)),
            tuned.with_quantized(false),
            Decision { format: Format::INT8, ..tuned.clone() },
        ] {
            assert!(other.tuned().is_none(), "{other:?}");
        }
        let in_float = before.with_search(Search { quantized: false, ..found });
        assert!(!in_float.quantized && in_float.tuned().is_some());
    }
}
