//! Checkpoints in safetensors: headers, and of the bodies only the scales. Spellings of ModelOpt, compressed-tensors,
//! pytorch-quantization and AngelSlim.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::super::fact::{Fact, Unit};
use super::super::finding::Findings;
use super::super::numbers::Numbers;
use super::super::rule;
use super::{Read, Stored};
use crate::input::{DType, Part, discover};
use crate::quant::{Format, Fp8};
use crate::session::Kind;

/// What the end of a key means: how the scale is called here, whose it is, and what its numbers are. The longer ends
/// stand before those that they end with.
const SCALES: &[(&str, &str, Kind, Unit)] = &[
    ("_input_quantizer._amax", "input_amax", Kind::Activation, Unit::Amax),
    ("input_quantizer._amax", "input_amax", Kind::Activation, Unit::Amax),
    ("_weight_quantizer._amax", "weight_amax", Kind::Weight, Unit::Amax),
    ("weight_quantizer._amax", "weight_amax", Kind::Weight, Unit::Amax),
    ("output_quantizer._amax", "output_amax", Kind::Activation, Unit::Amax),
    ("weight_scale_inv", "weight_scale", Kind::Weight, Unit::Scale),
    ("weight_scale_2", "weight_scale_2", Kind::Weight, Unit::Scale),
    ("weight_global_scale", "weight_global_scale", Kind::Weight, Unit::Reciprocal),
    ("weight_scale", "weight_scale", Kind::Weight, Unit::Scale),
    ("input_global_scale", "input_global_scale", Kind::Activation, Unit::Reciprocal),
    ("pre_quant_scale", "pre_quant_scale", Kind::Activation, Unit::Scale),
    ("input_scale", "input_scale", Kind::Activation, Unit::Scale),
    ("output_scale", "output_scale", Kind::Activation, Unit::Scale),
    ("k_cache.scale", "k_scale", Kind::Activation, Unit::Scale),
    ("v_cache.scale", "v_scale", Kind::Activation, Unit::Scale),
    ("k_scale", "k_scale", Kind::Activation, Unit::Scale),
    ("v_scale", "v_scale", Kind::Activation, Unit::Scale),
    ("q_scale", "q_scale", Kind::Activation, Unit::Scale),
];

/// Zero points, and the scale that each belongs to.
const ZEROS: &[(&str, &str)] = &[
    ("weight_zero_point", "weight_scale"),
    ("input_zero_point", "input_scale"),
    ("output_zero_point", "output_scale"),
];

/// What the end of a key means, and the module before it.
fn meaning(key: &str) -> Option<(&str, &'static str, Kind, Unit)> {
    let of = |(end, role, kind, unit): &(&str, &'static str, Kind, Unit)| {
        let module = key.strip_suffix(end)?;
        // `attn_input_scale` is another word than `input_scale`; `w13_weight_scale` is a weight's.
        let apart = module.is_empty() || module.ends_with(['.', '_']);
        apart.then_some((module, *role, *kind, *unit))
    };
    SCALES.iter().find_map(of)
}

pub(super) fn read(path: &Path, findings: &mut Findings) -> Read {
    let found = discover(&[path.to_owned()], None);
    for error in &found.errors {
        let (file, told) = (format!("{} ", error.file), &error.message);
        let why = told.strip_prefix(&file).map_or(told.clone(), |rest| format!("it {rest}"));
        findings.file(&rule::FILE_UNREAD, why.trim_end_matches('.').to_owned());
    }
    let mut read = Read { format: "checkpoint".to_owned(), ..Read::default() };
    let mut zeros = Vec::new();
    let parts = found.sources.iter().flat_map(|source| &source.parts);
    for (key, part) in parts.filter_map(|part| Some((part.key()?, part))) {
        if let Some((module, role, kind, unit)) = meaning(key) {
            if let Some((numbers, shape, _)) = values(key, part, findings) {
                let name = named(module, kind);
                let format = format(role);
                let axis = (numbers.count > 1).then(|| shape.iter().position(|n| *n > 1).unwrap_or(0));
                read.facts.push(Fact { name, role, numbers, shape, axis, format, ..Fact::new(key, kind, unit) });
            }
        } else if let Some((module, role)) = ZEROS.iter().find_map(|(end, role)| Some((key.strip_suffix(end)?, role))) {
            if let Some((numbers, _, dtype)) = values(key, part, findings) {
                zeros.push((format!("{module}{role}"), numbers, dtype));
            }
        } else if let Some(module) = ["weight_packed", "weight"].iter().find_map(|end| key.strip_suffix(end)) {
            match part.open() {
                Ok(array) => read.stored.push(Stored {
                    module: module.to_owned(),
                    key: key.to_owned(),
                    dtype: Some(array.dtype()),
                    shape: array.shape().to_vec(),
                }),
                // Types of 4 bits and of scales alone are not read: it is there all the same.
                Err(_) => read.stored.push(Stored {
                    module: module.to_owned(),
                    key: key.to_owned(),
                    dtype: None,
                    shape: Vec::new(),
                }),
            }
        }
    }
    let places: HashMap<String, usize> = read.facts.iter().enumerate().map(|(at, f)| (f.key.clone(), at)).collect();
    for (of, numbers, dtype) in zeros {
        let Some(fact) = places.get(&of).map(|at| &mut read.facts[*at]) else { continue };
        // Eight integers of four bits in one of 32: how many there are cannot be told from it.
        if dtype == DType::I32 && numbers.count != fact.numbers.count {
            continue;
        }
        fact.zeros = numbers.each.iter().map(|x| f64::from(*x)).collect();
        fact.format = fact.format.map(|format| format.with_symmetric(false));
    }
    read
}

/// The tensor whose scale it is.
fn named(module: &str, kind: Kind) -> String {
    match kind {
        Kind::Weight => format!("{module}weight"),
        Kind::Activation => module.trim_end_matches(['.', '_']).to_owned(),
    }
}

/// The numbers of a scale; what cannot be read is a finding. Its body is streamed.
fn values(key: &str, part: &Part, findings: &mut Findings) -> Option<(Numbers, Vec<u64>, DType)> {
    let mut numbers = Numbers::default();
    let read = part.open().and_then(|array| {
        let (shape, dtype) = (array.shape().to_vec(), array.dtype());
        array.read(&mut |chunk| {
            chunk.iter().for_each(|x| numbers.push(*x));
            ControlFlow::Continue(())
        })?;
        Ok((shape, dtype))
    });
    match read {
        Ok((shape, dtype)) => Some((numbers, shape, dtype)),
        // Block scales as powers of two (MX) are exponents, of which none is wrong: they are there, and that is all.
        Err(error) if error.message.contains("F8_E8M0") => Some((numbers, Vec::new(), DType::U8)),
        Err(error) => {
            let why = error.message.trim_end_matches('.').to_owned();
            findings.tensor(&rule::FILE_UNREAD, key, why);
            None
        }
    }
}

/// What the numbers of a KV cache are for; of others the file says nothing.
fn format(role: &str) -> Option<Format> {
    matches!(role, "k_scale" | "v_scale" | "q_scale").then_some(Fp8::E4m3.into())
}
