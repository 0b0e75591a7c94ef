use super::Decibels;
use super::shape::OutputShape;

/// The effect of quantization on the outputs of a network, or on one of them, over all samples.
///
/// Floats are compared by their distance, integers and booleans by whether they are the same. What is `None` was not
/// compared: there were no such outputs, they have no element, or every sample has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutputEffect {
    /// `10 log10(sum(y²) / sum((y - y')²))` in dB, of the float outputs `y` of the float network and `y'` of the
    /// quantized one; infinite where they are equal, and equal infinities are. NaN, the worst, where an output is.
    pub sqnr_db: Option<Decibels>,
    /// `sum(y y') / sqrt(sum(y²) sum(y'²))`; 1 where both are all zero, 0 where one is. NaN where an output is.
    pub cosine: Option<f64>,
    /// The share of the integers and booleans that are the same.
    pub agreement: Option<f64>,
    /// The share of rows whose largest score is the same class, the first of equal ones; `None` for a network that is no
    /// classifier: one whose only output is (N, C) or (N, C, 1, 1) with C > 1.
    pub top1_agreement: Option<f64>,
    /// How many samples it is over.
    pub samples: usize,
    /// How many samples it was to be over: more than `samples` where memory or time did not suffice for all, or where
    /// it was stopped.
    pub of: usize,
}

/// What is left and what is lost of one sample's outputs, as energies: of several samples, so that they can be weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// `sum(y²)` of the float network; 1 where there are no float outputs.
    pub signal: f64,
    /// `sum((y - y')²)`, and the share of other outputs that differ times the signal; NaN where an output is.
    pub noise: f64,
}

/// The effect on all outputs of a network, and on each of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputEffects {
    /// On all of them together.
    pub all: OutputEffect,
    /// On each, by its name, in the network's order.
    pub each: Vec<(String, OutputEffect)>,
    /// How those outputs lie that are floats, float and quantized.
    pub shapes: Vec<OutputShape>,
}

impl From<OutputEffect> for OutputEffects {
    /// Of a network whose outputs were not told apart.
    fn from(all: OutputEffect) -> OutputEffects {
        OutputEffects { all, ..OutputEffects::default() }
    }
}

impl OutputEffects {
    /// On each of several outputs; nothing where one is all.
    pub fn several(&self) -> &[(String, OutputEffect)] {
        if self.each.len() > 1 { &self.each } else { &[] }
    }
}

impl OutputEffect {
    /// How many samples there were to be, where it is over fewer.
    pub fn cut_from(&self) -> Option<usize> {
        (self.samples < self.of).then_some(self.of)
    }

    /// Whether anything was compared.
    pub fn is_of_something(&self) -> bool {
        self.sqnr_db.is_some() || self.agreement.is_some()
    }

    /// One number to search and to sort by: the SQNR, with the share of integers and booleans that differ as noise of
    /// its own. Where nothing was compared there is no effect.
    pub fn quality(&self) -> Decibels {
        let Some(agreement) = self.agreement.filter(|agreement| *agreement < 1.0) else {
            return self.sqnr_db.unwrap_or(Decibels::PERFECT);
        };
        match self.sqnr_db {
            Some(db) if db.get().is_nan() => db,
            db => Decibels::of(1.0, db.map_or(0.0, Decibels::noise) + (1.0 - agreement)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quality_is_of_all_that_was_compared() {
        let of = |db: Option<f64>, agreement| {
            let sqnr_db = db.map(Decibels::new);
            OutputEffect { sqnr_db, agreement, ..OutputEffect::default() }.quality().get()
        };
        assert_eq!(of(Some(31.7), None), 31.7);
        assert_eq!(of(Some(31.7), Some(1.0)), 31.7);
        assert_eq!(of(None, Some(0.9)).round(), 10.0);
        assert_eq!((of(Some(10.0), Some(0.9)) * 10.0).round(), 70.0);
        assert_eq!((of(None, Some(1.0)), of(None, None)), (f64::INFINITY, f64::INFINITY));
        assert!(of(Some(f64::NAN), Some(0.5)).is_nan() && of(Some(f64::NAN), None).is_nan());
        assert_eq!(of(None, Some(0.0)), 0.0);
        assert_eq!(of(Some(f64::NEG_INFINITY), Some(0.5)), f64::NEG_INFINITY);
    }
}
