use std::sync::Arc;

use super::{Imported, Known};
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

impl Offers {
    /// Every method's answer, in the methods' order; behind them what files say of every tensor, so that an offer has
    /// the same place for each; then what is known, and what files say of this one alone.
    pub fn of(tensor: &Tensor, methods: &[Arc<dyn Calibrator>], known: Option<Known>, imported: &[Imported]) -> Offers {
        let format = tensor.format();
        let of_methods = methods.iter().map(|m| tensor.candidate(m.as_ref()));
        let of_files = |everywhere| {
            let offers = imported.iter().filter(move |offer| offer.everywhere == everywhere);
            offers.map(|offer| offer.candidate(tensor))
        };
        let known = known.map(|known| known.candidate(tensor));
        Offers {
            format,
            candidates: of_methods.chain(of_files(true)).chain(known).chain(of_files(false)).collect(),
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
