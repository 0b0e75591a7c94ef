use super::error::io_predicate;
use super::naming::{self, natural};
use super::part::Part;
use super::{GroupPattern, InputError, Source, npz, safetensors};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod files;
use files::File;

/// What discovery found: the sources in natural order, and what cannot be listed.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// One for each layer, in the natural order of their names, which are unique.
    pub sources: Vec<Source>,
    /// Paths and archives that could not be listed, and files that were left out.
    pub errors: Vec<InputError>,
}

/// An array before it has a name.
struct Found {
    words: Vec<String>,
    group: Option<Group>,
    part: Part,
}

/// What a group pattern says about an array.
struct Group {
    layer: String,
    batch: String,
}

/// Lists the layers under `paths`: files, directories (searched for `.npy`, `.npz` and `.safetensors`; hidden entries are
/// skipped), globs where no such file exists, and `-` for one `.npy` on standard input. A file given twice counts once.
///
/// Only archives are opened, for their index. What is wrong with an `.npy` shows when it is opened.
pub fn discover(paths: &[PathBuf], group: Option<&GroupPattern>) -> Discovered {
    let mut errors = Vec::new();
    let mut files = files::list(paths, &mut errors);
    if let Some(pattern) = group {
        leave_out(&mut files, pattern, &mut errors);
    }
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        list(file, &mut found, &mut errors);
    }
    let mut sources = if group.is_some() { grouped(found) } else { named(found) };
    sources.sort_by(|a, b| natural(&a.name, &b.name));
    Discovered { sources, errors }
}

/// Keeps the files that match the pattern, and counts the others in one error.
fn leave_out(files: &mut Vec<File>, pattern: &GroupPattern, errors: &mut Vec<InputError>) {
    let (mut left_out, mut example) = (0, None);
    files.retain_mut(|file| {
        let components: Vec<String> = file.path.components().filter_map(naming::component).collect();
        file.captures = pattern.captures(&components, file.beneath);
        if file.captures.is_none() {
            left_out += 1;
            example.get_or_insert_with(|| file.path.display().to_string());
        }
        file.captures.is_some()
    });
    if let Some(file) = example {
        let message = match left_out {
            1 => format!("{file} does not match the group pattern '{pattern}' and was left out; change the pattern."),
            n => format!(
                "{n} files do not match the group pattern '{pattern}' and were left out, such as {file}; change the \
                 pattern."
            ),
        };
        errors.push(InputError { file, message });
    }
}

/// Adds the arrays of one file.
fn list(file: File, found: &mut Vec<Found>, errors: &mut Vec<InputError>) {
    let ending = file.path.extension().map(|e| e.to_ascii_lowercase()).unwrap_or_default();
    let archive = ending == "npz" || ending == "safetensors";
    if !archive || file.stdin {
        let words = naming::words(&file.path, None);
        let group = file.group(None);
        let part = if file.stdin { Part::stdin() } else { Part::npy(file.path, file.regular) };
        found.push(Found { words, group, part });
        return;
    }
    if !file.regular {
        let predicate = "is a pipe, and an archive is read from its end; write it to a file first.";
        errors.push(InputError::new(file.path.display().to_string(), predicate));
        return;
    }
    let path: Arc<Path> = Arc::from(file.path.as_path());
    let arrays = if ending == "npz" {
        npz::list(&path).map(|index| {
            errors.extend(index.error);
            let part = |entry: npz::Entry| (entry.key().to_owned(), Part::npz(path.clone(), entry));
            index.entries.into_iter().map(part).collect::<Vec<_>>()
        })
    } else {
        safetensors::list(&path).map(|tensors| {
            let part = |tensor: safetensors::Tensor| (tensor.key.clone(), Part::safetensors(path.clone(), tensor));
            tensors.into_iter().map(part).collect()
        })
    };
    match arrays {
        Ok(mut arrays) => {
            arrays.sort_by(|(a, _), (b, _)| natural(a, b));
            found.extend(arrays.into_iter().map(|(key, part)| Found {
                words: naming::words(&file.path, Some(&key)),
                group: file.group(Some(&key)),
                part,
            }));
        }
        Err(error) => errors.push(error),
    }
}

impl File {
    /// The layer is what `{layer}` stands for, else the key in an archive, else the file's stem without the batch.
    fn group(&self, key: Option<&str>) -> Option<Group> {
        let captures = self.captures.as_ref()?;
        let layer = captures.layer.as_deref().or(key).unwrap_or(&captures.rest);
        Some(Group { layer: layer.into(), batch: captures.batch.clone() })
    }
}

/// A layer for each array.
fn named(found: Vec<Found>) -> Vec<Source> {
    let (words, parts): (Vec<_>, Vec<_>) = found.into_iter().map(|f| (f.words, f.part)).unzip();
    let names = naming::unique(&words);
    names.into_iter().zip(parts).map(|(name, part)| Source { name, parts: vec![part] }).collect()
}

/// A layer for each name that the pattern found, with its batches in order.
fn grouped(found: Vec<Found>) -> Vec<Source> {
    let mut layers: HashMap<String, Vec<(String, Part)>> = HashMap::new();
    for Found { group, part, .. } in found {
        let Some(Group { layer, batch }) = group else { continue };
        layers.entry(layer).or_default().push((batch, part));
    }
    let source = |(name, mut parts): (String, Vec<(String, Part)>)| {
        // Stable: within a batch, files stay in the order of their paths and arrays in that of their keys.
        parts.sort_by(|(a, _), (b, _)| natural(a, b));
        Source { name, parts: parts.into_iter().map(|(_, part)| part).collect() }
    };
    layers.into_iter().map(source).collect()
}
