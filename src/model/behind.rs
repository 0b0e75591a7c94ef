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

/// The part of a plan between some activations and what is compared: its outputs, or values before them.
pub(super) struct Behind {
    pub steps: Vec<Step>,
    pub ends: Vec<Source>,
    /// Where each value from elsewhere is kept.
    pub kept: BTreeMap<OutletId, usize>,
}

impl Behind {
    /// What follows these of the plan's activations on the way to `ends`, and what that needs from elsewhere.
    pub fn of(variant: &Variant, tensors: &[usize], ends: &[OutletId]) -> Behind {
        let model = variant.plan.model();
        let order = variant.plan.order_without_consts();
        let is_tried = |node: usize| tapped(variant, node).is_some_and(|activation| tensors.contains(&activation));
        let mut behind: HashSet<usize> = HashSet::new();
        for &node in order {
            if is_tried(node) || model.node(node).inputs.iter().any(|input| behind.contains(&input.node)) {
                behind.insert(node);
            }
        }
        // What no end depends on is of no effect.
        let mut needed: HashSet<usize> = ends.iter().map(|end| end.node).collect();
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
        let ends: Vec<Source> = ends.iter().map(|&end| source(end)).collect();
        let mut wanted: HashSet<usize> = ends.iter().filter_map(Source::made_at).collect();
        for step in steps.iter_mut().rev() {
            for source in &step.inputs {
                if let Source::Node(outlet) = source
                    && wanted.insert(outlet.node)
                {
                    step.done.push(outlet.node);
                }
            }
        }
        Behind { steps, ends, kept }
    }
}

impl Source {
    /// The node behind the activations that makes it.
    fn made_at(&self) -> Option<usize> {
        if let Source::Node(outlet) = self { Some(outlet.node) } else { None }
    }
}

/// Where what follows these of the plan's activations first comes to one of those that `stops` (by their places in the
/// plan, the tried ones aside), or leaves the network: the values before these.
pub(super) fn next(variant: &Variant, tensors: &[usize], stops: &dyn Fn(usize) -> bool) -> Vec<OutletId> {
    let model = variant.plan.model();
    let mut reached: HashSet<usize> = HashSet::new();
    let mut ends: Vec<OutletId> = Vec::new();
    for &node in variant.plan.order_without_consts() {
        let tap = tapped(variant, node);
        if tap.is_some_and(|activation| tensors.contains(&activation)) {
            reached.insert(node);
            continue;
        }
        let inputs = &model.node(node).inputs;
        if !inputs.iter().any(|input| reached.contains(&input.node)) {
            continue;
        }
        match tap {
            Some(activation) if stops(activation) => ends.push(inputs[0]),
            _ => drop(reached.insert(node)),
        }
    }
    ends.extend(variant.outputs.iter().filter(|output| reached.contains(&output.node)));
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The activation that is tapped at a node.
fn tapped(variant: &Variant, node: usize) -> Option<usize> {
    variant.plan.model().node(node).op_as::<Tap>().map(|tap| tap.activation)
}
