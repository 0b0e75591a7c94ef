use super::axis::ticks;
use super::rise::Rise;

/// A vertical scale: from a value to a height between 0 (bottom) and 1 (top).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YScale {
    lo: f64,
    hi: f64,
    rise: Rise,
    /// Made from no value at all: there is nothing to label.
    empty: bool,
    /// The least value to label on a log scale of counts: there is no half a value.
    least_label: f64,
}

impl YScale {
    /// From 0 to the largest of `values`; on a log scale from a little less than half of `one`, which is what a single
    /// value comes to: 1, or less where a bin is shared out over several columns.
    pub fn counts(values: &[f64], rise: Rise, one: f64) -> YScale {
        YScale::rising(values.iter().copied().fold(0.0, f64::max), rise, one.clamp(1e-3, 1.0), one.min(1.0))
    }

    /// The same for percentages of some number of values: `one` is what a single value comes to, which may be as little as
    /// nothing of many.
    pub fn shares(most: f64, rise: Rise, one: f64) -> YScale {
        // Ten decades below everything nothing is drawn.
        let one = one.max(1e-8);
        YScale::rising(most, rise, one, one)
    }

    fn rising(hi: f64, rise: Rise, one: f64, least_label: f64) -> YScale {
        let lo = if rise == Rise::Log { one * 0.4 } else { 0.0 };
        let least = lo * 4.0 + if rise == Rise::Log { 0.0 } else { one };
        YScale { lo, hi: if hi > lo * 1.5 { hi } else { least }, rise, empty: false, least_label }
    }

    /// The same scale of counts with room for one of `value`: where that is more than it has, up to 1, 2 or 5 times the next
    /// power of ten, so that it does not move with every little change.
    pub fn raised_to(self, value: f64) -> YScale {
        if !value.is_finite() || value <= self.hi {
            return self;
        }
        let power = 10f64.powf(value.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].map(|step| step * power).into_iter().find(|top| *top >= value);
        YScale { hi: round.unwrap_or(value), ..self }
    }

    /// A scale over the finite (and, on a log scale, positive) ones of `values`, with a little room at both ends. A log
    /// scale shows at most eight decades below its top.
    pub fn fit(values: impl Iterator<Item = f64> + Clone, log: bool) -> YScale {
        let rise = if log { Rise::Log } else { Rise::Linear };
        let usable = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let lo = usable.clone().fold(f64::INFINITY, f64::min);
        let hi = usable.fold(f64::NEG_INFINITY, f64::max);
        if lo > hi {
            return YScale { lo: if log { 0.1 } else { 0.0 }, hi: 1.0, rise, empty: true, least_label: 0.0 };
        }
        if log {
            let lo = lo.max(hi * 1e-8);
            let room = (hi / lo).powf(0.06).max(1.05);
            YScale { lo: lo / room, hi: hi * room, rise, empty: false, least_label: 0.0 }
        } else {
            let room = ((hi - lo) * 0.06).max(hi.abs() * 1e-3).max(1e-9);
            YScale { lo: lo - room, hi: hi + room, rise, empty: false, least_label: 0.0 }
        }
    }

    /// The height of a value, unclamped; NaN for what has none (NaN, and on a log or sqrt scale what is negative). Zero lies
    /// infinitely far below a log scale.
    pub fn height(&self, value: f64) -> f64 {
        match self.rise {
            Rise::Log => (value / self.lo).ln() / (self.hi / self.lo).ln(),
            Rise::Sqrt => ((value - self.lo) / (self.hi - self.lo)).sqrt(),
            Rise::Linear => (value - self.lo) / (self.hi - self.lo),
        }
    }

