//! From what the user names to a list of files.

use super::super::error::{ModelError, one_line};
use super::super::network::Network;
use crate::error::{ErrorKind, Predicate};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Files of one kind, in natural order where a directory or pattern lists them; at least one.
pub(super) enum Files {
    Arrays(Vec<File>),
    Pictures(Vec<PathBuf>),
}

/// A file of arrays.
pub(super) struct File {
    pub path: PathBuf,
    pub kind: Kind,
    /// Where it was said: which of the inputs it is for, and what it has in common with the files of other inputs.
    pub input: Option<(usize, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `.npy`.
    Array,
    /// `.npz`, `.safetensors`: arrays with names.
    Archive,
    /// `.pb`: a `TensorProto`.
    Proto,
    Picture,
}

const READ: &str = ".npy, .npz, .safetensors, .pb, .png and .jpg are read";

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "npy" => Some(Kind::Array),
        "npz" | "safetensors" => Some(Kind::Archive),
        "pb" => Some(Kind::Proto),
        "png" | "jpg" | "jpeg" => Some(Kind::Picture),
        _ => None,
    }
}

/// The same in a directory, where the right answers lie beside what ONNX's own tests feed.
fn kind_in_directory(path: &Path) -> Option<Kind> {
    let answer = || path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("output_"));
    kind(path).filter(|kind| *kind != Kind::Proto || !answer())
}

/// The files, and a sentence without its full stop for each entry that was left out.
pub(super) fn list(network: &Network, paths: &[PathBuf]) -> Result<(Files, Vec<String>), ModelError> {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for path in paths {
        let named = named(network, path);
        let root = named.as_ref().map_or(path.as_path(), |(_, path)| path);
        for path in expand(root, &mut left_out)? {
            let below = path.strip_prefix(root).ok().filter(|below| *below != Path::new(""));
            let below = below.map(Path::to_owned).or_else(|| path.file_name().map(PathBuf::from)).unwrap_or_default();
            let key = || below.with_extension("").display().to_string();
            let input = named.as_ref().map(|(input, _)| (*input, key()));
            let kind = kind(&path).expect("others are left out");
            files.push(File { path, kind, input });
        }
    }
    let Some(first) = files.first().map(|file| file.kind == Kind::Picture) else {
        return Err(network.error(none_named()));
    };
    if let Some(other) = files.iter().find(|file| (file.kind == Kind::Picture) != first) {
        let predicate = "is of another kind than the samples before it; give arrays or pictures.";
        return Err(ModelError::new(other.path.display().to_string(), predicate));
    }
    let files = match first {
        false => Files::Arrays(files),
        true => Files::Pictures(files.into_iter().map(|file| file.path).collect()),
    };
    Ok((files, left_out))
}

/// `NAME=PATH`, where NAME is an input of the network and no such file is there: the input's place, and the path.
fn named(network: &Network, path: &Path) -> Option<(usize, PathBuf)> {
    let text = path.to_str().filter(|_| !path.exists())?;
    let path_of = |name: &str| text.strip_prefix(name)?.strip_prefix('=').filter(|path| !path.is_empty());
    let found = |(ix, name): (usize, &str)| Some((ix, PathBuf::from(path_of(name)?)));
    network.inputs().iter().map(|port| port.name.as_str()).enumerate().find_map(found)
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
            None => Err(fail(format!("is no sample: {READ}.").into())),
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
    found.retain(|path| kind_in_directory(path).is_some());
    if found.is_empty() {
        let nothing = format!("holds no samples: {READ}.");
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
