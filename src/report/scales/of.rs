//! The document of a session.

use std::collections::HashSet;

use super::{
    CandidateScales, Chosen, ErrorScales, FileError, MeasuredScales, Outputs, Per, Provenance, RangeScales, SCHEMA,
    Scales, StatsScales, TensorScales, TunedScales, Tuning,
};
use crate::calibrate::{Measured, Metrics, Threshold};
use crate::histogram::Stats;
use crate::quant::{Clip, Format, OutputEffect, OutputEffects, QuantParams};
use crate::report::by_method::{MethodRow, in_document};
use crate::report::effect::named;
use crate::report::number::finite;
use crate::session::{Kind, Layer, Ready, Session};

impl Scales {
    /// A session as it stands now. What cannot be read stands in `errors`; layers that are still being read are left out.
    pub fn of(session: &Session) -> Scales {
        let placement = session.placement();
        let in_float = |l: &Layer| l.in_float(placement).map(str::to_owned);
        let tensors = session.layers().iter().filter_map(|l| Some(tensor(l, l.ready()?, in_float(l)))).collect();
        let errors = session.failures();
        let errors = errors.map(|(file, message)| FileError { file: file.into(), message: message.into() }).collect();
        let tool = concat!("qviz ", env!("CARGO_PKG_VERSION")).to_owned();
        Scales { schema: SCHEMA.to_owned(), tool, provenance: None, outputs: None, tuning: None, tensors, errors }
    }

    /// The same with the tensors of an older document that are not in this one: what could not be read this time, or is
    /// not here, is not lost. They stand behind the others, as they were.
    pub fn keeping(mut self, older: &Scales) -> Scales {
        let known: HashSet<(Kind, &str)> = self.tensors.iter().map(|t| (t.kind, t.name.as_str())).collect();
        let kept: Vec<TensorScales> =
            older.tensors.iter().filter(|t| !known.contains(&(t.kind, t.name.as_str()))).cloned().collect();
        self.tensors.extend(kept);
        self
    }

    /// The same with what it was made from. How many samples there were is read off the tensors.
    pub fn made_from(mut self, provenance: Provenance) -> Scales {
        let samples = self.tensors.iter().filter_map(|tensor| tensor.samples).max();
        self.provenance = Some(Provenance { samples: provenance.samples.or(samples), ..provenance });
        self
    }

    /// The same with what the search was worth that has found it.
    pub fn with_tuning(mut self, tuning: Option<Tuning>) -> Scales {
        self.tuning = tuning;
        self
    }

    /// The same with what everything that is chosen does to the network's outputs, on its samples and on those to check
    /// on.
    pub fn with_outputs(mut self, effects: Option<(&OutputEffects, Option<&OutputEffect>)>) -> Scales {
        self.outputs = effects.map(|(effects, check)| Outputs {
            whole: (&effects.all).into(),
            check: check.map(Into::into),
            each: named(effects.several()),
            by_method: Vec::new(),
            shapes: effects.shapes.iter().map(Into::into).collect(),
        });
        self
    }

    /// The same with what each method for all activations would do instead.
    pub fn with_methods(mut self, rows: &[MethodRow]) -> Scales {
        self.outputs.iter_mut().for_each(|outputs| outputs.by_method = in_document(rows));
        self
    }
}

/// What has a range of its own: the tensor, or each channel that stands in its place.
pub(in crate::report) fn parts<'a>(layer: &'a Layer, ready: &'a Ready) -> Per<&'a Ready> {
    match layer.channels() {
        [] => Per::Tensor(ready),
        channels => Per::Channel(channels.iter().collect()),
    }
}

fn tensor(layer: &Layer, ready: &Ready, in_float: Option<String>) -> TensorScales {
    let parts = &parts(layer, ready);
    TensorScales {
        name: layer.name().to_owned(),
        kind: layer.kind(),
        files: layer.origin.files.clone(),
        shape: layer.origin.shape.clone(),
        samples: layer.origin.samples,
        dtype: layer.origin.dtype.clone(),
        initializer: layer.origin.initializer.clone(),
        folded: layer.deployed.folded.clone(),
        absorbed: layer.deployed.absorbed.iter().map(|(name, _)| name.clone()).collect(),
        axis: ready.axis(),
        stats: stats(ready.stats()),
        candidates: candidates(ready, parts),
        chosen: Chosen { in_float, ..chosen(layer, ready, parts) },
        warnings: layer.notes(),
    }
}

