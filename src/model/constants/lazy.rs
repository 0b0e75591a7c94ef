//! Large constants that stay in their file while a network runs.
//!
//! A plan packs the weights of its products anew, and holds every one of them twice while it is made. Of a network whose
//! weights fill a good part of the memory that is too much: there a weight is read when a run comes to it, and let go.

use super::element::{Element, values};
use super::load::load;
use crate::model::error::one_line;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};
use tract_onnx::tract_hir::internal::*;

/// The operator that reads a constant when it is needed.
pub(in crate::model) const FROM_FILE: &str = "ConstantFromFile";

/// Smaller ones are not worth it.
const LARGE: u64 = 1 << 20;

/// The network with its large constants left in their files, where these take more than so many bytes and only products
/// and look-ups take them; `None` where there is nothing to leave.
pub(in crate::model) fn leave_in_files(proto: &ModelProto, more_than: u64) -> Option<ModelProto> {
    let graph = proto.graph.as_ref()?;
    let takers = takers(graph);
    let outside = |tensor: &&TensorProto| {
        tensor.data_location == Some(DataLocation::External as i32)
            && tensor.raw_data.is_empty()
            && bytes(tensor) >= LARGE
            && only_in_products(&tensor.name, &takers, graph)
    };
    let left: Vec<&TensorProto> = graph.initializer.iter().filter(outside).collect();
    if left.iter().map(|tensor| bytes(tensor)).sum::<u64>() <= more_than {
        return None;
    }
    let nodes = left.iter().map(|tensor| from_file(tensor));
    let kept = graph.initializer.iter().filter(|tensor| !outside(tensor)).cloned();
    let graph = GraphProto {
        node: nodes.chain(graph.node.iter().cloned()).collect(),
        initializer: kept.collect(),
        input: graph
            .input
            .iter()
            .filter(|input| left.iter().all(|tensor| tensor.name != input.name))
            .cloned()
            .collect(),
        output: graph.output.clone(),
        name: graph.name.clone(),
        ..GraphProto::default()
    };
    Some(ModelProto {
        ir_version: proto.ir_version,
        opset_import: proto.opset_import.clone(),
        functions: proto.functions.clone(),
        graph: Some(graph),
        ..ModelProto::default()
    })
}

fn bytes(tensor: &TensorProto) -> u64 {
    values(&tensor.dims).and_then(|values| Element::of(tensor).bytes(values)).unwrap_or(0)
}

fn from_file(tensor: &TensorProto) -> NodeProto {
    let r#type = AttributeType::Tensor as i32;
    let value = AttributeProto { name: "value".into(), r#type, t: Some(tensor.clone()), ..AttributeProto::default() };
    NodeProto {
        op_type: FROM_FILE.into(),
        name: tensor.name.clone(),
        output: vec![tensor.name.clone()],
        attribute: vec![value],
        ..NodeProto::default()
    }
}

/// The nodes that take each tensor, and as which input.
fn takers(graph: &GraphProto) -> HashMap<&str, Vec<(&NodeProto, usize)>> {
    let mut takers: HashMap<&str, Vec<_>> = HashMap::new();
    for node in &graph.node {
        for (place, name) in node.input.iter().enumerate() {
            takers.entry(name).or_default().push((node, place));
        }
    }
    takers
}

/// Whether nothing has to know the values before the network runs.
fn only_in_products(name: &str, takers: &HashMap<&str, Vec<(&NodeProto, usize)>>, graph: &GraphProto) -> bool {
    let inside = |node: &NodeProto| node.attribute.iter().any(|attribute| attribute.g.is_some());
    if graph.output.iter().any(|output| output.name == name) || graph.node.iter().any(inside) {
        return false;
    }
    takers.get(name).is_some_and(|takers_of| {
        takers_of.iter().all(|(node, place)| match (&*node.op_type, *place) {
            ("MatMul", _) | ("Gather", 0) => true,
            ("Cast" | "Transpose" | "Identity" | "DequantizeLinear", 0) => {
                node.output.iter().all(|output| only_in_products(output, takers, graph))
            }
            _ => false,
        })
    })
}

/// Makes the operator of a [`FROM_FILE`] node.
pub(in crate::model) fn from_file_op(
    context: &ParsingContext,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let tensor: &TensorProto = node.get_attr("value")?;
    let of = FromFile { tensor: Arc::new(tensor.clone()), folder: context.model_dir.unwrap_or_default().into() };
    Ok((expand(of), Vec::new()))
}

#[derive(Clone, Debug)]
struct FromFile {
    tensor: Arc<TensorProto>,
    folder: PathBuf,
}

impl PartialEq for FromFile {
    fn eq(&self, other: &FromFile) -> bool {
        Arc::ptr_eq(&self.tensor, &other.tensor)
    }
}

impl Eq for FromFile {}

impl FromFile {
    fn fact(&self) -> TractResult<TypedFact> {
        let dtype = Element(self.tensor.data_type).datum_type().context("its type is not known")?;
        let shape: TVec<usize> = self.tensor.dims.iter().map(|&n| n as usize).collect();
        Ok(dtype.fact(shape))
    }
}

impl Expansion for FromFile {
    fn name(&self) -> StaticName {
        FROM_FILE.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        _: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        let fact = self.fact()?;
        s.equals(&outputs[0].datum_type, fact.datum_type)?;
        s.equals(&outputs[0].shape, fact.shape.to_tvec())
    }

    fn wire(&self, prefix: &str, model: &mut TypedModel, _: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), &[])
    }
}

impl Op for FromFile {
    fn name(&self) -> StaticName {
        FROM_FILE.into()
    }

    op_as_typed_op!();
}

impl EvalOp for FromFile {
    // Or the optimizer would read it at once.
    not_out_of_plan!();

    fn eval(&self, _: &EvalContext, _: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let read = load(&self.tensor, Path::new(&self.folder));
        let tensor = read.map_err(|why| format_err!("the model {}", one_line(&why.text)))?;
        Ok(tvec!(tensor.into_tvalue()))
    }
}

impl TypedOp for FromFile {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        Ok(tvec!(self.fact()?))
    }

    as_op!();
}
