//! Files of scales, checked before they are deployed: what no scale may be, what hints at a mistake, and what it costs.
//!
//! ```text
//! file --read--> Facts, unchecked --judge--> Findings of RULES
//!                     beside them: a Graph, and what was Seen of the values
//! ```
//!
//! Whoever has a model or activations brings them as a [`Graph`] or as [`Seen`]; this room reads files of scales and
//! checkpoints, of which it takes the headers and the scales alone.

mod fact;
mod finding;
mod graph;
mod json;
mod judge;
mod numbers;
mod read;
mod rule;
#[cfg(test)]
mod tests;
mod text;

use std::path::Path;

use crate::exchange::Foreign;
use crate::quant::{Clip, Format};
use crate::session::Kind;
use fact::{Fact, Unit};
use finding::Findings;
use read::Read;

pub use finding::{Checked, Finding, Report};
pub use graph::{Graph, GraphWeight, Node, Quantizer};
pub use json::{SCHEMA, rules_json};
pub use rule::{RULES, Rank, Rule};
pub use text::{markdown, rules};

/// What was seen of an activation's values.
pub struct Seen {
    /// Its name.
    pub name: String,
    /// The smallest finite value.
    pub low: f32,
    /// The largest finite value.
    pub high: f32,
    /// The share of the finite values that lie beyond a clip.
    pub beyond: Box<dyn Fn(Clip) -> f64>,
}

/// What is at hand beside the files.
#[derive(Default)]
pub struct Beside<'a> {
    /// The model that the scales are for.
    pub graph: Option<&'a Graph>,
    /// Values of its activations.
    pub seen: Option<&'a [Seen]>,
}

/// The findings of some files, while they are checked.
#[derive(Default)]
pub struct Check {
    report: Report,
}

impl Check {
    /// Checks a file of scales or a checkpoint, whose format is `from` or recognized. What cannot be read is a finding.
    pub fn file(&mut self, path: &Path, from: Option<&'static dyn Foreign>, beside: &Beside) {
        let mut findings = Findings::new(&path.to_string_lossy());
        let read = read::read(path, from, &mut findings);
        self.judge(&read, beside, None, findings);
    }

    /// Checks the scales of a model that holds `QuantizeLinear`.
    pub fn model(&mut self, model: &Graph, beside: &Beside) {
        let mut findings = Findings::new(&model.file);
        let facts = model.quantizers.iter().map(|quantizer| fact_of(quantizer, &mut findings)).collect();
        let read = Read { format: "model".to_owned(), facts, stored: Vec::new() };
        self.judge(&read, beside, Some(model), findings);
    }

    /// A file that could not be read, and why: a clause.
    pub fn unread(&mut self, file: &str, why: &str) {
        let mut findings = Findings::new(file);
        findings.file(&rule::FILE_UNREAD, why);
        self.report.files.push(Checked { file: file.to_owned(), format: "unknown".to_owned(), tensors: 0 });
        self.report.findings.append(&mut findings.all);
    }

    fn judge(&mut self, read: &Read, beside: &Beside, own: Option<&Graph>, mut findings: Findings) {
        judge::file(read, &mut findings);
        if let Some(graph) = own.or(beside.graph) {
            judge::beside_model(read, graph, own.is_some(), &mut findings);
        }
        if let Some(seen) = beside.seen {
            judge::beside_data(read, seen, own.or(beside.graph), &mut findings);
        }
        let (file, tensors) = (findings.file, read.facts.len());
        self.report.files.push(Checked { file, format: read.format.clone(), tensors });
        self.report.findings.append(&mut findings.all);
    }

    /// All findings, the gravest first.
    pub fn done(mut self) -> Report {
        self.report.findings.sort_by_key(|finding| finding.rule.rank);
        self.report
    }
}

fn fact_of(quantizer: &Quantizer, findings: &mut Findings) -> Fact {
    let Quantizer { tensor, is_weight, scales, zeros, dtype, axis, channels, codes, behind } = quantizer;
    let kind = if *is_weight { Kind::Weight } else { Kind::Activation };
    if let Some(behind) = behind {
        findings.tensor(&rule::PAIR_DIFFERS, tensor, behind.clone());
    }
    if let Some(channels) = channels.filter(|n| scales.len() > 1 && scales.len() != *n) {
        let found = format!("it has {} scales, and {channels} channels along its axis", scales.len());
        findings.tensor(&rule::CHANNELS_DIFFER, tensor, found);
    }
    if let Some(codes) = codes.filter(|codes| *codes < 16) {
        findings.tensor(&rule::FEW_CODES, tensor, format!("its integers span {codes} of 256"));
    }
    let format = Format::named(dtype).ok();
    // The scale of a bias is the product of two others.
    let role = if dtype == "int32" { "bias" } else { kind.word() };
    let fact = Fact {
        role,
        zeros: zeros.iter().map(|zero| f64::from(*zero)).collect(),
        format: format.map(|format| format.with_symmetric(false)),
        axis: axis.or((scales.len() > 1).then_some(0)),
        ..Fact::new(tensor, kind, Unit::Scale)
    };
    fact.with(scales.iter().copied())
}
