use super::axis::Axis;

/// Counts of magnitude bins over `[0, top]` as one mass a column of `axis`, which shows magnitudes. A bin that lies
/// across columns is shared by length, so that the mass inside the axis is kept.
pub fn rebin_magnitude(counts: &[f64], top: f64, axis: &Axis) -> Vec<f64> {
    let mut columns = vec![0.0; usize::from(axis.columns)];
    spread(counts, top, axis, &mut columns);
    columns
}

/// The same for an axis that shows signed values: `neg` holds the magnitudes of the negative ones.
pub fn rebin_signed(pos: &[f64], neg: &[f64], top: f64, axis: &Axis) -> Vec<f64> {
    let mut columns = vec![0.0; usize::from(axis.columns)];
    spread(neg, top, &Axis { lo: -axis.hi, hi: -axis.lo, columns: axis.columns }, &mut columns);
    columns.reverse();
    spread(pos, top, axis, &mut columns);
    columns
}

fn spread(counts: &[f64], top: f64, axis: &Axis, columns: &mut [f64]) {
    let width = top / counts.len() as f64;
    if width.is_nan() || width <= 0.0 {
        return;
    }
    let first = ((axis.lo / width).floor().max(0.0)) as usize;
    let step = axis.step();
    for (bin, &count) in counts.iter().enumerate().skip(first) {
        let (a, b) = (bin as f64 * width, (bin + 1) as f64 * width);
        if a >= axis.hi {
            break;
        }
        if count == 0.0 || b <= axis.lo {
            continue;
        }
        // In units of columns.
        let (a, b) = ((a - axis.lo) / step, (b - axis.lo) / step);
        let last = columns.len() - 1;
        let from = (a.max(0.0) as usize).min(last);
        let to = ((b.ceil() - 1.0).max(0.0) as usize).min(last);
        for (c, column) in columns.iter_mut().enumerate().take(to + 1).skip(from) {
            let overlap = b.min((c + 1) as f64) - a.max(c as f64);
            *column += count * (overlap / (b - a)).clamp(0.0, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(v: &[f64]) -> f64 {
        v.iter().sum()
    }

    #[test]
    fn mass_is_kept_for_any_width() {
        let counts: Vec<f64> = (0..2048).map(|i| f64::from(i % 7)).collect();
        for columns in [1, 7, 113, 2048, 5000] {
            let whole = rebin_magnitude(&counts, 6.1, &Axis::new(0.0, 6.1, columns));
            assert!((sum(&whole) - sum(&counts)).abs() < 1e-6, "{columns}");
            let signed = rebin_signed(&counts, &counts, 6.1, &Axis::new(-6.1, 6.1, columns));
            assert!((sum(&signed) - 2.0 * sum(&counts)).abs() < 1e-6, "{columns}");
        }
    }

    #[test]
    fn bins_land_where_they_belong() {
        let counts = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(rebin_magnitude(&counts, 4.0, &Axis::new(0.0, 4.0, 2)), [3.0, 7.0]);
        assert_eq!(rebin_magnitude(&counts, 4.0, &Axis::new(1.0, 3.0, 2)), [2.0, 3.0]);
        assert_eq!(rebin_magnitude(&counts, 4.0, &Axis::new(0.0, 8.0, 4)), [3.0, 7.0, 0.0, 0.0]);
        assert_eq!(
            rebin_signed(&counts, &[5.0, 0.0, 0.0, 6.0], 4.0, &Axis::new(-4.0, 4.0, 8)),
            [6.0, 0.0, 0.0, 5.0, 1.0, 2.0, 3.0, 4.0]
        );
        assert_eq!(rebin_magnitude(&counts, 0.0, &Axis::new(0.0, 1.0, 3)), [0.0; 3]);
    }
}
