//! Files of scales for other tools, and of theirs.

use std::fs;
use std::io;
use std::path::Path;

use super::args::{ConvertArgs, ExportArgs};
use super::file::FileFormat;
use super::out::{Failed, complain, exists};
use super::source::Usage;
use super::trials;
use crate::exchange;
use crate::report::visible;

/// Writes the chosen scales.
pub(super) fn export(ExportArgs { file, lean, exact, shared }: ExportArgs) -> Result<u8, Failed> {
    let format = file.format().map_err(Usage)?;
    if lean && format.id() != "json" {
        return Err(Usage("--lean is for qviz's own document; other formats hold ranges only.".into()).into());
    }
    if exists(file.output.as_deref(), file.force) {
        return Ok(1);
    }
    let loaded = trials::loaded(shared, exact)?;
    let scales = loaded.scales();
    let written = match lean {
        true => Ok(exchange::Written { bytes: scales.lean_json().into_bytes(), said: Vec::new() }),
        false => exchange::write_all(format, &scales, &file.names(), &file.options(None)),
    };
    if !file.put(written)? {
        return Ok(1);
    }
    let what = match &file.output {
        None => "scales{} were printed".to_owned(),
        Some(path) => format!("scales{{}} were written to {}", visible(&path.to_string_lossy())),
    };
    Ok(loaded.exit(complain(&loaded.session), &what))
}

/// Reads a file of scales and writes another.
pub(super) fn convert(ConvertArgs { input, from, file }: ConvertArgs) -> Result<u8, Failed> {
    let format = file.format().map_err(Usage)?;
    if exists(file.output.as_deref(), file.force) {
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
    if let Some(version) = &read.version {
        eprintln!("qviz: {} is a cache of {version}.", visible(&input.to_string_lossy()));
    }
    let written = exchange::write(format, &read.ranges, &file.names(), &file.options(read.version));
    Ok(u8::from(!file.put(written)?))
}

/// The bytes of a file; a sentence on stderr where there are none.
fn contents(path: &Path) -> Option<Vec<u8>> {
    let said = |error: io::Error| eprintln!("qviz: {} could not be read: {error}.", visible(&path.to_string_lossy()));
    fs::read(path).map_err(said).ok()
}
