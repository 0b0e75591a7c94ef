//! What every export ends with: which tensors got a scale, which did not and why, what was rounded.

use std::collections::HashSet;

use super::{Range, Written};
use crate::quant::Clip;
use crate::report::{ExportError, number, visible};

/// Names in one sentence, before "and N more".
const NAMED: usize = 8;

/// The statement of one file while it is written.
pub(crate) struct Statement {
    format: &'static str,
    names: HashSet<String>,
    without: Vec<(String, Vec<String>)>,
    rounded: Vec<String>,
    also: Vec<String>,
    notes: Vec<String>,
}

impl Statement {
    pub fn new(format: &'static str) -> Statement {
        let (names, without) = (HashSet::new(), Vec::new());
        Statement { format, names, without, rounded: Vec::new(), also: Vec::new(), notes: Vec::new() }
    }

    /// A tensor got a scale under this name, which no other may have.
    pub fn wrote(&mut self, name: &str) -> Result<(), ExportError> {
        if self.names.insert(name.to_owned()) {
            return Ok(());
        }
        Err(self.refuse(name, "two tensors have this name in the file; give one another name with --names"))
    }

    /// A tensor got none, and why.
    pub fn omit(&mut self, name: &str, why: &str) {
        match self.without.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, names)) => names.push(name.to_owned()),
            None => self.without.push((why.to_owned(), vec![name.to_owned()])),
        }
    }

    /// A number was rounded by more than a float is.
    pub fn round(&mut self, name: &str) {
        self.rounded.push(name.to_owned());
    }

    /// A few words that belong into the first sentence, which is all that some read.
    #[cfg(feature = "onnx")]
    pub fn also(&mut self, words: impl Into<String>) {
        self.also.push(words.into());
    }

    /// Something else that is worth knowing.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// How many tensors got no scale.
    pub fn left_out(&self) -> usize {
        self.without.iter().map(|(_, names)| names.len()).sum()
    }

    /// The error that this tensor cannot be held.
    pub fn refuse(&self, name: &str, why: &str) -> ExportError {
        ExportError::Unsayable { exporter: self.format.to_owned(), reason: format!("{}: {why}", visible(name)) }
    }

    /// The clip of a tensor that goes to 8 bits around zero. `None` where the format leaves it out, which is then said.
    pub fn symmetric8(&mut self, range: &Range) -> Result<Option<Clip>, ExportError> {
        let name = &range.name;
        if let Some(why) = &range.in_float {
            self.omit(name, why);
            return Ok(None);
        }
        let Some(clip) = range.clip() else {
            self.omit(name, "each channel has a range of its own, and the format has one a tensor");
            return Ok(None);
        };
        let format = range.format;
        match format.scheme() {
            None => {
                self.omit(name, &format!("{format} is left to the runtime's higher precision"));
                Ok(None)
            }
            Some(scheme) if scheme.num_bits() == 16 => {
                self.omit(name, "16 bits are left to the runtime's higher precision");
                Ok(None)
            }
            Some(scheme) if scheme.num_bits() != 8 => {
                Err(self.refuse(name, &format!("it goes to {format}, and the format has 8 bits; --set '{name}=bits:8'")))
            }
            Some(scheme) if !scheme.symmetric() => Err(self.refuse(
                name,
                &format!(
                    "its range has a zero point ({format}), and the format is symmetric; choose with --symmetric, or --set \
                     '{name}=symmetric'"
                ),
            )),
            Some(scheme) if !scheme.signed() => {
                let why = format!("it goes to {format}, and the format is signed; choose without --unsigned");
                Err(self.refuse(name, &why))
            }
            Some(_) => Ok(Some(clip)),
        }
    }

    /// The file with all that was said.
    pub fn end(self, bytes: Vec<u8>) -> Written {
        let first = format!("{} got a scale in {}", number::of(self.names.len() as u64, "tensor"), self.format);
        let mut said = vec![std::iter::once(first).chain(self.also).collect::<Vec<_>>().join("; ") + "."];
        for (why, names) in &self.without {
            said.push(format!("{} did not ({}): {}.", names.len(), visible(why), listed(names)));
        }
        if !self.rounded.is_empty() {
            said.push(format!("Rounded to what the format prints, by more than 1e-4: {}.", listed(&self.rounded)));
        }
        said.extend(self.notes);
        Written { bytes, said }
    }
}

/// Some names in a row.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| visible(name)).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
