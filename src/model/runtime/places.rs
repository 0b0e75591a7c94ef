//! Where an ONNX Runtime may be installed: files that are called like one.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where systems keep libraries.
const SYSTEM: &[&str] = if cfg!(target_os = "macos") {
    &["/opt/homebrew/lib", "/usr/local/lib"]
} else {
    &["/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
};

/// How long a Python is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A path is not longer.
const LONGEST: u64 = 4096;

/// Where is looked, in this order.
pub(super) struct Places {
    /// What the user has named: a library, or a folder that holds one.
    pub given: Option<PathBuf>,
    /// `ORT_DYLIB_PATH`, the name that the `ort` crate has made known.
    pub dylib: Option<PathBuf>,
    /// Roots of Python environments, the active one first.
    pub environments: Vec<PathBuf>,
    /// Folders of the system's libraries.
    pub folders: Vec<PathBuf>,
    /// A Python that is asked for its environment where nothing else is found.
    pub python: Option<PathBuf>,
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
        let python = python(&env::var_os("PATH").unwrap_or_default());
        let home = variable("HOME").map(|home| home.join(".local"));
        let mut environments: Vec<PathBuf> = Vec::new();
        for root in active.chain(python.iter().flat_map(|python| roots(python))).chain(home) {
            if !environments.contains(&root) {
                environments.push(root);
            }
        }
        let search = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"].into_iter().filter_map(variable);
        let mut folders: Vec<PathBuf> = search.flat_map(|paths| env::split_paths(&paths).collect::<Vec<_>>()).collect();
        folders.extend(SYSTEM.iter().map(PathBuf::from));
        Places { given: given.map(Path::to_owned), dylib: variable("ORT_DYLIB_PATH"), environments, folders, python }
    }

    /// The libraries that are there. What was named is taken at its word: nothing else is looked at then.
    pub fn search(&self) -> Found {
        if let Some(named) = self.given.as_ref().or(self.dylib.as_ref()) {
            let files = if named.is_file() { vec![named.clone()] } else { in_folder(named) };
            return if files.is_empty() { Found::NotIn(named.clone()) } else { Found::Files(files) };
        }
        let of_environments = self.environments.iter().flat_map(|root| in_environment(root));
        let mut files: Vec<PathBuf> = of_environments.chain(self.folders.iter().flat_map(|f| libraries(f))).collect();
        if files.is_empty() {
            // It may be a script that starts another one, as pyenv's are.
            files = self.python.as_deref().and_then(prefix).map(|root| in_environment(&root)).unwrap_or_default();
        }
        Found::Files(files)
    }
}

/// The first `python3` or `python` on the path.
fn python(path: &OsStr) -> Option<PathBuf> {
    let names = if cfg!(windows) { ["python.exe", "python3.exe"] } else { ["python3", "python"] };
    env::split_paths(path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// The roots that a Python belongs to: the environment that it stands in, and the installation that it is a link to.
fn roots(python: &Path) -> Vec<PathBuf> {
    let root = |python: &Path| match python.parent()? {
        bin if bin.ends_with("bin") || bin.ends_with("Scripts") => bin.parent().map(Path::to_owned),
        // On Windows it stands in the root itself.
        folder => cfg!(windows).then(|| folder.to_owned()),
    };
    let real = fs::canonicalize(python).ok();
    [Some(python.to_owned()), real].into_iter().flatten().filter_map(|python| root(&python)).collect()
}

/// The root of the environment that a Python says that it runs in. One that takes its time is not waited for.
fn prefix(python: &Path) -> Option<PathBuf> {
    let mut command = Command::new(python);
    command.args(["-c", "import sys; print(sys.prefix)"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let started = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut said = String::new();
    child.stdout.take()?.take(LONGEST).read_to_string(&mut said).ok()?;
    Some(PathBuf::from(said.lines().next()?)).filter(|root| root.is_absolute())
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
        let environments = environments.iter().map(|p| p.to_path_buf()).collect();
        Places { given: None, dylib: None, environments, folders: Vec::new(), python: None }
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
        let found = places(&[active.path(), other.path()]).search();
        assert_eq!(found, Found::Files(vec![new, old, system.clone(), windows.clone()]));
        assert_eq!(places(&[&active.path().join("nowhere")]).search(), Found::Files(vec![]));
        // The system's come last.
        let own = made(other.path(), "usr/lib/libonnxruntime.so.1.21.0");
        let folders = vec![other.path().join("usr/lib")];
        let found = Places { folders, ..places(&[other.path()]) }.search();
        assert_eq!(found, Found::Files(vec![system, windows, own]));
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
        let both = Places { given: Some(environment.clone()), dylib: Some(folder.path().into()), ..places(&[]) };
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
        let found = python(&path).unwrap();
        assert_eq!(roots(&found), [root.join("venv"), root.join("usr")]);
        assert_eq!(python(OsStr::new("")), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_python_that_is_a_script_is_asked() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let library =
            made(folder.path(), "real/lib/python3.12/site-packages/onnxruntime/capi/libonnxruntime.so.1.20.1");
        let script = made(folder.path(), "shims/python3");
        fs::write(&script, format!("#!/bin/sh\necho {}\n", folder.path().join("real").display())).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(roots(&script).is_empty());
        let asked = Places { python: Some(script.clone()), ..places(&[]) };
        assert_eq!(asked.search(), Found::Files(vec![library]));
        fs::write(&script, "#!/bin/sh\nexit 1\n").unwrap();
        assert_eq!(asked.search(), Found::Files(vec![]));
    }
}
