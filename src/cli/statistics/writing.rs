//! A part of statistics while it is counted: what is there already, and writing it down now and then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::args::StatsArgs;
use super::notes::Notes;
use crate::histogram::kept_bins;
use crate::report::{save, visible, writable};
use crate::statistics::{Identity, Part, StatisticsError, WEIGHTS, read_file, write_part};

/// How often what was gathered is written while counting goes on.
const NOW_AND_THEN: Duration = Duration::from_secs(60);

/// A part that is being written.
pub(super) struct Writing {
    pub part: Part,
    pub notes: Notes,
    /// Tensors that were there before.
    pub kept: usize,
    /// Where it goes; `None` where it is only looked at.
    output: Option<PathBuf>,
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
        Ok(Writing { part, notes, kept: 0, output: Some(output), saved: Instant::now(), changed: false })
    }

    /// A part that goes into no file.
    pub fn nowhere(part: Part) -> Writing {
        let notes = Notes::default();
        Writing { part, notes, kept: 0, output: None, saved: Instant::now(), changed: false }
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
            if self.changed {
                let _ = self.save();
            }
            self.saved = Instant::now();
        }
    }

    /// Whether the file was last written a while ago.
    pub fn is_due(&self) -> bool {
        self.output.is_some() && self.saved.elapsed() >= NOW_AND_THEN
    }
}
