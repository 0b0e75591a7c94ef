//! What is drawn of the selected layer: worked out once after a change, not once a frame.
//!
//! A drag moves the clip, not the scene, so that a frame of a drag costs drawing only.

use std::sync::Arc;

use crate::calibrate::{Fit, Metrics, START_BIN, Shape, Tensor};
use crate::histogram::Magnitude;
use crate::quant::{Clip, Format};
use crate::session::Ready;

use super::plot::{Axis, YScale, rebin_magnitude, rebin_signed};

/// An objective over all clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveKind {
    /// KL divergence in nats.
    Kl,
    /// Mean squared error with its two parts.
    Mse,
    /// Signal to quantization noise in dB.
    Sqnr,
}

impl CurveKind {
    /// The curve that a step of `by` leads to.
    pub fn step(self, by: i8) -> CurveKind {
        let all = [CurveKind::Kl, CurveKind::Mse, CurveKind::Sqnr];
        let at = all.iter().position(|k| *k == self).unwrap_or(0) as i8;
        all[(at + by).rem_euclid(3) as usize]
    }
}

/// The selected layer on its axis.
pub struct Scene {
    key: SceneKey,
    /// The layer with its curves.
    pub tensor: Arc<Tensor>,
    /// The axis that both plots share.
    pub axis: Axis,
    /// Values a column, exact zeros left out.
    pub counts: Vec<f64>,
    /// The vertical scale of the counts.
    pub counts_scale: YScale,
    /// The distribution that was asked for, where there is one.
    pub fit: Option<FitCurve>,
    /// The curve of the objective.
    pub curve: Curve,
    /// The methods' values on the axis: column, index of the candidate.
    pub marks: Vec<(u16, usize)>,
    /// Whether the finer bins are drawn.
    pub fine: bool,
}

/// A fitted distribution on the columns of the axis.
pub struct FitCurve {
    /// The distribution.
    pub fit: Fit,
    /// How far it is from the values: [`Fit::ks_distance`].
    pub distance: f64,
    /// How many values it expects in each column.
    pub counts: Vec<f64>,
}

/// An objective on the columns of the axis.
pub struct Curve {
    /// One entry a half column: the least and the largest value of the clips that it covers, and whether some of them
    /// are infinite. `None` where the objective is not defined.
    pub spans: Vec<Span>,
    /// The parts of the MSE, clipping and rounding, one value a half column; empty for other curves.
    pub parts: [Vec<f64>; 2],
    /// The vertical scale.
    pub scale: YScale,
    /// The best value of the whole curve and the clip that has it.
    pub best: Option<(f64, f64)>,
}

/// A stretch of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The least finite value; NaN where there is none.
    pub lo: f64,
    /// The largest finite value; NaN where there is none.
    pub hi: f64,
    /// The clip that has the best value of the span.
    pub best_clip: f64,
    /// Whether a clip of the span is infinitely bad.
    pub infinite: bool,
}

/// What the scene depends on. The clip does not belong here, but for an affine one.
#[derive(Clone, PartialEq)]
pub struct SceneKey {
    /// Index of the layer.
    pub layer: usize,
    /// Address of its histogram: another one means that it was read anew.
    pub histogram: usize,
    /// The axis.
    pub axis: Axis,
    /// Whether it shows signed values.
    pub signed: bool,
    /// The objective.
    pub curve: CurveKind,
    /// Whether counts stand on a log scale.
    pub log: bool,
    /// The distribution that is fitted.
    pub fit: Option<Shape>,
    /// Whether the finer bins are drawn.
    pub fine: bool,
    /// The grid of integers.
    pub format: Format,
    /// The range at hand where it is affine: the curve of one end depends on the other.
    pub range: Option<Clip>,
}

impl Scene {
    /// The scene of a layer: `fine` are its finer bins, drawn if the key says so.
    pub fn new(key: SceneKey, ready: &Ready, fine: Option<&Magnitude>, tensor: Arc<Tensor>) -> Scene {
        let magnitude = fine.filter(|_| key.fine).unwrap_or(&ready.histogram().magnitude);
        let counts = column_counts(magnitude, ready.stats().zeros, &key);
        // Where a column is narrower than a bin, a single value is shared out over several.
        let bin = f64::from(magnitude.amax) / magnitude.bins() as f64;
        let counts_scale = YScale::counts(&counts, key.log, key.axis.step() / bin);
        let fit = key.fit.and_then(|shape| fit_curve(shape, &tensor, &key));
        let curve = curve(&tensor, &key, ready);
        let marks = marks(ready, &key.axis);
        Scene { axis: key.axis, counts, counts_scale, fit, curve, marks, fine: key.fine, tensor, key }
    }

