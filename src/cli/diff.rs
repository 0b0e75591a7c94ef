//! `qviz diff`: which scales of two files differ, printed.

use std::path::PathBuf;

use clap::Args;

use super::file::{FileFormat, formats, parse_file_format};
use super::out::{Failed, print};
use super::ranges::{Ranges, ranges_of};
use crate::exchange::diff::diff;
use crate::report::visible;

const EXAMPLES: &str = "Examples:
  qviz diff scales.json calib.cache              # what was chosen, and what is deployed
  qviz diff old.json new.json --tolerance 1%     # fine for CI: exit code 1 where a scale moved by more
  qviz diff a.encodings b.encodings --all        # every tensor, the worst first
  qviz diff scales.json model_int8.onnx --json   # against the scales of a model with QuantizeLinear

Exit codes: 0 they agree within the tolerance, 1 they differ, or a file could not be read, 2 wrong usage";

/// What to compare.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", formats()))]
pub(super) struct DiffArgs {
    /// A file of scales of any format, or an ONNX model with QuantizeLinear
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// The one that is held against it
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// How far a scale or an end of a clip may move: a share, or with % a percentage. Without it anything that the two
    /// formats do not round away is a difference
    #[arg(long, value_name = "T", default_value = "0", value_parser = parse_tolerance)]
    pub tolerance: f64,
    /// Prints the tensors that agree, too
    #[arg(long)]
    pub all: bool,
    /// Prints JSON instead
    #[arg(long)]
    pub json: bool,
    /// The format of both, where they are not what they look like
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format, conflicts_with_all = ["from_a", "from_b"])]
    pub from: Option<FileFormat>,
    /// The format of A
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format)]
    pub from_a: Option<FileFormat>,
    /// The format of B
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format)]
    pub from_b: Option<FileFormat>,
}

fn parse_tolerance(text: &str) -> Result<f64, String> {
    let (number, unit) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |percent| (percent.trim(), 100.0));
    let share = number.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    share.map(|share| share / unit).ok_or_else(|| "a share, 0 or more, such as 0.01 or 1%".to_owned())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_a_share_or_a_percentage() {
        assert_eq!(
            (parse_tolerance("1%"), parse_tolerance("0.01"), parse_tolerance("0")),
            (Ok(0.01), Ok(0.01), Ok(0.0))
        );
        for wrong in ["-1", "nan", "inf", "x", "%", ""] {
            assert!(parse_tolerance(wrong).is_err(), "{wrong}");
        }
    }
}
