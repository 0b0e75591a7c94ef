//! The index of a checkpoint that lies in several `.safetensors` files, as Hugging Face writes it.

use super::error::{excerpt, io_predicate};
use super::foreign::foreign;
use super::safetensors;
use crate::error::{ErrorKind, Predicate};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// As much as the headers of files hold together.
const LONGEST: u64 = 64 << 20;

/// Whether a file is such an index, by its name.
pub(super) fn is_index(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().to_ascii_lowercase().ends_with(".safetensors.index.json"))
}

/// What an index leads to.
#[derive(Debug, Default)]
pub(super) struct Shards {
    /// Files that are there, in the order of their names.
    pub files: Vec<PathBuf>,
    /// What is missing: predicates to the index's name.
    pub missing: Vec<Predicate>,
}

#[derive(serde::Deserialize)]
struct Index {
    /// Names of tensors, and the files that they lie in.
    weight_map: BTreeMap<String, String>,
}

/// Finds the files beside an index. The error is a predicate to the index's name.
pub(super) fn list(index: &Path) -> Result<Shards, Predicate> {
    let mut text = Vec::new();
    let file = File::open(index).map_err(|e| io_predicate(&e))?;
    file.take(LONGEST + 1).read_to_end(&mut text).map_err(|e| io_predicate(&e))?;
    if text.len() as u64 > LONGEST {
        return Err("is longer than any index of tensors; give the .safetensors files.".into());
    }
    let Index { weight_map } = serde_json::from_slice(&text).map_err(|e| match foreign(&text) {
        Some(foreign) => foreign.to_string().into(),
        None => Predicate::damaged(format!(
            "is no index of .safetensors files ({}); download it again.",
            excerpt(&e.to_string())
        )),
    })?;
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (tensor, file) in weight_map {
        files.entry(file).or_default().push(tensor);
    }
    if files.is_empty() {
        return Err(Predicate::new(ErrorKind::Missing, "names no tensors; give the .safetensors files."));
    }
    let mut shards = Shards::default();
    for (file, tensors) in files {
        let named = excerpt(&file);
        let beneath = |component| matches!(component, Component::Normal(_) | Component::CurDir);
        if !Path::new(&file).components().all(beneath) {
            shards.missing.push(format!("names {named}, which is no file beside it; move it there.").into());
            continue;
        }
        let path = index.with_file_name(&file);
        if !path.is_file() {
            let text = format!("names {named} for {}, which does not exist; download it.", some(&tensors));
            shards.missing.push(Predicate::new(ErrorKind::Missing, text));
            continue;
        }
        // A file that cannot be listed says so itself.
        if let Ok(found) = safetensors::list(&path) {
            let found: HashSet<&str> = found.iter().map(|tensor| tensor.key.as_str()).collect();
            let lost: Vec<String> = tensors.into_iter().filter(|name| !found.contains(name.as_str())).collect();
            if !lost.is_empty() {
                let text = format!("names {named} for {}, which it does not hold; download both again.", some(&lost));
                shards.missing.push(Predicate::new(ErrorKind::Missing, text));
            }
        }
        shards.files.push(path);
    }
    Ok(shards)
}

/// `the tensor x`, or `3 tensors such as x`.
fn some(tensors: &[String]) -> String {
    match tensors {
        [] => "nothing".into(),
        [one] => format!("the tensor {}", excerpt(one)),
        [first, ..] => format!("{} tensors such as {}", tensors.len(), excerpt(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, f32_bytes, read};
    use super::super::{Discovered, discover};

    /// A directory with an index for `x` in the first file, `y` and `z` in the second, and these files.
    fn checkpoint(files: &[(&str, &[&str])]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
        let index = r#"{"metadata":{"total_size":12},"weight_map":{"x":"model-1.safetensors","y":"model-2.safetensors",
            "z":"model-2.safetensors"}}"#;
        write("model.safetensors.index.json", index.as_bytes());
        for (name, tensors) in files {
            let tensor = |(at, name): (usize, &&str)| {
                format!(r#""{name}":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}}"#, at * 4, at * 4 + 4)
            };
            let header: Vec<String> = tensors.iter().enumerate().map(tensor).collect();
            let body = f32_bytes(&vec![1.5; tensors.len()]);
            write(name, &testing::safetensors(&format!("{{{}}}", header.join(",")), &body));
        }
        directory
    }

    fn names(found: &Discovered) -> Vec<&str> {
        found.sources.iter().map(|source| source.name.as_str()).collect()
    }

    fn said(directory: &tempfile::TempDir, found: &Discovered) -> Vec<String> {
        let below = format!("{}/", directory.path().display());
        found.errors.iter().map(|error| error.message.replace(&below, "")).collect()
    }

    #[test]
    fn an_index_stands_for_its_files_and_nothing_counts_twice() {
        let directory = checkpoint(&[("model-1.safetensors", &["x"]), ("model-2.safetensors", &["y", "z"])]);
        let index = directory.path().join("model.safetensors.index.json");
        let second = directory.path().join("model-2.safetensors");
        for paths in [vec![index.clone()], vec![directory.path().into()], vec![second, index]] {
            let found = discover(&paths, None);
            assert_eq!((names(&found), said(&directory, &found)), (vec!["x", "y", "z"], vec![]));
            assert_eq!(read(&found.sources[2].parts[0]).unwrap(), [1.5]);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let directory = checkpoint(&[("model-1.safetensors", &["x"])]);
        for path in [directory.path().into(), directory.path().join("model.safetensors.index.json")] {
            let found = discover(&[path], None);
            let expected = "model.safetensors.index.json names model-2.safetensors for 2 tensors such as y, which does not \
                            exist; download it.";
            assert_eq!((names(&found), said(&directory, &found)), (vec!["x"], vec![expected.to_owned()]));
        }
        let directory = checkpoint(&[("model-1.safetensors", &["x"]), ("model-2.safetensors", &["y"])]);
        let found = discover(&[directory.path().into()], None);
        let expected = "model.safetensors.index.json names model-2.safetensors for the tensor z, which it does not hold; \
                        download both again.";
        assert_eq!((names(&found), said(&directory, &found)), (vec!["x", "y"], vec![expected.to_owned()]));
    }

    #[test]
    fn an_index_that_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let error = |text: &str| {
            let path = directory.path().join("m.safetensors.index.json");
            std::fs::write(&path, text).unwrap();
            let found = discover(&[path], None);
            assert!(found.sources.is_empty());
            said(&directory, &found).concat()
        };
        let name = "m.safetensors.index.json";
        assert!(
            error("{}").starts_with(&format!("{name} is no index of .safetensors files (missing field `weight_map`"))
        );
        assert_eq!(error(r#"{"weight_map":{}}"#), format!("{name} names no tensors; give the .safetensors files."));
        assert_eq!(
            error(r#"{"weight_map":{"x":"../m.safetensors"}}"#),
            format!("{name} names ../m.safetensors, which is no file beside it; move it there.")
        );
        assert_eq!(
            error("version https://git-lfs.github.com/spec/v1\n"),
            format!("{name} is a Git LFS pointer, not the file itself; run git lfs pull.")
        );
    }
}
