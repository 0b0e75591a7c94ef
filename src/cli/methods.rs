//! `qviz methods`: what there is to choose from.

use serde::Serialize;

use crate::calibrate::catalogue;
use crate::session::KNOWN;

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    label: &'a str,
    whose: &'a str,
    summary: &'a str,
    formula: &'a str,
    known_to_go_wrong: &'a str,
}

/// A block for each method.
pub(super) fn text() -> String {
    let block = |(id, m): &(_, std::sync::Arc<dyn crate::calibrate::Calibrator>)| {
        let formula = if m.formula().is_empty() { String::new() } else { format!("    {}\n", m.formula()) };
        format!("{id:<24} {}\n    {}\n{formula}    Known to go wrong: {}\n", m.whose(), m.summary(), m.caveat())
    };
    let mut blocks: Vec<String> = catalogue().iter().map(block).collect();
    // No method, and chosen by its name all the same.
    blocks.push(format!(
        "{KNOWN:<24} known beforehand\n    What the inputs were made of (--mean, --std), what operators bound, and what --range \
         gives.\n    Known to go wrong: what operators bound is seldom all used, and there are codes for all of it.\n"
    ));
    blocks.join("\n")
}

/// The same as an array of objects.
pub(super) fn json() -> String {
    let methods = catalogue();
    let entries: Vec<Entry> = methods
        .iter()
        .map(|(id, m)| Entry {
            id,
            label: m.label(),
            whose: m.whose(),
            summary: m.summary(),
            formula: m.formula(),
            known_to_go_wrong: m.caveat(),
        })
        .collect();
    let mut json = serde_json::to_string_pretty(&entries).expect("text is always JSON");
    json.push('\n');
    json
}
