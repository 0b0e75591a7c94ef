//! Tensors that somebody else has counted, and whose values are gone: ONNX Runtime's calibration data, and counts as
//! `np.histogram` returns them, which may as well be typed by hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::error::{damaged, io_predicate};
use crate::ErrorKind;
use crate::error::Predicate;

/// Counts of one tensor, as the file has them; nothing is checked but that they are numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The tensor's name in the file.
    pub name: String,
    /// Who has counted, and how: `ONNX Runtime, Entropy`; empty where nobody says.
    pub tool: String,
    /// The type of the values, by its NumPy name; empty where the file does not say.
    pub dtype: String,
    /// The edges of the bins.
    pub edges: Vec<f32>,
    /// How many values lie in each bin.
    pub counts: Vec<u64>,
    /// The range that the tool has chosen on them, where it was cut to the values' own.
    pub range: Option<(f32, f32)>,
}

/// What a file of calibration data holds.
pub(super) struct Listed {
    pub tensors: Vec<Counted>,
    /// Names of tensors of which it says only a range.
    pub ranges_only: Vec<String>,
    /// How it was calibrated.
    pub method: String,
}

/// The tensors of a file; `None` where it is no calibration data.
pub(super) fn list(path: &Path) -> Result<Option<Listed>, Predicate> {
    let bytes = fs::read(path).map_err(|e| io_predicate(&e))?;
    let Ok(class) = serde_json::from_slice::<Class>(&bytes) else { return plain(path, &bytes) };
    if class.class != "TensorsData" {
        return Ok(None);
    }
    let Document { data, calibration_method } = serde_json::from_slice(&bytes).map_err(damaged)?;
    let method = calibration_method.map_or_else(String::new, |Method { value }| value);
    let method = method.rsplit('.').next().unwrap_or_default().to_owned();
    let tool = if method.is_empty() { "ONNX Runtime".to_owned() } else { format!("ONNX Runtime, {method}") };
    let (mut tensors, mut ranges_only) = (Vec::new(), Vec::new());
    for (name, entry) in data {
        // Its Percentile writes two counts in the place of counts and edges.
        let (Some(Numbers::Array(counts)), Some(Numbers::Array(edges))) = (entry.hist, entry.hist_edges.or(entry.bins))
        else {
            ranges_only.push(name);
            continue;
        };
        // Its Distribution writes the outermost edges.
        let range = entry.lowest.zip(entry.highest).filter(|_| entry.avg.is_none());
        let range = range.and_then(|(low, high)| Some((low.single()?, high.single()?)));
        let dtype = edges.dtype;
        let edges = edges.data.into_iter().map(|x| x as f32).collect();
        tensors.push(Counted { name, tool: tool.clone(), dtype, edges, counts: counts.data, range });
    }
    Ok(Some(Listed { tensors, ranges_only, method }))
}

/// The tensors of a file of counts alone: `{"hist": [..], "bin_edges": [..]}`, or several of these by their names. Where
/// there are no edges the bins are one unit wide and begin at 0.
fn plain(path: &Path, bytes: &[u8]) -> Result<Option<Listed>, Predicate> {
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let tensors: BTreeMap<String, Plain> = match serde_json::from_slice::<Plain>(bytes) {
        Ok(one) => BTreeMap::from([(stem, one)]),
        Err(_) => match serde_json::from_slice(bytes) {
            Ok(several) => several,
            Err(_) => return Ok(None),
        },
    };
    let tensors = tensors.into_iter().map(|(name, Plain { hist, bin_edges })| {
        let count = |n: &Count| match n {
            Count::Whole(n) => Ok(*n),
            Count::Other(x) => Err(x.to_string()),
        };
        let counts = hist.iter().map(count).collect::<Result<Vec<u64>, String>>().map_err(|x| {
            let text = format!(
                "has {x} in \"hist\", which is no count; write whole numbers, as np.histogram does without density."
            );
            Predicate::new(ErrorKind::Unfit, text)
        })?;
        let unit = || (0..=counts.len()).map(|i| i as f32).collect();
        let edges = bin_edges.map_or_else(unit, |edges| edges.into_iter().map(|x| x as f32).collect());
        Ok(Counted { name, tool: String::new(), dtype: String::new(), edges, counts, range: None })
    });
    let tensors = tensors.collect::<Result<Vec<Counted>, Predicate>>()?;
    Ok((!tensors.is_empty()).then(|| Listed { tensors, ranges_only: Vec::new(), method: String::new() }))
}

