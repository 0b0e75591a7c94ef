//! The figure of a tensor: axis, counts per column, the objective's curve, the methods' marks, as numbers.
//!
//! Nothing here draws. A screen puts a figure into cells, a report may put the same one into a picture. A column is
//! the unit of the horizontal axis, whatever its width: a screen has one for each cell, a picture as many as it likes.
//!
//! The clip is not part of a figure, so that moving it costs drawing only; where it lies is asked of the axis.
//!
//! ```
//! use std::sync::Arc;
//! use qviz::calibrate::{self, Tensor};
//! use qviz::figure::{Figure, FigureSpec, lines};
//! use qviz::{histogram::Histogram, quant::Format};
//!
//! let values: Vec<f32> = (1..50_000).map(|i| (i as f32 * 0.7).sin() * (50_000.0 / i as f32).ln()).collect();
//! let methods = [calibrate::by_id("entropy")?, calibrate::by_id("max")?];
//! let tensor = Arc::new(Tensor::new(Arc::new(Histogram::of(&values, 2048, &[])), Format::INT8));
//! let candidates: Vec<_> = methods.iter().map(|method| tensor.candidate(method.as_ref())).collect();
//! let clip = candidates[0].outcome.as_ref().expect("these values have a threshold").clip;
//!
//! let spec = FigureSpec::whole(&tensor, clip, 80);
//! let figure = Figure::new(tensor, &candidates, &spec, None);
//!
//! // A bar for each column, as a share of the plot's height.
//! let heights: Vec<f64> = figure.counts.iter().map(|count| figure.height(*count)).collect();
//! assert_eq!(heights.len(), 80);
//! // The KL divergence of the clips that a half column covers, and where it is least.
//! assert_eq!(figure.curve.spans.len(), 160);
//! let (least, best_clip) = figure.curve.best.expect("the curve has a minimum");
//! println!("{least} nats at {best_clip}");
//! // `max` is marked where the axis ends, and the clip is a line at its value.
//! assert_eq!(figure.marks.iter().find(|mark| mark.candidate == 1).map(|mark| mark.column), Some(79));
//! for (_, value) in lines(clip, Format::INT8, spec.signed) {
//!     println!("a line at column {:?}", figure.axis.column(value));
//! }
//! # Ok::<(), calibrate::UnknownMethod>(())
//! ```

mod axis;
mod columns;
mod curve;
mod fit;
mod handle;
mod inspected;
mod lanes;
mod marks;
mod minima;
mod outline;
mod path;
mod rebin;
mod rise;
mod signed;
mod spec;
mod steps;
mod strip;
mod yscale;

use std::sync::Arc;

use crate::calibrate::{Candidate, Tensor, ZeroBin};
use crate::histogram::{Histogram, Magnitude};

pub use axis::{Axis, ticks};
pub use columns::{LevelColumn, level_counts};
pub use curve::{Curve, Span};
pub use fit::FitCurve;
pub use handle::{Handle, domain, lines, moved};
pub use inspected::{Inspected, inspected};
pub use lanes::Lanes;
pub use marks::{Mark, marks};
pub use minima::{Crossing, Minimum, first_bin};
pub use outline::Outline;
pub use path::Path;
pub use rebin::{rebin_magnitude, rebin_signed};
pub use rise::Rise;
pub use signed::Signed;
pub use spec::{CurveKind, FigureSpec};
pub use steps::Step;
pub use strip::{Bar, Strip};
pub use yscale::YScale;

/// A tensor on its axis.
pub struct Figure {
    /// The tensor with its curves.
    pub tensor: Arc<Tensor>,
    /// The axis that the histogram and the curve share.
    pub axis: Axis,
    /// How many values each column holds, exact zeros left out.
    pub counts: Vec<f64>,
    /// The vertical scale of the counts; of percentages of the finite values, where another tensor's are drawn over them.
    pub counts_scale: YScale,
    /// What each column holds of the tensor that is drawn over this one, in percent of its finite values.
    pub other: Option<Vec<f64>>,
    /// What a count is divided by to stand on that scale.
    unit: f64,
    /// The distribution that was asked for, where one fits.
    pub fit: Option<FitCurve>,
    /// The curve of the objective.
    pub curve: Curve,
    /// What bin 0 counts in the KL divergence.
    pub zero_bin: ZeroBin,
    /// The candidates' ranges on the axis.
    pub marks: Vec<Mark>,
    /// Whether the counts are of finer bins than the tensor's own.
    pub fine: bool,
}

