//! How the arrays of one file are cut into samples: which first axes are a batch, and which belong to what is fed.

use super::super::build::fits;
use super::super::error::shape_text;
use super::super::network::{Dim, Port};
use super::axis::Axis;

/// Axes from which on an array is one of pictures or more: its first axis is the batch unless its name says otherwise.
const PICTURES: usize = 4;

/// An array and the input that it is for.
pub(super) struct Given<'a> {
    pub port: &'a Port,
    /// What is known of the input's dimensions.
    pub dims: Option<&'a [Dim]>,
    pub shape: &'a [usize],
}

/// How an array is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Samples in it; one may stand for any number.
    pub samples: usize,
    /// Rows of it for each sample.
    pub rows: usize,
    /// Each sample's shape.
    pub shape: Vec<usize>,
    /// Rows at its end that fill no sample.
    pub left_out: usize,
    /// What was taken for granted.
    pub assumed: Option<Assumed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Assumed {
    /// That the first axis is no batch.
    One,
    /// That it is one.
    Many,
    /// That it is the batch, which another input has on another axis.
    Elsewhere,
    /// That what is there once is the same for all samples.
    Shared,
}

/// In which ways an array fits its input.
#[derive(Clone, Debug)]
enum Way {
    /// As one sample of this shape.
    One(Vec<usize>),
    /// In samples of so many rows.
    Rows(usize),
    /// Each row is a sample, without the axis that they lie along.
    Stack,
    /// As one sample, or each row as one.
    Open(Axis),
}

/// How each of the arrays is cut; the error is the place of one that does not fit.
pub(super) fn cut(given: &[Given]) -> Result<Vec<Cut>, usize> {
    let ways: Vec<Way> =
        given.iter().enumerate().map(|(i, given)| way(given).ok_or(i)).collect::<Result<Vec<_>, usize>>()?;
    let first = |i: usize| given[i].shape.first().copied();
    let agrees = |i: usize| {
        let others = (0..ways.len()).filter(|&j| j != i && first(j) == first(i));
        others
            .into_iter()
            .any(|j| matches!(ways[j], Way::Open(Axis::Batch | Axis::Unclear) | Way::Rows(_) | Way::Stack))
    };
    let is_batch = |i: usize| match &ways[i] {
        Way::Open(Axis::Batch) => true,
        Way::Open(Axis::Unclear) => given[i].shape.len() >= PICTURES || agrees(i),
        _ => false,
    };
    let batches: Vec<bool> = (0..ways.len()).map(is_batch).collect();
    let bound = ways.iter().any(|way| matches!(way, Way::Rows(_) | Way::Stack));
    let elsewhere = !bound && (0..ways.len()).any(|i| batches[i] && lies_elsewhere(given, &batches, i));
    // Where one input takes several rows a sample, the others give it as many.
    let rows = |i: usize| {
        let same = (0..ways.len()).filter(|&j| first(j) == first(i));
        same.into_iter().find_map(|j| if let Way::Rows(rows) = ways[j] { Some(rows) } else { None }).unwrap_or(1)
    };
    let cut = |(i, way): (usize, &Way)| {
        let shape = given[i].shape;
        match way {
            Way::One(as_shape) => Cut::one(shape, as_shape.clone(), None),
            Way::Rows(rows) => Cut::rows(shape, *rows, None),
            Way::Stack => Cut { shape: shape[1..].to_vec(), ..Cut::rows(shape, 1, None) },
            Way::Open(_) if batches[i] && elsewhere => Cut::one(shape, shape.to_vec(), Some(Assumed::Elsewhere)),
            Way::Open(Axis::Batch) => Cut::rows(shape, rows(i), None),
            Way::Open(_) if batches[i] => Cut::rows(shape, rows(i), Some(Assumed::Many)),
            Way::Open(_) => Cut::one(shape, shape.to_vec(), Some(Assumed::One)),
        }
    };
    Ok(ways.iter().enumerate().map(cut).collect())
}

