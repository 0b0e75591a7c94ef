/// A horizontal axis: the range of real values that a number of columns shows. Plots that share an axis share its
/// columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The value at the left edge of column 0.
    pub lo: f64,
    /// The value at the right edge of the last column; above `lo`.
    pub hi: f64,
    /// How many columns there are; at least 1.
    pub columns: u16,
}

impl Axis {
    /// An axis over `[lo, hi]`; an empty or undefined range becomes one that can be drawn.
    pub fn new(lo: f64, hi: f64, columns: u16) -> Axis {
        let (lo, hi) = if lo.is_finite() && hi.is_finite() && hi > lo { (lo, hi) } else { (0.0, 1.0) };
        Axis { lo, hi, columns: columns.max(1) }
    }

    /// The width of one column.
    pub fn step(&self) -> f64 {
        (self.hi - self.lo) / f64::from(self.columns)
    }

    /// The column that shows `x`; the right end belongs to the last column. `None` outside the axis.
    pub fn column(&self, x: f64) -> Option<u16> {
        if !(self.lo..=self.hi).contains(&x) {
            return None;
        }
        Some((((x - self.lo) / self.step()) as u16).min(self.columns - 1))
    }

    /// Like [`Axis::column`], with values beyond the ends on the first or last column.
    pub fn nearest_column(&self, x: f64) -> u16 {
        self.column(x.clamp(self.lo, self.hi)).unwrap_or(0)
    }

    /// The values at the left and right edge of a column.
    pub fn span(&self, column: u16) -> (f64, f64) {
        (self.edge(column), self.edge(column + 1))
    }

    /// The value in the middle of a column.
    pub fn centre(&self, column: u16) -> f64 {
        let (a, b) = self.span(column);
        (a + b) / 2.0
    }

    fn edge(&self, column: u16) -> f64 {
        if column >= self.columns { self.hi } else { self.lo + f64::from(column) * self.step() }
    }
}

/// Round values inside `[lo, hi]` to label, at most `most` of them, 1, 2 or 5 times a power of ten apart, and how many
/// decimals they need.
pub fn ticks(lo: f64, hi: f64, most: usize) -> (Vec<f64>, usize) {
    let range = hi - lo;
    if most == 0 || !range.is_finite() || range <= 0.0 {
        return (Vec::new(), 0);
    }
    let raw = range / most as f64;
    let power = raw.log10().floor();
    let unit = 10f64.powf(power);
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * unit).into_iter().find(|s| *s >= raw * 0.999_999).unwrap_or(10.0 * unit);
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
    let first = (lo / step - 1e-9).ceil() as i64;
    let last = (hi / step + 1e-9).floor() as i64;
    // A tick at zero is plain zero, not -0.
    ((first..=last).map(|i| if i == 0 { 0.0 } else { i as f64 * step }).collect(), decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_cover_the_range_once() {
        let axis = Axis::new(0.0, 10.0, 5);
        assert_eq!(axis.column(0.0), Some(0));
        assert_eq!(axis.column(1.999), Some(0));
        assert_eq!(axis.column(2.0), Some(1));
        assert_eq!(axis.column(10.0), Some(4));
        assert_eq!(axis.column(10.1), None);
        assert_eq!(axis.nearest_column(99.0), 4);
        assert_eq!(axis.span(4), (8.0, 10.0));
        assert_eq!(axis.centre(0), 1.0);
    }

    #[test]
    fn degenerate_ranges_can_be_drawn() {
        for (lo, hi) in [(0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (2.0, 1.0)] {
            assert_eq!(Axis::new(lo, hi, 0), Axis { lo: 0.0, hi: 1.0, columns: 1 });
        }
        assert!(ticks(1.0, 1.0, 5).0.is_empty());
        assert!(ticks(0.0, f64::INFINITY, 5).0.is_empty());
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 6.1, 7), (vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0));
        assert_eq!(ticks(-0.25, 0.25, 5), (vec![-0.2, -0.1, 0.0, 0.1, 0.2], 1));
        let (t, decimals) = ticks(0.0, 0.037, 4);
        assert_eq!((t.len(), decimals), (4, 2));
        assert_eq!(ticks(0.0, 100_000.0, 3).0, [0.0, 50_000.0, 100_000.0]);
    }
}
