//! Which tensors a network's outputs are sensitive to, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::one_word;
use super::text::table;
use crate::quant::OutputEffect;
use crate::session::{Sensitivity, Session};

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    tool: &'static str,
    whole: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Effect>,
    tensors: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    kind: &'static str,
    op: String,
    alone: Effect,
    without: Effect,
}

#[derive(Serialize)]
pub(super) struct Effect {
    sqnr_db: Option<f64>,
    cosine: Option<f64>,
    top1_agreement: Option<f64>,
    samples: usize,
}

impl From<&OutputEffect> for Effect {
    fn from(effect: &OutputEffect) -> Effect {
        let finite = |x: f64| x.is_finite().then_some(x);
        Effect {
            sqnr_db: finite(effect.sqnr_db),
            cosine: finite(effect.cosine),
            top1_agreement: effect.top1_agreement,
            samples: effect.samples,
        }
    }
}

/// The layers, the one that costs most alone first.
fn worst_first(each: &BTreeMap<usize, Sensitivity>) -> Vec<&Sensitivity> {
    let mut all: Vec<&Sensitivity> = each.values().collect();
    all.sort_by(|a, b| a.alone.sqnr_db.total_cmp(&b.alone.sqnr_db));
    all
}

/// The sensitivities as `qviz.sensitivity/1`: the effect on the outputs of everything that is chosen, of each tensor
/// alone, and of everything but it; the tensor that costs most alone first. A ratio that is infinite (no effect) is
/// `null`.
pub fn sensitivity_json(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &BTreeMap<usize, Sensitivity>,
) -> String {
    let entry = |s: &Sensitivity| {
        let layer = &session.layers[s.layer];
        let (name, op) = (layer.name().to_owned(), layer.op.clone());
        Entry { name, kind: layer.kind().word(), op, alone: (&s.alone).into(), without: (&s.without).into() }
    };
    let document = Document {
        schema: "qviz.sensitivity/1",
        tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
        whole: whole.into(),
        check: check.map(Effect::from),
        tensors: worst_first(each).into_iter().map(entry).collect(),
    };
    super::document::json(&document)
}

/// The same as a table, one word a column. `gain_db` is what the whole network gains when this tensor stays in float.
pub fn sensitivity(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &BTreeMap<usize, Sensitivity>,
) -> String {
    let header = ["layer", "kind", "op", "method", "alone_db", "alone_cosine", "without_db", "gain_db"];
    let mut rows = vec![header.map(String::from).to_vec()];
    for s in worst_first(each) {
        let layer = &session.layers[s.layer];
        rows.push(vec![
            one_word(layer.name()),
            layer.kind().word().into(),
            if layer.op.is_empty() { "-".into() } else { one_word(&layer.op) },
            layer.choice().map_or("-".into(), |c| c.method.clone()),
            db(s.alone.sqnr_db),
            format!("{:.6}", s.alone.cosine),
            db(s.without.sqnr_db),
            db(s.without.sqnr_db - whole.sqnr_db),
        ]);
    }
    table(&rows, |column| column < 4) + &outputs(whole, check)
}

/// What everything that is chosen does to the outputs, a line each behind a `#`.
pub fn outputs(whole: &OutputEffect, check: Option<&OutputEffect>) -> String {
    let line = |name: &str, effect: &OutputEffect| {
        let top1 = effect.top1_agreement.map_or(String::new(), |t| format!(", top-1 {}", super::number::percent(t)));
        let n = effect.samples;
        format!("# {name}: {} dB, cosine {:.6}{top1}, {n} samples\n", db(effect.sqnr_db), effect.cosine)
    };
    let check = check.map_or(String::new(), |check| line("on the check samples", check));
    line("everything as chosen", whole) + &check
}

fn db(x: f64) -> String {
    if x.is_finite() { format!("{x:.2}") } else { super::number::decibels(x).replace('∞', "inf").replace('–', "-") }
}
