//! Where an ONNX Runtime may be installed: files that are called like one.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where is looked, in this order.
pub(super) struct Places {
    /// What the user has named: a library, or a folder that holds one.
    pub given: Option<PathBuf>,
    /// `ORT_DYLIB_PATH`, the name that the `ort` crate has made known.
    pub dylib: Option<PathBuf>,
    /// Roots of Python environments, the active one first.
    pub environments: Vec<PathBuf>,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// These files, the most likely first.
    Files(Vec<PathBuf>),
    /// What was named is not there, or holds none.
    NotIn(PathBuf),
}

impl Places {
    /// What the user has named, and the surroundings of this process.
    pub fn of_process(given: Option<&Path>) -> Places {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(variable);
        let path = env::var_os("PATH").unwrap_or_default();
        let mut environments: Vec<PathBuf> = active.chain(of_python(&path)).collect();
        environments.extend(variable("HOME").map(|home| home.join(".local")));
        Places { given: given.map(Path::to_owned), dylib: variable("ORT_DYLIB_PATH"), environments }
    }

    /// The libraries that are there. What was named is taken at its word: nothing else is looked at then.
    pub fn search(&self) -> Found {
        if let Some(named) = self.given.as_ref().or(self.dylib.as_ref()) {
            let files = if named.is_file() { vec![named.clone()] } else { in_folder(named) };
            return if files.is_empty() { Found::NotIn(named.clone()) } else { Found::Files(files) };
        }
        let mut files: Vec<PathBuf> = Vec::new();
        for file in self.environments.iter().flat_map(|root| in_environment(root)) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        Found::Files(files)
    }
}

/// The roots that belong to the first `python3` or `python` on the path: the environment that it stands in, and the
/// installation that it is a link to.
fn of_python(path: &OsStr) -> Vec<PathBuf> {
    let names = if cfg!(windows) { ["python.exe", "python3.exe"] } else { ["python3", "python"] };
    let on_path = env::split_paths(path).flat_map(|folder| names.map(|name| folder.join(name)));
    let Some(python) = on_path.into_iter().find(|file| file.is_file()) else { return Vec::new() };
    let root = |python: &Path| {
        let folder = python.parent()?;
        // On Windows it stands in the root itself.
        if folder.file_name()? == "bin" || folder.file_name()? == "Scripts" { folder.parent() } else { Some(folder) }
            .map(Path::to_owned)
    };
    let real = fs::canonicalize(&python).ok();
    [Some(python), real].into_iter().flatten().filter_map(|python| root(&python)).collect()
}

/// The libraries of a folder that the user has named: in it, in its `lib`, or in the environment that it is.
fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let beside = [folder.to_owned(), folder.join("lib"), folder.join("capi"), folder.join("onnxruntime/capi")];
    beside.iter().flat_map(|folder| libraries(folder)).chain(in_environment(folder)).collect()
}

/// The libraries of a Python environment.
fn in_environment(root: &Path) -> Vec<PathBuf> {
    let of_python = |lib: &Path| -> Vec<PathBuf> {
        let python = |path: &PathBuf| named(path).is_some_and(|name| name.starts_with("python"));
        entries(lib).into_iter().filter(python).collect()
    };
    let local = root.join("local/lib");
    let libs = [root.join("lib"), root.join("lib64"), root.join("Lib"), local];
    let versions = libs.iter().flat_map(|lib| of_python(lib)).chain([root.join("Lib")]);
    let packages = versions.flat_map(|version| ["site-packages", "dist-packages"].map(|name| version.join(name)));
    packages.flat_map(|packages| libraries(&packages.join("onnxruntime/capi"))).collect()
}

/// The files in a folder that are called like the library: `libonnxruntime.so.1.20.1`, `libonnxruntime.1.20.1.dylib`,
/// `onnxruntime.dll`.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| named(path).is_some_and(is_library)).collect()
}

