//! A histogram made small, to be kept by the thousand.

use serde::{Deserialize, Serialize};

use super::exact::{are_edges, edges as exact_edges, float as exact};
use super::{GridKind, GridSpec, Histogram, MAX_BINS, Magnitude, NumpyHistogram, PeerGrid, Stats};

/// A [`Histogram`] whose counts take a byte or two for each bin that is not empty, instead of sixteen for every bin.
/// [`Packed::unpack`] gives back the same to the last bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Packed {
    stats: Stats,
    #[serde(with = "exact")]
    amax: f32,
    kind: GridKind,
    kept: usize,
    pos: Counts,
    neg: Counts,
    numpy: Vec<(GridSpec, Grid)>,
    peers: Vec<(GridSpec, Result<Grid, String>)>,
}

impl Packed {
    /// Packs a histogram.
    pub fn new(histogram: &Histogram) -> Packed {
        let Histogram { stats, magnitude, kind, kept, numpy, peers } = histogram;
        let grid = |grid: &NumpyHistogram| Grid::new(grid, stats);
        Packed {
            stats: stats.clone(),
            amax: magnitude.amax,
            kind: *kind,
            kept: *kept,
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
            kept: self.kept,
            numpy: self.numpy.iter().map(|(spec, grid)| (*spec, grid.unpack(&self.stats))).collect(),
            peers: self.peers.iter().map(|(spec, grid)| (*spec, peer(grid))).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Grid {
    counts: Counts,
    /// `None` for the edges that NumPy lays over the values' own range: those can be made anew.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "exact_edges")]
    edges: Option<Box<[f32]>>,
}

impl Grid {
    fn new(grid: &NumpyHistogram, stats: &Stats) -> Grid {
        let same = own_edges(stats, grid.counts.len()).is_some_and(|own| own == grid.edges);
        Grid { counts: Counts::new(&grid.counts), edges: (!same).then(|| grid.edges.as_slice().into()) }
    }

    fn check(&self, stats: &Stats) -> Result<(), &'static str> {
        if self.counts.sum().is_none_or(|sum| sum > stats.finite()) {
            return Err("a grid holds more than there are finite values");
        }
        match &self.edges {
            Some(edges) => are_edges(edges, self.counts.len()),
            None if own_edges(stats, self.counts.len()).is_some() => Ok(()),
            None => Err("a grid over the values' own range cannot be"),
        }
    }

    fn unpack(&self, stats: &Stats) -> NumpyHistogram {
        let edges = self.edges.as_ref().map(|edges| edges.to_vec());
        let edges = edges.or_else(|| own_edges(stats, self.counts.len)).expect("they could be made before");
        NumpyHistogram { edges, counts: self.counts.unpack() }
    }
}

/// A packed histogram as it was written, before anything of it is believed.
#[derive(Deserialize)]
struct Unchecked {
    stats: Stats,
    #[serde(with = "exact")]
    amax: f32,
    kind: GridKind,
    #[serde(default)]
    kept: usize,
    pos: Counts,
    neg: Counts,
    #[serde(default)]
    numpy: Vec<(GridSpec, Grid)>,
    #[serde(default)]
    peers: Vec<(GridSpec, Result<Grid, String>)>,
}

impl TryFrom<Unchecked> for Packed {
    type Error = &'static str;

    fn try_from(written: Unchecked) -> Result<Packed, &'static str> {
        let Unchecked { stats, amax, kind, kept, pos, neg, numpy, peers } = written;
        let bins = pos.len();
        if bins == 0 || bins != neg.len() {
            return Err("the two signs of a histogram do not go together");
        }
        if pos.sum().zip(neg.sum()).and_then(|(pos, neg)| pos.checked_add(neg)) != Some(stats.finite()) {
            return Err("the counts do not come to the number of finite values");
        }
        if amax.is_sign_negative() || amax.is_infinite() || amax < stats.amax() {
            return Err("a value lies beyond the top edge");
        }
        let fits = match kind {
            GridKind::Exact | GridKind::Elsewhere => kept == 0 && bins <= MAX_BINS,
            GridKind::PowerOfTwo => kept.is_power_of_two() && (2..=2 * MAX_BINS).contains(&kept) && bins <= kept,
        };
        if !fits {
            return Err("the number of bins is none of this grid's");
        }
        let of_values = numpy.iter().map(|(spec, grid)| (spec, grid, false));
        let by_batches = peers.iter().filter_map(|(spec, grid)| Some((spec, grid.as_ref().ok()?, true)));
        for (spec, grid, by_batches) in of_values.chain(by_batches) {
            if spec.by_batches() != by_batches {
                return Err("a grid stands among those of another kind");
            }
            grid.check(&stats)?;
        }
        Ok(Packed { stats, amax, kind, kept, pos, neg, numpy, peers })
    }
}

fn own_edges(stats: &Stats, bins: usize) -> Option<Vec<f32>> {
    NumpyHistogram::edges_over(stats.min?, stats.max?, bins)
}

/// Counts, most of them zero or small: for each that is not zero, how many zeros come before it, and itself, as
/// numbers of seven bits a byte, the low ones first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counts {
    len: usize,
    bytes: Box<[u8]>,
}

impl Counts {
    pub fn new(counts: &[u64]) -> Counts {
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

    /// How many bins there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// For each bin that is not empty, how many empty ones come before it, and its count.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        Numbers(&self.bytes)
    }

    /// The same from such numbers; `None` if they do not fit into `len` bins, or come to more than fits a count.
    pub fn of_numbers(len: usize, numbers: &[u64]) -> Option<Counts> {
        let (pairs, []) = numbers.as_chunks::<2>() else { return None };
        let (mut bytes, mut end, mut sum) = (Vec::new(), 0u64, 0u64);
        for &[zeros, count] in pairs {
            end = end.checked_add(zeros)?.checked_add(1).filter(|end| *end <= len as u64)?;
            sum = sum.checked_add(count).filter(|_| count > 0)?;
            put(&mut bytes, zeros);
            put(&mut bytes, count);
        }
        Some(Counts { len, bytes: bytes.into() })
    }

    /// All of them; `None` where they are more than 2^64.
    fn sum(&self) -> Option<u64> {
        self.numbers().skip(1).step_by(2).try_fold(0u64, u64::checked_add)
    }

    pub fn unpack(&self) -> Vec<u64> {
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
