//! Arguments of `stats` and `merge`.

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "onnxruntime")]
use crate::cli::data::EngineArgs;
use crate::cli::data::{DataArgs, SampleArgs};
use crate::cli::words::PerChannel;
use crate::histogram::{DEFAULT_BINS, MAX_BINS};
use crate::input::GroupPattern;

/// What to count, and as what.
#[derive(Args)]
pub(in crate::cli) struct StatsArgs {
    /// .npy, .npz and .safetensors files, directories (searched), globs, or - for .npy on stdin; or one MODEL.onnx, which is
    /// run on --data; without any, the bundled activations
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The file to write. Where it is there already, what it holds of the same data is not counted again
    #[arg(short, long, value_name = "FILE.parquet")]
    pub output: PathBuf,
    /// What calibration it belongs to: parts of different runs are not merged by mistake
    #[arg(long, value_name = "NAME", default_value = "run")]
    pub run: String,
    /// Which piece of the data this is: two parts of the same run and shard count once. The name of FILE without its ending
    /// unless something else is said
    #[arg(long, value_name = "NAME")]
    pub shard: Option<String>,
    /// Counts each channel along this axis too; a negative axis counts from the end. For some tensors only: PATTERNS=AXIS.
    /// May be given several times, a later one prevails
    #[arg(long, value_name = "[PATTERNS=]AXIS", allow_negative_numbers = true)]
    pub per_channel: Vec<PerChannel>,
    /// Number of magnitude bins, made a power of two. Parts that differ are merged on the fewest
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BINS, value_parser = parse_bins)]
    pub bins: usize,
    /// Joins files into batches of one tensor: 'acts/{batch}/{layer}.npy', matched relative to each PATH
    #[arg(long, value_name = "PATTERN")]
    pub group: Option<GroupPattern>,
    /// Leaves a mask's value out, as report does; for files. Takes one more reading
    #[arg(long)]
    pub ignore_sentinels: bool,
    /// How often what was counted is written while counting goes on: whoever is killed loses no more. 0 is after each tensor
    /// or sample
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub save_every: u64,
    /// Counts everything anew, and replaces FILE whatever it is
    #[arg(long)]
    pub force: bool,
    /// Looks at a model as the file has it, with its batch norms, and not as it is deployed
    #[arg(long)]
    pub as_written: bool,
    #[command(flatten)]
    pub samples: SampleArgs,
    #[cfg(feature = "onnxruntime")]
    #[command(flatten)]
    pub engine: EngineArgs,
}

impl StatsArgs {
    /// How a model is run.
    pub fn data(&self) -> DataArgs {
        DataArgs {
            samples: self.samples.clone(),
            as_written: self.as_written,
            #[cfg(feature = "onnxruntime")]
            engine: self.engine.clone(),
            ..DataArgs::default()
        }
    }
}

/// What to merge.
#[derive(Args)]
pub(in crate::cli) struct MergeArgs {
    /// Files of statistics, folders of them, globs
    #[arg(value_name = "PART.parquet", required = true)]
    pub parts: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "FILE.parquet")]
    pub output: PathBuf,
    /// Merges parts of several runs
    #[arg(long)]
    pub runs: bool,
    /// Replaces FILE if it exists
    #[arg(long)]
    pub force: bool,
}

fn parse_bins(text: &str) -> Result<usize, String> {
    let in_range = text.parse().ok().filter(|n| (1..=MAX_BINS).contains(n));
    in_range.ok_or_else(|| format!("the number of bins is 1 to {MAX_BINS}"))
}
