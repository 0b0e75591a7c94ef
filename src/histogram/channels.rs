//! The two passes for each channel of a tensor along one axis.
//!
//! Values come in the order of the file, so that a channel's own lie in runs. They are gathered for each channel and
//! handed to its pass in pieces; a channel's histogram is the one that [`Histogram::of_batches`](super::Histogram) would
//! make of its values alone. Counters stand only between a channel's first value and its last, and what is left of a
//! channel is [`Packed`]: the first axis of a weight takes one channel's counters at a time.

use std::ops::Range;

use super::{BatchRange, BinPass, ChangedUnderneath, GridSpec, Packed, RangePass, Stats};

/// How the channels of one array lie in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// How many channels there are: the size of the axis.
    pub channels: usize,
    /// How many values of one channel lie side by side.
    pub run: u64,
    /// How many such runs each channel has.
    pub runs: u64,
}

impl Along {
    /// The channels of an array of this `shape` along `axis`, whose last axis changes fastest in the file, or whose
    /// first one does (`fortran_order`).
    ///
    /// # Panics
    ///
    /// If there is no such axis.
    pub fn new(shape: &[u64], axis: usize, fortran_order: bool) -> Along {
        let (before, after) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
        let (runs, run) = if fortran_order { (after, before) } else { (before, after) };
        Along { channels: shape[axis] as usize, run, runs }
    }
}

/// Values gathered for one channel before its pass is bothered with them.
const GATHERED: usize = 1024;

/// Deals the values of a file out to a window of its channels.
#[derive(Debug)]
struct Deal {
    along: Along,
    window: Range<usize>,
    /// Values of each channel of the window that were not handed on yet.
    gathered: Vec<Vec<f32>>,
    /// The channel that the next value belongs to, and how many more of its run come.
    channel: usize,
    left: u64,
}

impl Deal {
    fn new(window: Range<usize>) -> Deal {
        let along = Along { channels: 0, run: 0, runs: 0 };
        Deal { along, gathered: vec![Vec::new(); window.len()], window, channel: 0, left: 0 }
    }

    fn begin(&mut self, along: Along) {
        (self.along, self.channel, self.left) = (along, 0, along.run);
    }

    /// Takes the file's next values; `hand` is told the place of a channel in the window, and some of its values.
    fn push(&mut self, mut values: &[f32], hand: &mut dyn FnMut(usize, &[f32])) {
        while !values.is_empty() {
            let (run, rest) = values.split_at(values.len().min(self.left as usize));
            let place = self.window.contains(&self.channel).then(|| self.channel - self.window.start);
            if let Some(place) = place {
                let gathered = &mut self.gathered[place];
                if gathered.len() + run.len() < GATHERED {
                    gathered.extend_from_slice(run);
                } else {
                    hand(place, gathered);
                    gathered.clear();
                    hand(place, run);
                }
            }
            self.left -= run.len() as u64;
            if self.left == 0 {
                if let Some(place) = place.filter(|_| self.along.runs == 1) {
                    self.flush(place, hand); // nothing more of it comes
                }
                self.left = self.along.run;
                self.channel = (self.channel + 1) % self.along.channels;
            }
            values = rest;
        }
    }

    /// Hands on what is still gathered of one channel, and gives its room back.
    fn flush(&mut self, place: usize, hand: &mut dyn FnMut(usize, &[f32])) {
        let gathered = std::mem::take(&mut self.gathered[place]);
        hand(place, &gathered);
    }
}

/// The first pass over each channel of a window: its totals, range and moments.
#[derive(Debug)]
pub struct ChannelRanges {
    deal: Deal,
    ranging: Ranging,
}

/// How far each channel of the window is.
#[derive(Debug)]
struct Ranging {
    /// Values of one channel in all batches.
    count: u64,
    passes: Vec<RangePass>,
    done: Vec<Stats>,
    /// Of each batch in which a channel has values, where that is wanted.
    batches: Option<Vec<Vec<BatchRange>>>,
}

