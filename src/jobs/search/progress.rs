//! How far a search is.

use std::time::{Duration, Instant};

use crate::jobs::trial::Left;

/// Work in runs of the whole network over a sample, and the decisions on the way.
pub(super) struct Progress {
    started: Instant,
    steps: usize,
    done: f64,
    to_do: f64,
    /// What a run takes, as far as that was known before.
    pace: Option<Duration>,
}

impl Progress {
    pub fn begin(pace: Option<Duration>) -> Progress {
        Progress { started: Instant::now(), steps: 0, done: 0.0, to_do: 0.0, pace }
    }

    /// More is to be done.
    pub fn plan(&mut self, steps: usize, runs: f64) {
        self.steps += steps;
        self.to_do += runs;
    }

    /// So much of it need not be done.
    pub fn skip(&mut self, steps: usize, runs: f64) {
        (self.steps, self.to_do) = (self.steps.saturating_sub(steps), (self.to_do - runs).max(0.0));
    }

    /// Something of it is done.
    pub fn ran(&mut self, runs: f64) {
        self.done += runs;
        self.to_do = (self.to_do - runs).max(0.0);
    }

    /// A decision of those to come is made.
    pub fn step(&mut self) {
        self.steps = self.steps.saturating_sub(1);
    }

    /// Nothing is left.
    pub fn end(&mut self) {
        (self.steps, self.to_do) = (0, 0.0);
    }

    /// What is to come, at the pace so far; before the first run at the one that was known.
    pub fn left(&self) -> Left {
        let time = match self.done > 0.0 {
            true => Some(self.started.elapsed().mul_f64(self.to_do / self.done)),
            false => self.pace.map(|pace| pace.mul_f64(self.to_do)),
        };
        Left { steps: self.steps, time }
    }
}