    /// What it was made from.
    pub fn key(&self) -> &SceneKey {
        &self.key
    }
}

fn column_counts(magnitude: &Magnitude, zeros: u64, key: &SceneKey) -> Vec<f64> {
    let as_f64 = |counts: &[u64]| counts.iter().map(|&c| c as f64).collect::<Vec<f64>>();
    let (mut pos, neg) = (as_f64(&magnitude.pos), as_f64(&magnitude.neg));
    // The spike at zero would flatten everything else; it is told in words.
    pos[0] -= zeros as f64;
    let top = f64::from(magnitude.amax);
    if key.signed {
        rebin_signed(&pos, &neg, top, &key.axis)
    } else {
        pos.iter_mut().zip(&neg).for_each(|(p, n)| *p += n);
        rebin_magnitude(&pos, top, &key.axis)
    }
}

fn fit_curve(shape: Shape, tensor: &Tensor, key: &SceneKey) -> Option<FitCurve> {
    let fit = Fit::of(tensor.histogram(), shape)?;
    let counts = (0..key.axis.columns).map(|column| match key.axis.span(column) {
        (a, b) if key.signed => fit.mass(a, b),
        // A magnitude axis shows both signs in one place.
        (a, b) => fit.mass(a, b) + fit.mass(-b, -a),
    });
    Some(FitCurve { fit, distance: fit.ks_distance(tensor.histogram()), counts: counts.collect() })
}

fn marks(ready: &Ready, axis: &Axis) -> Vec<(u16, usize)> {
    let thresholds = ready.candidates.iter().enumerate().filter_map(|(i, c)| Some((i, c.outcome.as_ref().ok()?)));
    thresholds
        .flat_map(|(i, t)| {
            let ends = if ready.format().symmetric() {
                [Some(t.clip.amax()), None]
            } else {
                [Some(t.clip.max()), Some(t.clip.min()).filter(|m| *m < 0.0)]
            };
            ends.into_iter().flatten().filter_map(move |x| Some((axis.column(f64::from(x))?, i)))
        })
        .collect()
}

fn curve(tensor: &Tensor, key: &SceneKey, ready: &Ready) -> Curve {
    match key.curve {
        CurveKind::Kl => kl_curve(tensor, &key.axis),
        CurveKind::Mse | CurveKind::Sqnr => error_curve(tensor, key, ready),
    }
}

const NOTHING: Span = Span { lo: f64::NAN, hi: f64::NAN, best_clip: f64::NAN, infinite: false };

/// Half columns of the axis as magnitudes, low end first; `None` outside of what can be a clip.
fn half_columns(axis: &Axis) -> impl Iterator<Item = (f64, f64)> {
    let step = axis.step() / 2.0;
    let lo = axis.lo;
    (0..usize::from(axis.columns) * 2).map(move |i| {
        let (a, b) = (lo + i as f64 * step, lo + (i + 1) as f64 * step);
        if a + b < 0.0 { (-b, -a) } else { (a, b) }
    })
}

