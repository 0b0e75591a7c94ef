//! Activations that share one range: those that were tied beforehand, counted in the same runs as all others, and those
//! that are tied later.

use std::sync::Arc;

use super::Shared;
use super::work::Run;
use crate::calibrate::Measure;
use crate::histogram::Histogram;
use crate::input::InputError;
use crate::jobs::{Event, Gather, Group};
use crate::session::{Joint, Start};

impl Shared {
    /// The groups that were asked for, and the inputs of each `Concat`. What was asked for and cannot be is told.
    pub(super) fn groups(&self, run: &Run) -> Vec<Group> {
        let concats = run.setup.graph.concats().iter().map(|concat| (concat.node.clone(), concat.inputs.clone()));
        let (groups, errors) = self.order.ties.groups(&run.layers, &self.order.plan, &concats.collect::<Vec<_>>());
        for message in errors {
            let result = Err(InputError { file: run.setup.network.file().to_owned(), message });
            (self.tell)(Event::Tied { layers: Vec::new(), requested: false, result });
        }
        groups
    }

    /// Chooses for the values of each group, as its first tensor begins.
    pub(super) fn joints(
        &self,
        run: &Run,
        groups: &[Group],
        histograms: Vec<Option<Histogram>>,
    ) -> Vec<Result<Joint, InputError>> {
        let joint = |(group, histogram): (&Group, Option<Histogram>)| {
            let start = self.order.plan.start(&run.layers[group.of[0]].subject());
            self.joint(run, group, histogram, &start)
        };
        groups.iter().zip(histograms).map(joint).collect()
    }

    fn joint(
        &self,
        run: &Run,
        group: &Group,
        histogram: Option<Histogram>,
        start: &Start,
    ) -> Result<Joint, InputError> {
        let (of, why) = (group.of.clone(), group.why());
        let histogram = histogram.ok_or_else(|| {
            let file = run.setup.network.file().to_owned();
            let name = &run.layers[of[0]].name();
            let message =
                format!("{file} gives other values for {name} when it is run again on the same input; use --one-pass.");
            InputError { file, message }
        })?;
        let ready = crate::session::Ready::begin(Arc::new(histogram), &self.order.plan, start);
        Ok(Joint { of, why, ready, measured: Vec::new() })
    }

    /// Measures what each joint's choice costs on the values of its tensors, in one more run over the samples. Returns
    /// whether it was not cancelled.
    pub(super) fn measure_joints(&self, run: &Run, joints: &mut [Result<Joint, InputError>]) -> bool {
        let mut measures: Vec<Option<Measure>> = run.setup.graph.tensors().iter().map(|_| None).collect();
        for joint in joints.iter().flatten() {
            let measure = || Measure::new(joint.ready.choice().clip, joint.ready.format());
            joint.of.iter().for_each(|&layer| measures[layer] = Some(measure()));
        }
        if measures.iter().all(Option::is_none) {
            return true;
        }
        let seen = self.run_again(run, &mut |tensor, values| {
            if let Some(measure) = &mut measures[tensor] {
                measure.push(values);
            }
        });
        match seen {
            None => return false,
            // The layers themselves say what is wrong.
            Some(Err(_)) => return true,
            Some(Ok(())) => {}
        }
        for joint in joints.iter_mut().flatten() {
            let finished = joint.of.iter().filter_map(|&layer| Some(measures[layer].take()?.finish()));
            joint.measured = finished.collect();
        }
        true
    }

    /// Runs the samples again for the sake of some activations together, and tells. Returns false when it was cancelled.
    pub(super) fn tell_tie(&self, run: &Run, of: Vec<usize>, start: Start) -> bool {
        let file = run.setup.network.file().to_owned();
        let weight = of.iter().find(|&&layer| layer >= run.setup.graph.tensors().len());
        let result = match weight {
            Some(&weight) => {
                let name = &run.layers[weight].name();
                let message = format!("{file}: {name} is a weight, which shares no range; tie activations only.");
                Err(InputError { file, message })
            }
            None => match self.counted_together(run, &of) {
                None => return false,
                Some(Err(why)) => Err(why),
                Some(Ok(histogram)) => {
                    self.joint(run, &Group { of: of.clone(), concats: Vec::new() }, histogram, &start).map(Box::new)
                }
            },
        };
        (self.tell)(Event::Tied { layers: of, requested: true, result });
        true
    }

    /// The histogram of all values of some activations, as the runs of the beginning would have given it. `None` when it
    /// was cancelled.
    fn counted_together(&self, run: &Run, of: &[usize]) -> Option<Result<Option<Histogram>, InputError>> {
        let (recipe, threads) = (&self.order.recipe, self.order.threads);
        let mut gather = Gather::new(1, recipe, self.order.one_pass, threads);
        loop {
            // Each is seen once a sample.
            let mut seen = 0;
            let ran = self.run_again(run, &mut |tensor, values| {
                if of.contains(&tensor) {
                    gather.push(0, values);
                    seen += 1;
                    if seen % of.len() == 0 {
                        gather.end_sample();
                    }
                }
            })?;
            if let Err(why) = ran {
                return Some(Err(why));
            }
            if !gather.wants_second_pass() {
                return Some(Ok(gather.finish(true).pop().flatten()));
            }
            gather = gather.second_pass();
        }
    }
}
