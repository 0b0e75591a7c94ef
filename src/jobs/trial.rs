//! What is asked of a network on trial, and what comes of it: plain numbers, whoever runs it.

use std::time::Duration;

use crate::calibrate::Tensor;
use crate::input::InputError;
use crate::quant::{Clip, OutputEffect, QuantParams, Scheme};
use crate::session::{Ready, Sensitivity};

/// The grids of all tensors: of activations one or none (float), of weights none, one, or one for each channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grids {
    /// By layer, as [`Session::grids`](crate::session::Session::grids) gives them.
    pub layers: Vec<Vec<QuantParams>>,
}

/// A clip on a grid of integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The range that is kept.
    pub clip: Clip,
    /// The integers.
    pub scheme: Scheme,
}

impl Tried {
    /// `scale` and `zero_point`.
    pub fn params(self) -> QuantParams {
        QuantParams::from_clip(self.clip, self.scheme)
    }
}

/// What is wished of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// One layer on these grids, everything else in float.
    Alone {
        /// Index of the layer.
        layer: usize,
        /// One grid, or one for each channel.
        grids: Vec<QuantParams>,
    },
    /// Everything as it is chosen.
    Whole(Grids),
    /// Each layer alone, and everything but it.
    Sensitivity(Grids),
    /// A search for better clips.
    Tune(Tune),
}

/// What is to be searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Tune {
    /// What is chosen now.
    pub grids: Grids,
    /// The layers to search clips for.
    pub layers: Vec<TuneLayer>,
    /// How often to go over all of them.
    pub rounds: usize,
}

/// A layer that is to be tuned.
#[derive(Clone, Debug, PartialEq)]
pub struct TuneLayer {
    /// The activation.
    pub layer: usize,
    /// What is chosen for it.
    pub present: Tried,
    /// What to try instead; see [`tries`].
    pub tries: Vec<Tried>,
    /// Activations that share its grid.
    pub tied: Vec<usize>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum News {
    /// Of one layer alone.
    Alone {
        /// Index of the layer.
        layer: usize,
        /// The grids that were tried.
        grids: Vec<QuantParams>,
        /// What they do.
        result: Result<OutputEffect, InputError>,
        /// How long that took.
        took: Duration,
    },
    /// Of everything together.
    Whole {
        /// What was tried.
        grids: Grids,
        /// What it does.
        result: Result<OutputEffect, InputError>,
        /// What it does on the samples that nothing was chosen by, if there are any.
        check: Option<OutputEffect>,
        /// How long that took.
        took: Duration,
    },
    /// Of one more layer.
    Sensitivity(Sensitivity, Left),
    /// Every layer was told, or it was stopped.
    SensitivityEnd(Result<(), InputError>),
    /// One more layer was decided on.
    Step(TuneStep, Left),
    /// The search ended; `None` when it was stopped before it could be judged.
    Tuned(Result<Tuned, InputError>),
}

/// What a long trial still has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Steps to come.
    pub steps: usize,
    /// The time they will take, once that can be known.
    pub time: Option<Duration>,
}

/// One decision of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneStep {
    /// Index of the layer.
    pub layer: usize,
    /// What is best for it while all others are as they are.
    pub chosen: Tried,
    /// The network's output SQNR before, on the samples that are searched on, in dB.
    pub before: f64,
    /// And after.
    pub after: f64,
}

/// What the search is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuned {
    /// The outputs before, on the samples that were searched on.
    pub before: OutputEffect,
    /// And after.
    pub after: OutputEffect,
    /// Before and after on samples that the search has not seen; `None` where there are too few to keep some aside.
    pub unseen: Option<(OutputEffect, OutputEffect)>,
    /// Before and after on the samples that were given to check on, if there are any.
    pub check: Option<(OutputEffect, OutputEffect)>,
}

/// Clips of the ladder: each is `2^(-1/4)` of the one before.
const RUNGS: i32 = 20;

/// Clips by their own error that are kept for each scheme, besides those of the methods.
const BEST: usize = 5;

/// What to try on a layer: on its own grid, and with the same number of bits unsigned where nothing is negative, and
/// affine, the methods' clips and the best by their own error of a ladder from the largest magnitude down. Those that
/// lose more than 12 dB against the best are left out: no network likes them.
pub fn tries(ready: &Ready) -> Vec<Tried> {
    let own = ready.scheme();
    let one_sided = ready.stats().min.is_none_or(|min| min >= 0.0);
    let mut schemes = vec![own, Scheme { signed: true, symmetric: true, ..own }];
    if one_sided {
        schemes.push(Scheme { signed: false, symmetric: true, ..own });
    }
    schemes.push(Scheme { signed: false, symmetric: false, ..own });
    let mut found: Vec<(f64, Tried)> = Vec::new();
    for (i, &scheme) in schemes.iter().enumerate() {
        if schemes[..i].contains(&scheme) {
            continue;
        }
        let tensor = Tensor::new(ready.histogram().clone(), scheme);
        let methods = ready.methods().iter().filter_map(|m| tensor.candidate(m.as_ref()).outcome.ok());
        found.extend(methods.map(|t| (t.metrics.sqnr_db, Tried { clip: t.clip, scheme })));
        let mut ladder: Vec<(f64, Tried)> = (0..RUNGS)
            .map(|k| clip_at(ready, scheme, (-f64::from(k) / 4.0).exp2()))
            .map(|clip| (tensor.metrics(clip).sqnr_db, Tried { clip, scheme }))
            .collect();
        ladder.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.extend(ladder.into_iter().take(BEST));
    }
    let best = found.iter().map(|(sqnr, _)| *sqnr).filter(|s| s.is_finite()).fold(f64::NEG_INFINITY, f64::max);
    found.retain(|(sqnr, _)| !(*sqnr < best - 12.0));
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
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
    let scaled = |f: f32| Tried { clip: Clip::new(tried.clip.min * f, tried.clip.max * f), ..tried };
    [scaled(1.0 - by), scaled(1.0 + by)]
}

/// The range at a share of the largest magnitude, cut to the values' own range on an affine grid.
fn clip_at(ready: &Ready, scheme: Scheme, share: f64) -> Clip {
    let stats = ready.stats();
    let t = (f64::from(stats.amax()) * share) as f32;
    match (scheme.symmetric, scheme.signed) {
        (true, true) => Clip::symmetric(t),
        (true, false) => Clip::unsigned(t),
        (false, _) => Clip::new(stats.min.unwrap_or(0.0).max(-t), stats.max.unwrap_or(0.0).min(t)),
    }
}

/// Whether two are the same but for 1 % of the range.
fn near(a: Tried, b: Tried) -> bool {
    let by = 0.01 * a.clip.amax();
    a.scheme == b.scheme && (a.clip.min - b.clip.min).abs() <= by && (a.clip.max - b.clip.max).abs() <= by
}
