//! How counts are written down: exactly, and checked when they are read.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::exact::{Exact, MOST_BINS, are_edges};
use super::packed::{Counts, Packed};
use super::{Histogram, Magnitude, NumpyHistogram, Stats};

/// [`Stats`] as they are written.
#[derive(Serialize, Deserialize)]
struct WrittenStats {
    count: u64,
    nan: u64,
    pos_inf: u64,
    neg_inf: u64,
    zeros: u64,
    min: Option<Exact<f32>>,
    max: Option<Exact<f32>>,
    /// How many values the moments are of.
    of: u64,
    mean: Exact<f64>,
    squared_deviations: Exact<f64>,
}

impl From<&Stats> for WrittenStats {
    fn from(stats: &Stats) -> WrittenStats {
        let (n, mean, m2) = stats.moments();
        WrittenStats {
            count: stats.count,
            nan: stats.nan,
            pos_inf: stats.pos_inf,
            neg_inf: stats.neg_inf,
            zeros: stats.zeros,
            min: stats.min.map(Exact),
            max: stats.max.map(Exact),
            of: n as u64,
            mean: Exact(mean),
            squared_deviations: Exact(m2),
        }
    }
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenStats::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stats, D::Error> {
        WrittenStats::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl TryFrom<WrittenStats> for Stats {
    type Error = &'static str;

    fn try_from(written: WrittenStats) -> Result<Stats, &'static str> {
        let WrittenStats { count, nan, pos_inf, neg_inf, zeros, .. } = written;
        let not_finite = nan.checked_add(pos_inf).and_then(|n| n.checked_add(neg_inf));
        let Some(finite) = not_finite.and_then(|n| count.checked_sub(n)) else {
            return Err("there are more NaN and infinities than elements");
        };
        if zeros > finite {
            return Err("there are more zeros than finite elements");
        }
        match (written.min, written.max) {
            (Some(min), Some(max)) if min.0 <= max.0 && min.0.is_finite() && max.0.is_finite() => {}
            (None, None) if finite == 0 => {}
            _ => return Err("the smallest and the largest value do not go together"),
        }
        if !(written.mean.0.is_finite() && written.squared_deviations.0.is_finite()) {
            return Err("a moment is infinite");
        }
        if written.squared_deviations.0 < 0.0 {
            return Err("the sum of squared deviations is negative");
        }
        let mut stats = Stats::default();
        (stats.count, stats.nan, stats.zeros) = (count, nan, zeros);
        (stats.pos_inf, stats.neg_inf) = (pos_inf, neg_inf);
        (stats.min, stats.max) = (written.min.map(|x| x.0), written.max.map(|x| x.0));
        Ok(stats.with_moments(written.of as f64, written.mean.0, written.squared_deviations.0))
    }
}

/// A list: how many bins there are, then for each that is not empty how many empty ones come before it, and its count.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::once(self.len() as u64).chain(self.numbers()))
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Counts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bins, then pairs of empty bins and a count")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Counts, A::Error> {
                let len: u64 = seq.next_element()?.ok_or_else(|| A::Error::custom("the number of bins is missing"))?;
                let mut numbers = Vec::new();
                while let Some(number) = seq.next_element()? {
                    numbers.push(number);
                }
                let len = usize::try_from(len).ok().filter(|len| *len <= MOST_BINS);
                let counts = len.and_then(|len| Counts::of_numbers(len, &numbers));
                counts.ok_or_else(|| A::Error::custom("the counts do not fit their number of bins"))
            }
        }
        deserializer.deserialize_seq(Pairs)
    }
}

impl Serialize for Magnitude {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pos, neg) = (Counts::new(&self.pos), Counts::new(&self.neg));
        WrittenMagnitude { amax: Exact(self.amax), pos, neg }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Magnitude {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Magnitude, D::Error> {
        let WrittenMagnitude { amax: Exact(amax), pos, neg } = WrittenMagnitude::deserialize(deserializer)?;
        if amax.is_sign_negative() || amax.is_infinite() || pos.len() != neg.len() || pos.len() == 0 {
            return Err(D::Error::custom("the two signs of a histogram do not go together"));
        }
        Ok(Magnitude { amax, pos: pos.unpack(), neg: neg.unpack() })
    }
}

#[derive(Serialize, Deserialize)]
struct WrittenMagnitude {
    amax: Exact<f32>,
    pos: Counts,
    neg: Counts,
}

#[derive(Serialize, Deserialize)]
struct WrittenNumpy {
    edges: Vec<Exact<f32>>,
    counts: Counts,
}