/// Whether the batch of this array is another axis of an array that has no first axis for it.
fn lies_elsewhere(given: &[Given], batches: &[bool], i: usize) -> bool {
    let (n, name) = (given[i].shape[0], given[i].dims.and_then(<[Dim]>::first));
    let same = |dim: &Dim| match (dim, name) {
        (Dim::Fixed(_), _) => false,
        (Dim::Named(one), Some(Dim::Named(other))) => one == other,
        _ => true,
    };
    let others = given.iter().zip(batches).filter(|(_, batch)| !**batch);
    others.into_iter().any(|(other, _)| {
        let dims = other.dims.filter(|dims| dims.len() == other.shape.len()).unwrap_or_default();
        n > 1 && dims.iter().zip(other.shape).any(|(dim, size)| *size == n && same(dim))
    })
}

impl Cut {
    fn one(array: &[usize], shape: Vec<usize>, assumed: Option<Assumed>) -> Cut {
        Cut { samples: 1, rows: array.first().copied().unwrap_or(1), shape, left_out: 0, assumed }
    }

    fn rows(array: &[usize], rows: usize, assumed: Option<Assumed>) -> Cut {
        let shape = [&[rows], &array[1..]].concat();
        Cut { samples: array[0] / rows, rows, shape, left_out: array[0] % rows, assumed }
    }
}

fn way(given: &Given) -> Option<Way> {
    let shape = given.shape;
    let fits = |shape: &[usize], dims: &[Dim]| fits(shape, Some(dims));
    let one = || Some(Way::One(shape.to_vec()));
    match (given.dims, shape) {
        (None, [] | [1, ..]) => one(),
        (None, _) => Some(Way::Open(Axis::Unclear)),
        (Some(dims), _) if dims.len() == shape.len() => match (dims, shape) {
            ([], _) => one(),
            ([_, inner @ ..], [_, rest @ ..]) if !fits(rest, inner) => None,
            ([Dim::Fixed(rows), ..], [n, ..]) if rows == n => one(),
            ([Dim::Fixed(0), ..], _) => None,
            ([Dim::Fixed(rows), ..], _) => Some(Way::Rows(*rows)),
            (_, [1, ..]) => one(),
            ([first, ..], _) => match Axis::of(first) {
                Axis::Inner | Axis::Unclear if shape[0] == 0 => one(),
                axis => Some(Way::Open(axis)),
            },
        },
        // An array without the batch's axis is one sample of a batch of 1.
        (Some([first, inner @ ..]), _) if !matches!(first, Dim::Fixed(n) if *n != 1) && fits(shape, inner) => {
            Some(Way::One([&[1], shape].concat()))
        }
        (Some(dims), [_, rest @ ..]) if fits(rest, dims) => Some(Way::Stack),
        _ => None,
    }
}

impl Assumed {
    /// A sentence without its full stop: what was assumed of an array in `file`, and what says otherwise.
    pub fn sentence(self, file: &str, given: &Given, samples: usize) -> String {
        let (shape, port) = (shape_text(given.shape), given.port);
        let such_as = |first: usize| {
            let size = |(i, n): (usize, &usize)| match given.dims.and_then(|dims| dims.get(i)) {
                Some(Dim::Fixed(n)) => n.to_string(),
                Some(_) => "n".into(),
                None => n.to_string(),
            };
            let inner = given.shape.iter().enumerate().skip(1).map(size);
            let dims: Vec<String> = std::iter::once(first.to_string()).chain(inner).collect();
            format!("give its shape, such as {}={}", port.name, dims.join("x"))
        };
        match self {
            Assumed::One => format!(
                "{file}: {shape} is one sample of {port}, whose first axis is not known to be a batch; if it is, {}",
                such_as(1)
            ),
            Assumed::Many => {
                format!(
                    "{file}: {shape} is {samples} samples of {port}; if all of it is one sample, {}",
                    such_as(given.shape[0])
                )
            }
            Assumed::Elsewhere => {
                format!("{file}: {shape} is one sample of {port}, as another input has the batch on another axis")
            }
            Assumed::Shared => format!("{file}: {} is the same for all {samples} samples", port.name),
        }
    }
}
