//! Files of scales for other tools, and of theirs.

use std::fs;
use std::io;
use std::path::Path;

use super::args::{ConvertArgs, ExportArgs};
use super::file::FileFormat;
use super::out::{Failed, complain, exists};
use super::qdq;
use super::trials;
use super::usage::Usage;
use super::words::is_model;
use crate::exchange::{self, Read};
use crate::report::{MovedBias, Scales, number, visible};

const LEAN: &str = "--lean is for qviz's own document; other formats hold ranges only.";

/// Writes the chosen scales.
pub(super) fn export(ExportArgs { file, weights, lean, exact, shared }: ExportArgs) -> Result<u8, Failed> {
    let format = match file.format().map_err(Usage)? {
        FileFormat::Qdq if lean => return Err(Usage(LEAN.into()).into()),
        FileFormat::Qdq => return qdq::export(&file, &weights, exact, shared),
        FileFormat::Scales(format) => format,
    };
    weights.only_for_models().map_err(Usage)?;
    if lean && format.id() != "json" {
        return Err(Usage(LEAN.into()).into());
    }
    if exists(file.path(), file.force) {
        return Ok(1);
    }
    let document = shared.taking.scales.as_ref().map(|document| visible(&document.path.to_string_lossy()));
    let loaded = trials::loaded(shared, exact)?;
    let scales = loaded.scales();
    let written = match lean {
        true => Ok(exchange::Written { bytes: scales.lean_json().into_bytes(), said: Vec::new() }),
        false => exchange::write_all(format, &scales, &file.names(), &file.options(None)),
    };
    let unsayable = written.is_err();
    if !file.put(written)? {
        if let (true, Some(document)) = (unsayable, document) {
            eprintln!("qviz: What {document} holds stands, whatever options say; choose anew without --scales.");
        }
        return Ok(1);
    }
    let what = match file.path() {
        None => "scales{} were printed".to_owned(),
        Some(path) => format!("scales{{}} were written to {}", visible(&path.to_string_lossy())),
    };
    Ok(loaded.exit(complain(&loaded.session), &what))
}

/// Reads a file of scales and writes another.
pub(super) fn convert(ConvertArgs { input, from, file, model }: ConvertArgs) -> Result<u8, Failed> {
    let format = file.format().map_err(Usage)?;
    match format {
        FileFormat::Qdq => model.check(&file).map_err(Usage)?,
        FileFormat::Scales(_) => model.only_for_models().map_err(Usage)?,
    }
    if exists(file.path(), file.force) {
        return Ok(1);
    }
    let Some((source, read)) = ranges(&input, from)? else { return Ok(1) };
    for sentence in &read.said {
        eprintln!("qviz: {}", visible(sentence));
    }
    if let Some(version) = &read.version {
        eprintln!("qviz: {} is a cache of {version}.", visible(&input.to_string_lossy()));
    }
    let moved = moved_biases(&input, source);
    match format {
        FileFormat::Qdq => qdq::convert(&file, &model, source, &read.ranges, &moved),
        FileFormat::Scales(format) => {
            if !moved.is_empty() {
                let biases = number::with(moved.len() as u64, "moved bias", "moved biases");
                eprintln!(
                    "qviz: {biases} of the document left out: the format holds ranges only; --to qdq writes them."
                );
            }
            let written = exchange::write(format, &read.ranges, &file.names(), &file.options(read.version));
            Ok(u8::from(!file.put(written)?))
        }
    }
}

/// The ranges of a file, and the word of its format; `None`, once a sentence on stderr has said why, where there are none.
fn ranges(input: &Path, from: Option<FileFormat>) -> Result<Option<(&'static str, Read)>, Usage> {
    let from = match from {
        Some(FileFormat::Qdq) => return qdq::read(input),
        None if is_model(input) => return qdq::read(input),
        Some(FileFormat::Scales(format)) => Some(format),
        None => None,
    };
    let Some(bytes) = contents(input) else { return Ok(None) };
    Ok(match exchange::read(&input.to_string_lossy(), &bytes, from) {
        Ok((format, read)) => Some((format.id(), read)),
        Err(error) => {
            eprintln!("qviz: {error}");
            None
        }
    })
}

/// What a document of our own adds to biases; nothing of any other file.
fn moved_biases(input: &Path, source: &str) -> Vec<MovedBias> {
    let document = (source == "json").then(|| fs::read(input).ok()).flatten();
    let scales = document.and_then(|bytes| Scales::read(&bytes, &input.to_string_lossy()).ok());
    scales.map_or_else(Vec::new, |scales| scales.moved_biases().to_vec())
}

/// The bytes of a file; a sentence on stderr where there are none.
fn contents(path: &Path) -> Option<Vec<u8>> {
    let said = |error: io::Error| eprintln!("qviz: {} could not be read: {error}.", visible(&path.to_string_lossy()));
    fs::read(path).map_err(said).ok()
}
