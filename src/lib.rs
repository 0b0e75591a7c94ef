//! qviz: see, compare and set the clip thresholds of INT8 calibration.
//!
//! The library is the program without its terminal. Data flows one way through its rooms, and imports follow it:
//!
//! ```text
//! quant, histogram -> calibrate -> session -> {input, jobs, report} -> tui -> cli
//! ```
#![warn(missing_docs)]

pub mod input;
pub mod quant;