/// What the first pass has found of a window's channels.
#[derive(Clone, Debug)]
pub struct Ranges {
    stats: Vec<Stats>,
    batches: Vec<Vec<BatchRange>>,
}

impl Ranging {
    fn take(&mut self, place: usize, values: &[f32]) {
        if let Some(range) = self.batches.as_mut().and_then(|batches| batches[place].last_mut()) {
            range.push(values);
        }
        let pass = &mut self.passes[place];
        pass.push(values);
        if pass.count() == self.count {
            // Its buffer is not needed any longer.
            self.done[place] = std::mem::take(pass).finish();
        }
    }
}

impl ChannelRanges {
    /// A pass over the channels in `window`, each of which has `count` values in all batches together; `by_batches`
    /// where a grid wants each batch's range.
    pub fn new(window: Range<usize>, count: u64, by_batches: bool) -> ChannelRanges {
        let n = window.len();
        let batches = by_batches.then(|| vec![Vec::new(); n]);
        let ranging = Ranging { count, passes: vec![RangePass::new(); n], done: vec![Stats::default(); n], batches };
        ChannelRanges { deal: Deal::new(window), ranging }
    }

    /// An array comes next, whose channels lie like this.
    pub fn begin_batch(&mut self, along: Along) {
        self.deal.begin(along);
        if let Some(batches) = self.ranging.batches.as_mut().filter(|_| along.run * along.runs > 0) {
            batches.iter_mut().for_each(|batches| batches.push(BatchRange::default()));
        }
    }

    /// Takes the array's next values, in the order of the file.
    pub fn push(&mut self, values: &[f32]) {
        let ChannelRanges { deal, ranging } = self;
        deal.push(values, &mut |place, values| ranging.take(place, values));
    }

    /// The array is complete.
    pub fn end_batch(&mut self) {
        let ChannelRanges { deal, ranging } = self;
        for place in 0..deal.window.len() {
            deal.flush(place, &mut |place, values| ranging.take(place, values));
        }
    }

    /// What was found.
    pub fn finish(self) -> Ranges {
        let Ranging { passes, done, batches, .. } = self.ranging;
        let n = passes.len();
        let open = |pass: &RangePass| pass.count() > 0;
        let stats = passes.into_iter().zip(done).map(|(pass, done)| if open(&pass) { pass.finish() } else { done });
        Ranges { stats: stats.collect(), batches: batches.unwrap_or_else(|| vec![Vec::new(); n]) }
    }
}

/// The second pass over each channel of a window: its counts.
#[derive(Debug)]
pub struct ChannelBins {
    deal: Deal,
    counting: Counting,
}

/// How far each channel of the window is.
#[derive(Debug)]
struct Counting {
    bins: usize,
    grids: Vec<GridSpec>,
    ranges: Ranges,
    /// The counters of the channels that have begun and not ended.
    live: Vec<Option<BinPass>>,
    seen: Vec<u64>,
    done: Vec<Option<Packed>>,
    changed: bool,
    /// Whether the pass ended before all values were seen.
    part: bool,
}

impl Counting {
    fn take(&mut self, place: usize, values: &[f32]) {
        let of_all = self.ranges.stats[place].count;
        if values.is_empty() || self.changed {
            return;
        }
        self.seen[place] += values.len() as u64;
        if self.seen[place] > of_all {
            self.changed = true;
            return;
        }
        self.pass(place).push(values);
        if self.seen[place] == of_all {
            self.end(place);
        }
    }

    fn pass(&mut self, place: usize) -> &mut BinPass {
        let Counting { live, ranges, bins, grids, .. } = self;
        live[place].get_or_insert_with(|| {
            let batches = std::mem::take(&mut ranges.batches[place]);
            BinPass::new(ranges.stats[place].clone(), *bins, grids).with_batches(batches)
        })
    }

    fn end(&mut self, place: usize) {
        self.pass(place).end_batch();
        let finish = if self.part { BinPass::finish_part } else { BinPass::finish };
        match self.live[place].take().map(finish) {
            Some(Ok(histogram)) => self.done[place] = Some(Packed::new(&histogram)),
            _ => self.changed = true,
        }
    }
}

