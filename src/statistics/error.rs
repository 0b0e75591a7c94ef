//! What is wrong with a file of statistics.

use crate::ErrorKind;

/// What is wrong, in one sentence that names the file, the tensor where it is about one, and what helps.
///
/// It may quote text out of the file; who shows it makes control characters visible.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[error("{message}")]
#[non_exhaustive]
pub struct StatisticsError {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// The file as it was named.
    pub file: String,
    /// The sentence.
    pub message: String,
}

impl StatisticsError {
    /// `"{file} {predicate}"`.
    pub(super) fn new(kind: ErrorKind, file: &str, predicate: impl std::fmt::Display) -> StatisticsError {
        StatisticsError { kind, file: file.to_owned(), message: format!("{file} {predicate}") }
    }

    /// Of content that contradicts itself.
    pub(super) fn damaged(file: &str, predicate: impl std::fmt::Display) -> StatisticsError {
        StatisticsError::new(ErrorKind::Damaged, file, predicate)
    }

    /// Of content that is sound, and not what is needed.
    pub(super) fn unfit(file: &str, predicate: impl std::fmt::Display) -> StatisticsError {
        StatisticsError::new(ErrorKind::Unfit, file, predicate)
    }
}
