//! The commands and their options, as clap reads them.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use super::config::{ConfigArgs, Defaults};
#[cfg(feature = "onnxruntime")]
use super::data::LibraryArg;
use super::file::{FileArgs, FileFormat, formats, parse_file_format};
use super::form::{FormArgs, TunedArgs};
use super::held_against::{CheckArgs, DiffArgs};
use super::into_model::{IntoModelArgs, WeightArgs};
use super::lang::LangArg;
use super::learning::LearnArgs;
use super::look::LookArgs;
use super::shared::SharedArgs;
#[cfg(feature = "statistics")]
use super::statistics::{MergeArgs, StatsArgs};
use super::tuning::TuneArgs;
#[cfg(feature = "onnxruntime")]
use super::verify::VerifyArgs;
use crate::figure::Rise;

/// A terminal instrument for INT8 calibration: every layer's histogram, every method's threshold, and a clip to drag.
#[derive(Parser)]
#[command(name = "qviz", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub screen: ScreenArgs,
    #[command(flatten)]
    pub own: ConfigArgs,
    #[command(flatten)]
    pub lang: LangArg,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Prints one row a layer, for a pipe or a screen reader
    Report(Box<ReportArgs>),
    /// Prints every method beside every other: one row a layer, the best marked, and why they differ; or with --against
    /// which tensors' values have moved between two sets of data
    Compare {
        /// Prints the qviz.compare/1 document instead, with --against qviz.shift/1
        #[arg(long)]
        json: bool,
        /// Compares two sets of data instead of methods: this one with --data or PATH, activations, statistics, or samples
        /// that MODEL.onnx is run on. A row a tensor says how far its values have moved and how much of them lies beyond the
        /// clip that is chosen on the first set, the worst first
        #[cfg(feature = "statistics")]
        #[arg(long, value_name = "PATH", num_args = 1..)]
        against: Vec<PathBuf>,
        #[command(flatten)]
        shared: SharedArgs,
    },
    /// Runs MODEL.onnx with each tensor quantized alone, and with all but it: which ones cost the outputs most
    Sensitivity {
        /// Prints JSON instead
        #[arg(long)]
        json: bool,
        /// Writes the JSON to FILE as well; - is stdout, and the table is left out then
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replaces FILE if it exists
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        shared: SharedArgs,
    },
    /// Searches the clips that give the best outputs of MODEL.onnx, layer by layer, the most sensitive first
    Tune {
        #[command(flatten)]
        search: TuneArgs,
        #[command(flatten)]
        answer: TunedArgs,
        #[command(flatten)]
        shared: SharedArgs,
    },
    /// Runs MODEL.onnx on tract and on the ONNX Runtime that you have installed, and says which tensors differ
    #[cfg(feature = "onnxruntime")]
    Verify(VerifyArgs),
    /// Lists every method: its id, whose it is, what it minimises, what is known to go wrong with it
    Methods {
        /// Prints JSON instead
        #[arg(long)]
        json: bool,
    },
    /// Explains the words of quantization, all of them or those that WORD means; --lang zh in Chinese
    Glossary {
        /// A word, in English or Chinese: infinity, 99 %, STE, 伪量化
        #[arg(value_name = "WORD")]
        words: Vec<String>,
    },
    /// Writes the chosen scales: as a qviz.scales/1 document, or with --to as a file of another tool
    Export(Box<ExportArgs>),
    /// Reads a file of scales, of this program or another tool, and writes it in another format
    Convert(ConvertArgs),
    /// Prints a shell's completions of commands and options
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, with the keys of the screen
    Man(ManArgs),
    /// Prints the keys of the screen as they are in force, with the configuration read
    Keys {
        /// Prints JSON instead
        #[arg(long)]
        json: bool,
    },
    /// Prints a configuration file that changes nothing, with every setting explained
    Config,
    /// Says what was found of the terminal and of this machine, with a card of colours and glyphs
    Doctor(DoctorArgs),
    /// Checks files of scales, checkpoints and quantized models: what no scale may be, and what hints at a mistake
    Check(CheckArgs),
    /// Teaches quantization on the instrument itself: ten lessons, from one number to training
    Learn(Box<LearnArgs>),
    /// Says which scales of two files differ, and by how much, the worst first
    Diff(DiffArgs),
    /// Counts activations into a small file of statistics that merges exactly, and that stands wherever they do
    #[cfg(feature = "statistics")]
    Stats(Box<StatsArgs>),
    /// Makes one file of statistics of several, as if all data had been counted at once
    #[cfg(feature = "statistics")]
    Merge(MergeArgs),
}

