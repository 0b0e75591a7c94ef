//! Sizes that only a run knows, such as how many places a `NonZero` finds: tract's symbols and what they come to.
//!
//! A whole run of tract's learns them as it goes. One that begins in the middle has to be told.

use tract_onnx::prelude::{TDim, TValue, TypedModel, TypedNode};
use tract_onnx::tract_core::internal::SymbolValues;

/// Whether there are any in the graph.
pub(super) fn any(model: &TypedModel) -> bool {
    let outputs = model.nodes().iter().flat_map(|node| &node.outputs);
    outputs.flat_map(|output| output.fact.shape.iter()).any(|dim| matches!(dim, TDim::Sym(_)))
}

/// Takes from what a node has made what its symbols come to.
pub(super) fn learn(symbols: &mut SymbolValues, node: &TypedNode, results: &[TValue]) {
    for (output, result) in node.outputs.iter().zip(results) {
        for (dim, &n) in output.fact.shape.iter().zip(result.shape()) {
            if let TDim::Sym(symbol) = dim {
                symbols.set(symbol, n as i64);
            }
        }
    }
}
