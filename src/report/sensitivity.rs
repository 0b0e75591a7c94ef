//! Which tensors a network's outputs are sensitive to, as text and as JSON.

use serde::Serialize;

use super::effect::Effect;
use super::number::{self, plain_decibels};
use super::one_word;
use super::table::{Column, table};
use crate::quant::OutputEffect;
use crate::session::{Layer, Sensitivity, Session};

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

/// The sensitivities as `qviz.sensitivity/1`: the effect on the outputs of everything that is chosen, of each tensor
/// alone, and of everything but it; the tensor that costs most alone first. A ratio that is infinite (no effect) is
/// `null`.
pub fn sensitivity_json(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &[Sensitivity],
) -> String {
    let entry = |s: &Sensitivity| {
        let op = layer_of(session, s).map_or_else(String::new, |layer| layer.op.clone());
        let (name, kind) = (s.key.name().to_owned(), s.key.kind().word());
        Entry { name, kind, op, alone: (&s.alone).into(), without: (&s.without).into() }
    };
    let document = Document {
        schema: "qviz.sensitivity/1",
        tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
        whole: whole.into(),
        check: check.map(Effect::from),
        tensors: Sensitivity::worst_first(each).into_iter().map(entry).collect(),
    };
    super::export::pretty(&document)
}

/// The same as a table, one word a column. `gain_db` is what the whole network gains when this tensor stays in float.
pub fn sensitivity(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &[Sensitivity],
) -> String {
    let method = |s: &Sensitivity| layer_of(session, s).and_then(Layer::decision).map(|d| d.method.clone());
    let op = |s: &Sensitivity| layer_of(session, s).map(|l| one_word(&l.op)).filter(|_| has_op(session, s));
    let dash = || "-".to_owned();
    let columns = [
        Column::left("layer", |s: &&Sensitivity| one_word(s.key.name())),
        Column::left("kind", |s: &&Sensitivity| s.key.kind().word().into()),
        Column::left("op", |s: &&Sensitivity| op(s).unwrap_or_else(dash)),
        Column::left("method", |s: &&Sensitivity| method(s).unwrap_or_else(dash)),
        Column::right("alone_db", |s: &&Sensitivity| plain_decibels(s.alone.sqnr_db.get())),
        Column::right("alone_cosine", |s: &&Sensitivity| format!("{:.6}", s.alone.cosine)),
        Column::right("without_db", |s: &&Sensitivity| plain_decibels(s.without.sqnr_db.get())),
        Column::right("gain_db", |s: &&Sensitivity| plain_decibels(s.without.sqnr_db.gain_over(whole.sqnr_db).get())),
    ];
    table(&columns, &Sensitivity::worst_first(each)) + &outputs(whole, check) + &cut(each)
}

/// That some tensors were judged on fewer samples than there were: memory did not hold them.
fn cut(each: &[Sensitivity]) -> String {
    let fewest = each.iter().filter(|s| s.alone.cut_from().or(s.without.cut_from()).is_some());
    let fewest = fewest.map(|s| if s.alone.samples < s.without.samples { s.alone } else { s.without });
    fewest.min_by_key(|effect| effect.samples).map_or(String::new(), |effect| {
        format!("# some tensors alone: {} only, as memory holds no more\n", samples(&effect))
    })
}

/// What everything that is chosen does to the outputs, a line each behind a `#`.
pub fn outputs(whole: &OutputEffect, check: Option<&OutputEffect>) -> String {
    let line = |name: &str, effect: &OutputEffect| {
        let top1 = effect.top1_agreement.map_or(String::new(), |t| format!(", top-1 {}", number::percent(t)));
        let (db, n) = (plain_decibels(effect.sqnr_db.get()), samples(effect));
        format!("# {name}: {db} dB, cosine {:.6}{top1}, {n}\n", effect.cosine)
    };
    let check = check.map_or(String::new(), |check| line("on the check samples", check));
    line("everything as chosen", whole) + &check
}

fn layer_of<'a>(session: &'a Session, of: &Sensitivity) -> Option<&'a Layer> {
    session.layer(&of.key)
}

fn has_op(session: &Session, of: &Sensitivity) -> bool {
    layer_of(session, of).is_some_and(|layer| !layer.op.is_empty())
}

/// The cut is said where there is one.
fn samples(effect: &OutputEffect) -> String {
    let of = effect.cut_from().map_or(String::new(), |of| format!(" of {of}"));
    format!("{}{of} samples", effect.samples)
}
