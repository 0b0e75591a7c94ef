//! What a document was made from: what was said, and the network's file by what it holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::thread;

use clap::ArgMatches;
use clap::parser::ValueSource;
use sha2::{Digest, Sha256};

use super::args::SharedArgs;
use crate::report::{ModelFile, Provenance};

/// The options that were given, with their values as they were typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(BTreeMap<String, Vec<String>>);

/// Options that decide where an answer goes and how it is shown, not what a document holds; and what stands beside the
/// others in a document.
const APART: &[&str] = &[
    "output",
    "force",
    "json",
    "lean",
    "markdown",
    "html",
    "bars",
    "ascii",
    "svg",
    "size",
    "exact",
    "outputs",
    "by_method",
    "to",
    "names",
    "no_mouse",
    "paths",
    "data",
    "check",
    "help",
    "version",
];

impl Said {
    /// What was said to a command.
    pub fn of(command: &clap::Command, matches: &ArgMatches) -> Said {
        let said = |arg: &clap::Arg| {
            let id = arg.get_id().as_str();
            let given = matches.value_source(id) == Some(ValueSource::CommandLine);
            if APART.contains(&id) || !given {
                return None;
            }
            let values = matches.get_raw(id).filter(|_| arg.get_action().takes_values());
            let values = values.into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
            Some((arg.get_long().unwrap_or(id).to_owned(), values.collect()))
        };
        Said(command.get_arguments().filter_map(said).collect())
    }
}

/// What a document was made from, once the network's file was read for its SHA-256: that goes on beside everything else,
/// and is waited for where it is needed.
pub(super) type Late = LazyLock<Provenance, Box<dyn FnOnce() -> Provenance + Send>>;

/// Begins to find out.
pub(super) fn begin(shared: &SharedArgs) -> Arc<Late> {
    let words = |paths: &[std::path::PathBuf]| paths.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let runs = shared.runs_model();
    let provenance = Provenance {
        data: words(if runs { &shared.data.samples.data } else { &shared.paths }),
        check: words(&shared.data.check),
        options: shared.said.0.clone(),
        ..Provenance::default()
    };
    let model = shared.paths.first().filter(|_| runs).cloned();
    let reading = model.map(|path| thread::spawn(move || model_file(&path)));
    Arc::new(LazyLock::new(Box::new(move || {
        let model = reading.and_then(|thread| thread.join().ok().flatten());
        Provenance { model, ..provenance }
    })))
}

/// A file's length and hash; `None` where it cannot be read, which whoever opens it says.
fn model_file(path: &Path) -> Option<ModelFile> {
    let (mut file, mut hash, mut bytes) = (File::open(path).ok()?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(ModelFile { file: path.to_string_lossy().into_owned(), bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_sha_256() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.onnx");
        std::fs::write(&path, "abc").unwrap();
        let found = model_file(&path).unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(found.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(found.bytes, 3);
        assert_eq!(model_file(&folder.path().join("none.onnx")), None);
    }
}
