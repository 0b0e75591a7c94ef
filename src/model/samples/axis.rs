//! What the first axis of an input is: a batch, or part of what is fed.

use super::super::network::Dim;

/// What is known of a first axis that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Samples lie along it.
    Batch,
    /// It is time, or another axis of a sample.
    Inner,
    /// Its name does not say.
    Unclear,
}

/// Names of a batch that are that alone.
const BATCHES: &[&str] = &["n", "b", "bs", "bsz", "nb"];

/// Parts of names of a batch: as people write it, as tf2onnx and as Paddle number the first axis.
const BATCH_PARTS: &[&str] = &["batch", "unk__", "dynamicdimension"];

/// Names of another axis that are that alone.
const INNERS: &[&str] = &["t", "l", "s", "c", "h", "w", "k", "m", "d"];

/// Parts of names of another axis.
const INNER_PARTS: &[&str] = &[
    "seq", "time", "frame", "step", "len", "token", "sample", "audio", "wave", "signal", "point", "node", "edge",
    "box", "roi", "word", "char", "width", "height", "channel", "feature", "past", "layer", "chunk", "window",
    "segment",
];

/// Parts that make of a batch's name that of several axes in one: `batch*sequence`.
const JOINING: &[&str] = &["*", "+", "seq", "time", "token", "frame"];

impl Axis {
    pub fn of(dim: &Dim) -> Axis {
        let Dim::Named(name) = dim else { return Axis::Unclear };
        let name = name.trim().to_ascii_lowercase();
        let holds = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        let is = |names: &[&str]| names.contains(&name.as_str());
        match (is(BATCHES) || holds(BATCH_PARTS), is(INNERS) || holds(INNER_PARTS)) {
            (true, _) if holds(JOINING) => Axis::Unclear,
            (true, _) => Axis::Batch,
            (false, true) => Axis::Inner,
            (false, false) => Axis::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_an_axis_is() {
        let of = |name: &str| Axis::of(&Dim::Named(name.into()));
        for name in ["batch", "N", "n", "B", "batch_size", "unk__214", "p2o.DynamicDimension.0", "BatchSize", "bs"] {
            assert_eq!(of(name), Axis::Batch, "{name}");
        }
        for name in ["seq", "sequence_length", "samples", "frames", "T", "time", "num_tokens", "L", "past_len", "H"] {
            assert_eq!(of(name), Axis::Inner, "{name}");
        }
        for name in ["s0", "x_dynamic_axes_1", "batch*seq", "batch_size * sequence_length", "None", "foo", ""] {
            assert_eq!(of(name), Axis::Unclear, "{name}");
        }
        assert_eq!(Axis::of(&Dim::Unknown), Axis::Unclear);
    }
}
