//! Which file of scales is read or written, in which format, under which names.

use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Args;

use super::words::is_stdout;
use crate::exchange::{self, Foreign, Names, Options, TensorrtVersion, Unclear, Written};
use crate::report::{self, ExportError, visible};

/// A format of files.
#[derive(Clone, Copy)]
pub(super) struct FileFormat(pub &'static dyn Foreign);

pub(super) fn parse_file_format(id: &str) -> Result<FileFormat, String> {
    exchange::by_id(id).map(FileFormat)
}

fn parse_names(path: &str) -> Result<Names, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("it could not be read: {error}"))?;
    Names::read(&text)
}

/// Every format, with whose it is.
pub(super) fn formats() -> String {
    let row = |format: &&dyn Foreign| format!("  {:16} {}\n", format.id(), format.summary());
    format!("Formats of files:\n{}", exchange::FORMATS.iter().map(row).collect::<String>())
}

/// Where a file of scales goes, and in which format.
#[derive(Args)]
pub(super) struct FileArgs {
    /// The format of the file, from the list below; without it by the file's ending (.csv, .cache, .alls, .table,
    /// .cali_table), else json
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

    pub fn format(&self) -> Result<&'static dyn Foreign, String> {
        let format = match (self.to, self.path()) {
            (Some(FileFormat(format)), _) => format,
            (None, Some(path)) => exchange::by_ending(path).map_err(|why| match why {
                Unclear::Several { .. } => format!("{why}; name one with --to."),
                Unclear::Model { .. } => format!("{why}; name another file, or a format with --to."),
            })?,
            (None, None) => exchange::by_id("json")?,
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
