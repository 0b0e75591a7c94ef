//! Where two engines disagree on a network, as text and as JSON.

use serde::Serialize;

use super::number::{self, finite, significant};
use super::one_word;
use super::table::{Column, table};
use crate::quant::Difference;

/// How far the engines may be apart where nothing was said: a share of a tensor's largest value.
pub const TOLERANCE: f64 = 1e-4;
/// The same of 16-bit floats, of which one step is a share of about 1e-3.
const OF_HALVES: f64 = 1e-2;

/// A tensor that tract and ONNX Runtime have both computed.
pub struct VerifiedTensor<'a> {
    /// Its name.
    pub name: &'a str,
    /// The operator that makes it.
    pub op: &'a str,
    /// The type of its elements.
    pub dtype: &'a str,
    /// How far apart the two are.
    pub difference: &'a Difference,
}

/// What a comparison of the engines has found.
pub struct Verification<'a> {
    /// In the order of the file.
    pub tensors: Vec<VerifiedTensor<'a>>,
    /// Names that tract alone has.
    pub only_tract: &'a [String],
    /// Names that ONNX Runtime alone has.
    pub only_runtime: &'a [String],
    /// Samples that were compared.
    pub samples: usize,
    /// How the other engine is called: `ONNX Runtime 1.20.1`.
    pub runtime: &'a str,
    /// How far the engines may be apart, as a share of a tensor's largest value; [`TOLERANCE`] where it is `None`, and
    /// more for 16-bit floats.
    pub tolerance: Option<f64>,
}

/// How many names of tensors that one engine alone has are said.
const NAMED: usize = 5;

impl Verification<'_> {
    fn tolerance(&self, tensor: &VerifiedTensor) -> f64 {
        self.tolerance.unwrap_or(if tensor.dtype.ends_with("16") { OF_HALVES } else { TOLERANCE })
    }

    fn agrees(&self, tensor: &VerifiedTensor) -> bool {
        tensor.difference.is_within(self.tolerance(tensor))
    }

    /// Whether nothing that was compared differs.
    pub fn is_fine(&self) -> bool {
        self.tensors.iter().all(|tensor| self.agrees(tensor))
    }

    /// The first that differs, in the order of the file: there it begins.
    fn first(&self) -> Option<&VerifiedTensor<'_>> {
        self.tensors.iter().find(|tensor| !self.agrees(tensor))
    }

    /// The first of those that are farthest apart.
    fn worst(&self) -> Option<&VerifiedTensor<'_>> {
        self.tensors.iter().rev().max_by(|a, b| a.difference.cmp_worst(b.difference))
    }

    /// The verdict, the first tensor that differs, the worst, and what was not compared. With `all`, a row for every
    /// tensor behind it, one word a column.
    pub fn text(&self, all: bool) -> String {
        let mut out = format!("{}\n", self.verdict());
        let first = self.first().map(|tensor| ("first", tensor));
        let worst = self.worst().map(|tensor| ("worst", tensor));
        let rows: Vec<(&str, &VerifiedTensor)> = first.into_iter().chain(worst).collect();
        if !rows.is_empty() {
            let mut columns = vec![Column::left("", |row: &(&str, &VerifiedTensor)| row.0.to_owned())];
            columns.extend(self.columns().into_iter().map(|c| {
                let cell = c.cell;
                Column {
                    heading: c.heading,
                    left: c.left,
                    cell: Box::new(move |row: &(&str, &VerifiedTensor)| cell(&row.1)),
                }
            }));
            out += &format!("\n{}", table(&columns, &rows));
            let said: Vec<String> = rows.iter().filter_map(|(_, tensor)| apart(tensor)).collect();
            let mut said: Vec<&String> = said.iter().collect();
            said.dedup();
            out += &said.into_iter().map(|said| format!("{said}\n")).collect::<String>();
        }
        for (who, names) in [("tract", self.only_tract), (self.runtime, self.only_runtime)] {
            if !names.is_empty() {
                out += &format!("\nNot compared, {who} alone has {}: {}\n", tensors(names.len()), listed(names));
            }
        }
        if all && !self.tensors.is_empty() {
            out += &format!("\n{}", table(&self.columns(), &self.tensors.iter().collect::<Vec<_>>()));
        }
        out
    }

    fn verdict(&self) -> String {
        let (of, runtime) = (self.tensors.len(), self.runtime);
        let on = number::of(self.samples as u64, "sample");
        let apart = self.tensors.iter().filter(|tensor| !self.agrees(tensor)).count();
        let share = |tolerance: f64| format!("{} % of its largest value", plain(tolerance * 100.0));
        let halves = self.tolerance.is_none() && self.tensors.iter().any(|tensor| tensor.dtype.ends_with("16"));
        let mut limit = share(self.tolerance.unwrap_or(TOLERANCE));
        if halves {
            limit += &format!(" ({} % for 16-bit floats)", plain(OF_HALVES * 100.0));
        }
        match apart {
            0 if of == 0 => format!("tract and {runtime} have no float tensor in common."),
            0 => format!("tract and {runtime} agree on {on}: none of {} differs by more than {limit}.", tensors(of)),
            n => format!(
                "tract and {runtime} disagree on {on}: {n} of {} {} by more than {limit}. Look at the first; what follows \
                 may only inherit.",
                tensors(of),
                if n == 1 { "differs" } else { "differ" }
            ),
        }
    }

    fn columns(&self) -> Vec<Column<'_, &VerifiedTensor<'_>>> {
        let difference = |cell: fn(&Difference) -> String| move |tensor: &&VerifiedTensor| cell(tensor.difference);
        vec![
            Column::left("tensor", |tensor: &&VerifiedTensor| one_word(tensor.name)),
            Column::left("op", |tensor: &&VerifiedTensor| one_word(tensor.op)),
            Column::left("dtype", |tensor: &&VerifiedTensor| tensor.dtype.to_owned()),
            Column::right("samples", difference(|d| d.samples.to_string())),
            Column::right("values", difference(|d| d.count.to_string())),
            Column::right("largest", difference(|d| number::shortest(d.amax))),
            Column::right("apart", difference(|d| scientific(d.largest))),
            Column::right("relative", difference(|d| scientific(d.relative()))),
            Column::left("state", |tensor: &&VerifiedTensor| {
                let word = match tensor.difference {
                    d if d.shapes.is_some() => "other-shape",
                    d if d.unlike > 0 => "not-finite",
                    _ if !self.agrees(tensor) => "differs",
                    d if d.samples == 0 => "not-seen",
                    d if d.largest == 0.0 => "equal",
                    _ => "agrees",
                };
                word.to_owned()
            }),
        ]
    }

    /// The same as `qviz.verify/1`.
    pub fn json(&self) -> String {
        let row = |tensor: &VerifiedTensor| Entry {
            name: tensor.name.to_owned(),
            op: tensor.op.to_owned(),
            dtype: tensor.dtype.to_owned(),
            samples: tensor.difference.samples,
            values: tensor.difference.count,
            largest: tensor.difference.amax,
            apart: tensor.difference.largest,
            relative: finite(tensor.difference.relative()),
            unlike: tensor.difference.unlike,
            shapes: tensor.difference.shapes.clone(),
            tolerance: self.tolerance(tensor),
            agrees: self.agrees(tensor),
        };
        super::export::pretty(&Document {
            schema: "qviz.verify/1",
            tool: concat!("qviz ", env!("CARGO_PKG_VERSION")),
            runtime: self.runtime.to_owned(),
            samples: self.samples,
            agrees: self.is_fine(),
            first: self.first().map(|tensor| tensor.name.to_owned()),
            worst: self.worst().map(|tensor| tensor.name.to_owned()),
            tensors: self.tensors.iter().map(row).collect(),
            only_tract: self.only_tract.to_vec(),
            only_runtime: self.only_runtime.to_vec(),
        })
    }
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    tool: &'static str,
    runtime: String,
    samples: usize,
    agrees: bool,
    first: Option<String>,
    worst: Option<String>,
    tensors: Vec<Entry>,
    only_tract: Vec<String>,
    only_runtime: Vec<String>,
}