impl ChannelBins {
    /// A pass over the channels of which `ranges` was made, which were those in `window`. `bins` and `grids` as for
    /// [`BinPass::new`].
    pub fn new(window: Range<usize>, ranges: Ranges, bins: usize, grids: &[GridSpec]) -> ChannelBins {
        let n = window.len();
        let counting = Counting {
            bins,
            grids: grids.to_vec(),
            ranges,
            live: (0..n).map(|_| None).collect(),
            seen: vec![0; n],
            done: vec![None; n],
            changed: false,
            part: false,
        };
        ChannelBins { deal: Deal::new(window), counting }
    }

    /// An array comes next, whose channels lie like this.
    pub fn begin_batch(&mut self, along: Along) {
        self.deal.begin(along);
    }

    /// Takes the array's next values, in the order of the file.
    pub fn push(&mut self, values: &[f32]) {
        let ChannelBins { deal, counting } = self;
        deal.push(values, &mut |place, values| counting.take(place, values));
    }

    /// The array is complete.
    pub fn end_batch(&mut self) {
        let ChannelBins { deal, counting } = self;
        for place in 0..deal.window.len() {
            deal.flush(place, &mut |place, values| counting.take(place, values));
            if let Some(pass) = &mut counting.live[place] {
                pass.end_batch();
            }
        }
    }

    /// The same if the pass ended early: the counts are those of the values that it has seen, on the grid of all;
    /// smallest and largest value and the moments are those of all.
    ///
    /// # Errors
    ///
    /// [`ChangedUnderneath`] if the values cannot be those of the first pass.
    pub fn finish_part(mut self) -> Result<Vec<Packed>, ChangedUnderneath> {
        self.counting.part = true;
        self.finish()
    }

    /// The channels' histograms, in order.
    ///
    /// # Errors
    ///
    /// [`ChangedUnderneath`] if the values cannot be those of the first pass.
    pub fn finish(mut self) -> Result<Vec<Packed>, ChangedUnderneath> {
        for place in 0..self.deal.window.len() {
            if self.counting.done[place].is_none() {
                // Without a value, or with fewer than the first time.
                self.counting.end(place);
            }
        }
        if self.counting.changed {
            return Err(ChangedUnderneath);
        }
        Ok(self.counting.done.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use proptest::prelude::*;

    const GRIDS: [GridSpec; 3] =
        [GridSpec::Numpy { bins: 20 }, GridSpec::NvidiaTorch { bins: 32 }, GridSpec::Ort { bins: 32 }];

    /// Both passes over arrays in the order of their files, cut into pieces, by windows.
    fn count(batches: &[(Vec<u64>, Vec<f32>)], axis: usize, fortran: bool, cut: usize, window: usize) -> Vec<Packed> {
        let channels = batches[0].0[axis] as usize;
        let along = |shape: &[u64]| Along::new(shape, axis, fortran);
        let count: u64 = batches.iter().map(|(shape, _)| along(shape)).map(|a| a.run * a.runs).sum();
        let mut all = Vec::new();
        for start in (0..channels).step_by(window) {
            let window = start..channels.min(start + window);
            let mut ranges = ChannelRanges::new(window.clone(), count, true);
            for (shape, values) in batches {
                ranges.begin_batch(along(shape));
                values.chunks(cut).for_each(|piece| ranges.push(piece));
                ranges.end_batch();
            }
            let mut bins = ChannelBins::new(window, ranges.finish(), 64, &GRIDS);
            for (shape, values) in batches {
                bins.begin_batch(along(shape));
                values.chunks(cut).for_each(|piece| bins.push(piece));
                bins.end_batch();
            }
            all.extend(bins.finish().unwrap());
        }
        all
    }

    /// A channel's values, found by taking every index apart.
    fn own(shape: &[u64], values: &[f32], axis: usize, fortran: bool, channel: u64) -> Vec<f32> {
        let index = |mut i: u64| {
            let mut axes: Vec<usize> = (0..shape.len()).collect();
            if !fortran {
                axes.reverse();
            }
            let mut at = vec![0; shape.len()];
            for axis in axes {
                at[axis] = i % shape[axis];
                i /= shape[axis];
            }
            at[axis]
        };
        values.iter().enumerate().filter(|(i, _)| index(*i as u64) == channel).map(|(_, &x)| x).collect()
    }

    proptest! {
        #[test]
        fn each_channel_is_counted_as_if_it_were_alone(
            shape in prop::collection::vec(1u64..6, 1..5),
            first_of_second in 0u64..4,
            axis in any::<prop::sample::Index>(),
            fortran: bool,
            values in prop::collection::vec(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32)], 2000),
            cut in 1usize..700,
            window in 1usize..7,
        ) {
            let axis = axis.index(shape.len());
            // A second batch of another length, where the axis is not the one that batches are laid along.
            let mut second = shape.clone();
            if axis != 0 {
                second[0] = first_of_second;
            }
            let len = |shape: &[u64]| shape.iter().product::<u64>() as usize;
            let (a, b) = values.split_at(1000);
            let take = |from: &[f32], n: usize| from.iter().copied().cycle().take(n).collect::<Vec<f32>>();
            let batches = [(shape.clone(), take(a, len(&shape))), (second.clone(), take(b, len(&second)))];
            for batches in [&batches[..1], &batches[..]] {
                let found = count(batches, axis, fortran, cut, window);
                prop_assert_eq!(found.len() as u64, shape[axis]);
                for (channel, packed) in found.iter().enumerate() {
                    let own: Vec<Vec<f32>> = batches.iter().map(|(shape, values)| own(shape, values, axis, fortran, channel as u64)).collect();
                    let own: Vec<&[f32]> = own.iter().map(Vec::as_slice).collect();
                    prop_assert_eq!(packed.unpack(), Histogram::of_batches(&own, 64, &GRIDS));
                }
            }
        }
    }

