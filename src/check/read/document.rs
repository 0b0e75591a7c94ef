//! Our own files: the document, and the table for a spreadsheet.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use super::tree::Tree;
use crate::exchange::{self, Range};
use crate::quant::Format;
use crate::session::Kind;

pub(super) fn document(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for tensor in tree.get("tensors").map_or(&[][..], Tree::items) {
        let (Some(name), Some(chosen)) = (tensor.get("name").and_then(Tree::text), tensor.get("chosen")) else {
            findings.file(&rule::LINE_MALFORMED, "a tensor has no name, or nothing is chosen for it");
            continue;
        };
        let weight = tensor.get("kind").and_then(Tree::text) == Some("weight");
        let kind = if weight { Kind::Weight } else { Kind::Activation };
        let fact = Fact::new(name, kind, Unit::Scale);
        if chosen.get("quantized").and_then(Tree::truth) == Some(false) {
            facts.push(Fact { float: true, ..fact });
            continue;
        }
        let list = |key: &str| chosen.get(key).and_then(Tree::numbers).unwrap_or_default();
        let truth = |key: &str| chosen.get(key).and_then(Tree::truth).unwrap_or(true);
        let bits = chosen.get("num_bits").and_then(Tree::number).unwrap_or(8.0);
        let named = chosen.get("format").and_then(Tree::text).and_then(|name| Format::named(name).ok());
        let integers = || Format::int(bits as u8, truth("signed"), truth("symmetric"));
        let fact = Fact {
            zeros: list("zero_point"),
            ends: list("clip_min").into_iter().zip(list("clip_max")).collect(),
            format: named.or_else(integers),
            axis: tensor.get("axis").and_then(Tree::number).filter(|x| *x >= 0.0).map(|axis| axis as usize),
            ..fact
        };
        facts.push(fact.with(list("scale").into_iter().map(|x| x as f32)));
    }
    facts
}

pub(super) fn csv(name: &str, text: &str, findings: &mut Findings) -> Vec<Fact> {
    let csv = exchange::by_id("csv").ok();
    match exchange::read(name, text.as_bytes(), csv) {
        Ok((_, read)) => read.ranges.iter().map(fact).collect(),
        Err(error) => {
            findings.file(&rule::FILE_UNREAD, error.to_string().trim_end_matches('.').to_owned());
            Vec::new()
        }
    }
}

fn fact(range: &Range) -> Fact {
    let fact = Fact::new(&range.name, range.kind, Unit::Scale);
    if range.in_float.is_some() {
        return Fact { float: true, ..fact };
    }
    let fact = Fact {
        zeros: range.zero_points.iter().map(|zero| f64::from(*zero)).collect(),
        ends: range.clips.iter().map(|clip| (f64::from(clip.min()), f64::from(clip.max()))).collect(),
        format: Some(range.format),
        axis: range.axis,
        ..fact
    };
    fact.with(range.scales.iter().copied())
}
