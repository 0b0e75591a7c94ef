//! Whether a network can be computed as ONNX says, before anything runs.

use super::row::{Attribute, Honoured, Row};
use super::table;
use super::versions;
use crate::error::Predicate;
use crate::model::activations::node_name;
use crate::model::error::one_line;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// The newest version of ONNX's operator set that the table was written by.
const NEWEST: i64 = 28;

/// Refuses a network that has an operator which the table does not hold, or wants of one what its row does not honour:
/// names the node, the operator, and the reason.
///
/// # Errors
///
/// The predicate of the sentence.
pub(in crate::model) fn check(proto: &ModelProto) -> Result<(), Predicate> {
    let opset = versions::opset(&proto.opset_import);
    if opset > NEWEST {
        let text = format!(
            "is of opset {opset}, and the operators that qviz knows are those up to {NEWEST}; export it for opset {NEWEST} \
             or below."
        );
        return Err(text.into());
    }
    proto.graph.as_ref().map_or(Ok(()), |graph| check_graph(graph, opset))
}

/// Both names that ONNX's own domain has.
fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

fn check_graph(graph: &GraphProto, opset: i64) -> Result<(), Predicate> {
    for node in &graph.node {
        check_node(node, opset)?;
        let mut inner = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
        inner.try_for_each(|graph| check_graph(graph, opset))?;
    }
    Ok(())
}

fn check_node(node: &NodeProto, opset: i64) -> Result<(), Predicate> {
    let (op, name) = (one_line(&node.op_type), one_line(node_name(node)));
    let Some(row) = table::row(&node.domain, &node.op_type) else {
        let text = if is_onnx(&node.domain) {
            format!("cannot be run: tract has no operator {op} (node {name}).")
        } else {
            let domain = one_line(&node.domain);
            format!(
                "cannot be run: the operator {op} of the domain {domain} (node {name}) is not known to qviz; export the \
                 network with ONNX's own operators, or with {op} as a function in the file."
            )
        };
        return Err(text.into());
    };
    match refused(row, node, opset) {
        Some(reason) => Err(format!("cannot be run: {op} (node {name}) {reason}.").into()),
        None => Ok(()),
    }
}

/// What is wrong with the node, behind its name.
fn refused(row: &Row, node: &NodeProto, opset: i64) -> Option<String> {
    if row.domain.is_empty() && opset < row.since {
        return Some(format!("is of opset {opset}, and is computed as of opset {} only", row.since));
    }
    for given in &node.attribute {
        let known = row.attributes.iter().find(|known| known.name == given.name);
        let Some(known) = known.filter(|known| !row.domain.is_empty() || has(known, opset)) else {
            return Some(format!("has the attribute {}, which is not computed", one_line(&given.name)));
        };
        if let Some(reason) = unlike(known.honoured, given) {
            return Some(format!("has {} = {}, where only {reason} is computed", known.name, value(given)));
        }
    }
    let given = |names: &[String]| names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let (inputs, outputs) = (given(&node.input), given(&node.output));
    let known = if opset < row.fewer.0 { row.fewer.1 } else { row.inputs };
    if inputs > known {
        return Some(format!("has {inputs} inputs, where only {known} are computed with"));
    }
    if outputs > row.outputs {
        return Some(format!("has {outputs} outputs, where only {} are computed", row.outputs));
    }
    row.unless.and_then(|unless| unless(node, opset)).map(|what| format!("has {what}, which is not computed"))
}

fn has(attribute: &Attribute, opset: i64) -> bool {
    (attribute.since..=attribute.until).contains(&opset)
}

/// What is honoured, where the value is something else.
fn unlike(honoured: Honoured, given: &AttributeProto) -> Option<String> {
    match honoured {
        Honoured::Any => None,
        Honoured::Int(value) => (given.i != value).then(|| value.to_string()),
        Honoured::Text(text) => (given.s != text.as_bytes()).then(|| text.to_owned()),
    }
}

/// The value of an attribute, as far as one can be refused for it.
fn value(attribute: &AttributeProto) -> String {
    let text = String::from_utf8_lossy(&attribute.s);
    let value = if text.is_empty() { attribute.i.to_string() } else { text.into_owned() };
    one_line(&value)
}
