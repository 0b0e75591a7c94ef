//! Counts that another tool has made on even bins with an edge at zero, as they are.

use super::{GridKind, GridSpec, Histogram, Magnitude, NumpyHistogram, Stats};

/// How far an edge may be from where even bins have it, in bins: peers round theirs to f32, and again with each batch.
const UNEVEN: f64 = 0.02;

/// What another tool knows of a tensor: counts on even bins, and what it says of the range.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedElsewhere<'a> {
    /// The edges, one more than counts, rising, and one of them 0: no bin may hold values of both signs.
    pub edges: &'a [f32],
    /// How many values lie in each bin; one on an edge is in the bin above.
    pub counts: &'a [u64],
    /// The ends of a range that was cut to the values' own, where there is one: an end that lies within the outermost bin
    /// that holds something is the smallest or the largest value itself.
    pub cut_to: Option<(f32, f32)>,
}

impl Histogram {
    /// The counts on their own bins: nothing is divided or put together, only empty bins at the far ends are left out.
    ///
    /// What counts do not say is taken from the bins: the range reaches to the outer edges of the outermost bins that hold
    /// something, moments are those of values spread evenly in each bin, no value counts as zero, and all are finite.
    ///
    /// # Errors
    /// What is wrong with the edges or the counts, as the end of a sentence.
    pub fn of_counts(of: &CountedElsewhere) -> Result<Histogram, String> {
        let CountedElsewhere { edges, counts, cut_to } = of;
        let bins = counts.len();
        if bins == 0 || edges.len() != bins + 1 {
            return Err(format!("has {bins} counts and {} edges, and should have one edge more", edges.len()));
        }
        let (first, last) = (f64::from(edges[0]), f64::from(edges[bins]));
        let width = (last - first) / bins as f64;
        let even = |(i, edge): (usize, &f32)| (f64::from(*edge) - (first + i as f64 * width)).abs() <= UNEVEN * width;
        if !(width.is_finite() && width > 0.0 && edges.iter().enumerate().all(even)) {
            return Err("has bins that are not even".to_owned());
        }
        // How many bins lie below zero.
        let half = (-first / width).round();
        if !(0.0..=bins as f64).contains(&half) || (first + half * width).abs() > UNEVEN * width {
            let range = format!("{first} to {last}");
            return Err(format!(
                "has {bins} bins from {range} and no edge at 0, so that one of them holds values of both signs or none \
                 begins at 0; count with np.histogram(x, bins, range=(-top, top)), or np.abs(x) with range=(0, top)"
            ));
        }
        let half = half as usize;
        let total = counts.iter().try_fold(0u64, |sum, n| sum.checked_add(*n));
        let count = total.ok_or_else(|| "has more counts than a number of 64 bits holds".to_owned())?;
        let outermost = counts.iter().position(|n| *n > 0).zip(counts.iter().rposition(|n| *n > 0));
        let Some((low, high)) = outermost else {
            let magnitude = Magnitude { amax: 0.0, pos: vec![0], neg: vec![0] };
            return Ok(Histogram::from_parts(Stats::default(), magnitude, None));
        };

        let within = |end: f32, bin: usize| (edges[bin] < end && end < edges[bin + 1]).then_some(end);
        let (known_min, known_max) = match *cut_to {
            // One value alone, which lies on the outermost edge.
            Some((a, b)) if a == b && low == high && edges[low] <= a && a <= edges[low + 1] => (Some(a), Some(a)),
            Some((a, b)) => (within(a, low), within(b, high)),
            None => (None, None),
        };
        // The peer puts bins of half a unit on either side of zeros.
        let only_zeros = *cut_to == Some((0.0, 0.0)) && low == high && (low == half || low + 1 == half);
        let both = half.max(bins - half);
        let (min, max) = match only_zeros {
            true => (0.0, 0.0),
            false => (known_min.unwrap_or(edges[low]), known_max.unwrap_or(edges[high + 1])),
        };
        let mut pos = counts[half..].to_vec();
        let mut neg: Vec<u64> = counts[..half].iter().rev().copied().collect();
        pos.resize(both, 0);
        neg.resize(both, 0);
        if min >= 0.0 {
            // An edge that was to be 0 is a little more by rounding, and zeros lie below it.
            pos[0] += std::mem::take(&mut neg[0]);
        }
        let kept = (0..both).rev().find(|i| pos[*i] + neg[*i] > 0).map_or(1, |i| i + 1);
        pos.truncate(kept);
        neg.truncate(kept);
        // Edges on either side differ in their last digits, and no value lies beyond the top one.
        let above = edges.get(half + kept).copied();
        let below = half.checked_sub(kept).map(|i| -edges[i]);
        let reach = above.unwrap_or(f32::MIN).max(below.unwrap_or(f32::MIN));
        let amax = if only_zeros { 0.0 } else { reach };

        let share = |i: usize| counts[i] as f64 / count as f64;
        let middle = |i: usize| (f64::from(edges[i]) + f64::from(edges[i + 1])) / 2.0;
        let mean: f64 = (low..=high).map(|i| share(i) * middle(i)).sum();
        let variance: f64 = (low..=high).map(|i| share(i) * ((middle(i) - mean).powi(2) + width * width / 12.0)).sum();
        let (mean, variance) = if only_zeros { (0.0, 0.0) } else { (mean, variance) };
        let mut stats = Stats::default();
        (stats.count, stats.zeros) = (count, if only_zeros { count } else { 0 });
        (stats.min, stats.max) = (Some(min), Some(max));
        let stats = stats.with_moments(count as f64, mean, variance * count as f64);
        Ok(Histogram { kind: GridKind::Elsewhere, ..Histogram::from_parts(stats, Magnitude { amax, pos, neg }, None) })
    }

