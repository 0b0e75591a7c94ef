//! Changes whose scales stand in another tool's file, or in a network, and in no document: who leaves with them loses nothing,
//! as the journal keeps them.

use crate::session::Step;

/// What was written into such a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Handed {
    /// The file, as it was typed.
    pub path: String,
    /// The changes that no document held then.
    steps: Vec<Step>,
}

impl Handed {
    /// These changes, which no document holds, go into this file.
    pub fn to(path: String, steps: Vec<Step>) -> Handed {
        Handed { path, steps }
    }

    /// Whether the file holds all of these changes, and no others.
    pub fn holds(&self, steps: &[Step]) -> bool {
        !steps.is_empty() && self.steps == steps
    }
}
