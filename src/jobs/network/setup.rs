//! A network with what is to be run through it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::ErrorKind;
use crate::model::{
    Engine, Graph, ModelError, Network, Placement, Quantizers, Reach, SampleOptions, SampleSource, Samples, Weight,
};
#[cfg(feature = "onnxruntime")]
use crate::model::{Library, Runtime};
use crate::quant::Clip;
use crate::session::{Deployed, IN_FILE, Imported, Key, Kind, Known, Layer, Origin, Places, Reason, Taker};

/// What to run, on what.
pub struct Subject {
    /// The ONNX file.
    pub model: PathBuf,
    /// Where the samples come from.
    pub samples: SampleSource,
    /// What is known about them beyond their files.
    pub options: SampleOptions,
    /// Other samples, to judge on what nothing was chosen by.
    pub check: Option<SampleSource>,
    /// Who runs it.
    pub backend: Backend,
    /// Which tensors are quantized unless a rule says otherwise; `None` leaves it to the file where that is quantized, and
    /// else to the default.
    pub placement: Option<Placement>,
    /// Whether it is looked at as the file has it, with its batch norms, and not as it is deployed.
    pub as_written: bool,
}

/// Who runs a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// tract, which is built in and can put a network on trial.
    #[default]
    Tract,
    /// The ONNX Runtime that is installed: the library that is named, or that is found. It counts, and tries nothing.
    #[cfg(feature = "onnxruntime")]
    OnnxRuntime(Option<PathBuf>),
}

/// A network that is ready to run.
pub(in crate::jobs) struct Setup {
    pub network: Network,
    pub samples: Samples,
    pub check: Option<Samples>,
    /// What counts.
    pub engine: Box<dyn Engine>,
    /// What puts on trial, where that is possible.
    graph: Option<Graph>,
    pub weights: Vec<Weight>,
    quantizers: Quantizers,
    placement: Option<Placement>,
    /// Of each sample that can be loaded, how it reaches the activations; found when it is first asked for.
    reaches: OnceLock<Vec<Option<Arc<Vec<Reach>>>>>,
}

impl Setup {
    /// Opens model and samples, and makes the graph ready.
    ///
    /// # Errors
    ///
    /// The model cannot be read or run, or there are no samples that fit it.
    pub fn open(subject: Subject) -> Result<Setup, ModelError> {
        let written = Network::open(&subject.model)?;
        let (network, quantizers) = match subject.backend {
            Backend::Tract => written.without_quantizers(),
            // It runs the file itself.
            #[cfg(feature = "onnxruntime")]
            Backend::OnnxRuntime(_) => (written, Quantizers::default()),
        };
        let network = if subject.as_written { network } else { network.deployed() };
        let samples = Samples::open(&network, &subject.samples, &subject.options)?;
        let check = subject.check.map(|source| Samples::open(&network, &source, &subject.options)).transpose()?;
        let weights = network.weights();
        let placement = subject.placement;
        let (engine, graph): (Box<dyn Engine>, _) = match subject.backend {
            Backend::Tract => {
                // One thread a run: measured, the others are better used for counting, and for other samples.
                let graph = Graph::of(&network, &samples)?;
                (Box::new(graph.clone()), Some(graph))
            }
            #[cfg(feature = "onnxruntime")]
            Backend::OnnxRuntime(library) => {
                let library = Library::open(library.as_deref())?;
                (Box::new(Runtime::open(&library, &network, &subject.model, &samples)?), None)
            }
        };
        let reaches = OnceLock::new();
        Ok(Setup { network, samples, check, engine, graph, weights, quantizers, placement, reaches })
    }

    /// What trials run.
    ///
    /// # Errors
    ///
    /// The network is run by who only counts.
    pub fn graph(&self) -> Result<&Graph, ModelError> {
        self.graph.as_ref().ok_or_else(|| {
            let file = self.network.file().to_owned();
            let message = format!("{file} is counted by ONNX Runtime; trials replace tensors, which needs tract.");
            ModelError { kind: ErrorKind::Unfit, file, message }
        })
    }

    /// What is run on what, in a few words.
    pub fn title(&self) -> String {
        format!("{} on {}", self.network.file(), self.samples.in_words())
    }

