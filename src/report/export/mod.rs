//! Files of scales. One file here for each format.

mod json;

use std::path::Path;

use super::{SaveError, Scales, save};

pub use json::Json;
pub(crate) use json::pretty;

/// A format of files that scales are written in.
pub trait Exporter {
    /// Its word, as commands name it.
    fn id(&self) -> &str;

    /// What its files' names end with, without a dot.
    fn extension(&self) -> &str;

    /// The file. The same scales give the same bytes.
    ///
    /// # Errors
    /// [`ExportError::Unsayable`] where the format cannot hold them.
    fn bytes(&self, scales: &Scales) -> Result<Vec<u8>, ExportError>;
}

/// Why there is no file; an old one is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The format has no way to say it.
    #[error("{exporter} cannot hold these scales: {reason}.")]
    Unsayable {
        /// The format.
        exporter: String,
        /// What it cannot say, and of which tensor.
        reason: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl ExportError {
    /// Whether there is a file of that name, and overwriting it was not asked for.
    pub fn exists(&self) -> bool {
        matches!(self, ExportError::Save(error) if error.exists())
    }
}

/// Writes scales to `path`, whole or not at all; an existing file is replaced only with `force`.
///
/// # Errors
/// [`ExportError`]: the format cannot hold them, there is a file already, or the system refuses.
pub fn export(scales: &Scales, exporter: &dyn Exporter, path: &Path, force: bool) -> Result<(), ExportError> {
    let bytes = exporter.bytes(scales)?;
    Ok(save(path, &bytes, force)?)
}
