//! Formats of numbers: what a scale and a zero point do to a number.
//!
//! This room knows arithmetic only. A [`Format`] says which numbers there are (the integers of a [`Scheme`], or [`Fp8`]),
//! a [`Clip`] says which real range they cover, and [`QuantParams`] is the pair (`scale`, `zero_point`) that follows
//! from both. [`Grids`] are all of them that one tensor takes.
//!
//! ```
//! use qviz::quant::{Clip, QuantParams, Scheme};
//!
//! let params = QuantParams::from_clip(Clip::symmetric(2.54), Scheme::INT8);
//! assert_eq!(params.scale(), 0.02);
//! assert_eq!(params.quantize(1.0), 50);
//! assert_eq!(params.quantize(99.0), 127); // saturated
//! ```

mod clip;
mod decibels;
mod difference;
mod format;
mod fp8;
mod grids;
mod inverse;
mod output;
mod params;
mod scheme;
mod shape;

pub use clip::Clip;
pub use decibels::Decibels;
pub use difference::{Apart, Difference};
pub use format::Format;
pub use fp8::Fp8;
pub use grids::Grids;
pub use output::{Loss, OutputEffect, OutputEffects};
pub use params::QuantParams;
pub use scheme::Scheme;
pub use shape::{Looked, Margins, OutputShape, QUANTILES, TwoCounts};
