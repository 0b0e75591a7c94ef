//! The engine that runs a network: tract, checked against what ONNX says.
//!
//! ```text
//! file --prepare--> no functions left --check--> every node has a row --onnx--> tract's operators and our own
//! ```
//!
//! Every operator that is run has a row in `table`: which attributes and versions are honoured, and who computes it. What
//! has no row, and what its row does not honour, is refused by name before anything runs: a network is computed as ONNX
//! says or not at all. What tract computes otherwise is computed by functions of our own, in `own`.

mod check;
mod functions;
mod own;
mod row;
mod table;
mod versions;
mod wire;

pub(super) use check::check;
pub(super) use functions::{Defaults, prepare};
pub(super) use versions::opset;

use row::By;
use tract_onnx::Onnx;
use tract_onnx::model::{OnnxOpRegister, ParsingContext};
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::internal::{TractResult, bail};
use tract_onnx::tract_hir::internal::InferenceOp;

/// tract's reader, with the operators of the table and no others.
///
/// What the file notes about shapes inside is ignored: it was true for other inputs.
pub(super) fn onnx() -> Onnx {
    let mut onnx = tract_onnx::onnx().with_ignore_value_info(true);
    onnx.op_register = OnnxOpRegister::default();
    for row in table::rows() {
        onnx.op_register.insert(row.op, build);
    }
    onnx
}

/// Makes the operator of a node, whoever computes it. tract knows operators by name alone, and this by domain as well.
fn build(context: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    match table::row(&node.domain, &node.op_type).map(|row| row.by) {
        Some(By::Own(builder)) => builder(context, node),
        Some(By::Tract) => own::by_tract(context, node),
        None => bail!("there is no operator {} of the domain {}", node.op_type, node.domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_tract_is_there() {
        let tract = tract_onnx::onnx().op_register.0;
        for row in table::rows().filter(|row| matches!(row.by, By::Tract)) {
            assert!(tract.contains_key(row.op), "{}", row.op);
        }
    }

    #[test]
    fn an_operator_has_one_row() {
        let mut seen = std::collections::HashSet::new();
        for row in table::rows() {
            assert!(seen.insert((row.domain, row.op)), "{} {}", row.domain, row.op);
        }
    }
}
