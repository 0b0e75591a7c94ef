use std::path::PathBuf;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::config::{ConfigArgs, Defaults};
use super::data::DataArgs;
#[cfg(feature = "onnxruntime")]
use super::data::{LibraryArg, SampleArgs};
use super::file::{FileArgs, FileFormat, formats, parse_file_format};
use super::form::{FormArgs, TunedArgs};
use super::held_against::{CheckArgs, DiffArgs};
use super::into_model::{IntoModelArgs, WeightArgs};
use super::lang::LangArg;
use super::learning::LearnArgs;
use super::look::LookArgs;
use super::overlay::{self, OverlayFile};
use super::patterns::Asked;
use super::said::Said;
use super::scales::ScalesArgs;
#[cfg(feature = "statistics")]
use super::statistics::{MergeArgs, StatsArgs};
use super::words::{
    Chooser, KnownRange, Method, PerChannel, is_model, known_word, parse_assignment, parse_chooser, parse_method,
};
use crate::calibrate::{self, Calibrator, DEFAULT_METHOD};
use crate::figure::Rise;
use crate::histogram::{DEFAULT_BINS, MAX_BINS};
use crate::input::GroupPattern;
use crate::jobs::{Allow, Objective, Ties};
use crate::quant::{Format, Scheme};
use crate::report::visible;
use crate::session::{Assignment, Kind, Names, Rules, Session, Setting, Subject};

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

/// How `tune` searches.
#[derive(Args)]
pub(super) struct TuneArgs {
    /// How often to go over all layers; from the second time on each is looked at among the others as they stand
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub rounds: usize,
    /// What a clip is judged by, its tensor alone quantized: the error at the quantized tensors next behind it, or at the
    /// outputs; of both the answer that samples kept aside favour
    #[arg(long, value_name = "WHERE", value_enum, default_value_t)]
    pub objective: ObjectiveName,
    /// What may be tried besides each layer's own format, between commas: affine, unsigned (where nothing is negative),
    /// 16bit, float; 16bit:K and float:K are the budgets
    #[arg(long, value_name = "FORMATS", default_value = "", hide_default_value = true)]
    pub allow: Allow,
    /// Lets at most K layers go to 16 bits, those that cost the outputs most, and shows what each is worth
    #[arg(long, value_name = "K")]
    pub max_16bit: Option<usize>,
    /// Leaves at most K layers in float, those that cost the outputs most, and shows what each is worth
    #[arg(long, value_name = "K")]
    pub max_float: Option<usize>,
    /// Moves the mean of each layer's error into the bias behind it at last, where unseen samples gain by that, and says by
    /// how much; no clip can hold that: the document has it (tuning.bias), and `convert --to qdq` writes it into the model
    #[arg(long)]
    pub correct_bias: bool,
}

/// What clips are judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ObjectiveName {
    /// The quantized tensors next behind a tensor
    Next,
    /// The network's outputs
    Out,
    /// Either, as unseen samples favour it
    #[default]
    Both,
}

impl TuneArgs {
    pub fn objective(&self) -> Objective {
        match self.objective {
            ObjectiveName::Next => Objective::Next,
            ObjectiveName::Out => Objective::Out,
            ObjectiveName::Both => Objective::Both,
        }
    }

    /// What may be tried, within the budgets that are given.
    pub fn allow(&self) -> Allow {
        let Allow { max_16bit, max_float, .. } = self.allow;
        let (max_16bit, max_float) = (self.max_16bit.unwrap_or(max_16bit), self.max_float.unwrap_or(max_float));
        Allow { max_16bit, max_float, ..self.allow }
    }
}

/// What to verify, on what.
#[cfg(feature = "onnxruntime")]
#[derive(Args)]
pub(super) struct VerifyArgs {
    /// The network
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,
    /// Prints a row for every tensor too, in the order of the file
    #[arg(long)]
    pub all: bool,
    /// How far the engines may be apart, as a share of a tensor's largest value; without it 1e-4, and 1e-2 for 16-bit
    /// floats
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub tolerance: Option<f64>,
    /// Prints JSON instead
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
    #[command(flatten)]
    pub library: LibraryArg,
    #[command(flatten)]
    pub samples: SampleArgs,
}

