//! What a file says of one tensor, as it says it: nothing here is checked.

use crate::quant::Format;
use crate::session::Kind;

use super::numbers::Numbers;

/// What the numbers of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// What an integer is multiplied with.
    Scale,
    /// One over it, or a multiple of that.
    Reciprocal,
    /// The largest magnitude that is kept.
    Amax,
}

/// One tensor's scales, or one tensor of scales.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    /// What the file calls it, as it is shown.
    pub key: String,
    /// The tensor whose scale it is.
    pub name: String,
    pub kind: Kind,
    /// What it is among others of its tensor: `activation`, `weight`, `input_scale`, `k_scale`.
    pub role: &'static str,
    pub unit: Unit,
    /// None where the file gives ends alone.
    pub numbers: Numbers,
    /// Zero points of the format's own integers; empty where the file gives none.
    pub zeros: Vec<f64>,
    /// The ends that the file gives.
    pub ends: Vec<(f64, f64)>,
    /// Whether the ends are what values were seen at, and no decision: they need not be what the scale reaches.
    pub seen: bool,
    /// Where the file says it.
    pub format: Option<Format>,
    /// The shape of the scales, and of blocks how they lie.
    pub shape: Vec<u64>,
    /// Where the file says it; encodings and tables do not.
    pub axis: Option<usize>,
    /// It says nothing but that the tensor stays in float.
    pub float: bool,
}

impl Fact {
    pub fn new(key: impl Into<String>, kind: Kind, unit: Unit) -> Fact {
        let key = key.into();
        Fact {
            name: key.clone(),
            key,
            kind,
            role: kind.word(),
            unit,
            numbers: Numbers::default(),
            zeros: Vec::new(),
            ends: Vec::new(),
            seen: false,
            format: None,
            shape: Vec::new(),
            axis: None,
            float: false,
        }
    }

    pub fn with(self, numbers: impl IntoIterator<Item = f32>) -> Fact {
        Fact { numbers: Numbers::of(numbers), ..self }
    }

    /// The only scale: what an integer is multiplied with.
    pub fn scale(&self) -> Option<f64> {
        let x = f64::from(self.numbers.one()?);
        Some(match self.unit {
            Unit::Scale => x,
            Unit::Reciprocal => 1.0 / x,
            Unit::Amax => x / f64::from(self.format.unwrap_or(Format::INT8).qmax()),
        })
    }

    /// The real range of each channel, or the one: what the scales reach, or the ends that the file gives. Nothing
    /// where it cannot be told.
    pub fn clips(&self) -> Vec<(f64, f64)> {
        if self.numbers.count as usize != self.numbers.each.len() {
            return Vec::new();
        }
        let format = self.format.unwrap_or(Format::INT8);
        let clip = |(at, x): (usize, &f32)| {
            let x = f64::from(*x);
            let scale = match self.unit {
                Unit::Amax => return (-x, x),
                Unit::Scale => x,
                Unit::Reciprocal => 1.0 / x,
            };
            let zero = self.zeros.get(at).or(self.zeros.first()).copied().unwrap_or(0.0);
            ((f64::from(format.qmin()) - zero) * scale, (f64::from(format.qmax()) - zero) * scale)
        };
        match self.numbers.each.is_empty() {
            true => self.ends.clone(),
            false => self.numbers.each.iter().enumerate().map(clip).collect(),
        }
    }
}
