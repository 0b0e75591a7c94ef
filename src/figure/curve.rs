use super::axis::Axis;
use super::handle::{Handle, moved};
use super::minima::{self, Crossing, Errors, Minimum, first_bin};
use super::spec::{CurveKind, FigureSpec};
use super::yscale::YScale;
use crate::calibrate::{Candidate, Metrics, Tensor, ZeroBin};
use crate::quant::Clip;

/// An objective on the columns of the axis.
pub struct Curve {
    /// One entry a half column: the least and the largest value of the clips that it covers, and whether some of them
    /// are infinite. NaN where the objective is not defined.
    pub spans: Vec<Span>,
    /// The parts of the MSE, clipping and rounding, one value a half column; empty for other curves.
    pub parts: [Vec<f64>; 2],
    /// The vertical scale that holds all of it.
    pub scale: YScale,
    /// The best value and the clip that has it, of all clips: the same on an axis of any width.
    pub best: Option<(f64, f64)>,
    /// The clips at which the objective is less than around them (for the SQNR: more), in the order of the axis: magnitudes
    /// where the range is symmetric, else the values of both ends.
    pub minima: Vec<Minimum>,
    /// Where clipping and rounding error are equal, one for each end that moves; for the MSE only.
    pub crossings: Vec<Crossing>,
    /// Of KL: the share of the clips that are infinitely bad.
    pub infinite: f64,
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

impl Curve {
    /// The objective that `spec` names, over the clips on its axis. The best value of an error's curve may be that of
    /// one of the `candidates`, which lie between the columns' middles.
    pub fn of(tensor: &Tensor, candidates: &[Candidate], spec: &FigureSpec) -> Curve {
        match spec.curve {
            CurveKind::Kl => kl_curve(tensor, &spec.axis, spec.zero_bin),
            CurveKind::Mse | CurveKind::Sqnr => error_curve(tensor, candidates, spec),
        }
    }
}

const NOTHING: Span = Span { lo: f64::NAN, hi: f64::NAN, best_clip: f64::NAN, infinite: false };

/// Half columns of the axis as magnitudes, low end first.
fn half_columns(axis: &Axis) -> impl Iterator<Item = (f64, f64)> {
    let step = axis.step() / 2.0;
    let lo = axis.lo;
    (0..usize::from(axis.columns) * 2).map(move |i| {
        let (a, b) = (lo + i as f64 * step, lo + (i + 1) as f64 * step);
        if a + b < 0.0 { (-b, -a) } else { (a, b) }
    })
}

/// Every candidate of the search is looked at: a half column shows the range of all the clips that it covers. Below the
/// first candidate there are hardly more bins than levels, and the divergence falls to nothing without meaning
/// anything. An affine range stands on it by its larger end, and both signs of the axis for the same magnitudes.
fn kl_curve(tensor: &Tensor, axis: &Axis, zero: ZeroBin) -> Curve {
    let (kl, edges) = (tensor.kl_curve_with(zero), tensor.edges());
    let top = f64::from(*edges.last().unwrap_or(&0.0));
    let bins = edges.len() - 1;
    let width = top / bins as f64;
    let start = first_bin(tensor).min(bins);
    if tensor.kl_of_magnitudes(edges[bins]).is_none() || width.is_nan() || width <= 0.0 {
        return Curve {
            spans: vec![NOTHING; usize::from(axis.columns) * 2],
            parts: Default::default(),
            scale: YScale::fit(std::iter::empty(), true),
            best: None,
            minima: Vec::new(),
            crossings: Vec::new(),
            infinite: 0.0,
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
    let infinite = kl[start..].iter().filter(|v| v.is_infinite()).count() as f64 / (kl.len() - start).max(1) as f64;
    let mut minima = minima::of_kl(tensor, zero);
    if !tensor.format().symmetric() {
        // Either end may be the larger one.
        let mirrored: Vec<Minimum> = minima.iter().rev().map(|m| Minimum { at: -m.at, ..*m }).collect();
        minima.splice(0..0, mirrored);
    }
    Curve { spans, parts: Default::default(), scale, best, minima, crossings: Vec::new(), infinite }
}

/// The displayed errors, worked out at the middle of every column; the half columns between are the means.
fn error_curve(tensor: &Tensor, candidates: &[Candidate], spec: &FigureSpec) -> Curve {
    let axis = &spec.axis;
    let format = tensor.format();
    let range = spec.range.unwrap_or(Clip::symmetric(0.0));
    // One end of an affine range moves, the other stays where it is.
    let end = |x: f64| if x < 0.0 { Handle::Min } else { Handle::Max };
    let at = |x: f64| tensor.metrics(moved(range, end(x), x as f32, format));
    let columns: Vec<_> = (0..axis.columns).map(|c| at(axis.centre(c))).collect();
    let value = |m: &Metrics| if spec.curve == CurveKind::Mse { m.mse } else { m.sqnr_db };
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
    let handles: &[Handle] = if format.symmetric() { &[Handle::Max] } else { &[Handle::Min, Handle::Max] };
    let errors: Vec<Errors> = handles.iter().filter_map(|handle| Errors::new(tensor, range, *handle)).collect();
    let minima: Vec<Minimum> = errors.iter().flat_map(|errors| errors.minima(candidates)).collect();
    let least = minima.iter().min_by(|a, b| a.value.total_cmp(&b.value));
    let best = least.map(|least| {
        let metrics = at(f64::from(least.at));
        (value(&metrics), f64::from(least.at))
    });
    let crossings = match spec.curve {
        CurveKind::Mse => errors.iter().filter_map(Errors::crossing).collect(),
        _ => Vec::new(),
    };
    let parts = if spec.curve == CurveKind::Mse {
        [halves(&|m| m.clipping_error), halves(&|m| m.rounding_error)]
    } else {
        Default::default()
    };
    // Room for the smaller part below the sum, but not for a part that vanishes.
    let least = spans.iter().map(|s| s.lo).fold(f64::INFINITY, f64::min);
    let parts_shown = parts.iter().flatten().copied().filter(move |v| *v > least / 30.0);
    let scale = YScale::fit(spans.iter().map(|s| s.lo).chain(parts_shown), spec.curve == CurveKind::Mse);
    Curve { spans, parts, scale, best, minima, crossings, infinite: 0.0 }
}
