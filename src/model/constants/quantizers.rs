//! What a quantizer makes, where that is of a type that tract has not.

use super::element::Element;
use crate::error::Predicate;
use crate::model::activations::node_name;
use crate::model::error::one_line;
use std::collections::HashMap;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto};

/// Writes down at each `QuantizeLinear` which type it makes, where only the type of its zero point says so: another
/// stands in for that from now on. The error is a predicate to the model's name.
pub(super) fn name_types(graph: &mut GraphProto) -> Result<(), Predicate> {
    walk(graph, &mut HashMap::new())
}

fn walk(graph: &mut GraphProto, types: &mut HashMap<String, Element>) -> Result<(), Predicate> {
    let foreign = |element: &Element| element.wider().is_some();
    let constants = graph.initializer.iter().map(|tensor| (tensor.name.clone(), Element::of(tensor)));
    types.extend(constants.filter(|(_, element)| foreign(element)));
    for node in &mut graph.node {
        match &*node.op_type {
            "Constant" => {
                let value = node.attribute.iter().find_map(|attribute| attribute.t.as_ref()).map(Element::of);
                if let (Some(element), Some(output)) = (value.filter(foreign), node.output.first()) {
                    types.insert(output.clone(), element);
                }
            }
            "QuantizeLinear" => {
                let zero = node.input.get(2).and_then(|zero| types.get(zero)).copied();
                if let Some(element) = zero.filter(|_| !has_type(node)) {
                    let (name, r#type) = ("output_dtype".into(), AttributeType::Int as i32);
                    let i = i64::from(element.0);
                    node.attribute.push(AttributeProto { name, r#type, i, ..AttributeProto::default() });
                }
            }
            "DequantizeLinear" if node.input.get(1).and_then(|of| types.get(of)) == Some(&Element::BFLOAT16) => {
                let node = one_line(node_name(node));
                return Err(format!(
                    "cannot be run: DequantizeLinear (node {node}) makes bfloat16, which is not computed with; export it \
                     with scales of float32."
                )
                .into());
            }
            _ => {}
        }
        for attribute in &mut node.attribute {
            attribute.g.iter_mut().chain(&mut attribute.graphs).try_for_each(|inner| walk(inner, types))?;
        }
    }
    Ok(())
}

fn has_type(node: &NodeProto) -> bool {
    node.attribute.iter().any(|attribute| attribute.name == "output_dtype" && attribute.i != 0)
}
