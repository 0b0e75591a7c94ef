//! The comparison as a document, `qviz.diff/1`: docs/diff.md says what stands in it.

use serde_json::{Value, json};

use super::{Diff, Row};
use crate::exchange::Range;
use crate::exchange::parse::{number, printed};

/// The document's schema.
const SCHEMA: &str = "qviz.diff/1";

impl Diff<'_> {
    /// The document: every tensor that differs by more than the tolerance, or with `all` every one, the worst first.
    pub fn json(&self, all: bool) -> String {
        let rows: Vec<Value> =
            self.rows.iter().filter(|r| all || r.differs(self.tolerance)).map(|r| self.row(r)).collect();
        let side = |at: usize, only: &[&Range]| {
            let only: Vec<Value> = only.iter().map(|r| json!({"name": r.name, "kind": r.kind.word()})).collect();
            json!({"file": self.files[at], "format": self.formats[at], "tensors": self.rows.len() + only.len(), "only": only})
        };
        let document = json!({
            "schema": SCHEMA,
            "tool": concat!("qviz ", env!("CARGO_PKG_VERSION")),
            "tolerance": self.tolerance,
            "equal": self.is_equal(),
            "compared": self.rows.len(),
            "differing": self.differing().count(),
            "a": side(0, &self.only_a),
            "b": side(1, &self.only_b),
            "tensors": rows,
        });
        String::from_utf8(printed(&document)).unwrap_or_default()
    }

    fn row(&self, row: &Row) -> Value {
        let moved: Vec<&str> = row.moved.iter().map(|what| what.word()).collect();
        json!({
            "name": row.a.name,
            "kind": row.a.kind.word(),
            "moved": moved,
            "by": row.by.is_finite().then_some(row.by),
            "channel": row.channel,
            "differs": row.differs(self.tolerance),
            "a": range(row.a),
            "b": range(row.b),
        })
    }
}

fn range(range: &Range) -> Value {
    let one = |each: Vec<Value>| match (range.axis, <[Value; 1]>::try_from(each)) {
        (None, Ok([one])) => one,
        (_, Ok([one])) => Value::Array(vec![one]),
        (_, Err(each)) => Value::Array(each),
    };
    json!({
        "quantized": range.in_float.is_none(),
        "format": range.format.to_string(),
        "axis": range.axis,
        "scale": one(range.scales.iter().map(|scale| number(*scale)).collect()),
        "zero_point": one(range.zero_points.iter().map(|zero| json!(zero)).collect()),
        "clip_min": one(range.clips.iter().map(|clip| number(clip.min())).collect()),
        "clip_max": one(range.clips.iter().map(|clip| number(clip.max())).collect()),
    })
}
