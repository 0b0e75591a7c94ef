//! Ranges for each channel of a tensor.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::recipe::Recipe;
use super::values::{Batch, Seen, Values, Watch};
use crate::guard::{joined, share};
use crate::histogram::{Along, ChangedUnderneath, ChannelBins, ChannelRanges, GridSpec, Packed};
use crate::session::{Channels, Failure, Plan, Ready, Start};

/// More channels than this are refused: what is kept of each takes a few kilobytes.
pub const MAX_CHANNELS: u64 = 1 << 16;

/// What the counters of all channels that are counted at a time may take, in bytes. Where there are more, the values are
/// read several times, for a part of the channels each.
const COUNTERS: usize = 256 << 20;

/// How the channels of a tensor lie.
#[derive(Clone, Debug)]
pub(super) struct Lies {
    /// The axis, from the front.
    pub axis: usize,
    /// Of each batch.
    pub batches: Vec<Along>,
}

impl Lies {
    pub fn channels(&self) -> usize {
        self.batches.first().map_or(0, |along| along.channels)
    }

    /// Whether one channel lies behind the other, so that only one is being counted at any time.
    fn one_by_one(&self) -> bool {
        matches!(self.batches.as_slice(), [Along { runs: 1, .. }])
    }
}

/// Channels of a tensor that are counted in the same two sweeps.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// The tensor: a place in some list.
    pub tensor: usize,
    pub lies: Lies,
    /// Which channels.
    pub channels: Range<usize>,
}

/// The counters of a window, in the first sweep or in the second.
pub(super) struct Counter {
    window: Window,
    /// The batch that comes next.
    at: usize,
    sweep: Sweep,
}

enum Sweep {
    First(ChannelRanges),
    Second(ChannelBins),
}

impl Counter {
    pub fn new(window: Window, recipe: &Recipe) -> Counter {
        let count = window.lies.batches.iter().map(|along| along.run * along.runs).sum();
        let ranges = ChannelRanges::new(window.channels.clone(), count, recipe.by_batches());
        Counter { window, at: 0, sweep: Sweep::First(ranges) }
    }

    /// The place of the tensor.
    pub fn tensor(&self) -> usize {
        self.window.tensor
    }

    pub fn see(&mut self, seen: Seen) {
        match (&mut self.sweep, seen) {
            (_, Seen::Begin) => {
                let Some(&along) = self.window.lies.batches.get(self.at) else { return };
                self.at += 1;
                self.begin(along);
            }
            (Sweep::First(ranges), Seen::Values(values)) => ranges.push(values),
            (Sweep::Second(bins), Seen::Values(values)) => bins.push(values),
            (Sweep::First(ranges), Seen::End) => ranges.end_batch(),
            (Sweep::Second(bins), Seen::End) => bins.end_batch(),
        }
    }

    /// A whole batch of this shape: not that of the next one where a batch was left out.
    pub fn see_whole(&mut self, shape: &[usize], values: &[f32]) {
        let shape: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
        let Lies { axis, .. } = self.window.lies;
        let along = if axis < shape.len() { Along::new(&shape, axis, false) } else { return };
        if along.channels != self.window.lies.channels() {
            return;
        }
        self.begin(along);
        self.see(Seen::Values(values));
        self.see(Seen::End);
    }

    fn begin(&mut self, along: Along) {
        match &mut self.sweep {
            Sweep::First(ranges) => ranges.begin_batch(along),
            Sweep::Second(bins) => bins.begin_batch(along),
        }
    }

    /// The first sweep is over.
    pub fn second(self, recipe: &Recipe) -> Counter {
        let sweep = match self.sweep {
            Sweep::First(ranges) => {
                let window = self.window.channels.clone();
                Sweep::Second(ChannelBins::new(window, ranges.finish(), recipe.bins, &recipe.grids))
            }
            second => second,
        };
        Counter { at: 0, sweep, ..self }
    }

    /// Each channel's histogram, in order. `whole`: the second sweep has seen as many batches as the first.
    pub fn finish(self, whole: bool) -> Result<Vec<Packed>, ChangedUnderneath> {
        match self.sweep {
            Sweep::First(_) => Err(ChangedUnderneath),
            Sweep::Second(bins) if whole => bins.finish(),
            Sweep::Second(bins) => bins.finish_part(),
        }
    }
}

