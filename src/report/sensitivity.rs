//! Which tensors a network's outputs are sensitive to, as text and as JSON.

use serde::Serialize;

use super::one_word;
use super::text::table;
use crate::quant::{Decibels, OutputEffect};
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

#[derive(Serialize)]
pub(super) struct Effect {
    sqnr_db: Option<f64>,
    cosine: Option<f64>,
    top1_agreement: Option<f64>,
    samples: usize,
    /// How many samples there were, where not all were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_samples: Option<usize>,
}

impl From<&OutputEffect> for Effect {
    fn from(effect: &OutputEffect) -> Effect {
        let finite = |x: f64| x.is_finite().then_some(x);
        Effect {
            sqnr_db: effect.sqnr_db.finite(),
            cosine: finite(effect.cosine),
            top1_agreement: effect.top1_agreement,
            samples: effect.samples,
            of_samples: effect.cut_from(),
        }
    }
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
    super::document::json(&document)
}

/// The same as a table, one word a column. `gain_db` is what the whole network gains when this tensor stays in float.
pub fn sensitivity(
    session: &Session,
    whole: &OutputEffect,
    check: Option<&OutputEffect>,
    each: &[Sensitivity],
) -> String {
    let header = ["layer", "kind", "op", "method", "alone_db", "alone_cosine", "without_db", "gain_db"];
    let mut rows = vec![header.map(String::from).to_vec()];
    for s in Sensitivity::worst_first(each) {
        let layer = layer_of(session, s);
        let op = layer.map_or("", |layer| layer.op.as_str());
        rows.push(vec![
            one_word(s.key.name()),
            s.key.kind().word().into(),
            if op.is_empty() { "-".into() } else { one_word(op) },
            layer.and_then(Layer::choice).map_or("-".into(), |c| c.method.clone()),
            db(s.alone.sqnr_db),
            format!("{:.6}", s.alone.cosine),
            db(s.without.sqnr_db),
            db(s.without.sqnr_db.gain_over(whole.sqnr_db)),
        ]);
    }
    table(&rows, |column| column < 4) + &outputs(whole, check) + &cut(each)
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
        let top1 = effect.top1_agreement.map_or(String::new(), |t| format!(", top-1 {}", super::number::percent(t)));
        let n = samples(effect);
        format!("# {name}: {} dB, cosine {:.6}{top1}, {n}\n", db(effect.sqnr_db), effect.cosine)
    };
    let check = check.map_or(String::new(), |check| line("on the check samples", check));
    line("everything as chosen", whole) + &check
}

fn layer_of<'a>(session: &'a Session, of: &Sensitivity) -> Option<&'a Layer> {
    session.layers.get(session.position(&of.key)?)
}

/// The cut is said where there is one.
fn samples(effect: &OutputEffect) -> String {
    let of = effect.cut_from().map_or(String::new(), |of| format!(" of {of}"));
    format!("{}{of} samples", effect.samples)
}

fn db(x: Decibels) -> String {
    let x = x.get();
    if x.is_finite() { format!("{x:.2}") } else { super::number::decibels(x).replace('∞', "inf").replace('–', "-") }
}
