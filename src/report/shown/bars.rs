//! The report for people who paste terminals: a small histogram a row, and the columns that fit beside it.

use super::Shown;
use crate::figure::{Axis, Outline, Rise};
use crate::report::number;
use crate::report::one_word;
use crate::report::row::Row;
use crate::report::table::{Column, table};
use crate::session::Ready;

/// How many columns a histogram has, without the clip.
const COLUMNS: u16 = 24;

/// What bars are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Eighths of a block.
    Unicode,
    /// Signs that every terminal and log has.
    Ascii,
}

impl Blocks {
    fn glyphs(self) -> ([char; 8], char) {
        match self {
            Blocks::Unicode => (['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], '┃'),
            Blocks::Ascii => (['.', '.', ':', ':', '+', '+', '#', '#'], '|'),
        }
    }
}

/// One row a layer: its histogram with the clip in it, clip, method, SQNR, what saturates, and its state.
pub fn bars(shown: &Shown, blocks: Blocks) -> String {
    let (rows, left) = shown.listed();
    let columns = [
        Column::left("layer", |row: &Row| one_word(row.layer.name())),
        Column::left("histogram", |row: &Row| row.ready.map_or("-".into(), |ready| sparkline(ready, blocks))),
        Column::right("clip", Row::clip),
        Column::left("method", |row: &Row| row.method().replace(' ', "")),
        Column::right("sqnr_db", |row: &Row| number::plain(number::decibels(row.sqnr_db()))),
        Column::right("saturated_%", |row: &Row| match row.saturated() {
            share if share.is_nan() => "-".into(),
            share => format!("{:.4}", share * 100.0),
        }),
        Column::left("state", Row::state),
    ];
    let (_, clip) = blocks.glyphs();
    table(&columns, &rows)
        + &format!(
            "# histogram: counts on a log scale, from 0 to the largest magnitude (of a format with a zero point from the \
             smallest value to the largest); {clip} is the clip\n"
        )
        + &left.map_or(String::new(), |said| format!("# {said}\n"))
}

/// The counts as bars, and the clip between the columns that it lies between.
fn sparkline(ready: &Ready, blocks: Blocks) -> String {
    let outline = Outline::of(ready, COLUMNS, Rise::Log);
    let (levels, clip) = blocks.glyphs();
    let edges: Vec<usize> = outline.clip.iter().map(|(_, x)| edge(&outline.axis, *x)).collect();
    let mut out = String::new();
    for column in 0..=usize::from(COLUMNS) {
        out.extend(edges.iter().filter(|edge| **edge == column).map(|_| clip));
        if column == usize::from(COLUMNS) {
            break;
        }
        out.push(match outline.counts[column] {
            count if count > 0.0 => levels[((outline.height(column) * 8.0).ceil() as usize).clamp(1, 8) - 1],
            _ => ' ',
        });
    }
    out
}

/// The edge between two columns that is nearest to `x`.
fn edge(axis: &Axis, x: f64) -> usize {
    ((x - axis.lo) / axis.step()).round().clamp(0.0, f64::from(axis.columns)) as usize
}
