//! The way back: steps done and undone.
//!
//! A step is a list of edits, each with its inverse beside it, by name: it means the same in another run on the same
//! data, so that it can be written down and taken up again. What it does not hold is the counts that decisions rest on;
//! a step about channels or a tie can only be taken where their values were read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Decision, Target};

/// One decision's change, with its inverse beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// What was decided about.
    pub target: Target,
    /// The decision before.
    pub before: Decision,
    /// The decision after.
    pub after: Decision,
}

/// What one undo takes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What it was, in a word or two.
    pub label: String,
    /// Each decision that changed.
    pub edits: Vec<Edit>,
}

impl Step {
    /// How many tensors it is about; those that are tied, and the channels of one, count once.
    pub fn decided(&self) -> usize {
        // A tie's decision stands in each of its tensors as well, and so does its end.
        let whole = |edit: &Edit| match (&edit.target, edit.after.tie.as_ref().or(edit.before.tie.as_ref())) {
            (Target::Tensor(_), Some(of)) => Target::Tie(of.clone()),
            (Target::Channel { of, .. }, _) => Target::Tensor(of.clone()),
            (target, _) => target.clone(),
        };
        self.edits.iter().map(whole).collect::<BTreeSet<_>>().len()
    }

    /// The step that takes this one back.
    fn inverse(&self) -> Step {
        let back = |e: &Edit| Edit { target: e.target.clone(), before: e.after.clone(), after: e.before.clone() };
        Step { label: format!("undo of {}", self.label), edits: self.edits.iter().rev().map(back).collect() }
    }
}

/// Steps done and undone. Recording a new step forgets the undone ones, as editors do.
#[derive(Default)]
pub(super) struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// Whether the last step still takes further edits of the same targets in.
    run_open: bool,
    /// How many steps stood done when the document was last saved.
    saved: Saved,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    At(usize),
    /// That state lies on a branch that is gone.
    Unreachable,
}

impl Default for Saved {
    fn default() -> Self {
        Saved::At(0)
    }
}

impl History {
    pub fn record(&mut self, label: &str, edits: Vec<Edit>, run: bool) {
        if edits.is_empty() {
            return;
        }
        if let Saved::At(n) = self.saved
            && n > self.done.len()
        {
            self.saved = Saved::Unreachable;
        }
        self.undone.clear();
        if run && self.extends_run(&edits) {
            let step = self.done.last_mut().expect("an open run has a step");
            for (edit, newer) in step.edits.iter_mut().zip(edits) {
                edit.after = newer.after;
            }
        } else {
            self.done.push(Step { label: label.to_owned(), edits });
        }
        self.run_open = run;
    }

    /// Puts edits into the first step, which `label` names, below everything that was done since: what is taken up of
    /// tensors that come one after the other is one step, which the file that it came from holds.
    pub fn record_first(&mut self, label: &str, edits: Vec<Edit>) {
        if edits.is_empty() {
            return;
        }
        match self.done.first_mut().filter(|step| step.label == label) {
            Some(step) => step.edits.extend(edits),
            None => {
                self.done.insert(0, Step { label: label.to_owned(), edits });
                if let Saved::At(n) = &mut self.saved {
                    *n += 1;
                }
            }
        }
    }

    fn extends_run(&self, edits: &[Edit]) -> bool {
        let last = self.done.last().filter(|_| self.run_open);
        // Of one target, or of the same ones that are tied.
        last.is_some_and(|step| step.edits.iter().map(|e| &e.target).eq(edits.iter().map(|e| &e.target)))
    }

    /// Whether a step, done or undone, is about this target.
    pub fn touches(&self, target: &Target) -> bool {
        self.done.iter().chain(&self.undone).any(|step| step.edits.iter().any(|edit| edit.target == *target))
    }

    pub fn end_run(&mut self) {
        self.run_open = false;
    }

    pub fn undo(&mut self) -> Option<Step> {
        self.run_open = false;
        let step = self.done.pop()?;
        self.undone.push(step.clone());
        Some(step)
    }

    pub fn redo(&mut self) -> Option<Step> {
        self.run_open = false;
        let step = self.undone.pop()?;
        self.done.push(step.clone());
        Some(step)
    }

    /// The step that is undone next, and the one that is redone.
    pub fn next(&self) -> (Option<&Step>, Option<&Step>) {
        (self.done.last(), self.undone.last())
    }

    /// Steps done, the oldest first, and steps undone, the one that is redone next last.
    pub fn steps(&self) -> (&[Step], &[Step]) {
        (&self.done, &self.undone)
    }

    pub fn len(&self) -> (usize, usize) {
        (self.done.len(), self.undone.len())
    }

    pub fn is_dirty(&self) -> bool {
        self.saved != Saved::At(self.done.len())
    }

    pub fn mark_saved(&mut self) {
        self.run_open = false;
        self.saved = Saved::At(self.done.len());
    }

    /// The changes that no file holds, the oldest first: what was done since it was saved, or the undoing of what it
    /// holds and is undone by now.
    pub fn unsaved(&self) -> Vec<Step> {
        match self.saved {
            Saved::At(n) if n <= self.done.len() => self.done[n..].to_vec(),
            // The step undone last stands last.
            Saved::At(n) => {
                let above = self.undone.len().saturating_sub(n - self.done.len());
                self.undone[above..].iter().map(Step::inverse).collect()
            }
            Saved::Unreachable => self.done.clone(),
        }
    }
}
