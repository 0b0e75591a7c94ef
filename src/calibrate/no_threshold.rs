//! Why a method has no answer.

/// Why a method has no answer on a tensor: a kind to match on, and one sentence for the user, without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoThreshold {
    kind: NoThresholdKind,
    message: String,
}

/// The kinds of [`NoThreshold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoThresholdKind {
    /// The tensor holds no finite value.
    NoValues,
    /// The histogram has fewer bins than the search begins with, or another number than the method is defined on.
    Bins,
    /// The method needs the exact range beforehand, and the values were seen only once.
    OnePass,
    /// The peer raises an error on these values, or would count until the memory is full.
    PeerRaises,
    /// The grid that the method reads was not counted: it was not asked for.
    NotCounted,
    /// The method says nothing on these values or this format: no spread, no even levels, no published constant.
    NotDefined,
    /// The search had no clip to choose from, or none of finite cost.
    NoCandidate,
}

impl NoThreshold {
    /// Why there is no answer, in one sentence without its full stop.
    pub fn new(kind: NoThresholdKind, message: impl Into<String>) -> NoThreshold {
        NoThreshold { kind, message: message.into() }
    }

    /// What kind of reason it is.
    pub fn kind(&self) -> NoThresholdKind {
        self.kind
    }
}
