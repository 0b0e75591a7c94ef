//! Tensors that an ONNX file keeps in other files: refused before anything is read if these lie elsewhere.

use crate::error::Predicate;
use crate::model::error::one_line;
use std::path::{Component, Path};
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, GraphProto, SparseTensorProto, TensorProto};

/// Looks at every tensor of the graph and of the graphs inside its nodes. The error is a predicate to the model's name.
///
/// tract refuses links that lead outside when it reads.
pub(in crate::model) fn check_locations(graph: &GraphProto) -> Result<(), Predicate> {
    graph.initializer.iter().try_for_each(location)?;
    graph.sparse_initializer.iter().try_for_each(sparse)?;
    graph.node.iter().flat_map(|node| &node.attribute).try_for_each(attribute)
}

fn attribute(attribute: &AttributeProto) -> Result<(), Predicate> {
    attribute.t.iter().chain(&attribute.tensors).try_for_each(location)?;
    attribute.sparse_tensor.iter().chain(&attribute.sparse_tensors).try_for_each(sparse)?;
    attribute.g.iter().chain(&attribute.graphs).try_for_each(check_locations)
}

fn sparse(tensor: &SparseTensorProto) -> Result<(), Predicate> {
    tensor.values.iter().chain(&tensor.indices).try_for_each(location)
}

fn location(tensor: &TensorProto) -> Result<(), Predicate> {
    if tensor.data_location != Some(DataLocation::External as i32) {
        return Ok(());
    }
    let name = one_line(&tensor.name);
    let Some(location) = tensor.external_data.iter().find(|entry| entry.key == "location") else {
        let text = format!("keeps tensor {name} in another file and does not say which; export it again.");
        return Err(Predicate::damaged(text));
    };
    let inside = |c: Component| matches!(c, Component::Normal(_) | Component::CurDir);
    // A backslash separates folders on Windows only: refused everywhere, so that a model is as good here as there.
    if location.value.is_empty()
        || location.value.contains('\\')
        || !Path::new(&location.value).components().all(inside)
    {
        let location = one_line(&location.value);
        return Err(format!("keeps tensor {name} in {location:?}, outside its own folder; that is not read.").into());
    }
    Ok(())
}
