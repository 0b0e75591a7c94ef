use serde::{Deserialize, Serialize};

/// The real range that a format covers: values beyond it saturate.
///
/// Always `min <= 0 <= max`, both finite: a format without a zero cannot represent padding or a ReLU's output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, f32)", into = "(f32, f32)")]
pub struct Clip {
    min: f32,
    max: f32,
}

impl From<(f32, f32)> for Clip {
    fn from((min, max): (f32, f32)) -> Clip {
        Clip::new(min, max)
    }
}

impl From<Clip> for (f32, f32) {
    fn from(clip: Clip) -> (f32, f32) {
        (clip.min, clip.max)
    }
}

impl Clip {
    /// The range `[min, max]`, widened to hold 0. NaN becomes 0 and infinities the largest finite number, so that a
    /// clip is always usable.
    pub fn new(min: f32, max: f32) -> Clip {
        let finite = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(f32::MIN, f32::MAX) };
        // `+ 0.0` turns a negative zero into a plain one, which prints better.
        Clip { min: finite(min).min(0.0) + 0.0, max: finite(max).max(0.0) + 0.0 }
    }

    /// `[-amax, amax]`.
    pub fn symmetric(amax: f32) -> Clip {
        Clip::new(-amax.abs(), amax.abs())
    }

    /// `[0, amax]`: what a symmetric unsigned format covers.
    pub fn unsigned(amax: f32) -> Clip {
        Clip::new(0.0, amax.abs())
    }

    /// The least range that holds both.
    pub const fn around(self, other: Clip) -> Clip {
        Clip { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// The smallest value that is kept, at most 0.
    pub const fn min(self) -> f32 {
        self.min
    }

    /// The largest value that is kept, at least 0.
    pub const fn max(self) -> f32 {
        self.max
    }

    /// `max(|min|, |max|)`.
    pub fn amax(self) -> f32 {
        self.max.max(-self.min)
    }

    /// Whether `x` saturates: lies strictly outside the range. NaN does not.
    pub fn saturates(self, x: f32) -> bool {
        x < self.min || x > self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_holds_zero_and_is_finite() {
        assert_eq!(Clip::new(1.0, 3.0), Clip { min: 0.0, max: 3.0 });
        assert_eq!(Clip::new(-3.0, -1.0), Clip { min: -3.0, max: 0.0 });
        assert_eq!(Clip::new(f32::NAN, f32::INFINITY), Clip { min: 0.0, max: f32::MAX });
        assert_eq!(Clip::symmetric(-2.0), Clip { min: -2.0, max: 2.0 });
        assert!(Clip::symmetric(0.0).min.is_sign_positive());
        assert_eq!(Clip::new(-5.0, 2.0).amax(), 5.0);
        assert!(Clip::symmetric(1.0).saturates(1.5) && !Clip::symmetric(1.0).saturates(-1.0));
    }
}
