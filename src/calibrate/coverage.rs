//! The shortest run of bins that covers the values.

use super::{Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor, need_values};
use crate::histogram::{GridKind, GridSpec, NumpyHistogram};
use crate::quant::Clip;

const BINS: usize = 100;
const SHARE: f64 = 0.99;

/// Drops bins from both ends of `np.histogram(x, 100)` while more than 99 % of the values stay.
///
/// The rule of a widely copied quantization tutorial: as long as the share is above 0.99, drop the leftmost kept bin if
/// it holds less than the rightmost, and else the rightmost. The dynamic range is the larger magnitude of the two
/// *left* edges, of the first and of the last bin kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coverage;

/// The window of bins that is kept, and the two edges that would decide if the rule ended here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// The first bin that is kept.
    pub left: usize,
    /// The last one; before the first where none is, -1 included.
    pub right: isize,
    /// The left edge of the first bin.
    pub low: f32,
    /// The left edge of the last bin; where that is -1 the last edge of all, as Python counts.
    pub high: f32,
    /// How many values are kept.
    pub values: u64,
}

/// One bin that was dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoverageDrop {
    /// Whether it was the leftmost that was kept, and not the rightmost.
    pub from_left: bool,
    /// Which bin it was.
    pub bin: usize,
    /// How many values it held.
    pub count: u64,
    /// How many the bin at the other end held.
    pub other: u64,
    /// What is kept after it.
    pub kept: Kept,
}

/// Every bin that the rule drops, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverageTrace {
    /// The window before anything is dropped.
    pub begin: Kept,
    /// What is dropped, in order.
    pub drops: Vec<CoverageDrop>,
    /// How many values there are.
    pub total: u64,
}

impl CoverageTrace {
    /// The rule on a histogram that holds values.
    fn of(histogram: &NumpyHistogram) -> CoverageTrace {
        let (counts, edges) = (&histogram.counts, &histogram.edges);
        let total = counts.iter().sum::<u64>();
        let window = |left: usize, right: isize, values| {
            let high = if right < 0 { edges[edges.len() - 1] } else { edges[right as usize] };
            Kept { left, right, low: edges[left], high, values }
        };
        let begin = window(0, counts.len() as isize - 1, total);
        let mut trace = CoverageTrace { begin, drops: Vec::new(), total };
        // The share can only be above 0.99 while a bin is left, so that both indices are good in here.
        while trace.share(trace.drops.len()) > SHARE {
            let Kept { left, right, values, .. } = *trace.at(trace.drops.len());
            let (first, last) = (counts[left], counts[right as usize]);
            let from_left = first < last;
            trace.drops.push(if from_left {
                CoverageDrop {
                    from_left,
                    bin: left,
                    count: first,
                    other: last,
                    kept: window(left + 1, right, values - first),
                }
            } else {
                let kept = window(left, right - 1, values - last);
                CoverageDrop { from_left, bin: right as usize, count: last, other: first, kept }
            });
        }
        trace
    }

    /// What is kept after so many drops; after all of them where there are fewer.
    pub fn at(&self, drops: usize) -> &Kept {
        match drops.min(self.drops.len()).checked_sub(1) {
            Some(last) => &self.drops[last].kept,
            None => &self.begin,
        }
    }

    /// The share of the values that is kept after so many drops, as the rule compares it.
    pub fn share(&self, drops: usize) -> f64 {
        self.at(drops).values as f64 / self.total as f64
    }

    /// The window that the rule ends with.
    pub fn end(&self) -> &Kept {
        self.at(self.drops.len())
    }
}

impl Coverage {
    /// The histogram that the rule goes over, and what it drops of it.
    ///
    /// # Errors
    ///
    /// [`NoThreshold`] where there are no such bins.
    pub fn trace(tensor: &Tensor) -> Result<(&NumpyHistogram, CoverageTrace), NoThreshold> {
        need_values(tensor)?;
        let histogram = tensor.histogram();
        match histogram.numpy(BINS) {
            Some(grid) => Ok((grid, CoverageTrace::of(grid))),
            None => {
                let (kind, why) = match histogram.kind {
                    GridKind::PowerOfTwo => (
                        NoThresholdKind::OnePass,
                        "coverage needs the exact range beforehand, and the values were seen only once",
                    ),
                    GridKind::Elsewhere => (
                        NoThresholdKind::NotCounted,
                        "coverage needs 100 bins over the values' own range, and another tool's bins are all that is there",
                    ),
                    GridKind::Exact => (
                        NoThresholdKind::PeerRaises,
                        "coverage needs 100 bins over the values' own range, which NumPy cannot make here",
                    ),
                };
                Err(NoThreshold::new(kind, why))
            }
        }
    }