fn is_library(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("lib").unwrap_or(name).strip_prefix("onnxruntime.") else { return false };
    rest == "dll" || rest == "so" || rest.starts_with("so.") || rest.ends_with("dylib")
}

fn named(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// What stands in a folder, by name; nothing where there is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut entries: Vec<PathBuf> = read.collect();
    // The newest Python first.
    alphanumeric_sort::sort_path_slice_rev(&mut entries);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(root: &Path, file: &str) -> PathBuf {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"").unwrap();
        path
    }

    fn places(environments: &[&Path]) -> Places {
        Places { given: None, dylib: None, environments: environments.iter().map(|p| p.to_path_buf()).collect() }
    }

    #[test]
    fn a_library_is_known_by_its_name() {
        for name in ["libonnxruntime.so", "libonnxruntime.so.1.20.1", "libonnxruntime.1.20.1.dylib", "onnxruntime.dll"]
        {
            assert!(is_library(name), "{name}");
        }
        for name in ["libonnxruntime_providers_shared.so", "onnxruntime.py", "libonnx.so", "onnxruntime.lib"] {
            assert!(!is_library(name), "{name}");
        }
    }

    #[test]
    fn an_environment_is_searched_the_newest_python_first() {
        let (active, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let old = made(active.path(), "lib/python3.9/site-packages/onnxruntime/capi/libonnxruntime.so.1.19.2");
        let new = made(active.path(), "lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.1");
        made(active.path(), "lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime_providers_shared.so");
        let system = made(other.path(), "lib/python3/dist-packages/onnxruntime/capi/libonnxruntime.so.1.17.0");
        let windows = made(other.path(), "Lib/site-packages/onnxruntime/capi/onnxruntime.dll");
        let found = places(&[active.path(), other.path(), active.path()]).search();
        assert_eq!(found, Found::Files(vec![new, old, system, windows]));
        assert_eq!(places(&[&active.path().join("nowhere")]).search(), Found::Files(vec![]));
    }

    #[test]
    fn what_is_named_is_taken_at_its_word() {
        let folder = tempfile::tempdir().unwrap();
        let own = made(folder.path(), "build/my_runtime.so");
        let environment =
            made(folder.path(), "venv/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.1");
        let archive = made(folder.path(), "onnxruntime-linux-x64-1.20.1/lib/libonnxruntime.so");
        let search = |given: &str| Places { given: Some(folder.path().join(given)), ..places(&[]) }.search();
        assert_eq!(search("build/my_runtime.so"), Found::Files(vec![own.clone()]));
        assert_eq!(search("venv"), Found::Files(vec![environment.clone()]));
        assert_eq!(search("onnxruntime-linux-x64-1.20.1"), Found::Files(vec![archive]));
        // An environment beside it is not what was asked for.
        let venv = folder.path().join("venv");
        let named = Places { given: Some(folder.path().join("build")), ..places(&[&venv]) };
        assert_eq!(named.search(), Found::NotIn(folder.path().join("build")));
        let variable = Places { dylib: Some(own.clone()), ..places(&[&venv]) };
        assert_eq!(variable.search(), Found::Files(vec![own]));
        let both = Places { given: Some(environment.clone()), dylib: Some(folder.path().into()), environments: vec![] };
        assert_eq!(both.search(), Found::Files(vec![environment]));
    }

    #[cfg(unix)]
    #[test]
    fn the_python_on_the_path_says_which_environments_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let real = made(&root, "usr/bin/python3.12");
        fs::create_dir_all(root.join("venv/bin")).unwrap();
        std::os::unix::fs::symlink(&real, root.join("venv/bin/python3")).unwrap();
        let path = env::join_paths([root.join("empty"), root.join("venv/bin")]).unwrap();
        assert_eq!(of_python(&path), [root.join("venv"), root.join("usr")]);
        assert_eq!(of_python(OsStr::new("")), [PathBuf::new(); 0]);
    }
}
