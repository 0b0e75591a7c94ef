//! Changes that an earlier run has left, as the screen offers them and takes them up.

use std::collections::VecDeque;

use crate::session::{Need, Step};

/// What an earlier run has left, and how far it is taken up.
#[derive(Default)]
pub struct Taking {
    /// Changes that are offered; until the user has answered they stay written down.
    pub offered: Vec<Step>,
    /// When they were made, for people: `at 14:02`.
    pub when: String,
    /// Changes that are being taken up, the next one first: what they rest on is still to be read.
    pub waiting: VecDeque<Step>,
    /// What was asked for on their behalf, and is not to be asked for again.
    pub asked: Vec<Need>,
    /// What will not come.
    pub refused: Vec<Need>,
    /// How many changes were taken up since the user said so.
    pub taken: usize,
}

impl Taking {
    /// Changes that an earlier run made at `when`.
    pub fn of(offered: Vec<Step>, when: String) -> Taking {
        Taking { offered, when, ..Taking::default() }
    }

    /// What is not part of the session yet, and must not be lost.
    pub fn pending(&self) -> impl Iterator<Item = &Step> {
        self.waiting.iter().chain(&self.offered)
    }
}
