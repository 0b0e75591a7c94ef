use super::error::{excerpt, io_predicate};
use super::naming::{self, natural};
use super::part::Part;
use super::{GroupPattern, InputError, Source, counted, npz, safetensors};
use crate::ErrorKind;
use std::collections::{HashMap, HashSet};
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
/// skipped), globs where no such file exists, and `-` for `.npy` on standard input. A file given twice counts once.
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
    let mut answered = HashSet::new();
    let components = |file: &File| file.path.components().filter_map(naming::component).collect::<Vec<_>>();
    for file in files.iter_mut() {
        file.captures = pattern.captures(&components(file), file.beneath, false);
        if file.captures.is_some() {
            answered.insert(file.root);
        }
    }
    // A pattern that fits beneath a PATH is not meant to reach above it: `{batch}/{layer}.npy` would otherwise take
    // `acts/stray.npy` for the batch `acts`.
    for file in files.iter_mut().filter(|file| !answered.contains(&file.root)) {
        file.captures = pattern.captures(&components(file), file.beneath, true);
    }
    let (mut left_out, mut example) = (0, None);
    files.retain(|file| {
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
        errors.push(InputError { kind: ErrorKind::Unfit, file, message });
    }
}

/// Adds the arrays of one file.
fn list(file: File, found: &mut Vec<Found>, errors: &mut Vec<InputError>) {
    let ending = file.path.extension().map(|e| e.to_ascii_lowercase()).unwrap_or_default();
    if ending == "json" && file.regular {
        match counted::list(&file.path) {
            Ok(Some(listed)) => return list_counted(&file, listed, found, errors),
            // What it is else, if it is anything, shows when it is opened.
            Ok(None) => {}
            Err(predicate) => return errors.push(InputError::new(file.path.display().to_string(), predicate)),
        }
    }
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
            errors.extend(index.errors);
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

/// Adds the tensors that another tool has counted.
fn list_counted(file: &File, listed: counted::Listed, found: &mut Vec<Found>, errors: &mut Vec<InputError>) {
    let name = file.path.display().to_string();
    if listed.tensors.is_empty() {
        return errors.push(InputError::new(name, counted::without(&listed)));
    }
    if let Some(first) = listed.ranges_only.first() {
        let (n, more) = (listed.ranges_only.len(), listed.ranges_only.len() - 1);
        let (tensors, more) =
            if n == 1 { ("tensor has", String::new()) } else { ("tensors have", format!(" and {more} more")) };
        let message = format!("{name}: {n} {tensors} a range and no counts: {}{more}.", excerpt(first));
        errors.push(InputError { kind: ErrorKind::Incomplete, file: name, message });
    }
    let path: Arc<Path> = Arc::from(file.path.as_path());
    let mut tensors = listed.tensors;
    tensors.sort_by(|a, b| natural(&a.name, &b.name));
    found.extend(tensors.into_iter().map(|counted| Found {
        words: naming::words(&file.path, Some(&counted.name)),
        group: file.group(Some(&counted.name)),
        part: Part::of_counts(path.clone(), counted),
    }));
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

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32s, read};
    use super::*;
    use std::fs;

    /// A directory that holds these files; an `.npz` holds the arrays `x` and `y`.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (i, file) in files.iter().enumerate() {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let array = f32s(&[i as f32]);
            let zip = || testing::zip(&[("y.npy", &array), ("x.npy", &array)], false);
            fs::write(path, if file.ends_with(".npz") { zip() } else { array.clone() }).unwrap();
        }
        directory
    }

    fn names(found: &Discovered) -> Vec<&str> {
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        found.sources.iter().map(|s| s.name.as_str()).collect()
    }

    #[test]
    fn directories_are_searched_in_natural_order() {
        let files = ["conv10.npy", "conv2.npy", "b/conv2.npy", "b/.hidden.npy", ".git/x.npy", "b/c.NPZ", "notes.txt"];
        let directory = tree(&files);
        fs::write(directory.path().join("b/c.NPZ"), testing::zip(&[("fc.npy", &f32s(&[1.0]))], true)).unwrap();
        let name = directory.path().file_name().unwrap().to_str().unwrap();
        let found = discover(&[directory.path().into()], None);
        assert_eq!(names(&found), [format!("{name}/conv2").as_str(), "b/conv2", "conv10", "fc"]);
    }

    #[test]
    fn a_file_given_twice_counts_once() {
        let directory = tree(&["a/x.npy", "a/y.npy"]);
        let path = |file: &str| directory.path().join(file);
        let paths = [path("a"), path("a/x.npy"), path("./a/../a/x.npy"), path("a/*.npy"), path("a")];
        assert_eq!(names(&discover(&paths, None)), ["x", "y"]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("a/x.npy"), path("z.npy")).unwrap();
            std::os::unix::fs::symlink(directory.path(), path("a/loop")).unwrap();
            assert_eq!(names(&discover(&[directory.path().into()], None)), ["x", "y"]);
        }
    }

    #[test]
    fn paths_without_tensors_say_so() {
        let directory = tree(&["empty/notes.txt", "a.npy"]);
        let error = |path: &str| {
            let path = directory.path().join(path);
            let found = discover(std::slice::from_ref(&path), None);
            assert!(found.sources.is_empty());
            assert_eq!((found.errors.len(), &found.errors[0].file), (1, &path.display().to_string()));
            found.errors[0].message.strip_prefix(directory.path().to_str().unwrap()).unwrap()[1..].to_owned()
        };
        assert_eq!(error("nothing.npy"), "nothing.npy does not exist; check the path.");
        assert_eq!(error("*.npz"), "*.npz matches no file; check the pattern.");
        assert_eq!(error("[.npz"), "[.npz does not exist; check the path.");
        assert_eq!(
            error("a.npy/x"),
            "a.npy/x cannot be read: not a directory (os error 20); check the disk and try again."
        );
        fs::create_dir(directory.path().join("d.npy")).unwrap();
        let torch = [b"PK\x03\x04".as_slice(), &[0; 22], b"\x0a\0\0\0m/data.pkl"].concat();
        fs::create_dir(directory.path().join("torch")).unwrap();
        fs::write(directory.path().join("torch/m.pt"), torch).unwrap();
        fs::write(directory.path().join("torch/notes.bin"), "hello").unwrap();
        let found = discover(&[directory.path().join("torch")], None);
        let message = read(&found.sources[0].parts[0]).unwrap_err().message;
        assert!(message.contains("torch/m.pt is a PyTorch file"), "{message}");
        let nothing = "is a directory without .npy, .npz or .safetensors files; dump the tensors there first.";
        assert_eq!(error("empty"), format!("empty {nothing}"));
        assert_eq!(error("d.npy"), format!("d.npy {nothing}"));
        let kind = |path: &str| discover(&[directory.path().join(path)], None).errors[0].kind;
        for path in ["nothing.npy", "*.npz", "empty"] {
            assert_eq!(kind(path), ErrorKind::Missing, "{path}");
        }
        assert_eq!(kind("a.npy/x"), ErrorKind::Unreadable);
    }

    #[test]
    fn globs_and_files_whose_names_look_like_globs() {
        let directory = tree(&["conv1.npy", "conv2.npy", "fc.npy", "w[0].npy", ".conv3.npy"]);
        let find = |pattern: &str| discover(&[directory.path().join(pattern)], None);
        assert_eq!(names(&find("conv*.npy")), ["conv1", "conv2"]);
        assert_eq!(names(&find("w[0].npy")), ["w[0]"]);
        assert_eq!(names(&find("*.npy")), ["conv1", "conv2", "fc", "w[0]"]);
    }

    #[test]
    fn names_that_collide_are_told_apart() {
        let directory = tree(&["run1/conv1.npy", "run2/conv1.npy", "a.npz", "b.npz", "run1/fc.npy"]);
        let found = discover(&[directory.path().into()], None);
        assert_eq!(names(&found), ["a/x", "a/y", "b/x", "b/y", "fc", "run1/conv1", "run2/conv1"]);
    }

    #[test]
    #[cfg(unix)]
    fn paths_that_are_not_text_open() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9\x1b.npy"));
        if fs::write(&path, f32s(&[4.0])).is_err() {
            return; // a file system that wants text
        }
        for given in [directory.path(), &path] {
            let found = discover(&[given.into()], None);
            assert_eq!(names(&found), ["caf\u{fffd}\x1b"]);
            assert_eq!(read(&found.sources[0].parts[0]).unwrap(), [4.0]);
        }
    }

    fn grouped(found: &Discovered, below: &Path) -> Vec<String> {
        let file = |part: &Part| part.file().strip_prefix(below.to_str().unwrap()).unwrap()[1..].to_owned();
        let layer = |s: &Source| format!("{}: {}", s.name, s.parts.iter().map(file).collect::<Vec<_>>().join(" "));
        found.sources.iter().map(layer).collect()
    }

    #[test]
    fn batches_become_one_layer() {
        let files = ["a/b10/fc.npy", "a/b2/fc.npy", "a/b2/conv.npy", "a/b10/conv.npy", "a/stray.npy", "a/s/t/u.npy"];
        let directory = tree(&files);
        let root = directory.path();
        let find = |paths: &[PathBuf], pattern: &str| discover(paths, Some(&pattern.parse().unwrap()));
        let expected = ["conv: a/b2/conv.npy a/b10/conv.npy", "fc: a/b2/fc.npy a/b10/fc.npy"];
        let found = find(&[root.join("a")], "{batch}/{layer}.npy");
        assert_eq!(grouped(&found, root), expected);
        assert_eq!(found.errors.len(), 1);
        let expected_error = format!(
            "2 files do not match the group pattern '{{batch}}/{{layer}}.npy' and were left out, such as \
             {}/a/s/t/u.npy; change the pattern.",
            root.display()
        );
        assert_eq!(found.errors[0].message, expected_error);
        // The same from files, as a shell's glob gives them, and by the path as it was given.
        let found = find(&[0, 1, 2, 3].map(|i: usize| root.join(files[i])), "{batch}/{layer}.npy");
        assert_eq!((grouped(&found, root), found.errors.len()), (expected.map(String::from).to_vec(), 0));
        assert_eq!(grouped(&find(&[root.join("a")], "a/{batch}/{layer}.npy"), root), expected);
        let found = find(&[root.join("a/stray.npy")], "{batch}/{layer}.npz");
        assert!(found.sources.is_empty());
        assert!(found.errors[0].message.contains("stray.npy does not match the group pattern"), "{:?}", found.errors);
    }

    #[test]
    fn archives_are_batches_of_their_keys_or_of_their_layer() {
        let directory = tree(&["step10.npz", "step9.npz"]);
        let root = directory.path();
        let find = |pattern: &str| discover(&[root.into()], Some(&pattern.parse().unwrap()));
        assert_eq!(grouped(&find("step{batch}.npz"), root), ["x: step9.npz step10.npz", "y: step9.npz step10.npz"]);
        let by_layer = ["step9: step9.npz step9.npz", "step10: step10.npz step10.npz"];
        assert_eq!(grouped(&find("{layer}.npz"), root), by_layer);
    }

    #[test]
    fn ten_thousand_files_list_without_being_opened() {
        let directory = tempfile::tempdir().unwrap();
        for i in 0..10_000 {
            fs::write(directory.path().join(format!("layer{i}.npy")), b"").unwrap();
        }
        let start = std::time::Instant::now();
        let found = discover(&[directory.path().into()], None);
        let took = start.elapsed();
        assert_eq!(found.sources.len(), 10_000);
        assert_eq!((&*found.sources[2].name, &*found.sources[9999].name), ("layer2", "layer9999"));
        // Generous: the machine that runs the tests may be busy.
        assert!(took.as_secs() < 2, "{took:?}");
    }
}
