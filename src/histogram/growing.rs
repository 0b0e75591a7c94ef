//! One pass, for values that cannot be had twice.

use super::powers::{kept_bins, top_exponent};
use super::stats::BLOCK;
use super::tally::CHUNK;
use super::tally::{Tally, floor};
use super::{GridKind, Histogram, Magnitude, RangePass};
use crate::vector::{Kernel, Width};

/// A histogram whose range `[0, 2^k)` doubles whenever a value lies beyond it, by merging bins in pairs.
///
/// The range is half-open (`|x| = 2^k` makes it grow) and every bin edge is a float, so that the final counts depend on
/// the values alone: not on their order, nor on how they were cut into pushes or spread over merged histograms.
#[derive(Clone, Debug)]
pub struct GrowingHistogram {
    range: RangePass,
    /// log2 of the bins on each side of zero. Twice the number asked for: `finish` drops the empty top, at most half.
    bits: i32,
    /// log2 of the top edge; `None` while every value was 0.
    k: Option<i32>,
    /// `pos` then `neg`. What is not finite is counted as 0 here, and taken out in the end.
    tally: Tally,
    not_finite: u64,
    width: Width,
}

/// How many of the values are finite, and the largest magnitude of those.
struct Check<'a> {
    values: &'a [f32],
}

impl Kernel for Check<'_> {
    type Out = (u32, f32);

    #[inline(always)]
    fn run(self) -> (u32, f32) {
        // As integers, which order like magnitudes: the largest of many may be sought in any order, and the compiler
        // knows it.
        const INFINITE: u32 = f32::INFINITY.to_bits();
        let (mut finite, mut largest) = (0, 0);
        for x in self.values {
            let magnitude = x.abs().to_bits();
            let is_finite = magnitude < INFINITE;
            finite += u32::from(is_finite);
            largest = largest.max(if is_finite { magnitude } else { 0 });
        }
        (finite, f32::from_bits(largest))
    }
}

/// The slot of each value, and of 0 for what is not finite.
struct Slots<'a> {
    values: &'a [f32],
    slots: &'a mut [u32],
    first: f32,
    second: f32,
    kept: u32,
}

impl Kernel for Slots<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Slots { values, slots, first, second, kept } = self;
        for (slot, &x) in slots.iter_mut().zip(values) {
            let x = if x.abs() <= f32::MAX { x } else { 0.0 };
            let (index, _) = floor(x.abs() * first * second);
            *slot = index + if x < 0.0 { kept } else { 0 };
        }
    }
}

impl GrowingHistogram {
    /// A histogram of at least `bins` bins: a power of two is used, up to [`MAX_BINS`](super::MAX_BINS).
    pub fn new(bins: usize) -> GrowingHistogram {
        let kept = kept_bins(bins);
        let bits = kept.trailing_zeros() as i32;
        GrowingHistogram {
            range: RangePass::new(),
            bits,
            k: None,
            tally: Tally::new(2 * kept),
            not_finite: 0,
            width: Width::default(),
        }
    }

    fn kept(&self) -> usize {
        1 << self.bits
    }

    /// Takes in the next values.
    pub fn push(&mut self, values: &[f32]) {
        // Whole blocks of the moments are looked at where they lie, while the first cache holds them.
        for block in values.chunks(BLOCK) {
            self.range.push(block);
            self.push_block(block);
        }
    }

    fn push_block(&mut self, block: &[f32]) {
        for chunk in block.chunks(CHUNK) {
            let (finite, largest) = self.width.run(Check { values: chunk });
            self.not_finite += chunk.len() as u64 - u64::from(finite);
            self.count(chunk, largest);
        }
    }

    fn count(&mut self, values: &[f32], largest: f32) {
        if largest > 0.0 {
            self.grow(top_exponent(largest).max(self.smallest_k()));
        }
        // |x| * 2^(bits - k), in two steps because the factor alone may overflow. Exact, unless the product is so small
        // that its bin is 0 in any case.
        let shift = self.k.map_or(0, |k| self.bits - k);
        let first = shift.clamp(-126, 100);
        let (first, second) = (power_of_two(first), power_of_two(shift - first));
        let kept = self.kept() as u32;
        let width = self.width;
        self.tally.count(values.len(), |slots| width.run(Slots { values, slots, first, second, kept }));
    }

