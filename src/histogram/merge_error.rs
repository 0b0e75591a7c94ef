//! Why counts cannot be added up.

/// Why two histograms cannot be made one.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// One grid is exact, the other a power of two.
    #[error("one was counted in two passes and the other in one, so that their bins differ; count both in one pass")]
    Kinds,
    /// They have different numbers of bins.
    #[error("one was counted with {0} bins and the other with {1}; count both with as many")]
    Bins(usize, usize),
    /// Two exact grids end at different magnitudes.
    #[error(
        "one was counted on [0, {0:e}] and the other on [0, {1:e}]; count parts in one pass, or both on the range of all"
    )]
    Ranges(f32, f32),
    /// One is a part of a whole whose moments it tells, the other is not of that whole.
    #[error("one tells the moments of a larger whole, which the other is no part of")]
    Wholes,
    /// More elements than can be counted.
    #[error("together they have more than 2^64 elements")]
    TooMany,
}
