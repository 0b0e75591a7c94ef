//! What lies behind some activations: the nodes to run when only their grids change.

use super::tap::Tap;
use super::variant::Variant;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use tract_onnx::prelude::Tensor;
use tract_onnx::tract_core::internal::OutletId;
use tract_onnx::tract_core::ops::konst::Const;

/// One node behind the activations.
pub(super) struct Step {
    pub node: usize,
    pub inputs: Vec<Source>,
    /// The nodes whose results nobody needs after this one.
    pub done: Vec<usize>,
}

/// Where a node behind the activations has an input from.
#[derive(Clone)]
pub(super) enum Source {
    /// It was kept: its place among those.
    Kept(usize),
    /// It is the same for all samples.
    Constant(Arc<Tensor>),
    /// It is made behind the activations too.
    Node(OutletId),
}

/// The part of a plan between some activations and its outputs.
pub(super) struct Behind {
    pub steps: Vec<Step>,
    pub outputs: Vec<Source>,
    /// Where each value from elsewhere is kept.
    pub kept: BTreeMap<OutletId, usize>,
}

impl Behind {
    /// What follows these of the plan's activations, and what that needs from elsewhere.
    pub fn of(variant: &Variant, tensors: &[usize]) -> Behind {
        let model = variant.plan.model();
        let order = variant.plan.order_without_consts();
        let is_tried =
            |node: usize| model.node(node).op_as::<Tap>().is_some_and(|tap| tensors.contains(&tap.activation));
        let mut behind: HashSet<usize> = HashSet::new();
        for &node in order {
            if is_tried(node) || model.node(node).inputs.iter().any(|input| behind.contains(&input.node)) {
                behind.insert(node);
            }
        }
        // What no output depends on is of no effect.
        let mut needed: HashSet<usize> = variant.outputs.iter().map(|output| output.node).collect();
        for &node in order.iter().rev() {
            if needed.contains(&node) {
                needed.extend(model.node(node).inputs.iter().map(|input| input.node));
            }
        }
        let mut inside: HashSet<usize> = behind.intersection(&needed).copied().collect();
        // What is not plain numbers, such as the packed side of a product, is made again from what is: it could neither
        // be counted as memory nor be kept without its own copy of the values.
        for &node in order.iter().rev() {
            if inside.contains(&node) {
                let inputs = model.node(node).inputs.iter();
                let packed = inputs.filter(|input| model.outlet_fact(**input).is_ok_and(|fact| fact.is_exotic()));
                let packed = packed.map(|input| input.node).filter(|&node| !model.node(node).op_is::<Const>());
                inside.extend(packed.collect::<Vec<_>>());
            }
        }
        let nodes: Vec<usize> = order.iter().copied().filter(|node| inside.contains(node)).collect();
        let mut kept = BTreeMap::new();
        let mut source = |outlet: OutletId| {
            let node = model.node(outlet.node);
            match node.op_as::<Const>() {
                Some(constant) => Source::Constant(constant.val().clone()),
                None if inside.contains(&outlet.node) => Source::Node(outlet),
                None => {
                    let next = kept.len();
                    Source::Kept(*kept.entry(outlet).or_insert(next))
                }
            }
        };
        let mut steps: Vec<Step> = nodes
            .iter()
            .map(|&node| Step {
                node,
                inputs: model.node(node).inputs.iter().map(|&input| source(input)).collect(),
                done: Vec::new(),
            })
            .collect();
        let outputs: Vec<Source> = variant.outputs.iter().map(|&output| source(output)).collect();
        let mut wanted: HashSet<usize> = variant.outputs.iter().map(|output| output.node).collect();
        for step in steps.iter_mut().rev() {
            for source in &step.inputs {
                if let Source::Node(outlet) = source
                    && wanted.insert(outlet.node)
                {
                    step.done.push(outlet.node);
                }
            }
        }
        Behind { steps, outputs, kept }
    }
}
