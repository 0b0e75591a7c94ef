//! Floats and edges as they are written, and checked when they are read.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bins of a grid that is read.
pub(super) const MOST_BINS: usize = 1 << 20;

/// A float other than NaN as text in its fewest digits, `-2.5e-1`, which gives back every bit through every format: readers of JSON
/// may round numbers as they like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exact<T>(pub T);

impl<T: fmt::LowerExp> Serialize for Exact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:e}", self.0))
    }
}

impl<'de, T: FromStr + Copy + Into<f64>> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Exact<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.parse().ok().filter(|x: &T| !(*x).into().is_nan());
        number.map(Exact).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no number")))
    }
}

/// `#[serde(with = "float")]` for one float.
pub(super) mod float {
    use super::*;

    pub fn serialize<S: Serializer>(x: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        Exact(*x).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Exact::deserialize(deserializer).map(|x| x.0)
    }
}

/// Whether these can be the edges of so many bins: one more than those, or, where a peer has rounded, some more.
pub(super) fn are_edges(edges: &[f32], bins: usize) -> Result<(), &'static str> {
    if bins == 0 || edges.len() <= bins {
        return Err("a grid needs one edge more than it has bins");
    }
    if edges.windows(2).all(|e| e[0] <= e[1]) { Ok(()) } else { Err("the edges of a grid do not ascend") }
}

/// A number of bins, at least 1.
pub(super) fn bins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bins = usize::deserialize(deserializer)?;
    if (1..=MOST_BINS).contains(&bins) { Ok(bins) } else { Err(D::Error::custom(format!("{bins} bins are no grid"))) }
}

/// Floats in a list.
pub(super) mod edges {
    use super::*;

    pub fn serialize<S: Serializer>(edges: &Option<Box<[f32]>>, serializer: S) -> Result<S::Ok, S::Error> {
        edges.as_ref().map(|edges| edges.iter().copied().map(Exact).collect::<Vec<_>>()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<[f32]>>, D::Error> {
        let edges = Option::<Vec<Exact<f32>>>::deserialize(deserializer)?;
        Ok(edges.map(|edges| edges.into_iter().map(|x| x.0).collect()))
    }
}
