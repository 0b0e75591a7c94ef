//! From a file to sessions: its model with other outputs than it was written with.

use super::appended::Appended;
use super::library::Library;
use super::session;
use crate::model::activations::Activation;
use crate::model::branches;
use crate::model::error::ModelError;
use crate::model::error::io_predicate;
use crate::model::network::Network;
use ort::session::Session;
use ort::value::TensorElementType;
use std::collections::HashMap;
use std::path::Path;

/// What the shapes of activations are called among the outputs: this and their place.
const SHAPE: &str = "qviz:shape:";

/// The types of those that are floats, by name, as ONNX Runtime finds them.
pub(super) fn types(
    network: &Network,
    path: &Path,
    activations: &[Activation],
) -> Result<HashMap<String, TensorElementType>, ModelError> {
    use TensorElementType::{Bfloat16, Float16, Float32, Float64};
    let session = values(network, path, activations)?;
    let all = session.outputs().iter().chain(session.inputs());
    let typed = all.filter_map(|outlet| Some((outlet.name().to_owned(), session::element(outlet.dtype())?)));
    Ok(typed.filter(|(_, dtype)| matches!(dtype, Float32 | Float16 | Bfloat16 | Float64)).collect())
}

/// A session that gives the values of activations.
pub(super) fn values(network: &Network, path: &Path, activations: &[Activation]) -> Result<Session, ModelError> {
    let mut appended = Appended::default();
    // An input is there already, and so is what is an output: ONNX Runtime wants no name twice.
    let fed = |a: &Activation| network.inputs().iter().any(|port| port.name == a.name);
    activations.iter().filter(|a| !a.is_output && !fed(a)).for_each(|a| appended.output(&a.name));
    open(network, path, &appended)
}

/// A session that gives the shapes of activations, and holds none of them.
pub(super) fn shapes(network: &Network, path: &Path, activations: &[Activation]) -> Result<Session, ModelError> {
    let mut appended = Appended::default();
    // Of the nodes that lead nowhere the last is run first: so each shape is taken as soon as its tensor is made, which
    // then is let go. The other way round all are held to the end.
    for (place, activation) in activations.iter().enumerate().rev() {
        appended.node("Shape", &activation.name, &format!("{SHAPE}{place}"));
        appended.output(&format!("{SHAPE}{place}"));
    }
    open(network, path, &appended)
}

/// The place of the activation whose shape is called so.
pub(super) fn place(name: &str) -> Option<usize> {
    name.strip_prefix(SHAPE)?.parse().ok()
}

/// Who runs the network, and what is not looked at: a sentence without its full stop each.
pub(super) fn assumptions(library: &Library, network: &Network) -> Vec<String> {
    let who = format!("run by {}, {}", library.name(), library.path().display());
    let inner = branches::inner(network.graph(), "ONNX Runtime shows only what stands in the graph itself");
    [Some(who), inner].into_iter().flatten().collect()
}

fn open(network: &Network, path: &Path, appended: &Appended) -> Result<Session, ModelError> {
    // Read each time: it may be large, and few sessions are made.
    let model = std::fs::read(path).map_err(|error| network.error(io_predicate(&error)))?;
    session::open(&appended.behind(model), &network.folder).map_err(|why| network.error(why))
}
