//! What nodes make of constants.

use super::trace::Constants;
use crate::error::Predicate;
use crate::model::build;
use crate::model::error::{ModelError, one_line, reason};
use crate::model::network::Network;
use std::collections::HashSet;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::prelude::{Tensor, TractError};

/// The tensor called `name`, computed from constants alone. Only what it is computed from is in memory.
///
/// # Errors
///
/// A constant cannot be read, or a node cannot be run.
pub(super) fn value(network: &Network, constants: &Constants, name: &str) -> Result<Tensor, ModelError> {
    let (nodes, tensors) = constants.before(name);
    let named = |(name, tensor): (&str, &TensorProto)| TensorProto { name: name.into(), ..tensor.clone() };
    let (node, initializer) = (in_order(nodes), tensors.into_iter().map(named).collect::<Vec<_>>());
    if node.is_empty() && initializer.is_empty() {
        return Err(network.error(format!("has no constant {}.", one_line(name))));
    }
    let output = vec![ValueInfoProto { name: name.into(), ..ValueInfoProto::default() }];
    let graph = GraphProto { name: "constants".into(), node, initializer, output, ..GraphProto::default() };
    let whole = &network.proto;
    let proto = ModelProto {
        ir_version: whole.ir_version,
        opset_import: whole.opset_import.clone(),
        functions: whole.functions.clone(),
        graph: Some(graph),
        ..ModelProto::default()
    };
    build::constant(network, &proto, name)
}

/// Its values in float.
pub(in crate::model) fn singles(network: &Network, name: &str, tensor: Tensor) -> Result<Vec<f32>, ModelError> {
    let fail = |error: TractError| {
        let text = format!("holds a weight {} that cannot be read ({}).", one_line(name), reason(&error));
        network.error(Predicate::damaged(text))
    };
    let singles = tensor.cast_to::<f32>().map_err(fail)?;
    singles.try_as_plain_ram().and_then(|plain| Ok(plain.as_slice::<f32>()?.to_vec())).map_err(fail)
}

/// The nodes, each behind those that make what it takes.
fn in_order(mut left: Vec<&NodeProto>) -> Vec<NodeProto> {
    let mut done: Vec<NodeProto> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let open: HashSet<&str> = left.iter().flat_map(|node| &node.output).map(String::as_str).collect();
        let (ready, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|node| !node.input.iter().any(|name| open.contains(name.as_str())));
        if ready.is_empty() {
            return done;
        }
        done.extend(ready.into_iter().cloned());
        left = later;
    }
    done
}