/// What is reported, and how.
#[derive(Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub form: FormArgs,
    /// Measures the chosen clips on the values too, not only on bins; takes one more reading
    #[arg(long)]
    pub exact: bool,
    /// Runs MODEL.onnx quantized as chosen as well, and says what that does to its outputs
    #[arg(long)]
    pub outputs: bool,
    /// Prints a row a method instead: what each does to the outputs of MODEL.onnx where it chooses for every quantized
    /// activation, the best first, beside what is chosen
    #[arg(long)]
    pub by_method: bool,
    /// Writes to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replaces FILE if it exists
    #[arg(long, requires = "output")]
    pub force: bool,
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Cli {
    /// Fills in what the configuration has and no option says.
    pub fn fill(&mut self, defaults: &Defaults) {
        if let Some(shared) = self.shared_mut() {
            shared.fill(defaults);
        }
    }

    pub fn shared_mut(&mut self) -> Option<&mut SharedArgs> {
        match &mut self.command {
            None => Some(&mut self.screen.shared),
            Some(
                Command::Compare { shared, .. } | Command::Sensitivity { shared, .. } | Command::Tune { shared, .. },
            ) => Some(shared),
            Some(Command::Report(args)) => Some(&mut args.shared),
            Some(Command::Export(args)) => Some(&mut args.shared),
            Some(_) => None,
        }
    }

    /// The paths that are looked at or counted, and whether the installed ONNX Runtime runs a model among them.
    pub fn looked_at(&self) -> (&[PathBuf], bool) {
        #[cfg(feature = "statistics")]
        if let Some(Command::Stats(args)) = &self.command {
            return (&args.paths, args.data().on_runtime());
        }
        self.shared().map_or((&[], false), |shared| (&shared.paths, shared.data.on_runtime()))
    }

    /// What is to be looked at, of the screen and of the commands that read layers.
    pub fn shared(&self) -> Option<&SharedArgs> {
        match &self.command {
            None => Some(&self.screen.shared),
            Some(
                Command::Compare { shared, .. } | Command::Sensitivity { shared, .. } | Command::Tune { shared, .. },
            ) => Some(shared),
            Some(Command::Report(args)) => Some(&args.shared),
            Some(Command::Export(args)) => Some(&args.shared),
            Some(_) => None,
        }
    }
}

/// What to say, and on which looks.
#[derive(Args)]
pub(super) struct DoctorArgs {
    /// Prints JSON instead
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub look: LookArgs,
    #[cfg(feature = "onnxruntime")]
    #[command(flatten)]
    pub library: LibraryArg,
}

/// Which pages of the manual.
#[derive(Args)]
pub(super) struct ManArgs {
    /// The page of this command instead
    #[arg(value_name = "COMMAND")]
    pub of: Option<String>,
    /// Writes all pages into this folder, in place of those that are there
    #[arg(long, value_name = "FOLDER", conflicts_with = "of")]
    pub into: Option<PathBuf>,
}

/// What to export.
#[derive(Args)]
#[command(after_help = formats())]
pub(super) struct ExportArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// Of qviz.scales/1 what a consumer needs, without every method's answer, statistics and errors a channel; --scales
    /// reads it again
    #[arg(long, conflicts_with = "names")]
    pub lean: bool,
    #[command(flatten)]
    pub weights: WeightArgs,
    /// Measures the chosen clips on the values too, not only on bins; takes one more reading
    #[arg(long)]
    pub exact: bool,
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// What to convert.
#[derive(Args)]
#[command(after_help = formats())]
pub(super) struct ConvertArgs {
    /// The file to read, whose format is seen in it; a MODEL.onnx with QuantizeLinear and DequantizeLinear too
    #[arg(value_name = "FILE")]
    pub input: PathBuf,
    /// Its format, where it is not what it looks like
    #[arg(long, value_name = "FORMAT", value_parser = parse_file_format)]
    pub from: Option<FileFormat>,
    #[command(flatten)]
    pub file: FileArgs,
    #[command(flatten)]
    pub model: IntoModelArgs,
}

