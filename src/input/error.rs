use crate::error::{ErrorKind, Predicate};
use std::fmt::Display;
use std::io;

/// What is wrong with one input, in one sentence that names it, says what was found and what helps.
///
/// The reading of a dump goes on after such an error: the other files are fine, and the report lists this one. That is
/// why it is a kind and plain text that can be cloned into the exported document, and not a chain of causes.
///
/// The sentence may quote text out of the file. Who shows it makes control characters visible.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[error("{message}")]
#[non_exhaustive]
pub struct InputError {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// The file as it was named by the user, or `-` for standard input.
    pub file: String,
    /// The sentence.
    pub message: String,
}

impl InputError {
    /// `"{file} {predicate}"`.
    pub(super) fn new(file: impl Into<String>, predicate: impl Into<Predicate>) -> InputError {
        let (file, Predicate { kind, text }) = (file.into(), predicate.into());
        let message = format!("{file} {text}");
        InputError { kind, file, message }
    }
}

/// What an error of the operating system means for the user.
pub(super) fn io_predicate(error: &io::Error) -> Predicate {
    let text = match error.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path.".into(),
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied; make it readable for this user.".into(),
        io::ErrorKind::IsADirectory => "is a directory where a file is needed; give the files in it.".into(),
        _ if error.raw_os_error().is_some() => {
            format!("cannot be read: {}; check the disk and try again.", lower_first(&error.to_string()))
        }
        // Not from the system: an archive's decompressor, or its checksum.
        _ => return damaged(error),
    };
    Predicate::new(ErrorKind::of_system(error), text)
}

/// The sentence for content that contradicts itself.
pub(super) fn damaged(why: impl Display) -> Predicate {
    Predicate::damaged(format!("is damaged ({}); dump it again.", lower_first(&excerpt(&why.to_string()))))
}

/// The sentence for a body that ends too early. `found` counts the bytes after the header.
pub(super) fn cut_short(promised: u64, dtype: impl Display, found: u64) -> Predicate {
    let (promised, found) = (thousands(promised), thousands(found));
    Predicate::damaged(format!(
        "is cut short: its header promises {promised} bytes of {dtype}, the file holds {found}; dump it again."
    ))
}

/// `1234567` as `1,234,567`.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Text out of a file, made short enough for a sentence.
pub(super) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Messages of the system start with a capital letter; inside our sentence they should not.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable_and_excerpts_short() {
        assert_eq!([0, 999, 1000, 4_000_000_000_000].map(thousands), ["0", "999", "1,000", "4,000,000,000,000"]);
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"ä".repeat(99)).chars().count(), 60);
    }

    #[test]
    fn an_error_displays_its_sentence() {
        let error = InputError::new("a.npy", "is empty (0 bytes); dump it again.");
        assert_eq!(error.to_string(), "a.npy is empty (0 bytes); dump it again.");
        assert_eq!(io_predicate(&io::Error::other("Weird")).text, "is damaged (weird); dump it again.");
    }
}