/// Every candidate of the search is looked at: a half column shows the range of all the clips that it covers. Below the
/// first candidate there are hardly more bins than levels, and the divergence falls to nothing without meaning anything.
fn kl_curve(tensor: &Tensor, axis: &Axis) -> Curve {
    let (kl, edges) = (tensor.kl_curve(), tensor.edges());
    let top = f64::from(*edges.last().unwrap_or(&0.0));
    let bins = edges.len() - 1;
    let width = top / bins as f64;
    let start = START_BIN.min(bins);
    if tensor.kl(Clip::symmetric(edges[bins])).is_none() || width.is_nan() || width <= 0.0 {
        return Curve {
            spans: vec![NOTHING; usize::from(axis.columns) * 2],
            parts: Default::default(),
            scale: YScale::fit(std::iter::empty(), true),
            best: None,
        };
    }
    let spans: Vec<Span> = half_columns(axis)
        .map(|(a, b)| {
            let (first, last) = ((a / width).ceil().max(1.0) as usize, (b / width).floor() as usize);
            // Narrower than a bin: the nearest edge, as for any clip.
            let nearest = ((a + b) / 2.0 / width).round() as usize;
            let range = if first <= last { first.max(start)..=last } else { nearest.max(start)..=nearest };
            let mut span = NOTHING;
            for i in range {
                match kl.get(i).copied() {
                    Some(f64::INFINITY) => span.infinite = true,
                    Some(v) if v.is_finite() => {
                        if span.lo.is_nan() || v < span.lo {
                            (span.lo, span.best_clip) = (v, f64::from(edges[i]));
                        }
                        span.hi = span.hi.max(v);
                    }
                    _ => {}
                }
            }
            span
        })
        .collect();
    let best = kl
        .iter()
        .zip(edges)
        .skip(start)
        .filter(|(v, _)| v.is_finite())
        .min_by(|a, b| a.0.total_cmp(b.0))
        .map(|(v, e)| (*v, f64::from(*e)));
    let scale = YScale::fit(spans.iter().flat_map(|s| [s.lo, s.hi]), true);
    Curve { spans, parts: Default::default(), scale, best }
}

/// The displayed errors, worked out at the middle of every column; the half columns between are the means.
fn error_curve(tensor: &Tensor, key: &SceneKey, ready: &Ready) -> Curve {
    let axis = &key.axis;
    let format = tensor.format();
    let range = key.range.unwrap_or(Clip::symmetric(0.0));
    let at = |x: f64| {
        let clip = match (format.symmetric(), format.signed()) {
            (true, true) => Clip::symmetric(x as f32),
            (true, false) => Clip::unsigned(x as f32),
            // One end of an affine range moves, the other stays where it is.
            (false, _) if x < 0.0 => Clip::new(x as f32, range.max()),
            (false, _) => Clip::new(range.min(), x as f32),
        };
        tensor.metrics(clip)
    };
    let columns: Vec<_> = (0..axis.columns).map(|c| at(axis.centre(c))).collect();
    let value = |m: &Metrics| if key.curve == CurveKind::Mse { m.mse } else { m.sqnr_db };
    let halves = |f: &dyn Fn(&Metrics) -> f64| -> Vec<f64> {
        (0..columns.len() * 2)
            .map(|h| {
                let here = f(&columns[h / 2]);
                let beside = if h % 2 == 0 { (h / 2).checked_sub(1) } else { Some(h / 2 + 1) };
                let beside = beside.and_then(|c| columns.get(c)).map_or(here, f);
                0.75 * here + 0.25 * beside
            })
            .collect()
    };
    let spans: Vec<Span> = halves(&value)
        .into_iter()
        .enumerate()
        .map(|(h, v)| Span { lo: v, hi: v, best_clip: axis.centre(h as u16 / 2).abs(), infinite: false })
        .collect();
    let better = |a: f64, b: f64| if key.curve == CurveKind::Mse { a < b } else { a > b };
    // The best of the columns' middles, and of the methods' exact clips, which may lie between them.
    let sampled = columns.iter().enumerate().map(|(c, m)| (value(m), axis.centre(c as u16)));
    let thresholds = ready.candidates.iter().filter_map(|c| c.outcome.as_ref().ok()).filter(|_| format.symmetric());
    let exact = thresholds.map(|t| (value(&t.metrics), f64::from(t.clip.amax())));
    let exact = exact.filter(|(_, clip)| axis.column(*clip).is_some());
    let mut best: Option<(f64, f64)> = None;
    for (v, at) in sampled.chain(exact).filter(|(v, _)| v.is_finite()) {
        if best.is_none_or(|(b, _)| better(v, b)) {
            best = Some((v, at));
        }
    }
    let parts = if key.curve == CurveKind::Mse {
        [halves(&|m| m.clipping_error), halves(&|m| m.rounding_error)]
    } else {
        Default::default()
    };
    // Room for the smaller part below the sum, but not for a part that vanishes.
    let least = spans.iter().map(|s| s.lo).fold(f64::INFINITY, f64::min);
    let parts_shown = parts.iter().flatten().copied().filter(move |v| *v > least / 30.0);
    let scale = YScale::fit(spans.iter().map(|s| s.lo).chain(parts_shown), key.curve == CurveKind::Mse);
    Curve { spans, parts, scale, best }
}
