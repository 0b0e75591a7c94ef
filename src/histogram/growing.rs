//! One pass, for values that cannot be had twice.

use super::magnitude::CHUNK;
use super::tally::Tally;
use super::{GridKind, Histogram, MAX_BINS, Magnitude, RangePass};

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
    /// `pos` then `neg`.
    tally: Tally,
}

impl GrowingHistogram {
    /// A histogram of at least `bins` bins: a power of two is used, up to [`MAX_BINS`].
    pub fn new(bins: usize) -> GrowingHistogram {
        let kept = 2 * bins.clamp(1, MAX_BINS).next_power_of_two();
        let bits = kept.trailing_zeros() as i32;
        GrowingHistogram { range: RangePass::new(), bits, k: None, tally: Tally::new(2 * kept) }
    }

    fn kept(&self) -> usize {
        1 << self.bits
    }

    /// Takes in the next values.
    pub fn push(&mut self, values: &[f32]) {
        for chunk in values.chunks(CHUNK) {
            self.range.push(chunk);
            let (mut finite, mut largest) = (0u32, 0.0f32);
            for &x in chunk {
                let m = x.abs();
                finite += u32::from(m <= f32::MAX);
                largest = if m > largest { m } else { largest };
            }
            if finite as usize == chunk.len() {
                self.count(chunk, largest);
            } else {
                let finite: Vec<f32> = chunk.iter().copied().filter(|x| x.is_finite()).collect();
                let largest = finite.iter().fold(0.0, |m: f32, x| m.max(x.abs()));
                self.count(&finite, largest);
            }
        }
    }

    fn count(&mut self, finite: &[f32], largest: f32) {
        if largest > 0.0 {
            self.grow(top_exponent(largest).max(self.smallest_k()));
        }
        // |x| * 2^(bits - k), in two steps because the factor alone may overflow. Exact, unless the product is so small
        // that its bin is 0 in any case.
        let shift = self.k.map_or(0, |k| self.bits - k);
        let (first, second) = (power_of_two(shift.min(100)), power_of_two((shift - 100).max(0)));
        let kept = self.kept() as i32;
        let mut slots = [0u32; CHUNK];
        let slots = &mut slots[..finite.len()];
        for (slot, &x) in slots.iter_mut().zip(finite) {
            let index = (x.abs() * first * second) as i32;
            *slot = (index + if x < 0.0 { kept } else { 0 }) as u32;
        }
        self.tally.add(slots);
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
        self.range.merge(other.range);
    }

    /// The histogram of everything that was pushed, cut down to the smallest bin edge beyond amax.
    pub fn finish(mut self) -> Histogram {
        let kept = self.kept();
        let stats = self.range.finish();
        let counts = std::mem::take(self.tally.counts());
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
        Histogram { stats, magnitude, kind: GridKind::PowerOfTwo, numpy: Vec::new() }
    }
}

/// The smallest k with `x < 2^k`, for a positive finite x.
fn top_exponent(x: f32) -> i32 {
    let bits = x.to_bits();
    match bits >> 23 {
        0 => 32 - bits.leading_zeros() as i32 - 149,
        biased => biased as i32 - 126,
    }
}

/// `2^e` for e in -126..=127.
fn power_of_two(e: i32) -> f32 {
    f32::from_bits(((e + 127) as u32) << 23)
}