    /// The smallest k at which a bin is as wide as the smallest f32: finer edges would not be floats.
    fn smallest_k(&self) -> i32 {
        self.bits - 149
    }

    /// Makes the range reach 2^k.
    fn grow(&mut self, k: i32) {
        let old = match self.k {
            Some(old) if old >= k => return,
            old => old,
        };
        self.k = Some(k);
        let Some(old) = old else { return }; // only zeros so far, and those stay in bin 0
        let (by, kept) = ((k - old).min(self.bits), self.kept());
        for side in self.tally.counts().chunks_mut(kept) {
            for j in 0..kept {
                let count = std::mem::take(&mut side[j]);
                side[j >> by] += count;
            }
        }
    }

    /// Takes in what another histogram has counted.
    ///
    /// # Panics
    ///
    /// If the two were not made for the same number of bins.
    pub fn merge(&mut self, mut other: GrowingHistogram) {
        assert_eq!(self.bits, other.bits, "merging histograms needs equal numbers of bins");
        match (self.k, other.k) {
            (_, Some(k)) if self.k.is_none_or(|mine| mine < k) => self.grow(k),
            (Some(k), Some(_)) => other.grow(k),
            _ => {}
        }
        self.tally.merge(other.tally);
        self.not_finite += other.not_finite;
        self.range.merge(other.range);
    }

    /// Goes on where a histogram that was finished ended.
    pub(super) fn resume(histogram: &Histogram) -> GrowingHistogram {
        let mut growing = GrowingHistogram::new(histogram.kept / 2);
        let (kept, amax) = (growing.kept(), histogram.stats.amax());
        growing.k = (amax > 0.0).then(|| top_exponent(amax).max(growing.smallest_k()));
        let (pos, neg) = growing.tally.counts().split_at_mut(kept);
        for (side, counts) in [(pos, &histogram.magnitude.pos), (neg, &histogram.magnitude.neg)] {
            side[..counts.len()].copy_from_slice(counts);
        }
        growing
    }

    /// The histogram of everything that was pushed, cut down to the smallest bin edge beyond amax.
    pub fn finish(mut self) -> Histogram {
        let kept = self.kept();
        let stats = self.range.finish();
        let mut counts = std::mem::take(self.tally.counts());
        counts[0] -= self.not_finite;
        let (pos, neg) = counts.split_at(kept);
        let (bins, amax) = match self.k {
            None => (kept / 2, 0.0),
            Some(k) => {
                let bins = 1 + (0..kept).rev().find(|&j| pos[j] + neg[j] > 0).unwrap_or(0);
                // 2^128 is no f32; every other edge is.
                (bins, (bins as f64 * 2f64.powi(k - self.bits)).min(f64::from(f32::MAX)) as f32)
            }
        };
        let magnitude = Magnitude { amax, pos: pos[..bins].to_vec(), neg: neg[..bins].to_vec() };
        Histogram { stats, magnitude, kind: GridKind::PowerOfTwo, kept, numpy: Vec::new(), peers: Vec::new() }
    }
}

