//! NumPy's own histogram, digit for digit.

use super::tally::CHUNK;
use super::tally::{Tally, floor};
use crate::vector::{Kernel, Width};

/// `np.histogram(x, bins)` of an f32 array, over the finite values' own range `[min, max]`.
///
/// As NumPy 2.4 computes it: f32 edges, the index by division first, then a correction by the edges. All-equal values
/// get the range `[x - 0.5, x + 0.5]`. Where NumPy raises "too many bins for data range" (neighbouring edges coincide,
/// or the range overflows f32) there is no such histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct NumpyHistogram {
    /// The `bins + 1` edges.
    pub edges: Vec<f32>,
    /// The count of each bin; a value on an edge belongs to the bin above, the last edge to the last bin.
    pub counts: Vec<u64>,
}

impl NumpyHistogram {
    /// The edges over `[min, max]`: `np.linspace(min, max, bins + 1)` in f32, with `np.histogram`'s rule for an empty
    /// range. `None` where NumPy raises.
    pub fn edges_over(min: f32, max: f32, bins: usize) -> Option<Vec<f32>> {
        let (lo, hi) = if min == max { (min - 0.5, max + 0.5) } else { (min, max) };
        let width = hi - lo;
        if bins == 0 || !width.is_finite() {
            return None;
        }
        let n = bins as f32;
        let step = width / n;
        let mut edges: Vec<f32> = (0..=bins)
            .map(|i| i as f32)
            .map(|i| if step == 0.0 { i / n * width + lo } else { i * step + lo })
            .collect();
        edges[bins] = hi;
        edges.windows(2).all(|e| e[0] < e[1]).then_some(edges)
    }
}

/// Counts values into a [`NumpyHistogram`].
#[derive(Clone, Debug)]
pub(super) struct NumpyGrid {
    edges: Vec<f32>,
    tally: Tally,
}

/// The slot of each value.
struct Slots<'a> {
    values: &'a [f32],
    slots: &'a mut [u32],
    lo: f32,
    width: f32,
    step: f32,
    bins: f32,
}

impl Kernel for Slots<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Slots { values, slots, lo, width, step, bins } = self;
        let top = bins - 1.0;
        for (slot, &x) in slots.iter_mut().zip(values) {
            let (_, whole) = floor((x - lo) / width * bins);
            let whole = if whole > top { top } else { whole };
            // The edges on both sides, made anew as `edges_over` made them: cheaper than looking them up.
            let (lower, upper) = (whole * step + lo, (whole + 1.0) * step + lo);
            let (index, _) = floor(whole);
            *slot = index + u32::from((x >= upper) & (whole < top)) - u32::from(x < lower);
        }
    }
}

impl NumpyGrid {
    pub fn new(min: f32, max: f32, bins: usize) -> Option<NumpyGrid> {
        let edges = NumpyHistogram::edges_over(min, max, bins)?;
        Some(NumpyGrid { edges, tally: Tally::new(bins) })
    }

    pub fn edges(&self) -> &[f32] {
        &self.edges
    }

    /// Counts values that all lie in `[min, max]`; at most [`CHUNK`] of them.
    pub fn add(&mut self, values: &[f32], width: Width) {
        let mut slots = [0u32; CHUNK];
        let slots = &mut slots[..values.len()];
        let (lo, hi, bins) = (self.edges[0], self.edges[self.edges.len() - 1], (self.edges.len() - 1) as f32);
        // Edges that differ from each other are at least the smallest float apart: the step is not 0.
        width.run(Slots { values, slots, lo, width: hi - lo, step: (hi - lo) / bins, bins });
        self.tally.add(slots);
    }

    pub fn merge(&mut self, other: NumpyGrid) {
        self.tally.merge(other.tally);
    }

    pub fn finish(mut self) -> NumpyHistogram {
        NumpyHistogram { edges: self.edges, counts: std::mem::take(self.tally.counts()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::{GridSpec, Histogram};
    use proptest::prelude::*;

    fn histogram(values: &[f32], bins: usize) -> Option<NumpyHistogram> {
        Histogram::of(values, 16, &[GridSpec::Numpy { bins }]).numpy(bins).cloned()
    }

    #[test]
    fn equal_values_get_half_a_unit_on_each_side() {
        let h = histogram(&[3.0; 10], 100).unwrap();
        assert_eq!((h.edges[0], h.edges[100], h.counts[50]), (2.5, 3.5, 10));
        let zeros = histogram(&[0.0, -0.0], 100).unwrap();
        assert_eq!((zeros.edges[49], zeros.counts[50]), (-0.010_000_02, 2));
    }

    #[test]
    fn what_numpy_refuses_is_not_there() {
        assert_eq!(histogram(&[1e10; 3], 100), None); // 1e10 - 0.5 is 1e10
        assert_eq!(histogram(&[1.0, 1.0 + f32::EPSILON], 100), None);
        assert_eq!(histogram(&[f32::MIN, f32::MAX], 100), None);
        assert_eq!(histogram(&[f32::NAN], 100), None);
        assert_eq!(histogram(&[1.0], 0), None);
    }

    proptest! {
        /// Whatever the arithmetic of the index, the correction by the edges decides.
        #[test]
        fn each_value_lies_between_its_edges(values in prop::collection::vec(-9.0f32..70.0, 2..2000), bins in 1usize..300) {
            let Some(h) = histogram(&values, bins) else { return Ok(()) };
            let mut counts = vec![0; bins];
            for x in &values {
                counts[h.edges[1..bins].partition_point(|e| e <= x)] += 1;
            }
            prop_assert_eq!(h.counts, counts);
        }

        /// The edges themselves and their next neighbours: where an index that is off by one would show.
        #[test]
        fn the_edges_are_as_sharp_as_floats(lo in -1e3f32..1e3, width in 1e-3f32..1e4, bins in 1usize..300) {
            let Some(edges) = NumpyHistogram::edges_over(lo, lo + width, bins) else { return Ok(()) };
            let mut values = vec![lo, lo + width];
            for e in &edges[1..bins] {
                values.extend([e.next_down().next_down(), e.next_down(), *e, e.next_up(), lo, lo + width / 3.0]);
            }
            let h = histogram(&values, bins).unwrap();
            let mut counts = vec![0; bins];
            for x in &values {
                counts[edges[1..bins].partition_point(|e| e <= x)] += 1;
            }
            prop_assert_eq!(h.counts, counts);
        }
    }
}
