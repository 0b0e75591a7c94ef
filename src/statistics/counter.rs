//! Counting values as they come, once.

use super::Counts;
use crate::histogram::{Along, GrowingHistogram, SumPass};

/// Counts values in one pass; whatever their order and however they are cut up, the counts are the same.
#[derive(Clone, Debug)]
pub struct Counter {
    growing: GrowingHistogram,
    sums: SumPass,
}

impl Counter {
    /// A counter for at least `bins` bins, 1 to [`MAX_BINS`](crate::histogram::MAX_BINS).
    pub fn new(bins: usize) -> Counter {
        Counter { growing: GrowingHistogram::new(bins), sums: SumPass::default() }
    }

    /// Takes in the next values.
    pub fn push(&mut self, values: &[f32]) {
        // What lies in the first cache is looked at twice.
        for some in values.chunks(4096) {
            self.growing.push(some);
            self.sums.push(some);
        }
    }

    /// The counts of everything that was pushed.
    pub fn finish(self) -> Counts {
        Counts::of(&self.growing.finish(), self.sums.finish()).expect("a growing histogram is on powers of two")
    }
}

/// Values of all channels together that are gathered before they are counted, at most; a channel's own are at least
/// [`LEAST`], because a counter is costly to begin.
const GATHERED: usize = 16 << 20;
const LEAST: usize = 256;
const MOST: usize = 1 << 15;

/// Counts each channel of a tensor along one axis. What is kept of a channel grows with the bins that it fills.
#[derive(Debug)]
pub struct ChannelCounters {
    bins: usize,
    along: Along,
    gathered: Vec<Vec<f32>>,
    counts: Vec<Counts>,
    /// How many of a channel are gathered.
    most: usize,
    /// The channel that the next value belongs to, and how many more of its run come.
    channel: usize,
    left: u64,
}

impl ChannelCounters {
    /// Counters for at least `bins` bins.
    pub fn new(bins: usize, channels: usize) -> ChannelCounters {
        ChannelCounters {
            bins,
            along: Along { channels, run: 0, runs: 0 },
            gathered: vec![Vec::new(); channels],
            counts: vec![Counts::default(); channels],
            most: (GATHERED / channels.max(1)).clamp(LEAST, MOST),
            channel: 0,
            left: 0,
        }
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.counts.len()
    }

    /// An array comes next, whose channels lie like this.
    ///
    /// # Panics
    ///
    /// If it has another number of channels.
    pub fn begin(&mut self, along: Along) {
        assert_eq!(along.channels, self.channels(), "all arrays have the same channels");
        (self.along, self.channel, self.left) = (along, 0, along.run);
    }

    /// Takes the next values of the array, in the order in which they lie.
    pub fn push(&mut self, mut values: &[f32]) {
        while !values.is_empty() && self.along.run > 0 {
            let (run, rest) = values.split_at(values.len().min(usize::try_from(self.left).unwrap_or(usize::MAX)));
            self.gathered[self.channel].extend_from_slice(run);
            if self.gathered[self.channel].len() >= self.most {
                self.count(self.channel);
            }
            self.left -= run.len() as u64;
            if self.left == 0 {
                if self.along.runs == 1 {
                    self.count(self.channel); // nothing more of it comes in this array
                }
                self.left = self.along.run;
                self.channel = (self.channel + 1) % self.along.channels;
            }
            values = rest;
        }
    }

    fn count(&mut self, channel: usize) {
        let values = std::mem::take(&mut self.gathered[channel]);
        if values.is_empty() {
            return;
        }
        let mut counter = Counter::new(self.bins);
        counter.push(&values);
        self.counts[channel].merge(&counter.finish(), self.bins).expect("nobody counts to 2^63");
    }

    /// Each channel's counts, in order.
    pub fn finish(mut self) -> Vec<Counts> {
        (0..self.channels()).for_each(|channel| self.count(channel));
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_channel_is_counted_as_if_it_were_alone(
            shape in prop::array::uniform3(1u64..6), axis in 0usize..3, fortran: bool, cut in 1usize..50, batches in 1usize..4
        ) {
            let len = shape.iter().product::<u64>() as usize;
            let along = Along::new(&shape, axis, fortran);
            let mut counters = ChannelCounters::new(64, along.channels);
            counters.most = 5;
            let mut alone = vec![Vec::new(); along.channels];
            for batch in 0..batches {
                let values: Vec<f32> = (0..len).map(|i| ((i + 31 * batch) as f32 * 0.37).sin()).collect();
                counters.begin(along);
                values.chunks(cut).for_each(|some| counters.push(some));
                for (i, x) in values.iter().enumerate() {
                    alone[i / along.run as usize % along.channels].push(*x);
                }
            }
            for (found, values) in counters.finish().iter().zip(alone) {
                let mut counter = Counter::new(64);
                counter.push(&values);
                prop_assert_eq!(found, &counter.finish());
            }
        }
    }
}
