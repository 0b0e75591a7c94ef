//! The session's numbers as text and as the exported document.
//!
//! What stands here is read off the [`Session`](crate::session::Session), never computed anew: the clip on the screen,
//! in the report and in the export is one number.

mod by_method;
mod compact;
mod compare;
mod effect;
mod export;
mod html;
pub mod number;
mod numpy;
mod overlaid;
mod plot;
mod row;
mod save;
mod scales;
mod script;
mod sensitivity;
mod shape;
mod shift;
mod shown;
mod table;
mod text;
mod verify;
mod visible;
mod why;

pub use by_method::{AS_CHOSEN, MethodOutputs, MethodRow, by_method};
pub use compare::{compare, compare_json, offers};
pub use effect::{Compared, Effect, NamedEffect, fraction, ratio};
pub use export::ExportError;
pub(crate) use export::pretty;
pub use html::html;
pub use numpy::numpy;
pub use overlaid::overlaid;
pub use plot::{Anchor, Bar, Canvas, Line, Part, PlotSize, Words, lay, svg};
pub use save::{SaveError, save, save_with, writable};
pub use scales::{
    AloneScales, CandidateScales, Chosen, ErrorScales, FileError, Lean, MeasuredScales, ModelFile, MovedBias,
    MovedBiases, Outputs, Per, Provenance, RangeScales, ReadError, SCHEMA, Scales, StatsScales, TensorScales,
    TunedScales, TunedSet, Tuning, Widened, figure,
};
pub use script::{Computed, script};
pub use sensitivity::{outputs, sensitivity, sensitivity_json};
pub use shape::{MarginScales, ShapeScales, Spread, margins_in_words};
pub use shift::{Shift, Shifted, Side, shift};
pub use shown::{Blocks, Shown, bars, markdown};
pub(crate) use table::{Column, table};
pub use text::text;
pub use verify::{TOLERANCE, Verification, VerifiedTensor};
pub use visible::{one_word, visible};
pub use why::{Why, best, why, whys};
