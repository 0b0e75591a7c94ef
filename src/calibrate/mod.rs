//! Methods that choose a clip, the curves they search, and what a clip costs.
//!
//! A [`Calibrator`] goes from a [`Tensor`] (a histogram and the format it is bound for) to a clip. The objectives' curves
//! over every possible clip come from prefix sums, so that a whole curve costs no more than milliseconds, and
//! [`Tensor::metrics`] prices one clip in microseconds: fast enough to follow a hand on a mouse.
//!
//! ```
//! use std::sync::Arc;
//! use qviz::{calibrate, histogram::Histogram, quant::Format};
//!
//! let values: Vec<f32> = (0..10_000).map(|i| (i as f32 * 0.37).sin().powi(3)).collect();
//! let max = calibrate::by_id("max")?;
//! let tensor = calibrate::Tensor::new(Arc::new(Histogram::of(&values, 2048, &max.grids())), Format::INT8);
//! let clip = max.calibrate(&tensor).unwrap().clip;
//! assert_eq!(clip.max(), tensor.histogram().stats.amax());
//! assert_eq!(tensor.metrics(clip).saturated, 0.0);
//! # Ok::<(), calibrate::UnknownMethod>(())
//! ```

mod aciq;
mod cost;
mod coverage;
mod crowd;
mod disagreement;
mod divergence;
mod entropy;
mod fit;
pub mod kl;
mod kl_plain;
mod level_sums;
mod levels;
pub(crate) mod logarithm;
mod max;
mod measure;
pub mod mse;
mod ncnn_kl;
mod no_threshold;
mod nvidia_entropy;
mod nvidia_mse;
mod nvidia_np_entropy;
mod nvidia_percentile;
pub mod ort_entropy;
mod ort_minmax;
mod ort_percentile;
mod pairwise;
mod percentile;
mod rank;
mod registry;
mod tensor;
mod trt_gtc2017;
mod used;
mod warning;

pub use aciq::Aciq;
pub use cost::{Metrics, mean_error};
pub use coverage::{Coverage, CoverageDrop, CoverageTrace, Kept};
pub use crowd::crowd;
pub use disagreement::{Answer, Beside};
pub use divergence::{Divergence, LevelSum, Term};
pub use entropy::{Entropy, too_few_values};
pub use fit::{Fit, Shape};
pub use kl::ZeroBin;
pub use kl_plain::KlPlain;
pub use levels::Level;
pub use max::Max;
pub use measure::{Measure, Measured};
pub use mse::{Mse, MseCurve, mse_curve};
pub use ncnn_kl::NcnnKl;
pub use no_threshold::{NoThreshold, NoThresholdKind};
pub use nvidia_entropy::NvidiaEntropy;
pub use nvidia_mse::NvidiaMse;
pub use nvidia_np_entropy::NvidiaNpEntropy;
pub use nvidia_percentile::NvidiaPercentile;
pub use ort_entropy::OrtEntropy;
pub use ort_minmax::OrtMinMax;
pub use ort_percentile::OrtPercentile;
pub use percentile::Percentile;
pub use rank::Rank;
pub use registry::{DEFAULT_METHOD, FP8_METHOD, NAMES, UnknownMethod, add_missing, by_id, catalogue, defaults};
pub use tensor::Tensor;
pub use trt_gtc2017::TrtGtc2017;
pub use used::StepsUsed;
pub use warning::{SATURATES_MUCH, Warning, warnings};

use crate::histogram::{GridKind, GridSpec, NumpyHistogram};
use crate::quant::{Clip, Format, QuantParams};

/// A method: from a tensor to a clip.
pub trait Calibrator: Send + Sync {
    /// The name in files and on the command line, with its parameters: `entropy`, `percentile-99.99`. Stable for ever.
    fn id(&self) -> &str;

    /// The name on an axis mark, at most 6 columns wide.
    fn label(&self) -> &str;

    /// One sentence: what the method does, or minimises.
    fn summary(&self) -> &str;

    /// Who computes it so, by name.
    fn whose(&self) -> &str {
        "your own"
    }

    /// What it computes, as a formula on one line.
    fn formula(&self) -> &str {
        ""
    }

