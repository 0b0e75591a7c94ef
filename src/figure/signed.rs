use super::axis::ticks;
use super::rise::Rise;

/// A vertical scale of values of both signs, from a value to a height between 0 (bottom) and 1 (top): linear, with the
/// square root of magnitudes, or linear about zero and logarithmic far from it, so that one wide range does not flatten all
/// others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signed {
    lo: f64,
    hi: f64,
    rise: Rise,
    /// Where a logarithmic scale begins to be one.
    unit: f64,
}

impl Signed {
    /// Over `[lo, hi]` and zero, with a little room at both ends; a logarithmic one is so beyond `unit`, and linear where
    /// there is none.
    pub fn new(lo: f64, hi: f64, rise: Rise, unit: Option<f64>) -> Signed {
        let unit = unit.filter(|u| *u > 0.0);
        let rise = if rise == Rise::Log && unit.is_none() { Rise::Linear } else { rise };
        let unit = unit.unwrap_or(1.0);
        let bent = Signed { lo: 0.0, hi: 1.0, rise, unit };
        let (lo, hi) = (bent.bend(lo.min(0.0)), bent.bend(hi.max(0.0)));
        let (lo, hi) = if hi > lo { (lo, hi) } else { (-1.0, 1.0) };
        let room = (hi - lo) * 0.04;
        Signed { lo: lo - room, hi: hi + room, rise, unit }
    }

    fn bend(&self, value: f64) -> f64 {
        match self.rise {
            Rise::Log => (value / self.unit).asinh(),
            Rise::Sqrt => value.abs().sqrt().copysign(value),
            Rise::Linear => value,
        }
    }

    /// The height of a value.
    pub fn height(&self, value: f64) -> f64 {
        (self.bend(value) - self.lo) / (self.hi - self.lo)
    }

    /// Round values to label, for a plot with room for `rows` lines of text one above another: no two on neighbouring
    /// lines, zero first. `fits` tells whether there is room beside the plot for a value's text.
    pub fn ticks(&self, rows: u16, fits: impl Fn(f64) -> bool) -> Vec<f64> {
        if rows == 0 {
            return Vec::new();
        }
        let values = if self.rise == Rise::Log {
            let decade = |sign: f64, end: f64| {
                let (least, most) = (self.unit.log10().floor() as i32, (end.sinh() * self.unit).log10().floor());
                let most = if most.is_finite() { most as i32 } else { least };
                (least..=most).rev().map(move |e| sign * 10f64.powi(e))
            };
            std::iter::once(0.0).chain(decade(1.0, self.hi)).chain(decade(-1.0, -self.lo)).collect()
        } else {
            let unbent = |end: f64| if self.rise == Rise::Sqrt { end * end.abs() } else { end };
            let mut values = ticks(unbent(self.lo), unbent(self.hi), usize::from(rows / 3).clamp(1, 6)).0;
            // Zero first, whatever else has to give way.
            values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
            values
        };
        let row = |v: f64| (self.height(v) * f64::from(rows)).floor() as i32;
        let mut kept: Vec<f64> = Vec::new();
        for value in values {
            let inside = (0..i32::from(rows)).contains(&row(value)) && fits(value);
            if inside && kept.iter().all(|other| row(*other).abs_diff(row(value)) > 1) {
                kept.push(value);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_rise_and_ticks_keep_apart() {
        let bent = [Some(0.2), Some(1e-9)].map(|unit| (Rise::Log, unit));
        for (rise, unit) in [(Rise::Linear, None), (Rise::Log, None), (Rise::Sqrt, Some(0.2))].into_iter().chain(bent) {
            let scale = Signed::new(-3.0, 90.0, rise, unit);
            let heights = [-3.0, -0.1, 0.0, 0.1, 3.0, 90.0].map(|v| scale.height(v));
            assert!(heights.is_sorted() && heights[0] > 0.0 && heights[5] < 1.0, "{heights:?}");
            for rows in 0..40 {
                let ticks = scale.ticks(rows, |_| true);
                assert!(rows == 0 || ticks.contains(&0.0), "{unit:?} {rows}");
                let lines: Vec<i32> = ticks.iter().map(|v| (scale.height(*v) * f64::from(rows)) as i32).collect();
                let apart = |(i, a): (usize, &i32)| lines[..i].iter().all(|b| a.abs_diff(*b) > 1);
                assert!(lines.iter().enumerate().all(apart), "{rows} {ticks:?}");
                assert_eq!(scale.ticks(rows, |v| v == 0.0), if rows == 0 { vec![] } else { vec![0.0] });
            }
        }
        // Far from zero a wide range takes less than its share.
        let of = |rise| Signed::new(-3.0, 90.0, rise, Some(0.5));
        let (linear, bent) = (of(Rise::Linear), of(Rise::Log));
        assert!(bent.height(3.0) - bent.height(-3.0) > 3.0 * (linear.height(3.0) - linear.height(-3.0)));
        assert!(Signed::new(0.0, 0.0, Rise::Sqrt, None).height(0.0).is_finite());
    }
}
