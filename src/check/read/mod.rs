//! What files say, read without a judgement: where the readers of `exchange` refuse a scale of 0, these take it down.

mod checkpoint;
mod clips;
mod document;
mod encodings;
mod lines;
mod ort;
mod tree;

use std::path::Path;

use super::fact::Fact;
use super::finding::Findings;
use super::rule;
use crate::exchange::{self, Foreign};
use crate::input::DType;
use tree::{Tree, without_constants};

/// A weight of a checkpoint: its header alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    /// Its name without what says what it is (`weight`, `weight_packed`).
    pub module: String,
    pub key: String,
    /// `None` of a type that is not read here, such as four bits.
    pub dtype: Option<DType>,
    pub shape: Vec<u64>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The format's word.
    pub format: String,
    pub facts: Vec<Fact>,
    /// The weights of a checkpoint.
    pub stored: Vec<Stored>,
}

/// Files that are read whole are no longer than this: the largest of caches and encodings have some tens of megabytes.
const LONGEST: u64 = 1 << 30;

/// Reads a file of scales or a checkpoint. What cannot be read is a finding.
pub(super) fn read(path: &Path, from: Option<&'static dyn Foreign>, findings: &mut Findings) -> Read {
    let name = path.to_string_lossy().to_lowercase();
    let amax = from.is_some_and(|format| format.extension() == "safetensors");
    let of_tensors = name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json") || path.is_dir();
    if amax || (from.is_none() && of_tensors) {
        return checkpoint::read(path, findings);
    }
    let unread = |findings: &mut Findings, why: String| {
        findings.file(&rule::FILE_UNREAD, why);
        Read { format: "unknown".to_owned(), ..Read::default() }
    };
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > LONGEST => {
            return unread(findings, "it is larger than any file of scales".to_owned());
        }
        Ok(_) => {}
        Err(error) => return unread(findings, format!("it could not be read: {error}")),
    }
    match std::fs::read(path) {
        Ok(bytes) => of_bytes(&name, &bytes, from, findings),
        Err(error) => unread(findings, format!("it could not be read: {error}")),
    }
}

/// Reads the bytes of a file of this name, which is in lower case.
pub(super) fn of_bytes(name: &str, bytes: &[u8], from: Option<&'static dyn Foreign>, findings: &mut Findings) -> Read {
    let text = std::str::from_utf8(bytes).ok().map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    let Some(text) = text else {
        findings.file(&rule::FILE_UNREAD, "it is no text, and no format that is known here");
        return Read { format: "unknown".to_owned(), ..Read::default() };
    };
    let is_json = text.trim_start().starts_with('{');
    let sound = if is_json { without_constants(text) } else { text.to_owned() };
    let format = match from.or_else(|| exchange::recognized(name, sound.as_bytes())) {
        Some(format) => format.id(),
        None if is_json && text.contains("_cache") && text.contains(".scale") => "kv-scales",
        None if lines::is_headless_cache(text) => "tensorrt-cache",
        None if lines::is_ort_cache(name, text) => "ort-calibration-cache",
        None => "unknown",
    };
    let tree = |findings: &mut Findings| match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            findings.file(&rule::FILE_UNREAD, format!("it is no JSON: {error}"));
            Tree::Null
        }
    };
    let facts = match format {
        "tensorrt-cache" => lines::tensorrt_cache(text, findings),
        "tensorrt-ranges" => lines::tensorrt_ranges(text, findings),
        "ort-calibration-cache" => lines::ort_cache(text, findings),
        "ncnn-table" => lines::ncnn(text, findings),
        "tpu-mlir-table" => lines::tpu_mlir(text, findings),
        "hailo-alls" => clips::hailo(text, findings),
        "rknn" => clips::rknn(text, findings),
        "csv" => document::csv(name, text, findings),
        "json" => document::document(&tree(findings), findings),
        "qnn-overrides" | "aimet-0.6.1" => encodings::named(&tree(findings), format, findings),
        "aimet-1.0.0" => encodings::listed(&tree(findings), findings),
        "aimet-2.0.0" => encodings::typed(&tree(findings), findings),
        "ort-overrides" => ort::overrides(&tree(findings), findings),
        "ort-cache" => ort::cache(&tree(findings), findings),
        "kv-scales" => ort::kv_scales(&tree(findings), findings),
        "model-explorer" => {
            findings.file(&rule::FILE_UNREAD, "it holds figures for Model Explorer, and no scales");
            Vec::new()
        }
        _ => {
            let formats = exchange::listed();
            findings.file(&rule::FILE_UNREAD, format!("it is of no format that is known here ({formats})"));
            Vec::new()
        }
    };
    Read { format: format.to_owned(), facts, stored: Vec::new() }
}
