//! qviz: see, compare and set the clip thresholds of INT8 calibration.
//!
//! The library is the program without its terminal. Imports point one way: a room knows only rooms that stand before it.
//!
//! ```text
//! quant -> histogram -> calibrate -> session -> figure -> input -> model -> statistics -> jobs -> report -> lessons -> exchange -> check -> qdq -> journal -> tui -> cli
//! ```
//!
//! * [`quant`]: integer grids, scales and zero points;
//! * [`histogram`]: exact counts of a tensor;
//! * [`calibrate`]: the methods, one file each, and the curve of each objective over all clips;
//! * [`session`]: the document: layers, decisions, undo;
//! * [`figure`]: axis, columns, curves and marks of a plot, as numbers;
//! * [`input`]: activation dumps at rest;
//! * `model` (feature `onnx`): ONNX models, their activations, and what a clip does to the outputs;
//! * `statistics` (feature `statistics`): tables of counts that merge exactly, in place of activations;
//! * [`jobs`]: reading in the background;
//! * [`report`]: the same numbers as text and JSON;
//! * `lessons` (feature `tui`): lessons, glossary and their languages;
//! * [`exchange`]: files of scales that other tools write and read;
//! * [`check`]: what is wrong with files of scales;
//! * `qdq` (feature `onnx`): ONNX models with `QuantizeLinear` and `DequantizeLinear`, written and read;
//! * `tui` and `cli` (feature `tui`): the program.
//!
//! What goes wrong with a file has an [`ErrorKind`] to match on, and one sentence for the user.
//!
//! From values to a threshold:
//!
//! ```
//! use std::sync::Arc;
//! use qviz::{calibrate, histogram::Histogram, quant::Scheme};
//!
//! let values: Vec<f32> = (1..50_000).map(|i| (i as f32 * 0.7).sin() * (50_000.0 / i as f32).ln()).collect();
//! let entropy = calibrate::by_id("entropy")?;
//! let histogram = Histogram::of(&values, 2048, &entropy.grids());
//! let tensor = calibrate::Tensor::new(Arc::new(histogram), Scheme::INT8);
//! let candidate = tensor.candidate(entropy.as_ref());
//! let threshold = candidate.outcome.expect("these values have a threshold");
//! println!("scale {} at {:.1} dB", threshold.params.scale(), threshold.metrics.sqnr_db);
//! # Ok::<(), calibrate::UnknownMethod>(())
//! ```

pub mod calibrate;
pub mod check;
#[cfg(feature = "tui")]
pub mod cli;
mod error;
pub mod exchange;
pub mod figure;
mod guard;
pub mod histogram;
pub mod input;
pub mod jobs;
#[cfg(feature = "tui")]
pub mod journal;
#[cfg(feature = "tui")]
pub mod lessons;
#[cfg(feature = "onnx")]
pub mod model;
#[cfg(feature = "onnx")]
pub mod qdq;
pub mod quant;
pub mod report;
pub mod session;
#[cfg(feature = "statistics")]
pub mod statistics;
#[cfg(feature = "tui")]
pub mod tui;
mod vector;

pub use error::ErrorKind;
