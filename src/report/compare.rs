//! Every method beside every other.

use serde::Serialize;

use super::scales::{CandidateScales, FileError, Provenance, candidates, in_order, parts};
use super::table::{Column, table};
use super::why::{best, why};
use super::{number, one_word};
use crate::calibrate::Threshold;
use crate::session::{KNOWN, Kind, Layer, Session};

/// The ids and labels of all offers beside which others are put: the methods', behind them those of files that are laid
/// over the tensors, and what is known, where that is something for some layer. Each has its place for all layers.
pub fn offers(session: &Session) -> Vec<(&str, &str)> {
    let methods = session.methods().iter().map(|method| (method.id(), method.label()));
    let of_files = session.overlays().iter().map(|overlay| (overlay.id.as_str(), overlay.label.as_str()));
    methods.chain(of_files).chain(session.knows().then_some((KNOWN, KNOWN))).collect()
}

/// One row a layer; for each method its amax, scale and SQNR; the method of the best SQNR; and in a phrase why the
/// methods differ. One word a column but for the last.
pub fn compare(session: &Session) -> String {
    let mut columns = vec![Column::left("layer", |layer: &&Layer| one_word(layer.name()))];
    for (id, _) in offers(session) {
        let of = |what: &str, word: fn(&Threshold) -> String| {
            let cell = move |layer: &&Layer| {
                let candidate = layer.ready().and_then(|r| r.candidate(id));
                candidate.and_then(|c| c.outcome.as_ref().ok()).map_or("-".into(), word)
            };
            Column::right(format!("{id}:{what}"), cell)
        };
        columns.push(of("amax", |t| number::shortest(t.clip.amax())));
        columns.push(of("scale", |t| number::shortest(t.params.scale())));
        columns.push(of("sqnr_db", |t| number::plain(number::decibels(t.metrics.sqnr_db))));
    }
    columns.push(Column::left("best", |layer: &&Layer| {
        let best = layer.ready().and_then(|r| Some(&r.candidates()[best(r)?]));
        best.map_or("-".into(), |c| c.id.clone())
    }));
    columns.push(Column::left("why", |layer: &&Layer| {
        layer.failure().map_or_else(|| layer.ready().map_or(String::new(), why), super::visible)
    }));
    let rows: Vec<&Layer> = session.layers().iter().collect();
    table(&columns, &rows)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<&'a Provenance>,
    methods: Vec<Method<'a>>,
    layers: Vec<Compared<'a>>,
    errors: Vec<FileError>,
}

#[derive(Serialize)]
struct Method<'a> {
    id: &'a str,
    label: &'a str,
}

#[derive(Serialize)]
struct Compared<'a> {
    name: &'a str,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<usize>,
    chosen: &'a str,
    quantized: bool,
    best: Option<&'a str>,
    why: String,
    #[serde(with = "in_order")]
    candidates: Vec<(String, CandidateScales)>,
}

impl<'a> Compared<'a> {
    fn of(layer: &'a Layer) -> Option<Compared<'a>> {
        let ready = layer.ready()?;
        Some(Compared {
            name: layer.name(),
            kind: layer.kind(),
            axis: ready.axis(),
            chosen: &ready.decision().method,
            quantized: ready.decision().quantized,
            best: best(ready).map(|at| ready.candidates()[at].id.as_str()),
            why: why(ready),
            candidates: candidates(ready, &parts(layer, ready)),
        })
    }
}

/// The same as `qviz.compare/1`: of each layer that was read every method's answer as the exported document has it, which
/// one is best by SQNR, which one is chosen, and the phrase.
pub fn compare_json(session: &Session, provenance: Option<&Provenance>) -> String {
    let error = |(file, message): (&str, &str)| FileError { file: file.into(), message: message.into() };
    super::export::pretty(&Document {
        schema: "qviz.compare/1",
        tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
        provenance,
        methods: offers(session).into_iter().map(|(id, label)| Method { id, label }).collect(),
        layers: session.layers().iter().filter_map(Compared::of).collect(),
        errors: session.failures().map(error).collect(),
    })
}