/// A tensor; `relative` is `null` where shapes differ or values are NaN or infinite in one engine only.
#[derive(Serialize)]
struct Entry {
    name: String,
    op: String,
    dtype: String,
    samples: usize,
    values: u64,
    largest: f32,
    apart: f64,
    relative: Option<f64>,
    unlike: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shapes: Option<(Vec<usize>, Vec<usize>)>,
    tolerance: f64,
    agrees: bool,
}

/// Where a tensor's two values are farthest apart, as a sentence.
fn apart(tensor: &VerifiedTensor) -> Option<String> {
    let name = one_word(tensor.name);
    if let Some((one, other)) = &tensor.difference.shapes {
        let shape = |shape: &[usize]| number::shape(&shape.iter().map(|&n| n as u64).collect::<Vec<_>>());
        return Some(format!("{name}: {} in tract and {} in ONNX Runtime.", shape(one), shape(other)));
    }
    let at = tensor.difference.at?;
    let (one, other) = (number::shortest(at.one), number::shortest(at.other));
    let (sample, place) = (at.sample, at.place);
    Some(format!("{name}: {one} in tract and {other} in ONNX Runtime, value {place} of sample {sample}."))
}

fn tensors(n: usize) -> String {
    number::of(n as u64, "tensor")
}

fn listed(names: &[String]) -> String {
    let mut said: Vec<String> = names.iter().take(NAMED).map(|name| one_word(name)).collect();
    if names.len() > NAMED {
        said.push(format!("and {} more", names.len() - NAMED));
    }
    said.join(", ")
}

/// `0.01`, `1`, without zeros at the end.
fn plain(x: f64) -> String {
    let text = significant(x, 3);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `2.1e-5`, `0`, `nan`.
fn scientific(x: f64) -> String {
    match x {
        x if x.is_nan() => "nan".into(),
        0.0 => "0".into(),
        x => format!("{x:.1e}"),
    }
}
