//! How a network's outputs lie, float and quantized, as text and in documents.

use serde::{Deserialize, Serialize};

use super::number::{self, finite};
use super::one_word;
use crate::quant::{Margins, OutputShape, TwoCounts};

/// Five numbers of a distribution: the least, the 10 %, 50 % and 90 % quantiles, the largest; what is undefined is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spread {
    /// The least.
    pub min: Option<f64>,
    /// The 10 % quantile, by the nearest rank.
    pub p10: Option<f64>,
    /// The median.
    pub median: Option<f64>,
    /// The 90 % quantile.
    pub p90: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
}

/// How far a classifier's best class is ahead of the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MarginScales {
    /// Rows of scores.
    pub rows: u64,
    /// Those whose best class is another one.
    pub flipped: u64,
    /// The median of the quantized margin over the float one, where a row has one.
    pub kept: Option<f64>,
    /// The float margins.
    pub float: Spread,
    /// The quantized margins at the float network's class: negative where another class has come first.
    pub quantized: Spread,
}

/// How one output lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShapeScales {
    /// The output's name.
    pub name: String,
    /// One value of so many was counted.
    pub every: u64,
    /// The float values; absent where none is finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub float: Option<Spread>,
    /// The quantized values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantized: Option<Spread>,
    /// The margins, of a classifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margins: Option<MarginScales>,
}

impl From<[f64; 5]> for Spread {
    fn from(at: [f64; 5]) -> Spread {
        let [min, p10, median, p90, max] = at.map(finite);
        Spread { min, p10, median, p90, max }
    }
}

impl From<&Margins> for MarginScales {
    fn from(margins: &Margins) -> MarginScales {
        let Margins { counts: TwoCounts { at: [float, quantized], .. }, rows, flipped, kept } = margins;
        let (float, quantized) = ((*float).into(), (*quantized).into());
        MarginScales { rows: *rows, flipped: *flipped, kept: finite(*kept), float, quantized }
    }
}

impl From<&OutputShape> for ShapeScales {
    fn from(shape: &OutputShape) -> ShapeScales {
        let side = |side: usize| shape.values.as_ref().map(|counts| counts.at[side].into());
        ShapeScales {
            name: shape.name.clone(),
            every: shape.every,
            float: side(0),
            quantized: side(1),
            margins: shape.margins.as_ref().map(Into::into),
        }
    }
}

/// `-3.21 -1.02 0.11 2.31 9.72`.
fn numbers(at: [f64; 5]) -> String {
    at.map(|x| number::plain(number::significant(x, 4))).join(" ")
}

/// What happened to the margins, in a phrase: `3 of 512 rows flipped (0.586 %), margins keep 92.1 % (median)`.
pub fn margins_in_words(margins: &Margins) -> String {
    let rows = number::of(margins.rows, "row");
    let share = number::part(margins.flipped as f64, margins.rows);
    let kept = match margins.kept {
        kept if kept.is_nan() => String::new(),
        kept => format!(", margins keep {:.1} % of their width (median)", kept * 100.0),
    };
    format!("{} of {rows} flipped ({share}){kept}", number::count(margins.flipped))
}

/// A line or two for each output, behind a `#`.
pub(super) fn shapes(shapes: &[OutputShape]) -> String {
    let mut out = String::new();
    for shape in shapes {
        let name = one_word(&shape.name);
        if let Some(counts) = &shape.values {
            let every = if shape.every > 1 { format!(", one value of {}", shape.every) } else { String::new() };
            let [float, quantized] = counts.at.map(numbers);
            out += &format!("# {name} at 0 10 50 90 100 %: float {float}; quantized {quantized}{every}\n");
        }
        if let Some(margins) = &shape.margins {
            let [float, quantized] = margins.counts.at.map(numbers);
            out += &format!(
                "# top-1 ahead of the next class at 0 10 50 90 100 %: float {float}; quantized {quantized}; {}\n",
                margins_in_words(margins)
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Looked;

    #[test]
    fn a_squeezed_classifier_is_told_in_numbers() {
        let values: Vec<(f32, f32)> = (0..10).map(|i| (i as f32, i as f32 / 2.0)).collect();
        let margins = vec![(2.0, 1.0), (4.0, 2.0), (1.0, -0.5)];
        let shape = Looked { values, of: 20, margins, rows: 3, flipped: 1 }.shape("y y");
        let said = shapes(std::slice::from_ref(&shape));
        assert!(
            said.contains("# y\\x20y at 0 10 50 90 100 %: float 0 1.000 5.000 8.000 9.000; quantized 0 0.5000"),
            "{said}"
        );
        assert!(said.contains(", one value of 2\n"), "{said}");
        assert!(said.contains("1 of 3 rows flipped (33.3 %), margins keep 50.0 % of their width (median)"), "{said}");
        let document = ShapeScales::from(&shape);
        assert_eq!(document.margins.as_ref().and_then(|m| m.quantized.min), Some(-0.5));
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<ShapeScales>(&json).unwrap(), document);
    }
}