#[cfg(feature = "onnxruntime")]
fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    share.ok_or_else(|| format!("a share of the largest value, 0 or more, such as {:e}", crate::report::TOLERANCE))
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

#[derive(Args)]
pub(super) struct SharedArgs {
    /// What was said, for documents.
    #[arg(skip)]
    pub said: Said,
    /// .npy, .npz and .safetensors files, directories (searched), globs, or - for .npy on stdin; .parquet files of
    /// statistics, which are merged; or one MODEL.onnx, which is run on --data; without any, the bundled activations of a
    /// real network
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The method to choose by, and the only one computed; several, between commas, are computed side by side, and the
    /// first is chosen. Without it a range that is known of the inputs is chosen (known), and else mse (on FP8 max) among
    /// max, coverage, entropy, mse and percentile-99.99. Of a network it speaks of activations. There are also the peers' own: nvidia-entropy, nvidia-mse, nvidia-percentile-P, nvidia-np-entropy, ort-minmax,
    /// ort-entropy-BINS-LEVELS, ort-percentile-sym-P, ort-percentile-asym-P, trt-gtc2017, ncnn-kl, aciq-laplace and
    /// aciq-gauss (`qviz methods` describes them)
    #[arg(long, value_name = "METHOD", value_delimiter = ',', value_parser = parse_chooser)]
    pub method: Vec<Chooser>,
    /// The method that chooses for a network's weights; max without it
    #[arg(long, value_name = "METHOD", value_parser = parse_method)]
    pub weights_method: Option<Method>,
    /// What layers go to: int8, uint4, 'uint8 affine', or 8-bit floating point, which is fp8 (e4m3) or e5m2. In place of
    /// --bits, --unsigned and --affine
    #[arg(long, value_name = "FORMAT", value_parser = Format::named, conflicts_with_all = ["bits", "unsigned", "affine", "symmetric"])]
    pub format: Option<Format>,
    /// The range that some tensors do not leave, known beforehand: x=-2.12..2.64, or PATTERNS=A..B with patterns as of
    /// --set. It stands, unless --set names a method for them. May be given several times
    #[arg(long, value_name = "PATTERNS=A..B")]
    pub range: Vec<KnownRange>,
    /// Width of the integers: 2 to 8, or 16
    #[arg(long, value_name = "BITS", default_value = "8", value_parser = parse_bits)]
    pub bits: u8,
    /// Unsigned integers: for layers without negative values
    #[arg(long)]
    pub unsigned: bool,
    /// A zero point, so that the range need not be symmetric; the screen then has two handles. So it is for a network's
    /// activations without any option, as ONNX Runtime, OpenVINO and TensorFlow Lite have it
    #[arg(long, visible_alias = "asymmetric")]
    pub affine: bool,
    /// No zero point, as TensorRT wants it. So it is for files of activations without any option
    #[arg(long, conflicts_with = "affine")]
    pub symmetric: bool,
    /// Number of magnitude bins
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BINS, value_parser = parse_bins)]
    pub bins: usize,
    /// What some layers want otherwise: PATTERNS=SETTINGS, both lists between commas. Patterns are globs on names of
    /// tensors, or of a network's layers, which mean its input and its weights together (where a tensor is called like the
    /// node that makes it, the name is the tensor's, and node:NAME the layer); op:GLOB is what an operator makes, in:GLOB
    /// what it takes, node:GLOB what a node takes, kind:weight and kind:activation all of a kind. Settings are a method,
    /// known, a format (e4m3, or with a blank format:uint8 affine), bits:N, axis:N,
    /// signed, unsigned, symmetric, affine, float, quantized. A later one prevails: --set '*.conv1=percentile-99.99' --set
    /// '*.hswish=bits:16,affine'
    #[arg(long, value_name = "PATTERNS=SETTINGS", value_parser = parse_assignment)]
    pub set: Vec<Assignment>,
    /// Lays another tool's scales over the layers: a file of any format that `qviz convert` reads. Its ranges are one more
    /// offer beside the methods, under NAME or the stem of the file's name, which --method and --set take like a
    /// method's. Tensors are matched by name, exactly, then as docs/overlay.md says; what is left on either side is
    /// listed. May be given several times
    #[arg(long, value_name = "[NAME=]FILE", value_parser = overlay::parse)]
    pub overlay: Vec<OverlayFile>,
    /// A range for each channel along this axis instead of one per tensor; a negative axis counts from the end. For
    /// some layers only: PATTERNS=AXIS. May be given several times: --per-channel 1 --per-channel '*conv*=-3'
    #[arg(long, value_name = "[PATTERNS=]AXIS", allow_negative_numbers = true)]
    pub per_channel: Vec<PerChannel>,
    /// Leaves these layers in float, patterns as of --set: --skip '*.conv1,*.softmax'; of a network --skip conv1 is a layer's
    /// input and its weights, --skip 'op:Softmax' what softmaxes make
    #[arg(long, value_name = "PATTERNS")]
    pub skip: Vec<Names>,
    /// Quantizes exactly these layers, wherever they stand, and leaves all others in float
    #[arg(long, value_name = "PATTERNS")]
    pub only: Option<Names>,
    /// One range for all these tensors: one decision, one scale, chosen on all their values. May be given several times,
    /// each is a tie of its own: --tie '*.pool,*.gate' --tie '*hswish'
    #[arg(long, value_name = "PATTERNS")]
    pub tie: Vec<Names>,
    /// Leaves each input of a Concat its own range; otherwise they share one, as runtimes want it
    #[arg(long)]
    pub no_tie: bool,
    /// Leaves a mask's value out: where all values of a tensor at -1e4 and below are one value (-1e9, -3.4e38), they
    /// count as infinities, in no range and no error. Takes one more reading, and says how many there were
    #[arg(long)]
    pub ignore_sentinels: bool,
    /// Joins files into batches of one layer: 'acts/{batch}/{layer}.npy', matched relative to each PATH
    #[arg(long, value_name = "PATTERN")]
    pub group: Option<GroupPattern>,
    #[command(flatten)]
    pub taking: ScalesArgs,
    #[command(flatten)]
    pub data: DataArgs,
    /// What options alone said of how tensors are quantized, before the configuration filled in the rest.
    #[arg(skip)]
    options_say_how: Option<bool>,
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

