//! What a weight was called before its integers took its place.
//!
//! `quantize_static` writes the weight `X` as the integers `X_quantized`, and calls what `DequantizeLinear` makes of them
//! `X_DequantizeLinear_Output` (onnxruntime/quantization/quant_utils.py). Under that name nobody finds it in the float file.

use super::grid::FileGrid;
use super::pairs::{Integers, Pair, rename};
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};

/// What ONNX Runtime puts behind the name of what it has quantized.
const IN_INTEGERS: &str = "_quantized";

/// Gives such weights the name that their integers are called after, where no other tensor has it. Several that are made of
/// the same integers in the same way become one. Returns each grid with the name of what is on it.
pub(super) fn name_by_origin(
    graph: &mut GraphProto,
    pairs: &[Pair],
    weights: Vec<Integers>,
) -> Vec<(String, FileGrid)> {
    let kept: HashSet<&str> = pairs.iter().flat_map(|pair| [pair.of.as_str(), pair.behind.as_str()]).collect();
    let kept: HashSet<String> =
        kept.into_iter().chain(graph.output.iter().map(|output| output.name.as_str())).map(str::to_owned).collect();
    let mut names = names(graph);
    let mut makers: HashMap<String, NodeProto> = HashMap::new();
    let (mut called, mut grids): (HashMap<String, String>, Vec<(String, FileGrid)>) = Default::default();
    for Integers { constant, behind, grid } in weights {
        let origin = constant.strip_suffix(IN_INTEGERS).filter(|origin| !origin.is_empty() && !kept.contains(&behind));
        let maker = graph.node.iter().find(|node| node.output.first() == Some(&behind));
        let (Some(origin), Some(maker)) = (origin, maker) else {
            grids.push((behind, grid));
            continue;
        };
        match makers.get(origin) {
            Some(first) if same_way(first, maker) => drop(called.insert(behind, origin.to_owned())),
            None if names.insert(origin.to_owned()) => {
                makers.insert(origin.to_owned(), maker.clone());
                called.insert(behind, origin.to_owned());
                grids.push((origin.to_owned(), grid));
            }
            _ => grids.push((behind, grid)),
        }
    }
    let name = |name: &str| called.get(name).map_or(name, String::as_str).to_owned();
    graph.node.iter_mut().for_each(|node| rename(node, &name));
    // Of those that are one now the first stays.
    let mut made: HashSet<String> = HashSet::new();
    graph.node.retain(|node| {
        let origin = node.output.first().filter(|output| makers.contains_key(*output));
        origin.is_none_or(|origin| made.insert(origin.clone()))
    });
    grids
}

/// Whether two nodes make the same.
fn same_way(a: &NodeProto, b: &NodeProto) -> bool {
    (&a.op_type, &a.domain, &a.input, &a.attribute) == (&b.op_type, &b.domain, &b.input, &b.attribute)
}

/// Every name that a tensor has, inside of nodes too.
fn names(graph: &GraphProto) -> HashSet<String> {
    let mut names = HashSet::new();
    for graph in crate::model::branches::all(graph) {
        let ports = graph.input.iter().chain(&graph.output).map(|port| &port.name);
        let constants = graph.initializer.iter().map(|tensor| &tensor.name);
        let of_nodes = graph.node.iter().flat_map(|node| node.input.iter().chain(&node.output));
        names.extend(ports.chain(constants).chain(of_nodes).cloned());
    }
    names
}
