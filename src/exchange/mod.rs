//! Files of scales that other tools write and read: one file here for each format, with its writer and its reader.
//!
//! Between them stands a plain list of [`Range`]s, so that any file that is read can be written as any other. What a
//! format cannot hold is an error that names the tensor and the remedy, or is said beside what was written: never a
//! silent change.

mod csv;
mod encodings;
mod hailo_alls;
mod json;
mod model_explorer;
mod names;
mod ncnn_table;
mod ort_cache;
mod ort_overrides;
mod parse;
mod range;
mod rknn;
mod statement;
mod tensorrt_cache;
mod tensorrt_ranges;
#[cfg(test)]
mod tests;
mod torch_amax;
mod tpu_mlir;

use std::path::Path;

use serde_json::Value;

use crate::report::{ExportError, visible};

pub use names::Names;
pub use range::Range;
#[cfg(feature = "onnx")]
pub(crate) use statement::Statement;

/// A format of files that other tools know.
pub trait Foreign: Sync {
    /// Its word, as commands name it.
    fn id(&self) -> &'static str;

    /// What its files' names end with, without a dot.
    fn extension(&self) -> &'static str;

    /// Whose it is, in a few words.
    fn summary(&self) -> &'static str;

    /// The file. The same ranges give the same bytes.
    ///
    /// # Errors
    /// [`ExportError::Unsayable`] names the tensor that the format cannot hold, and the remedy.
    fn write(&self, ranges: &[Range]) -> Result<Written, ExportError>;

    /// The ranges of a file, in its order.
    ///
    /// # Errors
    /// A phrase that says what is wrong, and where.
    fn read(&self, bytes: &[u8]) -> Result<Read, String>;

    /// Whether a file looks like one of these.
    fn is(&self, file: &Looks) -> bool;
}

/// A file, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// Which tensors got a scale, which did not and why, what was rounded: a sentence each.
    pub said: Vec<String>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Its ranges, in its order.
    pub ranges: Vec<Range>,
    /// What of it was not read, a sentence each.
    pub said: Vec<String>,
}

/// Why a file gave no ranges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// No format fits it.
    #[error("{file} is of no format that is known here; name it with --from: {formats}.")]
    Unknown {
        /// The file.
        file: String,
        /// What it could be.
        formats: String,
    },
    /// It is not what its format wants.
    #[error("{file} could not be read as {format}: {reason}.")]
    Damaged {
        /// The file.
        file: String,
        /// The format.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
}

/// What a file looks like, to be recognized by.
pub struct Looks<'a> {
    /// Its name, in lower case.
    pub name: String,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The same as text, where they are some.
    pub text: Option<&'a str>,
    /// The same as JSON, where that is some.
    pub json: Option<Value>,
}

impl Looks<'_> {
    fn of<'a>(file_name: &str, bytes: &'a [u8]) -> Looks<'a> {
        let text = std::str::from_utf8(bytes).ok().map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let json = text.filter(|text| text.trim_start().starts_with('{')).and_then(|t| serde_json::from_str(t).ok());
        Looks { name: file_name.to_lowercase(), bytes, text, json }
    }

    /// Whether its name ends so.
    pub fn ends_with(&self, ending: &str) -> bool {
        self.name.ends_with(ending)
    }

    /// An entry of its JSON.
    pub fn entry(&self, key: &str) -> Option<&Value> {
        self.json.as_ref()?.get(key)
    }

    /// Its lines that hold something and are no comment.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

/// All formats, in the order in which they are listed and tried.
pub const FORMATS: &[&dyn Foreign] = &[
    &json::Json,
    &csv::Csv,
    &tensorrt_cache::TensorrtCache,
    &tensorrt_ranges::TensorrtRanges,
    &hailo_alls::HailoAlls,
    &encodings::QNN_OVERRIDES,
    &encodings::AIMET_0_6_1,
    &encodings::AIMET_1_0_0,
    &encodings::AIMET_2_0_0,
    &ort_overrides::OrtOverrides,
    &ort_cache::OrtCache,
    &ncnn_table::NcnnTable,
    &tpu_mlir::TpuMlirTable,
    &torch_amax::TORCH_AMAX,
    &torch_amax::MODELOPT_AMAX,
    &model_explorer::ModelExplorer,
    &rknn::Rknn,
];

/// The format of that word.
///
/// # Errors
/// A sentence that lists them all.
pub fn by_id(id: &str) -> Result<&'static dyn Foreign, String> {
    FORMATS.iter().copied().find(|format| format.id() == id).ok_or_else(|| {
        format!("\"{}\" is no format of files that is known here; write one of {}", visible(id), listed())
    })
}

/// The format that a file's name asks for; our own document where the name says nothing.
///
/// # Errors
/// A sentence, where several formats have that ending.
pub fn by_ending(path: &Path) -> Result<&'static dyn Foreign, String> {
    const TELLING: [&str; 5] = ["csv", "cache", "alls", "table", "cali_table"];
    const SEVERAL: [&str; 2] = ["encodings", "safetensors"];
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut fitting = FORMATS.iter().copied().filter(|format| format.extension() == ending);
    if TELLING.contains(&ending.as_str()) {
        return fitting.next().ok_or_else(String::new);
    }
    if SEVERAL.contains(&ending.as_str()) {
        let ids: Vec<&str> = fitting.map(|format| format.id()).collect();
        let path = visible(&path.to_string_lossy());
        return Err(format!("{path} may be {}; name one with --to", ids.join(", ")));
    }
    by_id("json")
}

/// All words, between commas.
pub fn listed() -> String {
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.id()).collect();
    ids.join(", ")
}

/// The ranges of a file, whose format is `from` or recognized.
///
/// # Errors
/// [`Unread`]: no format fits, or the file is damaged.
pub fn read(
    file_name: &str,
    bytes: &[u8],
    from: Option<&'static dyn Foreign>,
) -> Result<(&'static dyn Foreign, Read), Unread> {
    let looks = || {
        let looks = Looks::of(file_name, bytes);
        FORMATS.iter().copied().find(|format| format.is(&looks))
    };
    let Some(format) = from.or_else(looks) else {
        return Err(Unread::Unknown { file: visible(file_name), formats: listed() });
    };
    match format.read(bytes) {
        Ok(read) => Ok((format, read)),
        Err(reason) => {
            let reason = visible(reason.trim_end_matches('.'));
            Err(Unread::Damaged { file: visible(file_name), format: format.id(), reason })
        }
    }
}

/// The file that holds these ranges under the names that the other tool has for them.
///
/// # Errors
/// [`ExportError::Unsayable`]: the format cannot hold one of them.
pub fn write(format: &dyn Foreign, ranges: &[Range], names: &Names) -> Result<Written, ExportError> {
    let (ranges, unmatched) = names.rename(ranges);
    let mut written = format.write(&ranges)?;
    written.said.extend(unmatched);
    Ok(written)
}
