use crate::error::{ErrorKind, Predicate};
use std::io;
use tract_onnx::prelude::{TractError, TractResult};

/// What is wrong with a model or with what it is fed, in one sentence that names the file, says what was found and what
/// helps.
///
/// The sentence may quote text out of the file. Who shows it makes control characters visible.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[error("{message}")]
#[non_exhaustive]
pub struct ModelError {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// The file as it was named by the user: the model's, or the sample's.
    pub file: String,
    /// The sentence.
    pub message: String,
}

impl ModelError {
    /// `"{file} {predicate}"`.
    pub(super) fn new(file: impl Into<String>, predicate: impl Into<Predicate>) -> ModelError {
        let (file, Predicate { kind, text }) = (file.into(), predicate.into());
        let message = format!("{file} {text}");
        ModelError { kind, file, message }
    }
}

/// A chain of causes as half a sentence: the innermost says what is wrong, and the first around it that names a node
/// says where.
pub(super) fn reason(error: &TractError) -> String {
    let mut causes: Vec<String> = error.chain().map(|cause| one_line(&cause.to_string())).collect();
    let inner = causes.pop().unwrap_or_default();
    match causes.iter().rev().find(|cause| cause.contains("node")) {
        Some(place) if !inner.contains("node") => format!("{inner}; {place}"),
        _ => inner,
    }
}

/// Runs tract, which panics on some models and some values where it should err.
pub(super) fn guarded<T>(run: impl FnOnce() -> TractResult<T>) -> TractResult<T> {
    crate::guard::guarded(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(TractError::msg(text.unwrap_or("a panic without a message").to_owned()))
    })
}

/// Text out of a file or a library, made short enough for a sentence.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 160;
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    words.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// `3x224x224`; a single number has the shape `scalar`.
pub(super) fn shape_text(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".into();
    }
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// What an error of the operating system means for the user.
pub(super) fn io_predicate(error: &io::Error) -> Predicate {
    let text = match error.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path.".into(),
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied; make it readable for this user.".into(),
        _ => format!("cannot be read ({}); check the disk and try again.", one_line(&error.to_string())),
    };
    Predicate::new(ErrorKind::of_system(error), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_short_and_on_one_line() {
        let error = TractError::msg("inner\n  cause").context("step").context("node x").context("node y");
        assert_eq!(reason(&error), "inner cause; node x");
        let panic = guarded(|| -> TractResult<()> { panic!("at {}", 3) });
        assert_eq!(reason(&panic.unwrap_err()), "at 3");
        assert_eq!(one_line(&"ä ".repeat(200)).chars().count(), 160);
        assert_eq!(shape_text(&[1, 3]), "1x3");
        assert_eq!(ModelError::new("a.onnx", "is empty.").to_string(), "a.onnx is empty.");
    }
}
