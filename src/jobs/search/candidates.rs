//! Which clips a search tries on a layer.

use crate::calibrate::Tensor;
use crate::jobs::how::Allow;
use crate::jobs::tuning::{Tried, TuneLayer};
use crate::quant::{Clip, Format};

/// Clips of the ladder of each format, from the whole range down to [`LEAST`] of it.
const RUNGS: i32 = 16;
const LEAST: f64 = 0.2;

/// Halvings below: what follows may cut the values anyway (a Clip, a HardSigmoid), and then a clip is good that is bad by
/// itself.
const HALVINGS: i32 = 3;

/// How far samples may stay within a range that values surely take, as a share of it, and still show all of it.
const SHORT: f32 = 0.02;

/// What to try on a layer: what is chosen for it, which is the first; in its own format, and in those that are allowed,
/// what methods and files propose and a ladder of clips down to a fifth of the range and, in large steps, below.
pub(super) fn candidates(layer: &TuneLayer, allow: Allow) -> Vec<Tried> {
    let mut tries = vec![layer.present];
    let mut add = |tried: Tried| {
        let tried = reaching(layer, tried);
        let is_new = tried.clip.amax() > 0.0 && !tries.iter().any(|t| near(*t, tried));
        if is_new {
            tries.push(tried);
        }
    };
    let stats = &layer.histogram.stats;
    for format in formats(layer, allow) {
        let tensor = Tensor::new(layer.histogram.clone(), format);
        let methods = layer.methods.iter().filter_map(|m| tensor.candidate(m.as_ref()).outcome.ok());
        methods.for_each(|t| add(Tried { clip: t.clip, format }));
        layer.proposed.iter().for_each(|c| add(Tried { clip: format.clip_for(c.min(), c.max()), format }));
        let ladder = (0..RUNGS).map(|rung| LEAST.powf(f64::from(rung) / f64::from(RUNGS - 1)));
        for share in ladder.chain((1..=HALVINGS).map(|k| LEAST * (-f64::from(k)).exp2())) {
            let clip = format.clip_at((f64::from(stats.amax()) * share) as f32, stats.range());
            add(Tried { clip, format });
        }
    }
    tries
}

/// The same, but no narrower than what values surely take on a side where the samples stop short of that: there a narrower
/// clip looks free and is not.
fn reaching(layer: &TuneLayer, tried: Tried) -> Tried {
    let Some(surely) = layer.surely else { return tried };
    let (min, max) = layer.histogram.stats.range();
    let (clip, room) = (tried.clip, SHORT * (surely.max() - surely.min()));
    let low = if min > surely.min() + room { clip.min().min(surely.min()) } else { clip.min() };
    let high = if max < surely.max() - room { clip.max().max(surely.max()) } else { clip.max() };
    if (low, high) == (clip.min(), clip.max()) {
        return tried;
    }
    Tried { clip: tried.format.clip_for(low, high), ..tried }
}

/// The formats that may be searched: a layer's own, and on integers a zero point, or no sign, where that is allowed.
fn formats(layer: &TuneLayer, allow: Allow) -> Vec<Format> {
    let own = layer.present.format;
    let mut formats = vec![own];
    if matches!(own, Format::Int(_)) {
        let one_sided = layer.histogram.stats.min.is_none_or(|min| min >= 0.0);
        formats.extend((allow.unsigned && one_sided).then(|| own.with_signed(false)));
        formats.extend(allow.affine.then(|| own.with_symmetric(false)));
    }
    formats.dedup();
    formats
}

/// A layer in 16 bits: over what is known of its range, or twice what was seen, which unseen values then do not leave,
/// whichever is narrower.
pub(super) fn sixteen_bits(layer: &TuneLayer) -> Tried {
    let format = layer.present.format.with_bits(16);
    let (min, max) = layer.histogram.stats.range();
    let seen = format.clip_for(2.0 * min, 2.0 * max);
    let mut known = layer.proposed.iter().map(|known| format.clip_for(known.min(), known.max()));
    let known = known.find(|known| known.amax() <= seen.amax());
    Tried { clip: known.unwrap_or(seen), format }
}

/// The clips between one of the ladder and its neighbours: at a tensor whose values lie on a lattice, as pixels do, a
/// hundredth decides how the two lattices meet.
pub(super) fn between(layer: &TuneLayer, tried: Tried) -> Vec<Tried> {
    const STEPS: i32 = 8;
    let rung = LEAST.powf(1.0 / f64::from(RUNGS - 1));
    let steps = (1 - STEPS..STEPS).filter(|step| *step != 0);
    others(layer, tried, steps.map(|step| rung.powf(f64::from(step) / f64::from(STEPS)) as f32))
}

/// Wider and narrower clips beside one that is good.
pub(super) fn beside(layer: &TuneLayer, tried: Tried, by: f32) -> Vec<Tried> {
    others(layer, tried, [1.0 - by, 1.0 + by].into_iter())
}

/// The clip with these shares of its range, as far as they may be tried and are others.
fn others(layer: &TuneLayer, tried: Tried, shares: impl Iterator<Item = f32>) -> Vec<Tried> {
    let mut others: Vec<Tried> = shares.map(|share| reaching(layer, scaled(tried, share))).collect();
    others.dedup();
    others.retain(|other| *other != tried);
    others
}

