//! Which option is the remedy that a sentence speaks of: the library knows nothing of the command line.

use crate::jobs::Told;
use crate::session::{Arrival, Failure};

/// What a sentence says, and how it is said here.
const HINTS: &[(&str, &str)] = &[
    ("give its shape, such as ", "give its shape, such as --shape "),
    ("give the width and height to resize pictures to", "give the size of pictures, such as --resize 640x640"),
    ("count in one pass", "use --one-pass"),
    ("give ranges by name instead", "give --range NAME=A..B instead"),
    ("run it in two passes", "run it without --one-pass"),
    ("a tie needs two or more", "a --tie needs two or more"),
    (
        "a range for each channel; leave it out of one of the two",
        "a range --per-channel; leave it out of one of the two",
    ),
];

/// What helps where tract cannot run a network: another engine at least counts.
const COUNT_IT: &str =
    "An installed ONNX Runtime may be able to count it: report, export and the screen take --engine onnxruntime.";

/// Sentences that say that tract cannot run a network.
const REFUSED: &[&str] = &[" cannot be run: tract has no operator ", " cannot be prepared", " cannot be run: node "];

/// The sentence with the option that helps in it.
pub(super) fn with_hint(sentence: &str) -> String {
    if cfg!(feature = "onnxruntime") && REFUSED.iter().any(|says| sentence.contains(says)) {
        return format!("{sentence} {COUNT_IT}");
    }
    match HINTS.iter().find(|(says, _)| sentence.contains(says)) {
        Some((says, here)) => sentence.replacen(says, here, 1),
        None => sentence.to_owned(),
    }
}

/// The same of what a network's failures say, for the screen.
pub(super) fn told_with_hints(told: Told) -> Told {
    let hinted = |why: Failure| Failure { message: with_hint(&why.message), ..why };
    match told {
        Told::Arrived(Arrival::Found { layers, failures }) => {
            Told::Arrived(Arrival::Found { layers, failures: failures.into_iter().map(hinted).collect() })
        }
        Told::Arrived(Arrival::Failed(why)) => Told::Arrived(Arrival::Failed(hinted(why))),
        Told::Opened { title, assumptions } => {
            Told::Opened { title, assumptions: assumptions.iter().map(|said| with_hint(said)).collect() }
        }
        told => told,
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
        #[cfg(feature = "onnxruntime")]
        {
            let said = with_hint("x.onnx cannot be run: tract has no operator Foo (node a).");
            assert!(said.contains("(node a). An installed ONNX Runtime") && said.ends_with("--engine onnxruntime."));
            let other = "x.onnx cannot be loaded by ONNX Runtime (no operator Foo).";
            assert_eq!(with_hint(other), other);
        }
    }
}
