//! Files of scales for other tools, and of theirs.

use std::fs;
use std::io;
use std::path::Path;

use super::args::{ConvertArgs, ExportArgs};
use super::file::FileFormat;
use super::out::{Failed, complain, exists};
use super::source::Usage;
use super::trials;
use crate::exchange::{self, Range, Written};
use crate::report::{self, Exporter, visible};

/// Writes the chosen scales.
pub(super) fn export(ExportArgs { file, exact, shared }: ExportArgs) -> Result<u8, Failed> {
    let format = file.format().map_err(Usage)?;
    if exists(file.path(), file.force) {
        return Ok(1);
    }
    let loaded = trials::loaded(shared, exact)?;
    let scales = loaded.scales();
    // Our own document says more than ranges do.
    let written = match (format.id(), &file.names) {
        ("json", None) => report::Json.bytes(&scales).map(|bytes| Written { bytes, said: Vec::new() }),
        _ => {
            let ranges = Range::all(&scales).map_err(Usage)?;
            exchange::write(format, &ranges, &file.names())
        }
    };
    if !file.put(written)? {
        return Ok(1);
    }
    let what = match file.path() {
        None => "scales{} were printed".to_owned(),
        Some(path) => format!("scales{{}} were written to {}", visible(&path.to_string_lossy())),
    };
    Ok(loaded.exit(complain(&loaded.session), &what))
}

/// Reads a file of scales and writes another.
pub(super) fn convert(ConvertArgs { input, from, file }: ConvertArgs) -> Result<u8, Failed> {
    let format = file.format().map_err(Usage)?;
    if exists(file.path(), file.force) {
        return Ok(1);
    }
    let Some(bytes) = contents(&input) else { return Ok(1) };
    let (_, read) = match exchange::read(&input.to_string_lossy(), &bytes, from.map(|FileFormat(format)| format)) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("qviz: {error}");
            return Ok(1);
        }
    };
    for sentence in &read.said {
        eprintln!("qviz: {}", visible(sentence));
    }
    let written = exchange::write(format, &read.ranges, &file.names());
    Ok(u8::from(!file.put(written)?))
}

/// The bytes of a file; a sentence on stderr where there are none.
fn contents(path: &Path) -> Option<Vec<u8>> {
    let said = |error: io::Error| eprintln!("qviz: {} could not be read: {error}.", visible(&path.to_string_lossy()));
    fs::read(path).map_err(said).ok()
}
