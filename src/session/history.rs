use super::Choice;

/// One layer's change, with its inverse beside it.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub layer: usize,
    pub before: Choice,
    pub after: Choice,
}

/// What one `u` takes back.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub label: String,
    pub edits: Vec<Edit>,
}

/// Steps done and undone. Recording a new step forgets the undone ones, as editors do.
#[derive(Default)]
pub(super) struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// Whether the last step still takes further edits of the same layer in.
    run_open: bool,
    /// How many steps stood done when the document was last saved; `None` once that state cannot be reached any more.
    saved: Saved,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    At(usize),
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

    fn extends_run(&self, edits: &[Edit]) -> bool {
        let last = self.done.last().filter(|_| self.run_open);
        // Of one layer, or of the same ones that are tied.
        let layers = |edits: &[Edit]| edits.iter().map(|edit| edit.layer).collect::<Vec<_>>();
        last.is_some_and(|step| layers(&step.edits) == layers(edits))
    }

    /// Whether a step, done or undone, is about this layer.
    pub fn touches(&self, layer: usize) -> bool {
        self.done.iter().chain(&self.undone).any(|step| step.edits.iter().any(|edit| edit.layer == layer))
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
}
