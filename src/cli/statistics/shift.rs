//! `qviz compare --data A --against B`: which tensors' values have moved between two sets of data.

use std::path::PathBuf;

use super::args::StatsArgs;
use super::count::counted;
use super::files::{merged, named};
use crate::cli::interrupts::Interrupts;
use crate::cli::load::load_from;
use crate::cli::out::{Failed, complain, print};
use crate::cli::shared::SharedArgs;
use crate::cli::source;
use crate::cli::usage::Usage;
use crate::cli::words::is_model;
use crate::report::{self, visible};
use crate::session::Kind;
use crate::statistics::{Merger, Table};

/// Counts both, chooses on the first as the options say, and prints how far the second has moved. Exit codes: 0 fine, 1
/// some input could not be read.
pub(in crate::cli) fn shift(mut shared: SharedArgs, against: Vec<PathBuf>, json: bool) -> Result<u8, Failed> {
    let model = shared.paths.iter().find(|path| is_model(path)).cloned();
    if model.is_none() && !shared.data.samples.data.is_empty() {
        // Without a model its data are what is looked at.
        let data = std::mem::take(&mut shared.data.samples.data);
        if !shared.paths.is_empty() {
            return Err(Usage("give what is compared as a PATH or with --data, not both.".into()).into());
        }
        shared.paths = data;
    }
    let (ours, interrupts) =
        (model.map_or_else(|| shared.paths.clone(), |_| shared.data.samples.data.clone()), Interrupts::listen());
    let Some((mut a, code_a)) = set(&shared, ours.clone(), &interrupts)? else { return Ok(1) };
    let Some((mut b, code_b)) = set(&shared, against.clone(), &interrupts)? else { return Ok(1) };
    let bins = a.bins.min(b.bins);
    if a.bins != b.bins {
        let (a, b) = (a.bins, b.bins);
        eprintln!("note: one set was counted for {a} bins and the other for {b}: both are brought to {bins}.");
    }
    a.coarsen(bins);
    b.coarsen(bins);
    // Weights are no data.
    let keys = b.tensors.keys().filter(|key| key.kind() == Kind::Activation);
    let there = keys.filter_map(|key| Some((key.clone(), b.histogram(key)?))).collect();
    let mut here = a;
    here.tensors.retain(|key, _| key.kind() == Kind::Activation);
    let words = |paths: &[PathBuf]| paths.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let files = words(&ours);
    let loaded = load_from(shared, move |shared, session| Ok(source::of_table(&shared, session, here, files)))?;
    let found = report::shift(&loaded.session, &there);
    print(&match json {
        true => found.json(&loaded.session, Some(&loaded.provenance), &words(&against)),
        false => found.text(),
    })?;
    let code = complain(&loaded.session).max(code_a).max(code_b);
    if interrupts.ever() {
        eprintln!("interrupted: the comparison of what was counted was printed");
        return Ok(130);
    }
    Ok(loaded.exit(code, "the comparison was printed{}"))
}

/// What a set of data comes to: statistics as they are, anything else counted now. `None` where it cannot be used, once a
/// sentence has said why.
fn set(shared: &SharedArgs, paths: Vec<PathBuf>, interrupts: &Interrupts) -> Result<Option<(Table, u8)>, Failed> {
    if let Some(files) = named(&paths)? {
        return Ok(match merged(&files, true) {
            Ok(table) => {
                table.coarsened().iter().for_each(|note| eprintln!("note: {}", visible(note)));
                Some((table, 0))
            }
            Err(why) => {
                eprintln!("qviz: {}", visible(&why.message));
                None
            }
        });
    }
    let mut samples = shared.data.samples.clone();
    let model = shared.paths.iter().find(|path| is_model(path));
    let paths = match model {
        Some(model) => {
            samples.data = paths;
            vec![model.clone()]
        }
        None => paths,
    };
    let args = StatsArgs {
        paths,
        output: PathBuf::new(),
        run: "compared".to_owned(),
        shard: None,
        // Clips of channels are chosen on the first set only.
        per_channel: Vec::new(),
        bins: shared.bins,
        group: shared.group.clone(),
        ignore_sentinels: shared.ignore_sentinels,
        save_every: u64::MAX,
        force: false,
        as_written: shared.data.as_written,
        samples,
        #[cfg(feature = "onnxruntime")]
        engine: shared.data.engine.clone(),
    };
    let Some((part, code)) = counted(&args, interrupts)? else { return Ok(None) };
    let mut merger = Merger::new();
    let taken = merger.add("compared", part.into()).and_then(|()| merger.finish());
    let failed = |why: crate::statistics::StatisticsError| Usage(visible(&why.message));
    Ok(Some((taken.map_err(failed)?, code)))
}