impl SharedArgs {
    /// What is looked at, in a few words.
    pub fn title(&self) -> String {
        match self.paths.as_slice() {
            [] => "bundled activations of a text classifier".to_owned(),
            [one] => visible(&one.to_string_lossy()),
            [first, rest @ ..] => format!("{} and {} more", visible(&first.to_string_lossy()), rest.len()),
        }
    }

    pub fn format(&self) -> Format {
        let integers = || Format::int(self.bits, !self.unsigned, self.is_symmetric());
        self.format.or_else(integers).unwrap_or(Format::INT8)
    }

    /// Whether integers have a zero point of 0. A network's activations are given one of their own unless something else
    /// is said: most runtimes have it, and it keeps 3 to 5 dB of the outputs.
    fn is_symmetric(&self) -> bool {
        self.symmetric || !(self.affine || self.runs_model())
    }

    pub fn methods(&self) -> Vec<Arc<dyn Calibrator>> {
        let mut methods: Vec<Arc<dyn Calibrator>> = Vec::new();
        for method in self.named() {
            if methods.iter().all(|m| m.id() != method.id()) {
                methods.push(method.clone());
            }
        }
        if methods.is_empty() {
            methods = calibrate::defaults();
        }
        if self.runs_model() {
            // Last, so that it changes no number key.
            let weights = self.weights_by();
            if methods.iter().all(|m| m.id() != weights.id()) {
                methods.push(weights);
            }
        }
        // What one layer is set to is computed for all, so that they can be compared.
        for setting in self.set.iter().flat_map(|a| &a.settings) {
            if let Setting::Method(id) = setting
                && methods.iter().all(|m| m.id() != id)
                && let Ok(method) = calibrate::by_id(id)
            {
                methods.push(method);
            }
        }
        for method in self.taking.methods().filter_map(|id| calibrate::by_id(id).ok()) {
            if methods.iter().all(|m| m.id() != method.id()) {
                methods.push(method);
            }
        }
        methods
    }