impl Figure {
    /// The figure of `tensor` as `spec` says, with a mark for each of the `candidates`. Where the columns are narrower
    /// than the tensor's bins, `fine` may bring finer ones of the same values.
    pub fn new(tensor: Arc<Tensor>, candidates: &[Candidate], spec: &FigureSpec, fine: Option<&Magnitude>) -> Figure {
        let histogram = tensor.histogram();
        let magnitude = fine.unwrap_or(&histogram.magnitude);
        let counts = columns::counts(magnitude, histogram.stats.zeros, &spec.axis, spec.signed);
        // Where a column is narrower than a bin, a single value is shared out over several.
        let bin = f64::from(magnitude.amax) / magnitude.bins() as f64;
        Figure {
            axis: spec.axis,
            counts_scale: YScale::counts(&counts, spec.rise, spec.axis.step() / bin),
            counts,
            other: None,
            unit: 1.0,
            fit: spec.fit.and_then(|shape| FitCurve::of(&tensor, shape, &spec.axis, spec.signed)),
            curve: Curve::of(&tensor, candidates, spec),
            zero_bin: spec.zero_bin,
            marks: marks(candidates, tensor.format(), &spec.axis),
            fine: fine.is_some(),
            tensor,
        }
    }
    /// The same with another tensor's values over it, both as shares of their own so that they can be compared, whatever
    /// their numbers are.
    pub fn under(mut self, other: &Histogram, spec: &FigureSpec) -> Figure {
        let per_cent = |stats: &crate::histogram::Stats| stats.finite().max(1) as f64 / 100.0;
        let (here, there) = (per_cent(&self.tensor.histogram().stats), per_cent(&other.stats));
        let counts = columns::counts(&other.magnitude, other.stats.zeros, &spec.axis, spec.signed);
        let shares: Vec<f64> = counts.iter().map(|count| count / there).collect();
        let most = self.counts.iter().map(|count| count / here).chain(shares.iter().copied()).fold(0.0, f64::max);
        self.counts_scale = YScale::shares(most, spec.rise, 1.0 / here.max(there));
        (self.other, self.unit) = (Some(shares), here);
        self
    }

    /// The height of so many values in a column, as a share of the plot's: NaN where the scale has none for them.
    pub fn height(&self, count: f64) -> f64 {
        self.height_on(&self.counts_scale, count)
    }

    /// The same on another scale of the same unit.
    pub fn height_on(&self, scale: &YScale, count: f64) -> f64 {
        scale.height(count / self.unit)
    }

    /// The counts' scale, raised where it ends below so many values in a column.
    pub fn scale_to(&self, count: f64) -> YScale {
        self.counts_scale.raised_to(count / self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Format;

    /// Twice the values, everything else alike: the shares are the same, and so are the heights.
    #[test]
    fn shares_do_not_depend_on_how_many_values_there_are() {
        let values: Vec<f32> = (1..5_000).map(|i| (i as f32 * 0.7).sin() * (5_000.0 / i as f32).ln()).collect();
        let twice: Vec<f32> = values.iter().chain(&values).copied().collect();
        let tensor = Arc::new(Tensor::new(Arc::new(Histogram::of(&values, 512, &[])), Format::INT8));
        let spec = FigureSpec::whole(&tensor, crate::quant::Clip::symmetric(3.0), 60);
        for rise in Rise::ALL {
            let spec = FigureSpec { rise, ..spec };
            let figure = Figure::new(tensor.clone(), &[], &spec, None).under(&Histogram::of(&twice, 512, &[]), &spec);
            let other = figure.other.as_ref().expect("it was given");
            assert!((other.iter().sum::<f64>() - 100.0).abs() < 1e-6);
            for (count, share) in figure.counts.iter().zip(other) {
                let (a, b) = (figure.height(*count), figure.counts_scale.height(*share));
                assert!((a - b).abs() < 1e-9 || a == b, "{rise:?} {a} {b}");
            }
            assert!(
                figure
                    .counts
                    .iter()
                    .all(|count| figure.height(*count).partial_cmp(&(1.0 + 1e-9)) != Some(std::cmp::Ordering::Greater))
            );
        }
    }
}
