//! The ONNX Runtime that is installed, opened once.
//!
//! The `ort` crate can be told one library in a process: after one that could not be loaded it would go on with none. So
//! the candidates are looked at before ([`looks`](super::looks)), one is tried, and what came of it stays.

use super::super::error::{ModelError, one_line};
use super::looks::{is_version, looks_right, too_old, version_of};
use super::places::{Found, Places};
use crate::error::{ErrorKind, Predicate};
use crate::guard::guarded;
use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What the system's loader is asked for where no file was found: it knows more places.
const NAME: &str = if cfg!(windows) {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
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
    /// user's own; else one of the system's. Nothing is downloaded. What was opened first stays for all that ask later.
    ///
    /// # Errors
    ///
    /// There is none, what is named is none, or it is older than 1.17.
    pub fn open(given: Option<&Path>) -> Result<Library, ModelError> {
        static TRIED: Mutex<Option<Result<Library, ModelError>>> = Mutex::new(None);
        let mut tried = TRIED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tried) = &*tried {
            return tried.clone();
        }
        let file = chosen(&Places::of_process(given))?;
        let (file, named) = match &file {
            Some(file) => (file.as_path(), true),
            None => (Path::new(NAME), false),
        };
        let loaded = load(file).map_err(|why| match named {
            true => ModelError::new(file.display().to_string(), why),
            false => ModelError::new("ONNX Runtime", nowhere(&Places::of_process(given))),
        });
        tried.insert(loaded).clone()
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

/// The first of the files that looks like an ONNX Runtime of use; `None` where there is no file at all.
fn chosen(places: &Places) -> Result<Option<PathBuf>, ModelError> {
    let files = match places.search() {
        Found::Files(files) => files,
        Found::NotIn(named) => return Err(ModelError::new(named.display().to_string(), not_in(&named))),
    };
    let mut refused = None;
    for file in files {
        match looks_right(&file) {
            Ok(()) => return Ok(Some(file)),
            Err(why) => drop(refused.get_or_insert_with(|| ModelError::new(file.display().to_string(), why))),
        }
    }
    refused.map_or(Ok(None), Err)
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
        "is not found (looked at {}). Install it with pip install onnxruntime in the active Python environment, or name \
         the library or its environment with --onnxruntime PATH, or set ORT_DYLIB_PATH to the library.",
        looked.join(", ")
    );
    Predicate::new(ErrorKind::Missing, text)
}

/// Opens a library. Where this fails nothing of `ort` may be touched any more.
fn load(path: &Path) -> Result<Library, Predicate> {
    // A relative path would be taken as one beside the program.
    let absolute = if path.exists() { std::path::absolute(path).ok() } else { None };
    let file = absolute.unwrap_or_else(|| path.to_owned());
    let environment = guarded(|| ort::init_from(&file)).map_err(|_| foreign())?.map_err(|error| refusal(&error))?;
    // It panics where the library is not what it says. Asked for alone: a panic within the next step would end the
    // process when it exits.
    guarded(|| {
        ort::api();
    })
    .map_err(|_| foreign())?;
    environment.with_name("qviz").with_telemetry(false).commit();
    let ready = guarded(|| -> ort::Result<String> {
        // Its warnings are about graphs, and would be written over the screen.
        Environment::current()?.set_log_level(LogLevel::Fatal);
        Ok(ort::info().to_owned())
    });
    let info = ready.map_err(|_| foreign())?.map_err(|error| unusable(&error.to_string()))?;
    let version = version(&info).or_else(|| version_of(&file));
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
        LoadDynamicError::BadVersion { version_str, .. } => too_old(&one_line(version_str)),
        other => unusable(&other.to_string()),
    }
}

/// The version that the library says that it was built of (`git-branch=rel-1.20.1`).
fn version(info: &str) -> Option<String> {
    let (_, rest) = info.split_once("git-branch=rel-")?;
    rest.split([',', ' ']).next().filter(|version| is_version(version)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(folder: &Path) -> Places {
        let environments = vec![folder.to_owned()];
        Places { given: None, dylib: None, environments, folders: Vec::new(), python: None }
    }

    #[test]
    fn a_version_is_what_the_library_says() {
        let info = "ORT Build Info: git-branch=rel-1.20.1, git-commit-id=5c1b7cc, build type=Release";
        assert_eq!(version(info).as_deref(), Some("1.20.1"));
        assert_eq!((version("git-branch=main, "), version("git-branch=rel-x")), (None, None));
    }

    #[test]
    fn without_one_it_is_said_where_was_looked_and_what_helps() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(chosen(&places(folder.path())), Ok(None));
        let said = nowhere(&places(folder.path())).text;
        let looked = format!("is not found (looked at {}, the system's libraries).", folder.path().display());
        assert!(said.starts_with(&looked), "{said}");
        for remedy in ["pip install onnxruntime", "--onnxruntime PATH", "ORT_DYLIB_PATH"] {
            assert!(said.contains(remedy), "{said}");
        }
        let named = |path: PathBuf| chosen(&Places { given: Some(path), ..places(folder.path()) }).unwrap_err();
        let error = named(folder.path().join("gone.so"));
        assert!(error.message.contains("gone.so does not exist; give the ONNX Runtime library"), "{error}");
        assert_eq!(error.kind, ErrorKind::Missing);
        let error = named(folder.path().to_owned());
        assert!(error.message.contains(" holds no ONNX Runtime: a file libonnxruntime.so"), "{error}");
    }

    #[test]
    fn the_next_one_is_taken_where_one_is_of_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let write = |version: &str, name: &str, content: &[u8]| {
            let capi = folder.path().join(format!("lib/python{version}/site-packages/onnxruntime/capi"));
            std::fs::create_dir_all(&capi).unwrap();
            std::fs::write(capi.join(name), content).unwrap();
            capi.join(name)
        };
        write("3.12", "libonnxruntime.so.1.16.0", b"\x7fELF OrtGetApiBase");
        let error = chosen(&places(folder.path())).unwrap_err();
        assert!(error.message.contains("libonnxruntime.so.1.16.0 is ONNX Runtime 1.16.0, and 1.17"), "{error}");
        let sound = write("3.9", "libonnxruntime.so.1.19.0", b"\x7fELF OrtGetApiBase");
        assert_eq!(chosen(&places(folder.path())), Ok(Some(sound)));
    }

    #[test]
    fn the_loader_s_reasons_are_sentences() {
        let path = PathBuf::from("x.so");
        let old = LoadDynamicError::BadVersion { version_str: "1.16.3".into(), path: path.clone() };
        assert!(refusal(&old).text.starts_with("is ONNX Runtime 1.16.3, and 1.17 or newer is needed"));
        let none = refusal(&LoadDynamicError::MissingApi { path }).text;
        assert_eq!(none, "cannot be used as ONNX Runtime (x.so does not export `OrtGetApiBase`).");
    }
}
