//! The grid over `|x|`.

use super::tally::Tally;

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

/// Values handled at a time: their slots fit into the first cache beside the counters.
pub(super) const CHUNK: usize = 1024;

/// Counts values on the exact grid, as `torch.histc(|x|, bins, 0, amax)` does on the CPU.
#[derive(Clone, Debug)]
pub(super) struct ExactGrid {
    bins: usize,
    amax: f32,
    /// `pos` then `neg`, each with one slot more than bins: `|x| = amax` comes out at `bins` and is folded in later.
    tally: Tally,
}

impl ExactGrid {
    pub fn new(bins: usize, amax: f32) -> ExactGrid {
        ExactGrid { bins, amax, tally: Tally::new(2 * (bins + 1)) }
    }

    /// Counts values that all lie in `[-amax, amax]`; at most [`CHUNK`] of them.
    pub fn add(&mut self, values: &[f32]) {
        let mut slots = [0u32; CHUNK];
        let slots = &mut slots[..values.len()];
        let bins = self.bins as f32;
        // A power of two changes no quotient, and keeps the product below from overflowing.
        let down = if self.amax > f32::MAX / bins { f32::powi(2.0, -16) } else { 1.0 };
        let amax = self.amax * down;
        let side = self.bins as i32 + 1;
        for (slot, &x) in slots.iter_mut().zip(values) {
            let index = (x.abs() * down * bins / amax) as i32;
            *slot = (index + if x < 0.0 { side } else { 0 }) as u32;
        }
        self.tally.add(slots);
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
