use std::io::{self, Write};
use std::path::Path;

/// Why a file was not written; the old one, if there is one, is untouched.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is a file of that name, and overwriting it was not asked for.
    #[error("{0} exists; it was kept.")]
    Exists(String),
    /// It is a folder.
    #[error("{0} is a folder, so nothing could be written to it; name a file in it.")]
    Folder(String),
    /// There is no folder to write into.
    #[error("{path} could not be written: there is no folder {folder}; make it first, or name another place.")]
    NoFolder {
        /// The file's name.
        path: String,
        /// The folder's name.
        folder: String,
    },
    /// The system said no.
    #[error("{path} could not be written: {error}.")]
    Io {
        /// The file's name.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

impl SaveError {
    /// Whether there is a file of that name, and overwriting it was not asked for.
    pub fn exists(&self) -> bool {
        matches!(self, SaveError::Exists(_))
    }
}

/// Whether a file may be written there, as far as that can be told beforehand.
///
/// # Errors
/// [`SaveError::Exists`] without `force` when there is a file, [`SaveError::Folder`] and [`SaveError::NoFolder`].
pub fn writable(path: &Path, force: bool) -> Result<(), SaveError> {
    let name = |path: &Path| super::visible(&path.to_string_lossy());
    if path.is_dir() {
        return Err(SaveError::Folder(name(path)));
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(SaveError::Exists(name(path)));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(SaveError::NoFolder { path: name(path), folder: name(folder) })
        }
        _ => Ok(()),
    }
}

/// Writes `contents` to `path` so that the file is complete or absent: into a temporary file beside it, synced to the
/// disk, then moved into place. An existing file is replaced only with `force`.
///
/// # Errors
/// Those of [`writable`], and [`SaveError::Io`] when the system refuses.
pub fn save(path: &Path, contents: &[u8], force: bool) -> Result<(), SaveError> {
    save_with(path, force, |file| file.write_all(contents))
}

/// The same of what is too large to be held: `write` gets the file.
///
/// # Errors
/// As [`save`]; what `write` answers with is the system's refusal.
pub fn save_with(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SaveError> {
    let name = || super::visible(&path.to_string_lossy());
    // The kind alone: the name in the system's message would be that of the temporary file.
    let failed = |error: io::Error| SaveError::Io { path: name(), error: error.kind().into() };
    // A quick answer before any work; `persist_noclobber` below is the one that cannot be raced.
    writable(path, force)?;
    // A link is followed, so that its target is replaced and the link stays one.
    let target = if force { path.canonicalize().unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() };
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".qviz-");
    #[cfg(unix)]
    {
        // Like any file the user makes (the system takes the umask off), or like the one that is replaced.
        use std::os::unix::fs::PermissionsExt;
        let mode = target.metadata().map_or(0o666, |m| m.permissions().mode() & 0o777);
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    write(file.as_file_mut()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    let moved = if force { file.persist(&target) } else { file.persist_noclobber(&target) };
    moved.map(drop).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => SaveError::Exists(name()),
        _ => failed(e.error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_kept_unless_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scales.json");
        save(&path, b"one", false).unwrap();
        assert!(matches!(save(&path, b"two", false), Err(SaveError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        save(&path, b"two", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let error = save(&folder.path().join("no/such/x.json"), b"", false).unwrap_err().to_string();
        assert!(error.contains("could not be written: there is no folder ") && error.contains("no/such;"), "{error}");
        let error = save(folder.path(), b"", true).unwrap_err().to_string();
        assert!(error.contains("is a folder"), "{error}");
    }
}
