//! What was found.

use super::rule::{Rank, Rule};

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The file.
    pub file: String,
    /// The tensor, or what the file calls its scale; none where it is of the file as a whole.
    pub tensor: Option<String>,
    /// What was found: a clause.
    pub found: String,
}

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub file: String,
    /// What it is: a format's word, `checkpoint`, `model`; `unknown`.
    pub format: String,
    /// How many tensors it says something of.
    pub tensors: usize,
}

/// What was found in some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The files, in the order in which they were given.
    pub files: Vec<Checked>,
    /// The findings, the gravest first; of one rank in the files' order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many there are of a rank.
    pub fn count(&self, rank: Rank) -> usize {
        self.findings.iter().filter(|finding| finding.rule.rank == rank).count()
    }

    /// Whether there is an error; with `strict`, a warning.
    pub fn fails(&self, strict: bool) -> bool {
        self.count(Rank::Error) > 0 || (strict && self.count(Rank::Warning) > 0)
    }
}

/// The findings of one file while it is looked at.
#[derive(Debug)]
pub(super) struct Findings {
    pub file: String,
    pub all: Vec<Finding>,
}

impl Findings {
    pub fn new(file: &str) -> Findings {
        Findings { file: file.to_owned(), all: Vec::new() }
    }

    pub fn tensor(&mut self, rule: &'static Rule, tensor: &str, found: impl Into<String>) {
        let (file, tensor, found) = (self.file.clone(), Some(tensor.to_owned()), found.into());
        self.all.push(Finding { rule, file, tensor, found });
    }

    pub fn file(&mut self, rule: &'static Rule, found: impl Into<String>) {
        self.all.push(Finding { rule, file: self.file.clone(), tensor: None, found: found.into() });
    }
}
