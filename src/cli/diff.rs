//! `qviz diff`: which scales of two files differ, printed.

use super::held_against::DiffArgs;
use super::out::{Failed, print};
use super::ranges::{Ranges, ranges_of};
use crate::exchange::diff::diff;
use crate::report::visible;

/// Compares and prints. Exit codes: 0 they agree, 1 they do not or one could not be read.
pub(super) fn compare(args: DiffArgs) -> Result<u8, Failed> {
    let (a, b) = (ranges_of(&args.a, args.from_a.or(args.from)), ranges_of(&args.b, args.from_b.or(args.from)));
    for error in [&a, &b].into_iter().filter_map(|side| side.as_ref().err()) {
        eprintln!("qviz: {error}");
    }
    let (Ok(a), Ok(b)) = (a, b) else { return Ok(1) };
    for Ranges { side, said } in [&a, &b] {
        for sentence in said {
            eprintln!("qviz: {}: {}", visible(&side.file), visible(sentence));
        }
    }
    let found = diff(&a.side, &b.side, args.tolerance);
    print(&if args.json { found.json(args.all) } else { found.text(args.all) })?;
    Ok(u8::from(!found.is_equal()))
}
