//! What grids of single activations do to the quantized tensors that are next behind them.

use super::behind::{Behind, next};
use super::error::ModelError;
use super::graph::{Course, Graph};
use super::reference::{incomparable, same_shapes};
use super::rerun::{self, Elsewhere, Failed};
use super::score::{Loss, Score};
use super::sizes;
use super::tap::Tap;
use super::variant::Cancelled;
use crate::quant::QuantParams;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tract_onnx::prelude::{TValue, Tensor};
use tract_onnx::tract_core::internal::{IntoArcTensor, OutletId, SymbolValues};
use tract_onnx::tract_core::plan;

/// Activations, each tried alone, and compared where what follows them first comes to another quantized tensor, or to an
/// output.
///
/// One run of the float network over a sample serves all of them: what lies between a tensor and the next ones is run
/// again as soon as the values around it are there, and these are let go behind it.
pub struct Nearby<'a> {
    graph: &'a Graph,
    /// What shares a grid is tried together.
    groups: &'a [Vec<usize>],
    /// Of each activation, whether it is quantized.
    quantized: Vec<bool>,
}

/// What a grid does: of each end by itself.
pub type AtEnds = Vec<Loss>;

impl<'a> Nearby<'a> {
    /// Of groups of activations, in a network that quantizes these.
    pub fn new(graph: &'a Graph, groups: &'a [Vec<usize>], quantized: &[usize]) -> Nearby<'a> {
        let mut is_quantized = vec![false; graph.grids.len()];
        quantized.iter().for_each(|&tensor| is_quantized[tensor] = true);
        Nearby { graph, groups, quantized: is_quantized }
    }

    /// Tries grids on each group, on one sample, and answers what each does; nothing for a group that the sample does not
    /// reach, or that leads nowhere. `None` when it was `cancelled`.
    ///
    /// # Errors
    ///
    /// The sample does not fit, a node fails, or a grid gives a value another shape.
    pub fn tried(
        &self,
        sample: &[Tensor],
        grids: &[Vec<QuantParams>],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<Vec<AtEnds>>>, ModelError> {
        assert_eq!(grids.len(), self.groups.len(), "grids for each group");
        let Some(course) = self.graph.course(sample, cancelled)? else { return Ok(None) };
        let variant = course.variant();
        let none = vec![None; variant.activations.len()];
        let mut pass = Pass::new(self, &course, grids);
        let mut failed = None;
        let has_failed = Cell::new(false);
        let ended = || cancelled() || has_failed.get();
        let ran = variant.execute(sample, self.graph.executor(), &ended, &mut |ctx, state, node, inputs| {
            let results = match node.op_as::<Tap>() {
                Some(tap) => variant.pass(tap, node, inputs, &none)?,
                None => plan::eval(ctx, state, node, inputs)?,
            };
            sizes::learn(&mut pass.sizes, node, &results);
            for (slot, result) in results.iter().enumerate() {
                if let Err(why) = pass.made(OutletId::new(node.id, slot), result, cancelled) {
                    failed = Some(why);
                    has_failed.set(true);
                }
            }
            Ok(results)
        })?;
        match failed {
            None => Ok(ran.map(|_| pass.found)),
            Some(why) if why.error.is::<Cancelled>() => Ok(None),
            Some(Failed { node: Some(node), error }) => Err(variant.node_error(Some(node), &error)),
            Some(Failed { node: None, error }) => Err(ModelError::new(self.graph.file(), incomparable(&error))),
        }
    }
}

/// One run over a sample, with the groups that wait for its values.
struct Pass<'a> {
    nearby: &'a Nearby<'a>,
    course: &'a Course,
    grids: &'a [Vec<QuantParams>],
    groups: Vec<Waiting>,
    /// The groups that want a value.
    wanted: BTreeMap<OutletId, Vec<usize>>,
    values: BTreeMap<OutletId, Arc<Tensor>>,
    sizes: SymbolValues,
    found: Vec<Vec<AtEnds>>,
}

