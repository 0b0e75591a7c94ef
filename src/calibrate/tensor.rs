//! One tensor as the calibrators see it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::cost::{self, Metrics};
use super::divergence::Divergence;
use super::{Calibrator, Candidate, OwnKl, Threshold, ZeroBin, kl};
use crate::histogram::Histogram;
use crate::quant::{Clip, Format, QuantParams};

/// Up to this many clips are evaluated one by one; then the whole curve is computed and kept.
const ALONE: u32 = 8;

/// A histogram, the format it goes to, and what was worked out from both: each made on first use, and kept.
#[derive(Debug)]
pub struct Tensor {
    histogram: Arc<Histogram>,
    format: Format,
    edges: OnceLock<Vec<f32>>,
    /// By what bin 0 counts.
    kl_curves: [OnceLock<Vec<f64>>; 2],
    /// How many clips had their divergence worked out alone.
    asked_alone: AtomicU32,
    density: OnceLock<cost::Density>,
}

impl Tensor {
    /// A tensor bound for the numbers of `format`.
    pub fn new(histogram: Arc<Histogram>, format: impl Into<Format>) -> Tensor {
        let format = format.into();
        let (edges, kl_curves, asked_alone, density) = Default::default();
        Tensor { histogram, format, edges, kl_curves, asked_alone, density }
    }

    /// What is known of its values.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// The format that it goes to.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The `bins + 1` edges of the magnitude bins.
    pub fn edges(&self) -> &[f32] {
        self.edges.get_or_init(|| self.histogram.magnitude.edges())
    }

    /// KL divergence in nats if the magnitude were clipped at `edges()[i]`, for `i` in `0..=bins`; `[0]` is NaN, and so
    /// is everything on a format without even levels, for which the objective is not defined.
    ///
    /// The objective of [`Entropy`](super::Entropy), whose bin-0 rule and levels it has: see [`kl::curve`].
    pub fn kl_curve(&self) -> &[f64] {
        self.kl_curve_with(ZeroBin::Copied)
    }

    /// The same with another rule for bin 0.
    pub fn kl_curve_with(&self, zero: ZeroBin) -> &[f64] {
        self.kl_curves[zero as usize].get_or_init(|| match self.format.even_levels() {
            Some(levels) => kl::curve(&self.kl_counts_with(zero), levels),
            None => vec![f64::NAN; self.histogram.magnitude.bins() + 1],
        })
    }

    /// The counts of the magnitudes as the objective sees them.
    pub fn kl_counts(&self) -> Vec<u64> {
        self.kl_counts_with(ZeroBin::Copied)
    }

    /// The same with another rule for bin 0.
    pub fn kl_counts_with(&self, zero: ZeroBin) -> Vec<u64> {
        zero.counts(self.histogram.magnitude.counts())
    }

    /// KL divergence at a clip: the curve at the bin edge nearest to `clip.amax()`, the upper of two equally near.
    ///
    /// `None` on an affine format, whose two ends the objective does not tell apart (see [`Tensor::kl_of_magnitudes`]), on
    /// one without even levels, which it does not know, and beyond the last
    /// edge, where it has no bins. Infinite where the clip falls into a gap, and NaN where the kept bins are empty.
    pub fn kl(&self, clip: Clip) -> Option<f64> {
        self.kl_with(clip, ZeroBin::Copied)
    }

    /// The same with another rule for bin 0.
    pub fn kl_with(&self, clip: Clip, zero: ZeroBin) -> Option<f64> {
        if self.format.symmetric() { self.kl_of_magnitudes_with(clip.amax(), zero) } else { None }
    }

    /// The same of the magnitudes clipped at `amax`, whatever else is clipped at the other end of an affine range.
    pub fn kl_of_magnitudes(&self, amax: f32) -> Option<f64> {
        self.kl_of_magnitudes_with(amax, ZeroBin::Copied)
    }

    /// The same with another rule for bin 0.
    pub fn kl_of_magnitudes_with(&self, amax: f32, zero: ZeroBin) -> Option<f64> {
        let levels = self.format.even_levels()?;
        let last = self.kl_edge(amax)?;
        let unknown = self.kl_curves[zero as usize].get().is_none();
        let alone = unknown && self.asked_alone.fetch_add(1, Ordering::Relaxed) < ALONE;
        Some(if alone { kl::at(&self.kl_counts_with(zero), levels, last) } else { self.kl_curve_with(zero)[last] })
    }

    /// The divergence of the magnitudes clipped at `amax`, bin by bin and level by level, at the edge that
    /// [`kl_of_magnitudes`](Tensor::kl_of_magnitudes) takes; `None` where there is none, and where nothing is kept.
    pub fn divergence(&self, amax: f32) -> Option<Divergence> {
        self.divergence_with(amax, ZeroBin::Copied)
    }

