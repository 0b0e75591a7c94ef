//! Files of scales that other tools write and read: one file here for each format, with its writer and its reader.
//!
//! Between them stands a plain list of [`Range`]s, so that any file that is read can be written as any other. What a
//! format cannot hold is an error that names the tensor and the remedy, or is said beside what was written: never a
//! silent change.

mod csv;
pub mod diff;
mod encodings;
mod hailo_alls;
mod json;
mod model_explorer;
mod names;
mod ncnn_table;
mod options;
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

use crate::report::{ExportError, Scales, visible};

pub use names::Names;
pub use options::{Options, TensorrtVersion};
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
    fn write(&self, ranges: &[Range], options: &Options) -> Result<Written, ExportError>;

    /// The file of everything that is chosen. A format that holds more of it than ranges says so here.
    ///
    /// # Errors
    /// As of [`Foreign::write`].
    fn write_all(&self, scales: &Scales, options: &Options) -> Result<Written, ExportError> {
        self.write(&ranges_of(self.id(), scales)?, options)
    }

    /// Whether nothing of what is chosen is lost in it, so that it can be taken up again.
    fn keeps_all(&self) -> bool {
        false
    }

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
    /// The version of the tool that has written it, where it says so and the format's writer takes one.
    pub version: Option<TensorrtVersion>,
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

/// Characters of a reason that are told.
const LONGEST: usize = 300;

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

/// Why the ending of a file's name is not enough.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// Several formats have it.
    #[error("{path} may be {}", ids.join(", "))]
    Several {
        /// The file.
        path: String,
        /// The formats.
        ids: Vec<&'static str>,
    },
    /// No format that is written here has it, and none of ours would be found in such a file.
    #[error("{path} would be a model, and no format that is written here is one")]
    Model {
        /// The file.
        path: String,
    },
}

/// The format that a file's name asks for; our own document where the name says nothing.
///
/// # Errors
/// [`Unclear`]: several formats have that ending, or it is a model's.
pub fn by_ending(path: &Path) -> Result<&'static dyn Foreign, Unclear> {
    /// Endings that mean the first format that has them.
    const TELLING: [&str; 6] = ["csv", "cache", "alls", "table", "cali_table", "onnx"];
    const SEVERAL: [&str; 2] = ["encodings", "safetensors"];
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut fitting = FORMATS.iter().copied().filter(|format| format.extension() == ending);
    let path = || visible(&path.to_string_lossy());
    if TELLING.contains(&ending.as_str()) {
        return fitting.next().ok_or_else(|| Unclear::Model { path: path() });
    }
    if SEVERAL.contains(&ending.as_str()) {
        return Err(Unclear::Several { path: path(), ids: fitting.map(|format| format.id()).collect() });
    }
    Ok(&json::Json)
}

/// The format and the file that somebody means by `PATH`, or by `FORMAT:PATH` where the ending does not say it.
///
/// # Errors
/// A sentence that says what to type.
pub fn typed(text: &str) -> Result<(&'static dyn Foreign, &str), String> {
    if let Some((id, path)) = text.split_once(':')
        && let Ok(format) = by_id(id)
        && !path.is_empty()
    {
        return Ok((format, path));
    }
    if let Some((id, _)) = word_before(text) {
        return Err(format!("there is no format {id}; one of {}, qdq", listed()));
    }
    match by_ending(Path::new(text)) {
        Ok(format) => Ok((format, text)),
        Err(why @ Unclear::Several { .. }) => {
            let Unclear::Several { ids, path } = &why else { return Err(why.to_string()) };
            let first = ids.first().copied().unwrap_or_default();
            Err(format!("{why}: type which in front, such as {first}:{path}"))
        }
        Err(why) => Err(why.to_string()),
    }
}

/// A word in front of a path, with a colon: a format, or a slip, but not the beginning of a name. One letter is a drive.
pub fn word_before(text: &str) -> Option<(&str, &str)> {
    let (word, path) = text.split_once(':')?;
    let is_word = word.len() > 1 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (is_word && !path.is_empty()).then_some((word, path))
}

/// The ranges of what is chosen.
fn ranges_of(format: &str, scales: &Scales) -> Result<Vec<Range>, ExportError> {
    let unsayable = |reason| ExportError::Unsayable { exporter: format.to_owned(), reason };
    Range::all(scales).map_err(unsayable)
}

/// All words, between commas.
pub fn listed() -> String {
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.id()).collect();
    ids.join(", ")
}

/// The format that a file looks like.
pub fn recognized(file_name: &str, bytes: &[u8]) -> Option<&'static dyn Foreign> {
    let looks = Looks::of(file_name, bytes);
    FORMATS.iter().copied().find(|format| format.is(&looks))
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
    let Some(format) = from.or_else(|| recognized(file_name, bytes)) else {
        return Err(Unread::Unknown { file: visible(file_name), formats: listed() });
    };
    match format.read(bytes) {
        Ok(read) => Ok((format, read)),
        Err(reason) => {
            // A name of the file may be as long as the file.
            let mut reason = visible(reason.trim_end_matches('.'));
            if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
                reason.truncate(end);
                reason.push('…');
            }
            Err(Unread::Damaged { file: visible(file_name), format: format.id(), reason })
        }
    }
}

/// The file that holds these ranges under the names that the other tool has for them.
///
/// # Errors
/// [`ExportError::Unsayable`]: the format cannot hold one of them.
pub fn write(format: &dyn Foreign, ranges: &[Range], names: &Names, options: &Options) -> Result<Written, ExportError> {
    let (ranges, unmatched) = names.rename(ranges);
    let mut written = format.write(&ranges, options)?;
    written.said.extend(unmatched);
    Ok(written)
}

/// The file that holds everything that is chosen, under the names that the other tool has for it.
///
/// # Errors
/// [`ExportError::Unsayable`]: the format cannot hold it.
pub fn write_all(
    format: &dyn Foreign,
    scales: &Scales,
    names: &Names,
    options: &Options,
) -> Result<Written, ExportError> {
    if names.is_empty() {
        return format.write_all(scales, options);
    }
    write(format, &ranges_of(format.id(), scales)?, names, options)
}