/// A group in one plan.
struct Waiting {
    behind: Behind,
    ends: Vec<OutletId>,
    /// The values around it that are not made yet.
    missing: BTreeSet<OutletId>,
}

impl<'a> Pass<'a> {
    fn new(nearby: &'a Nearby, course: &'a Course, grids: &'a [Vec<QuantParams>]) -> Pass<'a> {
        let variant = course.variant();
        let is_quantized = |at: usize| course.places[at].is_some_and(|place| nearby.quantized[place]);
        let waiting = |group: &Vec<usize>| {
            let is_tried = |at: &usize| course.places[*at].is_some_and(|place| group.contains(&place));
            let tried: Vec<usize> = (0..course.places.len()).filter(is_tried).collect();
            let ends = next(variant, &tried, &is_quantized);
            let behind = Behind::of(variant, &tried, &ends);
            let missing = behind.kept.keys().chain(&ends).copied().collect();
            Waiting { behind, ends, missing }
        };
        let groups: Vec<Waiting> = nearby.groups.iter().map(waiting).collect();
        let mut wanted: BTreeMap<OutletId, Vec<usize>> = BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            group.missing.iter().for_each(|&outlet| wanted.entry(outlet).or_default().push(at));
        }
        let found = vec![Vec::new(); groups.len()];
        let (values, sizes) = (BTreeMap::new(), SymbolValues::default());
        Pass { nearby, course, grids, groups, wanted, values, sizes, found }
    }

    /// Takes a value that the run has made, and tries the groups that had waited for it alone.
    fn made(&mut self, outlet: OutletId, value: &TValue, cancelled: &dyn Fn() -> bool) -> Result<(), Failed> {
        let Some(waiting) = self.wanted.get(&outlet) else { return Ok(()) };
        self.values.insert(outlet, value.clone().into_arc_tensor());
        let complete = |&&at: &&usize| self.groups[at].missing.iter().all(|missing| *missing == outlet);
        let complete: Vec<usize> = waiting.iter().filter(complete).copied().collect();
        for &at in waiting {
            self.groups[at].missing.remove(&outlet);
        }
        for &at in &complete {
            self.found[at] = self.tried(at, cancelled)?;
        }
        // What no other group needs is let go.
        for at in complete {
            let Waiting { behind, ends, .. } = &self.groups[at];
            for around in behind.kept.keys().chain(ends) {
                if self.wanted[around].iter().all(|&other| self.groups[other].missing.is_empty()) {
                    self.values.remove(around);
                }
            }
        }
        Ok(())
    }

    /// Runs a group on each of its grids.
    fn tried(&self, at: usize, cancelled: &dyn Fn() -> bool) -> Result<Vec<AtEnds>, Failed> {
        let Waiting { behind, ends, .. } = &self.groups[at];
        let mut around: Vec<(usize, Arc<Tensor>)> =
            behind.kept.iter().map(|(outlet, place)| (*place, self.values[outlet].clone())).collect();
        around.sort_by_key(|(place, _)| *place);
        let values = around.into_iter().map(|(_, value)| value).collect();
        let elsewhere = Elsewhere { values, sizes: self.sizes.clone() };
        let in_float: Vec<Arc<Tensor>> = ends.iter().map(|end| self.values[end].clone()).collect();
        let tried = |grid: &QuantParams| {
            let mut all = vec![None; self.nearby.quantized.len()];
            self.nearby.groups[at].iter().for_each(|&tensor| all[tensor] = Some(*grid));
            let (variant, grids) = (self.course.variant(), self.course.grids(&all));
            let outputs = rerun::run(variant, behind, &elsewhere, &grids, cancelled)?;
            let name = |end: usize| variant.plan.model().node(ends[end].node).name.clone();
            let compared = same_shapes(&in_float, &outputs, name).and_then(|()| Score::of(&in_float, &outputs));
            Ok(compared.map_err(|error| Failed { node: None, error })?.losses())
        };
        self.grids[at].iter().map(tried).collect()
    }
}