    #[test]
    fn long_and_short_runs_are_whole_blocks_of_the_moments() {
        let values: Vec<f32> = (0..90_000).map(|i| (i as f32 * 0.7).sin() + 3.0).collect();
        for (shape, axis) in [(vec![3, 30_000], 0), (vec![30_000, 3], 1), (vec![10, 3, 3000], 1), (vec![9000, 10], 0)] {
            let found = count(&[(shape.clone(), values.clone())], axis, false, 65_536, usize::MAX);
            for (channel, packed) in found.iter().enumerate().step_by(1001) {
                let own = own(&shape, &values, axis, false, channel as u64);
                assert_eq!(packed.unpack(), Histogram::of(&own, 64, &GRIDS), "{shape:?} {channel}");
            }
        }
    }

    #[test]
    fn channels_that_come_one_after_the_other_are_counted_one_at_a_time() {
        let along = Along::new(&[50, 200], 0, false);
        let values: Vec<f32> = (0..10_000).map(|i| i as f32).collect();
        let mut ranges = ChannelRanges::new(0..50, 200, false);
        ranges.begin_batch(along);
        ranges.push(&values);
        ranges.end_batch();
        let mut bins = ChannelBins::new(0..50, ranges.finish(), 64, &[]);
        bins.begin_batch(along);
        for piece in values.chunks(1500) {
            bins.push(piece);
            assert!(bins.counting.live.iter().flatten().count() <= 1);
        }
        bins.end_batch();
        assert_eq!(bins.finish().unwrap().len(), 50);
    }

    #[test]
    fn other_values_than_before_are_noticed() {
        let along = Along::new(&[2, 3], 0, false);
        let before = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for after in [
            &[1.0, 2.0, 3.0, 4.0, 5.0][..],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0],
            &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1.0],
        ] {
            let mut ranges = ChannelRanges::new(0..2, 3, false);
            ranges.begin_batch(along);
            ranges.push(&before);
            ranges.end_batch();
            let mut bins = ChannelBins::new(0..2, ranges.finish(), 8, &[]);
            bins.begin_batch(along);
            bins.push(after);
            bins.end_batch();
            assert_eq!(bins.finish().err(), Some(ChangedUnderneath), "{after:?}");
        }
    }
}
