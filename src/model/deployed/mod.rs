//! A network as it is deployed: what a runtime makes of the file before it quantizes anything.
//!
//! ```text
//! file --identity--> one tensor, one name --fold--> batch norms inside the weights before them
//! ```
//!
//! An exporter writes down how a network was trained: with batch norms behind its products, with Dropout, with several
//! names for one tensor. No runtime computes these. Scales of the file's own weights would fit weights that nobody has.
//! What is left keeps the file's names, and a record says what became of the rest.
//!
//! ONNX Runtime's fusions are the model, so that tensors and weights are those of its `quant_pre_process`.

mod affine;
mod batch_norm;
mod fold;
mod identity;
mod product;
pub(super) mod record;
mod uses;

use record::Record;
use std::path::Path;
use tract_onnx::pb::GraphProto;

/// Makes of the file's graph the one that is deployed. Constants in other files are looked for in `folder`; what cannot be
/// read is left as it is, for whoever needs it to say so.
pub(super) fn deploy(graph: &mut GraphProto, opset: i64, folder: &Path) -> Record {
    let mut record = Record::default();
    identity::merge(graph, opset, folder, &mut record);
    fold::fold(graph, opset, folder, &mut record);
    record
}