fn scaled(tried: Tried, share: f32) -> Tried {
    Tried { clip: Clip::new(tried.clip.min() * share, tried.clip.max() * share), ..tried }
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
    use crate::quant::Fp8;
    use crate::session::Key;

    fn layer(values: &[f32], format: Format) -> TuneLayer {
        let histogram = Arc::new(Histogram::of(values, 512, &[]));
        let (min, max) = histogram.stats.range();
        let present = Tried { clip: format.clip_for(min, max), format };
        let max: Arc<dyn Calibrator> = Arc::new(Max);
        TuneLayer {
            key: Key::activation("x"),
            present,
            histogram,
            methods: vec![max],
            proposed: vec![],
            surely: None,
            tied: vec![],
        }
    }

    fn wave() -> Vec<f32> {
        (0..4000).map(|i| (i as f32 * 0.37).sin() * (1 + i % 7) as f32).collect()
    }

    fn tried(values: &[f32], format: Format, allow: &str) -> Vec<String> {
        let tried = candidates(&layer(values, format), allow.parse().unwrap());
        let mut formats: Vec<String> = tried.iter().map(|t| t.format.to_string()).collect();
        formats.sort();
        formats.dedup();
        formats
    }

    #[test]
    fn the_grid_that_was_asked_for_is_kept_unless_it_is_widened() {
        let relu: Vec<f32> = wave().iter().map(|x| x.abs()).collect();
        for format in [Format::INT8, Format::INT8.with_symmetric(false), Format::Fp8(Fp8::E4m3)] {
            assert_eq!(tried(&relu, format, ""), [format.to_string()]);
        }
        assert_eq!(tried(&wave(), Format::INT8, "unsigned"), ["int8 symmetric"], "there are negative values");
        assert_eq!(tried(&relu, Format::INT8, "unsigned"), ["int8 symmetric", "uint8 symmetric"]);
        assert_eq!(tried(&wave(), Format::INT8, "affine,16bit,float"), ["int8 affine", "int8 symmetric"]);
        assert_eq!(tried(&relu, Format::Fp8(Fp8::E4m3), "affine,unsigned"), ["fp8 e4m3"]);
    }

    #[test]
    fn no_clip_is_tried_twice_and_each_is_within_the_values() {
        let layer = layer(&wave(), Format::INT8);
        let tried = candidates(&layer, Allow::default());
        for (i, a) in tried.iter().enumerate() {
            assert!(tried[..i].iter().all(|b| !near(*b, *a)), "{a:?}");
            assert!(a.clip.amax() <= layer.histogram.stats.amax() && a.clip.amax() > 0.0, "{a:?}");
        }
        assert_eq!((tried[0], tried.len()), (layer.present, 19));
        let least = tried.iter().map(|t| t.clip.amax()).fold(f32::INFINITY, f32::min);
        assert!((least * 40.0 - layer.histogram.stats.amax()).abs() < 1e-3, "{least}");
    }

    #[test]
    fn what_is_known_of_a_range_is_tried_in_each_format() {
        let known = Clip::new(-2.0, 9.0);
        let layer = TuneLayer { proposed: vec![known], ..layer(&wave(), Format::INT8) };
        let tried = candidates(&layer, "affine".parse().unwrap());
        assert!(tried.contains(&Tried { clip: known, format: Format::INT8.with_symmetric(false) }));
        assert!(tried.contains(&Tried { clip: Clip::symmetric(9.0), format: Format::INT8 }));
        assert_eq!(sixteen_bits(&layer).clip, Clip::symmetric(9.0));
    }

    #[test]
    fn no_clip_cuts_what_values_surely_take_where_samples_stop_short_of_it() {
        let (min, max) = layer(&wave(), Format::INT8).histogram.stats.range();
        for affine in [false, true] {
            let format = Format::INT8.with_symmetric(!affine);
            let of = |surely| TuneLayer { surely: Some(surely), ..layer(&wave(), format) };
            let all = |layer: &TuneLayer| {
                let mut all = candidates(layer, Allow::default());
                all.extend(between(layer, all[1]));
                all.extend(beside(layer, all[1], 0.06));
                // What is chosen already is the user's.
                all.split_off(1)
            };
            // Beyond what was seen above, not below: there, samples say what a cut costs.
            let above = all(&of(Clip::new(min, 2.0 * max)));
            assert!(above.iter().all(|t| t.clip.max() >= 2.0 * max), "{above:?}");
            assert_eq!(above.iter().any(|t| t.clip.min() > 0.9 * min), affine, "{above:?}");
            // Seen as a whole, within a hundredth.
            let whole = all(&of(Clip::new(1.01 * min, 1.01 * max)));
            assert_eq!(whole.len(), all(&layer(&wave(), format)).len());
            // On neither side: one clip is left, the range itself.
            let both = Clip::new(2.0 * min, 2.0 * max);
            assert!(all(&of(both)).iter().all(|t| t.clip.min() <= both.min() && t.clip.max() >= both.max()));
        }
    }
}
