//! Findings as lines, and the list of rules.

use std::collections::HashMap;

use super::finding::{Finding, Report};
use super::rule::{RULES, Rank};
use crate::report::number;
use crate::report::{Column, table, visible};

/// As many findings of one rule in one file are printed before "and N more".
const SHOWN: usize = 10;

impl Report {
    /// A line a finding, the gravest first: file, tensor, rank and rule, what was found, why it hurts, what to do. Of one
    /// rule and file the first ten, unless `all` are asked for; and a line that sums up.
    pub fn text(&self, all: bool) -> String {
        let mut left: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
        for finding in &self.findings {
            left.entry((&finding.file, finding.rule.id)).or_default().1 += 1;
        }
        let mut out = String::new();
        for finding in &self.findings {
            let Some((shown, of)) = left.get_mut(&(finding.file.as_str(), finding.rule.id)) else { continue };
            *shown += 1;
            let (rule, file) = (finding.rule, visible(&finding.file));
            // One more is no longer than to say so.
            if all || *shown <= SHOWN || *of == SHOWN + 1 {
                out += &format!("{}\n", line(finding));
            } else if *shown == SHOWN + 1 {
                let more = *of - SHOWN;
                out +=
                    &format!("{file}: {}[{}]: and {more} more such tensors; --all prints them.\n", rule.rank, rule.id);
            }
        }
        out + &self.summary() + "\n"
    }

    /// How many there are, in how many files.
    pub fn summary(&self) -> String {
        let tensors: usize = self.files.iter().map(|file| file.tensors).sum();
        let of = match &self.files[..] {
            [one] => format!("{} ({}, {})", visible(&one.file), one.format, number::of(tensors as u64, "scale")),
            files => format!("{} ({})", number::of(files.len() as u64, "file"), number::of(tensors as u64, "scale")),
        };
        let count = |rank: Rank| Some((self.count(rank), rank.word())).filter(|(n, _)| *n > 0);
        let counts: Vec<String> = [Rank::Error, Rank::Warning, Rank::Note]
            .into_iter()
            .filter_map(count)
            .map(|(n, word)| number::of(n as u64, word))
            .collect();
        match counts.is_empty() {
            true => format!("Nothing was found in {of}."),
            false => format!("{} in {of}.", counts.join(", ")),
        }
    }
}

fn line(finding: &Finding) -> String {
    let Finding { rule, file, tensor, found } = finding;
    let tensor = tensor.as_ref().map_or(String::new(), |tensor| format!("{}: ", visible(tensor)));
    format!("{}: {tensor}{}[{}]: {}: {}; {}.", visible(file), rule.rank, rule.id, visible(found), rule.why, rule.remedy)
}

/// The list of rules, a row each.
pub fn rules() -> String {
    let columns = [
        Column::left("rule", |rule: &&super::Rule| rule.id.to_owned()),
        Column::left("rank", |rule: &&super::Rule| rule.rank.word().to_owned()),
        Column::left("what", |rule: &&super::Rule| rule.what.to_owned()),
    ];
    table(&columns, RULES)
}

/// The same as a table for docs/check.md, with why each hurts and what to do.
pub fn markdown() -> String {
    let mut out = "| rule | rank | what it finds | why it hurts | what to do |\n|---|---|---|---|---|\n".to_owned();
    for rule in RULES {
        let cells = [rule.what, rule.why, rule.remedy].map(|cell| cell.replace('|', "\\|"));
        out += &format!("| `{}` | {} | {} |\n", rule.id, rule.rank, cells.join(" | "));
    }
    out
}