    /// The same counts as ONNX Runtime's grid of so many bins in the first batch, whose later batches have widened it.
    /// `None` where they cannot be those.
    pub fn with_ort_grid(self, first: usize, of: &CountedElsewhere) -> Option<Histogram> {
        let bins = of.counts.len();
        // Its bins lie around the middle one.
        let width = of.edges.get(1).zip(of.edges.first()).map_or(0.0, |(b, a)| b - a);
        let around = of.edges.first().zip(of.edges.last()).is_some_and(|(a, b)| (a + b).abs() <= width / 2.0);
        let grown = around && (1..=bins).contains(&first) && (bins - first).is_multiple_of(2);
        let grid = NumpyHistogram { edges: of.edges.to_vec(), counts: of.counts.to_vec() };
        grown.then(|| self.with_peer(GridSpec::Ort { bins: first }, grid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edges(t: f32, bins: usize) -> Vec<f32> {
        NumpyHistogram::edges_over(-t, t, bins).unwrap()
    }

    #[test]
    fn counts_stay_on_their_bins_and_empty_ends_are_left_out() {
        let edges = edges(4.0, 8);
        let counts = [0, 0, 3, 1, 5, 0, 2, 0];
        let h = Histogram::of_counts(&CountedElsewhere { edges: &edges, counts: &counts, cut_to: None }).unwrap();
        assert_eq!((&h.magnitude.pos, &h.magnitude.neg, h.magnitude.amax), (&vec![5, 0, 2], &vec![1, 3, 0], 3.0));
        assert_eq!((h.stats.count, h.stats.min, h.stats.max, h.stats.zeros), (11, Some(-2.0), Some(3.0), 0));
        assert!((h.stats.mean().unwrap() - (3.0 * -1.5 - 0.5 + 2.5 + 2.0 * 2.5) / 11.0).abs() < 1e-12);
    }

    #[test]
    fn zero_may_lie_anywhere_among_the_edges() {
        let of = |edges: &[f32], counts: &[u64]| {
            Histogram::of_counts(&CountedElsewhere { edges, counts, cut_to: None })
                .map(|h| (h.magnitude, h.stats.range()))
        };
        let (m, range) = of(&[0.0, 1.0, 2.0, 3.0], &[4, 0, 2]).unwrap();
        assert_eq!((m.pos, m.neg, m.amax, range), (vec![4, 0, 2], vec![0; 3], 3.0, (0.0, 3.0)));
        let (m, range) = of(&[-3.0, -2.0, -1.0, 0.0, 1.0], &[1, 0, 2, 5]).unwrap();
        assert_eq!((m.pos, m.neg, m.amax, range), (vec![5, 0, 0], vec![2, 0, 1], 3.0, (-3.0, 1.0)));
        let (m, range) = of(&[-2.0, -1.0, 0.0], &[7, 1]).unwrap();
        assert_eq!((m.pos, m.neg, m.amax, range), (vec![0; 2], vec![1, 7], 2.0, (-2.0, 0.0)));
        for edges in [[1.0, 2.0, 3.0], [-3.0, -2.0, -1.0], [-0.4, 0.6, 1.6]] {
            assert!(of(&edges, &[1; 2]).unwrap_err().contains("np.histogram"), "{edges:?}");
        }
        // ONNX Runtime's grid is one around zero.
        let of = CountedElsewhere { edges: &[0.0, 1.0, 2.0], counts: &[1, 1], cut_to: None };
        assert!(Histogram::of_counts(&of).unwrap().with_ort_grid(2, &of).is_none());
    }

    #[test]
    fn an_end_that_lies_within_the_outermost_bin_is_a_value_itself() {
        let edges = edges(4.0, 8);
        let range = |counts: &[u64; 8], cut_to| {
            let h = Histogram::of_counts(&CountedElsewhere { edges: &edges, counts, cut_to: Some(cut_to) }).unwrap();
            h.stats.range()
        };
        let counts = [0, 0, 3, 1, 5, 0, 2, 0];
        assert_eq!(range(&counts, (-1.25, 2.75)), (-1.25, 2.75));
        assert_eq!(range(&counts, (-1.0, 2.0)), (-2.0, 3.0), "thresholds on edges say nothing of the values");
        assert_eq!(range(&counts, (-4.0, 4.0)), (-2.0, 3.0));
        assert_eq!(range(&[9, 0, 0, 0, 0, 0, 0, 0], (-4.0, -4.0)), (-4.0, -4.0), "one value alone");
        assert_eq!(range(&[0, 0, 0, 0, 0, 0, 0, 9], (4.0, 4.0)), (4.0, 4.0));
    }

    #[test]
    fn zeros_below_an_edge_that_is_a_little_more_than_zero_are_not_negative() {
        let mut edges = edges(4.0, 8);
        edges[4] = 1e-7;
        let counts = [0, 0, 0, 7, 5, 0, 2, 0];
        let of = CountedElsewhere { edges: &edges, counts: &counts, cut_to: Some((0.0, 2.5)) };
        let h = Histogram::of_counts(&of).unwrap();
        assert_eq!((&h.magnitude.pos, &h.magnitude.neg, h.stats.min), (&vec![12, 0, 2], &vec![0; 3], Some(0.0)));
        // Nothing but zeros: bins of half a unit, as NumPy has them.
        let edges = self::edges(0.5, 8);
        let of = CountedElsewhere { edges: &edges, counts: &[0, 0, 0, 0, 9, 0, 0, 0], cut_to: Some((0.0, 0.0)) };
        let h = Histogram::of_counts(&of).unwrap();
        assert_eq!((h.stats.zeros, h.stats.amax(), h.magnitude.amax, h.magnitude.pos), (9, 0.0, 0.0, vec![9]));
    }

    #[test]
    fn what_cannot_be_counts_is_refused() {
        let wrong = |edges: &[f32], counts: &[u64]| {
            Histogram::of_counts(&CountedElsewhere { edges, counts, cut_to: None }).unwrap_err()
        };
        assert!(wrong(&[], &[]).contains("edges") && wrong(&[-1.0, 0.0], &[1, 1]).contains("one edge more"));
        assert!(wrong(&[-1.5, -0.5, 0.5, 1.5], &[1; 3]).contains("no edge at 0"));
        for edges in [
            [-1.0, 0.5, 1.0],
            [1.0, 0.0, -1.0],
            [f32::NAN, 0.0, 1.0],
            [f32::NEG_INFINITY, 0.0, f32::INFINITY],
            [0.0; 3],
        ] {
            assert!(wrong(&edges, &[1; 2]).contains("even"), "{edges:?}");
        }
        assert!(wrong(&[-1.0, 0.0, 1.0], &[u64::MAX, 1]).contains("64 bits"));
        let none = CountedElsewhere { edges: &[-1.0, 0.0, 1.0], counts: &[0; 2], cut_to: Some((f32::NAN, 0.0)) };
        assert_eq!(Histogram::of_counts(&none).unwrap().stats.count, 0);
    }

    proptest! {
        /// Values counted here, and the same counted by a peer and taken over: nothing is lost or moved.
        #[test]
        fn what_a_peer_has_counted_is_what_is_there(values in prop::collection::vec(-9.0f32..9.0, 1..500), half in 1usize..80) {
            let spec = GridSpec::Ort { bins: 2 * half };
            let own = Histogram::of(&values, half, &[spec]);
            let Some(Ok(grid)) = own.peer(spec) else { return Ok(()) };
            let cut_to = own.stats.min.zip(own.stats.max);
            let of = CountedElsewhere { edges: &grid.edges, counts: &grid.counts, cut_to };
            let taken = Histogram::of_counts(&of).unwrap();
            prop_assert_eq!(taken.stats.count, values.len() as u64);
            prop_assert_eq!(taken.magnitude.counts().iter().sum::<u64>(), values.len() as u64);
            prop_assert!(taken.stats.amax() <= taken.magnitude.amax);
            // An end on an edge between bins may be where somebody has cut.
            let between = |end: Option<f32>| end.is_some_and(|end| grid.edges[1..2 * half].contains(&end));
            if !between(own.stats.min) && !between(own.stats.max) {
                prop_assert_eq!((taken.stats.min, taken.stats.max), (own.stats.min, own.stats.max));
            }
            if own.stats.amax() == 0.0 {
                return Ok(());
            }
            let edges = taken.magnitude.edges();
            let width = f64::from(grid.edges[1]) - f64::from(grid.edges[0]);
            for (i, edge) in edges.iter().enumerate() {
                prop_assert!((f64::from(*edge) - f64::from(grid.edges[half + i])).abs() <= UNEVEN * width);
            }
        }
    }
}
