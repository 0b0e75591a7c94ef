//! Which clips a search tries on a layer.

use std::cmp::Reverse;

use crate::calibrate::Tensor;
use crate::histogram::Stats;
use crate::jobs::trial::{Tried, TuneLayer};
use crate::quant::{Clip, Decibels, Format};

/// Clips of the ladder: each is `2^(-1/4)` of the one before.
const RUNGS: i32 = 20;

/// Clips that are tried because their own error is least.
const QUIETEST: usize = 9;

/// Halvings of the largest magnitude that are tried whatever their own error is.
const COARSE: i32 = 5;

/// Clips by their own error that are kept for each format, besides those of the methods.
const BEST: usize = 5;

/// What to try on a layer: in its own format, and with the same number of bits unsigned where nothing is negative, and
/// affine, the methods' clips and the best by their own error of a ladder from the largest magnitude down. Of
/// these the quietest, and then a coarse ladder of each format, the quietest clips first.
pub(super) fn tries(layer: &TuneLayer) -> Vec<Tried> {
    let (own, stats) = (layer.present.format, &layer.histogram.stats);
    let one_sided = stats.min.is_none_or(|min| min >= 0.0);
    let mut formats = vec![own, own.with_signed(true).with_symmetric(true)];
    if one_sided {
        formats.push(own.with_signed(false).with_symmetric(true));
    }
    formats.push(own.with_signed(false).with_symmetric(false));
    let mut found: Vec<(Decibels, Tried)> = Vec::new();
    for (i, &format) in formats.iter().enumerate() {
        if formats[..i].contains(&format) {
            continue;
        }
        let tensor = Tensor::new(layer.histogram.clone(), format);
        let methods = layer.methods.iter().filter_map(|m| tensor.candidate(m.as_ref()).outcome.ok());
        found.extend(methods.map(|t| (Decibels::new(t.metrics.sqnr_db), Tried { clip: t.clip, format })));
        let mut ladder: Vec<(Decibels, Tried)> = (0..RUNGS)
            .map(|k| clip_at(stats, format, (-f64::from(k) / 4.0).exp2()))
            .map(|clip| (Decibels::new(tensor.metrics(clip).sqnr_db), Tried { clip, format }))
            .collect();
        ladder.sort_by_key(|(own, _)| Reverse(*own));
        found.extend(ladder.into_iter().take(BEST));
    }
    found.sort_by_key(|(own, _)| Reverse(*own));
    found.truncate(QUIETEST);
    // What follows may cut the values anyway (a Clip, a HardSigmoid): then a clip is good that is bad by itself.
    let rungs = (1..=COARSE).flat_map(|k| formats.iter().map(move |&format| (k, format)));
    let coarse = rungs.map(|(k, format)| Tried { clip: clip_at(stats, format, (-f64::from(k)).exp2()), format });
    found.extend(coarse.map(|tried| (Decibels::new(f64::NAN), tried)));
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

/// The range at a share of the largest magnitude, cut to the values' own range on an affine params.
fn clip_at(stats: &Stats, format: Format, share: f64) -> Clip {
    format.clip_at((f64::from(stats.amax()) * share) as f32, stats.range())
}

/// Whether two are the same but for 1 % of the range.
fn near(a: Tried, b: Tried) -> bool {
    let by = 0.01 * a.clip.amax();
    a.format == b.format && (a.clip.min() - b.clip.min()).abs() <= by && (a.clip.max() - b.clip.max()).abs() <= by
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate::{Calibrator, Max};
    use crate::histogram::Histogram;
    use crate::session::Key;

    fn layer(values: &[f32]) -> TuneLayer {
        let histogram = Arc::new(Histogram::of(values, 512, &[]));
        let present = Tried { clip: Clip::symmetric(histogram.stats.amax()), format: Format::INT8 };
        let max: Arc<dyn Calibrator> = Arc::new(Max);
        TuneLayer { key: Key::activation("x"), present, histogram, methods: vec![max], tied: Vec::new() }
    }

    #[test]
    fn unsigned_integers_are_tried_where_nothing_is_negative() {
        let formats = |values: &[f32]| {
            let tried = tries(&layer(values));
            let unsigned = |t: &Tried| !t.format.signed() && t.format.symmetric();
            let affine = |t: &Tried| !t.format.symmetric();
            (tried.iter().any(unsigned), tried.iter().any(affine))
        };
        let wave: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.37).sin() * (1 + i % 7) as f32).collect();
        assert_eq!(formats(&wave), (false, true));
        assert_eq!(formats(&wave.iter().map(|x| x.abs()).collect::<Vec<_>>()), (true, true));
    }

    #[test]
    fn no_clip_is_tried_twice_and_each_is_within_the_values() {
        let wave: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.37).sin() * (1 + i % 7) as f32).collect();
        let layer = layer(&wave);
        let tried = tries(&layer);
        for (i, a) in tried.iter().enumerate() {
            assert!(tried[..i].iter().all(|b| !near(*b, *a)), "{a:?}");
            assert!(a.clip.amax() <= layer.histogram.stats.amax() && a.clip.amax() > 0.0, "{a:?}");
        }
        // The coarse ladder is there, down to a thirty-second.
        let least = tried.iter().map(|t| t.clip.amax()).fold(f32::INFINITY, f32::min);
        assert!((least * 32.0 - layer.histogram.stats.amax()).abs() < 1e-3, "{least}");
    }
}