    /// What is to be known before any number is believed: what was taken for granted, and what is not looked at.
    pub fn assumptions(&self) -> Vec<String> {
        let of_network =
            [self.network.changes(), self.network.integer_weights(), self.not_floats(), self.check_drawn()];
        let of_network: Vec<String> = of_network.into_iter().flatten().collect();
        let quantizers = self.quantizers.notes(self.network.file());
        [&quantizers, self.samples.assumptions(), self.engine.assumptions(), of_network.as_slice()].concat()
    }

    /// That not all samples to check on are used.
    fn check_drawn(&self) -> Option<String> {
        let check = self.check.as_ref().filter(|check| check.len() < check.all())?;
        Some(format!("{} of {} check samples, drawn with the same seed", check.len(), check.all()))
    }

    /// What goes in and is no float, or that there is no float at all.
    fn not_floats(&self) -> Option<String> {
        if self.engine.tensors().is_empty() && self.weights.is_empty() {
            return Some("no tensor of floats is in it: there is nothing to calibrate".into());
        }
        let whole = self.network.inputs().iter().filter_map(|input| {
            let of = input.dtype.filter(|dtype| !dtype.is_float())?;
            Some(format!("{} ({})", input.name, crate::model::type_name(of)))
        });
        let whole: Vec<String> = whole.collect();
        (!whole.is_empty()).then(|| format!("no float, and so not listed: the input {}", whole.join(", the input ")))
    }

    /// A layer for each activation in the graph's order, and behind them one for each weight.
    pub fn layers(&self) -> Vec<Layer> {
        let file = || vec![self.network.file().to_owned()];
        let places = Placement::ALL.map(|placement| placement.of(&self.network, self.engine.tensors()));
        let weight_places = Placement::ALL.map(|placement| placement.of_weights(&self.network, &self.weights));
        let known = self.network.known_ranges(self.samples.ranges());
        let known = |name: &str| {
            let range = known.get(name)?;
            let reason = if range.of_input { Reason::Input } else { Reason::Graph };
            Some(Known { min: range.min, max: range.max, reason })
        };
        let is_layer = self.layer_names();
        let taker = |node: &str, op: &str| {
            let is_layer = is_layer.contains(node);
            Taker { node: node.to_owned(), op: op.to_owned(), is_layer }
        };
        let activations = self.engine.tensors().iter().enumerate().map(|(at, tensor)| {
            let layer = Layer::waiting(Key::activation(tensor.name.as_str()), file()).with_op(tensor.op_type.as_str());
            let layer = layer.with_node(tensor.node.as_str());
            let takers = tensor.consumers.iter().map(|consumer| taker(&consumer.node, &consumer.op_type));
            let layer = layer.with_takers(takers.collect()).with_known(known(&tensor.name));
            let absorbed = self.network.absorbed_by(&tensor.name).iter().map(|a| (a.name.clone(), a.how.clone()));
            let layer = layer.with_deployed(Deployed { absorbed: absorbed.collect(), folded: Vec::new() });
            let layer = layer.with_places(self.places(&tensor.name, |placement| places[placement][at].clone()));
            let rank = tensor.shape.as_ref().map_or(0, Vec::len);
            let in_file = self.in_file(&tensor.name, rank).filter(|in_file| in_file.axis.is_none());
            layer.with_imported(in_file.into_iter().collect())
        });
        let weights = self.weights.iter().enumerate().map(|(at, weight)| {
            let op = weight.uses.first().map_or(String::new(), |u| u.op_type.clone());
            let takers = weight.uses.iter().map(|used| taker(&used.node, &used.op_type));
            let layer = Layer::waiting(Key::new(Kind::Weight, weight.name.as_str()), file()).with_op(op);
            let layer = layer.with_takers(takers.collect());
            let folded = self.network.folded_into(&weight.name).to_vec();
            let layer = layer.with_deployed(Deployed { folded, absorbed: Vec::new() });
            let layer = layer.with_places(self.places(&weight.name, |placement| weight_places[placement][at].clone()));
            layer.with_imported(self.in_file(&weight.name, weight.shape.len()).into_iter().collect())
        });
        activations.chain(weights).collect()
    }

