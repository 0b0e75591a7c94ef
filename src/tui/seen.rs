//! What a lesson sees of the screen.

use crate::calibrate::{Tensor, mse_curve};
use crate::figure::CurveKind;
use crate::lessons::Seen;
use crate::quant::{Clip, Format};
use crate::session::{Kind, Ready};

use super::learn::Best;
use super::model::Model;
use super::page::Page;

/// The share of the values that most codes are counted for.
const MOST: f64 = 0.99;

/// The pages by the names that lessons have for them.
pub const PAGES: [(&str, Page); 5] = [
    ("curve", Page::Curve),
    ("mapping", Page::Mapping),
    ("compare", Page::Compare),
    ("methods", Page::Methods),
    ("changes", Page::Changes),
];

/// The curves by the names that lessons have for them.
pub const CURVES: [(&str, CurveKind); 3] = [("kl", CurveKind::Kl), ("mse", CurveKind::Mse), ("sqnr", CurveKind::Sqnr)];

/// What can be seen now.
pub fn seen(model: &Model) -> Seen {
    let mut seen = Seen::default();
    let page = PAGES.iter().find(|(_, page)| *page == model.plot.page).map_or("", |(name, _)| *name);
    let curve = CURVES.iter().find(|(_, curve)| *curve == model.plot.curve).map_or("", |(name, _)| *name);
    seen.set("page", page);
    seen.set("curve", curve);
    seen.set("layers", model.session.layers().len() as f64);
    if let Some(inspect) = model.plot.inspect {
        seen.set("inspected", inspect);
    }
    if let Some(layer) = model.selected() {
        seen.set("layer", layer.name());
    }
    if let Some(ready) = model.selected_ready() {
        of_range(&mut seen, ready);
        if let Some(figure) = model.figure() {
            codes(&mut seen, &figure.tensor, ready);
        }
    }
    if let Some(learn) = &model.learn {
        seen.set("exported", learn.exported);
        if let Some(best) = learn.best {
            seen.set("least", best.least);
            seen.set("least_at", best.least_at);
            seen.set("crossing", best.crossing);
        }
    }
    of_network(&mut seen, model);
    seen
}

fn of_range(seen: &mut Seen, ready: &Ready) {
    let (decision, params, metrics, stats) = (ready.decision(), ready.params(), ready.metrics(), ready.stats());
    let format = ready.format();
    seen.set("method", decision.method.as_str());
    seen.set("by_hand", decision.edited);
    seen.set("quantized", decision.quantized);
    seen.set("format", format.to_string().as_str());
    seen.set("affine", !format.symmetric());
    seen.set("axis", ready.axis().map_or(-1.0, |axis| axis as f64));
    let clip = ready.clip();
    let numbers = [
        ("clip", f64::from(clip.amax())),
        ("clip_min", f64::from(clip.min())),
        ("clip_max", f64::from(clip.max())),
        ("scale", f64::from(params.scale())),
        ("amax", f64::from(stats.amax())),
        ("count", stats.finite() as f64),
        ("mse", metrics.mse),
        ("clipping", metrics.clipping_error),
        ("rounding", metrics.rounding_error),
        ("sqnr", metrics.sqnr_db),
        ("kl", metrics.kl.unwrap_or(f64::NAN)),
        ("saturated", metrics.saturated),
        ("saturated_count", metrics.saturated_count.round()),
    ];
    numbers.into_iter().for_each(|(name, number)| seen.set(name, number));
    if let Format::Int(scheme) = format {
        seen.set("bits", f64::from(scheme.num_bits()));
        seen.set("zero_point", f64::from(params.zero_point()));
        seen.set("qmin", f64::from(params.qmin()));
        seen.set("qmax", f64::from(params.qmax()));
        seen.set("codes", f64::from(params.qmax() - params.qmin() + 1));
    }
}

