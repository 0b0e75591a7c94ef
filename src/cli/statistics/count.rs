//! `qviz stats`: what was counted goes into a file, and what is in it already is not counted again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args::StatsArgs;
use super::files::named;
use super::notes::Notes;
use super::sources;
use crate::cli::interrupts::Interrupts;
use crate::cli::out::{Failed, print};
use crate::cli::source::Usage;
use crate::cli::words::is_model;
use crate::histogram::kept_bins;
use crate::report::{number, save, visible, writable};
use crate::statistics::{Identity, MERGED, Part, StatisticsError, WEIGHTS, is_statistics, read_file, write_part};

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
    fn begin(args: &StatsArgs, identity: Identity) -> Result<Writing, String> {
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

/// Counts and writes. Exit codes: 0 fine, 1 some input could not be read or the file not written, 130 after Ctrl-C, with
/// what was gathered.
pub(in crate::cli) fn stats(args: StatsArgs) -> Result<u8, Failed> {
    let named_shard = args.shard.clone();
    let of_name = || args.output.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let shard = named_shard.unwrap_or_else(of_name);
    if !is_statistics(&args.output) {
        let name = visible(&args.output.to_string_lossy());
        return Err(Usage(format!("{name} would not be found again: name it .parquet.")).into());
    }
    if let Some(files) = named(&args.paths)? {
        let first = files.first().map_or_else(String::new, |path| visible(&path.to_string_lossy()));
        return Err(Usage(format!("{first} holds statistics already; qviz merge makes one of several.")).into());
    }
    let mut writing = match Writing::begin(&args, Identity::new(args.run.as_str(), shard.as_str())) {
        Ok(writing) => writing,
        Err(why) => {
            eprintln!("qviz: {}", visible(&why));
            return Ok(1);
        }
    };
    // Where a file of that name stands already, what it holds is the better thing to say.
    if shard == WEIGHTS || shard == MERGED {
        return Err(Usage(format!(
            "a shard cannot be called {shard}, which means something else; give another --shard."
        ))
        .into());
    }
    let interrupts = Interrupts::listen();
    let Some(code) = count(&args, &mut writing, &interrupts)? else { return Ok(1) };
    finish(&args.output, writing, &interrupts, code)
}

/// Counts what the paths name; the exit code, or `None` where nothing comes of it, once a sentence has said why.
fn count(args: &StatsArgs, writing: &mut Writing, interrupts: &Interrupts) -> Result<Option<u8>, Failed> {
    match args.paths.iter().find(|path| is_model(path)) {
        Some(model) if args.paths.len() > 1 => {
            let name = visible(&model.to_string_lossy());
            Err(Usage(format!("{name} is a model, which is counted alone; give its inputs with --data.")).into())
        }
        Some(model) => sources::network(args, model, writing, interrupts),
        None => sources::files(args, writing, interrupts),
    }
}

/// The same without a file: what was counted, and the exit code.
///
/// # Errors
/// Wrong usage.
pub(super) fn counted(args: &StatsArgs, interrupts: &Interrupts) -> Result<Option<(Part, u8)>, Failed> {
    let part = Part::new(Identity::new(args.run.as_str(), args.run.as_str()), kept_bins(args.bins) / 2);
    let notes = Notes::default();
    let mut writing = Writing { part, notes, kept: 0, output: None, saved: Instant::now(), changed: false };
    let code = count(args, &mut writing, interrupts)?;
    Ok(code.map(|code| (writing.part, code)))
}

fn finish(output: &Path, mut writing: Writing, interrupts: &Interrupts, code: u8) -> Result<u8, Failed> {
    let name = visible(&output.to_string_lossy());
    if writing.part.tensors.is_empty() {
        eprintln!("qviz: nothing was counted, so that {name} was not written.");
        return Ok(if interrupts.ever() { 130 } else { code.max(1) });
    }
    let Part { identity, tensors, .. } = &writing.part;
    let tensors = number::of(tensors.len() as u64, "tensor");
    let before = match writing.kept {
        0 => String::new(),
        kept => format!(", {kept} of them counted before"),
    };
    let whose = visible(&format!("shard {} of run {}", identity.shard, identity.run));
    if writing.changed || !output.exists() {
        if let Err(why) = writing.save() {
            eprintln!("qviz: {}", visible(&why));
            return Ok(1);
        }
    }
    print(&format!("{name}: {tensors}{before}, {whose}\n"))?;
    if interrupts.ever() {
        eprintln!("interrupted: what was counted is in {name}; the same command goes on");
        return Ok(130);
    }
    Ok(code)
}
