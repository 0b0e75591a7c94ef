//! A part of statistics while it is counted: what is there already, and writing it down now and then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::args::StatsArgs;
use super::notes::Notes;
use crate::histogram::kept_bins;
use crate::report::{save, visible, writable};
use crate::statistics::{Identity, Part, StatisticsError, WEIGHTS, read_file, write_part};

/// A part that is being written.
pub(super) struct Writing {
    pub part: Part,
    pub notes: Notes,
    /// Tensors that were there before.
    pub kept: usize,
    /// Where it goes; `None` where it is only looked at.
    output: Option<PathBuf>,
    /// How often it is written while counting goes on.
    every: Duration,
    saved: Instant,
    /// Whether something stands here that the file has not.
    pub changed: bool,
}

impl Writing {
    /// Goes on with the file, where it is one of this run and shard.
    ///
    /// # Errors
    /// A sentence: it is something else.
    pub fn begin(args: &StatsArgs, identity: Identity) -> Result<Writing, String> {
        let (bins, output) = (kept_bins(args.bins) / 2, args.output.clone());
        let mut part = Part::new(identity, bins);
        let mut notes = Notes::default();
        let name = visible(&output.to_string_lossy());
        if !args.force && output.symlink_metadata().is_ok() {
            let file =
                read_file(&output).map_err(|why| format!("{} It was kept; --force replaces it.", why.message))?;
            let shards: BTreeSet<&Identity> = file.parts.iter().map(|part| &part.identity).collect();
            let Identity { run, shard } = &part.identity;
            let other = shards.iter().find(|of| of.run != *run || (of.shard != *shard && of.shard != WEIGHTS));
            if let Some(other) = other.filter(|_| file.holds.is_none()) {
                return Err(format!(
                    "{name} holds the shard {} of the run {}, and not {shard} of {run}; name another file, or --force \
                     replaces it.",
                    other.shard, other.run
                ));
            }
            if file.holds.is_some() {
                return Err(format!("{name} holds parts that were merged; name another file, or --force replaces it."));
            }
            if file.bins != bins {
                return Err(format!(
                    "{name} was counted for {} bins, and not {bins}; give --bins {}, or --force counts anew.",
                    file.bins, file.bins
                ));
            }
            notes = Notes::read(file.sources.as_deref());
            part.tensors = file.parts.into_iter().flat_map(|part| part.tensors).collect();
        }
        writable(&output, true).map_err(|why| why.to_string())?;
        let every = Duration::from_secs(args.save_every);
        Ok(Writing { part, notes, kept: 0, output: Some(output), every, saved: Instant::now(), changed: false })
    }

    /// A part that goes into no file.
    pub fn nowhere(part: Part) -> Writing {
        let (notes, every) = (Notes::default(), Duration::MAX);
        Writing { part, notes, kept: 0, output: None, every, saved: Instant::now(), changed: false }
    }

    /// Writes what is there, whole or not at all.
    ///
    /// # Errors
    /// A sentence: it could not be written.
    pub fn save(&mut self) -> Result<(), String> {
        let Some(output) = &self.output else { return Ok(()) };
        let bytes = write_part(&self.part, Some(&self.notes.write())).map_err(|why: StatisticsError| why.message)?;
        save(output, &bytes, true).map_err(|why| why.to_string())?;
        (self.saved, self.changed) = (Instant::now(), false);
        Ok(())
    }

    /// The same where it is long ago. What cannot be written now is told at the end.
    pub fn save_now_and_then(&mut self) {
        if self.is_due() {
            self.save_what_is_new();
        }
    }

    /// The same at once.
    pub fn save_what_is_new(&mut self) {
        if self.changed {
            let _ = self.save();
        }
        self.saved = Instant::now();
    }

    /// Whether the file was last written a while ago.
    pub fn is_due(&self) -> bool {
        self.output.is_some() && self.saved.elapsed() >= self.every
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Key;
    use crate::statistics::{Counter, Tensor};

    fn tensor(values: &[f32]) -> Tensor {
        let mut counter = Counter::new(64);
        counter.push(values);
        Tensor::new(counter.finish())
    }

    #[test]
    fn what_is_new_is_written_when_it_is_due_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("a.parquet");
        let mut writing = Writing::nowhere(Part::new(Identity::new("run", "a"), 64));
        assert!(!writing.is_due(), "it goes nowhere");
        writing.save_now_and_then();
        (writing.output, writing.every) = (Some(output.clone()), Duration::from_secs(3600));
        let tensors = || read_file(&output).unwrap().parts.iter().map(|part| part.tensors.len()).sum::<usize>();
        let counted = |writing: &mut Writing, name: &str| {
            writing.part.tensors.insert(Key::activation(name), tensor(&[1.0, -2.0]));
            writing.changed = true;
            writing.save_now_and_then();
        };
        counted(&mut writing, "x");
        assert!(!output.exists() && writing.changed, "not yet");
        // An hour later.
        writing.every = Duration::ZERO;
        counted(&mut writing, "y");
        assert_eq!((tensors(), writing.changed), (2, false));
        // Nothing new is not written again.
        std::fs::remove_file(&output).unwrap();
        writing.save_now_and_then();
        assert!(!output.exists());
        // From the last time on, not from the beginning.
        writing.every = Duration::from_secs(3600);
        counted(&mut writing, "z");
        assert!(!output.exists());
        writing.save_what_is_new();
        assert_eq!(tensors(), 3);
        // What cannot be written while counting goes on is told at the end.
        std::fs::remove_file(&output).unwrap();
        std::fs::create_dir(&output).unwrap();
        writing.every = Duration::ZERO;
        counted(&mut writing, "w");
        assert!(writing.changed && writing.save().unwrap_err().contains("is a folder"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }
}
