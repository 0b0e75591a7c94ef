//! The ONNX Runtime that is installed, opened once.

use super::super::error::{ModelError, one_line};
use super::places::{Found, Places};
use crate::error::{ErrorKind, Predicate};
use crate::guard::guarded;
use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The oldest version that is spoken to: `api-17` in Cargo.toml.
const OLDEST: u32 = 17;

/// What a loader is asked for where no file was found: it knows more places.
const NAMES: &[&str] = if cfg!(windows) {
    &["onnxruntime.dll"]
} else if cfg!(target_os = "macos") {
    &["libonnxruntime.dylib"]
} else {
    &["libonnxruntime.so", "libonnxruntime.so.1"]
};

/// An ONNX Runtime that was opened. There is one in a process, for as long as that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    path: PathBuf,
    version: Option<String>,
}

impl Library {
    /// Opens the library that `given` names (a file, or a folder or Python environment that holds it), else the one that
    /// `ORT_DYLIB_PATH` names, else that of a Python environment: the active one, the one that `python3` belongs to, the
    /// user's own. Nothing is downloaded. What was opened first stays for all that ask later.
    ///
    /// # Errors
    ///
    /// There is none, what is named is none, or it is older than 1.17.
    pub fn open(given: Option<&Path>) -> Result<Library, ModelError> {
        static OPENED: Mutex<Option<Library>> = Mutex::new(None);
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = &*opened {
            return Ok(library.clone());
        }
        let library = first(&Places::of_process(given), &load)?;
        *opened = Some(library.clone());
        Ok(library)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `ONNX Runtime 1.20.1`, as far as it says so.
    pub fn name(&self) -> String {
        self.version.as_ref().map_or("ONNX Runtime".into(), |version| format!("ONNX Runtime {version}"))
    }
}

/// The first of the places that holds a library that can be loaded.
fn first(places: &Places, load: &dyn Fn(&Path) -> Result<Library, Predicate>) -> Result<Library, ModelError> {
    let files = match places.search() {
        Found::Files(files) => files,
        Found::NotIn(named) => return Err(ModelError::new(named.display().to_string(), not_in(&named))),
    };
    let mut refused = None;
    for file in &files {
        match load(file) {
            Ok(library) => return Ok(library),
            Err(why) => drop(refused.get_or_insert_with(|| ModelError::new(file.display().to_string(), why))),
        }
    }
    if let Some(refused) = refused {
        return Err(refused);
    }
    let by_name = NAMES.iter().find_map(|name| load(Path::new(name)).ok());
    by_name.ok_or_else(|| ModelError::new("ONNX Runtime", nowhere(places)))
}

fn not_in(named: &Path) -> Predicate {
    let text = if named.is_dir() {
        "holds no ONNX Runtime: a file libonnxruntime.so, libonnxruntime.dylib or onnxruntime.dll is looked for in it, \
         in its lib, and in onnxruntime/capi of the Python packages in it."
    } else {
        "does not exist; give the ONNX Runtime library, or the folder or Python environment that it is in."
    };
    Predicate::new(ErrorKind::Missing, text)
}

/// What was looked at, and what helps.
fn nowhere(places: &Places) -> Predicate {
    let mut looked: Vec<String> = places.environments.iter().map(|root| root.display().to_string()).collect();
    looked.push("the system's libraries".into());
    let text = format!(
        "is not found (looked at {}). Install it with pip install onnxruntime in the active Python environment, name \
         the library or its environment with --onnxruntime PATH, or set ORT_DYLIB_PATH to the library.",
        looked.join(", ")
    );
    Predicate::new(ErrorKind::Missing, text)
}

/// Opens one library. What fails here leaves another one to be tried.
fn load(path: &Path) -> Result<Library, Predicate> {
    // A relative path would be taken as one beside the program.
    let absolute = if path.exists() { std::path::absolute(path).ok() } else { None };
    let file = absolute.unwrap_or_else(|| path.to_owned());
    // The library is asked for what no ONNX Runtime lacks, and a file that is none may well answer with nonsense.
    let environment = guarded(|| ort::init_from(&file)).map_err(|_| foreign())?.map_err(|error| refusal(&error))?;
    environment.with_name("qviz").with_telemetry(false).commit();
    let ready = guarded(|| -> ort::Result<String> {
        // Its warnings are about graphs, and would be written over the screen.
        Environment::current()?.set_log_level(LogLevel::Fatal);
        Ok(ort::info().to_owned())
    });
    let info = ready.map_err(|_| foreign())?.map_err(|error| unusable(&error.to_string()))?;
    let version = version(&info, &std::fs::canonicalize(&file).unwrap_or(file.clone()));
    Ok(Library { path: file, version })
}

fn foreign() -> Predicate {
    Predicate::new(ErrorKind::Unfit, "is not an ONNX Runtime that this qviz can speak to; give another one.")
}

fn unusable(why: &str) -> Predicate {
    Predicate::new(ErrorKind::Failed, format!("cannot be used as ONNX Runtime ({}).", one_line(why)))
}

fn refusal(error: &LoadDynamicError) -> Predicate {
    match error {
        LoadDynamicError::Dlopen { error, .. } => {
            unusable(&std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string))
        }
        LoadDynamicError::MissingApi { .. } => {
            Predicate::new(ErrorKind::Unfit, "is a library, and not ONNX Runtime (it has no OrtGetApiBase).")
        }
        LoadDynamicError::BadVersion { version_str, .. } => {
            let version = one_line(version_str);
            let text = format!("is ONNX Runtime {version}, and 1.{OLDEST} or newer is needed; install a newer one.");
            Predicate::new(ErrorKind::Unfit, text)
        }
    }
}