#[derive(Args)]
pub(super) struct ScreenArgs {
    #[command(flatten)]
    pub shared: SharedArgs,
    #[command(flatten)]
    pub look: LookArgs,
    /// Draws the same tensors of other data over those that are looked at, and says what each clip costs there: a PATH of
    /// activations, statistics (.parquet), or other samples of a model, as --data. May be given several times
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,
    /// The scale of counts to begin with: log, sqrt or linear
    #[arg(long, value_name = "SCALE", default_value = "log")]
    pub y: Rise,
    /// Leaves the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
    /// Begins as a presentation, for a projector: plots and few, large numbers, revealed step by step with Space
    #[arg(long)]
    pub present: bool,
}

impl Cli {
    /// The same once every word means something, now that the files' labels are known.
    ///
    /// # Errors
    /// As clap has them.
    pub fn checked(self) -> Result<Cli, clap::Error> {
        match self.shared().map_or(Ok(()), SharedArgs::check_words) {
            Ok(()) => Ok(self),
            Err(why) => Err(Cli::command().error(ErrorKind::ValueValidation, why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Format;

    fn parsed(words: &str) -> Cli {
        Cli::try_parse_from(words.split(' ')).unwrap_or_else(|e| panic!("{words}: {e}"))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_first_word_that_is_a_subcommand_is_the_subcommand() {
        assert!(matches!(parsed("qviz report a.npy --json").command, Some(Command::Report(_))));
        assert!(Cli::try_parse_from("qviz report --json --markdown".split(' ')).is_err());
        assert!(matches!(
            parsed("qviz export -o x.json --force a b").command,
            Some(Command::Export(args)) if args.file.force
        ));
        let cli = parsed("qviz ./report");
        assert!(cli.command.is_none() && cli.screen.shared.paths == [PathBuf::from("./report")]);
        assert!(parsed("qviz").screen.shared.paths.is_empty());
    }

    #[test]
    fn options_say_what_is_wrong() {
        for wrong in [
            "--bits 9",
            "--bits 1",
            "--bins 0",
            "--bins 99999",
            "--method magic",
            "--method percentile-101",
            "--set x=fast",
        ] {
            let cli = Cli::try_parse_from(format!("qviz report {wrong}").split(' ')).and_then(Cli::checked);
            assert!(cli.is_err(), "{wrong}");
        }
        for wrong in ["--format e4m3 --bits 8", "--format fp8 --asymmetric", "--format int9", "--format ,"] {
            assert!(Cli::try_parse_from(format!("qviz report {wrong}").split(' ')).is_err(), "{wrong}");
        }
        let format = |words: &str| parsed(words).screen.shared.format().to_string();
        assert_eq!(format("qviz --format e5m2"), "fp8 e5m2");
        assert_eq!(format("qviz --format uint4,affine"), "uint4 affine");
        assert_eq!(format("qviz --asymmetric --bits 4"), "int4 affine");
        for words in ["qviz x.npy", "qviz --symmetric x.npy", "qviz", "qviz --symmetric n.onnx"] {
            assert_eq!(format(words), "int8 symmetric", "{words}");
        }
        assert_eq!(format("qviz n.onnx"), "int8 affine");
        assert_eq!(["qviz --unsigned n.onnx", "qviz --bits 4 n.onnx"].map(format), ["uint8 affine", "int4 affine"]);
        let cli = parsed("qviz --bits 16 --unsigned --affine --bins 4096 --method percentile-99.9 x.npy");
        let shared = cli.screen.shared;
        assert_eq!(shared.format(), Format::int(16, false, false).unwrap());
        assert_eq!((shared.bins, shared.methods()[0].id()), (4096, "percentile-99.9"));
    }
}