    /// The clip that a window means.
    pub fn clip(tensor: &Tensor, kept: &Kept) -> Clip {
        tensor.format().clip_for(kept.low, kept.high)
    }
}

/// Windows whose ends differ by no more than this part of the larger need no word.
const ALIKE: f32 = 0.02;

/// Why fewer values saturate than the rule drops: its window has two ends, and a clip around zero takes the larger for both.
fn both_sides_note(tensor: &Tensor, low: f32, high: f32) -> Option<String> {
    let format = tensor.format();
    let larger = low.abs().max(high.abs());
    let differ = (low.abs() - high.abs()).abs() > ALIKE * larger;
    (format.symmetric() && format.signed() && differ && low < 0.0 && high > 0.0).then(|| {
        format!(
            "99 % of the values lie from {low:.4} to {high:.4}, and the larger end is taken for both sides, so that less \
             than 1 % saturates"
        )
    })
}

impl Calibrator for Coverage {
    fn id(&self) -> &str {
        "coverage"
    }

    fn label(&self) -> &str {
        "99 %"
    }

    fn summary(&self) -> &str {
        "Drops bins from both ends of a 100-bin histogram while more than 99 % of the values stay."
    }

    fn grids(&self) -> Vec<GridSpec> {
        vec![GridSpec::Numpy { bins: BINS }]
    }

    fn whose(&self) -> &str {
        "the INT8 tutorials"
    }

    fn formula(&self) -> &str {
        "while kept / all > 0.99: drop the emptier end of hist(x, 100); clip = max(|edge[left]|, |edge[right]|)"
    }

    fn caveat(&self) -> &str {
        "Takes left edges, so that the right end loses one bin more; a bin that holds more than 99 % sends it astray."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        let (_, trace) = Coverage::trace(tensor)?;
        let kept = trace.end();
        let clip = Coverage::clip(tensor, kept);
        let note = if kept.right < 0 {
            let why =
                "the first bin alone holds more than 99 %, which sends the search past its end and back to the maximum";
            Some(why.to_owned())
        } else if kept.left as isize > kept.right {
            let why = "one bin alone holds more than 99 %, so that in the end no bin is kept and its own edges decide";
            Some(why.to_owned())
        } else {
            both_sides_note(tensor, kept.low, kept.high)
        };
        Ok(Calibration::new(clip, note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_first_bin_walks_off_the_start() {
        let mut counts = vec![0; BINS];
        counts[0] = 999;
        counts[99] = 1;
        let edges = (0..=BINS).map(|i| i as f32).collect();
        let trace = CoverageTrace::of(&NumpyHistogram { edges, counts });
        assert_eq!(*trace.end(), Kept { left: 0, right: -1, low: 0.0, high: 100.0, values: 0 });
    }

    #[test]
    fn the_smaller_end_goes_first_and_the_right_one_on_a_tie() {
        let counts = vec![1, 2, 994, 2, 1];
        let edges = (0..=5).map(|i| i as f32).collect();
        let trace = CoverageTrace::of(&NumpyHistogram { edges, counts });
        // 1000 -> right 999 -> left 998 -> right 996 -> left 994 -> the middle itself
        assert_eq!((trace.end().left, trace.end().right), (2, 1));
        let told: Vec<_> = trace.drops.iter().map(|d| (d.from_left, d.bin, d.count, d.other, d.kept.values)).collect();
        let right = |bin, count, other, values| (false, bin, count, other, values);
        let left = |bin, count, other, values| (true, bin, count, other, values);
        let expected =
            [right(4, 1, 1, 999), left(0, 1, 2, 998), right(3, 2, 2, 996), left(1, 2, 994, 994), right(2, 994, 994, 0)];
        assert_eq!(told, expected);
        assert_eq!((trace.share(0), trace.at(99).values), (1.0, 0));
    }
}
