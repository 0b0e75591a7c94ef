//! `qviz merge`: parts made one file.

use super::args::MergeArgs;
use super::files::{merged, named};
use crate::cli::out::{Failed, exists, print};
use crate::cli::usage::Usage;
use crate::report::{number, save, visible};
use crate::statistics::write_table;

/// Merges and writes. Exit codes: 0 fine, 1 a part that cannot be read or does not go with the others, and then nothing is
/// written.
pub(in crate::cli) fn merge(args: MergeArgs) -> Result<u8, Failed> {
    let MergeArgs { parts, output, runs, force } = args;
    if exists(Some(&output), force) {
        return Ok(1);
    }
    let Some(files) = named(&parts)? else {
        let first = parts.first().map_or_else(String::new, |path| visible(&path.to_string_lossy()));
        return Err(Usage(format!(
            "{first} holds no statistics, whose names end in .parquet; qviz stats writes them."
        ))
        .into());
    };
    let written = merged(&files, runs).and_then(|table| {
        let bytes = write_table(&table)?;
        Ok((table, bytes))
    });
    let (table, bytes) = match written {
        Ok(written) => written,
        Err(why) => {
            eprintln!("qviz: {}", visible(&why.message));
            return Ok(1);
        }
    };
    if let Err(why) = save(&output, &bytes, force) {
        eprintln!("qviz: {why}");
        return Ok(1);
    }
    table.coarsened().iter().for_each(|note| eprintln!("note: {}", visible(note)));
    print(&format!(
        "{}: {} of {} of the data, {}\n",
        visible(&output.to_string_lossy()),
        number::of(table.tensors.len() as u64, "tensor"),
        number::of(table.holds.len() as u64, "piece"),
        number::bytes(bytes.len() as u64)
    ))?;
    Ok(0)
}
