//! The exported document as text, and why a file of scales is not there.

use serde::Serialize;

use super::{SaveError, Scales, visible};

impl Scales {
    /// The document `qviz.scales/1`: indented JSON with a final newline. Characters that would act on a terminal are
    /// escaped, so that it can be shown as it is. The same scales give the same bytes.
    pub fn json(&self) -> String {
        pretty(self)
    }
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

/// JSON as all documents have it.
pub(crate) fn pretty(document: &impl Serialize) -> String {
    visible::of_json(&serde_json::to_string_pretty(document).expect("the document holds nothing that JSON cannot"))
}
