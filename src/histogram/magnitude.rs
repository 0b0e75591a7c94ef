//! The grid over `|x|`.

use super::tally::{Tally, floor};
use crate::vector::{Kernel, Width};

/// Counts of `|x|` in equal bins over `[0, amax]`, the sign kept apart.
///
/// Zeros, `-0.0` too, are in `pos[0]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Magnitude {
    /// The top edge.
    pub amax: f32,
    /// Counts of the values `>= 0`.
    pub pos: Vec<u64>,
    /// Counts of the values `< 0`, by magnitude; as long as `pos`.
    pub neg: Vec<u64>,
}

impl Magnitude {
    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.pos.len()
    }

    /// Counts of `|x|`: `pos + neg`.
    pub fn counts(&self) -> Vec<u64> {
        self.pos.iter().zip(&self.neg).map(|(p, n)| p + n).collect()
    }

    /// The `bins + 1` edges: `torch.linspace(0, amax, bins + 1)` in f32, bit for bit (torch 2.15, CPU).
    ///
    /// torch fills from both ends, `start + step * i` in the first half and `end - step * (bins - i)` in the second,
    /// and rounds each once.
    pub fn edges(&self) -> Vec<f32> {
        let bins = self.bins();
        let step = self.amax / bins as f32;
        let halfway = bins.div_ceil(2);
        (0..=bins)
            .map(|i| if i < halfway { step * i as f32 } else { (-step).mul_add((bins - i) as f32, self.amax) })
            .collect()
    }
}

/// Counts values on the exact grid, as `torch.histc(|x|, bins, 0, amax)` does on the CPU.
#[derive(Clone, Debug)]
pub(super) struct ExactGrid {
    bins: usize,
    amax: f32,
    /// `pos` then `neg`, each with one slot more than bins: `|x| = amax` comes out at `bins` and is folded in later.
    tally: Tally,
}

/// The slot of each value.
struct Slots<'a> {
    values: &'a [f32],
    slots: &'a mut [u32],
    down: f32,
    bins: f32,
    amax: f32,
    side: u32,
}

impl Kernel for Slots<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Slots { values, slots, down, bins, amax, side } = self;
        for (slot, &x) in slots.iter_mut().zip(values) {
            let (index, _) = floor(x.abs() * down * bins / amax);
            *slot = index + if x < 0.0 { side } else { 0 };
        }
    }
}

impl ExactGrid {
    pub fn new(bins: usize, amax: f32) -> ExactGrid {
        ExactGrid { bins, amax, tally: Tally::new(2 * (bins + 1)) }
    }

    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Counts values that all lie in `[-amax, amax]`; at most [`CHUNK`] of them.
    pub fn add(&mut self, values: &[f32], width: Width) {
        let bins = self.bins as f32;
        // A power of two changes no quotient, and keeps the product below from overflowing.
        let down = if self.amax > f32::MAX / bins { f32::powi(2.0, -16) } else { 1.0 };
        // An all-zero tensor's 0 / 0 would be NaN; over any other number its values are in bin 0.
        let amax = if self.amax > 0.0 { self.amax * down } else { 1.0 };
        let side = self.bins as u32 + 1;
        self.tally.count(values.len(), |slots| width.run(Slots { values, slots, down, bins, amax, side }));
    }

    pub fn merge(&mut self, other: ExactGrid) {
        self.tally.merge(other.tally);
    }

    pub fn finish(mut self) -> Magnitude {
        let side = |counts: &[u64]| {
            let mut side = counts[..self.bins].to_vec();
            side[self.bins - 1] += counts[self.bins];
            side
        };
        let counts = self.tally.counts();
        let (pos, neg) = counts.split_at(self.bins + 1);
        Magnitude { amax: self.amax, pos: side(pos), neg: side(neg) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::Histogram;
    use proptest::prelude::*;

    fn exact(values: &[f32], bins: usize) -> Magnitude {
        Histogram::of(values, bins, &[]).magnitude
    }

    #[test]
    fn signs_zeros_and_the_top_edge_go_where_they_belong() {
        let m = exact(&[0.0, -0.0, 1.0, -1.0, 4.0, -4.0, 3.999, -1e-30], 4);
        assert_eq!((m.pos, m.neg, m.amax), (vec![2, 1, 0, 2], vec![1, 1, 0, 1], 4.0));
        let zeros = exact(&[0.0, -0.0, 0.0], 8);
        assert_eq!((zeros.pos[0], zeros.counts().iter().sum::<u64>(), zeros.amax), (3, 3, 0.0));
    }

    #[test]
    fn the_ends_of_f32_are_binned() {
        let m = exact(&[f32::MAX, f32::MAX / 2.0, f32::MIN, 1.0, -f32::MIN_POSITIVE], 1000);
        assert_eq!((m.pos[0], m.pos[500], m.pos[999], m.neg[0], m.neg[999]), (1, 1, 1, 1, 1));
        let tiny = f32::from_bits(1);
        let m = exact(&[tiny, 2.0 * tiny, 4.0 * tiny], 4);
        assert_eq!(m.pos, [0, 1, 1, 1]);
    }

    #[test]
    fn edges_round_once_and_fill_from_both_ends() {
        let edges = |amax, bins| Magnitude { amax, pos: vec![0; bins], neg: vec![0; bins] }.edges();
        assert_eq!(edges(1.0, 4), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(edges(1.0, 1), [0.0, 1.0]);
        assert_eq!(edges(0.0, 2), [0.0; 3]);
        let e = edges(4.9778643, 2048); // torch: tests/reference has more
        assert_eq!((e[2048], e[0]), (4.9778643, 0.0));
        assert!(e.windows(2).all(|e| e[0] < e[1]));
    }

    /// The kernel of `torch.histc`, value by value.
    fn histc(values: &[f32], bins: usize, amax: f32) -> Vec<u64> {
        let mut counts = vec![0; bins];
        for x in values {
            let index = (x.abs() * bins as f32 / amax) as usize;
            counts[index.min(bins - 1)] += 1;
        }
        counts
    }

    proptest! {
        #[test]
        fn counts_are_histc_s(values in prop::collection::vec(-1e3f32..1e3, 1..3000), bins in 1usize..5000) {
            let m = exact(&values, bins);
            prop_assert_eq!(m.counts(), histc(&values, bins, m.amax));
        }

        #[test]
        fn finer_grids_nest(values in prop::collection::vec(any::<f32>(), 1..500), bits in 0u32..12, finer in 1u32..4) {
            let (coarse, fine) = (exact(&values, 1 << bits), exact(&values, 1 << (bits + finer)));
            let folded = |side: &[u64]| side.chunks(1 << finer).map(|c| c.iter().sum()).collect::<Vec<u64>>();
            prop_assert_eq!((folded(&fine.pos), folded(&fine.neg)), (coarse.pos, coarse.neg));
        }
    }
}