    /// Round values to label, for a plot with room for `rows` lines of text one above another: no two on one line.
    pub fn ticks(&self, rows: u16) -> Vec<f64> {
        if rows == 0 || self.empty {
            return Vec::new();
        }
        match self.rise {
            Rise::Linear => return ticks(self.lo, self.hi, usize::from(rows / 3).clamp(1, 6)).0,
            Rise::Sqrt => return self.sqrt_ticks(rows),
            Rise::Log => {}
        }
        // Less than two decades in a tall plot: 1, 2 and 5 of each. Many decades: every second or third.
        let fine = self.hi / self.lo < 100.0 && rows >= 6;
        let (first, last) = (self.lo.log10(), self.hi.log10());
        let first = if fine { first.floor() } else { first.ceil() } as i32;
        let last = last.floor() as i32;
        let every = if fine { 1 } else { ((last - first + 1).max(1) as usize).div_ceil(usize::from(rows / 2).max(1)) };
        let decades = (first..=last).step_by(every).map(|e| 10f64.powi(e));
        let steps: &[f64] = if fine { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let values = decades.flat_map(|d| steps.iter().map(move |s| d * s));
        values.filter(|v| (self.lo.max(self.least_label)..=self.hi).contains(v)).collect()
    }

    /// Zero, and from the top down 1, 2 and 5 of each decade, so far as they do not crowd.
    fn sqrt_ticks(&self, rows: u16) -> Vec<f64> {
        let row = |value: f64| (self.height(value) * f64::from(rows)) as i64;
        let top = self.hi.log10().floor() as i32;
        let round = (top - 8..=top).rev().flat_map(|e| [5.0, 2.0, 1.0].map(|step| step * 10f64.powi(e)));
        let mut kept: Vec<f64> = vec![0.0];
        for value in round.filter(|v| (self.least_label..=self.hi).contains(v)) {
            if kept.iter().all(|other| row(*other).abs_diff(row(value)) > 2) {
                kept.push(value);
            }
        }
        kept.sort_by(f64::total_cmp);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_run_from_bottom_to_top() {
        let linear = YScale::counts(&[0.0, 5.0, 10.0], Rise::Linear, 1.0);
        assert_eq!([0.0, 5.0, 10.0].map(|v| linear.height(v)), [0.0, 0.5, 1.0]);
        let sqrt = YScale::counts(&[0.0, 4.0, 16.0], Rise::Sqrt, 1.0);
        assert_eq!([0.0, 1.0, 4.0, 16.0].map(|v| sqrt.height(v)), [0.0, 0.25, 0.5, 1.0]);
        assert!(sqrt.height(-1.0).is_nan());
        let shares = YScale::shares(50.0, Rise::Log, 1e-4);
        assert!(shares.height(1e-4) > 0.05 && shares.height(50.0) == 1.0);
        let log = YScale::counts(&[0.0, 1.0, 1000.0], Rise::Log, 1.0);
        assert_eq!(log.height(0.0), f64::NEG_INFINITY);
        assert!(log.height(-1.0).is_nan());
        assert!(log.height(1.0) > 0.05 && log.height(1.0) < 0.2);
        assert_eq!(log.height(1000.0), 1.0);
        assert!(YScale::counts(&[], Rise::Log, 1.0).height(1.0).is_finite());
    }

    #[test]
    fn a_raised_scale_holds_more_and_stays_where_it_is() {
        let scale = YScale::counts(&[3.0, 40.0], Rise::Linear, 1.0);
        assert_eq!(scale.raised_to(40.0), scale);
        assert_eq!(scale.raised_to(f64::NAN), scale);
        assert_eq!(scale.raised_to(41.0).height(50.0), 1.0);
        assert_eq!((scale.raised_to(120.0), scale.raised_to(190.0).height(200.0)), (scale.raised_to(180.0), 1.0));
    }

    #[test]
    fn ticks_are_round_and_no_more_than_there_is_room_for() {
        for rise in Rise::ALL {
            for top in [1e-7, 0.02, 3.0, 999.0, 147_456.0, 3e9] {
                let scale = YScale::counts(&[top * 1e-3, top], rise, 1.0);
                for rows in 0..30 {
                    let ticks = scale.ticks(rows);
                    assert!(ticks.len() <= usize::from(rows.max(2)), "{rows} {ticks:?}");
                }
            }
        }
        let near = |ticks: Vec<f64>, wanted: &[f64]| {
            assert_eq!(ticks.len(), wanted.len(), "{ticks:?}");
            assert!(ticks.iter().zip(wanted).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{ticks:?}");
        };
        near(YScale::fit([0.012, 0.5, f64::INFINITY, 3.0].into_iter(), true).ticks(9), &[0.01, 0.1, 1.0]);
        near(YScale::fit([0.02, 0.4].into_iter(), true).ticks(12), &[0.02, 0.05, 0.1, 0.2]);
        assert!(YScale::fit([f64::NAN].into_iter(), false).height(0.5).is_finite());
    }
}
