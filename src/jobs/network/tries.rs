//! Which clips a search tries on a layer.

use crate::calibrate::Tensor;
use crate::histogram::Stats;
use crate::jobs::{Tried, TuneLayer};
use crate::quant::{Clip, Format};

/// Clips of the ladder: each is `2^(-1/4)` of the one before.
const RUNGS: i32 = 20;

/// Clips that are tried because their own error is least.
const QUIETEST: usize = 9;

/// Halvings of the largest magnitude that are tried whatever their own error is.
const COARSE: i32 = 5;

/// Clips by their own error that are kept for each format, besides those of the methods.
const BEST: usize = 5;

/// What to try on a layer: on its own grid, and with the same number of bits unsigned where nothing is negative, and
/// affine, the methods' clips and the best by their own error of a ladder from the largest magnitude down. Of
/// these the quietest, and then a coarse ladder of each grid, the quietest clips first.
pub(super) fn tries(layer: &TuneLayer) -> Vec<Tried> {
    let (own, stats) = (layer.present.format, &layer.histogram.stats);
    let one_sided = stats.min.is_none_or(|min| min >= 0.0);
    let mut formats = vec![own];
    // Who wants FP8 wants no integers.
    if let Format::Int(scheme) = own {
        formats.push(scheme.with_signed(true).with_symmetric(true).into());
        if one_sided {
            formats.push(scheme.with_signed(false).with_symmetric(true).into());
        }
        formats.push(scheme.with_signed(false).with_symmetric(false).into());
    }
    let mut found: Vec<(f64, Tried)> = Vec::new();
    for (i, &format) in formats.iter().enumerate() {
        if formats[..i].contains(&format) {
            continue;
        }
        let tensor = Tensor::new(layer.histogram.clone(), format);
        let methods = layer.methods.iter().filter_map(|m| tensor.candidate(m.as_ref()).outcome.ok());
        found.extend(methods.map(|t| (t.metrics.sqnr_db, Tried { clip: t.clip, format })));
        let mut ladder: Vec<(f64, Tried)> = (0..RUNGS)
            .map(|k| clip_at(stats, format, (-f64::from(k) / 4.0).exp2()))
            .map(|clip| (tensor.metrics(clip).sqnr_db, Tried { clip, format }))
            .collect();
        ladder.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.extend(ladder.into_iter().take(BEST));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(QUIETEST);
    // What follows may cut the values anyway (a Clip, a HardSigmoid): then a clip is good that is bad by itself.
    let rungs = (1..=COARSE).flat_map(|k| formats.iter().map(move |&format| (k, format)));
    let coarse = rungs.map(|(k, format)| Tried { clip: clip_at(stats, format, (-f64::from(k)).exp2()), format });
    found.extend(coarse.map(|tried| (f64::NAN, tried)));
    let mut tries: Vec<Tried> = Vec::new();
    for (_, tried) in found {
        if !tries.iter().any(|t| near(*t, tried)) {
            tries.push(tried);
        }
    }
    tries
}

/// Wider and narrower clips beside one that is good.
pub(super) fn beside(tried: Tried, by: f32) -> [Tried; 2] {
    [scaled(tried, 1.0 - by), scaled(tried, 1.0 + by)]
}

/// The same with both ends at `share` of where they are.
pub(super) fn scaled(tried: Tried, share: f32) -> Tried {
    Tried { clip: Clip::new(tried.clip.min() * share, tried.clip.max() * share), ..tried }
}

/// The range at a share of the largest magnitude, cut to the values' own range on an affine grid.
fn clip_at(stats: &Stats, format: Format, share: f64) -> Clip {
    format.clip_at((f64::from(stats.amax()) * share) as f32, stats.range())
}

/// Whether two are the same but for 1 % of the range.
fn near(a: Tried, b: Tried) -> bool {
    let by = 0.01 * a.clip.amax();
    a.format == b.format && (a.clip.min() - b.clip.min()).abs() <= by && (a.clip.max() - b.clip.max()).abs() <= by
}
