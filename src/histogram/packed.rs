//! A histogram made small, to be kept by the thousand.

use super::{GridKind, GridSpec, Histogram, Magnitude, NumpyHistogram, PeerGrid, Stats};

/// A [`Histogram`] whose counts take a byte or two for each bin that is not empty, instead of sixteen for every bin.
/// [`Packed::unpack`] gives back the same to the last bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    stats: Stats,
    amax: f32,
    kind: GridKind,
    pos: Counts,
    neg: Counts,
    numpy: Vec<(GridSpec, Grid)>,
    peers: Vec<(GridSpec, Result<Grid, String>)>,
}

impl Packed {
    /// Packs a histogram.
    pub fn new(histogram: &Histogram) -> Packed {
        let Histogram { stats, magnitude, kind, numpy, peers } = histogram;
        let grid = |grid: &NumpyHistogram| Grid::new(grid, stats);
        Packed {
            stats: stats.clone(),
            amax: magnitude.amax,
            kind: *kind,
            pos: Counts::new(&magnitude.pos),
            neg: Counts::new(&magnitude.neg),
            numpy: numpy.iter().map(|(spec, counts)| (*spec, grid(counts))).collect(),
            peers: peers
                .iter()
                .map(|(spec, counts)| (*spec, counts.as_ref().map(grid).map_err(String::clone)))
                .collect(),
        }
    }

    /// The totals, which need no unpacking.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The histogram that was packed.
    pub fn unpack(&self) -> Histogram {
        let peer =
            |grid: &Result<Grid, String>| -> PeerGrid { Ok(grid.as_ref().map_err(String::clone)?.unpack(&self.stats)) };
        Histogram {
            stats: self.stats.clone(),
            magnitude: Magnitude { amax: self.amax, pos: self.pos.unpack(), neg: self.neg.unpack() },
            kind: self.kind,
            numpy: self.numpy.iter().map(|(spec, grid)| (*spec, grid.unpack(&self.stats))).collect(),
            peers: self.peers.iter().map(|(spec, grid)| (*spec, peer(grid))).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Grid {
    counts: Counts,
    /// `None` for the edges that NumPy lays over the values' own range: those can be made anew.
    edges: Option<Box<[f32]>>,
}

impl Grid {
    fn new(grid: &NumpyHistogram, stats: &Stats) -> Grid {
        let same = own_edges(stats, grid.counts.len()).is_some_and(|own| own == grid.edges);
        Grid { counts: Counts::new(&grid.counts), edges: (!same).then(|| grid.edges.as_slice().into()) }
    }

    fn unpack(&self, stats: &Stats) -> NumpyHistogram {
        let edges = self.edges.as_ref().map(|edges| edges.to_vec());
        let edges = edges.or_else(|| own_edges(stats, self.counts.len)).expect("they could be made before");
        NumpyHistogram { edges, counts: self.counts.unpack() }
    }
}

fn own_edges(stats: &Stats, bins: usize) -> Option<Vec<f32>> {
    NumpyHistogram::edges_over(stats.min?, stats.max?, bins)
}

/// Counts, most of them zero or small: for each that is not zero, how many zeros come before it, and itself, as
/// numbers of seven bits a byte, the low ones first.
#[derive(Clone, Debug, PartialEq)]
struct Counts {
    len: usize,
    bytes: Box<[u8]>,
}

impl Counts {
    fn new(counts: &[u64]) -> Counts {
        let (mut bytes, mut zeros) = (Vec::new(), 0);
        for &count in counts {
            if count == 0 {
                zeros += 1;
            } else {
                put(&mut bytes, std::mem::take(&mut zeros));
                put(&mut bytes, count);
            }
        }
        Counts { len: counts.len(), bytes: bytes.into() }
    }

    fn unpack(&self) -> Vec<u64> {
        let (mut counts, mut at) = (vec![0; self.len], 0);
        let mut numbers = Numbers(&self.bytes);
        while let (Some(zeros), Some(count)) = (numbers.next(), numbers.next()) {
            at += zeros as usize;
            counts[at] = count;
            at += 1;
        }
        counts
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Numbers<'a>(&'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let end = self.0.iter().position(|byte| byte & 0x80 == 0)?;
        let (number, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        Some(number.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::GrowingHistogram;
    use proptest::prelude::*;

    const GRIDS: [GridSpec; 3] =
        [GridSpec::Numpy { bins: 20 }, GridSpec::NvidiaTorch { bins: 32 }, GridSpec::Ncnn { bins: 32 }];

    proptest! {
        #[test]
        fn unpacking_gives_back_what_was_packed(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32)], 0..600), bins in 1usize..3000
        ) {
            let histogram = Histogram::of(&values, bins, &GRIDS);
            prop_assert_eq!(Packed::new(&histogram).unpack(), histogram);
            let mut growing = GrowingHistogram::new(bins);
            growing.push(&values);
            let growing = growing.finish();
            prop_assert_eq!(Packed::new(&growing).unpack(), growing);
        }

        #[test]
        fn any_counts_come_back(counts in prop::collection::vec(prop_oneof![Just(0u64), 0u64..300, any::<u64>()], 0..500)) {
            prop_assert_eq!(Counts::new(&counts).unpack(), counts);
        }
    }

    #[test]
    fn a_channel_of_a_weight_is_a_kilobyte() {
        let values: Vec<f32> = (0..576).map(|i| (i as f32 * 0.37).sin().powi(3)).collect();
        let packed = Packed::new(&Histogram::of(&values, 2048, &[GridSpec::Numpy { bins: 2048 }]));
        let bytes = packed.pos.bytes.len() + packed.neg.bytes.len() + packed.numpy[0].1.counts.bytes.len();
        assert!(bytes < 3 * 1024 && packed.numpy[0].1.edges.is_none(), "{bytes}");
    }
}
