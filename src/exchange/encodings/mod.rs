//! Encodings of AIMET, and of Qualcomm's converters: scale and offset of each tensor.
//!
//! To 1.0.0 an offset counts from the lowest code of the unsigned grid and is 0 or less, so that of symmetric int8 is
//! -128. From 2.0.0 on it is ONNX's zero point.

mod listed;
mod named;
mod typed;

use crate::quant::{Format, QuantParams};

use super::Range;
use super::parse::{integers, params, scale};

pub(super) use listed::AIMET_1_0_0;
pub(super) use named::{AIMET_0_6_1, QNN_OVERRIDES};
pub(super) use typed::AIMET_2_0_0;

/// Why FP8 is not there.
const NO_FP8: &str = "it goes to FP8, for which encodings have no word; choose integers for it";

/// What is added to a zero point to count from the lowest code.
fn lowest(format: Format) -> i32 {
    if format.signed() { 1 << (format.num_bits() - 1) } else { 0 }
}

/// The offsets of a range.
fn offsets(range: &Range) -> Vec<i32> {
    range.zero_points.iter().map(|zero| -(zero + lowest(range.format))).collect()
}

/// The params that a scale and an offset stand for.
fn of_offset(scale_is: f32, offset: i32, bits: i32, symmetric: bool, name: &str) -> Result<QuantParams, String> {
    if !symmetric {
        return params(scale_is, -offset, integers(bits, false, false, name)?, name);
    }
    let signed = integers(bits, true, true, name)?;
    if offset == 0 {
        return params(scale_is, 0, integers(bits, false, true, name)?, name);
    }
    // Strict grids, which leave the lowest code out, count from one above it.
    if offset == -lowest(signed) || offset == 1 - lowest(signed) {
        return params(scale_is, 0, signed, name);
    }
    scale(scale_is, name)?;
    Err(format!("{name} is symmetric, and its offset {offset} is not that of {bits} bits around zero"))
}
