//! The error of bin centres one by one.

use crate::quant::Fp8;
use crate::vector::Kernel;

/// `sum h (q - c)^2` over bins.
pub(super) struct Directly<'a> {
    pub counts: &'a [f64],
    pub centres: &'a [f32],
    /// Codes per unit.
    pub scale: f32,
    pub bound: f32,
}

impl Kernel for Directly<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const LANES: usize = 16;
        /// Adding it rounds a small f32 to an integer, half to even.
        const ROUND: f32 = 12_582_912.0;
        let Directly { counts, centres, scale, bound } = self;
        let error = |h: f64, c: f32| {
            let product = c * scale;
            let code = if product < bound { product } else { bound } + ROUND - ROUND;
            let error = f64::from(code / scale) - f64::from(c);
            h * (error * error)
        };
        let mut sums = [0.0; LANES];
        let ((h, h_rest), (c, c_rest)) = (counts.as_chunks::<LANES>(), centres.as_chunks::<LANES>());
        for (h, c) in h.iter().zip(c) {
            for l in 0..LANES {
                sums[l] += error(h[l], c[l]);
            }
        }
        sums.iter().sum::<f64>() + h_rest.iter().zip(c_rest).map(|(&h, &c)| error(h, c)).sum::<f64>()
    }
}

/// `sum h (q - c)^2` over bins, on a floating-point format.
pub(super) struct DirectlyFp8<'a> {
    pub counts: &'a [f64],
    pub centres: &'a [f32],
    /// Of the format's units, how many are one of the values'.
    pub scale: f32,
    pub fp8: Fp8,
}

impl Kernel for DirectlyFp8<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let DirectlyFp8 { counts, centres, scale, fp8 } = self;
        let error = |(h, c): (&f64, &f32)| {
            let error = f64::from(fp8.round(c * scale) / scale) - f64::from(*c);
            h * (error * error)
        };
        counts.iter().zip(centres).map(error).sum()
    }
}
