//! Which file of scales is read or written, in which format, under which names.

use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Args;

use super::words::{is_model, is_stdout};
use crate::exchange::{self, Foreign, Names, Options, TensorrtVersion, Unclear, Written};
use crate::report::{self, ExportError, visible};

/// A format of files.
#[derive(Clone, Copy)]
pub(super) enum FileFormat {
    /// Of scales alone.
    Scales(&'static dyn Foreign),
    /// The model itself, with QuantizeLinear and DequantizeLinear.
    Qdq,
}

impl FileFormat {
    /// Its word.
    pub fn id(self) -> &'static str {
        match self {
            FileFormat::Scales(format) => format.id(),
            FileFormat::Qdq => QDQ,
        }
    }

    /// The format of scales alone, if it is one.
    pub fn scales(self) -> Option<&'static dyn Foreign> {
        match self {
            FileFormat::Scales(format) => Some(format),
            FileFormat::Qdq => None,
        }
    }
}

/// The word of [`FileFormat::Qdq`].
const QDQ: &str = "qdq";

pub(super) fn parse_file_format(id: &str) -> Result<FileFormat, String> {
    match id {
        QDQ => Ok(FileFormat::Qdq),
        _ => exchange::by_id(id).map(FileFormat::Scales).map_err(|why| format!("{why}, {QDQ}")),
    }
}

fn parse_names(path: &str) -> Result<Names, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("it could not be read: {error}"))?;
    Names::read(&text)
}

/// Every format, with whose it is.
pub(super) fn formats() -> String {
    let row = |format: &&dyn Foreign| format!("  {:16} {}\n", format.id(), format.summary());
    let listed: String = exchange::FORMATS.iter().map(row).collect();
    format!("Formats of files:\n{listed}  {QDQ:16} the ONNX model with QuantizeLinear and DequantizeLinear\n")
}

/// Where a file of scales goes, and in which format.
#[derive(Args)]
pub(super) struct FileArgs {
    /// The format of the file, from the list below; without it by the file's ending (.csv, .cache, .alls, .table,
    /// .cali_table, .onnx), else json
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format)]
    pub to: Option<FileFormat>,
    /// Other names for the tensors: a JSON object or two columns of CSV, ours and theirs
    #[arg(long, value_name = "FILE", value_parser = parse_names)]
    pub names: Option<Names>,
    /// The version in the first line of a TensorRT cache, such as 8.6.1 or 8601; without it 10.3, or that of the cache
    /// that is converted
    #[arg(long, value_name = "VERSION")]
    pub trt_version: Option<TensorrtVersion>,
    /// The file to write; - or nothing is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replaces FILE if it exists
    #[arg(long)]
    pub force: bool,
}

impl FileArgs {
    /// The file to write; `None` for stdout.
    pub fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|_| !is_stdout(self.output.as_deref()))
    }

    pub fn format(&self) -> Result<FileFormat, String> {
        let by_ending = |path: &Path| match is_model(path) {
            true => Ok(FileFormat::Qdq),
            false => exchange::by_ending(path).map(FileFormat::Scales).map_err(|why| match why {
                Unclear::Several { .. } => format!("{why}; name one with --to."),
                Unclear::Model { .. } => format!("{why}; name another file, or a format with --to."),
            }),
        };
        let format = match (self.to, self.path()) {
            (Some(format), _) => format,
            (None, Some(path)) => by_ending(path)?,
            (None, None) => FileFormat::Scales(exchange::by_id("json")?),
        };
        if self.trt_version.is_some() && format.id() != "tensorrt-cache" {
            return Err(format!("--trt-version is for a tensorrt-cache, and {} is written.", format.id()));
        }
        Ok(format)
    }

    /// What the writer is told; `version` is that of a file that is converted.
    pub fn options(&self, version: Option<TensorrtVersion>) -> Options {
        Options { tensorrt: self.trt_version.clone().or(version) }
    }

    pub fn names(&self) -> Names {
        self.names.clone().unwrap_or_default()
    }

    /// Writes what was made, to the file or to stdout; whether it is there.
    pub fn put(&self, written: Result<Written, ExportError>) -> io::Result<bool> {
        let saved = written.and_then(|written| {
            if let Some(path) = self.path() {
                report::save(path, &written.bytes, self.force)?;
            }
            Ok(written)
        });
        let written = match saved {
            Ok(written) => written,
            Err(error) => {
                eprintln!("qviz: {error}");
                return Ok(false);
            }
        };
        if self.path().is_none() {
            let mut out = stdout().lock();
            match out.write_all(&written.bytes).and_then(|()| out.flush()) {
                // A reader that has seen enough is no error.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                result => result?,
            }
        }
        for sentence in &written.said {
            eprintln!("qviz: {}", visible(sentence));
        }
        Ok(true)
    }
}
