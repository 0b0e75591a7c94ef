//! That the program was called wrongly: exit code 2.

/// Wrong usage, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Usage(pub String);