impl Serialize for NumpyHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let edges = self.edges.iter().copied().map(Exact).collect();
        WrittenNumpy { edges, counts: Counts::new(&self.counts) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NumpyHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumpyHistogram, D::Error> {
        let WrittenNumpy { edges, counts } = WrittenNumpy::deserialize(deserializer)?;
        let edges: Vec<f32> = edges.into_iter().map(|x| x.0).collect();
        are_edges(&edges, counts.len()).map_err(D::Error::custom)?;
        Ok(NumpyHistogram { edges, counts: counts.unpack() })
    }
}

/// As [`Packed`], a number or two for each bin that is not empty.
impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Packed::new(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Histogram, D::Error> {
        Packed::deserialize(deserializer).map(|packed| packed.unpack())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::{GridSpec, GrowingHistogram};
    use proptest::prelude::*;

    const GRIDS: [GridSpec; 4] = [
        GridSpec::Numpy { bins: 20 },
        GridSpec::NvidiaTorch { bins: 32 },
        GridSpec::Ort { bins: 32 },
        GridSpec::Ncnn { bins: 32 },
    ];

    fn again(histogram: &Histogram) -> Histogram {
        serde_json::from_str(&serde_json::to_string(histogram).unwrap()).unwrap()
    }

    /// Where a peer has widened its first bins 10,000 times, rounding gives it some edges more than its bins have.
    #[test]
    fn a_peer_s_own_rounding_comes_back_too() {
        let histogram = Histogram::of_batches(&[&[-8.324_102e32, 0.0], &[-5.527_646e36, 0.0]], 1, &GRIDS);
        let Some(Ok(grid)) = histogram.peer(GridSpec::NvidiaTorch { bins: 32 }) else { panic!("it has one") };
        assert!(grid.edges.len() > grid.counts.len() + 1);
        assert_eq!(again(&histogram), histogram);
    }

    proptest! {
        #[test]
        fn everything_comes_back_bit_for_bit(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -2.0f32..2.0, Just(0.0f32)], 0..400), bins in 1usize..3000
        ) {
            let halves = values.split_at(values.len() / 2);
            let histogram = Histogram::of_batches(&[halves.0, halves.1], bins, &GRIDS);
            let back = again(&histogram);
            prop_assert_eq!(&back, &histogram);
            let bits = |h: &Histogram| (h.stats.sum_of_squares().to_bits(), h.stats.std().map(f64::to_bits));
            prop_assert_eq!(bits(&back), bits(&histogram));
            if let Some(grid) = histogram.numpy(20) {
                let text = serde_json::to_string(grid).unwrap();
                prop_assert_eq!(&serde_json::from_str::<NumpyHistogram>(&text).unwrap(), grid);
            }
            let text = serde_json::to_string(&histogram.magnitude).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Magnitude>(&text).unwrap(), &histogram.magnitude);
            let mut growing = GrowingHistogram::new(bins);
            growing.push(&values);
            let growing = growing.finish();
            prop_assert_eq!(again(&growing), growing);
        }

        /// Whatever stands in a damaged file, it is refused or a histogram that can be used.
        #[test]
        fn damaged_text_is_refused_or_usable(at in any::<prop::sample::Index>(), with in "[0-9a-z{}\\[\\],:\"-]{0,3}", gone in 0usize..4) {
            let text = serde_json::to_string(&Histogram::of(&[1.0, -2.0, 0.0, f32::NAN, 0.25], 8, &GRIDS)).unwrap();
            let from = at.index(text.len());
            let to = (from + gone).min(text.len());
            let damaged = format!("{}{with}{}", &text[..from], &text[to..]);
            if let Ok(histogram) = serde_json::from_str::<Histogram>(&damaged) {
                prop_assert_eq!(histogram.magnitude.counts().iter().sum::<u64>(), histogram.stats.finite());
                let mut twice = histogram.clone();
                let _ = twice.merge(&histogram);
            }
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let good = serde_json::to_value(Histogram::of(&[1.0, -2.0, 0.0], 4, &[])).unwrap();
        assert!(serde_json::from_value::<Histogram>(good.clone()).is_ok());
        for (pointer, value) in [
            ("/stats/count", serde_json::json!(4)),
            ("/stats/nan", serde_json::json!(u64::MAX)),
            ("/stats/zeros", serde_json::json!(9)),
            ("/stats/min", serde_json::json!("NaN")),
            ("/stats/min", serde_json::json!("3e0")),
            ("/stats/mean", serde_json::json!("inf")),
            ("/stats/squared_deviations", serde_json::json!("-1e0")),
            ("/amax", serde_json::json!("1e0")),
            ("/pos", serde_json::json!([4, 0, 1, 4, 1])),
            ("/pos", serde_json::json!([4, 0, 1, 0])),
            ("/pos", serde_json::json!([u64::MAX, 0, 1])),
            ("/neg", serde_json::json!([3, 2, 1])),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value.clone();
            assert!(serde_json::from_value::<Histogram>(bad).is_err(), "{pointer} {value}");
        }
    }
}
