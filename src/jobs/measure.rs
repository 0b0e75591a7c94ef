//! What a clip costs on a tensor's values.

use super::values::{Seen, Values, Watch};
use crate::calibrate::{Measure, Measured};
use crate::quant::{Clip, Format};
use crate::session::Failure;

/// A clip that is to be measured on the values of a tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub tensor: usize,
    pub clip: Clip,
    pub format: Format,
}

/// Reads the tensors once more, in one sweep, and measures what each clip costs. `None` when it was cancelled.
pub(super) fn measure(values: &dyn Values, wanted: &[Wanted], watch: &Watch) -> Result<Option<Vec<Measured>>, Failure> {
    let mut measures: Vec<Measure> = wanted.iter().map(|w| Measure::new(w.clip, w.format)).collect();
    let mut tensors: Vec<usize> = wanted.iter().map(|w| w.tensor).collect();
    tensors.sort_unstable();
    tensors.dedup();
    let mut see = |at: usize, seen: Seen| {
        if let Seen::Values(values) = seen {
            let of = wanted.iter().zip(&mut measures).filter(|(w, _)| w.tensor == tensors[at]);
            of.for_each(|(_, measure)| measure.push(values));
        }
    };
    let whole = tensors.is_empty() || values.sweep(&tensors, watch, &mut see)?;
    Ok(whole.then(|| measures.into_iter().map(Measure::finish).collect()))
}
