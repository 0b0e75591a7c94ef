//! Other tools' names for the same tensors.

use std::collections::{HashMap, HashSet};

use super::Range;
use super::csv::cells;
use super::parse::Entries;
use super::statement::listed;
use crate::report::visible;

/// A map from names here to names there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Reads a map: a JSON object, or two columns of CSV, ours and theirs.
    ///
    /// # Errors
    /// A sentence about the line that is none.
    pub fn read(text: &str) -> Result<Names, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let pairs = if text.trim_start().starts_with('{') {
            let Entries(entries) = serde_json::from_str(text).map_err(|e| format!("it is no JSON: {e}"))?;
            let pair = |(ours, theirs): (String, serde_json::Value)| match theirs {
                serde_json::Value::String(theirs) => Ok((ours, theirs)),
                other => Err(format!("the name for {} is {other}, and should be a text", visible(&ours))),
            };
            entries.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?
        } else {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let pair = |(at, line): (usize, &str)| match cells(line)?.as_slice() {
                [ours, theirs] => Ok((ours.clone(), theirs.clone())),
                found => Err(format!("line {} has {} columns, and should have two", at + 1, found.len())),
            };
            lines.map(pair).collect::<Result<Vec<_>, String>>()?
        };
        let mut seen = HashSet::new();
        match pairs.iter().find(|(ours, _)| !seen.insert(ours.as_str())) {
            Some((twice, _)) => Err(format!("{} is named twice", visible(twice))),
            None => Ok(Names(pairs)),
        }
    }

    /// Whether it maps nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges under their other names, and what of the map fits none.
    pub fn rename(&self, ranges: &[Range]) -> (Vec<Range>, Option<String>) {
        let map: HashMap<&str, &str> = self.0.iter().map(|(ours, theirs)| (ours.as_str(), theirs.as_str())).collect();
        let here: HashSet<&str> = ranges.iter().map(|range| range.name.as_str()).collect();
        let unmatched: Vec<String> =
            self.0.iter().filter(|(ours, _)| !here.contains(ours.as_str())).map(|(ours, _)| ours.clone()).collect();
        let renamed = |range: &Range| {
            let name = map.get(range.name.as_str()).map_or_else(|| range.name.clone(), |name| (*name).to_owned());
            Range { name, ..range.clone() }
        };
        let said = (!unmatched.is_empty()).then(|| format!("Names that no tensor has: {}.", listed(&unmatched)));
        (ranges.iter().map(renamed).collect(), said)
    }
}
