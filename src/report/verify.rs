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
                out += &format!("\nOnly in {who}, not compared: {} ({})\n", tensors(names.len()), listed(names));
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
        let share = |tolerance: f64| format!("{} %", plain(tolerance * 100.0));
        let halves = self.tolerance.is_none() && self.tensors.iter().any(|tensor| tensor.dtype.ends_with("16"));
        let mut limit = share(self.tolerance.unwrap_or(TOLERANCE));
        if halves {
            limit += &format!(" ({} % for 16-bit floats)", plain(OF_HALVES * 100.0));
        }
        match apart {
            0 if of == 0 => format!("tract and {runtime} have no float tensor in common."),
            0 => format!(
                "tract and {runtime} agree on {on}: none of {} differs by more than {limit} of its \
                 largest value.",
                tensors(of)
            ),
            n => format!(
                "tract and {runtime} disagree on {on}: {n} of {} {} by more than {limit} of {} largest \
                 value. The first is where to look: those behind it may only inherit.",
                tensors(of),
                if n == 1 { "differs" } else { "differ" },
                if n == 1 { "its" } else { "their" }
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
            Column::right("largest", difference(|d| word(f64::from(d.amax), 4))),
            Column::right("apart", difference(|d| word(if d.relative().is_nan() { f64::NAN } else { d.largest }, 2))),
            Column::right("relative", difference(|d| word(d.relative(), 2))),
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
        let shape = |shape: &[usize]| number::shape(Some(&shape.iter().map(|&n| n as u64).collect::<Vec<_>>()));
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

/// `0.15`, `2.1e-5`, `0`, `nan`: without a blank or a comma in it.
fn word(x: f64, digits: usize) -> String {
    if x.is_nan() { "nan".into() } else { significant(x, digits).replace(',', "") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(one: &[f32], other: &[f32]) -> Difference {
        let mut difference = Difference::default();
        difference.push(0, (&[one.len()], one), (&[other.len()], other));
        difference
    }

    /// A network whose second tensor differs a little, and whose third is not a number in one engine.
    fn with(tolerance: Option<f64>, dtype: &str, show: impl Fn(&Verification)) {
        let near = difference(&[100.0, 2.0], &[100.0, 2.5]);
        let nan = difference(&[1.0], &[f32::NAN]);
        let equal = difference(&[12345678.0], &[12345678.0]);
        let tensor = |name, op, difference| VerifiedTensor { name, op, dtype, difference };
        show(&Verification {
            tensors: vec![tensor("x", "input", &equal), tensor("a b", "Conv", &near), tensor("y", "Log", &nan)],
            only_tract: &["t".to_owned()],
            only_runtime: &[],
            samples: 1,
            runtime: "ONNX Runtime 1.20.1",
            tolerance,
        });
    }

    #[test]
    fn the_first_that_differs_and_the_worst_are_told() {
        with(None, "float32", |found| {
            assert!(!found.is_fine());
            let expected = "\
tract and ONNX Runtime 1.20.1 disagree on 1 sample: 2 of 3 tensors differ by more than 0.01 % of their largest value. \
The first is where to look: those behind it may only inherit.

       tensor  op    dtype    samples  values  largest  apart  relative  state
first  a\\x20b  Conv  float32        1       2    100.0   0.50    0.0050  differs
worst  y       Log   float32        1       1    1.000    nan       nan  not-finite
a\\x20b: 2 in tract and 2.5 in ONNX Runtime, value 1 of sample 0.
y: 1 in tract and NaN in ONNX Runtime, value 0 of sample 0.

Only in tract, not compared: 1 tensor (t)
";
            assert_eq!(found.text(false), expected);
            let all = found.text(true);
            assert!(all.starts_with(expected));
            let rows: Vec<&str> = all[expected.len()..].lines().filter_map(|l| l.split_whitespace().next()).collect();
            assert_eq!(rows, ["tensor", "x", "a\\x20b", "y"]);
        });
    }

    #[test]
    fn a_tolerance_is_for_all_and_without_one_halves_have_theirs() {
        with(Some(0.01), "float32", |found| {
            assert!(found.text(false).contains(": 1 of 3 tensors differs by more than 1 % of its largest value."));
            assert_eq!(found.first().map(|tensor| tensor.name), Some("y"));
        });
        with(None, "float16", |found| {
            assert!(found.text(false).contains("0.01 % (1 % for 16-bit floats) of its largest value"));
            assert_eq!(found.first().map(|tensor| tensor.name), Some("y"));
        });
        with(Some(1e-4), "float16", |found| assert_eq!(found.first().map(|tensor| tensor.name), Some("a b")));
    }

    #[test]
    fn documents_hold_what_is_no_number_as_null() {
        with(None, "float32", |found| {
            let document: serde_json::Value = serde_json::from_str(&found.json()).unwrap();
            assert_eq!((&document["first"], &document["worst"]), (&"a b".into(), &"y".into()));
            let nan = &document["tensors"][2];
            assert_eq!((&nan["relative"], &nan["unlike"]), (&serde_json::Value::Null, &1.into()));
            assert_eq!((&nan["agrees"], &document["agrees"]), (&false.into(), &false.into()));
            assert_eq!(document["tensors"][1]["relative"], 0.005);
        });
    }

    #[test]
    fn engines_that_agree_say_so() {
        let same = difference(&[1.0], &[1.0]);
        let tensor = VerifiedTensor { name: "x", op: "input", dtype: "float32", difference: &same };
        let found = Verification {
            tensors: vec![tensor],
            only_tract: &[],
            only_runtime: &[],
            samples: 4,
            runtime: "ONNX Runtime",
            tolerance: None,
        };
        assert!(found.is_fine());
        let begin =
            "tract and ONNX Runtime agree on 4 samples: none of 1 tensor differs by more than 0.01 % of its largest";
        assert!(found.text(false).starts_with(begin), "{}", found.text(false));
        assert!(found.text(false).contains("\nworst  x ") && !found.text(false).contains("first"));
        let none = Verification { tensors: Vec::new(), ..found };
        assert_eq!(none.text(true), "tract and ONNX Runtime have no float tensor in common.\n");
    }
}
