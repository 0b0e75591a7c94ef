use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::calibrate::Metrics;
use crate::histogram::Stats;
use crate::quant::{Clip, QuantParams};
use crate::session::{Kind, Layer, Ready, Session};

/// The exported document, `qviz.scales/1`.
///
/// Deterministic: the same input gives the same bytes. Values that are f32 by nature print as the shortest f32, others
/// as the shortest f64; what is infinite, undefined or absent is `null`.
#[derive(Serialize)]
pub struct Document {
    schema: &'static str,
    tool: &'static str,
    tensors: Vec<TensorEntry>,
    errors: Vec<ErrorEntry>,
}

#[derive(Serialize)]
struct TensorEntry {
    name: String,
    kind: &'static str,
    files: Vec<String>,
    shape: Vec<u64>,
    dtype: String,
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
    edited: bool,
    quantized: bool,
    num_bits: u8,
    signed: bool,
    symmetric: bool,
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

#[derive(Default, Serialize)]
struct RangeEntry {
    clip_min: Option<f32>,
    clip_max: Option<f32>,
    amax: Option<f32>,
    scale: Option<f32>,
    zero_point: Option<i32>,
    qmin: i32,
    qmax: i32,
}

#[derive(Default, Serialize)]
struct MetricsEntry {
    kl: Option<f64>,
    mse: Option<f64>,
    clipping_error: Option<f64>,
    rounding_error: Option<f64>,
    sqnr_db: Option<f64>,
    saturated: Option<f64>,
}

#[derive(Serialize)]
struct ErrorEntry {
    file: String,
    message: String,
}

/// The document of a session as it stands now. What cannot be read stands in `errors`; layers that are still being
/// read are left out.
pub fn document(session: &Session) -> Document {
    let tensors = session.layers.iter().filter_map(|l| Some(tensor(l, l.ready()?))).collect();
    let errors = session.failures().map(|(file, message)| ErrorEntry { file: file.into(), message: message.into() });
    Document {
        schema: "qviz.scales/1",
        tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
        tensors,
        errors: errors.collect(),
    }
}

/// The document as indented JSON with a final newline. Characters that would act on a terminal are escaped, so that
/// the document can be shown as it is.
pub fn to_json(document: &Document) -> String {
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

fn tensor(layer: &Layer, ready: &Ready) -> TensorEntry {
    let candidates = ready.candidates.iter().map(|c| {
        let (range, errors, note) = match &c.outcome {
            Ok(t) => (range(t.clip, t.params), errors(&t.metrics), t.note.clone()),
            Err(none) => {
                let (qmin, qmax) = (ready.scheme().qmin(), ready.scheme().qmax());
                (RangeEntry { qmin, qmax, ..RangeEntry::default() }, MetricsEntry::default(), Some(none.to_string()))
            }
        };
        (c.id.clone(), CandidateEntry { range, errors, note })
    });
    let choice = ready.choice();
    TensorEntry {
        name: layer.name.clone(),
        kind: match layer.kind {
            Kind::Activation => "activation",
            Kind::Weight => "weight",
        },
        files: layer.origin.files.clone(),
        shape: layer.origin.shape.clone(),
        dtype: layer.origin.dtype.clone(),
        stats: stats(ready.stats()),
        candidates: Candidates(candidates.collect()),
        chosen: ChosenEntry {
            method: choice.method.clone(),
            edited: choice.edited,
            quantized: choice.quantized,
            num_bits: ready.scheme().num_bits,
            signed: ready.scheme().signed,
            symmetric: ready.scheme().symmetric,
            range: range(choice.clip, ready.params()),
            // Without a value there is no error either, not one of zero.
            errors: if ready.stats().finite() > 0 { errors(ready.metrics()) } else { MetricsEntry::default() },
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

fn range(clip: Clip, params: QuantParams) -> RangeEntry {
    RangeEntry {
        clip_min: Some(clip.min),
        clip_max: Some(clip.max),
        amax: Some(clip.amax()),
        scale: Some(params.scale),
        zero_point: Some(params.zero_point),
        qmin: params.qmin,
        qmax: params.qmax,
    }
}

fn errors(metrics: &Metrics) -> MetricsEntry {
    MetricsEntry {
        kl: metrics.kl.and_then(finite),
        mse: finite(metrics.mse),
        clipping_error: finite(metrics.clipping_error),
        rounding_error: finite(metrics.rounding_error),
        sqnr_db: finite(metrics.sqnr_db),
        saturated: finite(metrics.saturated),
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
