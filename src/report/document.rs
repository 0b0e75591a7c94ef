use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::sensitivity::Effect;
use crate::calibrate::Metrics;
use crate::histogram::Stats;
use crate::quant::{Clip, Format, OutputEffect, QuantParams};
use crate::session::{Layer, Ready, Session};

/// The exported document, `qviz.scales/1`.
///
/// Deterministic: the same input gives the same bytes. Values that are f32 by nature print as the shortest f32, others
/// as the shortest f64; what is infinite, undefined or absent is `null`.
#[derive(Serialize)]
pub struct Document {
    schema: &'static str,
    tool: &'static str,
    /// What everything that is chosen does to a network's outputs, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Outputs>,
    tensors: Vec<TensorEntry>,
    errors: Vec<ErrorEntry>,
}

#[derive(Serialize)]
struct Outputs {
    whole: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Effect>,
}

impl Document {
    /// The same with what everything that is chosen does to the network's outputs, on its samples and on those to check
    /// on.
    pub fn with_outputs(mut self, effects: Option<(&OutputEffect, Option<&OutputEffect>)>) -> Document {
        self.outputs = effects.map(|(all, check)| Outputs { whole: all.into(), check: check.map(Effect::from) });
        self
    }
}

#[derive(Serialize)]
struct TensorEntry {
    name: String,
    kind: &'static str,
    files: Vec<String>,
    shape: Vec<u64>,
    dtype: String,
    /// The axis that the arrays below go along, where each channel has a range of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<usize>,
    stats: StatsEntry,
    candidates: Candidates,
    chosen: ChosenEntry,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct StatsEntry {
    count: u64,
    nan: u64,
    pos_inf: u64,
    neg_inf: u64,
    zeros: u64,
    min: Option<f32>,
    max: Option<f32>,
    mean: Option<f64>,
    std: Option<f64>,
}

/// Serialized as a map in the methods' order.
struct Candidates(Vec<(String, CandidateEntry)>);

#[derive(Serialize)]
struct CandidateEntry {
    #[serde(flatten)]
    range: RangeEntry,
    #[serde(flatten)]
    errors: MetricsEntry,
    note: Option<String>,
}

#[derive(Serialize)]
struct ChosenEntry {
    method: String,
    /// Each channel's, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<String>>,
    edited: bool,
    /// The other tensors that this range is shared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    tied_with: Option<Vec<String>>,
    quantized: bool,
    num_bits: u8,
    signed: bool,
    symmetric: bool,
    /// Where it is not integers: the element type's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(flatten)]
    range: RangeEntry,
    #[serde(flatten)]
    errors: MetricsEntry,
    /// The same on the values themselves, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<MeasuredEntry>,
}

#[derive(Serialize)]
struct MeasuredEntry {
    mse: Option<f64>,
    clipping_error: Option<f64>,
    rounding_error: Option<f64>,
    sqnr_db: Option<f64>,
    saturated: Option<f64>,
    saturated_count: u64,
}

/// A number of the tensor, or one of each channel in order.
#[derive(Serialize)]
#[serde(untagged)]
enum Per<T> {
    Tensor(T),
    Channel(Vec<T>),
}

#[derive(Serialize)]
struct RangeEntry {
    clip_min: Per<Option<f32>>,
    clip_max: Per<Option<f32>>,
    amax: Per<Option<f32>>,
    scale: Per<Option<f32>>,
    zero_point: Per<Option<i32>>,
    qmin: i32,
    qmax: i32,
}

#[derive(Serialize)]
struct MetricsEntry {
    kl: Per<Option<f64>>,
    mse: Per<Option<f64>>,
    clipping_error: Per<Option<f64>>,
    rounding_error: Per<Option<f64>>,
    sqnr_db: Per<Option<f64>>,
    saturated: Per<Option<f64>>,
}

#[derive(Serialize)]
struct ErrorEntry {
    file: String,
    message: String,
}

/// The document of a session as it stands now. What cannot be read stands in `errors`; layers that are still being
/// read are left out.
pub fn document(session: &Session) -> Document {
    let tensors = session.top_level().filter_map(|(at, l)| Some(tensor(l, l.ready()?, parts(session, at)))).collect();
    let errors = session.failures().map(|(file, message)| ErrorEntry { file: file.into(), message: message.into() });
    Document {
        schema: "qviz.scales/1",
        tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
        outputs: None,
        tensors,
        errors: errors.collect(),
    }
}

/// The document as indented JSON with a final newline. Characters that would act on a terminal are escaped, so that
/// the document can be shown as it is.
pub fn to_json(document: &Document) -> String {
    json(document)
}

pub(super) fn json(document: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(document).expect("the document holds nothing that JSON cannot");
    // serde_json escapes the C0 controls; DEL, C1 and the direction marks can stand only inside strings, where the
    // escape means the same.
    let mut out = String::with_capacity(json.len() + 1);
    for c in json.chars() {
        if c != '\n' && super::visible::acts(c) {
            out.push_str(&format!("\\u{:04x}", c as u32));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// What has a range of its own: the tensor, or each channel that stands in its place.
fn parts(session: &Session, layer: usize) -> Per<&Ready> {
    let channels: Vec<&Ready> = session.channels(layer).filter_map(|c| session.layers[c].ready()).collect();
    match session.layers[layer].ready() {
        Some(ready) if channels.is_empty() => Per::Tensor(ready),
        _ => Per::Channel(channels),
    }
}

impl<T> Per<T> {
    fn map<U>(&self, f: impl Fn(&T) -> U) -> Per<U> {
        match self {
            Per::Tensor(one) => Per::Tensor(f(one)),
            Per::Channel(each) => Per::Channel(each.iter().map(f).collect()),
        }
    }
}

fn tensor(layer: &Layer, ready: &Ready, parts: Per<&Ready>) -> TensorEntry {
    let candidates = ready.candidates.iter().enumerate().map(|(method, c)| {
        let answers = parts.map(|r| r.candidates[method].outcome.as_ref().ok());
        let note = match &c.outcome {
            Ok(t) => t.note.clone(),
            Err(none) => Some(none.to_string()),
        };
        let range = range(&answers.map(|t| t.map(|t| (t.clip, t.params))), ready.format());
        (c.id.clone(), CandidateEntry { range, errors: errors(&answers.map(|t| t.map(|t| t.metrics))), note })
    });
    let choice = ready.choice();
    let methods = match &parts {
        Per::Channel(each) if each.iter().any(|r| r.choice().method != choice.method) => {
            Some(each.iter().map(|r| r.choice().method.clone()).collect())
        }
        _ => None,
    };
    TensorEntry {
        name: layer.name().to_owned(),
        kind: layer.kind().word(),
        files: layer.origin.files.clone(),
        shape: layer.origin.shape.clone(),
        dtype: layer.origin.dtype.clone(),
        axis: ready.axis(),
        stats: stats(ready.stats()),
        candidates: Candidates(candidates.collect()),
        chosen: ChosenEntry {
            method: choice.method.clone(),
            methods,
            edited: ready.edited(),
            tied_with: layer.tie().map(|tie| tie.with.clone()),
            quantized: choice.quantized,
            num_bits: ready.format().num_bits(),
            signed: ready.format().signed(),
            symmetric: ready.format().symmetric(),
            format: match ready.format() {
                Format::Int(_) => None,
                Format::Fp8(fp8) => Some(fp8.type_name()),
            },
            range: range(&parts.map(|r| Some((r.choice().clip, r.params()))), ready.format()),
            // Without a value there is no error either, not one of zero.
            errors: errors(&parts.map(|r| (r.stats().finite() > 0).then(|| *r.metrics()))),
            measured: ready.measured().map(|m| MeasuredEntry {
                mse: finite(m.mse),
                clipping_error: finite(m.clipping_error),
                rounding_error: finite(m.rounding_error),
                sqnr_db: finite(m.sqnr_db),
                saturated: finite(m.saturated),
                saturated_count: m.saturated_count,
            }),
        },
        warnings: layer.notes(),
    }
}

fn stats(stats: &Stats) -> StatsEntry {
    StatsEntry {
        count: stats.count,
        nan: stats.nan,
        pos_inf: stats.pos_inf,
        neg_inf: stats.neg_inf,
        zeros: stats.zeros,
        min: stats.min,
        max: stats.max,
        mean: stats.mean().and_then(finite),
        std: stats.std().and_then(finite),
    }
}

fn range(parts: &Per<Option<(Clip, QuantParams)>>, format: Format) -> RangeEntry {
    RangeEntry {
        clip_min: parts.map(|p| p.map(|(clip, _)| clip.min())),
        clip_max: parts.map(|p| p.map(|(clip, _)| clip.max())),
        amax: parts.map(|p| p.map(|(clip, _)| clip.amax())),
        scale: parts.map(|p| p.map(|(_, params)| params.scale())),
        zero_point: parts.map(|p| p.map(|(_, params)| params.zero_point())),
        qmin: format.qmin(),
        qmax: format.qmax(),
    }
}

fn errors(parts: &Per<Option<Metrics>>) -> MetricsEntry {
    let of = |f: fn(Metrics) -> f64| parts.map(|m| m.map(f).and_then(finite));
    MetricsEntry {
        kl: parts.map(|m| m.and_then(|m| m.kl).and_then(finite)),
        mse: of(|m| m.mse),
        clipping_error: of(|m| m.clipping_error),
        rounding_error: of(|m| m.rounding_error),
        sqnr_db: of(|m| m.sqnr_db),
        saturated: of(|m| m.saturated),
    }
}

fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

impl Serialize for Candidates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, entry) in &self.0 {
            map.serialize_entry(id, entry)?;
        }
        map.end()
    }
}
