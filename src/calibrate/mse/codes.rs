//! The levels that bin centres are fake-quantized to, in a row.

use crate::quant::{Format, Fp8};
use crate::vector::Kernel;

/// What a centre is rounded to, as codes from 0 up.
#[derive(Clone, Debug)]
pub(super) enum Levels {
    /// Each code stands for itself.
    Even {
        /// `2^(bits - 1) - 1` signed, `2^bits - 1` unsigned: the largest code of the peer's search.
        max_bound: usize,
    },
    /// Each code stands for a value of the format.
    Fp8 {
        fp8: Fp8,
        /// The magnitudes from 0 up.
        values: Vec<f32>,
    },
}

impl Levels {
    pub fn of(format: Format) -> Levels {
        match format {
            Format::Int(scheme) => Levels::Even { max_bound: scheme.magnitude_levels() - 1 },
            Format::Fp8(fp8) => Levels::Fp8 { fp8, values: fp8.magnitudes() },
        }
    }

    /// The largest code.
    pub fn max_code(&self) -> usize {
        match self {
            Levels::Even { max_bound } => *max_bound,
            Levels::Fp8 { values, .. } => values.len() - 1,
        }
    }

    /// What the largest code stands for: the peer's numerator of a scale.
    pub fn bound(&self) -> f32 {
        match self {
            Levels::Even { max_bound } => *max_bound as f32,
            Levels::Fp8 { fp8, .. } => fp8.max(),
        }
    }
}

/// Codes worked out at a time.
pub(super) const CODES: usize = 64;

/// What there is to know of a code at some scale.
#[derive(Clone, Copy, Default)]
pub(super) struct Code {
    /// What it stands for.
    pub value: f64,
    /// The largest number that rounds to it or to a smaller one, half to even.
    pub largest: f32,
    /// About how many bins have such centres.
    pub bins: u32,
}

/// The codes from `first` on.
pub(super) struct Codes<'a> {
    pub first: u32,
    pub scale: f32,
    pub bins_per_code: f64,
    pub codes: &'a mut [Code],
}

impl Kernel for Codes<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        /// Adding it rounds a small f64 to an integer, which is then in the low bits.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        for (code, at) in self.codes.iter_mut().zip(self.first..) {
            let half = at as f32 + 0.5;
            *code = Code {
                value: f64::from(at as f32 / self.scale),
                largest: f32::from_bits(half.to_bits() - at % 2),
                bins: (f64::from(half) * self.bins_per_code + ROUND).to_bits() as u32,
            };
        }
    }
}

/// The codes of the `values`, of which there is one more than codes; the first one is even.
pub(super) fn fp8_codes(codes: &mut [Code], values: &[f32], scale: f32, bins_per_unit: f64) {
    for (at, (code, pair)) in codes.iter_mut().zip(values.windows(2)).enumerate() {
        // Exact: one bit more than a value has.
        let half = (pair[0] + pair[1]) / 2.0;
        *code = Code {
            value: f64::from(pair[0] / scale),
            // A tie goes to the even mantissa, which is that of an even code.
            largest: f32::from_bits(half.to_bits() - at as u32 % 2),
            bins: (f64::from(half) * bins_per_unit).round() as u32,
        };
    }
}
