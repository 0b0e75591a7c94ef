//! What is noted beside a part, so that what is done is not done again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

/// The notes of a part, in the metadata of its file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// Of each tensor of files, what it was counted from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tensors: BTreeMap<String, String>,
    /// How far a network was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Seen>,
}

/// How far a network was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// What it was run on, and how it is counted.
    pub of: String,
    /// Samples that were seen, the first ones.
    pub samples: usize,
}

impl Notes {
    /// Those of a file; nothing where they are of another program, or none.
    pub fn read(text: Option<&str>) -> Notes {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }
}

/// What is told apart by it: files by their paths, sizes and times of change, as build tools do it, and how they are
/// counted.
#[derive(Default)]
pub(super) struct Stamp(Sha256);

impl Stamp {
    /// How something is counted.
    pub fn word(mut self, word: impl std::fmt::Display) -> Stamp {
        let word = word.to_string();
        self.0.update(word.len().to_le_bytes());
        self.0.update(word);
        self
    }

    /// A file, or all files in a folder. `None` where it is neither: what comes through a pipe is never the same.
    pub fn path(self, path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        if !metadata.is_dir() {
            return self.file(path);
        }
        let files = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().flatten();
        files.filter(|entry| entry.file_type().is_file()).try_fold(self, |stamp, entry| stamp.file(entry.path()))
    }

    fn file(self, path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        Some(self.word(path.to_string_lossy()).word(metadata.len()).word(changed))
    }

    pub fn finish(self) -> String {
        self.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let stamp = || Stamp::default().word(1).path(folder.path()).unwrap().finish();
        fs::write(&path, "one").unwrap();
        let first = stamp();
        assert_eq!(first, stamp());
        fs::write(&path, "longer").unwrap();
        assert_ne!(first, stamp());
        assert_ne!(stamp(), Stamp::default().word(2).path(folder.path()).unwrap().finish());
        assert!(Stamp::default().path(&folder.path().join("none")).is_none());
        let notes = Notes { network: Some(Seen { of: first, samples: 3 }), ..Notes::default() };
        assert_eq!(Notes::read(Some(&notes.write())), notes);
        assert_eq!((Notes::read(Some("{")), Notes::read(None)), (Notes::default(), Notes::default()));
    }
}
