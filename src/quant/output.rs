use super::Decibels;

/// The effect of quantization on the outputs of a network, over all float outputs and all samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputEffect {
    /// `10 log10(sum(y²) / sum((y - y')²))` in dB, of the outputs `y` of the float network and `y'` of the quantized
    /// one; infinite where they are equal. NaN, the worst, where an output is.
    pub sqnr_db: Decibels,
    /// `sum(y y') / sqrt(sum(y²) sum(y'²))`; 1 where both are all zero, 0 where one is.
    pub cosine: f64,
    /// The share of rows whose largest score is the same class, the first of equal ones; `None` for a network that is no
    /// classifier: one whose only output is (N, C) or (N, C, 1, 1) with C > 1.
    pub top1_agreement: Option<f64>,
    /// How many samples it is over.
    pub samples: usize,
    /// How many samples it was to be over: more than `samples` where memory or time did not suffice for all, or where
    /// it was stopped.
    pub of: usize,
}

impl OutputEffect {
    /// How many samples there were to be, where it is over fewer.
    pub fn cut_from(&self) -> Option<usize> {
        (self.samples < self.of).then_some(self.of)
    }
}
