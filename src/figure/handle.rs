use crate::histogram::Histogram;
use crate::quant::{Clip, Scheme};

/// One end of a range, as a line on the axis that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// `clip_min`.
    Min,
    /// `clip_max`; on symmetric grids `amax`.
    Max,
}

impl Handle {
    /// Where this end of `clip` lies, as a magnitude where the range is symmetric.
    pub fn value(self, clip: Clip, scheme: Scheme) -> f32 {
        match self {
            _ if scheme.symmetric => clip.amax(),
            Handle::Min => clip.min,
            Handle::Max => clip.max,
        }
    }
}

/// The clip that results from putting one end of `clip` on `value`.
pub fn moved(clip: Clip, handle: Handle, value: f32, scheme: Scheme) -> Clip {
    match (scheme.symmetric, scheme.signed, handle) {
        (true, true, _) => Clip::symmetric(value),
        (true, false, _) => Clip::unsigned(value),
        (false, _, Handle::Min) => Clip::new(value, clip.max),
        (false, _, Handle::Max) => Clip::new(clip.min, value),
    }
}

/// Where a clip is drawn: each line's end of the range and its value. A symmetric range has one line on an axis of
/// magnitudes, and two on an axis that is `signed`.
pub fn lines(clip: Clip, scheme: Scheme, signed: bool) -> Vec<(Handle, f64)> {
    let max = (Handle::Max, f64::from(Handle::Max.value(clip, scheme)));
    if scheme.symmetric && !(signed && scheme.signed) {
        vec![max]
    } else {
        vec![(Handle::Min, f64::from(clip.min)), max]
    }
}

/// The whole axis, `(lo, hi)`, of a tensor's values and a clip: signed values on affine grids and where `signed` asks
/// for them, else magnitudes from zero on.
pub fn domain(histogram: &Histogram, clip: Clip, scheme: Scheme, signed: bool) -> (f64, f64) {
    let stats = &histogram.stats;
    if scheme.symmetric {
        let top = f64::from(stats.amax().max(histogram.magnitude.amax).max(clip.amax()));
        if signed { (-top, top) } else { (0.0, top) }
    } else {
        let least = stats.min.unwrap_or(0.0).min(clip.min).min(0.0);
        let most = stats.max.unwrap_or(0.0).max(clip.max).max(0.0);
        (f64::from(least), f64::from(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFFINE: Scheme = Scheme { symmetric: false, ..Scheme::INT8 };

    #[test]
    fn an_end_moves_and_the_other_stays_where_the_range_is_affine() {
        let clip = Clip::new(-1.0, 3.0);
        assert_eq!(moved(clip, Handle::Max, 2.0, AFFINE), Clip::new(-1.0, 2.0));
        assert_eq!(moved(clip, Handle::Min, -2.0, AFFINE), Clip::new(-2.0, 3.0));
        assert_eq!(moved(clip, Handle::Max, 2.0, Scheme::INT8), Clip::symmetric(2.0));
        assert_eq!((Handle::Min.value(clip, AFFINE), Handle::Min.value(clip, Scheme::INT8)), (-1.0, 3.0));
    }

    #[test]
    fn the_axis_holds_values_and_clip_and_a_line_for_each_end() {
        let histogram = Histogram::of(&[-0.5, 0.25, 2.0], 16, &[]);
        assert_eq!(domain(&histogram, Clip::symmetric(3.0), Scheme::INT8, false), (0.0, 3.0));
        assert_eq!(domain(&histogram, Clip::symmetric(1.0), Scheme::INT8, true), (-2.0, 2.0));
        assert_eq!(domain(&histogram, Clip::new(-1.0, 1.0), AFFINE, false), (-1.0, 2.0));
        assert_eq!(lines(Clip::symmetric(3.0), Scheme::INT8, false), [(Handle::Max, 3.0)]);
        assert_eq!(lines(Clip::symmetric(3.0), Scheme::INT8, true), [(Handle::Min, -3.0), (Handle::Max, 3.0)]);
        assert_eq!(lines(Clip::new(-1.0, 3.0), AFFINE, true), [(Handle::Min, -1.0), (Handle::Max, 3.0)]);
    }
}
