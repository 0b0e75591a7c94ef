//! Values on the nodes of a graph for Google's Model Explorer: the signal-to-noise ratio of each tensor.

use serde_json::{Number, Value, json};

use super::parse::{Entries, object, printed};
use super::statement::Statement;
use super::{Foreign, Looks, Options, Range, Read, Written};
use crate::report::ExportError;

pub(super) struct ModelExplorer;

impl Foreign for ModelExplorer {
    fn id(&self) -> &'static str {
        "model-explorer"
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "SQNR in dB on the nodes of Google's Model Explorer; written only"
    }

    fn write(&self, ranges: &[Range], _: &Options) -> Result<Written, ExportError> {
        let mut statement = Statement::new(self.id());
        let mut results = Vec::new();
        for range in ranges {
            let name = &range.name;
            match (&range.in_float, range.sqnr_db.and_then(Number::from_f64)) {
                (Some(why), _) => statement.omit(name, why),
                (None, None) => statement.omit(name, "its SQNR is not known, or it has no error"),
                (None, Some(db)) => {
                    statement.wrote(name)?;
                    results.push((name.clone(), object([("value", Value::Number(db))])));
                }
            }
        }
        let document = Document {
            results: Entries(results),
            thresholds: json!([
                {"value": 20, "bgColor": "#d73027"},
                {"value": 30, "bgColor": "#fdae61"},
                {"value": 40, "bgColor": "#d9ef8b"},
                {"value": 1000, "bgColor": "#66bd63"}
            ]),
        };
        Ok(statement.end(printed(&document)))
    }

    fn read(&self, _: &[u8]) -> Result<Read, String> {
        Err("it holds costs and no ranges; it is written only".into())
    }

    fn is(&self, file: &Looks) -> bool {
        file.entry("results").is_some_and(Value::is_object)
    }
}

#[derive(serde::Serialize)]
struct Document {
    results: Entries,
    thresholds: Value,
}
