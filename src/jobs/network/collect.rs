//! Running a network over its samples for the sake of what its tensors hold.

use std::ops::Range;

use super::run::Runs;
use super::setup::Setup;
use crate::histogram::{Histogram, Packed};
use crate::jobs::channels::Window;
use crate::jobs::gather::Gather;
use crate::jobs::recipe::Recipe;
use crate::model::ModelError;

/// How a collection is told what to do, and tells how far it is.
pub(super) struct Watch<'a> {
    /// Runs done, and runs in all.
    pub progress: &'a dyn Fn(usize, usize),
    /// Whether to leave at once, without a result.
    pub cancelled: &'a dyn Fn() -> bool,
    /// Whether the present pass shall end with the samples seen so far. A yes is said once.
    pub stopped: &'a dyn Fn() -> bool,
}

/// What was collected.
pub(super) struct Collected {
    /// Of each activation, in the graph's order, and behind them of each joint.
    pub histograms: Vec<Option<Histogram>>,
    /// The channels of each window that was asked for; `None` where other values came the second time.
    pub channels: Vec<Option<Vec<Packed>>>,
    /// The samples that the counts are of: indices into all.
    pub samples: Vec<usize>,
    /// How many of these reached each activation.
    pub reached: Vec<usize>,
    /// Samples that could not be used, each with a sentence.
    pub skipped: Vec<ModelError>,
    /// Whether it was stopped before the last sample.
    pub stopped: bool,
}

/// Why a pass over the samples ended early.
enum Broken {
    Cancelled,
    /// This sample (an index into those in use) cannot be run.
    Sample(usize, ModelError),
}

/// What is to be counted.
pub(super) struct Wanted<'a> {
    /// The grids to count on.
    pub recipe: &'a Recipe,
    /// The samples to run: indices into all.
    pub samples: &'a [usize],
    /// Of each activation, whether it is counted; the histograms of the others are empty.
    pub counted: &'a [bool],
    /// Activations whose values are counted as one too.
    pub joints: &'a [Vec<usize>],
    /// Channels of activations.
    pub channels: &'a [Window],
    /// Whether the samples are run only once.
    pub one_pass: bool,
    /// Threads that count.
    pub threads: usize,
}

/// Runs the samples, twice unless in one pass, and counts what every activation holds, and what is wanted besides.
/// `None` when it was cancelled.
///
/// A sample that cannot be loaded or run is skipped. Where one turns out bad in the middle of a run, the pass begins
/// anew without it, so that nothing of it is counted.
///
/// # Errors
///
/// No sample at all can be used: the first one's reason.
pub(super) fn collect(
    setup: &Setup,
    runs: &Runs,
    wanted: &Wanted,
    watch: &Watch,
) -> Result<Option<Collected>, ModelError> {
    let &Wanted { recipe, samples, counted, joints, channels, one_pass, threads } = wanted;
    let mut using = samples.to_vec();
    let mut skipped = Vec::new();
    let tensors = setup.engine.tensors().len();
    let passes = if one_pass { 1 } else { 2 };
    loop {
        let gather = Gather::with_joints(tensors, joints, recipe, one_pass, threads);
        let mut gather = gather.with_channels(channels);
        let mut broken = pass((setup, runs, counted), &mut using, &mut skipped, &mut gather, 0..passes, watch);
        let mut seen = gather.samples();
        let mut whole = true;
        if broken.is_none() && gather.wants_second_pass() {
            using.truncate(seen);
            gather = gather.second_pass();
            broken = pass((setup, runs, counted), &mut using, &mut skipped, &mut gather, 1..passes, watch);
            whole = gather.samples() == seen;
            seen = gather.samples();
        }
        match broken {
            Some(Broken::Cancelled) => return Ok(None),
            Some(Broken::Sample(at, why)) => {
                using.remove(at);
                skipped.push(why);
                if using.is_empty() {
                    return Err(skipped.swap_remove(0));
                }
            }
            None => {
                using.truncate(seen);
                let stopped = using.len() + skipped.len() < samples.len();
                let reached = gather.came();
                let (histograms, channels) = gather.finish_all(whole);
                return Ok(Some(Collected { histograms, channels, samples: using, reached, skipped, stopped }));
            }
        }
    }
}

/// One pass over the samples, at least one of them; `passes` are this one and those to come.
fn pass(
    (setup, runs, counted): (&Setup, &Runs, &[bool]),
    using: &mut Vec<usize>,
    skipped: &mut Vec<ModelError>,
    gather: &mut Gather,
    passes: Range<usize>,
    watch: &Watch,
) -> Option<Broken> {
    let mut at = 0;
    while at < using.len() {
        (watch.progress)(passes.start * using.len() + at, passes.end * using.len());
        if at > 0 && (watch.stopped)() {
            return None;
        }
        let values = match setup.samples.get(using[at]) {
            Ok(values) => values,
            // Nothing of it was seen yet.
            Err(why) if passes.start == 0 && using.len() > 1 => {
                using.remove(at);
                skipped.push(why);
                continue;
            }
            Err(why) => return Some(Broken::Sample(at, why)),
        };
        match runs.run(
            setup,
            &values,
            &mut |tensor, shape, values| {
                if counted[tensor] {
                    gather.push_shaped(tensor, shape, values);
                }
            },
            watch.cancelled,
        ) {
            Ok(true) => gather.end_sample(),
            Ok(false) => return Some(Broken::Cancelled),
            Err(why) => return Some(Broken::Sample(at, why)),
        }
        at += 1;
    }
    (watch.progress)((passes.start + 1) * using.len(), passes.end * using.len());
    None
}