/// Shares the channels of some tensors out to as many pairs of sweeps as memory asks for: mostly one.
pub(super) fn rounds(tensors: impl IntoIterator<Item = (usize, Lies)>, recipe: &Recipe) -> Vec<Vec<Window>> {
    let at_a_time = (COUNTERS / size_of_counters(recipe)).max(1);
    let mut rounds: Vec<Vec<Window>> = Vec::new();
    let mut room = 0;
    for (tensor, lies) in tensors {
        let mut start = 0;
        while start < lies.channels() {
            if room == 0 {
                rounds.push(Vec::new());
                room = at_a_time;
            }
            let left = lies.channels() - start;
            let n = if lies.one_by_one() { left } else { left.min(room) };
            let window = Window { tensor, lies: lies.clone(), channels: start..start + n };
            rounds.last_mut().expect("there is room in it").push(window);
            start += n;
            room -= if lies.one_by_one() { 1 } else { n };
        }
    }
    rounds
}

/// Counts some windows in two sweeps over the values. `None` when it was cancelled.
pub(super) fn count_windows(
    values: &dyn Values,
    windows: &[Window],
    recipe: &Recipe,
    watch: &Watch,
) -> Result<Option<Vec<Vec<Packed>>>, Failure> {
    let mut tensors: Vec<usize> = windows.iter().map(|window| window.tensor).collect();
    tensors.dedup();
    let mut counters: Vec<Counter> = windows.iter().map(|window| Counter::new(window.clone(), recipe)).collect();
    for second in [false, true] {
        if second {
            counters = counters.into_iter().map(|counter| counter.second(recipe)).collect();
        }
        let mut see = |at: usize, seen: Seen| {
            let of = counters.iter_mut().filter(|counter| counter.tensor() == tensors[at]);
            of.for_each(|counter| counter.see(seen));
        };
        let (from, to) = if second { (0.5, 1.0) } else { (0.0, 0.5) };
        if !watch.part(from, to, |watch| values.sweep(&tensors, watch, &mut see))? {
            return Ok(None);
        }
    }
    let finished = counters.into_iter().map(|counter| {
        let tensor = counter.tensor();
        counter.finish(true).map_err(|_| values.changed(tensor))
    });
    finished.collect::<Result<_, _>>().map(Some)
}

/// Reads a tensor once more and counts each channel along `axis`, which counts from the end where it is negative. All
/// batches have the same channels. Returns the axis from the front and the channels' histograms in order; `None` when
/// it was cancelled.
///
/// # Errors
/// No such axis, batches that differ in its size, too many channels, a tensor that cannot be read again or that changed
/// between the sweeps.
pub(super) fn count(
    values: &dyn Values,
    tensor: usize,
    axis: i64,
    recipe: &Recipe,
    watch: &Watch,
) -> Result<Option<(usize, Vec<Packed>)>, Failure> {
    let lies = lies(&values.batches(tensor)?, axis)?;
    let (axis, rounds) = (lies.axis, rounds([(tensor, lies)], recipe));
    let mut all = Vec::new();
    for (i, round) in rounds.iter().enumerate() {
        let share = |i: usize| i as f64 / rounds.len() as f64;
        let counted = watch.part(share(i), share(i + 1), |watch| count_windows(values, round, recipe, watch))?;
        let Some(counted) = counted else { return Ok(None) };
        all.extend(counted.into_iter().flatten());
    }
    Ok(Some((axis, all)))
}