    /// What a document prevails over, as a sentence, where both are given.
    pub fn passed_over(&self) -> Option<String> {
        let document = self.taking.scales.as_ref()?;
        let given = [
            ("--method", !self.method.is_empty()),
            ("--format", self.format.is_some()),
            ("--bits", self.bits != 8),
            ("--unsigned", self.unsigned),
            ("--affine", self.affine),
            ("--symmetric", self.symmetric),
            ("--range", !self.range.is_empty()),
            ("--set", !self.set.is_empty()),
            ("--per-channel", !self.per_channel.is_empty()),
            ("--weights-method", self.weights_method.is_some()),
            ("--place", self.data.place.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(option, _)| option).collect();
        let name = visible(&document.path.to_string_lossy());
        let decides =
            || format!("{name} decides for the tensors that it holds, for the others {}", given.join(" and "));
        (!given.is_empty()).then(decides)
    }

    /// Fills in what the configuration has and no option says.
    pub fn fill(&mut self, defaults: &Defaults) {
        self.options_say_how = Some(self.says_how());
        if self.method.is_empty() {
            self.method.extend(defaults.method.clone());
        }
        if !(self.affine || self.symmetric || self.format.is_some()) {
            self.symmetric = defaults.symmetric.unwrap_or(false);
        }
        if self.runs_model() {
            self.weights_method = self.weights_method.take().or_else(|| defaults.weights_method.clone());
            self.data.place = self.data.place.or(defaults.place);
        }
    }

    /// Whether an option said by which method tensors are quantized, or to what: a model's own scales step back then. A
    /// configuration of the user's does not speak of this model.
    pub fn says_how(&self) -> bool {
        if let Some(said) = self.options_say_how {
            return said;
        }
        let method = !self.method.is_empty() || self.weights_method.is_some();
        method || self.format.is_some() || self.bits != 8 || self.unsigned || self.affine || self.symmetric
    }

    /// A session that knows no layer yet.
    pub fn session(&self) -> Session {
        let session = Session::new(self.methods(), &self.chosen_method(), self.format());
        let mut session = session.with_rules(self.rules()).with_overlays(overlay::labelled(&self.overlay));
        self.taking.expect(&mut session);
        session
    }

    /// What of the files that are laid over the layers was not read, a sentence each.
    pub fn overlays_said(&self) -> impl Iterator<Item = &String> {
        self.overlay.iter().flat_map(|file| file.said.iter())
    }

    /// That every word which is no method is the label of a file, which is known only now.
    ///
    /// # Errors
    /// A sentence that names the option and the word.
    fn check_words(&self) -> Result<(), String> {
        let labels: Vec<String> = overlay::labelled(&self.overlay).into_iter().map(|overlay| overlay.id).collect();
        for chooser in &self.method {
            if let Chooser::Overlay(word) = chooser
                && !labels.contains(word)
            {
                let why = parse_method(word).map_or_else(|why| why, |_| String::new());
                return Err(format!("invalid value '{}' for '--method <METHOD>': {why}", visible(word)));
            }
        }
        for assignment in &self.set {
            for setting in &assignment.settings {
                if let Setting::Method(word) = setting {
                    let option = || format!("invalid value '{}={word}'", assignment.names);
                    known_word(word, &labels)
                        .map_err(|why| format!("{} for '--set <PATTERNS=SETTINGS>': {why}", visible(&option())))?;
                }
            }
        }
        Ok(())
    }

    /// Whether it is a model that is looked at, and not dumps.
    pub fn runs_model(&self) -> bool {
        self.paths.first().is_some_and(|path| is_model(path))
    }

    /// The method that chooses for weights: the largest magnitude, as runtimes have it, unless one is named for them.
    fn weights_by(&self) -> Arc<dyn Calibrator> {
        let max = || calibrate::by_id("max").expect("there is such a method");
        self.weights_method.as_ref().map_or_else(max, |Method(named)| named.clone())
    }

    /// What is said of all tensors, which a file's own scales do not prevail over; and what runtimes do with weights: signed
    /// and symmetric, by a method of their own.
    fn of_all(&self) -> Rules {
        let is_weight = |s: &Subject| s.kind == Kind::Weight;
        let mut rules = Rules::new();
        let format = Setting::Format(self.format());
        if self.format.is_some() || self.bits != 8 {
            rules = rules.with(|_| true, format);
        } else if self.unsigned || self.affine || self.symmetric {
            rules = rules.with(move |s: &Subject| !is_weight(s), format);
        }
        let rules = rules.by_default(is_weight, Setting::Signed(true)).by_default(is_weight, Setting::Symmetric(true));
        let by = Setting::Method(self.weights_by().id().into());
        let said = self.weights_method.is_some();
        let rules = if said { rules.with(is_weight, by) } else { rules.by_default(is_weight, by) };
        match self.method.first() {
            None => rules,
            // Named, so that it is not passed over where it has no answer.
            Some(named) => rules.with(move |s: &Subject| !is_weight(s), Setting::Method(named.id().into())),
        }
    }

    /// What some layers want otherwise.
    pub fn rules(&self) -> Rules {
        let along = |rules: Rules, PerChannel { names, axis }: PerChannel| {
            rules.with(move |s| names.as_ref().is_none_or(|names| names.fit(s)), Setting::Axis(axis))
        };
        let rules = self.per_channel.iter().cloned().fold(self.of_all(), along);
        let rules = self.taking.rules(rules);
        let rules = self.only.iter().cloned().fold(rules, Rules::only);
        let known = |rules: Rules, KnownRange { names, range }: KnownRange| {
            rules.with(move |s| names.fit(s), Setting::Known(range))
        };
        let rules = self.range.iter().cloned().fold(rules, known);
        let rules = self.set.iter().cloned().fold(rules, Rules::assign);
        self.skip.iter().cloned().fold(rules, Rules::skip)
    }

    /// The patterns that have to fit a layer.
    pub fn patterns(&self) -> Asked {
        let per_channel = self.per_channel.iter().filter_map(|p| Some(("--per-channel", p.names.clone()?)));
        let set = self.set.iter().map(|assignment| ("--set", assignment.names.clone()));
        let range = self.range.iter().map(|range| ("--range", range.names.clone()));
        let skip = self.skip.iter().map(|names| ("--skip", names.clone()));
        let only = self.only.iter().map(|names| ("--only", names.clone()));
        let tie = self.tie.iter().map(|names| ("--tie", names.clone()));
        skip.chain(only).chain(set).chain(range).chain(tie).chain(per_channel).collect()
    }

    /// Which tensors share one range.
    pub fn ties(&self) -> Ties {
        let asked = self.taking.ties().into_iter().chain(self.tie.iter().cloned()).collect();
        Ties { asked, concats: !self.no_tie }
    }

    /// The id of the method that chooses where nothing else does: the first that was named.
    pub fn chosen_method(&self) -> String {
        self.named().next().map_or_else(|| DEFAULT_METHOD.to_owned(), |method| method.id().to_owned())
    }

    /// The methods that were named.
    fn named(&self) -> impl Iterator<Item = &Arc<dyn Calibrator>> {
        self.method.iter().filter_map(|named| match named {
            Chooser::Method(method) => Some(method),
            Chooser::Known | Chooser::Overlay(_) => None,
        })
    }
}

fn parse_bits(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|b| Scheme::supports(*b)).ok_or_else(|| "the width is 2 to 8, or 16".to_owned())
}

fn parse_bins(text: &str) -> Result<usize, String> {
    let in_range = text.parse().ok().filter(|n| (1..=MAX_BINS).contains(n));
    in_range.ok_or_else(|| format!("the number of bins is 1 to {MAX_BINS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Cli {
        Cli::try_parse_from(words.split(' ')).unwrap_or_else(|e| panic!("{words}: {e}"))
    }

    #[cfg(feature = "onnxruntime")]
    #[test]
    fn a_tolerance_is_a_share() {
        assert_eq!((parse_share("1e-3"), parse_share("0")), (Ok(1e-3), Ok(0.0)));
        for wrong in ["-1", "nan", "inf", "x", "1 %"] {
            assert_eq!(parse_share(wrong), Err("a share of the largest value, 0 or more, such as 1e-4".into()));
        }
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
