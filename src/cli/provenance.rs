//! What a document was made from, the network's file by what it holds.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::thread;

use sha2::{Digest, Sha256};

use super::shared::SharedArgs;
use crate::report::{ModelFile, Provenance};

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
        options: shared.said.options().clone(),
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
