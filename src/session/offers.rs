use std::sync::Arc;

use super::Known;
use crate::calibrate::{self, Calibrator, Candidate, Tensor, Warning};
use crate::quant::{Clip, Format};

/// What is on offer for one range on one format: the clips that methods or files propose, the range that is known, and
/// what to know before trusting a number.
#[derive(Clone)]
pub(super) struct Offers {
    pub format: Format,
    pub candidates: Vec<Candidate>,
    pub warnings: Vec<Warning>,
}

/// A clip that a file proposes, beside the methods': another tool's, or an earlier export's.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Where it comes from: the id of the candidate, such as `scales.json`.
    pub id: String,
    /// Its name on an axis mark, at most 6 columns wide.
    pub label: String,
    /// The range that it proposes.
    pub clip: Clip,
}

impl Imported {
    fn candidate(&self, tensor: &Tensor) -> Candidate {
        let clip = tensor.format().clip_for(self.clip.min(), self.clip.max());
        Candidate { id: self.id.clone(), label: self.label.clone(), outcome: Ok(tensor.threshold(clip)) }
    }
}

impl Offers {
    /// Every method's answer, in the methods' order, behind them what is known, and behind that what files propose.
    pub fn of(tensor: &Tensor, methods: &[Arc<dyn Calibrator>], known: Option<Known>, imported: &[Imported]) -> Offers {
        let format = tensor.format();
        let of_methods = methods.iter().map(|m| tensor.candidate(m.as_ref()));
        let of_files = imported.iter().map(|offer| offer.candidate(tensor));
        Offers {
            format,
            candidates: of_methods.chain(known.map(|known| known.candidate(tensor))).chain(of_files).collect(),
            warnings: calibrate::warnings(tensor.histogram(), format),
        }
    }

    /// The same with a file's offer too, in place of one of its id: no method is asked anew.
    pub fn import(&mut self, tensor: &Tensor, offer: &Imported) {
        self.candidates.retain(|known| known.id != offer.id);
        self.candidates.push(offer.candidate(tensor));
    }

    /// The answer of that id.
    pub fn candidate(&self, id: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|c| c.id == id)
    }

    /// Its clip, where it has one.
    pub fn clip(&self, id: &str) -> Option<Clip> {
        self.candidate(id)?.outcome.as_ref().ok().map(|t| t.clip)
    }
}
