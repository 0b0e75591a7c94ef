use std::cmp::Ordering;
use std::fmt;

/// A signal-to-noise ratio in dB, in an order that is total: more is better, and NaN (the outputs were not numbers) is
/// worse than everything, minus infinity included.
///
/// Sorting in ascending order is "the worst first".
#[derive(Clone, Copy, Debug, Default)]
pub struct Decibels(f64);

impl Decibels {
    /// Without any noise.
    pub const PERFECT: Decibels = Decibels(f64::INFINITY);

    /// A ratio in dB.
    pub const fn new(db: f64) -> Decibels {
        Decibels(db)
    }

    /// `10 log10(signal / noise)` of energies: infinite without noise, NaN without either.
    pub fn of(signal: f64, noise: f64) -> Decibels {
        Decibels(10.0 * (signal / noise).log10())
    }

    /// The number; NaN where the outputs were not numbers.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The number, if it is finite.
    pub fn finite(self) -> Option<f64> {
        self.0.is_finite().then_some(self.0)
    }

    /// What is gained by going from `before` to this, in dB. To NaN it is NaN, the worst gain; away from NaN it is
    /// infinite; between equal ones, infinite ones too, it is 0.
    pub fn gain_over(self, before: Decibels) -> Decibels {
        Decibels(match (self.0.is_nan(), before.0.is_nan()) {
            (true, true) => 0.0,
            (true, false) => f64::NAN,
            (false, true) => f64::INFINITY,
            (false, false) if self.0 == before.0 => 0.0,
            (false, false) => self.0 - before.0,
        })
    }

    /// The noise as a share of the signal's energy, `10^(-dB/10)`: 0 without noise, infinite where the outputs were not
    /// numbers.
    pub fn noise(self) -> f64 {
        if self.0.is_nan() { f64::INFINITY } else { 10f64.powf(-self.0 / 10.0) }
    }
}

impl PartialEq for Decibels {
    fn eq(&self, other: &Decibels) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decibels {}

impl PartialOrd for Decibels {
    fn partial_cmp(&self, other: &Decibels) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decibels {
    fn cmp(&self, other: &Decibels) -> Ordering {
        self.0.partial_cmp(&other.0).unwrap_or_else(|| other.0.is_nan().cmp(&self.0.is_nan()))
    }
}

impl fmt::Display for Decibels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_the_worst_whatever_its_sign() {
        let mut all = [3.0, f64::NAN, f64::INFINITY, -f64::NAN, f64::NEG_INFINITY, -2.0].map(Decibels::new);
        all.sort();
        assert!(all[0].get().is_nan() && all[1].get().is_nan());
        assert_eq!(all[2..].iter().map(|d| d.get()).collect::<Vec<_>>(), [f64::NEG_INFINITY, -2.0, 3.0, f64::INFINITY]);
        assert_eq!(all.iter().copied().min().map(|d| d.get().is_nan()), Some(true));
        assert_eq!(Decibels::new(f64::NAN), Decibels::new(-f64::NAN));
    }

    #[test]
    fn a_gain_towards_nan_is_none() {
        let gain = |after, before| Decibels::new(after).gain_over(Decibels::new(before));
        assert_eq!(gain(5.0, 3.0).get(), 2.0);
        assert_eq!(gain(f64::INFINITY, f64::INFINITY).get(), 0.0);
        assert_eq!(gain(f64::NAN, f64::NAN).get(), 0.0);
        assert!(gain(f64::NAN, 3.0) < gain(-100.0, 3.0));
        assert_eq!(gain(-100.0, f64::NAN), Decibels::PERFECT);
        assert_eq!(Decibels::new(f64::NAN).noise(), f64::INFINITY);
        assert_eq!((Decibels::PERFECT.noise(), Decibels::new(20.0).noise()), (0.0, 0.01));
    }
}
