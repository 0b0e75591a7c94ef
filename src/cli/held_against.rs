//! Arguments of `check` and `diff`, which hold files of scales against something.

use std::path::PathBuf;

use clap::Args;

use super::file::{FileFormat, formats, parse_file_format};

const OF_DIFF: &str = "Examples:
  qviz diff scales.json calib.cache              # what was chosen, and what is deployed
  qviz diff old.json new.json --tolerance 1%     # fine for CI: exit code 1 where a scale moved by more
  qviz diff a.encodings b.encodings --all        # every tensor, the worst first
  qviz diff scales.json model_int8.onnx --json   # against the scales of a model with QuantizeLinear

Exit codes: 0 they agree within the tolerance, 1 they differ, or a file could not be read, 2 wrong usage";

/// What to compare.
#[derive(Args)]
#[command(after_help = OF_DIFF, after_long_help = format!("{OF_DIFF}\n\n{}", formats()))]
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

const OF_CHECK: &str = "Examples:
  qviz check calib.cache                                  # needs nothing else
  qviz check scales.json --model model.onnx               # names, weights, Concat inputs as well
  qviz check calib.cache --model model.onnx --data calib/ # and how much saturates
  qviz check scales.json --data acts/                     # the same, of dumped activations
  qviz check model_int8.onnx                              # a model with QuantizeLinear
  qviz check llama-fp8/model.safetensors.index.json       # a checkpoint: headers and scales are read, no weights
  qviz check *.encodings --strict --json                  # for CI

Exit codes: 0 no error (with --strict no warning), 1 there is one, or a file could not be read, 2 wrong usage.
docs/check.md has all rules and the JSON";

/// What to check.
#[derive(Args)]
#[command(after_help = OF_CHECK, after_long_help = format!("{OF_CHECK}\n\n{}", formats()))]
pub(super) struct CheckArgs {
    /// Files of scales of any format, ONNX models with QuantizeLinear, .safetensors checkpoints, their index or folder
    #[arg(value_name = "FILE", required_unless_present = "rules")]
    pub files: Vec<PathBuf>,
    /// The model that the scales are for: names that it does not have, tensors without a scale, weights that do not fit,
    /// tensors that should share a scale
    #[arg(long, value_name = "MODEL.onnx")]
    pub model: Option<PathBuf>,
    /// Activations as .npy, .npz and .safetensors: how much of each saturates. With --model, samples to run it on
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// The format of the files, where they are not what they look like
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format)]
    pub from: Option<FileFormat>,
    /// Ends with exit code 1 at a warning, too
    #[arg(long)]
    pub strict: bool,
    /// Prints every finding, not only the first ten of a rule
    #[arg(long)]
    pub all: bool,
    /// Prints JSON instead
    #[arg(long)]
    pub json: bool,
    /// Prints the rules, and checks nothing
    #[arg(long, conflicts_with_all = ["files", "model", "data", "from", "strict", "all"])]
    pub rules: bool,
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