/// How many codes hold anything, and how few hold most of it.
fn codes(seen: &mut Seen, tensor: &Tensor, ready: &Ready) {
    if ready.axis().is_some() || ready.stats().finite() == 0 {
        return;
    }
    let levels = tensor.level_masses(ready.params());
    let zeros = ready.stats().zeros as f64;
    // Exact zeros stand apart from the levels' masses.
    let mut masses: Vec<f64> =
        levels.iter().map(|level| level.mass + if level.value == 0.0 { zeros } else { 0.0 }).collect();
    if zeros > 0.0 && levels.iter().all(|level| level.value != 0.0) {
        masses.push(zeros);
    }
    seen.set("codes_used", masses.len() as f64);
    masses.sort_by(|a, b| b.total_cmp(a));
    let wanted = MOST * ready.stats().finite() as f64;
    let mut held = 0.0;
    let full = masses.iter().take_while(|mass| {
        let more = held < wanted;
        held += **mass;
        more
    });
    let full = full.count();
    seen.set("codes_of_99", full as f64);
}

fn of_network(seen: &mut Seen, model: &Model) {
    let activations = || model.session.layers().iter().filter(|layer| layer.kind() == Kind::Activation);
    let quantized = || activations().filter_map(|layer| layer.decision()).filter(|decision| decision.quantized);
    seen.set("layers_quantized", quantized().count() as f64);
    if let Some(placement) = model.session.placement() {
        seen.set("placement", placement);
        let all = model.session.layers().iter();
        let left = all.filter(|layer| {
            layer.places.under(placement).is_none() && layer.decision().is_some_and(|decision| !decision.quantized)
        });
        seen.set("in_float", left.count() as f64);
    }
    let mut methods = quantized().map(|decision| if decision.edited { "" } else { decision.method.as_str() });
    let first = methods.next().unwrap_or("");
    seen.set("method_for_all", if methods.all(|method| method == first) { first } else { "" });
    let Some(network) = &model.network else { return };
    seen.set("measured", network.methods.measured() as f64);
    if let Some(best) = network.methods.best() {
        seen.set("best_method", best.method.as_str());
        seen.set("best_top1", best.judged().top1_agreement.unwrap_or(f64::NAN));
    }
    seen.set("settled", network.whole_is_answered());
    if let Some(answer) = &network.whole.answer {
        if let Ok(effect) = &answer.result {
            seen.set("top1", effect.top1_agreement.unwrap_or(f64::NAN));
            seen.set("out_db", effect.sqnr_db.map_or(f64::NAN, |db| db.get()));
        }
        if let Some(check) = &answer.check {
            seen.set("check_top1", check.top1_agreement.unwrap_or(f64::NAN));
        }
    }
}

/// The least error of any clip, to a bin's edge, and where clipping and rounding error are equal: the curve of the
/// search over the centres of the bins says about where, the errors themselves say exactly.
pub fn best(tensor: &Tensor, of: (usize, Format)) -> Option<Best> {
    let curve = mse_curve(tensor);
    let edges = tensor.edges();
    let totals = (0..curve.centres.len()).map(|i| curve.total(i));
    let (at, _) = totals.enumerate().filter(|(_, total)| total.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (first, last) = (at.saturating_sub(NEAR).max(1), (at + NEAR).min(edges.len() - 1));
    let mse = |edge: f32| tensor.metrics(of.1.clip_at(edge, tensor.histogram().stats.range())).mse;
    let (least_at, least) =
        edges[first..=last].iter().map(|edge| (f64::from(*edge), mse(*edge))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    // From the right: the first clip that cuts off as much as it rounds.
    let crossing = (0..curve.centres.len()).rev().find(|i| curve.clipping[*i] >= curve.rounding[*i]);
    let crossing = crossing.map_or(f64::NAN, |i| f64::from(curve.centres[i]));
    Some(Best { of, least, least_at, crossing })
}

/// So many bins beside the least of the search's curve are looked at.
const NEAR: usize = 24;

/// A clip of this magnitude.
pub fn clip_of(ready: &Ready, amax: f32) -> Clip {
    ready.format().clip_at(amax, ready.stats().range())
}
