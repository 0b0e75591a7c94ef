//! How grave a thing that is told of a tensor is.

/// The rank of what is to be known of a tensor, the gravest first.
///
/// A sign that two thirds of all layers carry warns of nothing. So a list marks the first two ranks only, each by a sign of
/// its own; what is merely worth knowing stands with the tensor that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The chosen clip loses so much that the network's outputs will show it: many values saturate, or nearly all fall on
    /// one step. Another clip or format helps.
    Costs,
    /// A number is not what it seems: NaN and infinities among the values, nothing to calibrate by, a scale that float32
    /// does not hold, channels that were asked for and are not there. Look at the data.
    Wrong,
    /// How a number came about, or what another format would do better: half of the codes unused, a few values that hold
    /// the upper half of the range, a constant, one reading only. Nothing needs to be done.
    Worth,
}

impl Rank {
    /// Whether a list marks it.
    pub fn is_marked(self) -> bool {
        self != Rank::Worth
    }

    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Rank::Costs => "costs",
            Rank::Wrong => "wrong",
            Rank::Worth => "known",
        }
    }
}
