//! The comparison as a table.

use super::{Diff, Moved, Row};
use crate::exchange::Range;
use crate::exchange::statement::listed;
use crate::report::number::{self, shortest, significant};
use crate::report::{Column, one_word, table, visible};
use crate::session::Kind;

impl Diff<'_> {
    /// A row for each tensor that differs by more than the tolerance, or with `all` for every one, the worst first, one word
    /// a column; what stands on one side alone; and a line that sums up.
    pub fn text(&self, all: bool) -> String {
        let rows: Vec<&Row> = if all { self.rows.iter().collect() } else { self.differing().collect() };
        let mut out = String::new();
        if !rows.is_empty() {
            out += &table(&columns(&rows), &rows);
            out.push('\n');
        }
        for (file, only) in self.files.iter().zip([&self.only_a, &self.only_b]) {
            if !only.is_empty() {
                let names: Vec<String> = only.iter().map(|range| range.name.clone()).collect();
                out += &format!("Only in {}: {} ({}).\n", visible(file), tensors(only.len()), listed(&names));
            }
        }
        out + &self.summary() + "\n"
    }

    /// One line: how many differ, by how much the worst does, and what is left.
    pub fn summary(&self) -> String {
        let (differing, both) = (self.differing().count(), self.rows.len());
        let beyond = match self.tolerance {
            0.0 => String::new(),
            tolerance => format!(" by more than {}", number::percent(tolerance)),
        };
        let alone = self.only_a.len() + self.only_b.len();
        let alone = if alone > 0 { format!("; {} on one side alone", stand(alone)) } else { String::new() };
        let [a, b] = self.files.map(visible);
        match (differing, self.rows.first()) {
            (0, None) => format!("{a} and {b} have no tensor in common{alone}."),
            (0, _) if beyond.is_empty() => format!("{a} and {b} agree on {}{alone}.", tensors(both)),
            (0, _) => format!("None of {} differs{beyond}{alone}.", tensors(both)),
            (_, Some(worst)) => {
                let how = match worst.by {
                    by if by.is_nan() => "in what is no number".to_owned(),
                    by if by.is_infinite() || by == 0.0 => format!("in its {}", words(worst).replace(',', " and ")),
                    by => format!("by {} %", percent(by)),
                };
                format!(
                    "{differing} of {} differ{}{beyond}, the worst {how} ({}){alone}.",
                    tensors(both),
                    if differing == 1 { "s" } else { "" },
                    visible(&worst.a.name)
                )
            }
            (_, None) => unreachable!("what differs is a row"),
        }
    }
}

fn tensors(n: usize) -> String {
    number::of(n as u64, "tensor")
}

fn stand(n: usize) -> String {
    format!("{n} stand{}", if n == 1 { "s" } else { "" })
}

fn words(row: &Row) -> String {
    if row.moved.is_empty() {
        return "-".to_owned();
    }
    row.moved.iter().map(|what| what.word()).collect::<Vec<_>>().join(",")
}

/// A share in percent with its sign: `+12.3`, `-50.0`, `+1.19e-5`.
pub(super) fn percent(by: f64) -> String {
    match by * 100.0 {
        p if p.is_nan() => "nan".to_owned(),
        p if p.is_infinite() => "-".to_owned(),
        0.0 => "0".to_owned(),
        p => format!("{}{}", if p > 0.0 { "+" } else { "" }, significant(p, 3)),
    }
}

type Cell<'a> = Box<dyn Fn(&Range, usize) -> String + 'a>;

fn columns<'a>(rows: &[&'a Row<'a>]) -> Vec<Column<'a, &'a Row<'a>>> {
    let mut columns: Vec<Column<&Row>> = vec![
        Column::left("tensor", |row: &&Row| one_word(&row.a.name)),
        Column::left("moved", |row: &&Row| words(row)),
        Column::right("by_%", |row: &&Row| percent(row.by)),
    ];
    let mut pair = |what: &str, cell: fn(&Range, usize) -> String| {
        let side = |heading: String, of: fn(&'a Row<'a>) -> &'a Range| {
            let cell: Cell = Box::new(move |range: &Range, at| match &range.in_float {
                Some(_) => "float".to_owned(),
                None => cell(range, at),
            });
            Column::right(heading, move |row: &&'a Row<'a>| cell(of(row), row.channel.unwrap_or(0)))
        };
        columns.push(side(format!("{what}_a"), |row| row.a));
        columns.push(side(format!("{what}_b"), |row| row.b));
    };
    pair("scale", |range, at| range.scales.get(at).map_or("-".into(), |scale| shortest(*scale)));
    pair("clip", |range, at| {
        range.clips.get(at).map_or("-".into(), |clip| format!("{}..{}", shortest(clip.min()), shortest(clip.max())))
    });
    let any = |what: Moved| rows.iter().any(|row| row.moved.contains(&what));
    if any(Moved::ZeroPoint) {
        pair("zero", |range, at| range.zero_points.get(at).map_or("-".into(), i32::to_string));
    }
    if any(Moved::Format) {
        pair("format", |range, _| range.format.to_string().replace(' ', "-"));
    }
    if any(Moved::Axis) {
        pair("channels", |range, _| match range.axis {
            Some(axis) => format!("{}:axis{axis}", range.clips.len()),
            None => "none".to_owned(),
        });
    }
    if rows.iter().any(|row| row.channel.is_some()) {
        columns.push(Column::right("worst_channel", |row: &&Row| row.channel.map_or("-".into(), |at| at.to_string())));
    }
    if rows.iter().any(|row| row.a.kind == Kind::Weight || row.b.kind == Kind::Weight) {
        columns.push(Column::left("kind", |row: &&Row| {
            let weight = row.a.kind == Kind::Weight || row.b.kind == Kind::Weight;
            if weight { Kind::Weight } else { Kind::Activation }.word().to_owned()
        }));
    }
    columns
}
