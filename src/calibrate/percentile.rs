//! A share of the values.

use super::{Calibration, Calibrator, NoThreshold, Tensor, clip_at, need_values};

/// Keeps a percentage of the values: `compute_amax("percentile")` of pytorch-quantization 2.2 and ModelOpt 0.47.
///
/// The threshold is the *lower* edge of the first bin at which the cumulative share of `|x|` reaches `P / 100`.
#[derive(Clone, Debug)]
pub struct Percentile {
    percentile: f64,
    id: String,
    label: String,
    summary: String,
}

/// A mark of at most 6 columns for a percentile.
pub(super) fn label(number: &str) -> String {
    match number.len() {
        0..=5 => format!("p{number}"),
        6 => number.to_owned(),
        _ => format!("{}…", &number[..5]),
    }
}

/// The percentile as ids have it: 0 to 100, without a negative zero.
pub(super) fn checked(percentile: f64) -> Option<f64> {
    (0.0..=100.0).contains(&percentile).then_some(percentile + 0.0)
}

impl Percentile {
    /// The method that keeps `percentile` per cent, 0 to 100; `None` for another number.
    pub fn new(percentile: f64) -> Option<Percentile> {
        let percentile = checked(percentile)?;
        let number = percentile.to_string();
        let label = label(&number);
        let summary = format!("Keeps {number} % of the values, by count of |x|, and lets the rest saturate.");
        Some(Percentile { percentile, id: format!("percentile-{number}"), label, summary })
    }
}

/// The first bin at which the cumulative share reaches `percentile / 100`, as NumPy finds it:
/// `searchsorted(cumsum(counts / total), percentile / 100)`. The number of bins, if rounding keeps the sum below.
pub(super) fn crossing(counts: &[u64], percentile: f64) -> usize {
    reaching(counts, percentile / 100.0)
}

/// The same for a share, 0 to 1.
pub(super) fn reaching(counts: &[u64], target: f64) -> usize {
    let total = counts.iter().sum::<u64>() as f64;
    let mut share = 0.0;
    let reached = counts.iter().position(|&count| {
        share += count as f64 / total;
        share >= target
    });
    reached.unwrap_or(counts.len())
}

impl Calibrator for Percentile {
    fn id(&self) -> &str {
        &self.id
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn whose(&self) -> &str {
        "NVIDIA pytorch-quantization, ModelOpt"
    }

    fn formula(&self) -> &str {
        "clip = edge[searchsorted(cumsum(h) / N, P / 100)]"
    }

    fn caveat(&self) -> &str {
        "Knows nothing of the integers; takes a bin's lower edge, so that even 100 % clips, and 0 if the lowest bin holds P %."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let bin = crossing(&tensor.histogram().magnitude.counts(), self.percentile);
        let t = tensor.edges()[bin];
        let note = (bin == 0 && tensor.histogram().stats.amax() > 0.0).then(|| {
            format!("the lowest bin alone holds {} % of the values, and its lower edge is 0", self.percentile)
        });
        Ok(Calibration::new(clip_at(tensor, t), note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortest_and_labels_fit() {
        let names = |p| Percentile::new(p).map(|p| (p.id, p.label)).unwrap();
        assert_eq!(names(99.99), ("percentile-99.99".into(), "p99.99".into()));
        assert_eq!(names(99.0), ("percentile-99".into(), "p99".into()));
        assert_eq!(names(99.999), ("percentile-99.999".into(), "99.999".into()));
        assert_eq!(names(99.9999).1.chars().count(), 6);
        assert_eq!(names(-0.0).0, "percentile-0");
        for p in [-1.0, 100.5, f64::NAN, f64::INFINITY] {
            assert!(Percentile::new(p).is_none());
        }
    }

    #[test]
    fn the_crossing_bin_is_the_first_to_reach_the_share() {
        let counts = [50, 30, 0, 20];
        assert_eq!([0.0, 50.0, 50.1, 80.0, 80.1, 99.0].map(|p| crossing(&counts, p)), [0, 0, 1, 1, 3, 3]);
    }
}