/// Counts as `np.histogram` returns them.
#[derive(Deserialize)]
struct Plain {
    hist: Vec<Count>,
    bin_edges: Option<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Whole(u64),
    Other(f64),
}

/// Why a file without a histogram is no dump.
pub(super) fn without(listed: &Listed) -> Predicate {
    let why = match listed.method.as_str() {
        "Percentile" => "ONNX Runtime keeps no histogram with its Percentile",
        _ => "it was calibrated without a histogram",
    };
    let text = format!(
        "holds ranges and no counts ({why}); lay it over dumps or a model with --overlay, or calibrate with Entropy or \
         Distribution."
    );
    Predicate::new(ErrorKind::Unfit, text)
}

#[derive(Deserialize)]
struct Class {
    #[serde(rename = "CLS")]
    class: String,
}

#[derive(Deserialize)]
struct Document {
    /// Of a name that stands twice the last, as Python has it.
    data: BTreeMap<String, Entry>,
    calibration_method: Option<Method>,
}

#[derive(Deserialize)]
struct Method {
    value: String,
}

#[derive(Deserialize)]
struct Entry {
    hist: Option<Numbers<u64>>,
    hist_edges: Option<Numbers<f64>>,
    bins: Option<Numbers<f64>>,
    lowest: Option<One>,
    highest: Option<One>,
    avg: Option<serde::de::IgnoredAny>,
}

