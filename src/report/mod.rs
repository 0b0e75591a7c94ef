//! The session's numbers as text and as the exported document.
//!
//! What stands here is read off the [`Session`](crate::session::Session), never computed anew: the clip on the screen,
//! in the report and in the export is one number.

mod compare;
mod document;
pub mod number;
mod save;
mod sensitivity;
mod text;
mod visible;

pub use compare::{best, compare, why};
pub use document::{Document, document, to_json};
pub use save::{SaveError, save};
pub use sensitivity::{outputs, sensitivity, sensitivity_json};
pub use text::text;
pub use visible::{one_word, visible};
