//! A session as others are shown it: in an issue tracker, in a pasted terminal, on a page.

mod bars;
mod figures;
mod markdown;

pub use bars::{Blocks, bars};
pub(super) use figures::{figures, made_from};
pub use markdown::markdown;

use super::Scales;
use crate::session::Session;

/// What is shown: a session, and what its document says of the network.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// What it is of, in a few words; may hold any character.
    pub title: &'a str,
    /// The tensors.
    pub session: &'a Session,
    /// The document of the same session, whose head has the figures of the outputs where they were measured.
    pub scales: &'a Scales,
}
