//! Which tensors a network's outputs are sensitive to, as text and as JSON.

use serde::Serialize;

use super::effect::{Effect, fraction, ratio};
use super::number;
use super::one_word;
use super::scales::Provenance;
use super::shape::shapes;
use super::table::{Column, table};
use crate::quant::{OutputEffect, OutputEffects};
use crate::session::{Layer, Sensitivity, Session};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a Provenance>,
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
    provenance: Option<&Provenance>,
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
        provenance,
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
    let gain = |s: &Sensitivity| Some(s.without.sqnr_db?.gain_over(whole.sqnr_db?));
    let columns = [
        Column::left("layer", |s: &&Sensitivity| one_word(s.key.name())),
        Column::left("kind", |s: &&Sensitivity| s.key.kind().word().into()),
        Column::left("op", |s: &&Sensitivity| op(s).unwrap_or_else(dash)),
        Column::left("method", |s: &&Sensitivity| method(s).unwrap_or_else(dash)),
        Column::right("alone_db", |s: &&Sensitivity| ratio(s.alone.sqnr_db)),
        Column::right("alone_cosine", |s: &&Sensitivity| fraction(s.alone.cosine)),
        Column::right("without_db", |s: &&Sensitivity| ratio(s.without.sqnr_db)),
        Column::right("gain_db", |s: &&Sensitivity| ratio(gain(s))),
    ];
    let of_agreement = [
        Column::right("alone_agreement", |s: &&Sensitivity| fraction(s.alone.agreement)),
        Column::right("without_agreement", |s: &&Sensitivity| fraction(s.without.agreement)),
    ];
    // Of outputs that are integers or booleans, where there are such.
    let has = whole.agreement.is_some() || each.iter().any(|s| s.alone.agreement.is_some());
    let columns: Vec<_> = columns.into_iter().chain(of_agreement.into_iter().filter(|_| has)).collect();
    table(&columns, &Sensitivity::worst_first(each)) + &outputs(&OutputEffects::from(*whole), check) + &cut(each)
}

/// That some tensors were judged on fewer samples than there were: memory did not hold them.
fn cut(each: &[Sensitivity]) -> String {
    let fewest = each.iter().filter(|s| s.alone.cut_from().or(s.without.cut_from()).is_some());
    let fewest = fewest.map(|s| if s.alone.samples < s.without.samples { s.alone } else { s.without });
    fewest.min_by_key(|effect| effect.samples).map_or(String::new(), |effect| {
        format!("# some tensors alone: {} only, as memory holds no more or it was ended early\n", samples(&effect))
    })
}

/// What everything that is chosen does to the outputs, a line each behind a `#`; to each of several, and how they lie.
pub fn outputs(effects: &OutputEffects, check: Option<&OutputEffect>) -> String {
    let (whole, each) = (&effects.all, effects.several());
    let line = |name: &str, effect: &OutputEffect| format!("# {name}: {}, {}\n", in_words(effect), samples(effect));
    let mut out = line("everything as chosen", whole);
    for (name, effect) in each {
        out += &format!("#   {}: {}\n", one_word(name), in_words(effect));
    }
    out += &shapes(&effects.shapes);
    out + &check.map_or(String::new(), |check| line("on the check samples", check))
}

/// `31.24 dB, cosine 0.999812`, `agreement 98.0 %`, or both; without either `- dB, cosine -`.
fn in_words(effect: &OutputEffect) -> String {
    let floats = format!("{} dB, cosine {}", ratio(effect.sqnr_db), fraction(effect.cosine));
    let floats = Some(floats).filter(|_| effect.sqnr_db.is_some() || effect.agreement.is_none());
    let agreement = effect.agreement.map(|share| format!("agreement {}", number::percent(share)));
    let top1 = effect.top1_agreement.map(|share| format!("top-1 {}", number::percent(share)));
    floats.into_iter().chain(agreement).chain(top1).collect::<Vec<_>>().join(", ")
}

fn layer_of<'a>(session: &'a Session, of: &Sensitivity) -> Option<&'a Layer> {
    session.layer(&of.key)
}

fn has_op(session: &Session, of: &Sensitivity) -> bool {
    layer_of(session, of).is_some_and(|layer| !layer.op.is_empty())
}

/// The cut is said where there is one.
fn samples(effect: &OutputEffect) -> String {
    match effect.cut_from() {
        Some(of) => format!("{} of {}", effect.samples, number::of(of as u64, "sample")),
        None => number::of(effect.samples as u64, "sample"),
    }
}
