//! Ranges that are known before any value is seen: an offer beside the methods'.

use crate::calibrate::{Candidate, NoThreshold, NoThresholdKind, Tensor, Threshold};

/// The id of the offer, and of the method in decisions that it chose for.
pub const KNOWN: &str = "known";

/// Why there is no such offer.
pub(super) const UNKNOWN: &str = "nothing says what its values can be";

/// How far values may lie beyond a range that holds, as a share of its larger end: brain floats round by four
/// thousandths.
const ROUNDING: f32 = 0.01;

/// A range that a tensor's values do not leave, whatever the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The least value that there can be; finite.
    pub min: f32,
    /// The largest; finite.
    pub max: f32,
    /// How that is known.
    pub reason: Reason,
}

/// How a range is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Somebody has said so, and means it whatever the values are.
    Given,
    /// What is fed is 0 to 1 before mean and standard deviation, or 0 to 255 in bytes, and nothing else has a part in it.
    Input,
    /// The operators that make it give nothing beyond.
    Graph,
}

impl Reason {
    /// Whether a range that is known so chooses unless a method is named.
    ///
    /// What operators can give at most is seldom what they give: measured, it is an offer and no more
    /// (`docs/performance.md`).
    pub fn chooses(self) -> bool {
        self != Reason::Graph
    }

    fn words(self) -> &'static str {
        match self {
            Reason::Given => "was given",
            Reason::Input => "follows from how the inputs are made",
            Reason::Graph => "follows from the operators that make it",
        }
    }
}

impl Known {
    /// The least range that holds both, known no more surely than either.
    pub fn around(self, other: Known) -> Known {
        Known { min: self.min.min(other.min), max: self.max.max(other.max), reason: self.reason.max(other.reason) }
    }

    /// That values lie beyond it, if some do: the end of a sentence.
    pub(super) fn contradicted(self, (min, max): (f32, f32)) -> Option<String> {
        let room = ROUNDING * self.max.abs().max(self.min.abs());
        let beyond = min < self.min - room || max > self.max + room;
        let (least, most, words) = (self.min, self.max, self.reason.words());
        beyond.then(|| format!("values from {min} to {max} leave the range {least} to {most}, which {words}"))
    }

    /// The offer for a tensor. What values contradict is none, unless somebody has said so.
    pub(super) fn candidate(self, tensor: &Tensor) -> Candidate {
        let stats = &tensor.histogram().stats;
        let contradicted = self.contradicted(stats.range()).filter(|_| self.reason != Reason::Given);
        let outcome = match contradicted {
            _ if stats.finite() == 0 => {
                Err(NoThreshold::new(NoThresholdKind::NoValues, "the tensor holds no finite value"))
            }
            Some(why) => Err(NoThreshold::new(NoThresholdKind::NotDefined, why)),
            None => {
                let note = format!("the range {} to {} {}", self.min, self.max, self.reason.words());
                let clip = tensor.format().clip_for(self.min, self.max);
                Ok(Threshold { note: Some(note), ..tensor.threshold(clip) })
            }
        };
        Candidate { id: KNOWN.into(), label: KNOWN.into(), outcome }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::histogram::Histogram;
    use crate::quant::{Clip, Format};

    fn offer(values: &[f32], known: Known, format: Format) -> Result<Clip, String> {
        let tensor = Tensor::new(Arc::new(Histogram::of(values, 64, &[])), format);
        known.candidate(&tensor).outcome.map(|t| t.clip).map_err(|why| why.to_string())
    }

    #[test]
    fn the_formats_own_rules_make_a_clip_of_it() {
        let known = Known { min: -2.12, max: 2.64, reason: Reason::Input };
        let affine = Format::INT8.with_symmetric(false);
        assert_eq!(offer(&[0.5, -1.0], known, Format::INT8), Ok(Clip::symmetric(2.64)));
        assert_eq!(offer(&[0.5, -1.0], known, affine), Ok(Clip::new(-2.12, 2.64)));
        assert_eq!(offer(&[2.6405], known, affine), Ok(Clip::new(-2.12, 2.64)), "rounding is no contradiction");
    }

    #[test]
    fn what_values_contradict_is_no_offer_unless_it_was_given() {
        let known = |reason| Known { min: 0.0, max: 1.0, reason };
        let why = offer(&[0.5, 255.0], known(Reason::Input), Format::INT8).unwrap_err();
        assert!(why.contains("0.5 to 255") && why.contains("0 to 1") && why.contains("inputs"), "{why}");
        assert!(offer(&[-0.1], known(Reason::Graph), Format::INT8).is_err());
        assert_eq!(offer(&[255.0], known(Reason::Given), Format::INT8), Ok(Clip::symmetric(1.0)));
    }

    #[test]
    fn together_they_are_known_no_more_surely_than_either() {
        let a = Known { min: -1.0, max: 0.5, reason: Reason::Given };
        let b = Known { min: 0.0, max: 2.0, reason: Reason::Graph };
        assert_eq!(a.around(b), Known { min: -1.0, max: 2.0, reason: Reason::Graph });
    }
}
