use super::axis::Axis;
use crate::histogram::Magnitude;

/// What lies under one column of an axis: whole bins, so that their count is the true one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inspected {
    /// Where the bins begin and end.
    pub span: (f64, f64),
    /// How many values they hold, exact zeros left out as the plot does.
    pub count: u64,
    /// How many zeros lie in them beside.
    pub zeros: u64,
    /// Where the column is narrower than the one bin that it lies in: what comes to it of the bin's values if they lie
    /// evenly in it.
    pub part: Option<f64>,
}

/// What lies under a column of an axis, which is `signed` or shows magnitudes: the bins whose middles it holds, so that each
/// bin is under one column; where it holds none, the bin that its own middle is in. `None` where there are no bins.
pub fn inspected(magnitude: &Magnitude, zeros: u64, axis: &Axis, signed: bool, column: u16) -> Option<Inspected> {
    let bins = magnitude.bins() as i64;
    let width = f64::from(magnitude.amax) / bins as f64;
    if width.is_nan() || width <= 0.0 {
        return None;
    }
    let (a, b) = axis.span(column);
    let least = if signed { -bins } else { 0 };
    // Far beyond every bin is as good as right beyond.
    let place = |x: f64| (x / width).clamp(-1e9, 1e9);
    let (first, last) = ((place(a) - 0.5).ceil() as i64, (place(b) - 0.5).ceil() as i64 - 1);
    let narrow = first > last;
    let (first, last) = if narrow {
        let at = place((a + b) / 2.0).floor() as i64;
        (at, at)
    } else {
        (first.max(least), last.min(bins - 1))
    };
    let of = |bin: i64| match usize::try_from(bin) {
        Ok(bin) if !signed => magnitude.pos[bin] + magnitude.neg[bin],
        Ok(bin) => magnitude.pos[bin],
        Err(_) => magnitude.neg[(-bin - 1) as usize],
    };
    if first > last || first < least || last >= bins {
        return Some(Inspected { span: (a, b), count: 0, zeros: 0, part: None });
    }
    // Zeros are counted in the first bin of the values that are not negative.
    let zeros = if (first..=last).contains(&0) { zeros.min(of(0)) } else { 0 };
    let count = (first..=last).map(of).sum::<u64>() - zeros;
    let part = narrow.then(|| count as f64 * ((b - a) / width).min(1.0));
    Some(Inspected { span: (first as f64 * width, (last + 1) as f64 * width), count, zeros, part })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::histogram::Histogram;

    #[test]
    fn a_wide_column_has_whole_bins_and_a_narrow_one_says_what_it_cuts() {
        let values = [0.0, 0.0, 0.1, 0.6, -0.7, 1.5, 3.9, -3.9];
        let magnitude = Histogram::of(&values, 4, &[]).magnitude;
        assert_eq!(magnitude.amax, 3.9);
        let at = |axis: &Axis, signed, column| inspected(&magnitude, 2, axis, signed, column).unwrap();
        let top = f64::from(magnitude.amax);
        let wide = at(&Axis::new(0.0, top, 2), false, 0);
        assert_eq!((wide.count, wide.zeros, wide.part), (4, 2, None));
        assert!((wide.span.1 - top / 2.0).abs() < 1e-9);
        let narrow = at(&Axis::new(0.0, top, 16), false, 1);
        assert_eq!((narrow.count, narrow.zeros), (3, 2));
        assert!((narrow.part.unwrap() - 0.75).abs() < 1e-9 && narrow.span == (0.0, top / 4.0));
        let signed = Axis::new(-top, top, 8);
        assert_eq!((0..8).map(|c| at(&signed, true, c).count).collect::<Vec<_>>(), [1, 0, 0, 1, 2, 1, 0, 1]);
        // Beyond all values there is nothing.
        assert_eq!(at(&Axis::new(8.0, 9.0, 3), false, 1).count, 0);
        assert_eq!(inspected(&Histogram::of(&[0.0], 4, &[]).magnitude, 1, &signed, true, 0).map_or(0, |i| i.count), 0);
    }

    proptest! {
        /// Every value is under one column where columns are wider than bins.
        #[test]
        fn columns_share_out_all_values(values in prop::collection::vec(-9.0f32..9.0, 1..200), columns in 1u16..40, signed: bool) {
            let histogram = Histogram::of(&values, 64, &[]);
            let (stats, top) = (&histogram.stats, f64::from(histogram.magnitude.amax));
            prop_assume!(top > 0.0);
            let axis = Axis::new(if signed { -top } else { 0.0 }, top, columns);
            let of = |c| inspected(&histogram.magnitude, stats.zeros, &axis, signed, c).unwrap();
            let all: u64 = (0..columns).map(|c| of(c).count).sum();
            prop_assert_eq!(all, stats.finite() - stats.zeros);
        }
    }
}
