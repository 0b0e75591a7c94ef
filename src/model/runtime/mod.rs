//! A second engine: the ONNX Runtime that the user has installed.
//!
//! ```text
//! places --files--> looks --one--> library
//! ready: sessions of a model with more outputs than it was written with (appended), and what is settled before a run
//! parts: which outputs in one run
//! Runtime: every activation, shown as tract's are
//! ```
//!
//! It is found when it is asked for, opened once, never downloaded, and needed neither to build nor to test. The graph
//! runs as it is written: ONNX Runtime's own optimizations are off.

mod appended;
mod library;
mod looks;
mod parts;
mod places;
mod ready;
mod session;
mod settled;
#[cfg(test)]
mod tests;

pub use library::Library;

use super::activations::{self, Activation, Concat};
use super::engines::Engine;
use super::error::ModelError;
use super::graph::{Observer, Reach};
use super::network::Network;
use super::samples::Samples;
use crate::error::Predicate;
use ort::session::Session;
use ort::value::TensorElementType;
use session::{Halves, Named};
use settled::Settled;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tract_onnx::prelude::{DatumType, Tensor};

/// A network that ONNX Runtime runs.
///
/// Its activations are those of the graph itself; what stands inside an `If`, a `Loop` or a `Scan` is not looked at.
pub struct Runtime {
    network: Network,
    path: PathBuf,
    activations: Vec<Activation>,
    types: Vec<TensorElementType>,
    concats: Vec<Concat>,
    assumptions: Vec<String>,
    /// Whether all samples give an activation one shape.
    is_one: bool,
    /// Whether the shapes of the inputs decide on all others.
    follows: bool,
    budget: usize,
    /// One sample at a time: a larger one cuts the parts anew.
    turn: Mutex<()>,
    state: Mutex<State>,
}

/// Sessions, of which each runs one thing at a time.
struct State {
    /// Gives the shapes of all activations, and holds none of them.
    shapes: Session,
    /// Of each kind of sample, by the shapes of its inputs.
    known: HashMap<Vec<Vec<usize>>, Vec<Vec<usize>>>,
    /// Which activations each session gives.
    parts: Vec<(Range<usize>, Session)>,
    halves: Halves,
}

impl Runtime {
    /// Loads the model at `path`, of which `network` was parsed, for these samples.
    ///
    /// # Errors
    ///
    /// The file cannot be read again; ONNX Runtime cannot load it; or no sample can be run.
    pub fn open(library: &Library, network: &Network, path: &Path, samples: &Samples) -> Result<Runtime, ModelError> {
        Runtime::of(library, network, path, samples, parts::BUDGET)
    }

    fn of(
        library: &Library,
        network: &Network,
        path: &Path,
        samples: &Samples,
        budget: usize,
    ) -> Result<Runtime, ModelError> {
        let graph = network.graph();
        let Settled { constant, open: open_shapes } = Settled::of(graph);
        let mut activations = activations::not_among(graph, &constant);
        activations.retain(|a| network.names(&a.name));
        let types = ready::types(network, path, &activations)?;
        let of = |a: &Activation| types.get(&a.name).copied();
        activations.retain(|a| of(a).is_some());
        for activation in &mut activations {
            match of(activation) {
                Some(TensorElementType::Float16) => activation.dtype = DatumType::F16,
                Some(TensorElementType::Float64) => activation.dtype = DatumType::F64,
                _ => {}
            }
        }
        let types = activations.iter().filter_map(of).collect();
        let shapes = ready::shapes(network, path, &activations)?;
        let state = State { shapes, known: HashMap::new(), parts: Vec::new(), halves: Halves::default() };
        let follows = activations.iter().all(|a| !open_shapes.contains(a.name.as_str()));
        let mut runtime = Runtime {
            concats: activations::concats(graph, &activations),
            assumptions: ready::assumptions(library, network),
            is_one: samples.all_shapes().len() == 1 && follows,
            follows,
            network: network.clone(),
            path: path.to_owned(),
            activations,
            types,
            budget,
            turn: Mutex::new(()),
            state: Mutex::new(state),
        };
        let shapes = runtime.shapes_of_one(samples)?;
        if samples.all_shapes().len() == 1 {
            let known = runtime.activations.iter_mut().zip(shapes).filter(|(a, _)| !open_shapes.contains(&*a.name));
            known.for_each(|(a, shape)| a.shape = Some(shape));
        }
        Ok(runtime)
    }