/// `2^e` for e in -126..=127.
fn power_of_two(e: i32) -> f32 {
    f32::from_bits(((e + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grown(values: &[f32], bins: usize) -> Histogram {
        let mut h = GrowingHistogram::new(bins);
        h.push(values);
        h.finish()
    }

    #[test]
    fn the_range_is_half_open() {
        // 3.99 fits into [0, 4), 4.0 does not.
        assert_eq!(
            grown(&[3.99], 4).magnitude,
            Magnitude { amax: 4.0, pos: vec![0, 0, 0, 0, 0, 0, 0, 1], neg: vec![0; 8] }
        );
        let m = grown(&[-4.0], 4).magnitude;
        assert_eq!((m.amax, m.bins(), m.neg[4]), (5.0, 5, 1));
    }

    #[test]
    fn the_ends_of_f32_are_binned() {
        let top = grown(&[f32::MAX, -1.0], 2048);
        assert_eq!((top.magnitude.amax, top.magnitude.bins(), top.magnitude.pos[4095]), (f32::MAX, 4096, 1));
        // In a single bin as well: 2^-127 is no normal f32.
        let one = grown(&[2.9166553e38], 1);
        assert_eq!((one.magnitude.amax, one.magnitude.pos), (f32::MAX, vec![0, 1]));
        let tiny = f32::from_bits(3);
        let m = grown(&[tiny, -tiny, 0.0], 2048).magnitude;
        assert_eq!((m.amax, m.pos, m.neg), (f32::from_bits(4), vec![1, 0, 0, 1], vec![0, 0, 0, 1]));
        let both = grown(&[tiny, f32::MAX], 2048).magnitude;
        assert_eq!((both.pos[0], both.pos[4095]), (1, 1));
    }

    #[test]
    fn only_zeros_or_nothing_leave_an_empty_range() {
        for values in [&[][..], &[0.0, -0.0], &[f32::NAN, f32::INFINITY]] {
            let h = grown(values, 2000);
            assert_eq!((h.magnitude.amax, h.magnitude.bins(), h.magnitude.pos[0]), (0.0, 2048, h.stats.zeros));
        }
    }

    #[test]
    fn edges_are_multiples_of_the_bin_width() {
        let h = grown(&[0.1, 0.7, 5.3, -6.9], 256);
        let width = 8.0 / 512.0;
        assert!(h.magnitude.edges().iter().enumerate().all(|(i, &e)| e == i as f32 * width));
        assert!(h.magnitude.bins() > 256 && h.magnitude.bins() <= 512);
        assert_eq!(h.kind, GridKind::PowerOfTwo);
        assert!(h.magnitude.amax > 6.9 && h.magnitude.amax - width <= 6.9);
    }

    proptest! {
        #[test]
        fn every_width_gives_the_same_counts(values in prop::collection::vec(any::<f32>(), 1..3000), bins in 1usize..600) {
            let of = |width| {
                let mut h = GrowingHistogram { width, ..GrowingHistogram::new(bins) };
                h.push(&values);
                h.finish()
            };
            for width in Width::all().into_iter().flatten() {
                prop_assert_eq!(of(width), of(Width::all()[0].unwrap()));
            }
        }

        #[test]
        fn any_split_order_and_merge_gives_the_same_counts(
            values in prop::collection::vec(any::<f32>(), 1..3000), at in any::<prop::sample::Index>(), bins in 1usize..600
        ) {
            let whole = grown(&values, bins);
            let (head, tail) = values.split_at(at.index(values.len()));
            let (mut a, mut b) = (GrowingHistogram::new(bins), GrowingHistogram::new(bins));
            a.push(tail);
            head.chunks(7).rev().for_each(|c| b.push(c));
            a.merge(b);
            let merged = a.finish();
            prop_assert_eq!(&merged.magnitude, &whole.magnitude);
            prop_assert_eq!(merged.magnitude.counts().iter().sum::<u64>(), merged.stats.finite());
        }

        #[test]
        fn what_is_not_finite_leaves_no_trace_in_the_bins(
            values in prop::collection::vec(
                prop_oneof![4 => any::<f32>(), 2 => -1.0f32..1.0, 1 => Just(f32::NAN), 1 => Just(-f32::NAN),
                    1 => Just(f32::INFINITY), 1 => Just(f32::NEG_INFINITY)], 0..6000),
            at in any::<prop::sample::Index>(), bins in 1usize..600
        ) {
            let finite: Vec<f32> = values.iter().copied().filter(|x| x.is_finite()).collect();
            let (head, tail) = values.split_at(at.index(values.len() + 1));
            let (mut a, mut b) = (GrowingHistogram::new(bins), GrowingHistogram::new(bins));
            a.push(head);
            b.push(tail);
            a.merge(b);
            let h = a.finish();
            prop_assert_eq!(&h.magnitude, &grown(&finite, bins).magnitude);
            prop_assert_eq!(h.stats.finite(), finite.len() as u64);
        }

        #[test]
        fn the_bin_is_the_floor(values in prop::collection::vec(-1e6f32..1e6, 1..500)) {
            let m = grown(&values, 512).magnitude;
            let width = f64::from(m.amax) / m.bins() as f64;
            let mut counts = vec![0; m.bins()];
            values.iter().for_each(|x| counts[(f64::from(x.abs()) / width) as usize] += 1);
            prop_assert_eq!(m.counts(), counts);
        }
    }
}
