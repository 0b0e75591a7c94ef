//! What is looked at, and how: the options that the screen and the commands that read layers have in common.

use std::path::PathBuf;

use clap::Args;

use super::config::Defaults;
use super::data::DataArgs;
use super::overlay::{self, OverlayFile};
use super::said::Said;
use super::scales::ScalesArgs;
use super::words::{
    Chooser, KnownRange, Method, PerChannel, is_model, known_word, parse_assignment, parse_chooser, parse_method,
};
use crate::histogram::{DEFAULT_BINS, MAX_BINS};
use crate::input::GroupPattern;
use crate::quant::{Format, Scheme};
use crate::report::visible;
use crate::session::{Assignment, Names, Setting};

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

impl SharedArgs {
    /// What is looked at, in a few words.
    pub fn title(&self) -> String {
        match self.paths.as_slice() {
            [] => "bundled activations of a text classifier".to_owned(),
            [one] => visible(&one.to_string_lossy()),
            [first, rest @ ..] => format!("{} and {} more", visible(&first.to_string_lossy()), rest.len()),
        }
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

    /// What of the files that are laid over the layers was not read, a sentence each.
    pub fn overlays_said(&self) -> impl Iterator<Item = &String> {
        self.overlay.iter().flat_map(|file| file.said.iter())
    }

    /// That every word which is no method is the label of a file, which is known only now.
    ///
    /// # Errors
    /// A sentence that names the option and the word.
    pub fn check_words(&self) -> Result<(), String> {
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
}

fn parse_bits(text: &str) -> Result<u8, String> {
    text.parse().ok().filter(|b| Scheme::supports(*b)).ok_or_else(|| "the width is 2 to 8, or 16".to_owned())
}

fn parse_bins(text: &str) -> Result<usize, String> {
    let in_range = text.parse().ok().filter(|n| (1..=MAX_BINS).contains(n));
    in_range.ok_or_else(|| format!("the number of bins is 1 to {MAX_BINS}"))
}
