//! Answering what needs a tensor's values once more, of files and of a network alike.

use std::collections::HashMap;

use super::channels::{self, analyse_channels};
use super::joint::joint;
use super::measure::{Wanted, measure};
use super::recipe::Recipe;
use super::request::Request;
use super::ties::Group;
use super::told::Told;
use super::values::{Values, Watch};
use crate::ErrorKind;
use crate::session::{Arrival, Failure, Key, Layer, Plan, Start, Subject};

/// The tensors that were told, and what they are counted and chosen by.
pub(super) struct Context<'a> {
    pub values: &'a dyn Values,
    pub tensors: &'a Tensors,
    pub recipe: &'a Recipe,
    pub plan: &'a Plan,
    /// Threads that analyse channels.
    pub threads: usize,
}

/// The tensors that were told, by place and by key.
#[derive(Default)]
pub(super) struct Tensors {
    pub layers: Vec<Layer>,
    places: HashMap<Key, usize>,
}

impl Tensors {
    pub fn new(layers: Vec<Layer>) -> Tensors {
        let places = layers.iter().enumerate().map(|(place, layer)| (layer.key.clone(), place)).collect();
        Tensors { layers, places }
    }

    /// Where a tensor stands.
    pub fn place(&self, key: &Key) -> Result<usize, Failure> {
        self.places.get(key).copied().ok_or_else(|| Failure {
            kind: ErrorKind::Missing,
            file: String::new(),
            message: format!("There is no tensor {key}; it may have gone with its file."),
        })
    }

    pub fn key(&self, place: usize) -> Key {
        self.layers[place].key.clone()
    }

    pub fn keys(&self, places: &[usize]) -> Vec<Key> {
        places.iter().map(|place| self.key(*place)).collect()
    }

    /// What rules see of these.
    pub fn subjects<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = Subject<'a>> {
        places.iter().map(|place| self.layers[*place].subject())
    }

    /// The files of what a request is about, for sentences.
    pub fn file_of(&self, request: &Request) -> String {
        let layer = request.about().and_then(|key| self.place(key).ok()).and_then(|place| self.layers.get(place));
        layer.or(self.layers.first()).and_then(|layer| layer.origin.files.first().cloned()).unwrap_or_default()
    }
}

/// Answers a request; `None` when it was cancelled, and for what needs no values.
pub(super) fn answer(request: &Request, context: &Context, watch: &Watch) -> Result<Option<Told>, Failure> {
    let Context { values, tensors, recipe, plan, threads } = *context;
    match request {
        Request::Prefer(_) | Request::Trial(_) => Ok(None),
        Request::Fine { key, bins } => {
            let place = tensors.place(key)?;
            let fine = values.count(&[place], &Recipe::magnitudes(*bins), watch)?;
            Ok(fine.map(|histogram| Told::Fine { key: key.clone(), result: Ok(histogram.magnitude) }))
        }
        Request::Measure { key, clip, format } => {
            let wanted = Wanted { tensor: tensors.place(key)?, clip: *clip, format: *format };
            let measured = measure(values, &[wanted], watch)?.and_then(|mut all| all.pop());
            Ok(measured.map(|measured| Told::Arrived(Arrival::Measured { key: key.clone(), result: Ok(measured) })))
        }
        Request::Channels { key, start } => {
            let place = tensors.place(key)?;
            let Some(axis) = start.axis else { return Ok(None) };
            let of = plan.start(&tensors.layers[place].subject());
            let start = &Start { known: of.known, imported: of.imported, ..start.clone() };
            // Reading is the smaller part of it.
            let counted = watch.part(0.0, 0.2, |watch| channels::count(values, place, axis, recipe, watch))?;
            let analyse =
                |watch: &Watch| analyse_channels(counted?, plan, start, threads, watch.progress, watch.cancelled);
            let channels = watch.part(0.2, 1.0, analyse);
            let arrived =
                |channels| Told::Arrived(Arrival::Channels { key: key.clone(), requested: true, result: Ok(channels) });
            Ok(channels.map(arrived))
        }
        Request::Tie { of, start } => {
            let places = of.iter().map(|key| tensors.place(key)).collect::<Result<Vec<_>, _>>()?;
            let together = plan.start_together(tensors.subjects(&places));
            let (known, imported) = together.map_or_else(Default::default, |of| (of.known, of.imported));
            let start = &Start { known, imported, ..start.clone() };
            let group = Group { of: places, concats: Vec::new() };
            let joint = joint(values, (&group, of.clone()), (recipe, plan), start, watch)?;
            let arrived =
                |joint| Told::Arrived(Arrival::Tied { of: of.clone(), requested: true, result: Ok(Box::new(joint)) });
            Ok(joint.map(arrived))
        }
    }
}
