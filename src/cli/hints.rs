//! Which option is the remedy that a sentence speaks of: the library knows nothing of the command line.

/// What a sentence says, and how it is said here.
const HINTS: &[(&str, &str)] = &[
    ("give its shape, such as ", "give its shape, such as --shape "),
    ("count in one pass", "use --one-pass"),
    ("run it in two passes", "run it without --one-pass"),
    ("a tie needs two or more", "a --tie needs two or more"),
    (
        "a range for each channel; leave it out of one of the two",
        "a range --per-channel; leave it out of one of the two",
    ),
];

/// The sentence with the option that helps in it.
pub(super) fn with_hint(sentence: &str) -> String {
    match HINTS.iter().find(|(says, _)| sentence.contains(says)) {
        Some((says, here)) => sentence.replacen(says, here, 1),
        None => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_stands_in_the_sentence() {
        assert_eq!(with_hint("x.onnx changes; count in one pass."), "x.onnx changes; use --one-pass.");
        assert_eq!(with_hint("give its shape, such as x=1x3."), "give its shape, such as --shape x=1x3.");
        assert_eq!(with_hint("x.npy is gone."), "x.npy is gone.");
    }
}
