//! Findings as a document, `qviz.check/1`: docs/check.md says what stands in it.

use serde_json::{Value, json};

use super::finding::Report;
use super::rule::{RULES, Rank, Rule};
use crate::report::pretty;

/// The document's schema.
pub const SCHEMA: &str = "qviz.check/1";

const TOOL: &str = concat!("qviz ", env!("CARGO_PKG_VERSION"));

impl Report {
    /// The document: every finding, the gravest first.
    pub fn json(&self) -> String {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                let rule = finding.rule;
                json!({
                    "rule": rule.id,
                    "rank": rule.rank.word(),
                    "file": finding.file,
                    "tensor": finding.tensor,
                    "found": finding.found,
                    "why": rule.why,
                    "remedy": rule.remedy,
                })
            })
            .collect();
        let files = self.files.iter().map(|f| json!({"file": f.file, "format": f.format, "scales": f.tensors}));
        pretty(&json!({
            "schema": SCHEMA,
            "tool": TOOL,
            "files": files.collect::<Vec<_>>(),
            "errors": self.count(Rank::Error),
            "warnings": self.count(Rank::Warning),
            "notes": self.count(Rank::Note),
            "findings": findings,
        }))
    }
}

/// The rules as a document.
pub fn rules_json() -> String {
    let rule = |rule: &&Rule| {
        let Rule { id, rank, what, why, remedy } = rule;
        json!({"rule": id, "rank": rank.word(), "what": what, "why": why, "remedy": remedy})
    };
    pretty(&json!({"schema": SCHEMA, "tool": TOOL, "rules": RULES.iter().map(rule).collect::<Vec<_>>()}))
}
