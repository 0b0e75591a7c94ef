//! From what the user names to a list of files.

use super::super::error::{ModelError, one_line};
use super::super::network::Network;
use crate::error::{ErrorKind, Predicate};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Files of one kind, in natural order where a directory or pattern lists them; at least one.
pub(super) enum Files {
    Arrays(Vec<PathBuf>),
    Pictures(Vec<PathBuf>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Picture,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "npy" | "npz" => Some(Kind::Array),
        "png" | "jpg" | "jpeg" => Some(Kind::Picture),
        _ => None,
    }
}

/// The files, and a sentence without its full stop for each entry that was left out.
pub(super) fn list(network: &Network, paths: &[PathBuf]) -> Result<(Files, Vec<String>), ModelError> {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for path in paths {
        files.extend(expand(path, &mut left_out)?);
    }
    let Some(first) = files.first().and_then(|path| kind(path)) else {
        return Err(network.error(none_named()));
    };
    if let Some(other) = files.iter().find(|path| kind(path) != Some(first)) {
        let predicate = "is of another kind than the samples before it; give arrays or pictures.";
        return Err(ModelError::new(other.display().to_string(), predicate));
    }
    let files = match first {
        Kind::Array => Files::Arrays(files),
        Kind::Picture => Files::Pictures(files),
    };
    Ok((files, left_out))
}

pub(super) fn none_named() -> Predicate {
    Predicate::new(ErrorKind::Incomplete, "has no samples to run on: none were named.")
}

/// What a path stands for. A hidden entry of a directory stands for nothing.
fn expand(path: &Path, left_out: &mut Vec<String>) -> Result<Vec<PathBuf>, ModelError> {
    let name = path.display().to_string();
    let fail = |predicate: Predicate| ModelError::new(name.clone(), predicate);
    // Each error names its path.
    let mut unreadable = |error: String| left_out.push(format!("{name}: an entry is left out ({})", one_line(&error)));
    let mut found: Vec<PathBuf> = if path.is_dir() {
        let visible = |name: &std::ffi::OsStr| !name.to_string_lossy().starts_with('.');
        let walk = WalkDir::new(path).follow_links(true).into_iter();
        let walk = walk.filter_entry(|entry| entry.depth() == 0 || visible(entry.file_name()));
        let entries = walk.filter_map(|entry| entry.map_err(|error| unreadable(error.to_string())).ok());
        entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
    } else if path.exists() {
        return match kind(path) {
            Some(_) => Ok(vec![path.to_owned()]),
            None => Err(fail("is no sample: .npy, .npz, .png and .jpg are read.".into())),
        };
    } else {
        let pattern = path.to_string_lossy();
        if !pattern.contains(['*', '?', '[']) {
            return Err(fail(Predicate::new(ErrorKind::Missing, "does not exist; check the path.")));
        }
        let matches = glob::glob(&pattern).map_err(|e| fail(format!("is no pattern ({}).", e.msg).into()))?;
        let entries = matches.filter_map(|entry| entry.map_err(|error| unreadable(error.to_string())).ok());
        entries.filter(|path| path.is_file()).collect()
    };
    let all = found.len();
    found.retain(|path| kind(path).is_some());
    if found.is_empty() {
        let nothing = "holds no samples: .npy, .npz, .png and .jpg are read.";
        return Err(fail(Predicate::new(ErrorKind::Missing, nothing)));
    }
    match all - found.len() {
        0 => {}
        1 => left_out.push(format!("{name}: 1 file that is no sample is left out")),
        n => left_out.push(format!("{name}: {n} files that are no samples are left out")),
    }
    alphanumeric_sort::sort_path_slice(&mut found);
    Ok(found)
}
