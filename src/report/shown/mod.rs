//! A session as others are shown it: in an issue tracker, in a pasted terminal, on a page.

mod bars;
mod figures;
mod markdown;

pub use bars::{Blocks, bars};
pub(super) use figures::{figures, made_from};
pub use markdown::markdown;

use super::row::Row;
use super::{Scales, number};
use crate::figure::Rise;
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
    /// The scale that counts stand on in plots.
    pub rise: Rise,
}

impl<'a> Shown<'a> {
    /// The rows that the screen lists too: what the placement leaves in float is not looked at. And how many those are, in
    /// words, where there are any.
    fn listed(&self) -> (Vec<Row<'a>>, Option<String>) {
        let (rows, left): (Vec<_>, Vec<_>) = Row::all(self.session).into_iter().partition(|row| row.in_float.is_none());
        let said = (!left.is_empty()).then(|| {
            let tensors = number::of(left.len() as u64, "tensor");
            format!(
                "{tensors} that the placement leaves in float {} not listed",
                if left.len() == 1 { "is" } else { "are" }
            )
        });
        (rows, said)
    }
}
