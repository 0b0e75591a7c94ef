//! Two lists of ranges held against each other: which moved, and by how much, the worst first.
//!
//! How far a range has moved is a share: of its scale where both are on the same numbers, else of the width of its clip.
//! A zero point that moves shifts the clip, which is a share of that width too.

mod json;
mod says;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Range;
use crate::session::Kind;

pub use says::Says;

/// One of the two that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// What it is called.
    pub file: String,
    /// What files of its format say of a range.
    pub says: Says,
    /// Its ranges.
    pub ranges: Vec<Range>,
}

/// What of a range has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moved {
    /// It is left in float on one side.
    Float,
    /// Each channel has a range on one side, or along another axis, or there are other channels.
    Axis,
    /// The numbers that it goes to.
    Format,
    /// The distance of neighbouring integers.
    Scale,
    /// The integer that stands for 0.
    ZeroPoint,
    /// An end of the range.
    Clip,
}

impl Moved {
    /// The word in tables and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Moved::Float => "float",
            Moved::Axis => "axis",
            Moved::Format => "format",
            Moved::Scale => "scale",
            Moved::ZeroPoint => "zero_point",
            Moved::Clip => "clip",
        }
    }
}

/// A tensor that stands on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// As the first side has it.
    pub a: &'a Range,
    /// As the second has it.
    pub b: &'a Range,
    /// What has moved; empty where nothing has.
    pub moved: Vec<Moved>,
    /// By how much, of the worst channel: a share with the sign of its scale's or its width's move. Infinite where the two
    /// cannot be compared (float, axis), NaN where a number is none.
    pub by: f64,
    /// The channel of which `by` is, where each has a range.
    pub channel: Option<usize>,
}

/// Two lists of ranges, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff<'a> {
    /// What the sides are called.
    pub files: [&'a str; 2],
    /// The formats' words.
    pub formats: [&'static str; 2],
    /// Every tensor that stands on both sides, the worst first; of equals the first side's order.
    pub rows: Vec<Row<'a>>,
    /// Tensors of the first side alone.
    pub only_a: Vec<&'a Range>,
    /// Tensors of the second side alone.
    pub only_b: Vec<&'a Range>,
    /// How far they may be apart: a share.
    pub tolerance: f64,
}

impl Row<'_> {
    /// Whether it has moved by more than this share. What has moved but in no number that can be put beside another (the
    /// format alone) has moved by more than any.
    pub fn differs(&self, tolerance: f64) -> bool {
        let incomparable = self.moved.iter().any(|what| matches!(what, Moved::Float | Moved::Axis | Moved::Format));
        !self.moved.is_empty() && (incomparable || self.by.is_nan() || self.by.abs() > tolerance)
    }

    /// The worst first: what is no number, what cannot be compared, then by how much.
    fn cmp_worst(&self, other: &Row) -> Ordering {
        let rank = |row: &Row| (row.by.is_nan(), row.by.abs(), !row.moved.is_empty());
        let ((a_nan, a, a_moved), (b_nan, b, b_moved)) = (rank(self), rank(other));
        b_nan.cmp(&a_nan).then(b.total_cmp(&a)).then(b_moved.cmp(&a_moved))
    }
}

impl Diff<'_> {
    /// The rows that differ by more than the tolerance.
    pub fn differing(&self) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(|row| row.differs(self.tolerance))
    }

    /// Whether both say the same, within the tolerance.
    pub fn is_equal(&self) -> bool {
        self.differing().next().is_none() && self.only_a.is_empty() && self.only_b.is_empty()
    }
}

/// Compares two lists of ranges, matched by kind and name; by name alone where a file does not tell kinds apart and the
/// name stands once on either side.
pub fn diff<'a>(a: &'a Side, b: &'a Side, tolerance: f64) -> Diff<'a> {
    let both = a.says.both(b.says);
    let mut left: HashMap<(Kind, &str), Vec<usize>> = HashMap::new();
    for (at, range) in b.ranges.iter().enumerate().rev() {
        left.entry((range.kind, &range.name)).or_default().push(at);
    }
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for range in &a.ranges {
        match left.get_mut(&(range.kind, range.name.as_str())).and_then(Vec::pop) {
            Some(at) => pairs.push((range, at)),
            None => alone.push(range),
        }
    }
    let mut only_a = Vec::new();
    for range in alone {
        let other = if range.kind == Kind::Weight { Kind::Activation } else { Kind::Weight };
        let at = left.get_mut(&(other, range.name.as_str())).filter(|_| !both.kind).and_then(Vec::pop);
        match at {
            Some(at) => pairs.push((range, at)),
            None => only_a.push(range),
        }
    }
    let mut rest: Vec<usize> = left.into_values().flatten().collect();
    rest.sort_unstable();
    let row = |(of_a, at): (&'a Range, usize)| {
        let of_b = &b.ranges[at];
        row(of_a, of_b, both, Says::slack((of_a, a.says), (of_b, b.says)))
    };
    let mut rows: Vec<Row> = pairs.into_iter().map(row).collect();
    rows.sort_by(Row::cmp_worst);
    Diff {
        files: [&a.file, &b.file],
        formats: [a.says.id, b.says.id],
        rows,
        only_a,
        only_b: rest.into_iter().map(|at| &b.ranges[at]).collect(),
        tolerance,
    }
}