/// The channels whose clips a hand has moved, where that is not all of them.
fn edited_channels(parts: &Per<&Ready>) -> Option<Vec<usize>> {
    let all = parts.channels()?;
    let edited: Vec<usize> = (0..all).filter(|&c| parts.each()[c].decision().edited).collect();
    (!edited.is_empty() && edited.len() < all).then_some(edited)
}

/// Every method's answer.
pub(in crate::report) fn candidates(ready: &Ready, parts: &Per<&Ready>) -> Vec<(String, CandidateScales)> {
    let candidate = |(method, c): (usize, &crate::calibrate::Candidate)| {
        let answers = parts.map(|r| r.candidates()[method].outcome.as_ref().ok());
        let note = match &c.outcome {
            Ok(t) => t.note.clone(),
            Err(none) => Some(none.to_string()),
        };
        let range = range(&answers.map(|t| t.map(|t| (t.clip, t.params))), ready.format());
        (c.id.clone(), CandidateScales { range, errors: errors(&answers.map(|t| t.map(own_metrics))), note })
    };
    ready.candidates().iter().enumerate().map(candidate).collect()
}

/// What a method's clip costs, with the divergence that is the method's own.
fn own_metrics(threshold: &Threshold) -> Metrics {
    Metrics { kl: threshold.kl(), ..threshold.metrics }
}

fn chosen(layer: &Layer, ready: &Ready, parts: &Per<&Ready>) -> Chosen {
    let (decision, format) = (ready.decision(), ready.format());
    let differ = parts.channels().is_some() && parts.each().iter().any(|r| r.decision().method != decision.method);
    Chosen {
        method: decision.method.clone(),
        instead_of: parts.each().iter().find_map(|r| r.instead_of()).map(String::from),
        methods: differ.then(|| parts.each().iter().map(|r| r.decision().method.clone()).collect()),
        edited: ready.edited(),
        edited_channels: edited_channels(parts),
        tied_with: layer.tie().map(|_| layer.tied_with().into_iter().map(String::from).collect()),
        quantized: decision.quantized,
        tuned: decision.tuned().map(|s| TunedScales { by: s.by.clone(), gain_db: s.gain_db.and_then(finite) }),
        in_float: None,
        num_bits: format.num_bits(),
        signed: format.signed(),
        symmetric: format.symmetric(),
        format: match format {
            Format::Int(_) => None,
            Format::Fp8(fp8) => Some(fp8.type_name().to_owned()),
        },
        range: range(&parts.map(|r| Some((r.decision().clip, r.params()))), format),
        // Without a value there is no error either, not one of zero.
        errors: errors(&parts.map(|r| (r.stats().finite() > 0).then(|| *r.metrics()))),
        measured: ready.measured().map(measured),
    }
}

fn measured(m: &Measured) -> MeasuredScales {
    MeasuredScales {
        mse: finite(m.mse),
        clipping_error: finite(m.clipping_error),
        rounding_error: finite(m.rounding_error),
        sqnr_db: finite(m.sqnr_db),
        saturated: finite(m.saturated),
        saturated_count: m.saturated_count,
    }
}

fn stats(stats: &Stats) -> StatsScales {
    StatsScales {
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

fn range(parts: &Per<Option<(Clip, QuantParams)>>, format: Format) -> RangeScales {
    RangeScales {
        clip_min: parts.map(|p| p.map(|(clip, _)| clip.min())),
        clip_max: parts.map(|p| p.map(|(clip, _)| clip.max())),
        amax: parts.map(|p| p.map(|(clip, _)| clip.amax())),
        scale: parts.map(|p| p.map(|(_, params)| params.scale())),
        zero_point: parts.map(|p| p.map(|(_, params)| params.zero_point())),
        qmin: format.qmin(),
        qmax: format.qmax(),
    }
}

fn errors(parts: &Per<Option<Metrics>>) -> ErrorScales {
    let of = |f: fn(Metrics) -> f64| parts.map(|m| m.map(f).and_then(finite));
    ErrorScales {
        kl: parts.map(|m| m.and_then(|m| m.kl).and_then(finite)),
        mse: of(|m| m.mse),
        clipping_error: of(|m| m.clipping_error),
        rounding_error: of(|m| m.rounding_error),
        sqnr_db: of(|m| m.sqnr_db),
        saturated: of(|m| m.saturated),
    }
}
