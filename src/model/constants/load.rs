//! Constants read when they are needed, from the file that they lie in.

use super::bytes::fit;
use super::decode::widened;
use super::element::{Element, values};
use super::place::Place;
use crate::error::Predicate;
use crate::model::branches;
use crate::model::error::{guarded, one_line, reason};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tract_onnx::data_resolver::ModelDataResolver;
use tract_onnx::pb::{GraphProto, TensorProto};
use tract_onnx::prelude::{Tensor, TractResult};

/// Whether all constants can be had: those in other files are there, and as long as they should be. The error is a
/// predicate to the model's name.
pub(in crate::model) fn check(graph: &GraphProto, folder: &Path) -> Result<(), Predicate> {
    tensors(graph).into_iter().try_for_each(|tensor| Place::of(tensor, folder).map(drop))
}

/// A constant's values. The error is a predicate to the model's name.
pub(in crate::model) fn load(tensor: &TensorProto, folder: &Path) -> Result<Tensor, Predicate> {
    match Place::of(tensor, folder)? {
        None if !tensor.raw_data.is_empty() && Element::of(tensor).0 == tensor.data_type => {
            fit(tensor, tensor.raw_data.len() as u64)?;
        }
        _ => {}
    }
    let files = Files::of([tensor], folder);
    let loaded = guarded(|| tract_onnx::tensor::load_tensor(&files, tensor, folder.to_str()));
    loaded.map_err(|error| {
        // What the system did not say is about the tensor itself: it has too few values for its shape.
        let (name, why) = (one_line(&tensor.name), reason(&error));
        Predicate::damaged(format!("holds a tensor {name} that cannot be read ({why}); export it again."))
    })
}

/// What reads the constants of this graph from other files.
pub(in crate::model) fn files(graph: &GraphProto, folder: &Path) -> Arc<dyn ModelDataResolver + Send + Sync> {
    Arc::new(Files::of(tensors(graph), folder))
}

/// The tensors of a graph, and of those inside its nodes.
fn tensors(graph: &GraphProto) -> Vec<&TensorProto> {
    let mut all = Vec::new();
    for graph in branches::all(graph) {
        all.extend(&graph.initializer);
        let attributes = graph.node.iter().flat_map(|node| &node.attribute);
        all.extend(attributes.flat_map(|attribute| attribute.t.iter().chain(&attribute.tensors)));
    }
    all
}

/// Where in a file, as the model writes it: offset and length.
type At = (usize, Option<usize>);

/// Reads parts of files, in the type that stands in for that of the file.
struct Files {
    /// The file, the type, and how many values.
    foreign: HashMap<At, Vec<(PathBuf, Element, usize)>>,
}

impl Files {
    fn of<'a>(tensors: impl IntoIterator<Item = &'a TensorProto>, folder: &Path) -> Files {
        let mut foreign: HashMap<_, Vec<_>> = HashMap::new();
        for tensor in tensors.into_iter().filter(|tensor| Element::of(tensor).0 != tensor.data_type) {
            let entry = |key: &str| tensor.external_data.iter().find(|e| e.key == key).map(|e| e.value.as_str());
            let number = |key: &str| entry(key).and_then(|text| text.parse::<usize>().ok());
            let Some(location) = entry("location") else { continue };
            let count = values(&tensor.dims).unwrap_or(0) as usize;
            let place = (number("offset").unwrap_or(0), number("length"));
            foreign.entry(place).or_default().push((folder.join(location), Element::of(tensor), count));
        }
        Files { foreign }
    }
}

impl ModelDataResolver for Files {
    fn read_bytes_from_path(
        &self,
        buf: &mut Vec<u8>,
        path: &Path,
        offset: usize,
        length: Option<usize>,
    ) -> TractResult<()> {
        let mut file = File::open(path)?;
        let there = usize::try_from(file.metadata()?.len())?.saturating_sub(offset);
        let wanted = length.unwrap_or(there).min(there);
        file.seek(SeekFrom::Start(offset as u64))?;
        buf.try_reserve_exact(wanted)?;
        file.take(wanted as u64).read_to_end(buf)?;
        let mut given = self.foreign.get(&(offset, length)).into_iter().flatten();
        let here = |(file, ..): &&(PathBuf, Element, usize)| file.canonicalize().is_ok_and(|file| file == path);
        if let Some((_, element, values)) = given.find(here) {
            *buf = widened(*element, buf, *values);
        }
        Ok(())
    }
}