    /// What is known to go wrong with it, in a sentence or two.
    fn caveat(&self) -> &str {
        ""
    }

    /// The grids that the method reads besides the magnitude bins.
    fn grids(&self) -> Vec<GridSpec> {
        Vec::new()
    }

    /// Whether the method is defined for tensors that go to this format. Those that spread a histogram over even levels
    /// are not for FP8, where [`calibrate`](Calibrator::calibrate) says so.
    fn suits(&self, format: Format) -> bool {
        let _ = format;
        true
    }

    /// What bin 0 counts in the KL divergence that the method minimises, so that the drawn curve is the method's own.
    fn zero_bin(&self) -> ZeroBin {
        ZeroBin::default()
    }

    /// The method's clip for `tensor`.
    ///
    /// # Errors
    ///
    /// [`NoThreshold`] where the method has no answer: no finite value, too few bins, a grid that is not there.
    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold>;
}

/// A method's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The range to keep.
    pub clip: Clip,
    /// Why the number is unusual, in one sentence.
    pub note: Option<String>,
    /// The KL divergence that stands beside the clip.
    pub kl: OwnKl,
}

impl Calibration {
    /// A clip, beside which qviz's own divergence stands.
    pub fn new(clip: Clip, note: Option<String>) -> Calibration {
        Calibration { clip, note, kl: OwnKl::Drawn }
    }

    /// The same of a method that has found a divergence itself, in nats.
    pub fn with_kl(self, nats: f64) -> Calibration {
        Calibration { kl: OwnKl::Found(nats), ..self }
    }

    /// The same of one of qviz's own searches: an affine range has two ends, and the divergence knows one.
    fn with_own(self, tensor: &Tensor, nats: f64) -> Calibration {
        if tensor.format().symmetric() { self.with_kl(nats) } else { self.without_kl() }
    }

    /// The same of a peer's method that knows no divergence: another tool's number would say nothing of it.
    pub fn without_kl(self) -> Calibration {
        Calibration { kl: OwnKl::None, ..self }
    }
}

/// The KL divergence that stands beside a method's clip.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum OwnKl {
    /// That of the drawn curve: [`Tensor::kl`].
    #[default]
    Drawn,
    /// The method's own number, in nats.
    Found(f64),
    /// None.
    None,
}

/// One method's answer on one tensor.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// [`Calibrator::id`].
    pub id: String,
    /// [`Calibrator::label`].
    pub label: String,
    /// The threshold and what it costs, or why there is none.
    pub outcome: Result<Threshold, NoThreshold>,
}

/// A clip with everything that follows from it.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// The range that is kept.
    pub clip: Clip,
    /// The scale and the zero point that follow from it.
    pub params: QuantParams,
    /// What it costs.
    pub metrics: Metrics,
    /// Why the number is unusual, in one sentence.
    pub note: Option<String>,
    /// The divergence that stands beside it.
    pub own_kl: OwnKl,
}

impl Threshold {
    /// The divergence in nats that stands beside it: of a peer's method the peer's own, and `None` where it has none.
    pub fn kl(&self) -> Option<f64> {
        match self.own_kl {
            OwnKl::Drawn => self.metrics.kl,
            OwnKl::Found(nats) => Some(nats),
            OwnKl::None => None,
        }
    }
}

/// NVIDIA's searches start here: no clip below the 128th bin is considered.
pub const START_BIN: usize = 128;

/// The bin that a search over `bins` bins starts at: NVIDIA's [`START_BIN`], and where there are not as many, that of the
/// first clip that has a bin for each of the format's `levels`, or the last.
pub fn start_bin(bins: usize, levels: usize) -> usize {
    if bins >= START_BIN { START_BIN } else { levels.clamp(1, bins.max(1)) }
}

/// The clip that a search over magnitudes means by its threshold `t`.
///
/// `[-t, t]` on a signed symmetric grid, `[0, t]` on an unsigned one. An affine grid can follow the data, so that there
/// `[-t, t]` is cut to the values' own range, as ONNX Runtime's calibrators do. A one-pass histogram ends beyond the
/// largest value: a threshold out there is drawn back to it.
fn clip_at(tensor: &Tensor, t: f32) -> Clip {
    let stats = &tensor.histogram().stats;
    tensor.format().clip_at(t.min(stats.amax()), stats.range())
}

