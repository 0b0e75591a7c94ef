//! What kinds of trouble there are. Every room may know this one file: it knows none of them.

use std::fmt;
use std::io;

/// What kind of trouble it is, for a program to decide by; the sentence beside it tells a person the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such file or tensor, or nothing in it to be read.
    Missing,
    /// The system does not let it be read.
    Unreadable,
    /// Its content contradicts itself, or ends too early.
    Damaged,
    /// It was not the same in two readings.
    Changed,
    /// It is sound, and not what is needed here: of another type, shape or kind, or too much.
    Unfit,
    /// Something has to be there first, such as a shape or a sample.
    Incomplete,
    /// A network failed while it was made ready or run.
    Failed,
    /// A defect of qviz.
    Defect,
}

impl ErrorKind {
    /// The kind of an error that the system gave.
    pub(crate) fn of_system(error: &io::Error) -> ErrorKind {
        match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::Missing,
            io::ErrorKind::IsADirectory => ErrorKind::Unfit,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ErrorKind::Damaged,
            _ => ErrorKind::Unreadable,
        }
    }
}

/// Half a sentence: what is said behind a file's name, and of what kind that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Predicate {
    pub kind: ErrorKind,
    pub text: String,
}

impl Predicate {
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Predicate {
        Predicate { kind, text: text.into() }
    }

    /// Of content that contradicts itself, or ends too early.
    pub fn damaged(text: impl Into<String>) -> Predicate {
        Predicate::new(ErrorKind::Damaged, text)
    }
}

/// What nothing more is said of does not fit.
impl From<String> for Predicate {
    fn from(text: String) -> Predicate {
        Predicate::new(ErrorKind::Unfit, text)
    }
}

impl From<&str> for Predicate {
    fn from(text: &str) -> Predicate {
        text.to_owned().into()
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
