//! A graph whose constants tract can read.

use super::bytes::bytes;
use super::decode::widened;
use super::element::{Element, values};
use super::quantizers;
use super::sparse;
use crate::error::Predicate;
use crate::model::error::one_line;
use std::collections::HashSet;
use std::path::Path;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, GraphProto, TensorProto};

/// Puts in the place of constants that tract cannot read such as it can, of the same values, in the graph and in those
/// inside its nodes. What lies in another file stays there. The error is a predicate to the model's name.
///
/// # Errors
///
/// A constant is of a type that no number is of, or its bytes do not fit its shape.
pub(in crate::model) fn standardize(graph: &mut GraphProto, folder: &Path) -> Result<(), Predicate> {
    graph_of_standards(graph, folder)?;
    quantizers::name_types(graph)
}

fn graph_of_standards(graph: &mut GraphProto, folder: &Path) -> Result<(), Predicate> {
    for tensor in std::mem::take(&mut graph.sparse_initializer) {
        graph.initializer.push(sparse::dense(&tensor, folder)?);
    }
    // Texts that no node takes, such as the names of classes, do no harm.
    let is_text = |tensor: &TensorProto| tensor.data_type == Element::STRING.0;
    if graph.initializer.iter().any(is_text) {
        let taken = taken(graph);
        graph.initializer.retain(|tensor| !is_text(tensor) || taken.contains(&tensor.name));
    }
    graph.initializer.iter_mut().try_for_each(|tensor| standard(tensor, folder))?;
    for node in &mut graph.node {
        let made = node.output.first().cloned().unwrap_or_default();
        for attribute in &mut node.attribute {
            if let Some(tensor) = attribute.sparse_tensor.take() {
                attribute.t = Some(sparse::dense(&tensor, folder)?);
                attribute.r#type = AttributeType::Tensor as i32;
                if attribute.name == "sparse_value" {
                    attribute.name = "value".into();
                }
            }
            if node.op_type == "Constant" {
                as_tensor(attribute);
            }
            for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
                // Sentences call it by what the node makes of it.
                if tensor.name.is_empty() {
                    tensor.name.clone_from(&made);
                }
                standard(tensor, folder)?;
            }
            attribute
                .g
                .iter_mut()
                .chain(&mut attribute.graphs)
                .try_for_each(|inner| graph_of_standards(inner, folder))?;
        }
    }
    Ok(())
}

fn standard(tensor: &mut TensorProto, folder: &Path) -> Result<(), Predicate> {
    Element::unmark(tensor);
    let element = Element::of(tensor);
    if element.datum_type().is_some() && element != Element::STRING {
        return Ok(());
    }
    let Some(wider) = element.wider() else {
        let (name, of) = (one_line(&tensor.name), element.name());
        let what = if element == Element::STRING { "text".to_owned() } else { format!("values of {of}") };
        return Err(format!(
            "holds a constant {name} of {what}, which is not run here; export the part of the model that computes with \
             numbers."
        )
        .into());
    };
    if tensor.data_location != Some(DataLocation::External as i32) || !tensor.raw_data.is_empty() {
        let wide = widened(element, &bytes(tensor, folder)?, values(&tensor.dims).unwrap_or(0) as usize);
        tensor.raw_data = wide;
        tensor.int32_data = Vec::new();
    }
    element.stand_in(tensor, wider);
    Ok(())
}

/// The numbers that a `Constant` holds in itself, as a tensor.
fn as_tensor(attribute: &mut AttributeProto) {
    let floats = |dims: Vec<i64>, float_data| TensorProto { dims, data_type: 1, float_data, ..TensorProto::default() };
    let whole = |dims: Vec<i64>, int64_data| TensorProto { dims, data_type: 7, int64_data, ..TensorProto::default() };
    let tensor = match &*attribute.name {
        "value_float" => floats(Vec::new(), vec![attribute.f]),
        "value_int" => whole(Vec::new(), vec![attribute.i]),
        "value_floats" => floats(vec![attribute.floats.len() as i64], std::mem::take(&mut attribute.floats)),
        "value_ints" => whole(vec![attribute.ints.len() as i64], std::mem::take(&mut attribute.ints)),
        _ => return,
    };
    (attribute.name, attribute.r#type, attribute.t) = ("value".into(), AttributeType::Tensor as i32, Some(tensor));
}

/// All names that nodes take, and what goes out, in the graph and in those inside its nodes.
fn taken(graph: &GraphProto) -> HashSet<String> {
    let mut taken: HashSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    for node in &graph.node {
        taken.extend(node.input.iter().cloned());
        let inner = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
        inner.for_each(|graph| taken.extend(self::taken(graph)));
    }
    taken
}