fn row<'a>(a: &'a Range, b: &'a Range, says: Says, slack: f64) -> Row<'a> {
    let cannot = |moved: Moved| Row { a, b, moved: vec![moved], by: f64::INFINITY, channel: None };
    match (&a.in_float, &b.in_float) {
        (Some(_), Some(_)) => return Row { a, b, moved: Vec::new(), by: 0.0, channel: None },
        (None, None) => {}
        _ => return cannot(Moved::Float),
    }
    let n = a.clips.len();
    let whole = |range: &Range| [range.scales.len(), range.zero_points.len()] == [range.clips.len(); 2];
    // One channel is a tensor as a whole.
    if n != b.clips.len() || !whole(a) || !whole(b) || (says.axis && n > 1 && a.axis != b.axis) {
        return cannot(Moved::Axis);
    }
    let mut moved = Vec::new();
    let on_the_same = a.format == b.format || !says.format;
    if !on_the_same {
        moved.push(Moved::Format);
    }
    let (mut by, mut channel) = (0.0_f64, None);
    for at in 0..n {
        let (what, one) = one(a, b, at, says, slack);
        moved.extend(what);
        if one.is_nan() && !by.is_nan() || one.abs() > by.abs() {
            (by, channel) = (one, (n > 1).then_some(at));
        }
    }
    moved.sort_unstable();
    moved.dedup();
    Row { a, b, moved, by, channel }
}

/// What of one range has moved, and by how much.
fn one(a: &Range, b: &Range, at: usize, says: Says, slack: f64) -> (Vec<Moved>, f64) {
    let (of_a, of_b) = (a.clips[at], b.clips[at]);
    let mut moved = Vec::new();
    let share = |a: f64, b: f64| if a == b { 0.0 } else { b / a - 1.0 };
    // Scales are of one kind on the same numbers, and zero points as well.
    let mut by = 0.0;
    let comparable = says.format && a.format == b.format;
    if comparable {
        by = share(f64::from(a.scales[at]), f64::from(b.scales[at]));
        if by.is_nan() || by.abs() > slack {
            moved.push(Moved::Scale);
        } else {
            by = 0.0;
        }
    }
    let width = |low: f32, high: f32| f64::from(high) - f64::from(low);
    let (ends_moved, wider) = match says.ends {
        true => {
            let low = (f64::from(of_b.min()) - f64::from(of_a.min())).abs();
            let high = (f64::from(of_b.max()) - f64::from(of_a.max())).abs();
            (low.max(high), width(of_b.min(), of_b.max()) >= (1.0 - 1e-6) * width(of_a.min(), of_a.max()))
        }
        false => ((f64::from(of_b.amax()) - f64::from(of_a.amax())).abs(), of_b.amax() >= of_a.amax()),
    };
    let of_width = if says.ends { width(of_a.min(), of_a.max()) } else { f64::from(of_a.amax()) };
    let ends_moved = if ends_moved == 0.0 { 0.0 } else { ends_moved / of_width };
    let mut further = |what: Moved, share: f64| {
        moved.push(what);
        if by.is_finite() && share > by.abs() {
            by = if wider { share } else { -share };
        }
    };
    if comparable && a.zero_points[at] != b.zero_points[at] {
        // Of two formats one rounds the ends where the other rounds the steps: a step apart is then the same range.
        let apart = (i64::from(a.zero_points[at]) - i64::from(b.zero_points[at])).unsigned_abs();
        let steps = i64::from(a.format.qmax()) - i64::from(a.format.qmin());
        if slack == 0.0 || apart > 1 || ends_moved > slack {
            further(Moved::ZeroPoint, apart as f64 / steps as f64);
        }
    }
    // On the same numbers scale and zero point say it all; one file says it in ends and the other in steps.
    let by_steps = comparable && slack > 0.0;
    if !by_steps && ends_moved > slack {
        further(Moved::Clip, ends_moved);
    }
    (moved, by)
}
