//! The shortest run of bins that covers the values.

use super::{Calibration, Calibrator, NoThreshold, NoThresholdKind, Tensor, need_values};
use crate::histogram::{GridKind, GridSpec, NumpyHistogram};

const BINS: usize = 100;
const SHARE: f64 = 0.99;

/// Drops bins from both ends of `np.histogram(x, 100)` while more than 99 % of the values stay.
///
/// The rule of a widely copied quantization tutorial: as long as the share is above 0.99, drop the leftmost kept bin if
/// it holds less than the rightmost, and else the rightmost. The dynamic range is the larger magnitude of the two
/// *left* edges, of the first and of the last bin kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Coverage;

/// The two edges that the rule ends with, and where its indices stood.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kept {
    left: usize,
    right: isize,
    low: f32,
    high: f32,
}

fn shrink(histogram: &NumpyHistogram) -> Kept {
    let (counts, edges) = (&histogram.counts, &histogram.edges);
    let total = counts.iter().sum::<u64>();
    let (mut left, mut right, mut kept) = (0, counts.len() as isize - 1, total);
    // The share can only be above 0.99 while a bin is left, so that both indices are good in here.
    while kept as f64 / total as f64 > SHARE {
        if counts[left] < counts[right as usize] {
            kept -= counts[left];
            left += 1;
        } else {
            kept -= counts[right as usize];
            right -= 1;
        }
    }
    // Python's index -1 is the last edge.
    let high = if right < 0 { edges[edges.len() - 1] } else { edges[right as usize] };
    Kept { left, right, low: edges[left], high }
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

    fn caveat(&self) -> &str {
        "Takes left edges, so that the right end loses one bin more; a bin that holds more than 99 % sends it astray."
    }

    fn calibrate(&self, tensor: &Tensor) -> Result<Calibration, NoThreshold> {
        need_values(tensor)?;
        let histogram = tensor.histogram();
        let Some(grid) = histogram.numpy(BINS) else {
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
            return Err(NoThreshold::new(kind, why));
        };
        let kept = shrink(grid);
        let clip = tensor.format().clip_for(kept.low, kept.high);
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
        let kept = shrink(&NumpyHistogram { edges, counts });
        assert_eq!(kept, Kept { left: 0, right: -1, low: 0.0, high: 100.0 });
    }

    #[test]
    fn the_smaller_end_goes_first_and_the_right_one_on_a_tie() {
        let counts = vec![1, 2, 994, 2, 1];
        let edges = (0..=5).map(|i| i as f32).collect();
        let kept = shrink(&NumpyHistogram { edges, counts });
        // 1000 -> right 999 -> left 998 -> right 996 -> left 994 -> the middle itself
        assert_eq!((kept.left, kept.right), (2, 1));
    }
}