    /// The type of an activation's elements: `float32`, `float16`, `bfloat16`, `float64`.
    pub fn dtype(&self, tensor: usize) -> &'static str {
        match self.types[tensor] {
            TensorElementType::Float16 => "float16",
            TensorElementType::Bfloat16 => "bfloat16",
            TensorElementType::Float64 => "float64",
            _ => "float32",
        }
    }

    /// How many runs show all activations of a sample: not all of them may fit into memory at once.
    ///
    /// # Errors
    ///
    /// As [`Engine::show`].
    pub fn parts(&self, sample: &[Tensor]) -> Result<usize, ModelError> {
        let mut state = self.state();
        let shapes = self.shapes(&mut state, sample)?;
        let bytes = |(shape, dtype): (&Vec<usize>, &TensorElementType)| {
            shape.iter().product::<usize>().saturating_mul(dtype.byte_size(1).unwrap_or(4))
        };
        let bytes: Vec<usize> = shapes.iter().zip(&self.types).map(bytes).collect();
        let cut: Vec<Range<usize>> = state.parts.iter().map(|(part, _)| part.clone()).collect();
        if cut.is_empty() || !parts::suffice(&cut, &bytes, self.budget) {
            // A larger sample than those before.
            state.parts.clear();
            for part in parts::cut(&bytes, self.budget) {
                let session = ready::values(&self.network, &self.path, &self.activations[part.clone()])?;
                state.parts.push((part, session));
            }
        }
        Ok(state.parts.len())
    }

    /// Shows the activations of one of the [`Runtime::parts`] of a sample. Returns false when it was cancelled.
    ///
    /// # Errors
    ///
    /// As [`Engine::show`].
    pub fn show_part(
        &self,
        part: usize,
        sample: &[Tensor],
        observe: Observer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<bool, ModelError> {
        let mut state = self.state();
        let State { parts, halves, .. } = &mut *state;
        let Some((places, session)) = parts.get_mut(part) else { return Ok(true) };
        let inputs = self.inputs(halves, sample)?;
        let order: HashMap<String, usize> =
            session.outputs().iter().enumerate().map(|(at, outlet)| (outlet.name().to_owned(), at)).collect();
        let ran = session::run(session, inputs, cancelled).map_err(|why| self.network.error(why))?;
        let Some(values) = ran else { return Ok(false) };
        let mut values: Vec<_> = values.into_iter().map(Some).collect();
        for place in places.clone() {
            let activation = &self.activations[place];
            let value = order.get(&activation.name).and_then(|&at| values[at].take());
            match value {
                Some(value) => halves.floats(&value, &mut |shape, floats| observe(place, shape, floats)),
                // It is what is fed.
                None => self.see_input(activation, sample, &mut |shape, floats| observe(place, shape, floats)),
            }
            .map_err(|why| self.network.error(why))?;
        }
        Ok(true)
    }

    fn see_input(
        &self,
        input: &Activation,
        sample: &[Tensor],
        see: &mut dyn FnMut(&[usize], &[f32]),
    ) -> Result<(), Predicate> {
        let place = self.network.inputs().iter().position(|port| port.name == input.name);
        let Some(tensor) = place.and_then(|place| sample.get(place)) else {
            return Err(format!("gives no values for {} in ONNX Runtime.", input.name).into());
        };
        let singles = tensor.cast_to::<f32>().map_err(|error| error.to_string())?;
        let plain = singles.try_as_plain_ram().map_err(|error| error.to_string())?;
        see(tensor.shape(), plain.as_slice::<f32>().map_err(|error| error.to_string())?);
        Ok(())
    }

    /// The shapes of the first sample that can be loaded and run.
    fn shapes_of_one(&self, samples: &Samples) -> Result<Vec<Vec<usize>>, ModelError> {
        let mut failed = None;
        for sample in 0..samples.len() {
            match samples.get(sample).and_then(|sample| self.shapes(&mut self.state(), &sample)) {
                Ok(shapes) => return Ok(shapes),
                Err(why) => drop(failed.get_or_insert(why)),
            }
        }
        Err(failed.expect("there is at least one sample"))
    }

    /// The shapes that a sample gives the activations.
    fn shapes(&self, state: &mut State, sample: &[Tensor]) -> Result<Vec<Vec<usize>>, ModelError> {
        let fed: Vec<Vec<usize>> = sample.iter().map(|tensor| tensor.shape().to_vec()).collect();
        if let Some(known) = state.known.get(&fed) {
            return Ok(known.clone());
        }
        let State { shapes, halves, .. } = state;
        let inputs = self.inputs(halves, sample)?;
        let names: Vec<String> = shapes.outputs().iter().map(|outlet| outlet.name().to_owned()).collect();
        let ran = session::run(shapes, inputs, &|| false).map_err(|why| self.network.error(why))?;
        let mut found = vec![Vec::new(); self.activations.len()];
        for (name, value) in names.iter().zip(ran.unwrap_or_default()) {
            if let Some(place) = ready::place(name) {
                found[place] = session::whole(&value).map_err(|why| self.network.error(why))?;
            }
        }
        if self.follows {
            state.known.insert(fed, found.clone());
        }
        Ok(found)
    }

    fn inputs<'a>(&self, halves: &mut Halves, sample: &'a [Tensor]) -> Result<Vec<Named<'a>>, ModelError> {
        let ports = self.network.inputs();
        if ports.len() != sample.len() {
            let text = format!("takes {} inputs, and {} were given.", ports.len(), sample.len());
            return Err(self.network.error(text));
        }
        let input = |(port, tensor): (&super::network::Port, &'a Tensor)| {
            let value = halves.input(tensor).map_err(|why| self.network.error(why))?;
            Ok((port.name.clone().into(), value))
        };
        ports.iter().zip(sample).map(input).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Runtime {
    fn tensors(&self) -> &[Activation] {
        &self.activations
    }

    fn concats(&self) -> &[Concat] {
        &self.concats
    }

    fn assumptions(&self) -> &[String] {
        &self.assumptions
    }

    fn is_one(&self) -> bool {
        self.is_one
    }

    fn reach(&self, sample: &[Tensor]) -> Result<Vec<Reach>, ModelError> {
        let shapes = self.shapes(&mut self.state(), sample)?;
        Ok(shapes.into_iter().map(|shape| vec![Some(shape)]).collect())
    }

    fn show(&self, sample: &[Tensor], observe: Observer, cancelled: &dyn Fn() -> bool) -> Result<bool, ModelError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        for part in 0..self.parts(sample)? {
            if !self.show_part(part, sample, observe, cancelled)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
