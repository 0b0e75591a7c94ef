//! Which option is the remedy that a sentence speaks of: the library knows nothing of the command line.

/// What a sentence says, and how it is said here.
const HINTS: &[(&str, &str)] = &[
    ("give its shape", "--shape"),
    ("count in one pass", "--one-pass"),
    ("run it in two passes", "without --one-pass"),
    ("unsigned integers would", "--unsigned"),
    ("a tie needs two or more", "--tie"),
    ("which is to have a range for each channel; leave it out", "--tie or --per-channel"),
];

/// The sentence with the option that helps behind it.
pub(super) fn with_hint(sentence: &str) -> String {
    match HINTS.iter().find(|(says, _)| sentence.contains(says)) {
        Some((_, option)) => format!("{sentence} ({option})"),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_stands_behind_the_sentence() {
        assert_eq!(with_hint("x.onnx changes; count in one pass."), "x.onnx changes; count in one pass. (--one-pass)");
        assert_eq!(with_hint("x.npy is gone."), "x.npy is gone.");
    }
}
