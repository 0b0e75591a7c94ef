//! A network run by both engines on the same samples, and how far apart they are, tensor by tensor.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::model::{
    Engine, Graph, Library, ModelError, Network, Runtime, SampleOptions, SampleSource, Samples, Tensor,
};
use crate::quant::Difference;

/// What to run, on what, and by whom besides tract.
pub struct Verify {
    /// The ONNX file.
    pub model: PathBuf,
    /// Where the samples come from.
    pub samples: SampleSource,
    /// What is known about them beyond their files.
    pub options: SampleOptions,
    /// The ONNX Runtime that is compared with.
    pub library: Library,
}

/// Both engines with the network, ready to run.
pub struct Examined {
    network: Network,
    samples: Samples,
    graph: Graph,
    runtime: Runtime,
    library: Library,
    /// Of each tensor of the runtime, which of tract's it is.
    places: Vec<Option<usize>>,
}

/// How a comparison tells how far it is, and is told to end.
pub struct Watching<'a> {
    /// Samples done, and samples in all.
    pub progress: &'a mut dyn FnMut(usize, usize),
    /// Whether to end with the samples seen so far.
    pub stopped: &'a dyn Fn() -> bool,
}

/// What a comparison has found.
pub struct Verified {
    /// The tensors that both engines have, in the order of the file.
    pub tensors: Vec<Compared>,
    /// Those that tract alone has.
    pub only_tract: Vec<String>,
    /// Those that ONNX Runtime alone has.
    pub only_runtime: Vec<String>,
    /// Samples that were compared.
    pub samples: usize,
    /// Samples that one of the engines could not run, each with a sentence.
    pub skipped: Vec<ModelError>,
}

/// A tensor that was computed twice.
pub struct Compared {
    /// The tensor's name.
    pub name: String,
    /// The operator that makes it.
    pub op: String,
    /// The type of its elements.
    pub dtype: &'static str,
    /// tract's values are the first, ONNX Runtime's the second.
    pub difference: Difference,
}

/// What an engine gave of a tensor.
type Given = (Vec<usize>, Vec<f32>);

impl Verify {
    /// Opens the network and the samples, and makes both engines ready.
    ///
    /// # Errors
    ///
    /// The model cannot be read; an engine cannot run it; or there are no samples that fit it.
    pub fn open(self) -> Result<Examined, ModelError> {
        let Verify { model, samples, options, library } = self;
        let network = Network::open(&model)?;
        let samples = Samples::open(&network, &samples, &options)?;
        let graph = Graph::of(&network, &samples)?;
        let runtime = Runtime::open(&library, &network, &model, &samples)?;
        let place: HashMap<&str, usize> =
            graph.tensors().iter().enumerate().map(|(place, a)| (a.name.as_str(), place)).collect();
        let places = runtime.tensors().iter().map(|a| place.get(a.name.as_str()).copied()).collect();
        Ok(Examined { network, samples, graph, runtime, library, places })
    }
}

impl Examined {
    /// What is run on what, in a few words.
    pub fn title(&self) -> String {
        format!("{} on {}", self.network.file(), self.samples.in_words())
    }

    /// How many samples there are.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// The ONNX Runtime that is compared with.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// What was taken for granted, a sentence without its full stop each.
    pub fn assumptions(&self) -> &[String] {
        self.samples.assumptions()
    }

    /// Runs all samples on both engines. A sample that cannot be run by both is skipped.
    ///
    /// # Errors
    ///
    /// No sample can be run: the first one's reason.
    pub fn compare(&self, watching: Watching) -> Result<Verified, ModelError> {
        let mut differences = vec![Difference::default(); self.places.len()];
        let (mut samples, mut skipped) = (0, Vec::new());
        for at in 0..self.samples.len() {
            if samples > 0 && (watching.stopped)() {
                break;
            }
            let compared = self.samples.get(at).and_then(|sample| self.one(at, &sample, &differences));
            match compared {
                Ok(found) => (differences, samples) = (found, samples + 1),
                Err(why) => skipped.push(why),
            }
            (watching.progress)(at + 1, self.samples.len());
        }
        if samples == 0 {
            return Err(skipped.swap_remove(0));
        }
        let mut tensors = Vec::new();
        let mut only_runtime = Vec::new();
        for (at, (activation, difference)) in self.runtime.tensors().iter().zip(differences).enumerate() {
            let (name, op) = (activation.name.clone(), activation.op_type.clone());
            match self.places[at] {
                Some(_) => tensors.push(Compared { name, op, dtype: self.runtime.dtype(at), difference }),
                None => only_runtime.push(name),
            }
        }
        let both: Vec<usize> = self.places.iter().flatten().copied().collect();
        let alone = self.graph.tensors().iter().enumerate().filter(|(place, _)| !both.contains(place));
        let only_tract = alone.map(|(_, activation)| activation.name.clone()).collect();
        Ok(Verified { tensors, only_tract, only_runtime, samples, skipped })
    }

    /// The differences with those of one more sample.
    fn one(&self, at: usize, sample: &[Tensor], before: &[Difference]) -> Result<Vec<Difference>, ModelError> {
        let mut differences = before.to_vec();
        let never = || false;
        // What one engine holds at a time is bounded; the other runs as often.
        for part in 0..self.runtime.parts(sample)? {
            let mut given: HashMap<usize, (usize, Given)> = HashMap::new();
            let mut keep = |tensor: usize, shape: &[usize], values: &[f32]| {
                if let Some(place) = self.places[tensor] {
                    given.insert(place, (tensor, (shape.to_vec(), values.to_vec())));
                }
            };
            self.runtime.show_part(part, sample, &mut keep, &never)?;
            let mut compare = |place: usize, shape: &[usize], values: &[f32]| {
                if let Some((tensor, other)) = given.remove(&place) {
                    differences[tensor].push(at, (shape, values), (&other.0, &other.1));
                }
            };
            self.graph.run(sample, &mut compare, &never)?;
        }
        Ok(differences)
    }
}
