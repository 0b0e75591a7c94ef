//! What is kept of a tensor once its values are forgotten: counts.
//!
//! A tensor that can be read twice goes through a [`RangePass`] and then a [`BinPass`], which counts on the exact grid
//! over `[0, amax]`; one that comes only once goes through a [`GrowingHistogram`], whose range is a power of two. Both
//! give a [`Histogram`], and both give the same one however the values are cut into pieces, ordered or spread over
//! threads. NaN and the infinities are counted beside the bins and never inside them.
//!
//! ```
//! use qviz::histogram::Histogram;
//!
//! let h = Histogram::of(&[-1.0, 0.0, 0.5, 2.0, f32::NAN], 4, &[]);
//! assert_eq!((h.stats.count, h.stats.nan, h.stats.zeros), (5, 1, 1));
//! assert_eq!((h.magnitude.pos, h.magnitude.neg), (vec![1, 1, 0, 1], vec![0, 0, 1, 0]));
//! ```

use serde::{Deserialize, Serialize};

mod channels;
mod counted;
mod distance;
mod exact;
mod growing;
mod magnitude;
mod merge;
mod merge_error;
mod numpy;
mod packed;
mod passes;
mod peers;
mod powers;
mod stats;
mod sums;
mod tally;
mod wide;
mod written;

pub use channels::{Along, ChannelBins, ChannelRanges, Ranges};
pub use counted::CountedElsewhere;
pub use distance::Distance;
pub use growing::GrowingHistogram;
pub use magnitude::Magnitude;
pub use merge_error::MergeError;
pub use numpy::NumpyHistogram;
pub use packed::Packed;
pub use passes::{BinPass, ChangedUnderneath};
pub use peers::{BatchRange, MAX_GROWN_BINS, PeerGrid};
pub use powers::{bin_exponent, kept_bins};
pub use stats::{RangePass, RangePiece, Stats};
pub use sums::{Sum, SumPass, Sums};

/// Magnitude bins unless the user says otherwise: what pytorch-quantization, ModelOpt and ONNX Runtime use.
pub const DEFAULT_BINS: usize = 2048;

/// The largest number of magnitude bins that a pass takes.
pub const MAX_BINS: usize = 32_768;

/// A grid that a calibrator needs besides the magnitude bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridSpec {
    /// `np.histogram(x, bins)` over the values' own range.
    Numpy {
        /// Number of bins, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
    /// pytorch-quantization's `torch_hist`: `torch.histc` over `[0, amax]` of the first batch, widened by whole bins.
    NvidiaTorch {
        /// Number of bins of the first batch, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
    /// pytorch-quantization's `np.histogram` of the first batch's magnitudes, widened by whole bins. Magnitudes below
    /// the first batch's smallest are dropped.
    NvidiaNumpy {
        /// Number of bins of the first batch, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
    /// ONNX Runtime's histogram over `(-T, T)`, widened by whole bins on both sides.
    Ort {
        /// Number of bins of the first batch, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
    /// ONNX Runtime's histogram of magnitudes: [`GridSpec::NvidiaNumpy`] with edges rounded after each batch.
    OrtMagnitude {
        /// Number of bins of the first batch, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
    /// ncnn2table's histogram of magnitudes over `[0, amax]`, zeros left out. The order of batches does not matter.
    Ncnn {
        /// Number of bins, at least 1.
        #[serde(deserialize_with = "exact::bins")]
        bins: usize,
    },
}

impl GridSpec {
    /// Whether the grid is counted batch by batch, so that the first pass has to know each batch's [`BatchRange`].
    pub fn by_batches(self) -> bool {
        !matches!(self, GridSpec::Numpy { .. })
    }
}

/// How the magnitude grid came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridKind {
    /// Two passes: the top edge is the tensor's own amax.
    Exact,
    /// Another tool has counted: the top edge is one of its bins'.
    Elsewhere,
    /// One pass: the bin width is a power of two, and the top edge the first one beyond amax.
    PowerOfTwo,
}

/// Everything that the rest of the program knows of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Totals, range and moments.
    pub stats: Stats,
    /// Counts over `|x|`, the sign kept apart.
    pub magnitude: Magnitude,
    /// How `magnitude`'s grid came about.
    pub kind: GridKind,
    /// On the power-of-two grid, the bins of a side before the empty top was cut off; else 0.
    kept: usize,
    numpy: Vec<(GridSpec, NumpyHistogram)>,
    peers: Vec<(GridSpec, PeerGrid)>,
}

impl Histogram {
    /// Both passes over one slice: the exact grid of `bins` bins (1 to [`MAX_BINS`]) and the `grids` asked for.
    pub fn of(values: &[f32], bins: usize, grids: &[GridSpec]) -> Histogram {
        Histogram::of_batches(&[values], bins, grids)
    }

    /// The same over several batches, one after the other.
    pub fn of_batches(batches: &[&[f32]], bins: usize, grids: &[GridSpec]) -> Histogram {
        let mut range = RangePass::new();
        batches.iter().for_each(|batch| range.push(batch));
        let ranges = batches.iter().map(|batch| BatchRange::of(batch)).collect();
        let mut pass = BinPass::new(range.finish(), bins, grids).with_batches(ranges);
        for batch in batches {
            pass.push(batch);
            pass.end_batch();
        }
        pass.finish().expect("a borrowed slice cannot change between the passes")
    }

    /// An exact histogram from counts that were made elsewhere, another tool's for one. To be written down and read again
    /// they have to come to `stats`: as many as there are finite values, none beyond the top edge.
    pub fn from_parts(stats: Stats, magnitude: Magnitude, numpy: Option<NumpyHistogram>) -> Histogram {
        let numpy = numpy.into_iter().map(|h| (GridSpec::Numpy { bins: h.counts.len() }, h)).collect();
        Histogram { stats, magnitude, kind: GridKind::Exact, kept: 0, numpy, peers: Vec::new() }
    }

    /// The same with a peer's own counts in place of those that `spec` would make.
    pub fn with_peer(mut self, spec: GridSpec, grid: NumpyHistogram) -> Histogram {
        self.peers.push((spec, Ok(grid)));
        self
    }

    /// The counts on a batch-ordered grid, or why the peer has none; `None` if the grid was not asked for or the values
    /// came only once.
    pub fn peer(&self, spec: GridSpec) -> Option<Result<&NumpyHistogram, &str>> {
        let (_, grid) = self.peers.iter().find(|(other, _)| *other == spec)?;
        Some(grid.as_ref().map_err(String::as_str))
    }

    /// `np.histogram(x, bins)`, if it was asked for and NumPy has an answer: see [`NumpyHistogram`].
    pub fn numpy(&self, bins: usize) -> Option<&NumpyHistogram> {
        self.numpy.iter().find(|(spec, _)| *spec == GridSpec::Numpy { bins }).map(|(_, h)| h)
    }
}
