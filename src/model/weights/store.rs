//! A weight's values put on a grid, and back into the graph.

use super::Weight;
use crate::model::constants::write;
use crate::model::error::one_line;
use crate::quant::Grids;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, TensorProto};

/// The error is a predicate to the model's name.
pub(super) fn fake_quantize(values: &mut [f32], weight: &Weight, grids: &Grids) -> Result<(), String> {
    let (name, shape) = (one_line(&weight.name), weight.shape.as_slice());
    let Some(axis) = grids.axis() else {
        let [grid] = grids[..] else {
            return Err(format!("has a weight {name} that takes 1 grid, and {} were given.", grids.len()));
        };
        grid.fake_quant_all(values);
        return Ok(());
    };
    match shape.get(axis) {
        Some(&channels) if channels == grids.len() => {
            let inner: usize = shape[axis + 1..].iter().product();
            for (row, values) in values.chunks_mut(inner.max(1)).enumerate() {
                grids[row % grids.len()].fake_quant_all(values);
            }
            Ok(())
        }
        Some(channels) => {
            let given = grids.len();
            Err(format!("has a weight {name} that takes {channels} grids along axis {axis}, and {given} were given."))
        }
        None => Err(format!("has a weight {name} of {} axes, and grids along axis {axis} were given.", shape.len())),
    }
}

/// Puts these values in the place of the weight's: into the constant, or, where nodes compute it, in their place.
pub(super) fn replace(graph: &mut GraphProto, weight: &Weight, values: &[f32]) {
    if let Some(tensor) = constant(graph, &weight.name) {
        return write(tensor, values.iter().map(|&x| x.into()));
    }
    let data_type = match &*weight.dtype {
        "float16" => DataType::Float16,
        "float64" => DataType::Double,
        _ => DataType::Float,
    };
    let dims = weight.shape.iter().map(|&n| n as i64).collect();
    let mut tensor =
        TensorProto { name: weight.name.clone(), dims, data_type: data_type as i32, ..TensorProto::default() };
    write(&mut tensor, values.iter().map(|&x| x.into()));
    rename(graph, &weight.name);
    graph.initializer.push(tensor);
}

/// The constant of this name, in the graph or in those inside its nodes.
fn constant<'a>(graph: &'a mut GraphProto, name: &str) -> Option<&'a mut TensorProto> {
    let GraphProto { initializer, node, .. } = graph;
    if let Some(tensor) = initializer.iter_mut().find(|tensor| tensor.name == name) {
        return Some(tensor);
    }
    node.iter_mut().find_map(|node| {
        let is_it = node.op_type == "Constant" && node.output.first().is_some_and(|output| output == name);
        node.attribute.iter_mut().find_map(|attribute| match is_it {
            true if attribute.name == "value" => attribute.t.as_mut(),
            true => None,
            false => attribute.g.iter_mut().chain(&mut attribute.graphs).find_map(|inner| constant(inner, name)),
        })
    })
}

/// Takes a tensor's name from the node that makes it.
fn rename(graph: &mut GraphProto, name: &str) {
    for node in &mut graph.node {
        for output in node.output.iter_mut().filter(|output| *output == name) {
            output.push_str(" (as computed)");
        }
        let inner = node.attribute.iter_mut().flat_map(|a| a.g.iter_mut().chain(&mut a.graphs));
        inner.for_each(|inner| rename(inner, name));
    }
}
