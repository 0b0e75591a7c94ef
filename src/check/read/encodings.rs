//! Encodings of AIMET and of Qualcomm's converters. Offsets become zero points of the unsigned grid, or of the signed
//! one where it is symmetric.

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::rule;
use super::tree::Tree;
use crate::quant::Format;
use crate::session::Kind;

const SECTIONS: [(Kind, &str); 2] = [(Kind::Activation, "activation_encodings"), (Kind::Weight, "param_encodings")];

/// AIMET 0.6.1, and overrides: lists by names.
pub(super) fn named(tree: &Tree, id: &str, findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (kind, section) in SECTIONS {
        for (name, encodings) in tree.get(section).map_or(&[][..], Tree::entries) {
            let encodings = encodings.items();
            if encodings.is_empty() {
                findings.tensor(&rule::LINE_MALFORMED, name, "it has no list of encodings");
                continue;
            }
            let mut fact = Fact::new(name, kind, Unit::Scale);
            if encodings.iter().any(|e| e.get("dtype").and_then(Tree::text) == Some("float")) {
                facts.push(Fact { float: true, ..fact });
                continue;
            }
            let all =
                |key: &str| encodings.iter().map(|e| e.get(key).map(|x| x.number().unwrap_or(f64::NAN))).collect();
            let given = |all: Vec<Option<f64>>| all.into_iter().collect::<Option<Vec<f64>>>();
            let (low, high) = (given(all("min")), given(all("max")));
            fact.ends = low.unwrap_or_default().into_iter().zip(high.unwrap_or_default()).collect();
            let scales = given(all("scale"));
            if scales.is_none() && fact.ends.is_empty() {
                findings.tensor(&rule::LINE_MALFORMED, name, "it has neither scale nor min and max");
                continue;
            }
            let symmetric = encodings[0].get("is_symmetric").and_then(Tree::truth).unwrap_or(false);
            let bits = encodings[0].get("bitwidth").and_then(Tree::number).unwrap_or(8.0);
            if id == "aimet-0.6.1" && encodings[0].get("bw").is_some() {
                let found = format!("its entries have \"bw\", as from 1.0.0 on, and the file says {id}");
                findings.tensor(&rule::VERSION_DIFFERS, name, found);
            }
            let offsets = given(all("offset")).unwrap_or_default();
            let fact = on_grid(fact, bits, symmetric, &offsets, findings);
            facts.push(fact.with(scales.unwrap_or_default().into_iter().map(|x| x as f32)));
        }
    }
    facts
}

/// AIMET 1.0.0: lists of entries with vectors.
pub(super) fn listed(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let version = tree.get("version").and_then(Tree::text).unwrap_or("1.0.0");
    if !version.starts_with('1') {
        findings
            .file(&rule::VERSION_DIFFERS, format!("it says {version}, and its sections are lists, as those of 1.0.0"));
    }
    let mut facts = Vec::new();
    for (kind, section) in SECTIONS {
        for entry in tree.get(section).map_or(&[][..], Tree::items) {
            let Some(name) = entry.get("name").and_then(Tree::text) else {
                findings.file(&rule::LINE_MALFORMED, format!("an entry of {section} has no name"));
                continue;
            };
            let fact = Fact::new(name, kind, Unit::Scale);
            if entry.get("dtype").and_then(Tree::text).is_some_and(|dtype| dtype.eq_ignore_ascii_case("float")) {
                facts.push(Fact { float: true, ..fact });
                continue;
            }
            let list = |key: &str| entry.get(key).and_then(Tree::numbers);
            let Some(scales) = list("scale").filter(|scales| !scales.is_empty()) else {
                findings.tensor(&rule::LINE_MALFORMED, name, "it has no list of scales");
                continue;
            };
            let offsets = list("offset").unwrap_or_default();
            let symmetric = entry.get("is_sym").and_then(Tree::truth).unwrap_or(false);
            let bits = entry.get("bw").and_then(Tree::number).unwrap_or(8.0);
            let of_tensor = entry.get("enc_type").and_then(Tree::text) == Some("PER_TENSOR");
            if of_tensor && scales.len() > 1 {
                let found = format!("it is PER_TENSOR and has {} scales", scales.len());
                findings.tensor(&rule::CHANNELS_DIFFER, name, found);
            }
            let fact = on_grid(fact, bits, symmetric, &offsets, findings);
            facts.push(fact.with(scales.into_iter().map(|x| x as f32)));
        }
    }
    facts
}

/// Counts offsets from 0 on, as a zero point is.
fn on_grid(fact: Fact, bits: f64, symmetric: bool, offsets: &[f64], findings: &mut Findings) -> Fact {
    if let Some(offset) = offsets.iter().find(|offset| **offset > 0.0) {
        findings.tensor(&rule::OFFSET_POSITIVE, &fact.key, format!("its offset is {offset}"));
        return fact;
    }
    if !(2.0..=16.0).contains(&bits) {
        return fact;
    }
    let half = 2.0_f64.powi(bits as i32 - 1);
    // A symmetric grid without negative values counts from 0 on, a strict one from one above the lowest code.
    let signed = symmetric && offsets.first() != Some(&0.0);
    let zero = |offset: &f64| match -offset - if signed { half } else { 0.0 } {
        -1.0 if signed => 0.0,
        zero => zero + 0.0,
    };
    let format = Format::int(bits as u8, signed, symmetric);
    Fact { zeros: offsets.iter().map(zero).collect(), format, ..fact }
}

/// AIMET 2.0.0: ONNX's own words.
pub(super) fn typed(tree: &Tree, findings: &mut Findings) -> Vec<Fact> {
    let version = tree.get("version").and_then(Tree::text).unwrap_or("2.0.0");
    if !version.starts_with('2') {
        findings.file(&rule::VERSION_DIFFERS, format!("it says {version}, and has one list of encodings, as 2.0.0"));
    }
    let mut facts = Vec::new();
    for entry in tree.get("encodings").map_or(&[][..], Tree::items) {
        let Some(name) = entry.get("name").and_then(Tree::text) else {
            findings.file(&rule::LINE_MALFORMED, "an entry has no name");
            continue;
        };
        let Some(scales) = entry.get("y_scale").and_then(Tree::numbers).filter(|scales| !scales.is_empty()) else {
            findings.tensor(&rule::LINE_MALFORMED, name, "it has no y_scale");
            continue;
        };
        let zeros = entry.get("y_zero_point").and_then(Tree::numbers).unwrap_or_default();
        let dtype = entry.get("output_dtype").and_then(Tree::text).unwrap_or_default();
        let format = Format::named(dtype).ok().map(|format| format.with_symmetric(zeros.is_empty()));
        let axis = entry.get("axis").and_then(Tree::number).filter(|axis| *axis >= 0.0).map(|axis| axis as usize);
        if scales.len() > 1 && axis.is_none() {
            findings.tensor(&rule::CHANNELS_DIFFER, name, format!("it has {} scales and no axis", scales.len()));
        }
        let fact = Fact { zeros, format, axis, ..Fact::new(name, Kind::Activation, Unit::Scale) };
        facts.push(fact.with(scales.into_iter().map(|x| x as f32)));
    }
    facts
}
