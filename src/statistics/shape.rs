//! A tensor's shape, as far as all parts agree on it.

use std::fmt;
use std::str::FromStr;

/// The sizes of a tensor's axes. Batches are added up along the first one; an axis in which they differ is not known, and
/// of batches that differ in the number of axes nothing is. A single number is an axis of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape(Option<Vec<Option<u64>>>);

impl Shape {
    /// Of a tensor of which all is known.
    pub fn new(sizes: &[u64]) -> Shape {
        let sizes = if sizes.is_empty() { &[1][..] } else { sizes };
        Shape(Some(sizes.iter().map(|n| Some(*n)).collect()))
    }

    /// Of which nothing is known.
    pub fn unknown() -> Shape {
        Shape(None)
    }

    /// The sizes, where all are known.
    pub fn sizes(&self) -> Option<Vec<u64>> {
        self.0.as_ref()?.iter().copied().collect()
    }

    /// How many axes there are, where that is known.
    pub fn axes(&self) -> Option<usize> {
        self.0.as_ref().map(Vec::len)
    }

    /// The shape of these values and those laid behind them. The order does not matter.
    pub fn joined(&self, other: &Shape) -> Shape {
        let (Some(mine), Some(theirs)) = (&self.0, &other.0) else { return Shape(None) };
        if mine.len() != theirs.len() {
            return Shape(None);
        }
        let size = |(axis, (a, b)): (usize, (&Option<u64>, &Option<u64>))| match (axis, a, b) {
            (0, Some(a), Some(b)) => a.checked_add(*b),
            (_, Some(a), Some(b)) if a == b => Some(*a),
            _ => None,
        };
        let sizes: Vec<Option<u64>> = mine.iter().zip(theirs).enumerate().map(size).collect();
        // One axis of unknown size is written as nothing known at all.
        if matches!(sizes.as_slice(), [None]) { Shape(None) } else { Shape(Some(sizes)) }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(sizes) = &self.0 else { return f.write_str("?") };
        for (axis, size) in sizes.iter().enumerate() {
            f.write_str(if axis > 0 { "x" } else { "" })?;
            match size {
                Some(size) => write!(f, "{size}")?,
                None => f.write_str("?")?,
            }
        }
        Ok(())
    }
}

/// No shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no shape, which is sizes between x, with ? for one that is not known")]
pub struct NoShape;

impl FromStr for Shape {
    type Err = NoShape;

    fn from_str(text: &str) -> Result<Shape, NoShape> {
        match text {
            "?" => return Ok(Shape(None)),
            "" => return Ok(Shape::new(&[])),
            _ => {}
        }
        let size = |word: &str| match word {
            "?" => Ok(None),
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map(Some).map_err(|_| NoShape),
            _ => Err(NoShape),
        };
        text.split('x').map(size).collect::<Result<_, _>>().map(|sizes| Shape(Some(sizes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(text: &str) -> Shape {
        text.parse().unwrap()
    }

    #[test]
    fn batches_add_up_along_the_first_axis() {
        let joined = |a: &str, b: &str| shape(a).joined(&shape(b)).to_string();
        assert_eq!(joined("8x64x7", "5x64x7"), "13x64x7");
        assert_eq!(joined("8x64x7", "5x64x9"), "13x64x?");
        assert_eq!(joined("8x64", "5"), "?");
        assert_eq!(joined("", "3"), "4");
        assert_eq!(joined("?", "3"), "?");
        assert_eq!(shape("").sizes(), Some(vec![1]));
        for wrong in ["x", "3x", "-1", "3 x4", "1e3", "99999999999999999999", "+3"] {
            assert_eq!(wrong.parse::<Shape>(), Err(NoShape), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same(a in "(\\?|[0-9]{1,2}(x([0-9]|\\?)){0,2})", b in "(\\?|[0-9]{1,2}(x([0-9]|\\?)){0,2})", c in "[0-9](x[0-9]){0,2}") {
            let (a, b, c) = (shape(&a), shape(&b), shape(&c));
            prop_assert_eq!(a.joined(&b).joined(&c), c.joined(&a).joined(&b));
            prop_assert_eq!(a.joined(&b).joined(&c), a.joined(&b.joined(&c)));
            let all = a.joined(&b).joined(&c);
            prop_assert_eq!(all.to_string().parse::<Shape>().unwrap(), all);
        }
    }
}
