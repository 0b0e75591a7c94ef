//! The ranges that a file holds, of whatever kind it is.

use std::fs;
use std::path::Path;

use super::args::is_model;
use super::file::FileFormat;
use crate::exchange::diff::{Says, Side};
use crate::exchange::{self, Range};
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
    if from.is_none() && is_model(path) {
        let side = Side { ranges: of_model(path)?, says: Says::MODEL, file };
        return Ok(Ranges { side, said: Vec::new() });
    }
    let bytes = fs::read(path).map_err(|error| format!("{} could not be read: {error}.", visible(&file)))?;
    let from = from.map(|FileFormat(format)| format);
    let (format, read) = exchange::read(&file, &bytes, from).map_err(|error| error.to_string())?;
    Ok(Ranges { side: Side { ranges: read.ranges, says: Says::of(format.id()), file }, said: read.said })
}

#[cfg(feature = "onnx")]
fn of_model(path: &Path) -> Result<Vec<Range>, String> {
    use crate::model::Network;
    use crate::session::Kind;

    let network = Network::open(path).map_err(|why| visible(&why.message))?;
    let (_, quantizers) = network.without_quantizers();
    if quantizers.is_empty() {
        let file = visible(&path.to_string_lossy());
        return Err(format!("{file} holds no scales: no QuantizeLinear or DequantizeLinear with constant scales."));
    }
    let range = |(name, is_weight, grid): (&str, bool, &crate::model::FileGrid)| {
        let kind = if is_weight { Kind::Weight } else { Kind::Activation };
        let axis = grid.axis.map(|axis| usize::try_from(axis).unwrap_or(0));
        Range::of_params(name, kind, axis, &grid.params)
    };
    Ok(quantizers.iter().map(range).collect())
}

#[cfg(not(feature = "onnx"))]
fn of_model(path: &Path) -> Result<Vec<Range>, String> {
    let file = visible(&path.to_string_lossy());
    Err(format!("{file} is a model, and this qviz was built without the feature onnx."))
}
