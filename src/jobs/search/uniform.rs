//! Where a search of several layers begins.

use super::bench::Bench;
use super::standing::Standing;
use crate::calibrate::Tensor;
use crate::jobs::trial::{Tried, TuneLayer};
use crate::model::ModelError;
use crate::quant::{Decibels, Format};

/// Puts all layers on the one method and format that is best for the whole, if that is better than `sqnr` by now.
/// Returns the SQNR then; `None` when it was cancelled.
pub(super) fn uniform(
    search: &mut Standing,
    bench: &Bench,
    mut sqnr: Decibels,
) -> Result<Option<Decibels>, ModelError> {
    let bits = |format: Format, l: &TuneLayer| format.with_bits(l.present.format.num_bits());
    let affine = Format::INT8.with_signed(false).with_symmetric(false);
    let methods = search.layers.first().map_or(0, |l| l.methods.len());
    for (method, format) in (0..methods).flat_map(|m| [(m, Format::INT8), (m, affine)]) {
        if search.stopped() {
            break;
        }
        let answer = |l: &TuneLayer| {
            let format = bits(format, l);
            let tensor = Tensor::new(l.histogram.clone(), format);
            let candidate = tensor.candidate(l.methods[method].as_ref());
            candidate.outcome.map_or(l.present, |t| Tried { clip: t.clip, format })
        };
        let present: Vec<Tried> = search.layers.iter().map(answer).collect();
        let mut now = search.now.clone();
        for (tensors, tried) in search.tensors.iter().zip(&present) {
            tensors.iter().for_each(|&tensor| now[tensor] = Some(tried.params()));
        }
        let Some(output) = bench.whole(&now)? else { return Ok(None) };
        if output.quality() > sqnr {
            sqnr = output.quality();
            (search.present, search.now) = (present, now);
        }
    }
    Ok(Some(sqnr))
}
