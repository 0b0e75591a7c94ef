//! What a lesson sees of the screen.

use std::collections::HashSet;

use crate::calibrate::{Coverage, Tensor, mse_curve};
use crate::figure::CurveKind;
use crate::jobs::MethodEffect;
use crate::lessons::Seen;
use crate::lessons::qat::Way;
use crate::quant::{Clip, Format};
use crate::session::{Kind, Ready};

use super::learn::Best;
use super::model::Model;
use super::page::Page;
use super::training::Training;

/// The share of the values that most codes are counted for.
const MOST: f64 = 0.99;

/// The pages by the names that lessons have for them.
pub const PAGES: [(&str, Page); 11] = [
    ("curve", Page::Curve),
    ("mapping", Page::Mapping),
    ("divergence", Page::Divergence),
    ("coverage", Page::Coverage),
    ("compare", Page::Compare),
    ("methods", Page::Methods),
    ("changes", Page::Changes),
    ("notes", Page::Notes),
    ("work", Page::Work),
    ("layers", Page::Layers),
    ("outputs", Page::Outputs),
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
    if let Some(value) = model.traced() {
        seen.set("inspected", f64::from(value));
    }
    if let Some(layer) = model.selected() {
        seen.set("layer", layer.name());
    }
    if let Some(ready) = model.selected_ready() {
        of_range(&mut seen, ready);
        if let Some(figure) = model.figure() {
            codes(&mut seen, &figure.tensor, ready);
            window(&mut seen, &figure.tensor, model.plot.drops);
        }
        for candidate in ready.candidates() {
            if let Some(clip) = ready.own_clip(&candidate.id) {
                seen.offer(&candidate.id, f64::from(clip.amax()));
            }
        }
    }
    if let Some(learn) = &model.learn {
        seen.set("exported", learn.exported);
        if let Some(training) = &learn.training {
            of_training(&mut seen, training);
        }
        if let Some(best) = learn.best {
            seen.set("least", best.least);
            seen.set("least_at", best.least_at);
            seen.set("crossing", best.crossing);
        }
    }
    if model.plot.page == Page::Divergence
        && let Some(parts) = model.divergence()
    {
        let bin = &parts.bins[model.bin_of(&parts)];
        seen.set("bin_p", bin.p_count as f64);
        seen.set("bin_q", bin.q_count);
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

/// The rule of 99 %, so far as it was gone through.
fn window(seen: &mut Seen, tensor: &Tensor, drops: usize) {
    let Ok((_, trace)) = Coverage::trace(tensor) else { return };
    let drops = drops.min(trace.drops.len());
    let kept = trace.at(drops);
    let numbers = [
        ("drops", drops as f64),
        ("kept", kept.values as f64),
        ("window_left", kept.left as f64),
        ("window_right", kept.right as f64),
        ("window_low", f64::from(kept.low)),
        ("window_high", f64::from(kept.high)),
    ];
    numbers.into_iter().for_each(|(name, number)| seen.set(name, number));
}

fn of_training(seen: &mut Seen, training: &Training) {
    let named = [
        ("ptq", Way::PostTraining),
        ("longer", Way::Longer),
        ("frozen", Way::NoGradient),
        ("ste", Way::StraightThrough),
    ];
    let mut ended = Vec::new();
    for (name, way) in named {
        let (accuracy, runs) = training.accuracy(Some(way));
        seen.set(name, accuracy);
        ended.push(runs);
    }
    seen.set("float_accuracy", training.accuracy(None).0);
    seen.set("trained", ended.iter().filter(|runs| **runs > 0).count() as f64);
    seen.set("seeds", ended.iter().copied().min().unwrap_or(0) as f64);
    seen.set("training", training.running);
    if let Some(order) = &training.order {
        seen.set("rate", order.controls.rate);
    }
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
    let formats: HashSet<String> = quantized().map(|decision| decision.format.to_string()).collect();
    seen.set("formats", formats.len() as f64);
    let mut methods = quantized().map(|decision| if decision.edited { "" } else { decision.method.as_str() });
    let first = methods.next().unwrap_or("");
    seen.set("method_for_all", if methods.all(|method| method == first) { first } else { "" });
    let Some(network) = &model.network else { return };
    seen.set("measured", network.methods.measured() as f64);
    if let Some(best) = network.methods.best() {
        seen.set("best_method", best.method.as_str());
        seen.set("best_top1", best.judged().top1_agreement.unwrap_or(f64::NAN));
    }
    let quality = |effect: &MethodEffect| effect.judged().quality();
    let found = network.methods.found.iter().filter(|effect| !network.methods.is_old(effect));
    if let Some(worst) = found.min_by_key(|effect| quality(effect)) {
        seen.set("worst_method", worst.method.as_str());
        seen.set("worst_top1", worst.judged().top1_agreement.unwrap_or(f64::NAN));
        seen.set("worst_db", quality(worst).get());
        seen.set("best_db", network.methods.best().map_or(f64::NAN, |best| quality(best).get()));
    }
    // What is said of other decisions than those that stand is not known of these.
    let settled = network.whole_is_answered();
    seen.set("settled", settled);
    if let Some(answer) = network.whole.answer.as_ref().filter(|_| settled) {
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