/// The clip of a peer's threshold `t`, which may lie beyond the data where the peer's grid has grown.
///
/// `[-t, t]` and `[0, t]` as they are; on an affine grid cut to the values' own range.
fn peer_clip(tensor: &Tensor, t: f32) -> Clip {
    let format = tensor.format();
    if format.symmetric() { format.clip_for(-t, t) } else { clip_at(tensor, t) }
}

/// The clip of ONNX Runtime's range: cut to the observed values, then as the peer's `compute_scale_zp` has it: widened to
/// hold 0 on an affine grid, `max(|low|, |high|)` on a symmetric one.
fn ort_clip(tensor: &Tensor, low: f32, high: f32) -> Clip {
    let (min, max) = tensor.histogram().stats.range();
    let clip = Clip::new(low.max(min), high.min(max));
    tensor.format().clip_for(clip.min(), clip.max())
}

/// The counts on a peer's own grid.
fn need_peer(tensor: &Tensor, spec: GridSpec) -> Result<&NumpyHistogram, NoThreshold> {
    need_values(tensor)?;
    match (tensor.histogram().peer(spec), tensor.histogram().kind) {
        (Some(Ok(grid)), _) => Ok(grid),
        (Some(Err(why)), _) => Err(NoThreshold::new(NoThresholdKind::PeerRaises, why)),
        (None, GridKind::PowerOfTwo) => Err(NoThreshold::new(
            NoThresholdKind::OnePass,
            "the peer's own grid needs each batch's range beforehand, and the values were seen only once",
        )),
        (None, GridKind::Exact | GridKind::Elsewhere) => {
            Err(NoThreshold::new(NoThresholdKind::NotCounted, "the peer's own grid was not counted"))
        }
    }
}

/// A method's own note, and what to know of a number that the peer itself would not have given.
fn with_note(note: Option<String>, tensor: &Tensor, refuses_nan: bool) -> Option<String> {
    let stats = &tensor.histogram().stats;
    if stats.pos_inf + stats.neg_inf == 0 && !(refuses_nan && stats.nan > 0) {
        return note;
    }
    let left_out = "the peer raises an error on values that are not finite; this is its number for the others";
    Some(note.map_or_else(|| left_out.to_owned(), |note| format!("{left_out}; {note}")))
}

/// Refuses values that came only once, for which the exact grid could not be set beforehand.
fn need_two_passes(tensor: &Tensor) -> Result<(), NoThreshold> {
    need_values(tensor)?;
    match tensor.histogram().kind {
        GridKind::Exact | GridKind::Elsewhere => Ok(()),
        GridKind::PowerOfTwo => {
            let why = "the method needs the exact range beforehand, and the values were seen only once";
            Err(NoThreshold::new(NoThresholdKind::OnePass, why))
        }
    }
}

/// The even levels of a magnitude that a method counts on; refuses a format that has none.
fn need_even_levels(tensor: &Tensor, method: &str) -> Result<usize, NoThreshold> {
    let format = tensor.format();
    format.even_levels().ok_or_else(|| {
        let why = format!("{method} is defined for levels that lie evenly, and those of {format} do not");
        NoThreshold::new(NoThresholdKind::NotDefined, why)
    })
}

/// Refuses a tensor in which there is nothing to calibrate.
fn need_values(tensor: &Tensor) -> Result<(), NoThreshold> {
    match tensor.histogram().stats.finite() {
        0 => Err(NoThreshold::new(NoThresholdKind::NoValues, "the tensor holds no finite value")),
        _ => Ok(()),
    }
}

/// What is to know of a search on so few bins that NVIDIA's would not begin.
fn few_bins_note(bins: usize, start: usize) -> Option<String> {
    (bins < START_BIN).then(|| format!("with {bins} bins the search begins at bin {start} (NVIDIA's: at {START_BIN})"))
}

/// Notes as one sentence.
fn together(notes: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}