    /// The same with another rule for bin 0.
    pub fn divergence_with(&self, amax: f32, zero: ZeroBin) -> Option<Divergence> {
        Divergence::of(&self.kl_counts_with(zero), self.format.even_levels()?, self.kl_edge(amax)?)
    }

    /// The bin edge that a clip at `amax` means: the nearest, the upper of two equally near; `None` beyond the last.
    pub fn kl_edge(&self, amax: f32) -> Option<usize> {
        let edges = self.edges();
        if amax > *edges.last()? {
            return None;
        }
        let above = edges.partition_point(|&e| e < amax).min(edges.len() - 1);
        let distance = |i: usize| (f64::from(edges[i]) - f64::from(amax)).abs();
        let nearest = if above > 0 && distance(above - 1) < distance(above) { above - 1 } else { above };
        // Where several edges coincide (every bin of an all-zero tensor is empty wide) the last one is meant.
        Some(edges.partition_point(|&e| e <= edges[nearest]) - 1)
    }

    /// Everything that the screen, the report and the export say about a clip.
    pub fn metrics(&self, clip: Clip) -> Metrics {
        self.metrics_with(clip, ZeroBin::Copied)
    }

    /// The same for who has another rule for bin 0.
    pub fn metrics_with(&self, clip: Clip, zero: ZeroBin) -> Metrics {
        let density = self.density.get_or_init(|| cost::Density::of(&self.histogram));
        let metrics = cost::metrics(&self.histogram.stats, density, self.edges(), clip, self.format);
        Metrics { kl: self.kl_with(clip, zero), ..metrics }
    }

    /// A clip with the scale that follows from it and what it costs.
    pub fn threshold(&self, clip: Clip) -> Threshold {
        self.threshold_with(clip, ZeroBin::Copied)
    }

    /// The same for who has another rule for bin 0.
    pub fn threshold_with(&self, clip: Clip, zero: ZeroBin) -> Threshold {
        let params = QuantParams::from_clip(clip, self.format);
        let metrics = self.metrics_with(clip, zero);
        Threshold { clip, params, metrics, note: None, own_kl: OwnKl::Drawn }
    }

    /// Whether some value other than zero surely does not saturate at a clip, as far as magnitudes and bins say; where there
    /// is no such value, nothing is lost.
    ///
    /// NVIDIA's searches end at the middle or the lower edge of a bin: of threes alone they keep 2.999, at which each of them
    /// saturates.
    pub fn keeps_something(&self, clip: Clip) -> bool {
        let stats = &self.histogram.stats;
        if clip.amax() >= stats.amax() {
            return true;
        }
        let below = self.edges().partition_point(|&edge| edge <= clip.amax()).saturating_sub(1);
        let counts = self.histogram.magnitude.counts();
        counts.iter().take(below).sum::<u64>() > stats.zeros
    }

    /// What `calibrator` says about this tensor.
    pub fn candidate(&self, calibrator: &dyn Calibrator) -> Candidate {
        let outcome = calibrator.calibrate(self).map(|c| {
            let threshold = self.threshold_with(c.clip, calibrator.zero_bin());
            Threshold { note: c.note, own_kl: c.kl, ..threshold }
        });
        Candidate { id: calibrator.id().into(), label: calibrator.label().into(), outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is shown of a clip is what the method searches: the same sum to the last bit, and the curve beside it.
        #[test]
        fn the_divergence_in_parts_is_the_method_s(
            values in prop::collection::vec(-4.0f32..4.0, 2..600),
            outlier in 1.0f32..50.0,
            at in 0.0f32..1.1,
            bits in 2u8..9,
            bins in prop_oneof![Just(8usize), Just(100), Just(2048)],
        ) {
            let values: Vec<f32> = values.into_iter().chain([outlier]).collect();
            let format = Format::int(bits, true, true).unwrap();
            let tensor = Tensor::new(Arc::new(Histogram::of(&values, bins, &[])), format);
            let amax = at * tensor.histogram().magnitude.amax;
            let (parts, kl) = (tensor.divergence(amax), tensor.kl_of_magnitudes(amax));
            match (parts, kl) {
                (Some(parts), Some(kl)) => {
                    let levels = format.even_levels().unwrap();
                    let own = kl::peer_divergence(&tensor.kl_counts(), levels, parts.bins.len());
                    prop_assert_eq!(parts.kl.to_bits(), own.to_bits());
                    prop_assert!(parts.kl == kl || parts.kl.is_nan() && kl.is_nan() || (parts.kl - kl).abs() <= 1e-12);
                }
                // Nothing is kept, and the curve begins with NaN.
                (None, Some(kl)) => prop_assert!(kl.is_nan()),
                (parts, None) => prop_assert!(parts.is_none()),
            }
        }
    }
}
