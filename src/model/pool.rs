//! Constants that several plans have in common.
//!
//! Each plan is made of the file anew, and would bring its own copy of all weights, packed as its products want them.
//! Plans of different shapes pack most weights alike: what is equal is kept once.

use std::collections::HashMap;
use std::sync::Arc;
use tract_onnx::prelude::{Tensor, TractResult, TypedModel};
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::matmul::optimized::{MatMulOperand, OptMatMul, ProtoFusedSpec};

/// The constants of all plans that were made so far and are still there, by the nodes that hold them.
#[derive(Default)]
pub(super) struct Pool {
    tensors: HashMap<String, Vec<Arc<Tensor>>>,
    /// Packed into a product, where only the product knows how.
    packed: HashMap<(String, usize), Vec<MatMulOperand>>,
}

/// More than so many different ones of one node are not looked through.
const DIFFERENT: usize = 4;

impl Pool {
    /// Puts what is known already in the place of what is equal to it.
    pub fn share(&mut self, model: &mut TypedModel) -> TractResult<()> {
        for node in &mut model.nodes {
            if let Some(constant) = node.op_as::<Const>() {
                let known = self.tensors.entry(node.name.clone()).or_default();
                let tensor = constant.val();
                match known.iter().find(|known| known == &tensor) {
                    Some(known) => {
                        let fact = constant.exotic_fact().map(tract_onnx::tract_core::dyn_clone::clone_box);
                        let shared = Const::new_with_opt_exotic_fact(known.clone(), fact)?;
                        node.outputs[0].fact.konst = Some(known.clone());
                        node.op = Box::new(shared);
                    }
                    None if known.len() < DIFFERENT => known.push(tensor.clone()),
                    None => {}
                }
            }
            let name = node.name.clone();
            if let Some(product) = node.op_as_mut::<OptMatMul>() {
                let operands = product.micro_ops.iter_mut().flat_map(|op| match op {
                    ProtoFusedSpec::AddMatMul { a, b, .. } => vec![a, b],
                    _ => Vec::new(),
                });
                for (place, operand) in operands.enumerate().filter(|(_, o)| matches!(o, MatMulOperand::Const(_))) {
                    let known = self.packed.entry((name.clone(), place)).or_default();
                    match known.iter().find(|known| *known == operand) {
                        Some(known) => *operand = known.clone(),
                        None if known.len() < DIFFERENT => known.push(operand.clone()),
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }
}
