//! Where a tensor's values are, as the cost of a clip sees them.

use crate::histogram::{Histogram, Stats};

/// The mass of a histogram's bins, ready to be integrated over. Lengths are in units of the bin width.
#[derive(Debug)]
pub struct Density {
    pub width: f64,
    pub pos: Side,
    pub neg: Side,
    /// Both sides together, for grids that treat them alike.
    pub both: Vec<f64>,
}

/// The bins of one sign.
#[derive(Debug)]
pub struct Side {
    pub mass: Vec<f64>,
    /// Values in bin `i` and beyond.
    from: Vec<u64>,
    /// The largest magnitude on this side.
    amax: f32,
}

impl Side {
    fn new(counts: &[u64], zeros: u64, amax: f32) -> Side {
        let mut counts = counts.to_vec();
        counts[0] = counts[0].saturating_sub(zeros);
        let mut from = vec![0; counts.len() + 1];
        for i in (0..counts.len()).rev() {
            from[i] = from[i + 1] + counts[i];
        }
        Side { mass: counts.iter().map(|&c| c as f64).collect(), from, amax }
    }
}

impl Density {
    pub fn of(histogram: &Histogram) -> Density {
        let (m, Stats { zeros, min, max, .. }) = (&histogram.magnitude, &histogram.stats);
        let pos = Side::new(&m.pos, *zeros, max.unwrap_or(0.0).max(0.0));
        let neg = Side::new(&m.neg, 0, -min.unwrap_or(0.0).min(0.0));
        let both = pos.mass.iter().zip(&neg.mass).map(|(p, n)| p + n).collect();
        Density { width: f64::from(m.amax) / m.bins() as f64, pos, neg, both }
    }
}

/// Where a clip cuts one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// In bins from zero.
    pub at: f64,
    /// Values beyond.
    pub saturated: f64,
    /// Whether a bin had to be divided.
    pub prorated: bool,
}

impl Cut {
    pub fn new(side: &Side, edges: &[f32], clip: f32) -> Cut {
        if clip >= side.amax {
            return Cut { at: side.mass.len() as f64, saturated: 0.0, prorated: false };
        }
        let above = edges.partition_point(|&e| e < clip);
        if edges[above] == clip {
            return Cut { at: above as f64, saturated: side.from[above] as f64, prorated: false };
        }
        let [low, high, clip] = [edges[above - 1], edges[above], clip].map(f64::from);
        let kept = (clip - low) / (high - low);
        let saturated = side.from[above] as f64 + (1.0 - kept) * side.mass[above - 1];
        Cut { at: (above - 1) as f64 + kept, saturated, prorated: true }
    }
}