/// How the channels along `axis` lie in each batch.
///
/// # Errors
/// No such axis, no channels or too many, or batches that differ.
pub(super) fn lies(batches: &[Batch], axis: i64) -> Result<Lies, Failure> {
    let mut lies = Lies { axis: 0, batches: Vec::with_capacity(batches.len()) };
    for batch in batches {
        let (shape, axes) = (&batch.shape, batch.shape.len() as i64);
        if shape.is_empty() {
            return Err(batch.error("is a single number, which has no channels; leave it per tensor."));
        }
        let at = if axis < 0 { axis + axes } else { axis };
        if !(0..axes).contains(&at) {
            let remedy = match axes - 1 {
                0 => "choose 0".to_owned(),
                last => format!("choose one of 0 to {last}, or -1 for the last"),
            };
            return Err(batch.error(format!("has the shape {shape:?} and no axis {axis}; {remedy}.")));
        }
        let size = shape[at as usize];
        let along = Along::new(shape, at as usize, batch.fortran_order);
        match lies.batches.first() {
            None if size == 0 => {
                let what = format!("has the shape {shape:?}, so that axis {axis} has no channels; choose another.");
                return Err(batch.error(what));
            }
            None if size > MAX_CHANNELS => {
                let what = format!(
                    "has {size} channels along axis {axis}, and qviz takes {MAX_CHANNELS}; choose another axis."
                );
                return Err(batch.error(what));
            }
            Some(first) if along.channels != first.channels || at as usize != lies.axis => {
                let channels = first.channels;
                return Err(batch.error(format!(
                    "has {size} channels along axis {axis} where the batch before it has {channels}; choose an axis that \
                     all batches share."
                )));
            }
            _ => {}
        }
        lies.axis = at as usize;
        lies.batches.push(along);
    }
    Ok(lies)
}

/// Tries every method on each channel and chooses as `start` says, on several threads. `None` when it was cancelled.
/// `progress` is told the share of the work that is done, 0 to 1.
pub fn analyse_channels(
    (axis, channels): (usize, Vec<Packed>),
    plan: &Plan,
    start: &Start,
    threads: usize,
    progress: &dyn Fn(f64),
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Channels> {
    let next = AtomicUsize::new(0);
    let work = |tell: &dyn Fn(f64)| {
        let mut done = Vec::new();
        while !cancelled() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(packed) = channels.get(at) else { break };
            tell(at as f64 / channels.len() as f64);
            let start = start.channel(axis, at, channels.len());
            done.push((at, Ready::begin(Arc::new(packed.unpack()), plan, &start).packed(packed.clone())));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| share(|| work(&|_| {})))).collect();
        let mut done = work(progress);
        for other in others {
            done.extend(joined(other.join()));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    (done.len() == channels.len()).then(|| Channels { axis, ready: done.into_iter().map(|(_, ready)| ready).collect() })
}

/// What it takes to count one channel: magnitude bins of both signs, further grids, and what is gathered.
fn size_of_counters(recipe: &Recipe) -> usize {
    let bins = |grid: &GridSpec| match *grid {
        GridSpec::Numpy { bins }
        | GridSpec::NvidiaTorch { bins }
        | GridSpec::NvidiaNumpy { bins }
        | GridSpec::Ort { bins }
        | GridSpec::OrtMagnitude { bins }
        | GridSpec::Ncnn { bins } => bins,
    };
    let all = 2 * recipe.bins + recipe.grids.iter().map(bins).sum::<usize>();
    16 * all + (24 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_share_their_sweeps_until_memory_ends() {
        let recipe = Recipe::magnitudes(32_768);
        let at_a_time = COUNTERS / size_of_counters(&recipe);
        let lies = |channels: usize, runs| Lies { axis: 0, batches: vec![Along { channels, run: 4, runs }] };
        let shared = |all: &[(usize, u64)]| {
            let all = all.iter().enumerate().map(|(tensor, &(channels, runs))| (tensor, lies(channels, runs)));
            let rounds = rounds(all, &recipe).into_iter();
            rounds
                .map(|round| round.into_iter().map(|w| (w.tensor, w.channels)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(shared(&[(3, 2), (2, 2)]), [[(0, 0..3), (1, 0..2)]]);
        let n = at_a_time;
        assert_eq!(
            shared(&[(n - 1, 2), (n + 2, 2)]),
            [vec![(0, 0..n - 1), (1, 0..1)], vec![(1, 1..n + 1)], vec![(1, n + 1..n + 2)]]
        );
        // Of a weight's first axis one channel is counted at a time.
        assert_eq!(shared(&[(9 * n, 1), (1, 2)]), [[(0, 0..9 * n), (1, 0..1)]]);
    }
}