/// The version, by what the library says of its build (`git-branch=rel-1.20.1`), or by the name of its file.
fn version(info: &str, file: &Path) -> Option<String> {
    let is_version = |text: &&str| text.split('.').count() > 1 && text.split('.').all(|n| n.parse::<u32>().is_ok());
    let branch = info.split_once("git-branch=rel-").and_then(|(_, rest)| rest.split([',', ' ']).next());
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let of_file =
        name.split_once("onnxruntime.").map(|(_, rest)| rest.trim_start_matches("so.").trim_end_matches(".dylib"));
    [branch, of_file].into_iter().flatten().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &Path) -> Places {
        Places { given: None, dylib: None, environments: vec![folder.to_owned()] }
    }

    #[test]
    fn a_version_is_what_the_library_says_or_its_file() {
        let info = "ORT Build Info: git-branch=rel-1.20.1, git-commit-id=5c1b7cc, build type=Release";
        let version = |info: &str, file: &str| super::version(info, Path::new(file));
        assert_eq!(version(info, "x.so").as_deref(), Some("1.20.1"));
        assert_eq!(version("git-branch=main, ", "a/libonnxruntime.so.1.17.3").as_deref(), Some("1.17.3"));
        assert_eq!(version("", "libonnxruntime.1.22.0.dylib").as_deref(), Some("1.22.0"));
        assert_eq!(version("git-branch=rel-x", "libonnxruntime.so"), None);
    }

    #[test]
    fn without_one_it_is_said_where_was_looked_and_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        let none = |_: &Path| Err(Predicate::from("is none."));
        let error = first(&places(folder.path()), &none).unwrap_err();
        let looked =
            format!("ONNX Runtime is not found (looked at {}, the system's libraries).", folder.path().display());
        assert!(error.message.starts_with(&looked), "{error}");
        for remedy in ["pip install onnxruntime", "--onnxruntime PATH", "ORT_DYLIB_PATH"] {
            assert!(error.message.contains(remedy), "{error}");
        }
        assert_eq!(error.kind, ErrorKind::Missing);
        let named = |path: PathBuf| first(&Places { given: Some(path), ..places(folder.path()) }, &none).unwrap_err();
        let error = named(folder.path().join("gone.so"));
        assert!(error.message.contains("gone.so does not exist; give the ONNX Runtime library"), "{error}");
        let error = named(folder.path().to_owned());
        assert!(error.message.contains(" holds no ONNX Runtime: a file libonnxruntime.so"), "{error}");
    }

    #[test]
    fn the_next_one_is_taken_where_one_cannot_be_loaded() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["3.9", "3.12"] {
            let capi = folder.path().join(format!("lib/python{version}/site-packages/onnxruntime/capi"));
            std::fs::create_dir_all(&capi).unwrap();
            std::fs::write(capi.join("libonnxruntime.so"), b"").unwrap();
        }
        let library = |path: &Path| Library { path: path.to_owned(), version: None };
        let only_old = |path: &Path| match path.to_string_lossy().contains("3.9") {
            true => Ok(library(path)),
            false => Err(Predicate::from("is too new.")),
        };
        assert!(first(&places(folder.path()), &only_old).unwrap().path().to_string_lossy().contains("python3.9"));
        let none = |_: &Path| Err(Predicate::from("is none."));
        let error = first(&places(folder.path()), &none).unwrap_err();
        assert!(error.message.contains("python3.12") && error.message.ends_with("is none."), "{error}");
    }

    #[test]
    fn a_file_that_is_no_library_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libonnxruntime.so.1.20.1");
        std::fs::write(&file, b"no library").unwrap();
        let error = Library::open(Some(&file)).unwrap_err();
        assert!(error.message.contains("libonnxruntime.so.1.20.1 cannot be used as ONNX Runtime ("), "{error}");
        let old = LoadDynamicError::BadVersion { version_str: "1.16.3".into(), path: file };
        let said = refusal(&old).text;
        assert_eq!(said, "is ONNX Runtime 1.16.3, and 1.17 or newer is needed; install a newer one.");
    }
}