    /// The names of the nodes that multiply with a weight and are called otherwise than every tensor.
    fn layer_names(&self) -> HashSet<&str> {
        let nodes = self.weights.iter().flat_map(|weight| &weight.uses).map(|used| used.node.as_str());
        let activations = self.engine.tensors().iter().map(|tensor| tensor.name.as_str());
        let tensors: HashSet<&str> = activations.chain(self.weights.iter().map(|w| w.name.as_str())).collect();
        nodes.filter(|node| !tensors.contains(node)).collect()
    }

    /// What each placement makes of a tensor; that of a file that is quantized already goes before the others.
    fn places(&self, tensor: &str, of: impl Fn(usize) -> Option<String>) -> Places {
        let quantized = !self.quantizers.is_empty();
        let own = quantized.then(|| {
            let why = self.quantizers.of(tensor).is_none().then(|| "not quantized in the file".to_owned());
            (IN_FILE, why)
        });
        let named = Placement::ALL.iter().enumerate().map(|(at, placement)| (placement.name(), of(at)));
        let first = self.placement.or((!quantized).then(Placement::default));
        let first = Placement::ALL.iter().position(|placement| Some(*placement) == first);
        Places::new(own.into_iter().chain(named).collect(), first.map_or(0, |at| at + usize::from(quantized)))
    }

    /// The grid that a tensor of so many axes is on in the file.
    fn in_file(&self, tensor: &str, rank: usize) -> Option<Imported> {
        let grid = self.quantizers.of(tensor)?;
        let axis = grid.axis_of(rank);
        let clips: Vec<Clip> = grid.clips();
        let fits = axis.is_some() == grid.axis.is_some();
        (fits && !clips.is_empty()).then(|| Imported::in_file(grid.format(), axis, clips))
    }

    /// The `Concat`s by name, with the tensors that the values which they put together are quantized at.
    pub fn concats(&self) -> Vec<(String, Vec<usize>)> {
        let own = (!self.quantizers.is_empty()).then_some(Placement::All);
        let placement = self.placement.or(own).unwrap_or_default();
        let sources = placement.sources(self.engine.tensors());
        let concats = self.engine.concats().iter();
        concats.map(|c| (c.node.clone(), c.inputs.iter().map(|&input| sources[input]).collect())).collect()
    }

    /// How each of these samples reaches the activations. Samples that cannot be loaded or run are left out.
    pub fn reaches<'a>(&'a self, samples: &'a [usize]) -> impl Iterator<Item = &'a [Reach]> {
        let all = self.reaches.get_or_init(|| {
            let mut known: Vec<Arc<Vec<Reach>>> = Vec::new();
            let mut of = |sample: usize| {
                let reach = self.engine.reach(&self.samples.get(sample).ok()?).ok()?;
                // Many samples, few plans.
                let at = known.iter().position(|known| **known == reach).unwrap_or_else(|| {
                    known.push(Arc::new(reach));
                    known.len() - 1
                });
                Some(known[at].clone())
            };
            (0..self.samples.len()).map(&mut of).collect()
        });
        samples.iter().filter_map(|&sample| all[sample].as_ref().map(|reach| reach.as_slice()))
    }

    /// What the document says of an activation that `samples` samples were run through.
    pub fn origin(&self, tensor: usize, samples: usize, notes: Vec<String>) -> Origin {
        let tensor = &self.engine.tensors()[tensor];
        Origin {
            files: vec![self.network.file().to_owned()],
            shape: tensor.shape.as_ref().map(|shape| shape.iter().map(|&n| n as u64).collect()),
            samples: Some(samples as u64),
            dtype: crate::model::type_name(tensor.dtype),
            notes,
            ..Origin::default()
        }
    }

    /// What is to be said of every number that comes from these samples.
    pub fn notes(&self, used: usize, stopped: bool, one_pass: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if self.samples.is_random() {
            notes.push("The inputs were random numbers: these are not the ranges of real data.".to_owned());
        }
        if self.samples.len() < self.samples.all() {
            notes.push(format!(
                "Counted on {} of {} samples, drawn at random.",
                self.samples.len(),
                self.samples.all()
            ));
        }
        if stopped {
            notes.push(format!("Stopped early: {used} of {} samples were seen.", self.samples.len()));
        }
        if one_pass {
            notes.push("Seen in one pass: counted on a power-of-two grid, to which thresholds are bound.".to_owned());
        }
        notes
    }
}