/// NumPy's numbers: an array, or something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers<T> {
    Array(Array<T>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Array<T> {
    data: Vec<T>,
    #[serde(default)]
    dtype: String,
}

/// One number: as it is, or in an array of any shape.
#[derive(Deserialize)]
#[serde(untagged)]
enum One {
    Plain(f64),
    Array { data: Nested },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Nested {
    Plain(f64),
    List(Vec<f64>),
}

impl One {
    fn single(&self) -> Option<f32> {
        match self {
            One::Plain(x) | One::Array { data: Nested::Plain(x) } => Some(*x as f32),
            One::Array { data: Nested::List(list) } => match list.as_slice() {
                [one] => Some(*one as f32),
                _ => None,
            },
            One::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::discover;
    use super::*;
    use std::fs;

    const ENTRY: &str = r#"{"lowest": -1.5, "highest": {"data": [2.5], "dtype": "float32", "CLS": "numpy.array"},
        "hist": {"data": [1, 2], "dtype": "int64", "CLS": "numpy.array"},
        "bins": {"data": [-3.0, 0.0, 3.0], "dtype": "float32", "CLS": "numpy.array"}, "CLS": "TensorData"}"#;

    fn document(entries: &str, method: &str) -> String {
        let method = format!(r#"{{"CLS": "CalibrationMethod", "value": "CalibrationMethod.{method}"}}"#);
        format!(r#"{{"CLS": "TensorsData", "data": {{{entries}}}, "calibration_method": {method}}}"#)
    }

    fn listed(text: &str) -> Result<Option<Listed>, Predicate> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        fs::write(&path, text).unwrap();
        list(&path)
    }

    #[test]
    fn counts_are_listed_under_their_names() {
        let all = listed(&document(&format!(r#""x": {ENTRY}, "a/b": {ENTRY}"#), "Entropy")).unwrap().unwrap();
        let x = all.tensors.iter().find(|t| t.name == "x").unwrap();
        assert_eq!((x.tool.as_str(), x.dtype.as_str()), ("ONNX Runtime, Entropy", "float32"));
        assert_eq!((&x.counts[..], &x.edges[..], x.range), (&[1, 2][..], &[-3.0, 0.0, 3.0][..], Some((-1.5, 2.5))));
        assert_eq!(all.tensors.len(), 2);
    }

    #[test]
    fn counts_may_be_typed_by_hand() {
        let of = |text: &str| listed(text).map(|all| all.map(|all| all.tensors));
        let one = of(r#"{"hist": [1, 0, 2]}"#).unwrap().unwrap();
        let [Counted { name, tool, edges, counts, .. }] = &one[..] else { panic!("{one:?}") };
        assert_eq!((name.as_str(), tool.as_str()), ("c", ""));
        assert_eq!((&edges[..], &counts[..]), (&[0.0, 1.0, 2.0, 3.0][..], &[1, 0, 2][..]));
        let text = r#"{"b": {"hist": [1, 2], "bin_edges": [-0.5, 0, 0.5]}, "a": {"hist": [3]}}"#;
        let two = of(text).unwrap().unwrap();
        assert_eq!(two.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(two[1].edges, [-0.5, 0.0, 0.5]);
        assert!(of(r#"{"hist": [0.25, 1]}"#).unwrap_err().text.contains("0.25 in \"hist\""));
        assert!(of(r#"{"hist": [-1]}"#).unwrap_err().text.contains("no count"));
        for other in [r#"{"hist": 3}"#, r#"{"a": {"hist": [1]}, "b": 2}"#, r#"{"hist": ["1"]}"#] {
            assert!(of(other).unwrap().is_none(), "{other}");
        }
    }

    #[test]
    fn what_has_no_counts_is_no_layer() {
        let percentile = r#""x": {"lowest": 0.0, "highest": 1.0, "hist": 3, "bins": 0, "CLS": "TensorData"}"#;
        let all = listed(&document(percentile, "Percentile")).unwrap().unwrap();
        assert!(all.tensors.is_empty() && all.ranges_only == ["x"]);
        assert!(without(&all).text.contains("no histogram with its Percentile"));
        for other in ["{}", "[]", "", "{\"schema\": \"qviz.scales/1\"}", "{\"CLS\": 3}", "{\"CLS\": \"Other\"}"] {
            assert!(listed(other).unwrap().is_none(), "{other}");
        }
        for damaged in [
            r#"{"CLS": "TensorsData"}"#.to_owned(),
            r#"{"CLS": "TensorsData", "data": [1]}"#.to_owned(),
            document(r#""x": 3"#, "Entropy"),
        ] {
            assert!(listed(&damaged).is_err(), "{damaged}");
        }
        // Numbers that are none make no counts.
        let negative = ENTRY.replace("[1, 2]", "[1, -2]");
        assert!(listed(&document(&format!(r#""x": {negative}"#), "Entropy")).unwrap().unwrap().tensors.is_empty());
    }

    #[test]
    fn discovery_finds_them_and_their_values_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calibration.json");
        fs::write(&path, document(&format!(r#""x": {ENTRY}, "y": {{"lowest": 0.0, "highest": 1.0}}"#), "Entropy"))
            .unwrap();
        let found = discover(std::slice::from_ref(&path), None);
        assert_eq!(found.sources.len(), 1);
        let part = &found.sources[0].parts[0];
        assert_eq!((found.sources[0].name.as_str(), part.counted().map(|c| c.counts.len())), ("x", Some(2)));
        let error = part.open().err().unwrap();
        assert!(error.message.contains("calibration.json (x) holds counts, not values"), "{error}");
        assert!(found.errors[0].message.contains("1 tensor has a range and no counts: y"), "{:?}", found.errors);
        fs::write(&path, document("", "MinMax")).unwrap();
        assert!(discover(&[path], None).errors[0].message.contains("holds ranges and no counts"));
    }
}
