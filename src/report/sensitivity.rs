//! Which tensors a network's outputs are sensitive to, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::effect::Effect;
use super::number::{self, plain_decibels};
use super::one_word;
use super::table::{Column, table};
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
        let layer = &session.layers()[s.layer];
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
    super::export::pretty(&document)
}

/// The same as a table, one word a column. `gain_db` is what the whole network gains when this tensor stays in float.
pub fn sensitivity(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &BTreeMap<usize, Sensitivity>,
) -> String {
    let layer = |s: &&Sensitivity| &session.layers()[s.layer];
    let columns = [
        Column::left("layer", |s: &&Sensitivity| one_word(layer(s).name())),
        Column::left("kind", |s: &&Sensitivity| layer(s).kind().word().into()),
        Column::left("op", |s: &&Sensitivity| if layer(s).op.is_empty() { "-".into() } else { one_word(&layer(s).op) }),
        Column::left("method", |s: &&Sensitivity| layer(s).decision().map_or("-".into(), |c| c.method.clone())),
        Column::right("alone_db", |s: &&Sensitivity| plain_decibels(s.alone.sqnr_db)),
        Column::right("alone_cosine", |s: &&Sensitivity| format!("{:.6}", s.alone.cosine)),
        Column::right("without_db", |s: &&Sensitivity| plain_decibels(s.without.sqnr_db)),
        Column::right("gain_db", |s: &&Sensitivity| plain_decibels(s.without.sqnr_db - whole.sqnr_db)),
    ];
    table(&columns, &worst_first(each)) + &outputs(whole, check)
}

/// What everything that is chosen does to the outputs, a line each behind a `#`.
pub fn outputs(whole: &OutputEffect, check: Option<&OutputEffect>) -> String {
    let line = |name: &str, effect: &OutputEffect| {
        let top1 = effect.top1_agreement.map_or(String::new(), |t| format!(", top-1 {}", number::percent(t)));
        let n = effect.samples;
        format!("# {name}: {} dB, cosine {:.6}{top1}, {n} samples\n", plain_decibels(effect.sqnr_db), effect.cosine)
    };
    let check = check.map_or(String::new(), |check| line("on the check samples", check));
    line("everything as chosen", whole) + &check
}
