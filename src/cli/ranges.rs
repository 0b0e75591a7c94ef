//! The ranges that a file holds, of whatever kind it is.

use std::fs;
use std::path::Path;

use super::file::FileFormat;
use super::words::is_model;
use crate::exchange::diff::{Says, Side};
use crate::exchange::{self, Read};
use crate::report::visible;

/// What a file holds, and what of it was not read: a sentence each.
pub(super) struct Ranges {
    pub side: Side,
    pub said: Vec<String>,
}

/// The ranges of a file: one of scales, in the format `from` or the one that is seen in it, or a model with
/// `QuantizeLinear`. The error is a sentence.
pub(super) fn ranges_of(path: &Path, from: Option<FileFormat>) -> Result<Ranges, String> {
    let file = path.to_string_lossy().into_owned();
    let is_model = match from {
        None => is_model(path),
        Some(format) => matches!(format, FileFormat::Qdq),
    };
    if is_model {
        let read = of_model(path)?;
        let side = Side { ranges: read.ranges, says: Says::MODEL, file };
        return Ok(Ranges { side, said: read.said });
    }
    let bytes = fs::read(path).map_err(|error| format!("{} could not be read: {error}.", visible(&file)))?;
    let from = from.and_then(FileFormat::scales);
    let (format, read) = exchange::read(&file, &bytes, from).map_err(|error| error.to_string())?;
    Ok(Ranges { side: Side { ranges: read.ranges, says: Says::of(format.id()), file }, said: read.said })
}

#[cfg(feature = "onnx")]
fn of_model(path: &Path) -> Result<Read, String> {
    crate::qdq::read(path).map_err(|why| visible(&why.to_string()))
}

#[cfg(not(feature = "onnx"))]
fn of_model(path: &Path) -> Result<Read, String> {
    let file = visible(&path.to_string_lossy());
    Err(format!("{file} is a model, and this qviz was built without the feature onnx."))
}
