//! Which of the paths are statistics, and what they come to.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::cli::usage::Usage;
use crate::report::visible;
use crate::statistics::{Merger, StatisticsError, Table, is_statistics, read_file};

/// The files of statistics that the paths name; `None` where they name something else.
///
/// # Errors
/// Some are statistics and some are not.
pub(in crate::cli) fn named(paths: &[PathBuf]) -> Result<Option<Vec<PathBuf>>, Usage> {
    let (mut files, mut other) = (Vec::new(), None);
    for path in paths {
        match expanded(path) {
            Some(found) => files.extend(found),
            None => other = Some(path),
        }
    }
    match (files.first(), other) {
        (None, _) => Ok(None),
        (Some(_), None) => Ok(Some(files)),
        (Some(first), Some(other)) => Err(Usage(format!(
            "{} holds statistics, and {} does not: they are looked at apart. qviz stats makes statistics of activations.",
            visible(&first.to_string_lossy()),
            visible(&other.to_string_lossy())
        ))),
    }
}

/// The files of statistics that a path means; `None` where it means something else.
fn expanded(path: &Path) -> Option<Vec<PathBuf>> {
    if path.is_dir() {
        return folder(path);
    }
    if !is_statistics(path) {
        return None;
    }
    // A pattern that the shell left alone.
    let pattern = path.to_str().filter(|text| !path.exists() && text.contains(['*', '?', '[']));
    // Hidden files are nobody's, as for a shell.
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let found: Option<Vec<PathBuf>> =
        pattern.and_then(|pattern| glob::glob_with(pattern, options).ok()).map(|all| all.flatten().collect());
    Some(found.filter(|found| !found.is_empty()).unwrap_or_else(|| vec![path.to_owned()]))
}

/// A folder's files of statistics, in order; `None` where there are none, or activations beside them.
fn folder(path: &Path) -> Option<Vec<PathBuf>> {
    let hidden =
        |entry: &walkdir::DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let entries = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
    let files = entries.filter_entry(|entry| !hidden(entry)).flatten().filter(|entry| entry.file_type().is_file());
    let mut found = Vec::new();
    for entry in files {
        let is_dump =
            |ending: &std::ffi::OsStr| ["npy", "npz", "safetensors"].iter().any(|of| ending.eq_ignore_ascii_case(of));
        if entry.path().extension().is_some_and(is_dump) {
            return None;
        }
        if is_statistics(entry.path()) {
            found.push(entry.into_path());
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Reads some files and merges them. Each is forgotten before the next few are read.
///
/// # Errors
/// One that cannot be read, or does not go with the others: nothing is merged in part.
pub(in crate::cli) fn merged(files: &[PathBuf], any_runs: bool) -> Result<Table, StatisticsError> {
    let mut merger = if any_runs { Merger::new().of_any_runs() } else { Merger::new() };
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(8);
    for some in files.chunks(threads) {
        // Reading is nearly all of the work.
        let read: Vec<_> = std::thread::scope(|scope| {
            let readers: Vec<_> = some.iter().map(|path| scope.spawn(move || read_file(path))).collect();
            readers
                .into_iter()
                .map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for (path, file) in some.iter().zip(read) {
            merger.add(&path.display().to_string(), file?)?;
        }
    }
    merger.finish()
}
